DROP TRIGGER response_flags_log_inserted ON response_flags;
DROP TRIGGER response_flags_log_updated ON response_flags;
DROP TRIGGER response_voids_log_inserted ON response_voids;
DROP TRIGGER response_voids_log_updated ON response_voids;
DROP FUNCTION log_standings();
DROP TABLE standing_log;
