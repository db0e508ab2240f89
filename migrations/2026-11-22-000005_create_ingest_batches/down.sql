DROP FUNCTION store_responses;
DROP TABLE ingest_batches;
