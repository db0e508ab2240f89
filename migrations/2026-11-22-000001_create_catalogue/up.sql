-- The catalogue: who can be rated, where files are received, and what is asked.
-- Rows of the catalogue are never deleted: a response names its agency for ever. That is why
-- responses and tallies (later migrations) carry no foreign keys to it: a key guards against a
-- parent that goes away, these parents cannot (see refuse_delete), and a key check per inserted
-- row is paid for at every kiosk.

CREATE FUNCTION refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never deleted; end them by date instead', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are frozen once written', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

-- What this database is for; a demonstration must never mix with real responses.
CREATE TABLE installation (
    singleton     boolean NOT NULL DEFAULT true,
    demonstration boolean NOT NULL DEFAULT false,
    CONSTRAINT installation_pkey PRIMARY KEY (singleton),
    CONSTRAINT installation_singleton_check CHECK (singleton)
);
INSERT INTO installation DEFAULT VALUES;

-- One number that grows with every change of the catalogue, so that each instance knows when the
-- copy it holds in memory is out of date. Kept by triggers: no writer can forget it.
CREATE TABLE catalogue_revision (
    singleton boolean NOT NULL DEFAULT true,
    revision  bigint  NOT NULL DEFAULT 1,
    CONSTRAINT catalogue_revision_pkey PRIMARY KEY (singleton),
    CONSTRAINT catalogue_revision_singleton_check CHECK (singleton)
);
INSERT INTO catalogue_revision DEFAULT VALUES;

CREATE FUNCTION bump_catalogue_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE catalogue_revision SET revision = revision + 1;
    RETURN NULL;
END $$;

-- code: agency e-identifier, QĐ 20/2020/QĐ-TTg art. 4. unit_code: QĐ 19/2025/QĐ-TTg.
CREATE TABLE agencies (
    id          integer GENERATED ALWAYS AS IDENTITY,
    code        text    COLLATE "C" NOT NULL,
    unit_code   text,
    level       text    NOT NULL,
    name        text    NOT NULL,
    search_name text    NOT NULL,
    parent_id   integer,
    valid_from  date    NOT NULL,
    valid_to    date,
    sample      boolean NOT NULL DEFAULT false,
    note        text,
    CONSTRAINT agencies_pkey PRIMARY KEY (id),
    CONSTRAINT agencies_code_key UNIQUE (code),
    CONSTRAINT agencies_code_check CHECK (code ~ '^[A-Z][0-9]{2}(\.[A-Z0-9]+)*$' AND length(code) <= 35),
    CONSTRAINT agencies_unit_code_check CHECK (unit_code ~ '^([0-9]{2}|[0-9]{5})$'),
    CONSTRAINT agencies_level_check CHECK (level IN ('ministry', 'province', 'department', 'district', 'commune')),
    CONSTRAINT agencies_valid_check CHECK (valid_to > valid_from),
    CONSTRAINT agencies_parent_check CHECK (parent_id <> id),
    CONSTRAINT agencies_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES agencies (id) ON DELETE RESTRICT
);
CREATE INDEX agencies_parent_id_idx ON agencies (parent_id);

CREATE TABLE service_points (
    id         integer GENERATED ALWAYS AS IDENTITY,
    code       text    NOT NULL,
    agency_id  integer NOT NULL,
    name       text    NOT NULL,
    valid_from date    NOT NULL,
    valid_to   date,
    sample     boolean NOT NULL DEFAULT false,
    CONSTRAINT service_points_pkey PRIMARY KEY (id),
    CONSTRAINT service_points_code_key UNIQUE (code),
    CONSTRAINT service_points_code_check CHECK (code ~ '^[A-Z0-9][A-Z0-9.-]{0,39}$'),
    CONSTRAINT service_points_valid_check CHECK (valid_to > valid_from),
    CONSTRAINT service_points_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT
);
CREATE INDEX service_points_agency_id_idx ON service_points (agency_id);

CREATE TABLE questionnaires (
    id   integer GENERATED ALWAYS AS IDENTITY,
    code text NOT NULL,
    kind text NOT NULL,
    CONSTRAINT questionnaires_pkey PRIMARY KEY (id),
    CONSTRAINT questionnaires_code_key UNIQUE (code),
    CONSTRAINT questionnaires_kind_check CHECK (kind IN ('sipas', 'desk'))
);

-- content_digest: SHA-256 of the catalogue file's canonical form; a version is loaded once and
-- loading it again must bring the same content.
CREATE TABLE questionnaire_versions (
    id               integer     GENERATED ALWAYS AS IDENTITY,
    questionnaire_id integer     NOT NULL,
    version          smallint    NOT NULL,
    name_vi          text        NOT NULL,
    name_en          text        NOT NULL,
    source           text        NOT NULL,
    content_digest   bytea       NOT NULL,
    published_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT questionnaire_versions_pkey PRIMARY KEY (id),
    CONSTRAINT questionnaire_versions_version_key UNIQUE (questionnaire_id, version),
    CONSTRAINT questionnaire_versions_version_check CHECK (version > 0),
    CONSTRAINT questionnaire_versions_questionnaire_id_fkey
        FOREIGN KEY (questionnaire_id) REFERENCES questionnaires (id) ON DELETE RESTRICT
);

CREATE TABLE scales (
    version_id integer NOT NULL,
    code       text    NOT NULL,
    CONSTRAINT scales_pkey PRIMARY KEY (version_id, code),
    CONSTRAINT scales_version_id_fkey
        FOREIGN KEY (version_id) REFERENCES questionnaire_versions (id) ON DELETE RESTRICT
);

-- ordinal: place on the scale from the worst, from 1; what a stored answer holds (0 there means
-- not applicable). value: what the law or the form calls the level (1..5, or 0..2 points).
CREATE TABLE levels (
    version_id integer  NOT NULL,
    scale_code text     NOT NULL,
    ordinal    smallint NOT NULL,
    value      smallint NOT NULL,
    satisfied  boolean  NOT NULL,
    text_vi    text     NOT NULL,
    text_en    text     NOT NULL,
    CONSTRAINT levels_pkey PRIMARY KEY (version_id, scale_code, ordinal),
    CONSTRAINT levels_value_key UNIQUE (version_id, scale_code, value),
    CONSTRAINT levels_ordinal_check CHECK (ordinal BETWEEN 1 AND 5),
    CONSTRAINT levels_scale_fkey
        FOREIGN KEY (version_id, scale_code) REFERENCES scales (version_id, code) ON DELETE RESTRICT
);

CREATE TABLE elements (
    version_id integer  NOT NULL,
    position   smallint NOT NULL,
    code       text     NOT NULL,
    text_vi    text     NOT NULL,
    text_en    text     NOT NULL,
    CONSTRAINT elements_pkey PRIMARY KEY (version_id, position),
    CONSTRAINT elements_code_key UNIQUE (version_id, code),
    CONSTRAINT elements_position_check CHECK (position > 0),
    CONSTRAINT elements_version_id_fkey
        FOREIGN KEY (version_id) REFERENCES questionnaire_versions (id) ON DELETE RESTRICT
);

-- position: place in the whole questionnaire, from 1; also the place of the answer's byte in
-- responses.answers and the name of the criterion in the tallies.
CREATE TABLE criteria (
    version_id            integer  NOT NULL,
    position              smallint NOT NULL,
    element_position      smallint NOT NULL,
    scale_code            text     NOT NULL,
    code                  text     NOT NULL,
    number                text     NOT NULL,
    text_vi               text     NOT NULL,
    text_en               text     NOT NULL,
    may_be_not_applicable boolean  NOT NULL,
    CONSTRAINT criteria_pkey PRIMARY KEY (version_id, position),
    CONSTRAINT criteria_code_key UNIQUE (version_id, code),
    CONSTRAINT criteria_position_check CHECK (position BETWEEN 1 AND 200),
    CONSTRAINT criteria_element_fkey
        FOREIGN KEY (version_id, element_position) REFERENCES elements (version_id, position) ON DELETE RESTRICT,
    CONSTRAINT criteria_scale_fkey
        FOREIGN KEY (version_id, scale_code) REFERENCES scales (version_id, code) ON DELETE RESTRICT
);
CREATE INDEX criteria_element_idx ON criteria (version_id, element_position);
CREATE INDEX criteria_scale_idx ON criteria (version_id, scale_code);

-- A response belongs to the survey if it was answered in [opens_on, closes_on) Asia/Ho_Chi_Minh.
CREATE TABLE surveys (
    id         integer GENERATED ALWAYS AS IDENTITY,
    code       text    NOT NULL,
    version_id integer NOT NULL,
    name_vi    text    NOT NULL,
    name_en    text    NOT NULL,
    opens_on   date    NOT NULL,
    closes_on  date,
    sample     boolean NOT NULL DEFAULT false,
    CONSTRAINT surveys_pkey PRIMARY KEY (id),
    CONSTRAINT surveys_code_key UNIQUE (code),
    CONSTRAINT surveys_code_check CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,59}$'),
    CONSTRAINT surveys_window_check CHECK (closes_on > opens_on),
    CONSTRAINT surveys_version_id_fkey
        FOREIGN KEY (version_id) REFERENCES questionnaire_versions (id) ON DELETE RESTRICT
);
CREATE INDEX surveys_version_id_idx ON surveys (version_id);

-- Each named agency brings its whole subtree.
CREATE TABLE survey_agencies (
    survey_id integer NOT NULL,
    agency_id integer NOT NULL,
    CONSTRAINT survey_agencies_pkey PRIMARY KEY (survey_id, agency_id),
    CONSTRAINT survey_agencies_survey_id_fkey FOREIGN KEY (survey_id) REFERENCES surveys (id) ON DELETE RESTRICT,
    CONSTRAINT survey_agencies_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT
);
CREATE INDEX survey_agencies_agency_id_idx ON survey_agencies (agency_id);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['agencies', 'service_points', 'surveys', 'survey_agencies',
        'questionnaires', 'questionnaire_versions', 'scales', 'levels', 'elements', 'criteria'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_delete()',
                       name || '_refuse_delete', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete()',
                       name || '_refuse_truncate', name);
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION bump_catalogue_revision()',
                       name || '_bump_revision', name);
    END LOOP;
    -- The wording is frozen: a figure of 2026 must still say in 2036 what was asked.
    FOREACH name IN ARRAY ARRAY['questionnaires', 'questionnaire_versions', 'scales', 'levels', 'elements', 'criteria'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                       name || '_refuse_change', name);
    END LOOP;
END $$;
