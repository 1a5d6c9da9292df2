-- What the platform's people say of the market's terms while it runs; what no row says is as the configuration has it.
CREATE TABLE market_term (
    name text PRIMARY KEY,
    value bigint NOT NULL,
    set_by uuid NOT NULL REFERENCES account (id),
    set_at timestamptz NOT NULL
);
