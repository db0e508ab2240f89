-- What an agency shall reach in a period: of one of our figures (survey and formula), or of an index that others publish
-- (measure). Rows are only added: a change, or an end (neither value nor rank), is a row that names the one it replaces,
-- and the last of such a chain counts. from_day and to_day (exclusive) are the period's bounds. basis: the plan or
-- decision it stands in, in words.
CREATE TABLE targets (
    seq          bigint       GENERATED ALWAYS AS IDENTITY,
    agency_id    integer      NOT NULL,
    survey_id    integer,
    formula      text,
    measure      text,
    period       text         NOT NULL,
    from_day     date         NOT NULL,
    to_day       date         NOT NULL,
    at_least     integer,
    rank_at_most integer,
    basis        text,
    replaces     bigint,
    client_id    uuid         NOT NULL,
    set_at       timestamptz  NOT NULL,
    CONSTRAINT targets_pkey PRIMARY KEY (seq),
    CONSTRAINT targets_subject_check CHECK (
        (measure IS NULL) = (survey_id IS NOT NULL) AND (survey_id IS NULL) = (formula IS NULL)
    ),
    CONSTRAINT targets_period_check CHECK (period ~ '^[0-9]{4}(-(Q[1-4]|[0-9]{2}))?$'),
    CONSTRAINT targets_days_check CHECK (from_day < to_day),
    CONSTRAINT targets_at_least_check CHECK (at_least BETWEEN 0 AND 99999999),
    CONSTRAINT targets_rank_at_most_check CHECK (
        rank_at_most IS NULL OR (rank_at_most BETWEEN 1 AND 10000 AND measure IS NOT NULL)
    ),
    CONSTRAINT targets_end_check CHECK (replaces IS NOT NULL OR at_least IS NOT NULL OR rank_at_most IS NOT NULL),
    CONSTRAINT targets_basis_check CHECK (length(basis) BETWEEN 1 AND 500),
    CONSTRAINT targets_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT targets_survey_id_fkey FOREIGN KEY (survey_id) REFERENCES surveys (id) ON DELETE RESTRICT,
    CONSTRAINT targets_replaces_fkey FOREIGN KEY (replaces) REFERENCES targets (seq) ON DELETE RESTRICT,
    CONSTRAINT targets_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
);
COMMENT ON COLUMN targets.at_least IS 'in ten-thousandths of the unit';
-- One chain for each agency, subject and period, and it does not fork: of two changes at the same moment one is refused.
CREATE UNIQUE INDEX targets_first_idx
    ON targets (agency_id, period, coalesce(measure, survey_id || ':' || formula)) WHERE replaces IS NULL;
CREATE UNIQUE INDEX targets_replaces_idx ON targets (replaces);
CREATE INDEX targets_agency_id_idx ON targets (agency_id, from_day);
CREATE INDEX targets_survey_id_idx ON targets (survey_id);
CREATE INDEX targets_client_id_idx ON targets (client_id);
CREATE TRIGGER targets_refuse_change BEFORE UPDATE ON targets FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER targets_refuse_delete BEFORE DELETE ON targets FOR EACH ROW EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER targets_refuse_truncate BEFORE TRUNCATE ON targets
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();
