-- What was flagged or void counted nowhere among the counted: run `sipas verify --repair` afterwards.
DROP TABLE judging;
DROP TABLE judged_responses;
DROP TABLE response_voids;
DROP TABLE flag_reviews;
DROP TABLE response_flags;
DROP FUNCTION refuse_change_of_void();
DROP FUNCTION refuse_change_of_finding();
DELETE FROM tallies WHERE reach > 1;
ALTER TABLE tallies DROP CONSTRAINT tallies_reach_check;
ALTER TABLE tallies ADD CONSTRAINT tallies_reach_check CHECK (reach BETWEEN 0 AND 1);
