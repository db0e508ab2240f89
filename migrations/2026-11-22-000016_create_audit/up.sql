-- Who did what: one row for each administrative change and each read of single responses, written in the
-- transaction of the thing itself. Rows are only added. Never a secret or an answer in it. What the chain of hashes
-- proves, and what not, is said in src/domain/audit_chain.rs.
--
-- One row that every writer locks, last in its transaction: so there is one order without gaps. It holds the newest
-- entry, and the last one that is not kept any more (number 0 and a hash of zeros: everything is kept).
CREATE TABLE audit_chain (
    singleton       boolean NOT NULL DEFAULT true,
    seq             bigint  NOT NULL DEFAULT 0,
    hash            bytea   NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    month           date    NOT NULL DEFAULT '1970-01-01',
    kept_after_seq  bigint  NOT NULL DEFAULT 0,
    kept_after_hash bytea   NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    CONSTRAINT audit_chain_pkey PRIMARY KEY (singleton),
    CONSTRAINT audit_chain_singleton_check CHECK (singleton),
    CONSTRAINT audit_chain_hash_check CHECK (length(hash) = 32 AND length(kept_after_hash) = 32),
    CONSTRAINT audit_chain_seq_check CHECK (0 <= kept_after_seq AND kept_after_seq <= seq)
);
INSERT INTO audit_chain DEFAULT VALUES;

-- month is when an entry was written by the database's clock, and never before that of the entry before it: so a
-- month that is dropped is a piece of the chain from its beginning on, whatever the clocks of the instances say in
-- "at". No foreign key to agencies, which can never be deleted: making and dropping months would have to lock them.
CREATE TABLE audit_entries (
    month     date        NOT NULL,
    seq       bigint      NOT NULL,
    at        timestamptz NOT NULL,
    actor     text        NOT NULL,
    action    text        NOT NULL,
    agency_id integer,
    object    text        NOT NULL,
    details   text        NOT NULL,
    hash      bytea       NOT NULL,
    CONSTRAINT audit_entries_pkey PRIMARY KEY (month, seq),
    CONSTRAINT audit_entries_length_check CHECK (
        length(actor) <= 100 AND length(object) <= 200 AND length(details) <= 8000 AND length(hash) = 32
    )
) PARTITION BY RANGE (month);
CREATE INDEX audit_entries_agency_id_idx ON audit_entries (agency_id, seq);
CREATE TRIGGER audit_entries_refuse_change BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entries_refuse_truncate BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER audit_chain_refuse_delete BEFORE DELETE ON audit_chain
    FOR EACH ROW EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER audit_chain_refuse_truncate BEFORE TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();

-- Makes the partition of the month that holds the day, if it is missing. Safe to call from many instances at once.
CREATE FUNCTION ensure_audit_partition(day date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    first date := date_trunc('month', day)::date;
    name  text := 'audit_entries_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- As for the months of responses: waiting for a lock on the table brings the view of the catalogue up to date.
    LOCK TABLE audit_entries IN SHARE UPDATE EXCLUSIVE MODE;
    IF to_regclass(name) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF audit_entries FOR VALUES FROM (%L) TO (%L)', name,
        first, (first + interval '1 month')::date);
    RETURN true;
END $$;

-- Lets nobody else write until the transaction ends; gives the month that the next entry belongs to, whose partition
-- is there then. Months are made ahead of time; that one is missing here happens before a service has ever run.
CREATE FUNCTION begin_audit_entry() RETURNS date LANGUAGE plpgsql AS $$
DECLARE
    this date := date_trunc('month', clock_timestamp() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date;
BEGIN
    SELECT greatest(month, this) INTO this FROM audit_chain FOR UPDATE;
    PERFORM ensure_audit_partition(this);
    RETURN this;
END $$;

-- Drops the months before the given day (the first of one) and keeps the hash of the last entry that went, from which
-- on the rest can be verified; gives how many months.
CREATE FUNCTION drop_audit_partitions(before date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    name  text;
    count integer := 0;
BEGIN
    PERFORM 1 FROM audit_chain FOR UPDATE;
    UPDATE audit_chain SET kept_after_seq = gone.seq, kept_after_hash = gone.hash
    FROM (SELECT seq, hash FROM audit_entries WHERE month < before ORDER BY month DESC, seq DESC LIMIT 1) gone;
    FOR name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'audit_entries'::regclass
          -- CASE, because the planner may otherwise read a date out of any other table's name first.
          AND CASE WHEN c.relname ~ '^audit_entries_[0-9]{4}_[0-9]{2}$'
                   THEN to_date(substr(c.relname, 15), 'YYYY_MM') < before ELSE false END
        ORDER BY 1
    LOOP
        EXECUTE format('DROP TABLE %I', name);
        count := count + 1;
    END LOOP;
    RETURN count;
END $$;

-- A viewer reads figures and nothing else.
ALTER TABLE clients DROP CONSTRAINT clients_kind_check;
ALTER TABLE clients ADD CONSTRAINT clients_kind_check CHECK (kind IN ('admin', 'system', 'device', 'viewer'));
