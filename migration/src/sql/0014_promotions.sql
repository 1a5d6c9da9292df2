-- Discounts: who may have them, when, how often, and who pays for them.

CREATE TABLE promotion (
    id uuid PRIMARY KEY,
    code text UNIQUE,                        -- upper case; none is given by itself
    cooperative_id uuid REFERENCES cooperative (id),   -- none: on everything sold here
    funded_by text NOT NULL CHECK (funded_by IN ('cooperative', 'platform')),
    kind text NOT NULL CHECK (kind IN ('percentage', 'amount', 'free_delivery', 'buy_n')),
    campaign text,                           -- commission rules may name it
    name_vi text NOT NULL,
    name_en text NOT NULL,
    rate_bp integer CHECK (rate_bp BETWEEN 1 AND 10000),
    amount bigint CHECK (amount > 0),
    buy_quantity bigint CHECK (buy_quantity > 0),
    free_quantity bigint CHECK (free_quantity > 0),
    product_id uuid REFERENCES product (id),
    max_amount bigint CHECK (max_amount > 0),
    min_goods_amount bigint CHECK (min_goods_amount > 0),
    usage_limit bigint CHECK (usage_limit > 0),
    per_buyer_limit bigint CHECK (per_buyer_limit > 0),
    used bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
    state text NOT NULL CHECK (state IN ('active', 'paused')),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    created_by uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (usage_limit IS NULL OR used <= usage_limit),
    CHECK (kind <> 'percentage' OR rate_bp IS NOT NULL),
    CHECK (kind <> 'amount' OR amount IS NOT NULL),
    CHECK (kind <> 'buy_n' OR (buy_quantity IS NOT NULL AND free_quantity IS NOT NULL AND product_id IS NOT NULL))
);
CREATE INDEX promotion_automatic ON promotion (state) WHERE code IS NULL;
CREATE INDEX promotion_cooperative ON promotion (cooperative_id, id);

-- How often a buyer (account, or phone number) has used one.
CREATE TABLE promotion_buyer (
    promotion_id uuid NOT NULL REFERENCES promotion (id),
    buyer text NOT NULL,
    used bigint NOT NULL CHECK (used >= 0),
    PRIMARY KEY (promotion_id, buyer)
);

CREATE TABLE promotion_use (
    promotion_id uuid NOT NULL REFERENCES promotion (id),
    purchase_id uuid NOT NULL REFERENCES purchase (id),
    buyer text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    released_at timestamptz,                 -- nothing of the purchase was paid: it may be used again
    PRIMARY KEY (promotion_id, purchase_id)
);
CREATE INDEX promotion_use_purchase ON promotion_use (purchase_id);
