-- Retention: raw responses answered before this day (the first of a month) are dropped by whole months and
-- not taken any more; their tallies stay. NULL: nothing was ever dropped. Only ever moves ahead.
ALTER TABLE installation ADD COLUMN kept_from date;
ALTER TABLE installation ADD CONSTRAINT installation_kept_from_check CHECK (extract(day FROM kept_from) = 1);

-- Every instance has to know the new limit before the months are dropped. For each row: an update that finds
-- nothing to do must not make everybody read the catalogue anew.
CREATE TRIGGER installation_bump_revision AFTER UPDATE ON installation
    FOR EACH ROW EXECUTE FUNCTION bump_catalogue_revision();

-- As before, but a month that was dropped is not made again.
CREATE OR REPLACE FUNCTION ensure_response_partition(day date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    first date := date_trunc('month', day)::date;
    name  text := 'responses_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass(name) IS NOT NULL OR EXISTS (SELECT FROM installation WHERE first < kept_from) THEN
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

-- Drops the partitions before installation.kept_from with their comments; gives how many. Numbers of devices
-- stay: what was received stays proven.
CREATE FUNCTION drop_response_partitions() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    kept  date := (SELECT kept_from FROM installation);
    name  text;
    count integer := 0;
BEGIN
    FOR name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'responses'::regclass
          -- CASE, because the planner may otherwise read a date out of any other table's name first.
          AND CASE WHEN c.relname ~ '^responses_[0-9]{4}_[0-9]{2}$'
                   THEN to_date(substr(c.relname, 11), 'YYYY_MM') < kept ELSE false END
        ORDER BY 1
    LOOP
        EXECUTE format('DROP TABLE %I', name);
        count := count + 1;
    END LOOP;
    IF count > 0 THEN
        DELETE FROM comments WHERE response_id < uuid_v7_floor(kept::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh');
    END IF;
    RETURN count;
END $$;
