-- Public halves of the keys that instances sign tokens with; the private halves never leave the instance's memory.
-- public_key: x and y of a point on P-256, 32 bytes each. A key signs before signs_until and is trusted until the
-- longest token it can have signed (token_seconds) is over. withdrawn_at: not trusted any more, at once.
CREATE TABLE signing_keys (
    kid           text        COLLATE "C" NOT NULL,
    public_key    bytea       NOT NULL,
    created_at    timestamptz NOT NULL,
    signs_until   timestamptz NOT NULL,
    token_seconds integer     NOT NULL,
    withdrawn_at  timestamptz,
    CONSTRAINT signing_keys_pkey PRIMARY KEY (kid),
    CONSTRAINT signing_keys_kid_check CHECK (kid ~ '^[A-Za-z0-9_-]{43}$'),
    CONSTRAINT signing_keys_public_key_check CHECK (octet_length(public_key) = 64),
    CONSTRAINT signing_keys_token_seconds_check CHECK (token_seconds > 0)
);
CREATE INDEX signing_keys_signs_until_idx ON signing_keys (signs_until);
CREATE TRIGGER signing_keys_refuse_delete BEFORE DELETE ON signing_keys
    FOR EACH ROW EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER signing_keys_refuse_truncate BEFORE TRUNCATE ON signing_keys
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();
-- A rotation or withdrawal makes every instance read anew whom it trusts. A new key does not: whoever meets a token
-- of it looks for it, and tokens that were checked stay checked.
CREATE TRIGGER signing_keys_bump_revision AFTER UPDATE ON signing_keys
    FOR EACH STATEMENT EXECUTE FUNCTION bump_catalogue_revision();

-- Clients that another issuer vouches for: they have no secret here, but are named, listed and revoked like others.
CREATE TABLE foreign_subjects (
    client_id uuid NOT NULL,
    issuer    text COLLATE "C" NOT NULL,
    subject   text COLLATE "C" NOT NULL,
    CONSTRAINT foreign_subjects_pkey PRIMARY KEY (client_id),
    CONSTRAINT foreign_subjects_issuer_subject_key UNIQUE (issuer, subject),
    CONSTRAINT foreign_subjects_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
);
CREATE TRIGGER foreign_subjects_refuse_change BEFORE UPDATE ON foreign_subjects
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER foreign_subjects_refuse_delete BEFORE DELETE ON foreign_subjects
    FOR EACH ROW EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER foreign_subjects_refuse_truncate BEFORE TRUNCATE ON foreign_subjects
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();
