DROP FUNCTION drop_response_partitions();
CREATE OR REPLACE FUNCTION ensure_response_partition(day date) RETURNS boolean LANGUAGE plpgsql AS $$
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
DROP TRIGGER installation_bump_revision ON installation;
ALTER TABLE installation DROP CONSTRAINT installation_kept_from_check;
ALTER TABLE installation DROP COLUMN kept_from;
