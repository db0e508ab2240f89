-- What agencies undertake about what citizens wrote ("you said, we did"). Public, so nothing in it may quote or name a
-- citizen; which comments one answers is kept apart and never shown.
--
-- One row for each undertaking. month: the first day of the closed calendar month whose comments it answers.
CREATE TABLE undertakings (
    seq          bigint      GENERATED ALWAYS AS IDENTITY,
    id           uuid        NOT NULL,
    agency_id    integer     NOT NULL,
    survey_id    integer     NOT NULL,
    month        date        NOT NULL,
    published_at timestamptz NOT NULL,
    CONSTRAINT undertakings_pkey PRIMARY KEY (seq),
    CONSTRAINT undertakings_id_key UNIQUE (id),
    CONSTRAINT undertakings_month_check CHECK (extract(day FROM month) = 1),
    CONSTRAINT undertakings_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT undertakings_survey_id_fkey FOREIGN KEY (survey_id) REFERENCES surveys (id) ON DELETE RESTRICT
);
CREATE INDEX undertakings_agency_id_idx ON undertakings (agency_id, seq);
CREATE INDEX undertakings_survey_id_idx ON undertakings (survey_id);

-- What it said, and says: the newest revision holds, the others are not shown. topic: code of an element or a criterion
-- of the survey's questionnaire, or 'other'. due_on: the day by which it is promised, or on which it was done. A
-- withdrawal is the last revision and has no words but why.
CREATE TABLE undertaking_revisions (
    seq          bigint      NOT NULL,
    revision     smallint    NOT NULL,
    state        text        NOT NULL,
    topic        text,
    you_said_vi  text,
    you_said_en  text,
    we_did_vi    text,
    we_did_en    text,
    due_on       date,
    reason       text,
    client_id    uuid        NOT NULL,
    published_at timestamptz NOT NULL,
    CONSTRAINT undertaking_revisions_pkey PRIMARY KEY (seq, revision),
    CONSTRAINT undertaking_revisions_revision_check CHECK (revision >= 1),
    CONSTRAINT undertaking_revisions_state_check CHECK (state IN ('promised', 'done', 'withdrawn')),
    CONSTRAINT undertaking_revisions_words_check CHECK (
        CASE WHEN state = 'withdrawn'
            THEN num_nonnulls(topic, you_said_vi, you_said_en, we_did_vi, we_did_en, due_on) = 0
            ELSE num_nulls(topic, you_said_vi, we_did_vi, due_on) = 0 END
    ),
    CONSTRAINT undertaking_revisions_reason_check CHECK ((revision = 1) = (reason IS NULL)),
    CONSTRAINT undertaking_revisions_seq_fkey FOREIGN KEY (seq) REFERENCES undertakings (seq) ON DELETE RESTRICT,
    CONSTRAINT undertaking_revisions_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
);
CREATE INDEX undertaking_revisions_client_id_idx ON undertaking_revisions (client_id);

-- Which comments a revision answers, by the handle that GET /v1/comments gives: neither a response nor its time.
CREATE TABLE undertaking_comments (
    seq      bigint   NOT NULL,
    revision smallint NOT NULL,
    handle   bytea    NOT NULL,
    CONSTRAINT undertaking_comments_pkey PRIMARY KEY (seq, revision, handle),
    CONSTRAINT undertaking_comments_handle_check CHECK (length(handle) = 32),
    CONSTRAINT undertaking_comments_revision_fkey FOREIGN KEY (seq, revision)
        REFERENCES undertaking_revisions (seq, revision) ON DELETE RESTRICT
);

-- In which closed months somebody commented on an agency: what time to answer is measured against. Kept when the
-- comments are deleted; written behind the intake.
CREATE TABLE commented_months (
    agency_id integer NOT NULL,
    survey_id integer NOT NULL,
    month     date    NOT NULL,
    CONSTRAINT commented_months_pkey PRIMARY KEY (agency_id, survey_id, month),
    CONSTRAINT commented_months_month_check CHECK (extract(day FROM month) = 1),
    CONSTRAINT commented_months_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT commented_months_survey_id_fkey FOREIGN KEY (survey_id) REFERENCES surveys (id) ON DELETE RESTRICT
);
CREATE INDEX commented_months_survey_id_idx ON commented_months (survey_id);

-- What was published stays: corrections and withdrawals are rows of their own.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['undertakings', 'undertaking_revisions', 'undertaking_comments'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                       name || '_refuse_change', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_delete()',
                       name || '_refuse_delete', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete()',
                       name || '_refuse_truncate', name);
    END LOOP;
END $$;
