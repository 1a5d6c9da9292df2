-- Taking lots back from the market: what was chosen, what was made of it, and everybody who had to be told.
CREATE TABLE recall (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    kind text NOT NULL CHECK (kind IN ('voluntary', 'mandatory')),
    decision_number text,                    -- of the authority that orders it
    reason text NOT NULL,
    advice text NOT NULL,                    -- what buyers are to do
    state text NOT NULL CHECK (state IN ('open', 'closed')),
    raised_by uuid NOT NULL REFERENCES account (id),
    raised_at timestamptz NOT NULL,
    closed_at timestamptz,
    CHECK ((kind = 'mandatory') = (decision_number IS NOT NULL)),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
CREATE INDEX recall_cooperative ON recall (cooperative_id, id);

CREATE TABLE recall_lot (
    recall_id uuid NOT NULL REFERENCES recall (id),
    lot_id uuid NOT NULL REFERENCES lot (id),
    depth integer NOT NULL CHECK (depth >= 0),   -- 0 as chosen, more for what was made of it
    outcome text CHECK (outcome IN ('corrected', 'other_use', 're_exported', 'destroyed')),
    outcome_note text,
    outcome_at timestamptz,
    PRIMARY KEY (recall_id, lot_id),
    CHECK ((outcome IS NULL) = (outcome_at IS NULL))
);
CREATE INDEX recall_lot_lot ON recall_lot (lot_id);

CREATE TABLE recall_notice (
    id uuid PRIMARY KEY,
    recall_id uuid NOT NULL REFERENCES recall (id),
    kind text NOT NULL CHECK (kind IN ('buyer', 'cooperative', 'partner')),
    order_id uuid REFERENCES orders (id),
    cooperative_id uuid REFERENCES cooperative (id),
    partner_id uuid REFERENCES partner (id),
    quantity bigint NOT NULL CHECK (quantity >= 0),  -- pieces of recalled lots
    stopped boolean NOT NULL,                -- the order was cancelled before it left
    state text NOT NULL CHECK (state IN ('open', 'confirmed')),
    confirmed_at timestamptz,
    note text,
    refund_id uuid REFERENCES refund (id),
    created_at timestamptz NOT NULL,
    CHECK ((kind = 'buyer') = (order_id IS NOT NULL)),
    CHECK ((kind = 'cooperative') = (cooperative_id IS NOT NULL)),
    CHECK ((kind = 'partner') = (partner_id IS NOT NULL)),
    CHECK ((state = 'confirmed') = (confirmed_at IS NOT NULL))
);
CREATE UNIQUE INDEX recall_notice_order ON recall_notice (recall_id, order_id) WHERE order_id IS NOT NULL;
CREATE UNIQUE INDEX recall_notice_cooperative ON recall_notice (recall_id, cooperative_id) WHERE cooperative_id IS NOT NULL;
CREATE UNIQUE INDEX recall_notice_partner ON recall_notice (recall_id, partner_id) WHERE partner_id IS NOT NULL;
CREATE INDEX recall_notice_of_order ON recall_notice (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX recall_notice_page ON recall_notice (recall_id, id);
