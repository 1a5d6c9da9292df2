-- Wholesale without a request: prices of one's own, quotations that hold for days, orders of them.
CREATE TABLE organisation_price (
    organisation_id uuid NOT NULL REFERENCES organisation (id),
    offer_id uuid NOT NULL REFERENCES offer (id),
    price bigint NOT NULL CHECK (price > 0),             -- VND for one
    from_quantity bigint NOT NULL CHECK (from_quantity > 0),
    valid_until date NOT NULL,
    entered_by uuid NOT NULL REFERENCES account (id),
    entered_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, offer_id)
);

CREATE TABLE wholesale_quotation (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    organisation_id uuid NOT NULL REFERENCES organisation (id),
    place_id uuid NOT NULL REFERENCES organisation_place (id),
    valid_until date NOT NULL,
    purchase_id uuid UNIQUE REFERENCES purchase (id),    -- none before it is ordered
    created_by uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL
);
CREATE INDEX wholesale_quotation_organisation ON wholesale_quotation (organisation_id, id);

CREATE TABLE wholesale_line (
    quotation_id uuid NOT NULL REFERENCES wholesale_quotation (id),
    position integer NOT NULL,
    offer_id uuid NOT NULL REFERENCES offer (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    quantity bigint NOT NULL CHECK (quantity > 0),
    unit_amount bigint NOT NULL CHECK (unit_amount > 0),
    PRIMARY KEY (quotation_id, position),
    UNIQUE (quotation_id, offer_id)
);

-- What delivery costs of a quotation, by cooperative.
CREATE TABLE wholesale_delivery (
    quotation_id uuid NOT NULL REFERENCES wholesale_quotation (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    amount bigint NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (quotation_id, cooperative_id)
);
