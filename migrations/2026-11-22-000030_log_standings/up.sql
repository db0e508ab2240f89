-- Every change of what a response counts as, in the order in which it took effect. Flags and requests say what they are
-- now; a figure that was published has to be made again as it was then, years later. Times would not do: they are those of
-- several instances, and taken before the lock is. Numbers grow in the order of commits, because whoever writes holds the
-- folder's lock (the number is "FOLD" in ASCII) until the transaction ends: in any snapshot the log is whole up to its newest
-- number, and what is in it is what the tallies say. They may have gaps. A response without an entry counts.
CREATE TABLE standing_log (
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    response_id uuid   NOT NULL,
    standing    text   NOT NULL,
    CONSTRAINT standing_log_pkey PRIMARY KEY (seq),
    CONSTRAINT standing_log_standing_check CHECK (standing IN ('counted', 'flagged', 'void'))
);
CREATE INDEX standing_log_response_id_idx ON standing_log (response_id, seq);

-- What stands so far; how it came to that is not known any more.
SELECT pg_advisory_xact_lock(1179601988);
INSERT INTO standing_log (response_id, standing)
SELECT id, CASE WHEN bool_or(void) THEN 'void' ELSE 'flagged' END
FROM (SELECT response_id AS id, false AS void FROM response_flags WHERE state <> 'lifted'
      UNION ALL SELECT response_id, true FROM response_voids WHERE state = 'confirmed') standing
GROUP BY id ORDER BY id;

CREATE TRIGGER standing_log_refuse_change BEFORE UPDATE OR DELETE ON standing_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER standing_log_refuse_truncate BEFORE TRUNCATE ON standing_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();

-- Triggers rather than statements of the service: nothing can change a standing past the log.
CREATE FUNCTION log_standings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1179601988);
    INSERT INTO standing_log (response_id, standing)
    SELECT response_id, standing
    FROM (SELECT response_id,
                 CASE WHEN EXISTS (SELECT FROM response_voids v WHERE v.response_id = c.response_id AND v.state = 'confirmed')
                      THEN 'void'
                      WHEN EXISTS (SELECT FROM response_flags f WHERE f.response_id = c.response_id AND f.state <> 'lifted')
                      THEN 'flagged'
                      ELSE 'counted' END AS standing
          FROM (SELECT DISTINCT response_id FROM changed) c) now
    WHERE standing <> coalesce((SELECT l.standing FROM standing_log l WHERE l.response_id = now.response_id
                                ORDER BY l.seq DESC LIMIT 1), 'counted')
    ORDER BY response_id;
    RETURN NULL;
END $$;
CREATE TRIGGER response_flags_log_inserted AFTER INSERT ON response_flags
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_standings();
CREATE TRIGGER response_flags_log_updated AFTER UPDATE ON response_flags
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_standings();
CREATE TRIGGER response_voids_log_inserted AFTER INSERT ON response_voids
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_standings();
CREATE TRIGGER response_voids_log_updated AFTER UPDATE ON response_voids
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_standings();
