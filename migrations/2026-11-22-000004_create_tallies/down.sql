DROP TABLE respondent_moments, tallies;
