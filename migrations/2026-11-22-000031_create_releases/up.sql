-- Publications of figures. What was figured out when the draft was made stands in release_files as the exact bytes and is never
-- made again by the service; digest is SHA-256 of draft, the canonical JSON that names these files with theirs. Rows are only
-- added: a draft, one review by a second client, one seal. Nothing of them ever changes.

-- Public halves (Ed25519, 32 bytes) of every key that ever sealed; kid is their SHA-256 in hexadecimal. The private half is
-- a file outside the database.
CREATE TABLE release_keys (
    kid           text        NOT NULL,
    public_key    bytea       NOT NULL,
    first_used_at timestamptz NOT NULL,
    CONSTRAINT release_keys_pkey PRIMARY KEY (kid),
    CONSTRAINT release_keys_public_key_check CHECK (length(public_key) = 32)
);

-- agency_id NULL: the whole country's. series: the agency's code, "_", a name. corrects: the revision before, as the draft names it.
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
    drafted_by        uuid        NOT NULL,
    drafted_at        timestamptz NOT NULL,
    CONSTRAINT releases_pkey PRIMARY KEY (id),
    CONSTRAINT releases_seq_key UNIQUE (seq),
    CONSTRAINT releases_series_check CHECK (series ~ '^[A-Z][A-Z0-9.]*_[0-9A-Za-z][0-9A-Za-z-]*$'),
    CONSTRAINT releases_digest_check CHECK (length(digest) = 32),
    CONSTRAINT releases_corrects_check CHECK (
        coalesce(corrects, 1) >= 1 AND (corrects IS NULL) = (correction_reason IS NULL)
    ),
    CONSTRAINT releases_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT releases_drafted_by_fkey FOREIGN KEY (drafted_by) REFERENCES clients (id) ON DELETE RESTRICT
);
CREATE INDEX releases_agency_id_idx ON releases (agency_id, seq);
CREATE INDEX releases_drafted_by_idx ON releases (drafted_by);

-- The files of a draft, as they were made then.
CREATE TABLE release_files (
    release_id uuid  NOT NULL,
    name       text  NOT NULL,
    content    bytea NOT NULL,
    CONSTRAINT release_files_pkey PRIMARY KEY (release_id, name),
    CONSTRAINT release_files_name_check CHECK (name ~ '^[a-z0-9][a-z0-9.-]*$'),
    CONSTRAINT release_files_release_id_fkey FOREIGN KEY (release_id) REFERENCES releases (id) ON DELETE RESTRICT
);

-- What a second client decided.
CREATE TABLE release_reviews (
    release_id  uuid        NOT NULL,
    decision    text        NOT NULL,
    reason      text        NOT NULL,
    client_id   uuid        NOT NULL,
    reviewed_at timestamptz NOT NULL,
    CONSTRAINT release_reviews_pkey PRIMARY KEY (release_id),
    CONSTRAINT release_reviews_decision_check CHECK (decision IN ('approved', 'rejected')),
    CONSTRAINT release_reviews_release_id_fkey FOREIGN KEY (release_id) REFERENCES releases (id) ON DELETE RESTRICT,
    CONSTRAINT release_reviews_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
);
CREATE INDEX release_reviews_client_id_idx ON release_reviews (client_id);

-- revision: from 1 in each series. manifest: the signed text; package: the whole archive as it is handed out for good.
CREATE TABLE release_seals (
    release_id     uuid        NOT NULL,
    series         text        NOT NULL,
    revision       integer     NOT NULL,
    kid            text        NOT NULL,
    client_id      uuid        NOT NULL,
    sealed_at      timestamptz NOT NULL,
    manifest       text        NOT NULL,
    package        bytea       NOT NULL,
    package_digest bytea       NOT NULL,
    CONSTRAINT release_seals_pkey PRIMARY KEY (release_id),
    CONSTRAINT release_seals_revision_key UNIQUE (series, revision),
    CONSTRAINT release_seals_digest_check CHECK (length(package_digest) = 32),
    CONSTRAINT release_seals_release_id_fkey FOREIGN KEY (release_id) REFERENCES releases (id) ON DELETE RESTRICT,
    CONSTRAINT release_seals_kid_fkey FOREIGN KEY (kid) REFERENCES release_keys (kid) ON DELETE RESTRICT,
    CONSTRAINT release_seals_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
);
CREATE INDEX release_seals_kid_idx ON release_seals (kid);
CREATE INDEX release_seals_client_id_idx ON release_seals (client_id);

-- The files come with the draft, in its transaction.
CREATE FUNCTION refuse_late_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM releases r WHERE r.id = NEW.release_id AND r.xmin = pg_current_xact_id()::xid) THEN
        RAISE EXCEPTION 'files come with their draft and not later' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER release_files_refuse_late BEFORE INSERT ON release_files
    FOR EACH ROW EXECUTE FUNCTION refuse_late_file();

CREATE FUNCTION refuse_own_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM releases r WHERE r.id = NEW.release_id AND r.drafted_by = NEW.client_id) THEN
        RAISE EXCEPTION 'who drafted a release does not review it' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER release_reviews_refuse_own BEFORE INSERT ON release_reviews
    FOR EACH ROW EXECUTE FUNCTION refuse_own_review();

-- Approved, and the revision right after the one it corrects.
CREATE FUNCTION refuse_unreviewed_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM releases r JOIN release_reviews v ON v.release_id = r.id AND v.decision = 'approved'
                   WHERE r.id = NEW.release_id AND r.series = NEW.series AND NEW.revision = coalesce(r.corrects, 0) + 1) THEN
        RAISE EXCEPTION 'only what was approved is sealed, as the revision it says' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER release_seals_refuse_unreviewed BEFORE INSERT ON release_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_unreviewed_seal();

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['release_keys', 'releases', 'release_files', 'release_reviews', 'release_seals'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()',
                       name || '_refuse_change', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_delete()',
                       name || '_refuse_delete', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete()',
                       name || '_refuse_truncate', name);
    END LOOP;
END $$;
