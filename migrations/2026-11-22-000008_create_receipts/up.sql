-- What became of each response of one bulk request, to be read again for 90 days. The ids as they were sent
-- (NULL where none could be read), one byte an outcome in the same order (1 created, 2 replayed, 3 conflict,
-- 4 rejected), and the problems of those that were not stored as they were told: one JSON object by place.
CREATE TABLE receipts (
    id           uuid        NOT NULL,
    client_id    uuid        NOT NULL,
    received_at  timestamptz NOT NULL,
    response_ids uuid[]      NOT NULL,
    outcomes     bytea       NOT NULL,
    problems     text        NOT NULL,
    CONSTRAINT receipts_pkey PRIMARY KEY (id),
    CONSTRAINT receipts_length_check CHECK (cardinality(response_ids) = length(outcomes))
);
-- Random bits do not compress; trying costs time at each bulk request.
ALTER TABLE receipts ALTER COLUMN response_ids SET STORAGE EXTERNAL;
