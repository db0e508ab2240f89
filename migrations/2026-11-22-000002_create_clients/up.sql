-- Credentials of machines and administrators' API clients. agency_id NULL: the whole country.
-- Only the argon2id hash of a secret is kept; revoked_at ends a client for good.
CREATE TABLE clients (
    id               uuid        NOT NULL,
    kind             text        NOT NULL,
    name             text        NOT NULL,
    agency_id        integer,
    service_point_id integer,
    secret_hash      text        NOT NULL,
    created_at       timestamptz NOT NULL,
    revoked_at       timestamptz,
    CONSTRAINT clients_pkey PRIMARY KEY (id),
    CONSTRAINT clients_kind_check CHECK (kind IN ('admin', 'system', 'device')),
    CONSTRAINT clients_service_point_check CHECK (service_point_id IS NULL OR kind = 'device'),
    CONSTRAINT clients_device_agency_check CHECK (kind <> 'device' OR agency_id IS NOT NULL),
    CONSTRAINT clients_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT clients_service_point_id_fkey
        FOREIGN KEY (service_point_id) REFERENCES service_points (id) ON DELETE RESTRICT
);
CREATE INDEX clients_agency_id_idx ON clients (agency_id);
CREATE INDEX clients_service_point_id_idx ON clients (service_point_id);
CREATE TRIGGER clients_refuse_delete BEFORE DELETE ON clients FOR EACH ROW EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER clients_refuse_truncate BEFORE TRUNCATE ON clients
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();
