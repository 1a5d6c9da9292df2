-- A key in a phone or computer that signs in by itself (WebAuthn): nothing to type, nothing to be talked out of.
CREATE TABLE passkey (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    credential_id text NOT NULL UNIQUE,      -- as the authenticator calls it, base64url
    label text NOT NULL,                     -- as its owner calls it
    transports integer NOT NULL,             -- how it is reached, as bits
    public_key text NOT NULL,                -- with what was agreed on when it was made, base64url
    state text NOT NULL,                     -- what each sign-in may change: counter, backup, base64url
    created_at timestamptz NOT NULL,
    last_used_at timestamptz
);
CREATE INDEX passkey_account ON passkey (account_id);

-- A challenge that was given out and not yet answered. Each is answered once.
CREATE TABLE passkey_challenge (
    challenge text PRIMARY KEY,
    account_id uuid REFERENCES account (id), -- whose passkey is to be added; none for who wants to sign in
    state text NOT NULL,                     -- what was asked for, base64url
    expires_at timestamptz NOT NULL
);
CREATE INDEX passkey_challenge_expires_at ON passkey_challenge (expires_at);
