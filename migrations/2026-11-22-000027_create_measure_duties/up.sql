-- Who is responsible for a measure at an agency from a day on. Rows are only added: of those whose day has come the latest
-- day counts, of one day the newest row. agency_id NULL: the whole country. The unit is named in words, by an agency, or by both.
CREATE TABLE measure_duties (
    id             bigint      GENERATED ALWAYS AS IDENTITY,
    measure        text        NOT NULL,
    agency_id      integer,
    from_day       date        NOT NULL,
    unit_vi        text,
    unit_en        text,
    unit_agency_id integer,
    client_id      uuid        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    CONSTRAINT measure_duties_pkey PRIMARY KEY (id),
    CONSTRAINT measure_duties_measure_check CHECK (measure ~ '^[a-z0-9][a-z0-9.-]*$'),
    CONSTRAINT measure_duties_unit_check CHECK (unit_vi IS NOT NULL OR unit_agency_id IS NOT NULL),
    CONSTRAINT measure_duties_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT measure_duties_unit_agency_id_fkey FOREIGN KEY (unit_agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT measure_duties_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
);
CREATE INDEX measure_duties_agency_id_idx ON measure_duties (agency_id, measure);
CREATE INDEX measure_duties_unit_agency_id_idx ON measure_duties (unit_agency_id);
CREATE INDEX measure_duties_client_id_idx ON measure_duties (client_id);
CREATE TRIGGER measure_duties_refuse_delete BEFORE DELETE ON measure_duties
    FOR EACH ROW EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER measure_duties_refuse_truncate BEFORE TRUNCATE ON measure_duties
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER measure_duties_refuse_change BEFORE UPDATE ON measure_duties
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
