-- Where officers work: the People's Committee of a commune, a province's department, the ministry.
CREATE TABLE office (
    id uuid PRIMARY KEY,
    level text NOT NULL,
    name text NOT NULL,
    commune_code text,                       -- of a commune's office
    province_code text,                      -- of a commune's and a province's
    created_at timestamptz NOT NULL,
    CHECK ((level = 'commune') = (commune_code IS NOT NULL)),
    CHECK ((level = 'ministry') = (province_code IS NULL))
);
CREATE UNIQUE INDEX office_commune ON office (commune_code) WHERE level = 'commune';
CREATE UNIQUE INDEX office_province ON office (province_code) WHERE level = 'province';
CREATE UNIQUE INDEX office_ministry ON office (level) WHERE level = 'ministry';

CREATE TABLE office_member (
    office_id uuid NOT NULL REFERENCES office (id),
    account_id uuid NOT NULL REFERENCES account (id),
    role text NOT NULL,
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (office_id, account_id)
);
CREATE INDEX office_member_account ON office_member (account_id);
