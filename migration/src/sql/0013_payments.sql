-- Attempts to pay, what providers and banks told us, and what a person has to look at.

CREATE TABLE payment (
    id uuid PRIMARY KEY,
    purchase_id uuid NOT NULL REFERENCES purchase (id),
    order_id uuid REFERENCES orders (id),    -- cash is paid order by order; everything else for the whole purchase
    method text NOT NULL CHECK (method IN ('cash_on_delivery', 'bank_transfer', 'vnpay', 'momo', 'zalopay')),
    reference text NOT NULL UNIQUE,          -- ours, as the provider gives it back
    state text NOT NULL CHECK (state IN ('pending', 'unknown', 'authorised', 'captured', 'partly_refunded', 'refunded', 'failed', 'expired', 'cancelled')),
    amount bigint NOT NULL CHECK (amount > 0),
    refunded_amount bigint NOT NULL DEFAULT 0 CHECK (refunded_amount >= 0),
    currency text NOT NULL CHECK (length(currency) = 3),
    orders jsonb NOT NULL,                   -- the ids of what it pays
    action jsonb,                            -- where the buyer goes or what the buyer scans
    provider_reference text,
    provider_data jsonb,                     -- what later calls about it need
    surplus boolean NOT NULL DEFAULT false,  -- the purchase was paid already: all of it goes back
    failure text,
    queries integer NOT NULL DEFAULT 0,
    next_query_at timestamptz,
    expires_at timestamptz,
    captured_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (refunded_amount <= amount)
);
CREATE INDEX payment_purchase ON payment (purchase_id);
CREATE INDEX payment_order ON payment (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX payment_query ON payment (next_query_at) WHERE next_query_at IS NOT NULL;
-- A purchase is paid once; whatever else arrives for it is surplus.
CREATE UNIQUE INDEX payment_once ON payment (purchase_id)
    WHERE state IN ('captured', 'partly_refunded', 'refunded') AND order_id IS NULL AND NOT surplus;
CREATE UNIQUE INDEX payment_once_per_order ON payment (order_id) WHERE order_id IS NOT NULL AND state <> 'cancelled';

-- Orders from before there were books: cash that was, or is to be, collected. What was delivered is booked by the server.
INSERT INTO payment (id, purchase_id, order_id, method, reference, state, amount, currency, orders, created_at, updated_at)
SELECT o.id, o.purchase_id, o.id, 'cash_on_delivery', 'TM' || replace(o.number, '-', ''),
       CASE WHEN o.state IN ('cancelled', 'expired') THEN 'cancelled' ELSE 'pending' END, o.total_amount, o.currency, '[]', o.placed_at, o.updated_at
FROM orders o WHERE o.total_amount > 0;

-- Cash on delivery that its carrier has handed over.
ALTER TABLE parcel ADD COLUMN settled_at timestamptz;

-- Kept as it came, before anything is done about it.
CREATE TABLE payment_callback (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    digest text NOT NULL,                    -- of the content: the same message again only counts
    content text NOT NULL,
    headers jsonb NOT NULL,
    times integer NOT NULL DEFAULT 1,
    outcome text,                            -- none until it was acted on
    received_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    UNIQUE (provider, digest)
);
CREATE INDEX payment_callback_open ON payment_callback (received_at) WHERE outcome IS NULL;

-- Money that reached our bank account.
CREATE TABLE bank_transfer (
    id uuid PRIMARY KEY,
    source text NOT NULL,
    bank_reference text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    description text NOT NULL,
    transferred_at timestamptz NOT NULL,
    payment_id uuid REFERENCES payment (id),
    created_at timestamptz NOT NULL,
    UNIQUE (bank_reference)
);

-- A file in which a gateway or carrier accounts for what it pays out to us.
CREATE TABLE settlement (
    id uuid PRIMARY KEY,
    source text NOT NULL,                    -- 'vnpay', 'momo', 'zalopay', 'ghn', 'ghtk', 'viettel_post'
    file_name text NOT NULL,
    digest text NOT NULL UNIQUE,             -- the same file is never booked twice
    lines integer NOT NULL,
    gross_amount bigint NOT NULL,
    fee_amount bigint NOT NULL,
    created_by uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL
);

CREATE TABLE settlement_line (
    id uuid PRIMARY KEY,
    settlement_id uuid NOT NULL REFERENCES settlement (id),
    line integer NOT NULL,
    reference text NOT NULL,
    amount bigint NOT NULL,
    fee_amount bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('matched', 'queued')),
    payment_id uuid REFERENCES payment (id),
    UNIQUE (settlement_id, line)
);
-- What was settled once is not settled again.
CREATE UNIQUE INDEX settlement_line_once ON settlement_line (payment_id) WHERE state = 'matched';

-- What does not match, for a person to resolve with a posting.
CREATE TABLE reconciliation_item (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('unknown_transfer', 'wrong_amount', 'second_transfer', 'unknown_settlement', 'settlement_differs', 'settled_twice', 'refund_failed', 'payment_unclear')),
    amount bigint NOT NULL,
    subject_id uuid NOT NULL,                -- the transfer, settlement line, refund or payment
    payment_id uuid REFERENCES payment (id),
    detail text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'resolved')),
    resolution text,
    note text,
    resolved_by uuid REFERENCES account (id),
    created_at timestamptz NOT NULL,
    resolved_at timestamptz,
    UNIQUE (kind, subject_id)
);
CREATE INDEX reconciliation_item_state ON reconciliation_item (state, id);
