-- Money: what an order costs after discounts, what of it was paid, earned and refunded, and the books it is written in.

-- Withheld from household sellers by their residence (Decree 117/2025/ND-CP).
ALTER TABLE cooperative ADD COLUMN tax_residence text NOT NULL DEFAULT 'resident' CHECK (tax_residence IN ('resident', 'non_resident'));

ALTER TABLE purchase ADD COLUMN discount_amount bigint NOT NULL DEFAULT 0 CHECK (discount_amount >= 0);

ALTER TABLE orders ADD COLUMN discount_amount bigint NOT NULL DEFAULT 0 CHECK (discount_amount >= 0);
ALTER TABLE orders ADD COLUMN delivery_discount_amount bigint NOT NULL DEFAULT 0 CHECK (delivery_discount_amount >= 0);
ALTER TABLE orders ADD COLUMN delivery_platform_discount_amount bigint NOT NULL DEFAULT 0 CHECK (delivery_platform_discount_amount >= 0);
ALTER TABLE orders ADD COLUMN delivery_refunded_amount bigint NOT NULL DEFAULT 0 CHECK (delivery_refunded_amount >= 0);
ALTER TABLE orders ADD COLUMN paid_amount bigint NOT NULL DEFAULT 0 CHECK (paid_amount >= 0);
ALTER TABLE orders ADD COLUMN refunded_amount bigint NOT NULL DEFAULT 0 CHECK (refunded_amount >= 0);
ALTER TABLE orders ADD COLUMN paid_at timestamptz;
ALTER TABLE orders ADD COLUMN earned_at timestamptz;       -- paid and delivered: the money is the cooperative's

ALTER TABLE order_line ADD COLUMN discount_amount bigint NOT NULL DEFAULT 0 CHECK (discount_amount >= 0);
ALTER TABLE order_line ADD COLUMN platform_discount_amount bigint NOT NULL DEFAULT 0 CHECK (platform_discount_amount >= 0);
ALTER TABLE order_line ADD COLUMN discounts jsonb NOT NULL DEFAULT '[]';
ALTER TABLE order_line ADD COLUMN commission_amount bigint NOT NULL DEFAULT 0 CHECK (commission_amount >= 0);
ALTER TABLE order_line ADD COLUMN commissions jsonb NOT NULL DEFAULT '[]';
ALTER TABLE order_line ADD COLUMN refunded_amount bigint NOT NULL DEFAULT 0 CHECK (refunded_amount >= 0);

--@sqlite
-- SQLite cannot change a CHECK; its documentation lets the stored text be rewritten where no row's bytes change.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (payment_method IN (''cash_on_delivery''))', 'CHECK (payment_method IN (''cash_on_delivery'', ''bank_transfer'', ''vnpay'', ''momo'', ''zalopay''))') WHERE type = 'table' AND name = 'purchase';
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (state IN (''placed'',', 'CHECK (state IN (''awaiting_payment'', ''placed'',') WHERE type = 'table' AND name = 'orders';
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (total_amount = goods_amount + delivery_amount)', 'CHECK (total_amount = goods_amount + delivery_amount - discount_amount AND total_amount >= 0)') WHERE type = 'table' AND name IN ('purchase', 'orders');
PRAGMA writable_schema = RESET;
--@postgres
ALTER TABLE purchase DROP CONSTRAINT purchase_payment_method_check;
ALTER TABLE purchase ADD CONSTRAINT purchase_payment_method_check CHECK (payment_method IN ('cash_on_delivery', 'bank_transfer', 'vnpay', 'momo', 'zalopay'));
ALTER TABLE orders DROP CONSTRAINT orders_state_check;
ALTER TABLE orders ADD CONSTRAINT orders_state_check CHECK (state IN ('awaiting_payment', 'placed', 'confirmed', 'packed', 'shipped', 'delivered', 'completed', 'cancelled', 'expired'));
ALTER TABLE purchase DROP CONSTRAINT purchase_check;
ALTER TABLE purchase ADD CONSTRAINT purchase_total CHECK (total_amount = goods_amount + delivery_amount - discount_amount AND total_amount >= 0);
ALTER TABLE orders DROP CONSTRAINT orders_check;
ALTER TABLE orders ADD CONSTRAINT orders_total CHECK (total_amount = goods_amount + delivery_amount - discount_amount AND total_amount >= 0);
--@both
CREATE INDEX orders_awaiting_payment ON orders (respond_by) WHERE state = 'awaiting_payment';

CREATE TABLE ledger_account (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('bank', 'gateway', 'carrier', 'buyer_funds', 'cooperative', 'delivery', 'partner', 'tax_withheld',
        'refunds_payable', 'payouts_in_transit', 'unmatched', 'commission', 'platform_discounts', 'gateway_fees', 'adjustments')),
    owner text NOT NULL,                     -- a cooperative's or partner's id, a provider's name; '' where there is one such account
    cooperative_id uuid REFERENCES cooperative (id),   -- where the owner is one
    currency text NOT NULL CHECK (length(currency) = 3),
    balance bigint NOT NULL,                 -- sum of the postings: debits less credits
    UNIQUE (kind, owner, currency)
);
CREATE INDEX ledger_account_cooperative ON ledger_account (cooperative_id) WHERE cooperative_id IS NOT NULL;

-- Double entry, append only: one balanced journal per business event, in the event's own transaction.
CREATE TABLE journal (
    id uuid PRIMARY KEY,
    key text NOT NULL UNIQUE,                -- 'captured:<payment>': the same event is never written twice
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    note text,
    actor_id uuid REFERENCES account (id),
    at timestamptz NOT NULL
);
CREATE INDEX journal_subject ON journal (subject_id);

CREATE TABLE posting (
    id uuid PRIMARY KEY,
    journal_id uuid NOT NULL REFERENCES journal (id),
    account_id uuid NOT NULL REFERENCES ledger_account (id),
    amount bigint NOT NULL CHECK (amount <> 0),   -- debit positive, credit negative
    order_id uuid REFERENCES orders (id),
    order_line_id uuid,                      -- none for the order's delivery, and for what concerns no order
    at timestamptz NOT NULL
);
CREATE INDEX posting_account ON posting (account_id, id);
CREATE INDEX posting_journal ON posting (journal_id);
CREATE INDEX posting_order ON posting (order_id) WHERE order_id IS NOT NULL;

--@sqlite
CREATE TRIGGER journal_stays_u BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER journal_stays_d BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER posting_stays_u BEFORE UPDATE ON posting BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER posting_stays_d BEFORE DELETE ON posting BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
--@postgres
CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$;
CREATE TRIGGER journal_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON journal FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER posting_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON posting FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
--@both

-- What the platform keeps of a sale. Of each component the most specific rule that holds is used, and frozen on the order line.
CREATE TABLE commission_rule (
    id uuid PRIMARY KEY,
    component text NOT NULL,                 -- 'platform', 'payment', 'partner', …
    category_id uuid REFERENCES category (id),
    cooperative_id uuid REFERENCES cooperative (id),
    campaign text,
    rate_bp integer NOT NULL CHECK (rate_bp BETWEEN 0 AND 10000),
    fixed_amount bigint NOT NULL CHECK (fixed_amount >= 0),
    min_amount bigint CHECK (min_amount >= 0),
    max_amount bigint CHECK (max_amount >= 0),
    partner_id uuid REFERENCES account (id), -- who gets it; the platform itself unless told
    starts_on date NOT NULL,
    ends_on date,
    created_by uuid REFERENCES account (id),
    created_at timestamptz NOT NULL,
    CHECK (min_amount IS NULL OR max_amount IS NULL OR min_amount <= max_amount)
);
CREATE INDEX commission_rule_starts_on ON commission_rule (starts_on);

-- Decree 117/2025/ND-CP, article 5: per cent of gross revenue withheld by the platform, in basis points.
CREATE TABLE tax_rate (
    kind text NOT NULL CHECK (kind IN ('goods', 'service', 'transport')),
    residence text NOT NULL CHECK (residence IN ('resident', 'non_resident')),
    vat_bp integer NOT NULL CHECK (vat_bp BETWEEN 0 AND 10000),
    pit_bp integer NOT NULL CHECK (pit_bp BETWEEN 0 AND 10000),
    valid_from date NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (kind, residence, valid_from)
);
INSERT INTO tax_rate (kind, residence, vat_bp, pit_bp, valid_from, source) VALUES
    ('goods', 'resident', 100, 50, '2025-07-01', '117/2025/ND-CP'),
    ('goods', 'non_resident', 100, 100, '2025-07-01', '117/2025/ND-CP'),
    ('service', 'resident', 500, 200, '2025-07-01', '117/2025/ND-CP'),
    ('service', 'non_resident', 500, 500, '2025-07-01', '117/2025/ND-CP'),
    ('transport', 'resident', 300, 150, '2025-07-01', '117/2025/ND-CP'),
    ('transport', 'non_resident', 300, 200, '2025-07-01', '117/2025/ND-CP');

-- A line of the monthly declaration; what is offset after a cancellation or return is negative.
CREATE TABLE tax_line (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    order_id uuid NOT NULL REFERENCES orders (id),
    order_line_id uuid,                      -- none for the order's delivery
    period text NOT NULL,                    -- '2026-11', in Vietnam
    kind text NOT NULL CHECK (kind IN ('goods', 'service', 'transport')),
    residence text NOT NULL CHECK (residence IN ('resident', 'non_resident')),
    revenue_amount bigint NOT NULL,
    vat_bp integer NOT NULL,
    pit_bp integer NOT NULL,
    vat_amount bigint NOT NULL,
    pit_amount bigint NOT NULL,
    refund_id uuid,
    at timestamptz NOT NULL
);
CREATE INDEX tax_line_period ON tax_line (period, cooperative_id);
CREATE INDEX tax_line_order ON tax_line (order_id);

-- What is owed back to a buyer, and whether it was sent.
CREATE TABLE refund (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,             -- also our reference at the provider
    purchase_id uuid NOT NULL REFERENCES purchase (id),
    payment_id uuid,                         -- what it goes back through
    state text NOT NULL CHECK (state IN ('awaiting_approval', 'rejected', 'due', 'sending', 'unknown', 'succeeded', 'manual')),
    reason text NOT NULL,                    -- 'order_cancelled', 'return_received', 'harvest_short', 'late_payment', …
    note text,
    amount bigint NOT NULL CHECK (amount > 0),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    provider_reference text,
    last_error text,
    requested_by uuid REFERENCES account (id),
    decided_by uuid REFERENCES account (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (decided_by IS NULL OR requested_by IS NULL OR decided_by <> requested_by)
);
CREATE INDEX refund_purchase ON refund (purchase_id);
CREATE INDEX refund_due ON refund (next_at) WHERE state IN ('due', 'sending', 'unknown');
CREATE INDEX refund_state ON refund (state, id);

-- Which cooperative's money it is, line by line.
CREATE TABLE refund_part (
    id uuid PRIMARY KEY,
    refund_id uuid NOT NULL REFERENCES refund (id),
    order_id uuid NOT NULL REFERENCES orders (id),
    order_line_id uuid,                      -- none for the order's delivery
    amount bigint NOT NULL CHECK (amount > 0)
);
CREATE INDEX refund_part_refund ON refund_part (refund_id);
CREATE INDEX refund_part_order ON refund_part (order_id);
