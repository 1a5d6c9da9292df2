-- Cold rooms that cooperatives offer each other, booked by day; and goods that one makes of another's.
CREATE TABLE cold_room (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    name text NOT NULL,
    storage text NOT NULL,
    from_c integer NOT NULL,
    to_c integer NOT NULL,
    capacity_kg bigint NOT NULL CHECK (capacity_kg > 0),
    price bigint NOT NULL CHECK (price >= 0),            -- VND for 100 kg a day
    street text NOT NULL,
    commune_code text NOT NULL,
    certificates text NOT NULL,                          -- in words
    open boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (cooperative_id, name),
    CHECK (from_c <= to_c)
);

-- What is booked of a room on a day: never more than it holds.
CREATE TABLE cold_day (
    room_id uuid NOT NULL REFERENCES cold_room (id),
    day date NOT NULL,
    booked_kg bigint NOT NULL CHECK (booked_kg >= 0),
    PRIMARY KEY (room_id, day)
);

CREATE TABLE cold_booking (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    room_id uuid NOT NULL REFERENCES cold_room (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),   -- whose goods
    from_on date NOT NULL,
    to_on date NOT NULL,
    kg bigint NOT NULL CHECK (kg > 0),
    amount bigint NOT NULL CHECK (amount >= 0),          -- VND, as booked
    state text NOT NULL,
    booked_by uuid NOT NULL REFERENCES account (id),
    booked_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (from_on <= to_on)
);
CREATE INDEX cold_booking_room ON cold_booking (room_id, id);
CREATE INDEX cold_booking_cooperative ON cold_booking (cooperative_id, id);
CREATE INDEX cold_booking_over ON cold_booking (to_on) WHERE state = 'booked';

-- Goods that were brought in or taken out, by lot.
CREATE TABLE cold_move (
    id uuid PRIMARY KEY,
    booking_id uuid NOT NULL REFERENCES cold_booking (id),
    lot_id uuid NOT NULL REFERENCES lot (id),
    going text NOT NULL,                                 -- in, out
    kg bigint NOT NULL CHECK (kg > 0),
    temperature_c integer,
    at timestamptz NOT NULL,
    by_account uuid NOT NULL REFERENCES account (id)
);
CREATE INDEX cold_move_booking ON cold_move (booking_id, id);

-- Raw lots of one cooperative that another makes goods of.
CREATE TABLE processing_order (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),   -- whose goods
    processor_id uuid NOT NULL REFERENCES cooperative (id),
    wanted text NOT NULL,
    state text NOT NULL,
    price bigint CHECK (price >= 0),                     -- VND a kilogram that goes in; offered by the processor
    output_g bigint CHECK (output_g > 0),
    amount bigint CHECK (amount >= 0),                   -- VND, once it is done
    reason text,
    version bigint NOT NULL,
    asked_by uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (cooperative_id <> processor_id)
);
CREATE INDEX processing_order_cooperative ON processing_order (cooperative_id, id);
CREATE INDEX processing_order_processor ON processing_order (processor_id, id);

CREATE TABLE processing_input (
    order_id uuid NOT NULL REFERENCES processing_order (id),
    lot_id uuid NOT NULL REFERENCES lot (id),
    grams bigint NOT NULL CHECK (grams > 0),
    PRIMARY KEY (order_id, lot_id)
);
