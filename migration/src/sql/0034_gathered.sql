-- Prices by grade, offers gathered under a lead, cold rooms of partners, exports that take their goods of the stock.
ALTER TABLE supply_offer ADD COLUMN grades jsonb NOT NULL DEFAULT '[]';          -- lesser grades: [{grade, price}], VND a kilogram
ALTER TABLE supply_offer ADD COLUMN lead_id uuid REFERENCES cooperative (id);    -- under whose answer it stands
ALTER TABLE supply_contract ADD COLUMN grades jsonb NOT NULL DEFAULT '[]';
ALTER TABLE supply_acceptance ADD COLUMN graded jsonb NOT NULL DEFAULT '[]';     -- what of it was a lesser grade: [{grade, grams}]
CREATE INDEX supply_offer_lead ON supply_offer (lead_id) WHERE lead_id IS NOT NULL;

-- Whom a lead asked to offer under its answer.
CREATE TABLE supply_gathered (
    offer_id uuid NOT NULL REFERENCES supply_offer (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    PRIMARY KEY (offer_id, cooperative_id)
);
CREATE INDEX supply_gathered_cooperative ON supply_gathered (cooperative_id);

-- A room is a cooperative's or a partner's.
ALTER TABLE cold_room ADD COLUMN partner_id uuid REFERENCES partner (id);
--@sqlite
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'cooperative_id uuid NOT NULL REFERENCES', 'cooperative_id uuid REFERENCES') WHERE type = 'table' AND name = 'cold_room';
PRAGMA writable_schema = RESET;
--@postgres
ALTER TABLE cold_room ALTER COLUMN cooperative_id DROP NOT NULL;
ALTER TABLE cold_room ADD CONSTRAINT cold_room_keeper CHECK ((cooperative_id IS NULL) <> (partner_id IS NULL));
--@both
CREATE UNIQUE INDEX cold_room_partner ON cold_room (partner_id, name) WHERE partner_id IS NOT NULL;

-- What of the stock an export took, by lot, when it left.
CREATE TABLE export_lot (
    order_id uuid NOT NULL REFERENCES export_order (id),
    position integer NOT NULL,
    lot_id uuid NOT NULL REFERENCES lot (id),
    offer_id uuid NOT NULL REFERENCES offer (id),
    quantity bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, position, lot_id, offer_id)
);
CREATE INDEX export_lot_lot ON export_lot (lot_id);
