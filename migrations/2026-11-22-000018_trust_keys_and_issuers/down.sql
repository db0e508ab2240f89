DROP TABLE foreign_subjects;
DROP TABLE signing_keys;
