-- How a cooperative comes to sell: it applies with its legal facts and documents, a person reviews, a team is invited.

CREATE TABLE application (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    state text NOT NULL CHECK (state IN ('draft', 'submitted', 'more_needed', 'approved', 'rejected')),
    kind text NOT NULL CHECK (kind IN ('cooperative', 'cooperative_group', 'company', 'household')),
    name text NOT NULL,
    legal_name text NOT NULL,
    tax_code text NOT NULL,
    representative text NOT NULL,
    licence_number text NOT NULL,
    licence_issuer text NOT NULL,
    street text NOT NULL,
    commune_code text NOT NULL,
    former_commune text,
    latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    phone text NOT NULL,
    email text,
    bank_bin text NOT NULL,                  -- NAPAS bank identification number, six digits
    bank_account text NOT NULL,
    bank_holder text NOT NULL,
    message text,                            -- from the reviewer to the applicant: what is missing, why not
    cooperative_id uuid REFERENCES cooperative (id),
    submitted_at timestamptz,
    decided_at timestamptz,
    decided_by uuid REFERENCES account (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX application_account ON application (account_id);
CREATE INDEX application_waiting ON application (submitted_at) WHERE state = 'submitted';
-- One application of an account waits or is worked on at a time.
CREATE UNIQUE INDEX application_open ON application (account_id) WHERE state IN ('draft', 'submitted', 'more_needed');

CREATE TABLE application_document (
    id uuid PRIMARY KEY,
    application_id uuid NOT NULL REFERENCES application (id),
    kind text NOT NULL CHECK (kind IN ('identity', 'licence', 'food_safety', 'other')),
    object_key text NOT NULL,
    file_name text NOT NULL,
    media_type text NOT NULL,
    size_bytes bigint NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX application_document_application ON application_document (application_id);

CREATE TABLE bank_account (
    cooperative_id uuid PRIMARY KEY REFERENCES cooperative (id),
    bank_bin text NOT NULL,
    number text NOT NULL,
    holder text NOT NULL,
    updated_at timestamptz NOT NULL
);

-- E-commerce law 122/2025/QH15: no sale before the seller's identity is verified.
ALTER TABLE cooperative ADD COLUMN identity_verified_at timestamptz;
ALTER TABLE cooperative ADD COLUMN suspended_reason text;
UPDATE cooperative SET identity_verified_at = created_at WHERE status = 'active';

CREATE TABLE invitation (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    contact text NOT NULL,                   -- e-mail, or phone in E.164
    role text NOT NULL CHECK (role IN ('owner', 'manager', 'staff')),
    token_hash text UNIQUE,
    invited_by uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    revoked_at timestamptz
);
CREATE UNIQUE INDEX invitation_open ON invitation (cooperative_id, contact) WHERE accepted_at IS NULL AND revoked_at IS NULL;

-- A signed-in browser of the console: a cookie's hash, and the secret its forms carry.
CREATE TABLE console_session (
    token_hash text PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES session (id),
    account_id uuid NOT NULL REFERENCES account (id),
    csrf text NOT NULL,
    language text NOT NULL CHECK (language IN ('vi', 'en')),
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);
CREATE INDEX console_session_session ON console_session (session_id);
