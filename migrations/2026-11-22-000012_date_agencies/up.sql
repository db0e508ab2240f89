-- The tree of agencies over time. An agency's name, parent and administrative unit code are dated; mergers and
-- splits are successions with exact shares; each change is an event with its legal basis. Facts are added, never
-- rewritten: a figure of 2024 must still be made by the tree of 2024 in ten years.

-- Who changed the tree, when and on what basis. id: the sender's, so that a repetition is known; seq: order of
-- recording. client_id NULL: the catalogue files. content_digest: SHA-256 of what was asked for.
CREATE TABLE agency_events (
    id             uuid        NOT NULL,
    seq            bigint      GENERATED ALWAYS AS IDENTITY,
    kind           text        NOT NULL,
    effective_on   date        NOT NULL,
    basis          text        NOT NULL,
    client_id      uuid,
    recorded_at    timestamptz NOT NULL,
    content_digest bytea       NOT NULL,
    CONSTRAINT agency_events_pkey PRIMARY KEY (id),
    CONSTRAINT agency_events_seq_key UNIQUE (seq),
    CONSTRAINT agency_events_kind_check
        CHECK (kind IN ('open', 'rename', 'move', 'close', 'merge', 'split', 'recode', 'import')),
    CONSTRAINT agency_events_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
);
CREATE INDEX agency_events_client_id_idx ON agency_events (client_id);

-- What an event did to which agency.
CREATE TABLE agency_event_agencies (
    event_id  uuid    NOT NULL,
    agency_id integer NOT NULL,
    role      text    NOT NULL,
    CONSTRAINT agency_event_agencies_pkey PRIMARY KEY (event_id, agency_id, role),
    CONSTRAINT agency_event_agencies_role_check CHECK (role IN ('opened', 'changed', 'ended', 'predecessor', 'successor')),
    CONSTRAINT agency_event_agencies_event_id_fkey
        FOREIGN KEY (event_id) REFERENCES agency_events (id) ON DELETE RESTRICT,
    CONSTRAINT agency_event_agencies_agency_id_fkey
        FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT
);
CREATE INDEX agency_event_agencies_agency_id_idx ON agency_event_agencies (agency_id);

-- What an agency is called, where it stands and its unit code, from a day on. Of two versions of one day the one
-- with the greater id counts. event_id NULL: from the beginning, or carried over.
CREATE TABLE agency_versions (
    id          integer GENERATED ALWAYS AS IDENTITY,
    agency_id   integer NOT NULL,
    valid_from  date    NOT NULL,
    name        text    NOT NULL,
    parent_id   integer,
    unit_code   text,
    event_id    uuid,
    CONSTRAINT agency_versions_pkey PRIMARY KEY (id),
    CONSTRAINT agency_versions_parent_check CHECK (parent_id <> agency_id),
    CONSTRAINT agency_versions_unit_code_check CHECK (unit_code ~ '^([0-9]{2}|[0-9]{5})$'),
    CONSTRAINT agency_versions_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT agency_versions_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT agency_versions_event_id_fkey FOREIGN KEY (event_id) REFERENCES agency_events (id) ON DELETE RESTRICT
);
CREATE INDEX agency_versions_agency_id_idx ON agency_versions (agency_id, valid_from);
CREATE INDEX agency_versions_parent_id_idx ON agency_versions (parent_id);
CREATE INDEX agency_versions_event_id_idx ON agency_versions (event_id);

-- Who goes on with what an agency did. Shares of one predecessor and day add up to 1; the service sees to that.
-- Where an agency goes on after a part was split off, it is among its own successors.
CREATE TABLE agency_successions (
    predecessor_id integer NOT NULL,
    successor_id   integer NOT NULL,
    effective_on   date    NOT NULL,
    numerator      bigint  NOT NULL,
    denominator    bigint  NOT NULL,
    event_id       uuid    NOT NULL,
    CONSTRAINT agency_successions_pkey PRIMARY KEY (predecessor_id, successor_id, effective_on),
    CONSTRAINT agency_successions_share_check CHECK (numerator > 0 AND numerator <= denominator),
    CONSTRAINT agency_successions_predecessor_id_fkey
        FOREIGN KEY (predecessor_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT agency_successions_successor_id_fkey
        FOREIGN KEY (successor_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT agency_successions_event_id_fkey
        FOREIGN KEY (event_id) REFERENCES agency_events (id) ON DELETE RESTRICT
);
CREATE INDEX agency_successions_successor_id_idx ON agency_successions (successor_id);
CREATE INDEX agency_successions_event_id_idx ON agency_successions (event_id);

-- The shipped catalogue knew the 34 provinces from 2025-07-01 on; now they go on from before. The notes are those of
-- the catalogue file, so that loading it again finds what it says.
UPDATE agencies SET valid_from = '2012-01-01', note = concat_ws(' ', note, 'valid_from is where the catalogue begins, not the founding day.')
WHERE code IN ('H26', 'H14', 'H60', 'H18', 'H35', 'H52', 'H38', 'H55', 'H37', 'H49', 'H06', 'H44', 'H24', 'H31', 'H42',
               'H56', 'H41', 'H27', 'H50', 'H57', 'H17', 'H48', 'H21', 'H32', 'H15', 'H36', 'H19', 'H29', 'H53', 'H20',
               'H61', 'H01', 'H13', 'H12')
  AND level = 'province' AND valid_from = '2025-07-01' AND valid_to IS NULL AND parent_id IS NULL AND NOT sample;
-- What is known so far becomes the first version.
INSERT INTO agency_versions (agency_id, valid_from, name, parent_id, unit_code)
SELECT id, valid_from, name, parent_id, unit_code FROM agencies ORDER BY id;
INSERT INTO agency_versions (agency_id, valid_from, name, parent_id, unit_code)
SELECT id, '2025-07-01', name, parent_id, unit_code FROM agencies
WHERE valid_from = '2012-01-01' AND code IN ('H38', 'H06', 'H50', 'H57', 'H21', 'H53', 'H20', 'H01')
ORDER BY id;
UPDATE agency_versions v SET unit_code = old.unit_code, name = coalesce(old.name, v.name)
FROM agencies a, (VALUES ('H38', '10', NULL), ('H06', '27', NULL), ('H50', '45', NULL), ('H57', '46', 'Thừa Thiên Huế'),
    ('H21', '64', NULL), ('H53', '72', NULL), ('H20', '87', NULL), ('H01', '89', NULL)) AS old (code, unit_code, name)
WHERE a.id = v.agency_id AND a.code = old.code AND v.valid_from = '2012-01-01';
ALTER TABLE agencies DROP CONSTRAINT agencies_parent_id_fkey;
ALTER TABLE agencies DROP CONSTRAINT agencies_parent_check;
ALTER TABLE agencies DROP CONSTRAINT agencies_unit_code_check;
DROP INDEX agencies_parent_id_idx;
ALTER TABLE agencies DROP COLUMN name, DROP COLUMN search_name, DROP COLUMN parent_id, DROP COLUMN unit_code;

-- The one fact about an agency that comes later is its end.
CREATE FUNCTION refuse_all_but_the_end() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before agencies := OLD;
BEGIN
    before.valid_to := NEW.valid_to;
    IF OLD.valid_to IS NOT NULL OR before IS DISTINCT FROM NEW THEN
        RAISE EXCEPTION 'of an agency only the end can be added, once' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER agencies_refuse_change BEFORE UPDATE ON agencies
    FOR EACH ROW EXECUTE FUNCTION refuse_all_but_the_end();

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['agency_events', 'agency_event_agencies', 'agency_versions', 'agency_successions'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_delete()',
                       name || '_refuse_delete', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete()',
                       name || '_refuse_truncate', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                       name || '_refuse_change', name);
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I FOR EACH STATEMENT EXECUTE FUNCTION bump_catalogue_revision()',
                       name || '_bump_revision', name);
    END LOOP;
END $$;
