DROP TRIGGER ingest_batches_log_folded ON ingest_batches;
DROP FUNCTION log_folded();
DROP TABLE response_log;
