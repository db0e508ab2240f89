CREATE OR REPLACE FUNCTION store_responses(
    arrived timestamptz, in_ids uuid[], in_surveys integer[], in_agencies integer[], in_desks integer[],
    in_clients uuid[], in_seqs bigint[], in_answers bytea[], in_channels text[], in_procedures text[],
    in_genders text[], in_age_bands text[], in_assisted boolean[], in_comments text[]
) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
DECLARE
    new_ids      uuid[]    := in_ids;
    new_surveys  integer[] := in_surveys;
    new_agencies integer[] := in_agencies;
    new_answers  bytea[]   := in_answers;
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
            RETURNING r.id, r.survey_id, r.rated_agency_id, r.answers
        )
        SELECT coalesce(array_agg(c.id), '{}'), coalesce(array_agg(c.survey_id), '{}'),
               coalesce(array_agg(c.rated_agency_id), '{}'), coalesce(array_agg(c.answers), '{}')
        INTO new_ids, new_surveys, new_agencies, new_answers FROM created c;
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
        INSERT INTO ingest_batches (received_at, response_ids, survey_ids, agency_ids, answers)
        VALUES (arrived, new_ids, new_surveys, new_agencies, new_answers);
    END IF;
END $$;

ALTER TABLE ingest_batches DROP COLUMN desk_ids, DROP COLUMN channels, DROP COLUMN procedures, DROP COLUMN genders,
    DROP COLUMN age_bands;

ALTER TABLE tallies RENAME TO packed_tallies;
ALTER TABLE packed_tallies RENAME CONSTRAINT tallies_pkey TO packed_tallies_pkey;
CREATE TABLE tallies (
    survey_id      integer NOT NULL,
    agency_id      integer NOT NULL,
    day            date    NOT NULL,
    criterion      smallint NOT NULL,
    not_applicable bigint  NOT NULL,
    level_1        bigint  NOT NULL,
    level_2        bigint  NOT NULL,
    level_3        bigint  NOT NULL,
    level_4        bigint  NOT NULL,
    level_5        bigint  NOT NULL,
    CONSTRAINT tallies_pkey PRIMARY KEY (survey_id, agency_id, day, criterion)
);
CREATE TABLE respondent_moments (
    survey_id        integer     NOT NULL,
    agency_id        integer     NOT NULL,
    day              date        NOT NULL,
    part             smallint    NOT NULL,
    respondents      bigint      NOT NULL,
    m                bigint      NOT NULL,
    mm               bigint      NOT NULL,
    s                bigint      NOT NULL,
    ss               bigint      NOT NULL,
    sm               bigint      NOT NULL,
    v                bigint      NOT NULL,
    vv               bigint      NOT NULL,
    vm               bigint      NOT NULL,
    last_received_at timestamptz NOT NULL,
    CONSTRAINT respondent_moments_pkey PRIMARY KEY (survey_id, agency_id, day, part)
);

-- Days alone. The numbers of a criterion are six, those of a part nine; there are two more parts than elements.
DO $$
DECLARE
    day record;
BEGIN
    FOR day IN
        SELECT t.*, unpack_numbers(t.numbers) AS n,
               (SELECT count(*) FROM criteria c WHERE c.version_id = s.version_id)::integer AS criteria,
               (SELECT count(*) FROM elements e WHERE e.version_id = s.version_id)::integer + 2 AS parts
        FROM packed_tallies t JOIN surveys s ON s.id = t.survey_id
        WHERE t.facet = 0 AND t.grain = 1 AND t.reach = 0
    LOOP
        INSERT INTO tallies
        SELECT day.survey_id, day.agency_id, day.starts_on, c, day.n[6*c-5], day.n[6*c-4], day.n[6*c-3], day.n[6*c-2],
               day.n[6*c-1], day.n[6*c]
        FROM generate_series(1, day.criteria) AS c;
        INSERT INTO respondent_moments
        SELECT day.survey_id, day.agency_id, day.starts_on, p, day.n[b+1], day.n[b+2], day.n[b+3], day.n[b+4], day.n[b+5],
               day.n[b+6], day.n[b+7], day.n[b+8], day.n[b+9], day.last_received_at
        FROM generate_series(0, day.parts - 1) AS p, LATERAL (SELECT 6*day.criteria + 9*p AS b) AS base;
    END LOOP;
END $$;
DROP TABLE packed_tallies;
DROP TABLE kept_totals;
DROP FUNCTION pack_numbers(bigint[]);
DROP FUNCTION unpack_numbers(bytea);
