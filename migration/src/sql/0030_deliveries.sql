-- Contracts of supply are delivered: orders of each window, deposits, acceptance by weight, bills, changes by agreement.
ALTER TABLE offer ADD COLUMN net_g bigint CHECK (net_g > 0);         -- of the goods alone; where it is not known, as shipped

-- An order of a contract: reserved when it was signed, changed by agreement only, paid after it was accepted.
ALTER TABLE orders ADD COLUMN contract_id uuid;
ALTER TABLE orders ADD COLUMN deposit_amount bigint NOT NULL DEFAULT 0 CHECK (deposit_amount >= 0);   -- of a deposit, set off
ALTER TABLE orders ADD COLUMN penalty_amount bigint NOT NULL DEFAULT 0 CHECK (penalty_amount >= 0);   -- owed by the seller, set off
CREATE INDEX orders_contract ON orders (contract_id) WHERE contract_id IS NOT NULL;

-- A bill of a contract: its deposit, or what is left to pay for one of its orders.
ALTER TABLE payment ADD COLUMN contract_id uuid;
DROP INDEX payment_once;
CREATE UNIQUE INDEX payment_once ON payment (purchase_id)
    WHERE state IN ('captured', 'partly_refunded', 'refunded') AND order_id IS NULL AND contract_id IS NULL AND NOT surplus;
CREATE UNIQUE INDEX payment_deposit ON payment (contract_id) WHERE contract_id IS NOT NULL AND order_id IS NULL AND state <> 'cancelled';

--@sqlite
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''refunds_payable''', '''refunds_payable'', ''deposits''') WHERE type = 'table' AND name = 'ledger_account';
PRAGMA writable_schema = RESET;
--@postgres
ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_kind_check;
ALTER TABLE ledger_account ADD CONSTRAINT ledger_account_kind_check CHECK (kind IN ('bank', 'gateway', 'carrier', 'buyer_funds', 'cooperative', 'delivery', 'partner', 'tax_withheld',
    'refunds_payable', 'deposits', 'payouts_in_transit', 'unmatched', 'commission', 'platform_discounts', 'gateway_fees', 'adjustments'));
--@both

ALTER TABLE supply_request ADD COLUMN deposit_bp integer NOT NULL DEFAULT 0 CHECK (deposit_bp BETWEEN 0 AND 5000);
ALTER TABLE supply_request ADD COLUMN penalty_bp integer NOT NULL DEFAULT 800 CHECK (penalty_bp BETWEEN 0 AND 800);   -- of what is missing; Commercial Law 2005, article 301
ALTER TABLE supply_request ADD COLUMN late_bp integer NOT NULL DEFAULT 0 CHECK (late_bp BETWEEN 0 AND 800);           -- of what comes late, a day
ALTER TABLE supply_request ADD COLUMN purchase_id uuid REFERENCES purchase (id);

-- A cooperative may sign a second contract for a request: for what others do not deliver.
CREATE TABLE supply_contract_new (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    request_id uuid NOT NULL REFERENCES supply_request (id),
    offer_id uuid NOT NULL REFERENCES supply_offer (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    price bigint NOT NULL CHECK (price > 0),          -- VND a kilogram
    credit_days integer NOT NULL,
    state text NOT NULL,
    buyer_agreed_by uuid NOT NULL REFERENCES account (id),
    buyer_agreed_at timestamptz NOT NULL,
    answered_by uuid REFERENCES account (id),
    answered_at timestamptz,
    reason text,
    deposit_bp integer NOT NULL,
    penalty_bp integer NOT NULL,
    late_bp integer NOT NULL
);
INSERT INTO supply_contract_new
SELECT id, number, request_id, offer_id, cooperative_id, price, credit_days, state, buyer_agreed_by, buyer_agreed_at, answered_by, answered_at, reason, 0, 800, 0
FROM supply_contract;
DROP TABLE supply_contract;
ALTER TABLE supply_contract_new RENAME TO supply_contract;
CREATE INDEX supply_contract_request ON supply_contract (request_id);
CREATE INDEX supply_contract_cooperative ON supply_contract (cooperative_id, id);
CREATE INDEX supply_contract_offer ON supply_contract (offer_id);

-- What a contract brings in a window.
CREATE TABLE supply_delivery (
    id uuid PRIMARY KEY,
    contract_id uuid NOT NULL REFERENCES supply_contract (id),
    window_id uuid NOT NULL REFERENCES supply_window (id),
    grams bigint NOT NULL CHECK (grams > 0),
    from_on date NOT NULL,                            -- as agreed; at first the window's days
    to_on date NOT NULL,
    order_id uuid UNIQUE REFERENCES orders (id),      -- none before the contract is signed
    reminded_on date,
    UNIQUE (contract_id, window_id),
    CHECK (from_on <= to_on)
);
CREATE INDEX supply_delivery_window ON supply_delivery (window_id);

-- What arrived, as the buyer weighed and graded it, and the cooperative's answer.
CREATE TABLE supply_acceptance (
    id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL UNIQUE REFERENCES supply_delivery (id),
    received_on date NOT NULL,
    gross_g bigint NOT NULL CHECK (gross_g > 0),
    tare_g bigint NOT NULL CHECK (tare_g >= 0),
    rejected_g bigint NOT NULL CHECK (rejected_g >= 0),
    grade text NOT NULL,
    reason text,                                      -- why something was rejected
    photos jsonb NOT NULL,
    state text NOT NULL,
    version bigint NOT NULL,
    written_by uuid NOT NULL REFERENCES account (id),
    written_at timestamptz NOT NULL,
    answered_by uuid REFERENCES account (id),
    answered_at timestamptz,
    answer text,
    amount bigint CHECK (amount >= 0),                -- VND for what was accepted; none before both agree
    penalty_amount bigint CHECK (penalty_amount >= 0),
    deposit_amount bigint CHECK (deposit_amount >= 0),
    due_on date,
    CHECK (tare_g + rejected_g <= gross_g)
);

-- What one side would change of a delivery; nothing changes before the other side agrees.
CREATE TABLE supply_change (
    id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES supply_delivery (id),
    kind text NOT NULL,
    from_on date,
    to_on date,
    reason text NOT NULL,
    by_buyer boolean NOT NULL,
    state text NOT NULL,
    proposed_by uuid NOT NULL REFERENCES account (id),
    proposed_at timestamptz NOT NULL,
    answered_by uuid REFERENCES account (id),
    answered_at timestamptz
);
CREATE UNIQUE INDEX supply_change_open ON supply_change (delivery_id) WHERE state = 'proposed';

-- What was agreed before there were deliveries; contracts signed by then get their orders when their cooperative signs them again.
--@sqlite
INSERT INTO supply_delivery (id, contract_id, window_id, grams, from_on, to_on)
SELECT randomblob(16), k.id, s.window_id, s.grams, w.from_on, w.to_on
FROM supply_contract k JOIN supply_share s ON s.offer_id = k.offer_id JOIN supply_window w ON w.id = s.window_id WHERE s.grams > 0;
--@postgres
INSERT INTO supply_delivery (id, contract_id, window_id, grams, from_on, to_on)
SELECT gen_random_uuid(), k.id, s.window_id, s.grams, w.from_on, w.to_on
FROM supply_contract k JOIN supply_share s ON s.offer_id = k.offer_id JOIN supply_window w ON w.id = s.window_id WHERE s.grams > 0;
--@both
UPDATE supply_contract SET state = 'proposed', answered_by = NULL, answered_at = NULL WHERE state = 'agreed';
