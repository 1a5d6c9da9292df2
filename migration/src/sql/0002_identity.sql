CREATE TABLE account (
    id uuid PRIMARY KEY,
    email text UNIQUE,
    phone text UNIQUE,                       -- E.164
    name text NOT NULL,
    password_hash text NOT NULL,             -- argon2id, PHC string
    language text NOT NULL CHECK (language IN ('vi', 'en')),
    consented_at timestamptz NOT NULL,       -- personal data law 91/2025/QH15: consent is recorded
    disabled_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (email IS NOT NULL OR phone IS NOT NULL)
);

CREATE TABLE account_role (
    account_id uuid NOT NULL REFERENCES account (id),
    role text NOT NULL CHECK (role IN ('partner', 'officer', 'admin')),
    granted_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, role)
);

-- A sign-up that waits for its code. The account comes into being when the code is shown, so that
-- nobody learns from the sign-up form who is already here.
CREATE TABLE registration (
    id uuid PRIMARY KEY,
    contact text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    language text NOT NULL CHECK (language IN ('vi', 'en')),
    token_hash text UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX registration_expires_at ON registration (expires_at);

CREATE TABLE password_reset (
    id uuid PRIMARY KEY,
    contact text NOT NULL,
    language text NOT NULL CHECK (language IN ('vi', 'en')),
    token_hash text UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX password_reset_expires_at ON password_reset (expires_at);

-- A sign-in on one device: a family of refresh tokens, each used once.
CREATE TABLE session (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_reason text
);
CREATE INDEX session_account ON session (account_id);

CREATE TABLE refresh_token (
    token_hash text PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES session (id),
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);

CREATE TABLE address (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    recipient text NOT NULL,
    phone text NOT NULL,
    street text NOT NULL,
    commune_code text NOT NULL,              -- today's code (since 1 July 2025)
    is_default boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX address_account ON address (account_id);
