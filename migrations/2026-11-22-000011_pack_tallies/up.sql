-- Tallies as one row for agency x span of time (x value of a facet), all its counts and sums packed into one value.
--
-- A row for each criterion made 29 rows of an agency's day; ten million responses over 3,000 agencies and two years
-- would have been 60 million rows, and a year was read from its days. Now there are rows for days, months and
-- years, and for every value of a facet by month, so that what a figure reads does not grow with the responses.
--
-- facet: 0 everything, 1 channel, 2 service point (its number), 3 procedure, 4 gender, 5 age band; value: its word,
-- empty if not told. grain: 1 day, 2 month, 3 year (Asia/Ho_Chi_Minh), beginning on starts_on. reach: 0 what the
-- agency itself was told, 1 what kept_totals lists for it (a subtree), so that a province does not have to be added
-- up again at each question; agency 0 with reach 1 is the whole country.
-- people: respondents with an applicable answer. numbers: see unpack_numbers.
ALTER TABLE tallies RENAME TO old_tallies;
ALTER TABLE old_tallies RENAME CONSTRAINT tallies_pkey TO old_tallies_pkey;
ALTER TABLE respondent_moments RENAME TO old_moments;

CREATE TABLE tallies (
    survey_id        integer     NOT NULL,
    facet            smallint    NOT NULL,
    grain            smallint    NOT NULL,
    reach            smallint    NOT NULL,
    starts_on        date        NOT NULL,
    agency_id        integer     NOT NULL,
    value            text        COLLATE "C" NOT NULL,
    people           bigint      NOT NULL,
    numbers          bytea       NOT NULL,
    last_received_at timestamptz NOT NULL,
    CONSTRAINT tallies_pkey PRIMARY KEY (survey_id, facet, grain, reach, starts_on, agency_id, value),
    CONSTRAINT tallies_facet_check CHECK (facet BETWEEN 0 AND 5),
    CONSTRAINT tallies_grain_check CHECK (grain BETWEEN 1 AND 3),
    CONSTRAINT tallies_reach_check CHECK (reach BETWEEN 0 AND 1)
) WITH (fillfactor = 85);

-- Whose rows the rows of reach 1 add up, by root (0: the whole country). digest: SHA-256 of the members; a reader
-- whose tree gives other members adds up the agencies' own rows instead, so a total is never taken for another.
CREATE TABLE kept_totals (
    root_id integer   NOT NULL,
    digest  bytea     NOT NULL,
    members integer[] NOT NULL,
    CONSTRAINT kept_totals_pkey PRIMARY KEY (root_id)
);

-- The numbers of a tally: for each criterion in order "not applicable" and the counts of ordinals 1 to 5; then for
-- each part (0 the whole questionnaire, 1 the criteria that must be answered, then the elements) respondents, and the sums
-- over them of m, m*m, s, s*s, s*m, v, v*v, v*m, where for a respondent m is the number of applicable answers in the
-- part, s how many of them are satisfied, v the sum of their level values. Written as LEB128 (7 bits a byte, lowest
-- first, high bit: more follows), a run of zeros as 0 and its length: a day of a desk is some 100 bytes, where
-- bigint[] takes 1,600.
CREATE FUNCTION unpack_numbers(packed bytea) RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    numbers bigint[] := '{}';
    number  bigint   := 0;
    shift   integer  := 0;
    zeros   boolean  := false;
    byte    integer;
BEGIN
    FOR place IN 0 .. length(packed) - 1 LOOP
        byte := get_byte(packed, place);
        number := number | ((byte & 127)::bigint << shift);
        shift := shift + 7;
        CONTINUE WHEN byte > 127;
        IF zeros THEN
            numbers := numbers || array_fill(0::bigint, ARRAY[number::integer]);
            zeros := false;
        ELSIF number = 0 THEN
            zeros := true;
        ELSE
            numbers := numbers || number;
        END IF;
        number := 0;
        shift := 0;
    END LOOP;
    RETURN numbers;
END $$;

CREATE FUNCTION pack_numbers(numbers bigint[]) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    packed bytea  := '';
    zeros  bigint := 0;
    words  bigint[];
    number bigint;
    word   bigint;
BEGIN
    -- A last entry that is no number writes the zeros before it.
    FOREACH number IN ARRAY numbers || NULL::bigint LOOP
        IF number = 0 THEN
            zeros := zeros + 1;
            CONTINUE;
        END IF;
        words := CASE WHEN zeros > 0 THEN ARRAY[0, zeros] ELSE '{}'::bigint[] END;
        zeros := 0;
        FOREACH word IN ARRAY CASE WHEN number IS NULL THEN words ELSE words || number END LOOP
            WHILE word > 127 LOOP
                packed := packed || set_byte('\x00'::bytea, 0, ((word & 127) | 128)::integer);
                word := word >> 7;
            END LOOP;
            packed := packed || set_byte('\x00'::bytea, 0, word::integer);
        END LOOP;
    END LOOP;
    RETURN packed;
END $$;

-- What is there is carried over. By facet nothing was counted before: `sipas verify --repair` counts it now.
DO $$
DECLARE
    grain integer;
    span  text;
BEGIN
    FOR grain, span IN VALUES (1, 'day'), (2, 'month'), (3, 'year') LOOP
        INSERT INTO tallies
        SELECT c.survey_id, 0, grain, 0, c.starts_on, c.agency_id, '', m.numbers[1], pack_numbers(c.numbers || m.numbers), m.last
        FROM (SELECT survey_id, agency_id, starts_on, array_agg(number ORDER BY criterion, place) AS numbers
              FROM (SELECT t.survey_id, t.agency_id, date_trunc(span, t.day)::date AS starts_on, t.criterion, u.place,
                           sum(u.number)::bigint AS number
                    FROM old_tallies t, unnest(ARRAY[t.not_applicable, t.level_1, t.level_2, t.level_3, t.level_4, t.level_5])
                        WITH ORDINALITY AS u (number, place)
                    GROUP BY 1, 2, 3, 4, 5) counts
              GROUP BY 1, 2, 3) c
        JOIN (SELECT survey_id, agency_id, starts_on, array_agg(number ORDER BY part, place) AS numbers, max(last) AS last
              FROM (SELECT t.survey_id, t.agency_id, date_trunc(span, t.day)::date AS starts_on, t.part, u.place,
                           sum(u.number)::bigint AS number, max(t.last_received_at) AS last
                    FROM old_moments t, unnest(ARRAY[t.respondents, t.m, t.mm, t.s, t.ss, t.sm, t.v, t.vv, t.vm])
                        WITH ORDINALITY AS u (number, place)
                    GROUP BY 1, 2, 3, 4, 5) sums
              GROUP BY 1, 2, 3) m USING (survey_id, agency_id, starts_on);
    END LOOP;
END $$;
DROP TABLE old_tallies;
DROP TABLE old_moments;

-- What is not folded yet needs the facets too. Empty for batches stored before.
ALTER TABLE ingest_batches
    ADD COLUMN desk_ids   integer[] NOT NULL DEFAULT '{}',
    ADD COLUMN channels   text[]    NOT NULL DEFAULT '{}',
    ADD COLUMN procedures text[]    NOT NULL DEFAULT '{}',
    ADD COLUMN genders    text[]    NOT NULL DEFAULT '{}',
    ADD COLUMN age_bands  text[]    NOT NULL DEFAULT '{}';
ALTER TABLE ingest_batches
    ALTER COLUMN desk_ids SET STORAGE EXTERNAL, ALTER COLUMN channels SET STORAGE EXTERNAL,
    ALTER COLUMN procedures SET STORAGE EXTERNAL, ALTER COLUMN genders SET STORAGE EXTERNAL,
    ALTER COLUMN age_bands SET STORAGE EXTERNAL;

-- As before, and the facets go into the tail with the rest.
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
