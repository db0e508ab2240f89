DROP TABLE commented_months;
DROP TABLE undertaking_comments;
DROP TABLE undertaking_revisions;
DROP TABLE undertakings;
