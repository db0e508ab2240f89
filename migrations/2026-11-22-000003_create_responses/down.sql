DROP TABLE comments;
DROP TABLE responses;
DROP FUNCTION ensure_response_partition(date);
DROP FUNCTION uuid_v7_floor(timestamptz);
