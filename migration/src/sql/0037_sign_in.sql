-- What a sign-in is known by: the device, and whether a second factor was shown.
ALTER TABLE session ADD COLUMN label text NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN seen_at timestamptz;
ALTER TABLE session ADD COLUMN strong boolean NOT NULL DEFAULT false;

-- A device that an account signed in on. Whoever guesses at the account from elsewhere does not hold it up.
CREATE TABLE device (
    account_id uuid NOT NULL REFERENCES account (id),
    token_hash text NOT NULL,
    label text NOT NULL,                     -- 'Chrome, Android'
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, token_hash)
);

-- Attempts at a password or code that were not good, by what was tried.
CREATE TABLE sign_in_attempt (
    key text PRIMARY KEY,                    -- a hash: it does not tell whose
    failures bigint NOT NULL,
    last_at timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL
);
CREATE INDEX sign_in_attempt_last_at ON sign_in_attempt (last_at);

-- A secret shared with an authenticator app (RFC 6238).
CREATE TABLE second_factor (
    account_id uuid PRIMARY KEY REFERENCES account (id),
    secret text NOT NULL,                    -- sealed
    confirmed_at timestamptz,
    last_step bigint NOT NULL,               -- no code is good twice
    created_at timestamptz NOT NULL
);

CREATE TABLE recovery_code (
    account_id uuid NOT NULL REFERENCES account (id),
    code_hash text NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (account_id, code_hash)
);

-- The password was right; the code is still to come.
CREATE TABLE second_step (
    token_hash text PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX second_step_expires_at ON second_step (expires_at);
