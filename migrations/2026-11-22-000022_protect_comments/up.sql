-- Comments are stored with what could name a person replaced (src/domain/redaction.rs). rules: the version of the
-- rules that were applied on arrival, 0 for what arrived before there were any; a repeated response is compared with the stored
-- words only where both went through the same rules. The marker that stands for an address may be longer than the address.
ALTER TABLE comments ADD COLUMN rules smallint NOT NULL DEFAULT 0;
ALTER TABLE comments ALTER COLUMN rules SET DEFAULT 1;
ALTER TABLE comments DROP CONSTRAINT comments_body_check;
ALTER TABLE comments ADD CONSTRAINT comments_body_check CHECK (length(body) BETWEEN 1 AND 8000);

-- Puts comments into an order that says nothing of when they arrived. Secret against readers, not against whoever
-- holds the database.
ALTER TABLE installation ADD COLUMN comments_key bytea NOT NULL
    DEFAULT sha256((gen_random_uuid()::text || gen_random_uuid()::text)::bytea);
ALTER TABLE installation ADD CONSTRAINT installation_comments_key_check CHECK (length(comments_key) = 32);
