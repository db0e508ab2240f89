-- Who did what: one row for each administrative change and each read of single responses, written in the
-- transaction of the thing itself. Rows are only added. Never a secret or an answer in it.
CREATE TABLE audit_entries (
    seq       bigint      GENERATED ALWAYS AS IDENTITY,
    at        timestamptz NOT NULL,
    actor     text        NOT NULL,
    action    text        NOT NULL,
    agency_id integer,
    object    text        NOT NULL,
    details   text        NOT NULL,
    CONSTRAINT audit_entries_pkey PRIMARY KEY (seq),
    CONSTRAINT audit_entries_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT
);
CREATE INDEX audit_entries_agency_id_idx ON audit_entries (agency_id);
CREATE TRIGGER audit_entries_refuse_delete BEFORE DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER audit_entries_refuse_truncate BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER audit_entries_refuse_change BEFORE UPDATE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A viewer reads figures and nothing else.
ALTER TABLE clients DROP CONSTRAINT clients_kind_check;
ALTER TABLE clients ADD CONSTRAINT clients_kind_check CHECK (kind IN ('admin', 'system', 'device', 'viewer'));
