DROP FUNCTION store_visit_responses(timestamptz, uuid[], integer[], integer[], integer[], uuid[], bigint[], bytea[], text[],
                                    text[], text[], text[], boolean[], text[], uuid[]);
ALTER TABLE surveys DROP COLUMN visits;
DROP TABLE visit_uses;
DROP TABLE visit_keys;
