-- What every slice stands on: answers kept for repeated requests, events owed to consumers, who changed what.

CREATE TABLE idempotency_key (
    scope text NOT NULL,                     -- whose key it is: a user, a cart, a partner
    key text NOT NULL,
    request_hash text NOT NULL,              -- SHA-256 of method, path and body; another body under the same key is refused
    response_status integer,
    response_body text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_key_created_at ON idempotency_key (created_at);

CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    topic text NOT NULL,                     -- 'order.placed', 'product.changed', …
    subject_id uuid NOT NULL,
    payload jsonb NOT NULL,
    origin uuid NOT NULL,                    -- the node that wrote it: its own read model is already fresh
    created_at timestamptz NOT NULL,
    available_at timestamptz NOT NULL,       -- not to be delivered before: retries and leases move it forward
    attempts integer NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    last_error text
);
CREATE INDEX outbox_owed ON outbox (available_at) WHERE delivered_at IS NULL;
CREATE INDEX outbox_created_at ON outbox (created_at);

CREATE TABLE audit_entry (
    id uuid PRIMARY KEY,
    actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'guest', 'system', 'operator')),
    actor_id uuid,
    action text NOT NULL,
    entity text NOT NULL,
    entity_id uuid NOT NULL,
    before jsonb,
    after jsonb,
    at timestamptz NOT NULL
);
CREATE INDEX audit_entry_entity ON audit_entry (entity, entity_id, at);
