-- Tallies: counts per level for agency x criterion x day (Asia/Ho_Chi_Minh), so that a figure never
-- reads raw responses. criterion: its position in the survey's questionnaire; level_n counts answers
-- whose ordinal is n.
CREATE TABLE tallies (
    survey_id      integer NOT NULL,
    agency_id      integer NOT NULL,
    day            date    NOT NULL,
    criterion      smallint NOT NULL,
    not_applicable bigint  NOT NULL,
    level_1        bigint  NOT NULL,
    level_2        bigint  NOT NULL,
    level_3        bigint  NOT NULL,
    level_4        bigint  NOT NULL,
    level_5        bigint  NOT NULL,
    CONSTRAINT tallies_pkey PRIMARY KEY (survey_id, agency_id, day, criterion)
);

-- Respondent-level sums for the intervals of elements and of the whole, where the answers of one
-- person are not independent. part: 0 the whole questionnaire, 1 the criteria that must be
-- answered, then the elements in order.
-- For each respondent let m be the number of applicable answers in the part, s how many of them are
-- satisfied, v the sum of their level values; the columns add up m, m*m, s, s*s, s*m, v, v*v, v*m.
CREATE TABLE respondent_moments (
    survey_id        integer     NOT NULL,
    agency_id        integer     NOT NULL,
    day              date        NOT NULL,
    part             smallint    NOT NULL,
    respondents      bigint      NOT NULL,
    m                bigint      NOT NULL,
    mm               bigint      NOT NULL,
    s                bigint      NOT NULL,
    ss               bigint      NOT NULL,
    sm               bigint      NOT NULL,
    v                bigint      NOT NULL,
    vv               bigint      NOT NULL,
    vm               bigint      NOT NULL,
    last_received_at timestamptz NOT NULL,
    CONSTRAINT respondent_moments_pkey PRIMARY KEY (survey_id, agency_id, day, part)
);
