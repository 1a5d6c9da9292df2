-- Where the tourists are: destinations, partners, their feeds and keys, and which orders they brought.

ALTER TABLE destination ADD COLUMN street text NOT NULL DEFAULT '';
ALTER TABLE destination ADD COLUMN hours jsonb NOT NULL DEFAULT '[]';
ALTER TABLE destination ADD COLUMN website text;
ALTER TABLE destination ADD COLUMN phone text;
ALTER TABLE destination ADD COLUMN active boolean NOT NULL DEFAULT true;
ALTER TABLE destination ADD COLUMN updated_at timestamptz;

CREATE TABLE destination_image (
    id uuid PRIMARY KEY,
    destination_id uuid NOT NULL REFERENCES destination (id),
    media_id uuid NOT NULL REFERENCES media (id),
    alt_vi text NOT NULL,
    alt_en text NOT NULL,
    position integer NOT NULL
);
CREATE INDEX destination_image_destination ON destination_image (destination_id, position);

-- Cooperatives that belong to a destination by hand; others belong by distance.
CREATE TABLE destination_cooperative (
    destination_id uuid NOT NULL REFERENCES destination (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    position integer NOT NULL,
    PRIMARY KEY (destination_id, cooperative_id)
);

-- Taste it where it grows.
CREATE TABLE destination_product (
    destination_id uuid NOT NULL REFERENCES destination (id),
    product_id uuid NOT NULL REFERENCES product (id),
    kind text NOT NULL CHECK (kind IN ('farm_visit', 'tasting', 'sold_here')),
    note_vi text NOT NULL,
    note_en text NOT NULL,
    from_month integer CHECK (from_month BETWEEN 1 AND 12),
    to_month integer CHECK (to_month BETWEEN 1 AND 12),
    PRIMARY KEY (destination_id, product_id)
);
CREATE INDEX destination_product_product ON destination_product (product_id);

CREATE TABLE destination_event (
    id uuid PRIMARY KEY,
    destination_id uuid NOT NULL REFERENCES destination (id),
    name_vi text NOT NULL,
    name_en text NOT NULL,
    text_vi text NOT NULL,
    text_en text NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    website text,
    created_at timestamptz NOT NULL,
    CHECK (starts_on <= ends_on)
);
CREATE INDEX destination_event_ends_on ON destination_event (ends_on);

-- A homestay, a tour site: shows products where guests are, and earns commission.
CREATE TABLE partner (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    legal_name text NOT NULL,
    tax_code text NOT NULL,
    representative text NOT NULL,
    street text NOT NULL,
    commune_code text NOT NULL,
    phone text NOT NULL,
    email text NOT NULL,
    bank_bin text NOT NULL,                  -- where commission is paid to
    bank_account text NOT NULL,
    bank_holder text NOT NULL,
    state text NOT NULL CHECK (state IN ('submitted', 'approved', 'rejected', 'suspended')),
    decision_note text,
    decided_by uuid REFERENCES account (id),
    decided_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX partner_state ON partner (state, id);

CREATE TABLE partner_member (
    partner_id uuid NOT NULL REFERENCES partner (id),
    account_id uuid NOT NULL REFERENCES account (id),
    role text NOT NULL CHECK (role IN ('member', 'owner')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (partner_id, account_id)
);
CREATE INDEX partner_member_account ON partner_member (account_id);

CREATE TABLE partner_invitation (
    id uuid PRIMARY KEY,
    partner_id uuid NOT NULL REFERENCES partner (id),
    role text NOT NULL CHECK (role IN ('member', 'owner')),
    code_hash text NOT NULL UNIQUE,
    created_by uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

-- A web site that may show a partner's widgets, once the partner has proved to hold it.
CREATE TABLE partner_site (
    id uuid PRIMARY KEY,
    partner_id uuid NOT NULL REFERENCES partner (id),
    origin text NOT NULL,                    -- 'https://homestay.example'
    token text NOT NULL,                     -- found in the site's page or file, it proves
    verified_at timestamptz,
    created_at timestamptz NOT NULL,
    UNIQUE (partner_id, origin)
);
-- A site shows what one partner earns by.
CREATE UNIQUE INDEX partner_site_verified ON partner_site (origin) WHERE verified_at IS NOT NULL;

CREATE TABLE partner_destination (
    partner_id uuid NOT NULL REFERENCES partner (id),
    destination_id uuid NOT NULL REFERENCES destination (id),
    PRIMARY KEY (partner_id, destination_id)
);

CREATE TABLE feed (
    id uuid PRIMARY KEY,
    partner_id uuid NOT NULL REFERENCES partner (id),
    slug text NOT NULL UNIQUE,               -- in its address
    code text NOT NULL UNIQUE,               -- what a guest types or scans where there is no web
    name text NOT NULL,
    definition jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'paused')),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX feed_partner ON feed (partner_id);

CREATE TABLE api_key (
    id uuid PRIMARY KEY,
    partner_id uuid NOT NULL REFERENCES partner (id),
    name text NOT NULL,
    prefix text NOT NULL UNIQUE,             -- shown, and looked up by
    secret_hash text NOT NULL,
    old_secret_hash text,                    -- good beside the new one until it runs out
    old_until timestamptz,
    scopes text NOT NULL,                    -- 'feeds:read,reports:read'
    per_minute integer NOT NULL CHECK (per_minute > 0),
    per_day integer NOT NULL CHECK (per_day > 0),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    created_by uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL
);
CREATE INDEX api_key_partner ON api_key (partner_id);

CREATE TABLE api_key_day (
    key_id uuid NOT NULL REFERENCES api_key (id),
    day date NOT NULL,
    requests bigint NOT NULL,
    PRIMARY KEY (key_id, day)
);

-- A guest came through a partner: by a link, a poster's code scanned, or a code typed.
CREATE TABLE click (
    id uuid PRIMARY KEY,
    partner_id uuid NOT NULL REFERENCES partner (id),
    feed_id uuid NOT NULL REFERENCES feed (id),
    product_id uuid REFERENCES product (id),
    page text NOT NULL,                      -- where it was clicked; '' if nobody told
    kind text NOT NULL CHECK (kind IN ('link', 'poster', 'code')),
    counted boolean NOT NULL,                -- in reports: not the same guest again within the half hour
    at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX click_partner ON click (partner_id, at);

CREATE TABLE feed_view (
    feed_id uuid NOT NULL REFERENCES feed (id),
    day date NOT NULL,
    page text NOT NULL,
    views bigint NOT NULL,
    PRIMARY KEY (feed_id, day, page)
);

CREATE TABLE feed_product_view (
    feed_id uuid NOT NULL REFERENCES feed (id),
    day date NOT NULL,
    product_id uuid NOT NULL REFERENCES product (id),
    views bigint NOT NULL,
    PRIMARY KEY (feed_id, day, product_id)
);

-- The last click a basket came by; an order carries what its basket had.
ALTER TABLE cart ADD COLUMN click_id uuid REFERENCES click (id);
ALTER TABLE orders ADD COLUMN partner_id uuid REFERENCES partner (id);
ALTER TABLE orders ADD COLUMN click_id uuid REFERENCES click (id);
ALTER TABLE orders ADD COLUMN arrived_at timestamptz;       -- at a partner's reception
ALTER TABLE orders ADD COLUMN collect_by timestamptz;       -- not collected by then, the box goes back
CREATE INDEX orders_partner ON orders (partner_id, placed_at) WHERE partner_id IS NOT NULL;
CREATE INDEX orders_pickup_point ON orders (pickup_point_id) WHERE pickup_point_id IS NOT NULL;

-- A partner's reception where buyers collect.
ALTER TABLE pickup_point ADD COLUMN partner_id uuid REFERENCES partner (id);
ALTER TABLE pickup_point ADD COLUMN destination_id uuid REFERENCES destination (id);
ALTER TABLE pickup_point ADD COLUMN capacity integer CHECK (capacity > 0);          -- boxes on their way there or waiting
ALTER TABLE pickup_point ADD COLUMN keep_days integer NOT NULL DEFAULT 3 CHECK (keep_days BETWEEN 1 AND 30);
CREATE INDEX pickup_point_partner ON pickup_point (partner_id) WHERE partner_id IS NOT NULL;

-- A cooperative that brings boxes to a partner's reception.
CREATE TABLE pickup_service (
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    pickup_point_id uuid NOT NULL REFERENCES pickup_point (id),
    fee_amount bigint NOT NULL CHECK (fee_amount >= 0),
    days integer NOT NULL CHECK (days BETWEEN 0 AND 30),     -- from packing until it is there, at most
    created_at timestamptz NOT NULL,
    PRIMARY KEY (cooperative_id, pickup_point_id)
);

ALTER TABLE payout ADD COLUMN partner_id uuid REFERENCES partner (id);
CREATE INDEX payout_partner ON payout (partner_id, id) WHERE partner_id IS NOT NULL;
CREATE UNIQUE INDEX payout_partner_once ON payout (batch_id, partner_id) WHERE partner_id IS NOT NULL;
ALTER TABLE webhook_endpoint ADD COLUMN partner_id uuid REFERENCES partner (id);
ALTER TABLE ledger_account ADD COLUMN partner_id uuid REFERENCES partner (id);      -- where the owner is one

-- Who was named in a commission rule by account, before there were partners, is a partner under the same id.
INSERT INTO partner (id, name, legal_name, tax_code, representative, street, commune_code, phone, email, bank_bin, bank_account, bank_holder, state, created_at, updated_at)
SELECT a.id, a.name, a.name, '', a.name, '', '', COALESCE(a.phone, ''), COALESCE(a.email, ''), '', '', '', 'approved', a.created_at, a.created_at
FROM account a WHERE a.id IN (SELECT partner_id FROM commission_rule WHERE partner_id IS NOT NULL);
INSERT INTO partner_member (partner_id, account_id, role, created_at) SELECT p.id, p.id, 'owner', p.created_at FROM partner p;

--@sqlite
UPDATE ledger_account SET partner_id = unhex(replace(owner, '-', '')) WHERE kind = 'partner';
-- SQLite cannot change a constraint; its documentation lets the stored text be rewritten where no row's bytes change.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''lake'', ''homestay''', '''lake'', ''homestay'', ''farm'', ''market'', ''temple'', ''attraction''') WHERE type = 'table' AND name = 'destination';
UPDATE sqlite_schema SET sql = replace(sql, 'cooperative_id uuid NOT NULL REFERENCES', 'cooperative_id uuid REFERENCES') WHERE type = 'table' AND name IN ('pickup_point', 'payout', 'webhook_endpoint');
UPDATE sqlite_schema SET sql = replace(sql, 'partner_id uuid REFERENCES account (id)', 'partner_id uuid REFERENCES partner (id)') WHERE type = 'table' AND name = 'commission_rule';
UPDATE sqlite_schema SET sql = replace(sql, '''seller'', ''system''', '''seller'', ''system'', ''partner''') WHERE type = 'table' AND name = 'order_event';
PRAGMA writable_schema = RESET;
--@postgres
UPDATE ledger_account SET partner_id = owner::uuid WHERE kind = 'partner';
ALTER TABLE destination DROP CONSTRAINT destination_kind_check;
ALTER TABLE destination ADD CONSTRAINT destination_kind_check CHECK (kind IN ('hot_spring', 'waterfall', 'resort', 'village', 'lake', 'homestay', 'farm', 'market', 'temple', 'attraction'));
ALTER TABLE pickup_point ALTER COLUMN cooperative_id DROP NOT NULL;
ALTER TABLE payout ALTER COLUMN cooperative_id DROP NOT NULL;
ALTER TABLE webhook_endpoint ALTER COLUMN cooperative_id DROP NOT NULL;
ALTER TABLE commission_rule DROP CONSTRAINT commission_rule_partner_id_fkey;
ALTER TABLE commission_rule ADD CONSTRAINT commission_rule_partner_id_fkey FOREIGN KEY (partner_id) REFERENCES partner (id);
ALTER TABLE order_event DROP CONSTRAINT order_event_actor_kind_check;
ALTER TABLE order_event ADD CONSTRAINT order_event_actor_kind_check CHECK (actor_kind IN ('buyer', 'guest', 'seller', 'system', 'partner'));
--@both
CREATE INDEX ledger_account_partner ON ledger_account (partner_id) WHERE partner_id IS NOT NULL;
