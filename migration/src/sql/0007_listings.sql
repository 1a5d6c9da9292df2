-- Listings: reviews before publication, prices by quantity and by date, seasons, pictures in several widths.

ALTER TABLE product ADD COLUMN off_season text NOT NULL DEFAULT 'sell' CHECK (off_season IN ('sell', 'preorder', 'closed'));
ALTER TABLE product ADD COLUMN published_at timestamptz;
UPDATE product SET published_at = created_at WHERE status IN ('published', 'paused');

-- A first publication or a change of published texts that a person looks at first.
CREATE TABLE listing_review (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES product (id),
    kind text NOT NULL CHECK (kind IN ('publication', 'edit')),
    changes jsonb NOT NULL,                  -- the texts of an edit, applied when approved
    state text NOT NULL CHECK (state IN ('waiting', 'approved', 'refused', 'withdrawn')),
    reason text,
    asked_by uuid NOT NULL REFERENCES account (id),
    decided_by uuid REFERENCES account (id),
    created_at timestamptz NOT NULL,
    decided_at timestamptz
);
CREATE UNIQUE INDEX listing_review_waiting ON listing_review (product_id) WHERE state = 'waiting';
CREATE INDEX listing_review_product ON listing_review (product_id, id);

ALTER TABLE offer ADD COLUMN wholesale_from bigint CHECK (wholesale_from > 0);

-- From this quantity on, a piece costs this.
CREATE TABLE price_tier (
    offer_id uuid NOT NULL REFERENCES offer (id),
    from_quantity bigint NOT NULL CHECK (from_quantity > 1),
    amount bigint NOT NULL CHECK (amount > 0),
    PRIMARY KEY (offer_id, from_quantity)
);

CREATE TABLE scheduled_price (
    id uuid PRIMARY KEY,
    offer_id uuid NOT NULL REFERENCES offer (id),
    amount bigint NOT NULL CHECK (amount > 0),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    state text NOT NULL CHECK (state IN ('planned', 'running', 'over', 'cancelled')),
    previous_amount bigint,                  -- what it replaced, and what returns when it ends
    created_by uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL,
    CHECK (ends_at IS NULL OR ends_at > starts_at)
);
CREATE INDEX scheduled_price_offer ON scheduled_price (offer_id);
CREATE INDEX scheduled_price_due ON scheduled_price (starts_at) WHERE state IN ('planned', 'running');

-- An uploaded picture: its upright original is not kept, only what is served.
CREATE TABLE media (
    id uuid PRIMARY KEY,
    cooperative_id uuid REFERENCES cooperative (id),
    account_id uuid REFERENCES account (id),
    order_id uuid REFERENCES orders (id),    -- a picture shown in a return
    purpose text NOT NULL CHECK (purpose IN ('listing', 'review', 'return')),
    sha256 text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    widths text NOT NULL,                    -- '320,640,1280': of the WebP files
    created_at timestamptz NOT NULL
);
CREATE INDEX media_cooperative ON media (cooperative_id, id);

ALTER TABLE product_image ADD COLUMN media_id uuid REFERENCES media (id);
ALTER TABLE product_image ADD COLUMN widths text;
