-- What an offer is packed in and grown with, each with the certificate that proves it.
CREATE TABLE offer_material (
    id uuid PRIMARY KEY,
    offer_id uuid NOT NULL REFERENCES offer (id),
    part text NOT NULL,                      -- packaging or input
    material text NOT NULL,
    recycled_bp bigint NOT NULL CHECK (recycled_bp BETWEEN 0 AND 10000),
    returnable boolean NOT NULL,             -- it is taken back
    deposit_amount bigint CHECK (deposit_amount > 0),
    certificate_id uuid NOT NULL REFERENCES certificate (id),
    note text,
    created_at timestamptz NOT NULL,
    CHECK (deposit_amount IS NULL OR returnable)
);
CREATE INDEX offer_material_offer ON offer_material (offer_id);
CREATE INDEX offer_material_certificate ON offer_material (certificate_id);
