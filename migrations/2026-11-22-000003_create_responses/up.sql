-- Responses: append-only facts, one row for each filled questionnaire.
--
-- id is a UUIDv7 (RFC 9562) made by the kiosk; its timestamp is the time of answering, so the table
-- is partitioned by month on the id itself and the primary key stays the id alone. Partitions are
-- made by the service ahead of time; there is no default partition, so a gap is an error, not a heap.
-- answers holds one byte for each criterion in the questionnaire's order: the level's ordinal, 0 for
-- not applicable (smallint[] takes 59 bytes where this takes 20; get_byte() keeps it readable).
-- No foreign keys: see the head of the catalogue migration. No index but the key: every further one
-- is paid for at each insert, and reads go to the tallies.
CREATE TABLE responses (
    id                uuid        NOT NULL,
    survey_id         integer     NOT NULL,
    rated_agency_id   integer     NOT NULL,
    service_point_id  integer,
    client_id         uuid        NOT NULL,
    answers           bytea       NOT NULL,
    channel           text,
    procedure         text,
    gender            text,
    age_band          text,
    assisted_by_staff boolean,
    commented         boolean     NOT NULL,
    received_at       timestamptz NOT NULL,
    CONSTRAINT responses_pkey PRIMARY KEY (id),
    CONSTRAINT responses_answers_check CHECK (length(answers) BETWEEN 1 AND 200)
) PARTITION BY RANGE (id);
CREATE TRIGGER responses_refuse_change BEFORE UPDATE OR DELETE ON responses
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER responses_refuse_truncate BEFORE TRUNCATE ON responses
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();

-- Comments are stored apart from the answers: own readers, own retention. No foreign key, so that a
-- month of responses can be dropped while comments follow their own rule, and the other way round.
CREATE TABLE comments (
    response_id uuid NOT NULL,
    body        text NOT NULL,
    CONSTRAINT comments_pkey PRIMARY KEY (response_id),
    CONSTRAINT comments_body_check CHECK (length(body) BETWEEN 1 AND 2000)
);

-- The first id that an instant can have: 48 bits of milliseconds since 1970, the rest zero.
CREATE FUNCTION uuid_v7_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes the partition of the month (Asia/Ho_Chi_Minh) that holds the given day, if it is missing.
-- Safe to call from many instances at once.
CREATE FUNCTION ensure_response_partition(day date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    first date := date_trunc('month', day)::date;
    name  text := 'responses_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- A lock on the table, not an advisory one: waiting for it brings this session's view of the
    -- catalogue up to date, so that the second look sees what another instance has just made.
    LOCK TABLE responses IN SHARE UPDATE EXCLUSIVE MODE;
    IF to_regclass(name) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF responses FOR VALUES FROM (%L) TO (%L)', name,
        uuid_v7_floor(first::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'),
        uuid_v7_floor((first + interval '1 month') AT TIME ZONE 'Asia/Ho_Chi_Minh'));
    RETURN true;
END $$;
