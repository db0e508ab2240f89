-- Values of indices that others publish, as somebody entered them from a document. Rows are only added: a correction is
-- the next revision of the same measure, agency and period, and the newest one counts. agency_id NULL: the whole country.
-- What a measure is stands in the program; measure and version name it. value NULL: only the rank was published, which is
-- not zero. assumed_because NULL: it was read in the document that is named.
CREATE TABLE measure_values (
    id              bigint       GENERATED ALWAYS AS IDENTITY,
    measure         text         NOT NULL,
    version         smallint     NOT NULL,
    agency_id       integer,
    period          text         NOT NULL,
    revision        integer      NOT NULL,
    value           numeric(8,4),
    rank            integer,
    out_of          integer,
    source_title    text         NOT NULL,
    source_number   text,
    source_date     date,
    source_link     text,
    assumed_because text,
    client_id       uuid         NOT NULL,
    entered_at      timestamptz  NOT NULL,
    CONSTRAINT measure_values_pkey PRIMARY KEY (id),
    CONSTRAINT measure_values_measure_check CHECK (measure ~ '^[a-z0-9][a-z0-9.-]*$'),
    CONSTRAINT measure_values_version_check CHECK (version >= 1),
    CONSTRAINT measure_values_period_check CHECK (period ~ '^[0-9]{4}(-(Q[1-4]|[0-9]{2}))?$'),
    CONSTRAINT measure_values_revision_check CHECK (revision >= 1),
    CONSTRAINT measure_values_value_check CHECK (value >= 0),
    CONSTRAINT measure_values_rank_check CHECK ((rank IS NULL) = (out_of IS NULL) AND rank BETWEEN 1 AND out_of),
    CONSTRAINT measure_values_something_check CHECK (value IS NOT NULL OR rank IS NOT NULL),
    CONSTRAINT measure_values_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT measure_values_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
);
-- One row for each revision, also of the whole country; whoever corrects the same revision at the same time comes second.
CREATE UNIQUE INDEX measure_values_revision_key ON measure_values (COALESCE(agency_id, 0), measure, period, revision);
CREATE INDEX measure_values_agency_id_idx ON measure_values (agency_id, measure);
CREATE INDEX measure_values_client_id_idx ON measure_values (client_id);
CREATE TRIGGER measure_values_refuse_delete BEFORE DELETE ON measure_values
    FOR EACH ROW EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER measure_values_refuse_truncate BEFORE TRUNCATE ON measure_values
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER measure_values_refuse_change BEFORE UPDATE ON measure_values
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
