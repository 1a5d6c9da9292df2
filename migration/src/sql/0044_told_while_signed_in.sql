-- A browser is told as long as whoever signed in there has not signed out: on a shared phone the next person reads nothing.
-- What is known of before has no sign-in to end with; those browsers are asked again.
DELETE FROM push_subscription;
ALTER TABLE push_subscription ADD COLUMN session_id uuid REFERENCES session (id) ON DELETE CASCADE;
CREATE INDEX push_subscription_session ON push_subscription (session_id);
