-- Which reports are made by themselves. A schedule is only added and ended, once: what was asked for when stays to be read.
-- from_day: first day of the first period.
CREATE TABLE report_schedules (
    id         bigint      GENERATED ALWAYS AS IDENTITY,
    agency_id  integer     NOT NULL,
    survey_id  integer     NOT NULL,
    cadence    text        NOT NULL,
    languages  text[]      NOT NULL,
    from_day   date        NOT NULL,
    created_by uuid        NOT NULL,
    created_at timestamptz NOT NULL,
    ended_by   uuid,
    ended_at   timestamptz,
    CONSTRAINT report_schedules_pkey PRIMARY KEY (id),
    CONSTRAINT report_schedules_cadence_check CHECK (cadence IN ('month', 'quarter', 'year')),
    CONSTRAINT report_schedules_languages_check
        CHECK (languages <@ ARRAY['vi', 'en'] AND cardinality(languages) BETWEEN 1 AND 2),
    CONSTRAINT report_schedules_ended_check CHECK ((ended_by IS NULL) = (ended_at IS NULL)),
    CONSTRAINT report_schedules_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT report_schedules_survey_id_fkey FOREIGN KEY (survey_id) REFERENCES surveys (id) ON DELETE RESTRICT,
    CONSTRAINT report_schedules_created_by_fkey FOREIGN KEY (created_by) REFERENCES clients (id) ON DELETE RESTRICT,
    CONSTRAINT report_schedules_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES clients (id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX report_schedules_running_idx ON report_schedules (agency_id, survey_id, cadence)
    WHERE ended_at IS NULL;
CREATE INDEX report_schedules_agency_id_idx ON report_schedules (agency_id);
CREATE INDEX report_schedules_survey_id_idx ON report_schedules (survey_id);
CREATE INDEX report_schedules_created_by_idx ON report_schedules (created_by);
CREATE INDEX report_schedules_ended_by_idx ON report_schedules (ended_by);

-- Reports that were made, for everybody: once for each agency, survey, period, language and form, never changed. digest:
-- SHA-256 of the content; watermark: when the newest response in it arrived.
CREATE TABLE reports (
    seq       bigint      GENERATED ALWAYS AS IDENTITY,
    id        uuid        NOT NULL,
    agency_id integer     NOT NULL,
    survey_id integer     NOT NULL,
    period    text        NOT NULL,
    language  text        NOT NULL,
    format    text        NOT NULL,
    watermark timestamptz,
    digest    bytea       NOT NULL,
    bytes     integer     NOT NULL,
    content   bytea       NOT NULL,
    made_at   timestamptz NOT NULL,
    CONSTRAINT reports_pkey PRIMARY KEY (seq),
    CONSTRAINT reports_id_key UNIQUE (id),
    CONSTRAINT reports_once_key UNIQUE (agency_id, survey_id, period, language, format),
    CONSTRAINT reports_language_check CHECK (language IN ('vi', 'en')),
    CONSTRAINT reports_format_check CHECK (format IN ('html', 'xlsx', 'csv')),
    CONSTRAINT reports_digest_check CHECK (octet_length(digest) = 32 AND bytes = octet_length(content)),
    CONSTRAINT reports_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT reports_survey_id_fkey FOREIGN KEY (survey_id) REFERENCES surveys (id) ON DELETE RESTRICT
);
CREATE INDEX reports_agency_id_idx ON reports (agency_id, seq);
CREATE INDEX reports_survey_id_idx ON reports (survey_id);

-- What is packed already would not get smaller.
ALTER TABLE reports ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE FUNCTION refuse_change_of_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL OR to_jsonb(NEW) - 'ended_by' - 'ended_at' <> to_jsonb(OLD) - 'ended_by' - 'ended_at' THEN
        RAISE EXCEPTION 'a schedule is only ended, once' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER report_schedules_refuse_change BEFORE UPDATE ON report_schedules
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_schedule();
CREATE TRIGGER reports_refuse_change BEFORE UPDATE ON reports
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['report_schedules', 'reports'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_delete()',
                       name || '_refuse_delete', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete()',
                       name || '_refuse_truncate', name);
    END LOOP;
END $$;
