DROP TABLE measure_duties;
