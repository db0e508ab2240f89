ALTER TABLE ingest_batches
    ALTER COLUMN response_ids SET STORAGE EXTENDED, ALTER COLUMN survey_ids SET STORAGE EXTENDED,
    ALTER COLUMN agency_ids SET STORAGE EXTENDED, ALTER COLUMN answers SET STORAGE EXTENDED;
DROP FUNCTION store_responses(timestamptz, uuid[], integer[], integer[], integer[], uuid[], bigint[], bytea[],
                              text[], text[], text[], text[], boolean[], text[]);
CREATE FUNCTION store_responses(
    arrived timestamptz, in_ids uuid[], in_surveys integer[], in_agencies integer[], in_desks integer[],
    in_clients uuid[], in_answers bytea[], in_channels text[], in_procedures text[], in_genders text[],
    in_age_bands text[], in_assisted boolean[], in_comments text[]
) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    WITH incoming AS (
        SELECT * FROM unnest(in_ids, in_surveys, in_agencies, in_desks, in_clients, in_answers, in_channels,
                             in_procedures, in_genders, in_age_bands, in_assisted, in_comments)
            AS t (id, survey, agency, desk, client, answers, channel, procedure, gender, age_band, assisted, body)
    ), created AS (
        INSERT INTO responses AS r (id, survey_id, rated_agency_id, service_point_id, client_id, answers, channel,
                                    procedure, gender, age_band, assisted_by_staff, commented, received_at)
        SELECT t.id, t.survey, t.agency, t.desk, t.client, t.answers, t.channel, t.procedure, t.gender,
               t.age_band, t.assisted, t.body IS NOT NULL, arrived
        FROM incoming t
        ON CONFLICT DO NOTHING
        RETURNING r.id, r.survey_id, r.rated_agency_id, r.answers
    ), commented AS (
        INSERT INTO comments (response_id, body)
        SELECT t.id, t.body FROM incoming t JOIN created c ON c.id = t.id WHERE t.body IS NOT NULL
    ), batched AS (
        INSERT INTO ingest_batches (received_at, response_ids, survey_ids, agency_ids, answers)
        SELECT arrived, array_agg(c.id), array_agg(c.survey_id), array_agg(c.rated_agency_id), array_agg(c.answers)
        FROM created c HAVING count(*) > 0
    )
    SELECT c.id FROM created c;
END $$;
ALTER TABLE responses DROP COLUMN device_seq;
DROP TABLE device_seqs;
