-- Spreadsheets coming in, and events going out to sellers' own systems.

CREATE TABLE import_job (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    kind text NOT NULL CHECK (kind IN ('products', 'stock')),
    state text NOT NULL CHECK (state IN ('reading', 'judged', 'running', 'done', 'cancelled', 'failed')),
    file_name text NOT NULL,
    object_key text NOT NULL,
    images_key text,                         -- a ZIP of pictures
    total integer NOT NULL DEFAULT 0,
    good integer NOT NULL DEFAULT 0,
    bad integer NOT NULL DEFAULT 0,
    done integer NOT NULL DEFAULT 0,
    changed integer NOT NULL DEFAULT 0,
    error text,
    created_by uuid NOT NULL REFERENCES account (id),
    leased_until timestamptz,                -- a worker that dies leaves the job to another
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX import_job_cooperative ON import_job (cooperative_id, id);
CREATE INDEX import_job_waiting ON import_job (leased_until) WHERE state IN ('reading', 'running');

CREATE TABLE import_row (
    job_id uuid NOT NULL REFERENCES import_job (id),
    line integer NOT NULL,                   -- as the spreadsheet counts
    state text NOT NULL CHECK (state IN ('good', 'bad', 'done')),
    cells jsonb NOT NULL,
    errors jsonb NOT NULL,
    PRIMARY KEY (job_id, line)
);

CREATE TABLE webhook_endpoint (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    url text NOT NULL,
    events text NOT NULL,                    -- 'order.placed,order.cancelled'; '*' for all
    secret text NOT NULL,                    -- whsec_…
    old_secret text,                         -- signs beside the new one until it runs out
    old_secret_until timestamptz,
    state text NOT NULL CHECK (state IN ('enabled', 'disabled', 'failing')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX webhook_endpoint_cooperative ON webhook_endpoint (cooperative_id);

CREATE TABLE webhook_message (
    id uuid PRIMARY KEY,
    endpoint_id uuid NOT NULL REFERENCES webhook_endpoint (id),
    event_id uuid NOT NULL,                  -- webhook-id: the same for every attempt and replay
    topic text NOT NULL,
    body text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts integer NOT NULL,
    next_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (endpoint_id, event_id)
);
CREATE INDEX webhook_message_due ON webhook_message (next_at) WHERE state = 'waiting';
CREATE INDEX webhook_message_endpoint ON webhook_message (endpoint_id, id);

CREATE TABLE webhook_attempt (
    id uuid PRIMARY KEY,
    message_id uuid NOT NULL REFERENCES webhook_message (id),
    status integer,
    error text,
    took_ms integer NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX webhook_attempt_message ON webhook_attempt (message_id, id);
