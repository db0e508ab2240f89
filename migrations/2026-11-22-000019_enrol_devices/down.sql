DROP TABLE device_signs;
DROP TABLE enrolments;
DROP TABLE device_places;
ALTER TABLE clients DROP COLUMN survey_id, DROP COLUMN stands_since, DROP COLUMN suspended_at;
