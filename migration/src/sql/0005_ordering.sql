CREATE TABLE cart (
    id uuid PRIMARY KEY,
    account_id uuid REFERENCES account (id),
    token_hash text,                         -- a guest's key to the cart
    state text NOT NULL CHECK (state IN ('open', 'ordered', 'merged')),
    version bigint NOT NULL,                 -- grows with every change; a quote and a checkout name the version they saw
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (account_id IS NOT NULL OR token_hash IS NOT NULL)
);
CREATE UNIQUE INDEX cart_open_account ON cart (account_id) WHERE state = 'open';
CREATE INDEX cart_updated_at ON cart (updated_at) WHERE state = 'open';

CREATE TABLE cart_line (
    id uuid PRIMARY KEY,
    cart_id uuid NOT NULL REFERENCES cart (id),
    offer_id uuid NOT NULL REFERENCES offer (id),
    quantity bigint NOT NULL CHECK (quantity > 0),
    added_at timestamptz NOT NULL,
    UNIQUE (cart_id, offer_id)
);

-- What the buyer was told: checkout charges this or nothing.
CREATE TABLE quote (
    id uuid PRIMARY KEY,
    cart_id uuid NOT NULL REFERENCES cart (id),
    cart_version bigint NOT NULL,
    snapshot jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX quote_cart ON quote (cart_id);
CREATE INDEX quote_expires_at ON quote (expires_at);

CREATE TABLE delivery_rate (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    zone text NOT NULL CHECK (zone IN ('same_commune', 'same_province', 'nationwide')),
    base_weight_g bigint NOT NULL CHECK (base_weight_g > 0),
    base_amount bigint NOT NULL CHECK (base_amount >= 0),
    step_weight_g bigint NOT NULL CHECK (step_weight_g > 0),
    step_amount bigint NOT NULL CHECK (step_amount >= 0),
    free_from_amount bigint CHECK (free_from_amount > 0),
    UNIQUE (cooperative_id, zone)
);

-- One payment by one buyer; an order per cooperative hangs under it.
CREATE TABLE purchase (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    cart_id uuid NOT NULL UNIQUE REFERENCES cart (id),
    account_id uuid REFERENCES account (id),
    email text,
    phone text NOT NULL,
    language text NOT NULL CHECK (language IN ('vi', 'en')),
    payment_method text NOT NULL CHECK (payment_method IN ('cash_on_delivery')),
    goods_amount bigint NOT NULL CHECK (goods_amount >= 0),
    delivery_amount bigint NOT NULL CHECK (delivery_amount >= 0),
    total_amount bigint NOT NULL,
    currency text NOT NULL CHECK (length(currency) = 3),
    created_at timestamptz NOT NULL,
    CHECK (total_amount = goods_amount + delivery_amount)
);
CREATE INDEX purchase_account ON purchase (account_id);

CREATE TABLE orders (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    purchase_id uuid NOT NULL REFERENCES purchase (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    account_id uuid REFERENCES account (id),
    access_token text NOT NULL,              -- the secret in a guest's link
    state text NOT NULL CHECK (state IN ('placed', 'confirmed', 'packed', 'shipped', 'delivered', 'completed', 'cancelled', 'expired')),
    goods_amount bigint NOT NULL CHECK (goods_amount >= 0),
    delivery_amount bigint NOT NULL CHECK (delivery_amount >= 0),
    total_amount bigint NOT NULL,
    currency text NOT NULL CHECK (length(currency) = 3),
    delivery_method text NOT NULL CHECK (delivery_method IN ('delivery', 'pickup')),
    recipient text NOT NULL,
    phone text NOT NULL,
    street text,
    commune_code text,
    note text,
    placed_at timestamptz NOT NULL,
    respond_by timestamptz,                  -- unanswered by then, the order expires and its stock is free again
    delivered_at timestamptz,
    updated_at timestamptz NOT NULL,
    CHECK (total_amount = goods_amount + delivery_amount),
    CHECK (delivery_method = 'pickup' OR (street IS NOT NULL AND commune_code IS NOT NULL))
);
CREATE INDEX orders_purchase ON orders (purchase_id);
CREATE INDEX orders_account ON orders (account_id, id);
CREATE INDEX orders_cooperative ON orders (cooperative_id, id);
CREATE INDEX orders_respond_by ON orders (respond_by) WHERE state = 'placed';
CREATE INDEX orders_delivered_at ON orders (delivered_at) WHERE state = 'delivered';

CREATE TABLE order_line (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    offer_id uuid NOT NULL REFERENCES offer (id),
    product_id uuid NOT NULL REFERENCES product (id),
    sku text NOT NULL,
    name_vi text NOT NULL,                   -- as bought: later edits of the product do not rewrite history
    name_en text NOT NULL,
    pack_vi text NOT NULL,
    pack_en text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    unit_amount bigint NOT NULL CHECK (unit_amount >= 0),
    total_amount bigint NOT NULL,
    weight_g bigint NOT NULL,
    CHECK (total_amount = quantity * unit_amount),
    UNIQUE (order_id, offer_id)
);

CREATE TABLE order_event (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    from_state text,
    to_state text NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('buyer', 'guest', 'seller', 'system')),
    actor_id uuid,
    reason text,
    at timestamptz NOT NULL
);
CREATE INDEX order_event_order ON order_event (order_id, id);

CREATE TABLE reservation (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    offer_id uuid NOT NULL REFERENCES offer (id),
    quantity bigint NOT NULL CHECK (quantity > 0),
    state text NOT NULL CHECK (state IN ('held', 'taken', 'released')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    UNIQUE (order_id, offer_id)
);

-- Why on-hand is what it is: on_hand = SUM(quantity) of an offer's movements, always.
CREATE TABLE stock_movement (
    id uuid PRIMARY KEY,
    offer_id uuid NOT NULL REFERENCES offer (id),
    kind text NOT NULL CHECK (kind IN ('receipt', 'sale', 'cancel', 'return', 'correction')),
    quantity bigint NOT NULL CHECK (quantity <> 0),
    order_id uuid REFERENCES orders (id),
    lot_id uuid REFERENCES lot (id),
    note text,
    actor_id uuid REFERENCES account (id),
    at timestamptz NOT NULL,
    CHECK (kind = 'correction' OR (kind = 'sale') = (quantity < 0))
);
CREATE INDEX stock_movement_offer ON stock_movement (offer_id, id);
