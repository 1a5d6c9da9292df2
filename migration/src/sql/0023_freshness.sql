-- How goods are kept, how long they keep by that, and what is asked for those that must be eaten soon.
ALTER TABLE lot ADD COLUMN storage text;              -- ambient, cool, chilled, frozen
ALTER TABLE lot ADD COLUMN kept_from_c integer;       -- degrees Celsius
ALTER TABLE lot ADD COLUMN kept_to_c integer;

-- Days a product keeps in a kind of store, for what is harvested, or brought there, from a day on.
CREATE TABLE shelf_life_rule (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES product (id),
    storage text NOT NULL,
    days integer NOT NULL CHECK (days > 0),
    from_day date NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (product_id, storage, from_day)
);

-- What a cooperative takes off for goods whose last day is near: of one product, or of all that have no rule of their own.
CREATE TABLE expiry_discount (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    product_id uuid REFERENCES product (id),
    days_before bigint NOT NULL CHECK (days_before BETWEEN 1 AND 365),
    rate_bp bigint NOT NULL CHECK (rate_bp BETWEEN 100 AND 9000),
    created_at timestamptz NOT NULL,
    UNIQUE (cooperative_id, product_id)
);

-- An offer whose next boxes must be eaten soon: the share taken off its price, through the last day they are good.
ALTER TABLE offer ADD COLUMN reduced_bp bigint NOT NULL DEFAULT 0;
ALTER TABLE offer ADD COLUMN reduced_until date;
CREATE INDEX offer_reduced ON offer (id) WHERE reduced_bp > 0;
