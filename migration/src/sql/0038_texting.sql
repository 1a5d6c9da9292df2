-- Text messages to phones: each is sent once, counted, and followed until it arrived.
CREATE TABLE text_message (
    key text PRIMARY KEY,                    -- of the event it tells of: the same key is the same message
    phone text NOT NULL,                     -- E.164
    channel text,                            -- 'zalo', 'esms', 'speedsms', 'http': who took it
    state text NOT NULL CHECK (state IN ('sending', 'sent', 'delivered', 'failed', 'limited')),
    provider_id text,
    cost_amount bigint,                      -- đồng, where the provider says
    error text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX text_message_phone ON text_message (phone, created_at);
CREATE INDEX text_message_created_at ON text_message (created_at);
CREATE UNIQUE INDEX text_message_provider ON text_message (channel, provider_id);

-- What a messenger lets us in with, where that changes.
CREATE TABLE messenger_token (
    name text PRIMARY KEY,
    access_token text NOT NULL,              -- sealed
    refresh_token text NOT NULL,             -- sealed
    expires_at timestamptz NOT NULL,
    renewing_until timestamptz NOT NULL
);
