-- What a buyer keeps an eye on.
CREATE TABLE favourite (
    account_id uuid NOT NULL REFERENCES account (id),
    product_id uuid NOT NULL REFERENCES product (id),
    notify boolean NOT NULL,                -- a word when it can be had again, or its season begins
    there boolean NOT NULL,                 -- whether it could be had when somebody last looked
    ripe boolean NOT NULL,                  -- whether it was in season then
    told_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, product_id)
);
CREATE INDEX favourite_seen ON favourite (product_id, there, ripe);
