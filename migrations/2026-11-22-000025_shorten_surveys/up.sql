-- The short form of a survey: codes of criteria of its questionnaire version, in the order of asking; NULL if it has none.
-- Whether a response came by it is not stored: what it does not ask is stored like "not applicable".
ALTER TABLE surveys ADD COLUMN short_form text[];
ALTER TABLE surveys ADD CONSTRAINT surveys_short_form_check
    CHECK (cardinality(short_form) BETWEEN 1 AND 5 AND array_position(short_form, NULL) IS NULL);
