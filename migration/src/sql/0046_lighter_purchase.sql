-- A guest's purchase has no account: nobody looks for it by one, so that no index need hold it.
DROP INDEX purchase_account;
CREATE INDEX purchase_account ON purchase (account_id) WHERE account_id IS NOT NULL;
DROP INDEX orders_account;
CREATE INDEX orders_account ON orders (account_id, id) WHERE account_id IS NOT NULL;
-- Every node asks what others wrote, several times a second: of its own events it need not see the rows.
DROP INDEX outbox_created_at;
CREATE INDEX outbox_created_at ON outbox (created_at, origin);
--@postgres
-- Kept answers and quotes are of two kilobytes and live for days. Answers are sealed, and nothing makes them smaller: to try, and
-- then to put them beside the table, cost more than the row.
ALTER TABLE idempotency_key ALTER COLUMN response_body SET STORAGE EXTERNAL;
ALTER TABLE idempotency_key SET (toast_tuple_target = 8160);
ALTER TABLE quote ALTER COLUMN snapshot SET STORAGE EXTERNAL;
ALTER TABLE quote SET (toast_tuple_target = 8160);
--@both
