DROP TABLE measure_values;
