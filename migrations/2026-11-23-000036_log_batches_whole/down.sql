CREATE OR REPLACE FUNCTION log_folded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    next bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(1179601988);
    next := (SELECT first_seq + cardinality(response_ids) FROM response_log ORDER BY first_seq DESC LIMIT 1);
    INSERT INTO response_log (first_seq, response_ids, survey_ids, agency_ids)
    SELECT coalesce(next, 1) + min(place), array_agg(id), array_agg(survey), array_agg(agency)
    FROM (SELECT row_number() OVER () - 1 AS place, id, survey, agency
          FROM (SELECT unnest(b.response_ids) AS id, unnest(b.survey_ids) AS survey, unnest(b.agency_ids) AS agency
                FROM (SELECT * FROM gone ORDER BY gone.id) b) t) r
    GROUP BY place / 1000;
    RETURN NULL;
END $$;
