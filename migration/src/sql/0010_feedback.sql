-- What buyers say, what they looked for in vain.

CREATE TABLE review (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES product (id),
    account_id uuid NOT NULL REFERENCES account (id),
    order_id uuid NOT NULL REFERENCES orders (id),
    rating integer NOT NULL CHECK (rating BETWEEN 1 AND 5),
    text text NOT NULL,
    state text NOT NULL CHECK (state IN ('published', 'reported', 'hidden')),
    report_reason text,
    reply text,
    replied_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (product_id, account_id)          -- one per bought product
);
CREATE INDEX review_product ON review (product_id, id);

CREATE TABLE review_photo (
    review_id uuid NOT NULL REFERENCES review (id),
    media_id uuid NOT NULL REFERENCES media (id),
    PRIMARY KEY (review_id, media_id)
);

CREATE TABLE search_miss (
    day date NOT NULL,
    term text NOT NULL,                      -- folded: without accents, lower case
    count bigint NOT NULL,
    PRIMARY KEY (day, term)
);
