-- Publications of figures. What was figured out when the draft was made stands in release_files as the exact bytes and is never
-- made again by the service; digest is SHA-256 of draft, the canonical JSON that names these files with theirs. A release
-- goes one way: draft, approved or rejected by a second client, sealed; nothing of a sealed or rejected one changes.

-- Public halves (Ed25519, 32 bytes) of every key that ever sealed; kid is their SHA-256 in hexadecimal. The private half is
-- a file outside the database.
CREATE TABLE release_keys (
    kid           text        NOT NULL,
    public_key    bytea       NOT NULL,
    first_used_at timestamptz NOT NULL,
    CONSTRAINT release_keys_pkey PRIMARY KEY (kid),
    CONSTRAINT release_keys_public_key_check CHECK (length(public_key) = 32)
);

-- agency_id NULL: the whole country's. series: the agency's code, "_", a name; revision: from 1 in each series, given when it
-- is sealed. corrects: the revision before, as the draft names it.
CREATE TABLE releases (
    id                uuid        NOT NULL,
    seq               bigint      GENERATED ALWAYS AS IDENTITY,
    agency_id         integer,
    series            text        NOT NULL,
    title_vi          text        NOT NULL,
    title_en          text        NOT NULL,
    corrects          integer,
    correction_reason text,
    draft             text        NOT NULL,
    digest            bytea       NOT NULL,
    state             text        NOT NULL DEFAULT 'draft',
    drafted_by        uuid        NOT NULL,
    drafted_at        timestamptz NOT NULL,
    reviewed_by       uuid,
    reviewed_at       timestamptz,
    review_reason     text,
    sealed_by         uuid,
    sealed_at         timestamptz,
    revision          integer,
    kid               text,
    manifest          text,
    package           bytea,
    package_digest    bytea,
    CONSTRAINT releases_pkey PRIMARY KEY (id),
    CONSTRAINT releases_seq_key UNIQUE (seq),
    CONSTRAINT releases_revision_key UNIQUE (series, revision),
    CONSTRAINT releases_state_check CHECK (state IN ('draft', 'approved', 'rejected', 'sealed')),
    CONSTRAINT releases_series_check CHECK (series ~ '^[A-Z][A-Z0-9.]*_[0-9A-Za-z][0-9A-Za-z-]*$'),
    CONSTRAINT releases_digest_check CHECK (length(digest) = 32 AND length(package_digest) = 32),
    CONSTRAINT releases_corrects_check CHECK (corrects >= 1 AND (corrects IS NULL) = (correction_reason IS NULL)),
    CONSTRAINT releases_reviewed_check CHECK (
        (state = 'draft') = (reviewed_by IS NULL) AND (reviewed_by IS NULL) = (reviewed_at IS NULL)
        AND (reviewed_by IS NULL) = (review_reason IS NULL)
    ),
    CONSTRAINT releases_second_person_check CHECK (reviewed_by <> drafted_by),
    CONSTRAINT releases_sealed_check CHECK (
        (state = 'sealed') = (sealed_by IS NOT NULL) AND (sealed_by IS NULL) = (sealed_at IS NULL)
        AND (sealed_by IS NULL) = (revision IS NULL) AND (sealed_by IS NULL) = (kid IS NULL)
        AND (sealed_by IS NULL) = (manifest IS NULL) AND (sealed_by IS NULL) = (package IS NULL)
        AND (sealed_by IS NULL) = (package_digest IS NULL)
    ),
    CONSTRAINT releases_successor_check CHECK (revision = coalesce(corrects, 0) + 1),
    CONSTRAINT releases_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT releases_drafted_by_fkey FOREIGN KEY (drafted_by) REFERENCES clients (id) ON DELETE RESTRICT,
    CONSTRAINT releases_reviewed_by_fkey FOREIGN KEY (reviewed_by) REFERENCES clients (id) ON DELETE RESTRICT,
    CONSTRAINT releases_sealed_by_fkey FOREIGN KEY (sealed_by) REFERENCES clients (id) ON DELETE RESTRICT,
    CONSTRAINT releases_kid_fkey FOREIGN KEY (kid) REFERENCES release_keys (kid) ON DELETE RESTRICT
);
CREATE INDEX releases_agency_id_idx ON releases (agency_id, seq);
CREATE INDEX releases_drafted_by_idx ON releases (drafted_by);
CREATE INDEX releases_reviewed_by_idx ON releases (reviewed_by);
CREATE INDEX releases_sealed_by_idx ON releases (sealed_by);
CREATE INDEX releases_kid_idx ON releases (kid);

-- The files of a draft, as they were made then.
CREATE TABLE release_files (
    release_id uuid  NOT NULL,
    name       text  NOT NULL,
    content    bytea NOT NULL,
    CONSTRAINT release_files_pkey PRIMARY KEY (release_id, name),
    CONSTRAINT release_files_name_check CHECK (name ~ '^[a-z0-9][a-z0-9.-]*$'),
    CONSTRAINT release_files_release_id_fkey FOREIGN KEY (release_id) REFERENCES releases (id) ON DELETE RESTRICT
);

CREATE FUNCTION refuse_change_of_release() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    reviewed text[] := ARRAY['state', 'reviewed_by', 'reviewed_at', 'review_reason'];
    sealed   text[] := ARRAY['state', 'sealed_by', 'sealed_at', 'revision', 'kid', 'manifest', 'package', 'package_digest'];
BEGIN
    IF NOT (OLD.state = 'draft' AND NEW.state IN ('approved', 'rejected') AND to_jsonb(NEW) - reviewed = to_jsonb(OLD) - reviewed
            OR OLD.state = 'approved' AND NEW.state = 'sealed' AND to_jsonb(NEW) - sealed = to_jsonb(OLD) - sealed) THEN
        RAISE EXCEPTION 'a release is reviewed once and sealed once, and nothing else of it changes'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER releases_refuse_change BEFORE UPDATE ON releases
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_release();
-- The files come with the draft, in its transaction.
CREATE FUNCTION refuse_late_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM releases r WHERE r.id = NEW.release_id AND r.xmin::text = (pg_current_xact_id()::xid)::text) THEN
        RAISE EXCEPTION 'files come with their draft and not later' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER release_files_refuse_late BEFORE INSERT ON release_files
    FOR EACH ROW EXECUTE FUNCTION refuse_late_file();
CREATE TRIGGER release_files_refuse_change BEFORE UPDATE ON release_files
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER release_keys_refuse_change BEFORE UPDATE ON release_keys
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['releases', 'release_files', 'release_keys'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_delete()',
                       name || '_refuse_delete', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete()',
                       name || '_refuse_truncate', name);
    END LOOP;
END $$;
