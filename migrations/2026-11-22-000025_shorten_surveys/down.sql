ALTER TABLE surveys DROP COLUMN short_form;
