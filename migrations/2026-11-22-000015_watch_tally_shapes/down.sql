DROP TABLE tally_shapes;
