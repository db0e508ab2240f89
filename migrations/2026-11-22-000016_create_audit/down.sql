ALTER TABLE clients DROP CONSTRAINT clients_kind_check;
ALTER TABLE clients ADD CONSTRAINT clients_kind_check CHECK (kind IN ('admin', 'system', 'device'));
DROP FUNCTION drop_audit_partitions(date);
DROP FUNCTION begin_audit_entry();
DROP FUNCTION ensure_audit_partition(date);
DROP TABLE audit_entries;
DROP TABLE audit_chain;
