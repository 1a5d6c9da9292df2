-- A GLN for each pick-up point that has one, beside the cooperative's own.
ALTER TABLE gs1_key ADD COLUMN pickup_point_id uuid REFERENCES pickup_point (id);
DROP INDEX gs1_key_gln;
CREATE UNIQUE INDEX gs1_key_gln ON gs1_key (cooperative_id) WHERE kind = 'gln' AND pickup_point_id IS NULL;
CREATE UNIQUE INDEX gs1_key_place ON gs1_key (pickup_point_id) WHERE pickup_point_id IS NOT NULL;
