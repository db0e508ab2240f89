DROP TABLE release_files;
DROP TABLE releases;
DROP TABLE release_keys;
DROP FUNCTION refuse_change_of_release();
DROP FUNCTION refuse_late_file();
