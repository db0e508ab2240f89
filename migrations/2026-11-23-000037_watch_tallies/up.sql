-- Which state the tallies are in: another one after every transaction that changes any row of them. Whoever holds rows in
-- memory sees in the same statement that reads the tail whether they are still what is stored. A trigger, so that no
-- writer can forget it. A random value and no counter: a database put back from a backup would come to the same numbers
-- again with other rows. Writers of tallies hold the folder's lock and do not wait for each other here.
CREATE TABLE tally_states (
    only_one boolean NOT NULL DEFAULT true,
    state    uuid    NOT NULL,
    CONSTRAINT tally_states_pkey PRIMARY KEY (only_one),
    CONSTRAINT tally_states_only_one_check CHECK (only_one)
);

INSERT INTO tally_states (state) VALUES (gen_random_uuid());

CREATE FUNCTION note_tally_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Once in a transaction is enough.
    UPDATE tally_states SET state = gen_random_uuid() WHERE xmin <> pg_current_xact_id()::xid;
    RETURN NULL;
END $$;

CREATE TRIGGER tallies_note_state BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tallies
    FOR EACH STATEMENT EXECUTE FUNCTION note_tally_state();
