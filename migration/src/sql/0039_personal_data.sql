-- What people agreed to, what was forgotten, how long things are kept, and what leaked.
ALTER TABLE account ADD COLUMN erased_at timestamptz;

-- One row each time somebody agreed; taken back, it stays as the proof of both.
CREATE TABLE consent (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    purpose text NOT NULL CHECK (purpose IN ('account', 'notices')),
    version text NOT NULL,                   -- of the words that were agreed to
    given_at timestamptz NOT NULL,
    withdrawn_at timestamptz
);
CREATE UNIQUE INDEX consent_standing ON consent (account_id, purpose) WHERE withdrawn_at IS NULL;

INSERT INTO consent (id, account_id, purpose, version, given_at)
    SELECT a.id, a.id, 'account', '2026-01', a.consented_at FROM account a;
--@postgres
INSERT INTO consent (id, account_id, purpose, version, given_at)
    SELECT gen_random_uuid(), f.account_id, 'notices', '2026-01', MIN(f.created_at) FROM favourite f WHERE f.notify GROUP BY f.account_id;
--@sqlite
INSERT INTO consent (id, account_id, purpose, version, given_at)
    SELECT randomblob(16), f.account_id, 'notices', '2026-01', MIN(f.created_at) FROM favourite f WHERE f.notify GROUP BY f.account_id;
--@both
ALTER TABLE account DROP COLUMN consented_at;

-- Who was forgotten and when, without a name: done again after a backup from before comes back.
CREATE TABLE erasure (
    id uuid PRIMARY KEY,
    account_id uuid,                         -- none for a guest
    asked_by text NOT NULL CHECK (asked_by IN ('person', 'operator')),
    at timestamptz NOT NULL
);
CREATE INDEX erasure_at ON erasure (at);

-- Personal data that got where it should not (law 91/2025/QH15, article 23).
CREATE TABLE breach (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    found_at timestamptz NOT NULL,
    happened text NOT NULL,
    data text NOT NULL,                      -- which kinds of data
    people bigint NOT NULL CHECK (people >= 0),
    measures text NOT NULL,
    authority_told_at timestamptz,
    people_told_at timestamptz,
    closed_at timestamptz,
    created_by uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX breach_found_at ON breach (found_at);

-- How long what is kept, from a day on; without a row what the program says.
CREATE TABLE retention_rule (
    kind text NOT NULL,
    valid_from date NOT NULL,
    days bigint NOT NULL CHECK (days > 0),
    set_by uuid NOT NULL REFERENCES account (id),
    set_at timestamptz NOT NULL,
    PRIMARY KEY (kind, valid_from)
);

-- Clicks that brought nothing are forgotten: found by what they brought.
CREATE INDEX orders_click ON orders (click_id) WHERE click_id IS NOT NULL;
CREATE INDEX cart_click ON cart (click_id) WHERE click_id IS NOT NULL;
CREATE INDEX click_at ON click (at);

-- The trail outlives an invitation and need not tell whose address it was.
UPDATE audit_entry SET after = NULL WHERE action = 'team.invited';
