-- The programme: plans and what is done by them, support and what came of it, difficulties and help, jobs and income, indicators.
CREATE TABLE programme_plan (
    id uuid PRIMARY KEY,
    office_id uuid NOT NULL REFERENCES office (id),   -- the plan is for its place
    year integer NOT NULL,
    title text NOT NULL,
    decision_number text,
    adopted_on date,
    version bigint NOT NULL,
    created_by uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (office_id, year)
);

CREATE TABLE plan_target (
    plan_id uuid NOT NULL REFERENCES programme_plan (id),
    kind text NOT NULL,
    goal bigint NOT NULL CHECK (goal > 0),            -- VND for revenue, otherwise a count
    due_on date NOT NULL,
    PRIMARY KEY (plan_id, kind)
);

CREATE TABLE plan_measure (
    id uuid PRIMARY KEY,
    plan_id uuid NOT NULL REFERENCES programme_plan (id),
    kind text NOT NULL,
    title text NOT NULL,
    subject text NOT NULL,
    venue text NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL CHECK (ends_on >= starts_on),
    state text NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX plan_measure_plan ON plan_measure (plan_id, starts_on);

CREATE TABLE measure_budget (
    measure_id uuid NOT NULL REFERENCES plan_measure (id),
    source text NOT NULL,
    planned bigint NOT NULL CHECK (planned >= 0),     -- VND
    spent bigint NOT NULL CHECK (spent >= 0),
    PRIMARY KEY (measure_id, source)
);

-- Somebody of a cooperative invited to a measure.
CREATE TABLE measure_guest (
    id uuid PRIMARY KEY,
    measure_id uuid NOT NULL REFERENCES plan_measure (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    person text NOT NULL,
    state text NOT NULL,
    rating integer CHECK (rating BETWEEN 1 AND 5),
    feedback text,
    invited_at timestamptz NOT NULL,
    answered_at timestamptz,
    UNIQUE (measure_id, cooperative_id, person)
);
CREATE INDEX measure_guest_cooperative ON measure_guest (cooperative_id, id);

CREATE TABLE support_grant (
    id uuid PRIMARY KEY,
    office_id uuid NOT NULL REFERENCES office (id),
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    measure_id uuid REFERENCES plan_measure (id),
    what text NOT NULL,
    purpose text NOT NULL,
    worth bigint NOT NULL CHECK (worth > 0),          -- VND
    source text NOT NULL,
    granted_on date NOT NULL,
    withdrawn_reason text,
    created_by uuid NOT NULL REFERENCES account (id),
    created_at timestamptz NOT NULL
);
CREATE INDEX support_grant_cooperative ON support_grant (cooperative_id, id);

CREATE TABLE difficulty (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    kind text NOT NULL,
    story text NOT NULL,
    state text NOT NULL,
    outcome text,
    opened_by uuid NOT NULL REFERENCES account (id),
    opened_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE INDEX difficulty_cooperative ON difficulty (cooperative_id, id);
CREATE INDEX difficulty_open ON difficulty (id) WHERE state IN ('open', 'helped');

CREATE TABLE help_offer (
    id uuid PRIMARY KEY,
    difficulty_id uuid NOT NULL REFERENCES difficulty (id),
    office_id uuid REFERENCES office (id),
    partner_id uuid REFERENCES partner (id),
    offer text NOT NULL,
    state text NOT NULL,
    outcome text,
    offered_by uuid NOT NULL REFERENCES account (id),
    offered_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((office_id IS NULL) <> (partner_id IS NULL))
);
CREATE INDEX help_offer_difficulty ON help_offer (difficulty_id);
-- One under way from each who helps.
CREATE UNIQUE INDEX help_offer_office ON help_offer (difficulty_id, office_id) WHERE state IN ('offered', 'accepted');
CREATE UNIQUE INDEX help_offer_partner ON help_offer (difficulty_id, partner_id) WHERE state IN ('offered', 'accepted');

-- What a cooperative tells of a season: counts, never names.
CREATE TABLE season_report (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    season text NOT NULL,
    from_on date NOT NULL,
    to_on date NOT NULL CHECK (to_on >= from_on),
    households bigint NOT NULL CHECK (households >= 0),
    regular_workers bigint NOT NULL CHECK (regular_workers >= 0),
    seasonal_workers bigint NOT NULL CHECK (seasonal_workers >= 0),
    women bigint NOT NULL CHECK (women >= 0),
    working_days bigint NOT NULL CHECK (working_days >= 0),
    turnover bigint CHECK (turnover >= 0),            -- VND, through all channels
    reported_by uuid NOT NULL REFERENCES account (id),
    reported_at timestamptz NOT NULL,
    UNIQUE (cooperative_id, season)
);
CREATE INDEX season_report_time ON season_report (cooperative_id, to_on);

CREATE TABLE household (
    id uuid PRIMARY KEY,
    cooperative_id uuid NOT NULL REFERENCES cooperative (id),
    name text NOT NULL,
    people integer NOT NULL CHECK (people BETWEEN 1 AND 50),
    consented_on date,                                -- to its income being kept here
    link_hash text UNIQUE,                            -- of the secret that opens its own page
    active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (cooperative_id, name)
);

CREATE TABLE household_income (
    id uuid PRIMARY KEY,
    household_id uuid NOT NULL REFERENCES household (id),
    kind text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),        -- VND
    paid_on date NOT NULL,
    reference text NOT NULL,                          -- of the payment: the same one is written once
    note text,
    entered_by uuid NOT NULL REFERENCES account (id),
    entered_at timestamptz NOT NULL,
    UNIQUE (household_id, reference)
);
CREATE INDEX household_income_time ON household_income (household_id, paid_on);

-- What a commune is measured by: a figure, how much is enough, and whose rule it is.
CREATE TABLE indicator (
    code text PRIMARY KEY,
    ordinal integer NOT NULL,
    figure text NOT NULL,
    least bigint NOT NULL,
    name_vi text NOT NULL,
    name_en text NOT NULL,
    source text NOT NULL,
    updated_by uuid NOT NULL REFERENCES account (id),
    updated_at timestamptz NOT NULL
);

-- Figures of a period begin at the time.
CREATE INDEX orders_handed_over ON orders (delivered_at, cooperative_id) WHERE delivered_at IS NOT NULL;
CREATE INDEX lot_harvested ON lot (cooperative_id, harvested_on);
