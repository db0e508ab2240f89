-- What may be shown to the public depends on where anybody answered at all, not on how many did: the revision of a
-- survey grows when an agency's month, or a criterion in it, gets its first answer. Whoever holds a mask made at this
-- revision (and knows the tail) may go on using it.
CREATE TABLE tally_shapes (
    survey_id integer NOT NULL,
    revision  bigint  NOT NULL,
    CONSTRAINT tally_shapes_pkey PRIMARY KEY (survey_id)
);
