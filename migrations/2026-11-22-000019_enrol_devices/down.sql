DROP TABLE device_signs;
DROP TABLE device_facts;
DROP TABLE enrolments;
DROP TABLE device_places;
ALTER TABLE clients DROP COLUMN survey_id, DROP COLUMN suspended_at;
