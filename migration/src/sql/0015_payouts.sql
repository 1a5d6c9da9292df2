-- Money on its way to cooperatives, disputes that hold it back, and invoices.

CREATE TABLE payout_batch (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    cutoff_on date NOT NULL,                 -- what was delivered and held long enough by the end of this day
    state text NOT NULL CHECK (state IN ('draft', 'approved', 'cancelled')),
    total_amount bigint NOT NULL,
    payouts integer NOT NULL,
    created_by uuid NOT NULL REFERENCES account (id),
    approved_by uuid REFERENCES account (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (approved_by IS NULL OR approved_by <> created_by)
);
-- Two who start the same run get one batch.
CREATE UNIQUE INDEX payout_batch_once ON payout_batch (cutoff_on) WHERE state <> 'cancelled';

CREATE TABLE payout (
    id uuid PRIMARY KEY,
    batch_id uuid NOT NULL REFERENCES payout_batch (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    reference text NOT NULL UNIQUE,          -- in the transfer's text
    amount bigint NOT NULL CHECK (amount > 0),
    bank_bin text NOT NULL,
    bank_account text NOT NULL,
    bank_holder text NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'approved', 'paid', 'failed', 'returned', 'cancelled')),
    bank_reference text,
    failure text,
    paid_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (batch_id, cooperative_id)
);
CREATE INDEX payout_cooperative ON payout (cooperative_id, id);

-- Which postings a payout settles; each is settled once. A payout that came back is posted anew, and paid by its new posting.
CREATE TABLE payout_item (
    posting_id uuid PRIMARY KEY REFERENCES posting (id),
    payout_id uuid NOT NULL REFERENCES payout (id)
);
CREATE INDEX payout_item_payout ON payout_item (payout_id);

CREATE TABLE dispute (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    order_id uuid NOT NULL REFERENCES orders (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    state text NOT NULL CHECK (state IN ('open', 'withdrawn', 'decided')),
    reason_code text NOT NULL CHECK (reason_code IN ('not_received', 'damaged', 'not_as_described', 'return_refused', 'other')),
    text text NOT NULL,
    evidence_until timestamptz NOT NULL,
    decision text CHECK (decision IN ('buyer', 'seller', 'part')),
    decision_text text,
    refund_id uuid REFERENCES refund (id),
    decided_by uuid REFERENCES account (id),
    decided_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX dispute_open ON dispute (order_id) WHERE state = 'open';
CREATE INDEX dispute_order ON dispute (order_id);
CREATE INDEX dispute_cooperative ON dispute (cooperative_id, id);
CREATE INDEX dispute_state ON dispute (state, id);

CREATE TABLE dispute_evidence (
    id uuid PRIMARY KEY,
    dispute_id uuid NOT NULL REFERENCES dispute (id),
    side text NOT NULL CHECK (side IN ('buyer', 'seller', 'platform')),
    text text NOT NULL,
    media_id uuid REFERENCES media (id),
    author_id uuid REFERENCES account (id),
    created_at timestamptz NOT NULL
);
CREATE INDEX dispute_evidence_dispute ON dispute_evidence (dispute_id, id);

-- Gap-free: the counter moves in the invoice's own transaction.
CREATE TABLE invoice_counter (
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    year integer NOT NULL,
    last integer NOT NULL CHECK (last >= 0),
    PRIMARY KEY (cooperative_id, year)
);

CREATE TABLE invoice (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    year integer NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    kind text NOT NULL CHECK (kind IN ('sale', 'adjustment')),
    order_id uuid NOT NULL REFERENCES orders (id),
    refund_id uuid REFERENCES refund (id),
    adjusts_id uuid REFERENCES invoice (id),
    data jsonb NOT NULL,
    total_amount bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'issued', 'refused')),
    provider_reference text,
    last_error text,
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (cooperative_id, year, number)
);
CREATE UNIQUE INDEX invoice_sale ON invoice (order_id) WHERE kind = 'sale';
CREATE UNIQUE INDEX invoice_refund ON invoice (refund_id, order_id) WHERE refund_id IS NOT NULL;
CREATE INDEX invoice_waiting ON invoice (next_at) WHERE state = 'waiting';
