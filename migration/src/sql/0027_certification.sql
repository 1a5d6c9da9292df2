-- Recognition of stars: scorecards as dated data, dossiers, councils, decisions.
CREATE TABLE criteria_set (
    id uuid PRIMARY KEY,
    code text NOT NULL,
    version integer NOT NULL,                -- never changed once here: what differs is a further version
    name text NOT NULL,
    categories text NOT NULL,                -- slugs, between commas
    illustrative boolean NOT NULL,           -- made up to show how it works
    valid_from date NOT NULL,
    source text NOT NULL,
    content text NOT NULL,                   -- parts, criteria and options, as JSON
    created_by uuid REFERENCES account (id),
    created_at timestamptz NOT NULL,
    UNIQUE (code, version)
);

CREATE TABLE dossier (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    product_id uuid NOT NULL REFERENCES product (id),
    commune_code text NOT NULL,
    kind text NOT NULL,
    criteria_set_id uuid NOT NULL REFERENCES criteria_set (id),
    state text NOT NULL,
    round integer NOT NULL,
    due_on date,
    meets_on date,
    stars integer,
    decision_number text,
    decided_on date,
    version bigint NOT NULL,
    created_by uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    submitted_at timestamptz
);
-- One at a time of a product.
CREATE UNIQUE INDEX dossier_open ON dossier (product_id) WHERE state NOT IN ('withdrawn', 'not_recognised', 'recognised', 'revoked');
CREATE INDEX dossier_cooperative ON dossier (cooperative_id, id);
CREATE INDEX dossier_commune ON dossier (commune_code, state);
CREATE INDEX dossier_state ON dossier (state, id);

-- What the cooperative gives itself.
CREATE TABLE dossier_claim (
    dossier_id uuid NOT NULL REFERENCES dossier (id),
    criterion text NOT NULL,
    points bigint NOT NULL,                  -- hundredths
    note text,
    PRIMARY KEY (dossier_id, criterion)
);
CREATE TABLE dossier_evidence (
    id uuid PRIMARY KEY,
    dossier_id uuid NOT NULL REFERENCES dossier (id),
    criterion text NOT NULL,
    title text NOT NULL,
    certificate_id uuid REFERENCES certificate (id),
    object_key text,
    media_type text,
    size_bytes bigint,
    created_at timestamptz NOT NULL
);
CREATE INDEX dossier_evidence_dossier ON dossier_evidence (dossier_id, criterion);

-- What was done, by whom, when and why.
CREATE TABLE dossier_step (
    id uuid PRIMARY KEY,
    dossier_id uuid NOT NULL REFERENCES dossier (id),
    act text NOT NULL,
    from_state text,
    to_state text NOT NULL,
    actor_id uuid NOT NULL REFERENCES account (id),
    office_id uuid REFERENCES office (id),
    reason text,
    at timestamptz NOT NULL
);
CREATE INDEX dossier_step_dossier ON dossier_step (dossier_id, id);

-- A council of a level (province, ministry) in a round, and what each of its members scores alone.
CREATE TABLE council_seat (
    dossier_id uuid NOT NULL REFERENCES dossier (id),
    level text NOT NULL,
    round integer NOT NULL,
    account_id uuid NOT NULL REFERENCES account (id),
    handed_in_at timestamptz,
    PRIMARY KEY (dossier_id, level, round, account_id)
);
CREATE INDEX council_seat_account ON council_seat (account_id, handed_in_at);
CREATE TABLE council_score (
    dossier_id uuid NOT NULL REFERENCES dossier (id),
    level text NOT NULL,
    round integer NOT NULL,
    account_id uuid NOT NULL REFERENCES account (id),
    criterion text NOT NULL,
    points bigint NOT NULL,                  -- hundredths
    note text,
    PRIMARY KEY (dossier_id, level, round, account_id, criterion)
);

-- Deadlines in working days, from a day on; and the days nobody works.
CREATE TABLE programme_term (
    kind text NOT NULL,
    from_day date NOT NULL,
    working_days integer NOT NULL CHECK (working_days BETWEEN 1 AND 250),
    source text NOT NULL,
    PRIMARY KEY (kind, from_day)
);
CREATE TABLE holiday (
    day date PRIMARY KEY,
    name text NOT NULL
);

-- What came of a dossier, or was typed in by two officers.
ALTER TABLE recognition ADD COLUMN code text;
ALTER TABLE recognition ADD COLUMN dossier_id uuid REFERENCES dossier (id);
ALTER TABLE recognition ADD COLUMN decision_number text;
ALTER TABLE recognition ADD COLUMN revoked_reason text;
ALTER TABLE recognition ADD COLUMN reminded_months integer;
--@sqlite
UPDATE recognition SET code = upper(substr(hex(id), 23, 10));
CREATE TRIGGER dossier_step_stays_u BEFORE UPDATE ON dossier_step BEGIN SELECT RAISE(ABORT, 'steps are append-only'); END;
CREATE TRIGGER dossier_step_stays_d BEFORE DELETE ON dossier_step BEGIN SELECT RAISE(ABORT, 'steps are append-only'); END;
CREATE TRIGGER criteria_set_stays_u BEFORE UPDATE ON criteria_set BEGIN SELECT RAISE(ABORT, 'sets of criteria are never changed'); END;
CREATE TRIGGER criteria_set_stays_d BEFORE DELETE ON criteria_set BEGIN SELECT RAISE(ABORT, 'sets of criteria are never changed'); END;
--@postgres
UPDATE recognition SET code = upper(substr(replace(CAST(id AS text), '-', ''), 23, 10));
CREATE FUNCTION stays_as_written() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'rows of % stay as they were written', TG_TABLE_NAME; END $$;
CREATE TRIGGER dossier_step_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON dossier_step FOR EACH STATEMENT EXECUTE FUNCTION stays_as_written();
CREATE TRIGGER criteria_set_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON criteria_set FOR EACH STATEMENT EXECUTE FUNCTION stays_as_written();
--@both
CREATE UNIQUE INDEX recognition_code ON recognition (code);
CREATE INDEX recognition_number ON recognition (certificate_number);
CREATE INDEX recognition_until ON recognition (valid_until);
CREATE TABLE recognition_entry (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES product (id),
    stars integer NOT NULL CHECK (stars BETWEEN 3 AND 5),
    certificate_number text NOT NULL,
    decision_number text NOT NULL,
    issuer text NOT NULL,
    issued_on date NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'confirmed', 'refused')),
    entered_by uuid NOT NULL REFERENCES account (id),
    entered_at timestamptz NOT NULL,
    settled_by uuid REFERENCES account (id),
    settled_at timestamptz,
    CHECK (settled_by IS NULL OR settled_by <> entered_by)
);

INSERT INTO programme_term (kind, from_day, working_days, source) VALUES
    ('commune_receive', '2025-07-06', 3, 'theo quy định của địa phương (minh họa)'),
    ('commune_review', '2025-07-06', 10, 'theo quy định của địa phương (minh họa)'),
    ('supplement', '2025-07-06', 15, 'theo quy định của địa phương (minh họa)'),
    ('province_receive', '2025-07-06', 3, 'theo quy định của địa phương (minh họa)'),
    ('province_review', '2025-07-06', 20, 'theo quy định của địa phương (minh họa)'),
    ('council_notice', '2025-07-06', 2, 'Quyết định 148/QĐ-TTg, sửa đổi bởi 1489/QĐ-TTg'),
    ('decision', '2025-07-06', 10, 'theo quy định của địa phương (minh họa)'),
    ('ministry_receive', '2025-07-06', 5, 'theo quy định của địa phương (minh họa)'),
    ('ministry_review', '2025-07-06', 30, 'theo quy định của địa phương (minh họa)'),
    ('complaint', '2025-07-06', 30, 'theo quy định của địa phương (minh họa)'),
    ('complaint_answer', '2025-07-06', 20, 'theo quy định của địa phương (minh họa)');
INSERT INTO holiday (day, name) VALUES
    ('2026-01-01', 'Tết Dương lịch'), ('2026-02-16', 'Tết Nguyên đán'), ('2026-02-17', 'Tết Nguyên đán'), ('2026-02-18', 'Tết Nguyên đán'),
    ('2026-02-19', 'Tết Nguyên đán'), ('2026-02-20', 'Tết Nguyên đán'), ('2026-04-26', 'Giỗ Tổ Hùng Vương'), ('2026-04-30', 'Ngày Chiến thắng'),
    ('2026-05-01', 'Quốc tế Lao động'), ('2026-09-01', 'Quốc khánh'), ('2026-09-02', 'Quốc khánh'),
    ('2027-01-01', 'Tết Dương lịch'), ('2027-02-05', 'Tết Nguyên đán'), ('2027-02-06', 'Tết Nguyên đán'), ('2027-02-07', 'Tết Nguyên đán'),
    ('2027-02-08', 'Tết Nguyên đán'), ('2027-02-09', 'Tết Nguyên đán'), ('2027-04-16', 'Giỗ Tổ Hùng Vương'), ('2027-04-30', 'Ngày Chiến thắng'),
    ('2027-05-01', 'Quốc tế Lao động'), ('2027-09-02', 'Quốc khánh'), ('2027-09-03', 'Quốc khánh');
