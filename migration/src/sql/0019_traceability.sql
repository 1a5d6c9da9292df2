-- From the box back to the tree: plots and their diary, what happened to lots, codes on boxes.
CREATE TABLE plot (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    name text NOT NULL,
    area_m2 bigint NOT NULL CHECK (area_m2 > 0),
    commune_code text NOT NULL,
    latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    outline jsonb,                           -- a GeoJSON polygon
    growing_area_code text,                  -- mã số vùng trồng
    crop text NOT NULL,
    planted_on date,
    household text,
    household_shown boolean NOT NULL,        -- whether the household agreed to be named to buyers
    active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (cooperative_id, name),
    CHECK ((latitude IS NULL) = (longitude IS NULL))
);

CREATE TABLE diary_entry (
    id uuid PRIMARY KEY,
    plot_id uuid NOT NULL REFERENCES plot (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    kind text NOT NULL CHECK (kind IN ('fertiliser', 'plant_protection', 'irrigation', 'inspection', 'other')),
    done_on date NOT NULL,
    done_by text,
    material text,                           -- what was spread or sprayed
    active_ingredient text,
    amount text,
    wait_days integer CHECK (wait_days BETWEEN 0 AND 365),   -- from plant protection to harvest
    note text,
    photo_key text,
    written_by uuid REFERENCES account (id),
    created_at timestamptz NOT NULL,
    withdrawn_at timestamptz,                -- written by mistake; it stays to be seen
    withdrawn_reason text,
    CHECK (kind <> 'plant_protection' OR (material IS NOT NULL AND active_ingredient IS NOT NULL AND wait_days IS NOT NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_reason IS NULL))
);
CREATE INDEX diary_entry_plot ON diary_entry (plot_id, done_on);
CREATE INDEX diary_entry_cooperative ON diary_entry (cooperative_id, id);

-- Why it was harvested although a plot's waiting period was not over.
ALTER TABLE lot ADD COLUMN wait_reason text;
-- The code on a lot's labels is made of its id's last bytes.
--@sqlite
CREATE INDEX lot_tail ON lot (substr(id, 10));
--@postgres
CREATE INDEX lot_tail ON lot (substring(uuid_send(id) FROM 10));
--@both

CREATE TABLE lot_plot (
    lot_id uuid NOT NULL REFERENCES lot (id),
    plot_id uuid NOT NULL REFERENCES plot (id),
    PRIMARY KEY (lot_id, plot_id)
);
CREATE INDEX lot_plot_plot ON lot_plot (plot_id);

-- What a lot was made of.
CREATE TABLE lot_source (
    lot_id uuid NOT NULL REFERENCES lot (id),
    source_lot_id uuid NOT NULL REFERENCES lot (id),
    offer_id uuid NOT NULL REFERENCES offer (id),
    quantity bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (lot_id, source_lot_id, offer_id),
    CHECK (lot_id <> source_lot_id)
);
CREATE INDEX lot_source_source ON lot_source (source_lot_id);

-- What happened to lots, in EPCIS 2.0's sense. Written once and never changed.
CREATE TABLE trace_event (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    act text NOT NULL CHECK (act IN ('harvested', 'packed', 'unpacked', 'returned', 'counted', 'destroyed', 'transformed', 'stored',
                                     'shipped', 'arrived', 'sold', 'came_back', 'inspected', 'declared', 'captured')),
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    order_id uuid REFERENCES orders (id),
    pickup_point_id uuid REFERENCES pickup_point (id),
    actor_id uuid REFERENCES account (id),
    note text,
    corrects_id uuid REFERENCES trace_event (id),       -- which event was recorded in error
    corrective_id uuid REFERENCES trace_event (id),     -- what was recorded instead
    reason text CHECK (reason IN ('did_not_occur', 'incorrect_data')),
    external_id text UNIQUE,                            -- its id where somebody else wrote it
    event_type text,                                    -- what it says it is
    biz_step text,
    document jsonb,                                     -- as it came
    CHECK ((act = 'declared') = (corrects_id IS NOT NULL)),
    CHECK ((act = 'captured') = (external_id IS NOT NULL))
);
CREATE INDEX trace_event_cooperative ON trace_event (cooperative_id, id);
CREATE INDEX trace_event_order ON trace_event (order_id) WHERE order_id IS NOT NULL;
-- An error is declared once.
CREATE UNIQUE INDEX trace_event_corrects ON trace_event (corrects_id) WHERE corrects_id IS NOT NULL;

CREATE TABLE trace_item (
    event_id uuid NOT NULL REFERENCES trace_event (id),
    position integer NOT NULL,
    lot_id uuid NOT NULL REFERENCES lot (id),
    offer_id uuid REFERENCES offer (id),
    role text NOT NULL CHECK (role IN ('what', 'input', 'output')),
    quantity bigint NOT NULL CHECK (quantity >= 0),
    effect bigint NOT NULL,                  -- on what is on hand
    PRIMARY KEY (event_id, position),
    CHECK (effect = 0 OR effect = quantity OR effect = -quantity)
);
CREATE INDEX trace_item_lot ON trace_item (lot_id, event_id);

-- Every movement of before is an event under the movement's own id.
INSERT INTO trace_event (id, cooperative_id, act, at, recorded_at, order_id, actor_id, note)
SELECT m.id, l.cooperative_id,
       CASE m.kind WHEN 'receipt' THEN 'harvested' WHEN 'sale' THEN 'packed' WHEN 'cancel' THEN 'unpacked' WHEN 'return' THEN 'returned' ELSE 'counted' END,
       m.at, m.at, m.order_id, m.actor_id, m.note
FROM stock_movement m JOIN lot l ON l.id = m.lot_id;
INSERT INTO trace_item (event_id, position, lot_id, offer_id, role, quantity, effect)
SELECT m.id, 0, m.lot_id, m.offer_id, 'what', ABS(m.quantity), m.quantity FROM stock_movement m WHERE m.lot_id IS NOT NULL;

--@sqlite
CREATE TRIGGER trace_event_stays_u BEFORE UPDATE ON trace_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER trace_event_stays_d BEFORE DELETE ON trace_event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER trace_item_stays_u BEFORE UPDATE ON trace_item BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER trace_item_stays_d BEFORE DELETE ON trace_item BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
--@postgres
CREATE FUNCTION events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$;
CREATE TRIGGER trace_event_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON trace_event FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only();
CREATE TRIGGER trace_item_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON trace_item FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only();
--@both

-- GS1 keys a cooperative was given: one GLN for its place, a GTIN for an offer. GTINs are kept with 14 digits.
CREATE TABLE gs1_key (
    kind text NOT NULL CHECK (kind IN ('gtin', 'gln')),
    key text NOT NULL,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    offer_id uuid REFERENCES offer (id),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (kind, key),
    CHECK ((kind = 'gtin') = (offer_id IS NOT NULL))
);
CREATE UNIQUE INDEX gs1_key_offer ON gs1_key (offer_id) WHERE offer_id IS NOT NULL;
CREATE UNIQUE INDEX gs1_key_gln ON gs1_key (cooperative_id) WHERE kind = 'gln';

-- A serial for each box whose label carries one.
CREATE TABLE box_serial (
    lot_id uuid NOT NULL REFERENCES lot (id),
    serial text NOT NULL,
    offer_id uuid NOT NULL REFERENCES offer (id),
    made_at timestamptz NOT NULL,
    PRIMARY KEY (lot_id, serial)
);
