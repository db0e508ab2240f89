-- How far the import of a file has come, so that it can go on where it was stopped. A file is known by its
-- digest (SHA-256), not its name; rejects_bytes is the length of the side file at that point.
CREATE TABLE imports (
    digest        bytea       NOT NULL,
    client_id     uuid        NOT NULL,
    name          text        NOT NULL,
    bytes_done    bigint      NOT NULL,
    rows_done     bigint      NOT NULL,
    created       bigint      NOT NULL,
    replayed      bigint      NOT NULL,
    rejected      bigint      NOT NULL,
    rejects_bytes bigint      NOT NULL,
    started_at    timestamptz NOT NULL,
    finished_at   timestamptz,
    CONSTRAINT imports_pkey PRIMARY KEY (digest, client_id),
    CONSTRAINT imports_digest_check CHECK (length(digest) = 32)
);
