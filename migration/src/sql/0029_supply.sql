-- Business buyers, their requests for goods in quantity, what cooperatives offer, and who supplies how much.
CREATE TABLE organisation (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    legal_name text NOT NULL,
    tax_code text NOT NULL UNIQUE,
    representative text NOT NULL,
    street text NOT NULL,
    commune_code text NOT NULL,
    phone text NOT NULL,
    email text NOT NULL,
    state text NOT NULL,
    decision_note text,
    decided_by uuid REFERENCES account (id),
    decided_at timestamptz,
    credit_limit bigint NOT NULL CHECK (credit_limit >= 0),   -- VND
    credit_days integer NOT NULL CHECK (credit_days BETWEEN 0 AND 180),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE organisation_member (
    organisation_id uuid NOT NULL REFERENCES organisation (id),
    account_id uuid NOT NULL REFERENCES account (id),
    role text NOT NULL,
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, account_id)
);
CREATE INDEX organisation_member_account ON organisation_member (account_id);

-- Where goods are delivered to.
CREATE TABLE organisation_place (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation (id),
    name text NOT NULL,
    recipient text NOT NULL,
    phone text NOT NULL,
    street text NOT NULL,
    commune_code text NOT NULL,
    active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (organisation_id, name)
);

CREATE TABLE supply_request (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    organisation_id uuid NOT NULL REFERENCES organisation (id),
    category_id uuid NOT NULL REFERENCES category (id),
    title text NOT NULL,
    grade text NOT NULL,
    packing text NOT NULL,
    papers text NOT NULL,                             -- kinds of certificates, between commas
    tolerance_bp integer NOT NULL CHECK (tolerance_bp BETWEEN 0 AND 2000),
    price_idea bigint CHECK (price_idea > 0),         -- VND a kilogram
    chosen_only boolean NOT NULL,                     -- seen by the cooperatives of supply_audience only
    answer_by date NOT NULL,
    state text NOT NULL,
    rule text,                                        -- of the shares
    version bigint NOT NULL,
    created_by uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX supply_request_organisation ON supply_request (organisation_id, id);
CREATE INDEX supply_request_open ON supply_request (category_id, id) WHERE state = 'open';

CREATE TABLE supply_audience (
    request_id uuid NOT NULL REFERENCES supply_request (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    PRIMARY KEY (request_id, cooperative_id)
);
CREATE INDEX supply_audience_cooperative ON supply_audience (cooperative_id);

CREATE TABLE supply_window (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES supply_request (id),
    place_id uuid NOT NULL REFERENCES organisation_place (id),
    from_on date NOT NULL,
    to_on date NOT NULL CHECK (to_on >= from_on),
    grams bigint NOT NULL CHECK (grams > 0)
);
CREATE INDEX supply_window_request ON supply_window (request_id, from_on);

CREATE TABLE supply_offer (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES supply_request (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    product_id uuid NOT NULL REFERENCES product (id),
    price bigint NOT NULL CHECK (price > 0),          -- VND a kilogram
    box_grams bigint NOT NULL CHECK (box_grams > 0),
    least_grams bigint NOT NULL CHECK (least_grams >= 0),
    conditions text NOT NULL,
    valid_until date NOT NULL,
    state text NOT NULL,
    version bigint NOT NULL,
    offered_by uuid NOT NULL REFERENCES account (id),
    offered_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (request_id, cooperative_id)
);
CREATE INDEX supply_offer_cooperative ON supply_offer (cooperative_id, id);

CREATE TABLE supply_offer_window (
    offer_id uuid NOT NULL REFERENCES supply_offer (id),
    window_id uuid NOT NULL REFERENCES supply_window (id),
    grams bigint NOT NULL CHECK (grams > 0),
    PRIMARY KEY (offer_id, window_id)
);

-- Who supplies how much: as it was last reckoned.
CREATE TABLE supply_share (
    window_id uuid NOT NULL REFERENCES supply_window (id),
    offer_id uuid NOT NULL REFERENCES supply_offer (id),
    grams bigint NOT NULL CHECK (grams >= 0),
    reason_vi text NOT NULL,
    reason_en text NOT NULL,
    PRIMARY KEY (window_id, offer_id)
);
CREATE INDEX supply_share_offer ON supply_share (offer_id);

-- Between a buyer and a cooperative, of its shares of an accepted request.
CREATE TABLE supply_contract (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    request_id uuid NOT NULL REFERENCES supply_request (id),
    offer_id uuid NOT NULL UNIQUE REFERENCES supply_offer (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    price bigint NOT NULL CHECK (price > 0),          -- VND a kilogram
    credit_days integer NOT NULL,
    state text NOT NULL,
    buyer_agreed_by uuid NOT NULL REFERENCES account (id),
    buyer_agreed_at timestamptz NOT NULL,
    answered_by uuid REFERENCES account (id),
    answered_at timestamptz,
    reason text
);
CREATE INDEX supply_contract_request ON supply_contract (request_id);
CREATE INDEX supply_contract_cooperative ON supply_contract (cooperative_id, id);
