-- Certificates beside the stars: of a cooperative, a plot, a product or a lot, looked at by an officer before they count.
-- The table is made anew: its kinds were a CHECK, which SQLite cannot widen, and every row had to be a product's.
CREATE TABLE certificate_new (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    product_id uuid REFERENCES product (id), -- none of the three: of the whole cooperative
    plot_id uuid REFERENCES plot (id),
    lot_id uuid REFERENCES lot (id),
    kind text NOT NULL,
    number text NOT NULL,
    issuer text NOT NULL,
    issued_on date NOT NULL,
    valid_until date,
    object_key text,
    file_name text,
    media_type text,
    size_bytes bigint,
    file_shown boolean NOT NULL,             -- whether buyers may open the file
    state text NOT NULL,
    note text,                               -- why it was refused or revoked
    judged_by uuid REFERENCES account (id),
    judged_at timestamptz,
    version bigint NOT NULL,                 -- whoever judges names the one that was looked at
    warned_days bigint,                      -- of the last warning before it ends
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((CASE WHEN product_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN plot_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN lot_id IS NULL THEN 0 ELSE 1 END) <= 1),
    CHECK (valid_until IS NULL OR valid_until >= issued_on)
);
-- Until now only the platform's own people could enter one.
INSERT INTO certificate_new (id, cooperative_id, product_id, kind, number, issuer, issued_on, valid_until, object_key, file_shown, state, version, created_at, updated_at)
SELECT c.id, p.cooperative_id, c.product_id, c.kind, c.number, c.issuer, c.issued_on, c.valid_until, c.object_key, FALSE, 'verified', 1, p.created_at, p.created_at
FROM certificate c JOIN product p ON p.id = c.product_id;
CREATE TABLE lot_certificate_new (
    lot_id uuid NOT NULL REFERENCES lot (id),
    certificate_id uuid NOT NULL REFERENCES certificate_new (id),
    PRIMARY KEY (lot_id, certificate_id)
);
INSERT INTO lot_certificate_new (lot_id, certificate_id) SELECT lot_id, certificate_id FROM lot_certificate;
DROP TABLE lot_certificate;
DROP TABLE certificate;
ALTER TABLE certificate_new RENAME TO certificate;
ALTER TABLE lot_certificate_new RENAME TO lot_certificate;
CREATE INDEX certificate_cooperative ON certificate (cooperative_id, id);
CREATE INDEX certificate_product ON certificate (product_id);
CREATE INDEX certificate_lot ON certificate (lot_id);
CREATE INDEX certificate_state ON certificate (state, valid_until);

-- What must not be sold without: one of the kinds for every product of the category and of those below it, from a day on.
CREATE TABLE certificate_rule (
    id uuid PRIMARY KEY,
    category_id uuid NOT NULL REFERENCES category (id),
    kinds text NOT NULL,                     -- one of them is enough; between commas
    from_day date NOT NULL,
    source text NOT NULL,                    -- the law that asks for it
    created_by uuid REFERENCES account (id),
    created_at timestamptz NOT NULL,
    ended_at timestamptz
);

-- The last day a product may be sold by its certificates, where one is asked for and its end is known.
CREATE TABLE product_clearance (
    product_id uuid PRIMARY KEY REFERENCES product (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    sold_until date NOT NULL
);
--@sqlite
CREATE TRIGGER product_clearance_versioned_i AFTER INSERT ON product_clearance BEGIN INSERT INTO shop_version (id, version) VALUES (NEW.cooperative_id, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER product_clearance_versioned_u AFTER UPDATE ON product_clearance BEGIN INSERT INTO shop_version (id, version) VALUES (NEW.cooperative_id, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
CREATE TRIGGER product_clearance_versioned_d AFTER DELETE ON product_clearance BEGIN INSERT INTO shop_version (id, version) VALUES (OLD.cooperative_id, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1; END;
--@postgres
CREATE CONSTRAINT TRIGGER product_clearance_versioned AFTER INSERT OR UPDATE OR DELETE ON product_clearance DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop_changed();
--@both
