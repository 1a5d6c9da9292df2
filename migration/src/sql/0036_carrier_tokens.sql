-- A carrier's token has a column of its own, so that it can be sealed.
ALTER TABLE carrier_account ADD COLUMN token text NOT NULL DEFAULT '';
ALTER TABLE carrier_account ADD COLUMN shop_id text NOT NULL DEFAULT '';
UPDATE carrier_account SET token = COALESCE(settings ->> 'token', ''), shop_id = COALESCE(settings ->> 'shop_id', '');
ALTER TABLE carrier_account DROP COLUMN settings;
