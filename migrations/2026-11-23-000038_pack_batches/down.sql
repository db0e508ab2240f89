-- What waits is counted within a second by the service; taking it apart here is not worth its lines.
DO $$ BEGIN
    IF EXISTS (SELECT FROM ingest_batches) THEN
        RAISE EXCEPTION 'ingest_batches is not empty: let the service count what waits, then stop it';
    END IF;
END $$;

ALTER TABLE ingest_batches DROP COLUMN packed,
    ADD COLUMN answers    bytea[]   NOT NULL,
    ADD COLUMN desk_ids   integer[] NOT NULL DEFAULT '{}',
    ADD COLUMN channels   text[]    NOT NULL DEFAULT '{}',
    ADD COLUMN procedures text[]    NOT NULL DEFAULT '{}',
    ADD COLUMN genders    text[]    NOT NULL DEFAULT '{}',
    ADD COLUMN age_bands  text[]    NOT NULL DEFAULT '{}';
ALTER TABLE ingest_batches
    ALTER COLUMN answers SET STORAGE EXTERNAL, ALTER COLUMN desk_ids SET STORAGE EXTERNAL,
    ALTER COLUMN channels SET STORAGE EXTERNAL, ALTER COLUMN procedures SET STORAGE EXTERNAL,
    ALTER COLUMN genders SET STORAGE EXTERNAL, ALTER COLUMN age_bands SET STORAGE EXTERNAL;

DROP FUNCTION store_receipted_responses(timestamptz, uuid[], integer[], integer[], integer[], uuid[], bigint[], bytea[],
                                        text[], text[], text[], text[], boolean[], text[], bytea, uuid, uuid, timestamptz,
                                        uuid[], bytea, text);
DROP FUNCTION store_visit_responses(timestamptz, uuid[], integer[], integer[], integer[], uuid[], bigint[], bytea[], text[],
                                    text[], text[], text[], boolean[], text[], bytea, uuid[]);
DROP FUNCTION store_responses(timestamptz, uuid[], integer[], integer[], integer[], uuid[], bigint[], bytea[], text[],
                              text[], text[], text[], boolean[], text[], bytea);
CREATE FUNCTION store_responses(
    arrived timestamptz, in_ids uuid[], in_surveys integer[], in_agencies integer[], in_desks integer[],
    in_clients uuid[], in_seqs bigint[], in_answers bytea[], in_channels text[], in_procedures text[],
    in_genders text[], in_age_bands text[], in_assisted boolean[], in_comments text[]
) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
DECLARE
    new_ids      uuid[]    := in_ids;
    new_surveys  integer[] := in_surveys;
    new_agencies integer[] := in_agencies;
    new_answers  bytea[]   := in_answers;
    new_desks    integer[] := in_desks;
    new_channels text[]    := in_channels;
    new_procedures text[]  := in_procedures;
    new_genders  text[]    := in_genders;
    new_ages     text[]    := in_age_bands;
BEGIN
    BEGIN
        INSERT INTO responses (id, survey_id, rated_agency_id, service_point_id, client_id, device_seq, answers,
                               channel, procedure, gender, age_band, assisted_by_staff, commented, received_at)
        SELECT t.id, t.survey, t.agency, t.desk, t.client, t.seq, t.answers, t.channel, t.procedure, t.gender,
               t.age_band, t.assisted, t.body IS NOT NULL, arrived
        FROM (SELECT unnest(in_ids) AS id, unnest(in_surveys) AS survey, unnest(in_agencies) AS agency,
                     unnest(in_desks) AS desk, unnest(in_clients) AS client, unnest(in_seqs) AS seq,
                     unnest(in_answers) AS answers, unnest(in_channels) AS channel,
                     unnest(in_procedures) AS procedure, unnest(in_genders) AS gender,
                     unnest(in_age_bands) AS age_band, unnest(in_assisted) AS assisted,
                     unnest(in_comments) AS body) t;
    EXCEPTION WHEN unique_violation THEN
        WITH created AS (
            INSERT INTO responses AS r (id, survey_id, rated_agency_id, service_point_id, client_id, device_seq,
                                        answers, channel, procedure, gender, age_band, assisted_by_staff, commented,
                                        received_at)
            SELECT t.id, t.survey, t.agency, t.desk, t.client, t.seq, t.answers, t.channel, t.procedure, t.gender,
                   t.age_band, t.assisted, t.body IS NOT NULL, arrived
            FROM unnest(in_ids, in_surveys, in_agencies, in_desks, in_clients, in_seqs, in_answers, in_channels,
                        in_procedures, in_genders, in_age_bands, in_assisted, in_comments)
                AS t (id, survey, agency, desk, client, seq, answers, channel, procedure, gender, age_band,
                      assisted, body)
            ON CONFLICT DO NOTHING
            RETURNING r.id, r.survey_id, r.rated_agency_id, r.answers, r.service_point_id, r.channel, r.procedure,
                      r.gender, r.age_band
        )
        SELECT coalesce(array_agg(c.id), '{}'), coalesce(array_agg(c.survey_id), '{}'),
               coalesce(array_agg(c.rated_agency_id), '{}'), coalesce(array_agg(c.answers), '{}'),
               coalesce(array_agg(c.service_point_id), '{}'), coalesce(array_agg(c.channel), '{}'),
               coalesce(array_agg(c.procedure), '{}'), coalesce(array_agg(c.gender), '{}'),
               coalesce(array_agg(c.age_band), '{}')
        INTO new_ids, new_surveys, new_agencies, new_answers, new_desks, new_channels, new_procedures, new_genders,
             new_ages FROM created c;
        RETURN QUERY SELECT unnest(in_ids) EXCEPT SELECT unnest(new_ids);
    END;
    IF cardinality(array_remove(in_seqs, NULL)) > 0 THEN
        INSERT INTO device_seqs (client_id, seq, response_id)
        SELECT t.client, t.seq, t.id FROM unnest(in_ids, in_clients, in_seqs) AS t (id, client, seq)
        JOIN unnest(new_ids) AS created (id) USING (id) WHERE t.seq IS NOT NULL;
    END IF;
    IF cardinality(array_remove(in_comments, NULL)) > 0 THEN
        INSERT INTO comments (response_id, body)
        SELECT t.id, t.body FROM unnest(in_ids, in_comments) AS t (id, body)
        JOIN unnest(new_ids) AS created (id) USING (id) WHERE t.body IS NOT NULL;
    END IF;
    IF cardinality(new_ids) > 0 THEN
        INSERT INTO ingest_batches (received_at, response_ids, survey_ids, agency_ids, answers, desk_ids, channels,
                                    procedures, genders, age_bands)
        VALUES (arrived, new_ids, new_surveys, new_agencies, new_answers, new_desks, new_channels, new_procedures,
                new_genders, new_ages);
    END IF;
END $$;

CREATE FUNCTION store_visit_responses(
    arrived timestamptz, in_ids uuid[], in_surveys integer[], in_agencies integer[], in_desks integer[],
    in_clients uuid[], in_seqs bigint[], in_answers bytea[], in_channels text[], in_procedures text[],
    in_genders text[], in_age_bands text[], in_assisted boolean[], in_comments text[], in_visits uuid[]
) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
DECLARE
    known uuid[] := ARRAY(SELECT store_responses(arrived, in_ids, in_surveys, in_agencies, in_desks, in_clients, in_seqs,
                                                 in_answers, in_channels, in_procedures, in_genders, in_age_bands,
                                                 in_assisted, in_comments));
BEGIN
    INSERT INTO visit_uses (visit_id, response_id)
    SELECT t.visit, t.id FROM unnest(in_ids, in_visits) AS t (id, visit)
    WHERE t.visit IS NOT NULL AND t.id <> ALL (known)
    ORDER BY t.visit;
    RETURN QUERY SELECT unnest(known);
END $$;
