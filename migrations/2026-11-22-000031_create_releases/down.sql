DROP TABLE release_seals;
DROP TABLE release_reviews;
DROP TABLE release_files;
DROP TABLE releases;
DROP TABLE release_keys;
DROP FUNCTION refuse_late_file();
DROP FUNCTION refuse_own_review();
DROP FUNCTION refuse_unreviewed_seal();
