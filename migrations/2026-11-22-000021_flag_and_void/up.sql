-- Whether a response counts. Answers never change: what is decided about a response stands in rows of its own, and the
-- transaction that writes such a row moves the response's counts in the tallies, so that every figure is exact at any
-- moment. A response that is confirmed void counts nowhere; one with a flag that was not lifted counts among the
-- flagged; every other one is counted.

-- Tallies of flagged responses stand beside those of the counted: reach 2 what the agency itself was told and was
-- flagged, reach 3 the same for the members of a kept total. Whoever reads reach 0 and 1 sees nothing of them.
ALTER TABLE tallies DROP CONSTRAINT tallies_reach_check;
ALTER TABLE tallies ADD CONSTRAINT tallies_reach_check CHECK (reach BETWEEN 0 AND 3);

-- One row for each rule that a response breaks, at most once: a flag that was lifted is not set again by the same rule.
-- from_at, to_at, count: the evidence, the stretch of the device's answers that breaks the rule and how many are in it.
-- parameters: those of the rule when it judged. No foreign key to responses: months of them are dropped, flags stay.
CREATE TABLE response_flags (
    seq         bigint      GENERATED ALWAYS AS IDENTITY,
    response_id uuid        NOT NULL,
    rule        text        NOT NULL,
    survey_id   integer     NOT NULL,
    agency_id   integer     NOT NULL,
    client_id   uuid        NOT NULL,
    parameters  text        NOT NULL,
    from_at     timestamptz NOT NULL,
    to_at       timestamptz NOT NULL,
    count       integer     NOT NULL,
    flagged_at  timestamptz NOT NULL,
    state       text        NOT NULL DEFAULT 'open',
    CONSTRAINT response_flags_pkey PRIMARY KEY (seq),
    CONSTRAINT response_flags_rule_key UNIQUE (response_id, rule),
    CONSTRAINT response_flags_rule_check CHECK (rule IN ('burst', 'identical', 'speed', 'out_of_hours')),
    CONSTRAINT response_flags_state_check CHECK (state IN ('open', 'upheld', 'lifted')),
    CONSTRAINT response_flags_window_check CHECK (from_at <= to_at AND count > 0),
    CONSTRAINT response_flags_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT
);
CREATE INDEX response_flags_agency_id_idx ON response_flags (agency_id, seq);

-- Every decision about the flags of a response, in order; the newest is what response_flags.state says.
CREATE TABLE flag_reviews (
    seq         bigint      GENERATED ALWAYS AS IDENTITY,
    response_id uuid        NOT NULL,
    decision    text        NOT NULL,
    reason      text        NOT NULL,
    client_id   uuid        NOT NULL,
    reviewed_at timestamptz NOT NULL,
    CONSTRAINT flag_reviews_pkey PRIMARY KEY (seq),
    CONSTRAINT flag_reviews_decision_check CHECK (decision IN ('upheld', 'lifted')),
    CONSTRAINT flag_reviews_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
);
CREATE INDEX flag_reviews_response_id_idx ON flag_reviews (response_id);
CREATE INDEX flag_reviews_client_id_idx ON flag_reviews (client_id);

-- Requests that a response be void. A second client decides; at most one request is open or confirmed.
CREATE TABLE response_voids (
    seq          bigint      GENERATED ALWAYS AS IDENTITY,
    response_id  uuid        NOT NULL,
    survey_id    integer     NOT NULL,
    agency_id    integer     NOT NULL,
    reason       text        NOT NULL,
    requested_by uuid        NOT NULL,
    requested_at timestamptz NOT NULL,
    state        text        NOT NULL DEFAULT 'pending',
    decided_by   uuid,
    decided_at   timestamptz,
    CONSTRAINT response_voids_pkey PRIMARY KEY (seq),
    CONSTRAINT response_voids_state_check CHECK (state IN ('pending', 'confirmed', 'refused', 'expired')),
    CONSTRAINT response_voids_decided_check CHECK (
        (state IN ('pending', 'expired')) = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)
    ),
    CONSTRAINT response_voids_second_person_check CHECK (decided_by <> requested_by),
    CONSTRAINT response_voids_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT response_voids_requested_by_fkey FOREIGN KEY (requested_by) REFERENCES clients (id) ON DELETE RESTRICT,
    CONSTRAINT response_voids_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES clients (id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX response_voids_response_id_idx ON response_voids (response_id)
    WHERE state IN ('pending', 'confirmed');
CREATE INDEX response_voids_agency_id_idx ON response_voids (agency_id, seq);
CREATE INDEX response_voids_requested_by_idx ON response_voids (requested_by);
CREATE INDEX response_voids_decided_by_idx ON response_voids (decided_by);

-- What was found stays found: of a flag only its state changes, of a request only what became of it, once.
CREATE FUNCTION refuse_change_of_finding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'state' <> to_jsonb(OLD) - 'state' OR NEW.state = 'open' THEN
        RAISE EXCEPTION 'of a flag only the state changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION refuse_change_of_void() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'pending' OR to_jsonb(NEW) - 'state' - 'decided_by' - 'decided_at'
                               <> to_jsonb(OLD) - 'state' - 'decided_by' - 'decided_at' THEN
        RAISE EXCEPTION 'a request is decided once' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER response_flags_refuse_change BEFORE UPDATE ON response_flags
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_finding();
CREATE TRIGGER response_voids_refuse_change BEFORE UPDATE ON response_voids
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_void();
CREATE TRIGGER flag_reviews_refuse_change BEFORE UPDATE ON flag_reviews
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['response_flags', 'flag_reviews', 'response_voids'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_delete()',
                       name || '_refuse_delete', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete()',
                       name || '_refuse_truncate', name);
    END LOOP;
END $$;

-- What the judge needs of a device's responses beside each other, in the order of answering: responses themselves are
-- found by id only, and an index on the device would be paid for by the intake. Written behind the folder; gone when
-- nothing that may still arrive could stand beside it. pattern: first 8 bytes of SHA-256 of survey and answers;
-- answered: how many criteria have a level.
CREATE TABLE judged_responses (
    client_id   uuid     NOT NULL,
    response_id uuid     NOT NULL,
    pattern     bigint   NOT NULL,
    answered    smallint NOT NULL,
    CONSTRAINT judged_responses_pkey PRIMARY KEY (client_id, response_id)
);

-- Up to which number of response_log everything was judged. What was there before there were rules is not judged.
CREATE TABLE judging (
    singleton  boolean NOT NULL DEFAULT true,
    judged_seq bigint  NOT NULL,
    CONSTRAINT judging_pkey PRIMARY KEY (singleton),
    CONSTRAINT judging_singleton_check CHECK (singleton)
);
SELECT pg_advisory_xact_lock(1179601988);
INSERT INTO judging (judged_seq)
SELECT coalesce((SELECT first_seq + cardinality(response_ids) - 1 FROM response_log ORDER BY first_seq DESC LIMIT 1), 0);
