ALTER TABLE installation DROP CONSTRAINT installation_comments_key_check;
ALTER TABLE installation DROP COLUMN comments_key;
-- Words that the markers made longer than was allowed are cut; which ones they were is not known any more.
UPDATE comments SET body = left(body, 2000) WHERE length(body) > 2000;
ALTER TABLE comments DROP CONSTRAINT comments_body_check;
ALTER TABLE comments ADD CONSTRAINT comments_body_check CHECK (length(body) BETWEEN 1 AND 2000);
ALTER TABLE comments DROP COLUMN rules;
