DROP TRIGGER tallies_note_state ON tallies;
DROP FUNCTION note_tally_state();
DROP TABLE tally_states;
