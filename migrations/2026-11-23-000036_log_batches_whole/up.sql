-- As before, but a batch of a hundred or more enters the log as it is: taking it apart and putting it together again
-- cost 0.9 microseconds a response, a tenth of what storing it costs. Smaller ones are still put together, so that the
-- log of a quiet hour does not become one row for each response.
CREATE OR REPLACE FUNCTION log_folded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    next bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(1179601988);
    next := coalesce((SELECT first_seq + cardinality(response_ids) FROM response_log ORDER BY first_seq DESC LIMIT 1), 1);
    INSERT INTO response_log (first_seq, response_ids, survey_ids, agency_ids)
    SELECT next + sum(cardinality(response_ids)) OVER (ORDER BY id) - cardinality(response_ids), response_ids,
           survey_ids, agency_ids
    FROM gone WHERE cardinality(response_ids) BETWEEN 100 AND 1000;
    next := next + (SELECT coalesce(sum(cardinality(response_ids)), 0)
                    FROM gone WHERE cardinality(response_ids) BETWEEN 100 AND 1000);
    INSERT INTO response_log (first_seq, response_ids, survey_ids, agency_ids)
    SELECT next + min(place), array_agg(id), array_agg(survey), array_agg(agency)
    FROM (SELECT row_number() OVER () - 1 AS place, id, survey, agency
          FROM (SELECT unnest(b.response_ids) AS id, unnest(b.survey_ids) AS survey, unnest(b.agency_ids) AS agency
                FROM (SELECT * FROM gone WHERE cardinality(response_ids) NOT BETWEEN 100 AND 1000
                      ORDER BY gone.id) b) t) r
    GROUP BY place / 1000;
    RETURN NULL;
END $$;
