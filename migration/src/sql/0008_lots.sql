-- Stock belongs to lots: what was harvested when, how long it keeps, who grew it.

CREATE TABLE forecast (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    offer_id uuid NOT NULL REFERENCES offer (id),
    quantity bigint NOT NULL CHECK (quantity > 0),
    share_bp integer NOT NULL CHECK (share_bp BETWEEN 1 AND 10000),  -- basis points of the quantity that may be pre-ordered
    preordered bigint NOT NULL CHECK (preordered >= 0),
    expected_from date NOT NULL,
    expected_to date NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'closed', 'harvested', 'cancelled')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (expected_from <= expected_to),
    CHECK (preordered * 10000 <= quantity * share_bp)
);
CREATE UNIQUE INDEX forecast_open ON forecast (offer_id) WHERE state = 'open';
CREATE INDEX forecast_cooperative ON forecast (cooperative_id, id);

ALTER TABLE lot ADD COLUMN state text NOT NULL DEFAULT 'good' CHECK (state IN ('good', 'blocked'));
ALTER TABLE lot ADD COLUMN plot text;
ALTER TABLE lot ADD COLUMN household text;
ALTER TABLE lot ADD COLUMN note text;
ALTER TABLE lot ADD COLUMN forecast_id uuid REFERENCES forecast (id);
CREATE INDEX lot_product ON lot (product_id);

CREATE TABLE lot_stock (
    lot_id uuid NOT NULL REFERENCES lot (id),
    offer_id uuid NOT NULL REFERENCES offer (id),
    on_hand bigint NOT NULL CHECK (on_hand >= 0),
    PRIMARY KEY (lot_id, offer_id)
);
CREATE INDEX lot_stock_offer ON lot_stock (offer_id);

CREATE TABLE lot_certificate (
    lot_id uuid NOT NULL REFERENCES lot (id),
    certificate_id uuid NOT NULL REFERENCES certificate (id),
    PRIMARY KEY (lot_id, certificate_id)
);

-- What was there before lots: one opening lot per product with stock, under the product's own id.
INSERT INTO lot (id, cooperative_id, product_id, code, harvested_on, expires_on, created_at)
SELECT p.id, p.cooperative_id, p.id, 'TON-DAU-' || p.slug, CURRENT_DATE, NULL, p.created_at FROM product p
WHERE EXISTS (SELECT 1 FROM offer o JOIN stock_movement m ON m.offer_id = o.id WHERE o.product_id = p.id AND m.lot_id IS NULL);
UPDATE stock_movement SET lot_id = (SELECT o.product_id FROM offer o WHERE o.id = stock_movement.offer_id) WHERE lot_id IS NULL;
INSERT INTO lot_stock (lot_id, offer_id, on_hand)
SELECT m.lot_id, m.offer_id, CAST(SUM(m.quantity) AS bigint) FROM stock_movement m GROUP BY m.lot_id, m.offer_id;
CREATE INDEX stock_movement_lot ON stock_movement (lot_id);
CREATE INDEX stock_movement_order ON stock_movement (order_id);

-- Days a parcel takes at most: nothing is sold that would expire on its way.
ALTER TABLE delivery_rate ADD COLUMN max_days integer NOT NULL DEFAULT 4 CHECK (max_days BETWEEN 0 AND 30);
UPDATE delivery_rate SET max_days = CASE zone WHEN 'same_commune' THEN 1 WHEN 'same_province' THEN 2 ELSE 4 END;

ALTER TABLE cart_line ADD COLUMN preorder boolean NOT NULL DEFAULT false;
ALTER TABLE orders ADD COLUMN preorder boolean NOT NULL DEFAULT false;
ALTER TABLE orders ADD COLUMN arrive_days integer NOT NULL DEFAULT 0;

-- A line of an order that waits for its harvest.
CREATE TABLE preorder (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    offer_id uuid NOT NULL REFERENCES offer (id),
    forecast_id uuid NOT NULL REFERENCES forecast (id),
    quantity bigint NOT NULL CHECK (quantity > 0),
    offered bigint NOT NULL DEFAULT 0 CHECK (offered >= 0),  -- of a short harvest: reserved for this buyer until answered
    state text NOT NULL CHECK (state IN ('waiting', 'short', 'allocated', 'cancelled')),
    created_at timestamptz NOT NULL,
    UNIQUE (order_id, offer_id)
);
CREATE INDEX preorder_forecast ON preorder (forecast_id, id);
