CREATE OR REPLACE FUNCTION bump_catalogue_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE catalogue_revision SET revision = revision + 1;
    RETURN NULL;
END $$;
DROP TABLE client_uses;
ALTER TABLE clients DROP CONSTRAINT clients_previous_secret_check;
ALTER TABLE clients DROP COLUMN previous_secret_until;
ALTER TABLE clients DROP COLUMN previous_secret_hash;
ALTER TABLE clients DROP COLUMN secret_hint;
ALTER TABLE clients DROP COLUMN networks;
ALTER TABLE clients DROP COLUMN permissions;
ALTER TABLE clients DROP COLUMN expires_at;
