-- Attempts to sign in by where they come from and minute, over all nodes.
CREATE TABLE rate_window (
    key text NOT NULL,                       -- a hash of the address: it does not tell whose
    minute timestamptz NOT NULL,             -- its beginning
    requests bigint NOT NULL,
    PRIMARY KEY (key, minute)
);
CREATE INDEX rate_window_minute ON rate_window (minute);
