-- How often codes are looked at: a coarse place and a day, nobody's name or address.
CREATE TABLE scan (
    lot_id uuid NOT NULL REFERENCES lot (id),
    serial text NOT NULL,                    -- empty for a lot's own code
    day date NOT NULL,
    place text NOT NULL,                     -- empty when it is not known
    scans bigint NOT NULL CHECK (scans > 0),
    first_at timestamptz NOT NULL,
    PRIMARY KEY (lot_id, serial, day, place)
);
