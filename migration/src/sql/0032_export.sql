-- Exports: quotations and invoices in other currencies, the papers a destination asks for, and money of more than one currency.
--@sqlite
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''deposits''', '''deposits'', ''exchange'', ''exchange_difference''') WHERE type = 'table' AND name = 'ledger_account';
PRAGMA writable_schema = RESET;
--@postgres
ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_kind_check;
ALTER TABLE ledger_account ADD CONSTRAINT ledger_account_kind_check CHECK (kind IN ('bank', 'gateway', 'carrier', 'buyer_funds', 'cooperative', 'delivery', 'partner', 'tax_withheld',
    'refunds_payable', 'deposits', 'exchange', 'exchange_difference', 'payouts_in_transit', 'unmatched', 'commission', 'platform_discounts', 'gateway_fees', 'adjustments'));
--@both

-- What a unit of a currency is worth on a day: typed, or imported.
CREATE TABLE exchange_rate (
    currency text NOT NULL,
    day date NOT NULL,
    rate_e4 bigint NOT NULL CHECK (rate_e4 > 0),         -- ten-thousandths of a dong
    source text NOT NULL,
    entered_by uuid NOT NULL REFERENCES account (id),
    entered_at timestamptz NOT NULL,
    PRIMARY KEY (currency, day)
);

CREATE TABLE export_order (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    buyer_name text NOT NULL,
    buyer_address text NOT NULL,
    country text NOT NULL,                               -- ISO 3166, of the destination
    currency text NOT NULL,
    rate_e4 bigint CHECK (rate_e4 > 0),                  -- fixed with the quotation
    rate_day date,
    incoterm text NOT NULL,
    named_place text NOT NULL,
    deposit_bp integer NOT NULL CHECK (deposit_bp BETWEEN 0 AND 10000),
    valid_until date NOT NULL,
    state text NOT NULL,
    version bigint NOT NULL,
    ship_reason text,                                    -- why it shipped although papers were missing
    created_by uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX export_order_cooperative ON export_order (cooperative_id, id);

CREATE TABLE export_line (
    order_id uuid NOT NULL REFERENCES export_order (id),
    position integer NOT NULL,
    product_id uuid NOT NULL REFERENCES product (id),
    hs_code text NOT NULL,
    description text NOT NULL,
    packages bigint NOT NULL CHECK (packages > 0),
    net_g bigint NOT NULL CHECK (net_g > 0),
    gross_g bigint NOT NULL,
    price bigint NOT NULL CHECK (price > 0),             -- minor units of the currency for a kilogram
    PRIMARY KEY (order_id, position),
    CHECK (gross_g >= net_g)
);

CREATE TABLE export_paper (
    order_id uuid NOT NULL REFERENCES export_order (id),
    kind text NOT NULL,
    number text NOT NULL,
    issued_on date NOT NULL,
    expires_on date,
    document_key text,
    media_type text,
    entered_by uuid NOT NULL REFERENCES account (id),
    entered_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, kind)
);

-- Money that came for an export, or went back.
CREATE TABLE export_payment (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES export_order (id),
    amount bigint NOT NULL CHECK (amount <> 0),          -- minor units of the order's currency; negative: went back
    dong bigint NOT NULL,                                -- at the paper's rate
    reference text NOT NULL UNIQUE,                      -- the bank's
    entered_by uuid NOT NULL REFERENCES account (id),
    at timestamptz NOT NULL
);
CREATE INDEX export_payment_order ON export_payment (order_id, id);
