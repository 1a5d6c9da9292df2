-- How somebody wants to be told, the first way first: 'zalo,sms,email'. Who said nothing is told where they were known.
CREATE TABLE notice_choice (
    account_id uuid PRIMARY KEY REFERENCES account (id),
    ways text NOT NULL,
    updated_at timestamptz NOT NULL
);

-- A browser that is told, too (Push API). Its endpoint belongs to whoever signed in there last.
CREATE TABLE push_subscription (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    endpoint text NOT NULL UNIQUE,
    p256dh text NOT NULL,                    -- the browser's key, base64url
    auth text NOT NULL,                      -- the secret shared with it, sealed
    label text NOT NULL,                     -- 'Chrome, Android'
    created_at timestamptz NOT NULL
);
CREATE INDEX push_subscription_account ON push_subscription (account_id);

-- What push services know us by (RFC 8292): one for all nodes, made when it is first needed.
CREATE TABLE push_key (
    name text PRIMARY KEY,                   -- 'vapid'
    private_key text NOT NULL,               -- PKCS #8, base64url, sealed
    created_at timestamptz NOT NULL
);
