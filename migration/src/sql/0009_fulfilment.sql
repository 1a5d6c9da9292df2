-- From the packing table to the buyer's hands, and back.

CREATE TABLE pickup_point (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    name_vi text NOT NULL,
    name_en text NOT NULL,
    street text NOT NULL,
    commune_code text NOT NULL,
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    hours jsonb NOT NULL,                    -- [{"days": [1, 2], "from": "07:00", "to": "17:30"}]; Monday is 1
    active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX pickup_point_cooperative ON pickup_point (cooperative_id);

ALTER TABLE orders ADD COLUMN pickup_point_id uuid REFERENCES pickup_point (id);
ALTER TABLE orders ADD COLUMN collection_code text;      -- what the buyer shows when collecting
ALTER TABLE orders ADD COLUMN channel text NOT NULL DEFAULT 'web';
ALTER TABLE order_event ADD COLUMN reason_code text;

CREATE TABLE carrier_account (
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    carrier text NOT NULL CHECK (carrier IN ('ghn', 'ghtk', 'viettel_post')),
    settings jsonb NOT NULL,                 -- token and shop id at the carrier; never shown again
    created_at timestamptz NOT NULL,
    PRIMARY KEY (cooperative_id, carrier)
);

CREATE TABLE parcel (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    order_id uuid NOT NULL REFERENCES orders (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    carrier text NOT NULL CHECK (carrier IN ('own', 'pickup', 'ghn', 'ghtk', 'viettel_post')),
    state text NOT NULL CHECK (state IN ('packed', 'booking', 'booked', 'in_transit', 'out_for_delivery', 'delivered', 'failed', 'returning', 'returned', 'lost', 'cancelled')),
    tracking_code text,
    weight_g bigint NOT NULL CHECK (weight_g > 0),
    cod_amount bigint NOT NULL CHECK (cod_amount >= 0),
    fee_amount bigint CHECK (fee_amount >= 0),
    expected_on date,
    last_event_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX parcel_order ON parcel (order_id);
CREATE INDEX parcel_open ON parcel (cooperative_id, last_event_at) WHERE state NOT IN ('delivered', 'returned', 'lost', 'cancelled');
CREATE UNIQUE INDEX parcel_tracking ON parcel (carrier, tracking_code) WHERE tracking_code IS NOT NULL;

CREATE TABLE parcel_line (
    parcel_id uuid NOT NULL REFERENCES parcel (id),
    offer_id uuid NOT NULL REFERENCES offer (id),
    quantity bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (parcel_id, offer_id)
);

-- What carriers said, raw and once each.
CREATE TABLE carrier_event (
    id uuid PRIMARY KEY,
    carrier text NOT NULL,
    dedup_key text NOT NULL,                 -- SHA-256 of the body
    tracking_code text,
    parcel_id uuid REFERENCES parcel (id),
    status text,
    body text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('moved', 'ignored', 'unknown_parcel', 'unreadable')),
    received_at timestamptz NOT NULL,
    UNIQUE (carrier, dedup_key)
);
CREATE INDEX carrier_event_parcel ON carrier_event (parcel_id);

CREATE TABLE return_request (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    order_id uuid NOT NULL REFERENCES orders (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    state text NOT NULL CHECK (state IN ('requested', 'approved', 'refused', 'received', 'closed', 'withdrawn')),
    reason_code text NOT NULL CHECK (reason_code IN ('damaged', 'spoiled', 'wrong_item', 'not_as_described', 'other')),
    text text NOT NULL,
    answer text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX return_request_order ON return_request (order_id);
CREATE INDEX return_request_cooperative ON return_request (cooperative_id, id);
CREATE UNIQUE INDEX return_request_open ON return_request (order_id) WHERE state IN ('requested', 'approved', 'received');

CREATE TABLE return_line (
    return_id uuid NOT NULL REFERENCES return_request (id),
    offer_id uuid NOT NULL REFERENCES offer (id),
    quantity bigint NOT NULL CHECK (quantity > 0),
    restocked bigint NOT NULL DEFAULT 0 CHECK (restocked >= 0),
    PRIMARY KEY (return_id, offer_id),
    CHECK (restocked <= quantity)
);

CREATE TABLE return_photo (
    return_id uuid NOT NULL REFERENCES return_request (id),
    media_id uuid NOT NULL REFERENCES media (id),
    PRIMARY KEY (return_id, media_id)
);

CREATE TABLE order_message (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    author_kind text NOT NULL CHECK (author_kind IN ('buyer', 'guest', 'seller')),
    author_id uuid REFERENCES account (id),
    text text NOT NULL,
    at timestamptz NOT NULL,
    read_at timestamptz                      -- by the other side
);
CREATE INDEX order_message_order ON order_message (order_id, id);
CREATE INDEX order_message_unread ON order_message (order_id) WHERE read_at IS NULL;
