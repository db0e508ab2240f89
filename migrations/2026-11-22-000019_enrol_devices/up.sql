-- What narrows a device: one survey (NULL: any fielded at its agencies), and whether it may work at all. In clients, so that a change makes every instance read anew whom it
-- trusts (clients_bump_revision).
ALTER TABLE clients ADD COLUMN survey_id integer;
ALTER TABLE clients ADD COLUMN suspended_at timestamptz;
ALTER TABLE clients ADD CONSTRAINT clients_survey_id_fkey
    FOREIGN KEY (survey_id) REFERENCES surveys (id) ON DELETE RESTRICT;
CREATE INDEX clients_survey_id_idx ON clients (survey_id);
ALTER TABLE clients ADD CONSTRAINT clients_for_devices_check
    CHECK (kind = 'device' OR (survey_id IS NULL AND suspended_at IS NULL));

-- Where a device stood before, until when. What was answered there may still arrive and is taken as of then. since
-- NULL: from the start.
CREATE TABLE device_places (
    id               bigint      GENERATED ALWAYS AS IDENTITY,
    client_id        uuid        NOT NULL,
    since            timestamptz,
    until            timestamptz NOT NULL,
    agency_id        integer     NOT NULL,
    service_point_id integer,
    survey_id        integer,
    CONSTRAINT device_places_pkey PRIMARY KEY (id),
    CONSTRAINT device_places_order_check CHECK (since <= until),
    CONSTRAINT device_places_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT,
    CONSTRAINT device_places_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT device_places_service_point_id_fkey
        FOREIGN KEY (service_point_id) REFERENCES service_points (id) ON DELETE RESTRICT,
    CONSTRAINT device_places_survey_id_fkey FOREIGN KEY (survey_id) REFERENCES surveys (id) ON DELETE RESTRICT
);
CREATE INDEX device_places_client_id_idx ON device_places (client_id);
CREATE INDEX device_places_agency_id_idx ON device_places (agency_id);
CREATE INDEX device_places_service_point_id_idx ON device_places (service_point_id);
CREATE INDEX device_places_survey_id_idx ON device_places (survey_id);

-- An invitation, and what became of it: one device at most. Only the SHA-256
-- of the code is kept; 59 random bits that live for seven days at most need no slow hash. attempt is made by the
-- device: whoever sends it again lost the answer.
CREATE TABLE enrolments (
    id               uuid        NOT NULL,
    code_hash        bytea       NOT NULL,
    agency_id        integer     NOT NULL,
    service_point_id integer     NOT NULL,
    survey_id        integer,
    name             text,
    invited_by       uuid        NOT NULL,
    invited_at       timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL,
    revoked_at       timestamptz,
    client_id        uuid,
    enrolled_at      timestamptz,
    attempt          uuid,
    CONSTRAINT enrolments_pkey PRIMARY KEY (id),
    CONSTRAINT enrolments_code_hash_key UNIQUE (code_hash),
    CONSTRAINT enrolments_client_id_key UNIQUE (client_id),
    CONSTRAINT enrolments_life_check CHECK (expires_at > invited_at),
    CONSTRAINT enrolments_used_check CHECK ((client_id IS NULL) = (enrolled_at IS NULL)
        AND (client_id IS NULL) = (attempt IS NULL) AND (client_id IS NULL OR revoked_at IS NULL)),
    CONSTRAINT enrolments_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT enrolments_service_point_id_fkey
        FOREIGN KEY (service_point_id) REFERENCES service_points (id) ON DELETE RESTRICT,
    CONSTRAINT enrolments_survey_id_fkey FOREIGN KEY (survey_id) REFERENCES surveys (id) ON DELETE RESTRICT,
    CONSTRAINT enrolments_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES clients (id) ON DELETE RESTRICT,
    CONSTRAINT enrolments_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
);
CREATE INDEX enrolments_agency_id_idx ON enrolments (agency_id);
CREATE INDEX enrolments_service_point_id_idx ON enrolments (service_point_id);
CREATE INDEX enrolments_survey_id_idx ON enrolments (survey_id);
CREATE INDEX enrolments_invited_by_idx ON enrolments (invited_by);

-- What a device told about itself when it enrolled: what is on its box, nothing of its users.
CREATE TABLE device_facts (
    client_id     uuid NOT NULL,
    model         text NOT NULL,
    app_version   text NOT NULL,
    os            text,
    os_version    text,
    screen_width  integer,
    screen_height integer,
    CONSTRAINT device_facts_pkey PRIMARY KEY (client_id),
    CONSTRAINT device_facts_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
);

-- The newest signs of life of each device: what its heartbeat said, and how many of its responses were received on
-- the day it last sent one. 20,000 devices a minute write here, so: unlogged (no WAL, and a commit waits for no
-- disk), and half of each page is free for updates in place, which touch no db index (HOT). After a crash of
-- PostgreSQL the table is empty; heartbeats fill it within a minute, the count of the day begins anew.
CREATE UNLOGGED TABLE device_signs (
    client_id             uuid        NOT NULL,
    heartbeat_at          timestamptz,
    clock_offset_ms       bigint,
    backlog               integer,
    oldest_answered_at    timestamptz,
    app_version           text,
    survey                text,
    questionnaire_version smallint,
    battery_percent       smallint,
    storage_free_mb       integer,
    received_on           date,
    received              bigint      NOT NULL DEFAULT 0,
    last_response_at      timestamptz,
    CONSTRAINT device_signs_pkey PRIMARY KEY (client_id),
    CONSTRAINT device_signs_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
) WITH (fillfactor = 50);
