-- A device may number its responses 1, 2, 3, …, so that it and its administrator can see which of them are
-- held here and which are missing. One row for each number; the key refuses a number that was used for
-- another response, and another number for a response. Kept when a month of responses is dropped: the proof of receipt outlives them.
CREATE TABLE device_seqs (
    client_id   uuid   NOT NULL,
    seq         bigint NOT NULL,
    response_id uuid   NOT NULL,
    CONSTRAINT device_seqs_pkey PRIMARY KEY (client_id, seq),
    CONSTRAINT device_seqs_response_id_key UNIQUE (client_id, response_id),
    CONSTRAINT device_seqs_seq_check CHECK (seq BETWEEN 1 AND 9007199254740991)
);

-- The number it was first sent with, by the client in client_id.
ALTER TABLE responses ADD COLUMN device_seq bigint;

-- Stores a batch in one statement: the responses that are not there yet, their comments, their numbers, and
-- the row that the folder will count. Gives the ids that were new. All arrays have one entry for each
-- response; ids are distinct and sorted, so that two instances with the same ids wait for each other in one
-- order. A number that is taken fails the whole statement (device_seqs_pkey): nothing is stored with a
-- number that points elsewhere. A function, because its inner plan is kept and one call is one round trip.
DROP FUNCTION store_responses(timestamptz, uuid[], integer[], integer[], integer[], uuid[], bytea[], text[],
                              text[], text[], text[], boolean[], text[]);
CREATE FUNCTION store_responses(
    arrived timestamptz, in_ids uuid[], in_surveys integer[], in_agencies integer[], in_desks integer[],
    in_clients uuid[], in_seqs bigint[], in_answers bytea[], in_channels text[], in_procedures text[],
    in_genders text[], in_age_bands text[], in_assisted boolean[], in_comments text[]
) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    WITH incoming AS (
        SELECT * FROM unnest(in_ids, in_surveys, in_agencies, in_desks, in_clients, in_seqs, in_answers,
                             in_channels, in_procedures, in_genders, in_age_bands, in_assisted, in_comments)
            AS t (id, survey, agency, desk, client, seq, answers, channel, procedure, gender, age_band, assisted,
                  body)
    ), created AS (
        INSERT INTO responses AS r (id, survey_id, rated_agency_id, service_point_id, client_id, device_seq, answers,
                                    channel, procedure, gender, age_band, assisted_by_staff, commented, received_at)
        SELECT t.id, t.survey, t.agency, t.desk, t.client, t.seq, t.answers, t.channel, t.procedure, t.gender,
               t.age_band, t.assisted, t.body IS NOT NULL, arrived
        FROM incoming t
        ON CONFLICT DO NOTHING
        RETURNING r.id, r.survey_id, r.rated_agency_id, r.client_id, r.device_seq, r.answers
    ), numbered AS (
        INSERT INTO device_seqs (client_id, seq, response_id)
        SELECT c.client_id, c.device_seq, c.id FROM created c WHERE c.device_seq IS NOT NULL
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
