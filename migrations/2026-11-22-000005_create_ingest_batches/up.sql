-- What has been committed and not yet been folded into the tallies: one row for each group commit, with
-- just the columns a tally needs. Written by the statement that stores the responses, deleted by the
-- transaction that adds them to the tallies, so that every response is counted in exactly one of the two,
-- at any moment and after any crash. Arrays, because the few rows here are read and deleted as a whole.
CREATE TABLE ingest_batches (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    received_at  timestamptz NOT NULL,
    response_ids uuid[]      NOT NULL,
    survey_ids   integer[]   NOT NULL,
    agency_ids   integer[]   NOT NULL,
    answers      bytea[]     NOT NULL,
    CONSTRAINT ingest_batches_pkey PRIMARY KEY (id),
    CONSTRAINT ingest_batches_length_check CHECK (
        cardinality(response_ids) = cardinality(survey_ids)
        AND cardinality(response_ids) = cardinality(agency_ids)
        AND cardinality(response_ids) = cardinality(answers)
    )
);

-- Stores a batch in one statement: the responses that are not there yet, their comments, and the row that
-- the folder will count. Gives the ids that were new. All arrays have one entry for each response; ids are
-- distinct and sorted, so that two instances with the same ids wait for each other in one order.
-- A function, because its inner plan is kept and one call is one round trip.
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
