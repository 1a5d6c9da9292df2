-- What was written down about somebody's orders and papers is found by them when they are forgotten.
CREATE INDEX audit_entry_thing ON audit_entry (entity_id);
