-- Visits: a token that a desk prints on a receipt, so that one visit rates once.

-- Public halves of the keys that instances sign visit tokens with; the private halves never leave an instance's
-- memory, so whoever steals a dump cannot make tokens. withdrawn_at: what it signed is worth nothing any more.
CREATE TABLE visit_keys (
    id           integer     GENERATED ALWAYS AS IDENTITY,
    public_key   bytea       NOT NULL,
    created_at   timestamptz NOT NULL,
    withdrawn_at timestamptz,
    CONSTRAINT visit_keys_pkey PRIMARY KEY (id),
    CONSTRAINT visit_keys_public_key_check CHECK (octet_length(public_key) = 32)
);
CREATE TRIGGER visit_keys_bump_revision AFTER UPDATE ON visit_keys
    FOR EACH STATEMENT EXECUTE FUNCTION bump_catalogue_revision();

-- Visits that have rated, and with which response: the key lets each rate once, and a response that is sent again be
-- known again. Rows go when their token could not be used any more. They are no column of responses: whoever issued a
-- token may know whose it is, so what joins it to answers must be neither read by anybody nor kept (the person who
-- rates is confidential: NĐ 61/2018/NĐ-CP art. 27.3). visit_id is a UUIDv7 of the time of issue.
CREATE TABLE visit_uses (
    visit_id    uuid NOT NULL,
    response_id uuid NOT NULL,
    CONSTRAINT visit_uses_pkey PRIMARY KEY (visit_id)
);

-- required: who answers has to show a visit token.
ALTER TABLE surveys ADD COLUMN visits text NOT NULL DEFAULT 'optional';
ALTER TABLE surveys ADD CONSTRAINT surveys_visits_check CHECK (visits IN ('optional', 'required'));

-- As store_responses, for batches in which somebody shows a visit; all others do without this. A visit that has rated
-- fails the whole statement (visit_uses_pkey). In the order of the visits: two batches with the same ones wait for each
-- other in one order.
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
