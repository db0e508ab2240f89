-- What waits to be counted, as one value for each batch. Nine arrays were taken apart element by element whenever they were
-- written, folded or read: a fifth of what bulk intake took of the machine went into folding. The arrays that are left
-- are what response_log keeps.
--
-- packed: for each response its id (16 bytes); a byte of bits for what is as in the response before and left out (lowest:
-- survey and agency, then the facets); the answers; survey and agency (4 bytes each, highest first); the values of the
-- facets (channel, desk number, procedure, gender, age band; empty if not told). Answers and values are one byte of length
-- and their bytes.
ALTER TABLE ingest_batches ADD COLUMN packed bytea NOT NULL DEFAULT '';
ALTER TABLE ingest_batches ALTER COLUMN packed SET STORAGE EXTERNAL;

CREATE FUNCTION pg_temp.with_length(value bytea) RETURNS bytea LANGUAGE sql AS $$
    SELECT substring(int4send(length(coalesce(value, ''))) FROM 4) || coalesce(value, '')
$$;
UPDATE ingest_batches b SET packed = (
    SELECT coalesce(string_agg(uuid_send(t.id) || '\x00'::bytea || pg_temp.with_length(t.answers)
                               || int4send(t.survey) || int4send(t.agency)
                               || pg_temp.with_length(convert_to(t.channel, 'UTF8'))
                               || pg_temp.with_length(convert_to(t.desk::text, 'UTF8'))
                               || pg_temp.with_length(convert_to(t.procedure, 'UTF8'))
                               || pg_temp.with_length(convert_to(t.gender, 'UTF8'))
                               || pg_temp.with_length(convert_to(t.age_band, 'UTF8')), '' ORDER BY t.place), '')
    FROM unnest(b.response_ids, b.survey_ids, b.agency_ids, b.answers, b.desk_ids, b.channels, b.procedures, b.genders,
                b.age_bands)
         WITH ORDINALITY AS t (id, survey, agency, answers, desk, channel, procedure, gender, age_band, place));
DROP FUNCTION pg_temp.with_length(bytea);

ALTER TABLE ingest_batches ALTER COLUMN packed DROP DEFAULT, DROP COLUMN answers, DROP COLUMN desk_ids, DROP COLUMN channels,
    DROP COLUMN procedures, DROP COLUMN genders, DROP COLUMN age_bands;

-- As before in one statement that bets that all of it is new; the batch comes packed beside its columns. If an id is
-- known after all nothing is stored, and the ids that are known are given: who asked leaves them out and asks again. A
-- column that is shorter than the ids is filled up with NULL, but one element of a column that a device fills with the same
-- stands for all.
DROP FUNCTION store_visit_responses(timestamptz, uuid[], integer[], integer[], integer[], uuid[], bigint[], bytea[], text[],
                                    text[], text[], text[], boolean[], text[], uuid[]);
DROP FUNCTION store_responses(timestamptz, uuid[], integer[], integer[], integer[], uuid[], bigint[], bytea[], text[],
                              text[], text[], text[], boolean[], text[]);
CREATE FUNCTION store_responses(
    arrived timestamptz, in_ids uuid[], in_surveys integer[], in_agencies integer[], in_desks integer[],
    in_clients uuid[], in_seqs bigint[], in_answers bytea[], in_channels text[], in_procedures text[],
    in_genders text[], in_age_bands text[], in_assisted boolean[], in_comments text[], in_packed bytea
) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
DECLARE
    many CONSTANT integer := cardinality(in_ids);
    one_survey CONSTANT integer := CASE cardinality(in_surveys) WHEN 1 THEN in_surveys[1] END;
    one_agency CONSTANT integer := CASE cardinality(in_agencies) WHEN 1 THEN in_agencies[1] END;
    one_desk CONSTANT integer := CASE cardinality(in_desks) WHEN 1 THEN in_desks[1] END;
    one_client CONSTANT uuid := CASE cardinality(in_clients) WHEN 1 THEN in_clients[1] END;
    one_channel CONSTANT text := CASE cardinality(in_channels) WHEN 1 THEN in_channels[1] END;
BEGIN
    BEGIN
        INSERT INTO responses (id, survey_id, rated_agency_id, service_point_id, client_id, device_seq, answers,
                               channel, procedure, gender, age_band, assisted_by_staff, commented, received_at)
        SELECT t.id, coalesce(t.survey, one_survey), coalesce(t.agency, one_agency), coalesce(t.desk, one_desk),
               coalesce(t.client, one_client), t.seq, t.answers, coalesce(t.channel, one_channel), t.procedure, t.gender,
               t.age_band, t.assisted, t.body IS NOT NULL, arrived
        FROM (SELECT unnest(in_ids) AS id, unnest(in_surveys) AS survey, unnest(in_agencies) AS agency,
                     unnest(in_desks) AS desk, unnest(in_clients) AS client, unnest(in_seqs) AS seq,
                     unnest(in_answers) AS answers, unnest(in_channels) AS channel,
                     unnest(in_procedures) AS procedure, unnest(in_genders) AS gender,
                     unnest(in_age_bands) AS age_band, unnest(in_assisted) AS assisted,
                     unnest(in_comments) AS body) t;
    EXCEPTION WHEN unique_violation THEN
        RETURN QUERY SELECT id FROM responses WHERE id = ANY (in_ids);
        IF NOT FOUND THEN
            -- Its month was dropped in between; an empty answer would say that all is stored.
            RAISE;
        END IF;
        RETURN;
    END;
    IF cardinality(in_seqs) > 0 THEN
        INSERT INTO device_seqs (client_id, seq, response_id)
        SELECT coalesce(t.client, one_client), t.seq, t.id FROM unnest(in_ids, in_clients, in_seqs) AS t (id, client, seq)
        WHERE t.seq IS NOT NULL;
    END IF;
    IF cardinality(in_comments) > 0 THEN
        INSERT INTO comments (response_id, body)
        SELECT t.id, t.body FROM unnest(in_ids, in_comments) AS t (id, body) WHERE t.body IS NOT NULL;
    END IF;
    INSERT INTO ingest_batches (received_at, response_ids, survey_ids, agency_ids, packed)
    VALUES (arrived, in_ids,
            CASE cardinality(in_surveys) WHEN many THEN in_surveys ELSE array_fill(one_survey, ARRAY[many]) END,
            CASE cardinality(in_agencies) WHEN many THEN in_agencies ELSE array_fill(one_agency, ARRAY[many]) END,
            in_packed);
END $$;

-- As before, and nothing of it is stored where an id is known.
CREATE FUNCTION store_visit_responses(
    arrived timestamptz, in_ids uuid[], in_surveys integer[], in_agencies integer[], in_desks integer[],
    in_clients uuid[], in_seqs bigint[], in_answers bytea[], in_channels text[], in_procedures text[],
    in_genders text[], in_age_bands text[], in_assisted boolean[], in_comments text[], in_packed bytea, in_visits uuid[]
) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT store_responses(arrived, in_ids, in_surveys, in_agencies, in_desks, in_clients, in_seqs,
                                        in_answers, in_channels, in_procedures, in_genders, in_age_bands, in_assisted,
                                        in_comments, in_packed);
    IF NOT FOUND THEN
        INSERT INTO visit_uses (visit_id, response_id)
        SELECT t.visit, t.id FROM unnest(in_ids, in_visits) AS t (id, visit) WHERE t.visit IS NOT NULL ORDER BY t.visit;
    END IF;
END $$;

-- As store_responses, and with the receipt of the bulk request they came in: for 500 responses a commit of its own for the
-- receipt cost a twentieth of the time. The receipt tells that all of it is new, and where that is not so it is not stored.
CREATE FUNCTION store_receipted_responses(
    arrived timestamptz, in_ids uuid[], in_surveys integer[], in_agencies integer[], in_desks integer[],
    in_clients uuid[], in_seqs bigint[], in_answers bytea[], in_channels text[], in_procedures text[],
    in_genders text[], in_age_bands text[], in_assisted boolean[], in_comments text[], in_packed bytea,
    in_receipt uuid, in_sender uuid, in_receipted_at timestamptz, in_sent uuid[], in_outcomes bytea, in_problems text
) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT store_responses(arrived, in_ids, in_surveys, in_agencies, in_desks, in_clients, in_seqs,
                                        in_answers, in_channels, in_procedures, in_genders, in_age_bands, in_assisted,
                                        in_comments, in_packed);
    IF NOT FOUND THEN
        INSERT INTO receipts (id, client_id, received_at, response_ids, outcomes, problems)
        VALUES (in_receipt, in_sender, in_receipted_at, in_sent, in_outcomes, in_problems);
    END IF;
END $$;
