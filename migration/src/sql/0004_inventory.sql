-- A harvest or packing batch. Stock is kept per offer today; movements may already name their lot.
CREATE TABLE lot (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    product_id uuid NOT NULL REFERENCES product (id),
    code text NOT NULL,
    harvested_on date NOT NULL,
    expires_on date,
    created_at timestamptz NOT NULL,
    UNIQUE (cooperative_id, code)
);

CREATE TABLE stock (
    offer_id uuid PRIMARY KEY REFERENCES offer (id),
    on_hand bigint NOT NULL CHECK (on_hand >= 0),
    reserved bigint NOT NULL CHECK (reserved >= 0),
    version bigint NOT NULL,                 -- grows with every change; tells an old figure from a new one
    updated_at timestamptz NOT NULL,
    CHECK (reserved <= on_hand)
);
