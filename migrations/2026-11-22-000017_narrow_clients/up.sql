-- What narrows a client: an end, fewer permissions than its kind has (NULL: all of them), networks it may come from
-- (none: anywhere). While a secret is being replaced there are two; secret_hint is the beginning of the newer one and
-- tells which of the two was sent, so that every attempt costs one hash (NULL: the first one).
ALTER TABLE clients ADD COLUMN expires_at timestamptz;
ALTER TABLE clients ADD COLUMN permissions text[];
ALTER TABLE clients ADD COLUMN networks text[] NOT NULL DEFAULT '{}';
ALTER TABLE clients ADD COLUMN secret_hint text;
ALTER TABLE clients ADD COLUMN previous_secret_hash text;
ALTER TABLE clients ADD COLUMN previous_secret_until timestamptz;
ALTER TABLE clients ADD CONSTRAINT clients_previous_secret_check
    CHECK ((previous_secret_hash IS NULL) = (previous_secret_until IS NULL));
ALTER TABLE clients ADD CONSTRAINT clients_permissions_check CHECK (array_position(permissions, NULL) IS NULL);
ALTER TABLE clients ADD CONSTRAINT clients_networks_check CHECK (array_position(networks, NULL) IS NULL);

-- When a client was last seen, written behind by the minute. Apart from clients: a use must not make every instance
-- read anew whom it trusts. Only last_used_at changes, so that rows are updated in place.
CREATE TABLE client_uses (
    client_id    uuid        NOT NULL,
    last_used_at timestamptz NOT NULL,
    CONSTRAINT client_uses_pkey PRIMARY KEY (client_id),
    CONSTRAINT client_uses_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
) WITH (fillfactor = 50);

-- Every instance listens and looks at once; those that cannot hear look once a second as before.
CREATE OR REPLACE FUNCTION bump_catalogue_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE catalogue_revision SET revision = revision + 1;
    PERFORM pg_notify('sipas_catalogue', '');
    RETURN NULL;
END $$;
