DROP TRIGGER agencies_refuse_change ON agencies;
DROP FUNCTION refuse_all_but_the_end();
ALTER TABLE agencies ADD COLUMN unit_code text, ADD COLUMN name text, ADD COLUMN search_name text, ADD COLUMN parent_id integer;
-- Search without diacritics is lost: SQL cannot fold as the service does.
UPDATE agencies SET (name, search_name, parent_id, unit_code) =
    (SELECT name, lower(name), parent_id, unit_code FROM agency_versions WHERE agency_id = agencies.id
     ORDER BY valid_from DESC, id DESC LIMIT 1);
ALTER TABLE agencies ALTER COLUMN name SET NOT NULL, ALTER COLUMN search_name SET NOT NULL;
ALTER TABLE agencies
    ADD CONSTRAINT agencies_unit_code_check CHECK (unit_code ~ '^([0-9]{2}|[0-9]{5})$'),
    ADD CONSTRAINT agencies_parent_check CHECK (parent_id <> id),
    ADD CONSTRAINT agencies_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES agencies (id) ON DELETE RESTRICT;
CREATE INDEX agencies_parent_id_idx ON agencies (parent_id);
DROP TABLE agency_successions;
DROP TABLE agency_versions;
DROP TABLE agency_event_agencies;
DROP TABLE agency_events;
