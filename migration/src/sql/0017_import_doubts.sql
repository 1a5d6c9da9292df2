-- Rows of a sheet that look like a slip wait for a person's word.
ALTER TABLE import_job ADD COLUMN unsure integer NOT NULL DEFAULT 0;

-- SQLite changes no CHECK: the table is made anew.
CREATE TABLE import_row_new (
    job_id uuid NOT NULL REFERENCES import_job (id),
    line integer NOT NULL,                   -- as the spreadsheet counts
    state text NOT NULL CHECK (state IN ('good', 'unsure', 'bad', 'done')),
    cells jsonb NOT NULL,
    errors jsonb NOT NULL,                   -- faults of what is bad, doubts of what is unsure
    PRIMARY KEY (job_id, line)
);
INSERT INTO import_row_new (job_id, line, state, cells, errors) SELECT job_id, line, state, cells, errors FROM import_row;
DROP TABLE import_row;
ALTER TABLE import_row_new RENAME TO import_row;
