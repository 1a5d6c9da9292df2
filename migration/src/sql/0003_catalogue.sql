CREATE TABLE cooperative (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('cooperative', 'cooperative_group', 'company', 'household')),
    name_vi text NOT NULL,
    name_en text NOT NULL,
    story_vi text NOT NULL,
    story_en text NOT NULL,
    -- What the e-commerce law 122/2025/QH15 has buyers see of a seller.
    legal_name text NOT NULL,
    tax_code text NOT NULL,
    licence_number text NOT NULL,
    licence_issuer text NOT NULL,
    representative text NOT NULL,
    street text NOT NULL,
    commune_code text NOT NULL,
    former_commune text,                     -- the name people still use
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    phone text NOT NULL,
    email text,
    status text NOT NULL CHECK (status IN ('pending', 'active', 'suspended')),
    pickup_offered boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE cooperative_member (
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    account_id uuid NOT NULL REFERENCES account (id),
    role text NOT NULL CHECK (role IN ('owner', 'manager', 'staff')),
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (cooperative_id, account_id)
);
CREATE INDEX cooperative_member_account ON cooperative_member (account_id);

CREATE TABLE category (
    id uuid PRIMARY KEY,
    parent_id uuid REFERENCES category (id),
    slug text NOT NULL UNIQUE,
    name_vi text NOT NULL,
    name_en text NOT NULL,
    ocop_group integer NOT NULL CHECK (ocop_group BETWEEN 1 AND 6),  -- Decision 148/QD-TTg of 2023
    position integer NOT NULL
);

CREATE TABLE product (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    category_id uuid NOT NULL REFERENCES category (id),
    slug text NOT NULL UNIQUE,
    name_vi text NOT NULL,
    name_en text NOT NULL,
    summary_vi text NOT NULL,
    summary_en text NOT NULL,
    story_vi text NOT NULL,
    story_en text NOT NULL,
    origin_commune_code text NOT NULL,
    former_commune text,
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    season_from integer CHECK (season_from BETWEEN 1 AND 12),   -- months; none = all year
    season_to integer CHECK (season_to BETWEEN 1 AND 12),
    shelf_life_days integer CHECK (shelf_life_days > 0),
    storage_vi text NOT NULL,
    storage_en text NOT NULL,
    gtin text,
    status text NOT NULL CHECK (status IN ('draft', 'published', 'paused', 'archived')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((season_from IS NULL) = (season_to IS NULL))
);
CREATE INDEX product_cooperative ON product (cooperative_id);

CREATE TABLE product_image (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES product (id),
    object_key text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    alt_vi text NOT NULL,
    alt_en text NOT NULL,
    position integer NOT NULL
);
CREATE INDEX product_image_product ON product_image (product_id);

CREATE TABLE offer (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES product (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    sku text NOT NULL,
    pack_vi text NOT NULL,
    pack_en text NOT NULL,
    unit text NOT NULL CHECK (unit IN ('box', 'kilogram', 'bottle', 'jar', 'pack', 'basket', 'case', 'piece')),
    weight_g bigint NOT NULL CHECK (weight_g > 0),          -- shipped, with its packing
    price_amount bigint NOT NULL CHECK (price_amount > 0),  -- minor units; the dong has none
    currency text NOT NULL CHECK (length(currency) = 3),
    min_quantity bigint NOT NULL CHECK (min_quantity > 0),
    step_quantity bigint NOT NULL CHECK (step_quantity > 0),
    status text NOT NULL CHECK (status IN ('active', 'paused')),
    position integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (cooperative_id, sku)
);
CREATE INDEX offer_product ON offer (product_id);

-- OCOP stars. A recognition is valid 36 months, may be revoked, and is shown only while valid.
CREATE TABLE recognition (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES product (id),
    stars integer NOT NULL CHECK (stars BETWEEN 3 AND 5),
    certificate_number text NOT NULL,
    issuer text NOT NULL,
    issued_on date NOT NULL,
    valid_until date NOT NULL,
    revoked_at timestamptz,
    CHECK (issued_on < valid_until)
);
CREATE INDEX recognition_product ON recognition (product_id);

CREATE TABLE certificate (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES product (id),
    kind text NOT NULL CHECK (kind IN ('food_safety', 'vietgap', 'organic', 'haccp', 'iso22000', 'self_declaration', 'growing_area_code')),
    number text NOT NULL,
    issuer text NOT NULL,
    issued_on date NOT NULL,
    valid_until date,
    object_key text
);
CREATE INDEX certificate_product ON certificate (product_id);

CREATE TABLE destination (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('hot_spring', 'waterfall', 'resort', 'village', 'lake', 'homestay')),
    name_vi text NOT NULL,
    name_en text NOT NULL,
    text_vi text NOT NULL,
    text_en text NOT NULL,
    commune_code text NOT NULL,
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    created_at timestamptz NOT NULL
);
