-- What administrators want to be told of, and what they were told.

-- threshold: hundredths of the formula's unit (below_target, drop) or of a percent (participation), hours of office time
-- (silent_device), responses (flagged_burst). formula and confidence: of rules that look at an interval.
CREATE TABLE alert_rules (
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    agency_id  integer     NOT NULL,
    each_child boolean     NOT NULL,
    kind       text        NOT NULL,
    survey_id  integer,
    period     text,
    formula    text,
    confidence smallint,
    threshold  integer     NOT NULL,
    created_by uuid        NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at   timestamptz,
    CONSTRAINT alert_rules_pkey PRIMARY KEY (id),
    CONSTRAINT alert_rules_kind_check CHECK (
        kind IN ('below_target', 'drop', 'silent_device', 'participation', 'flagged_burst')
    ),
    CONSTRAINT alert_rules_period_check CHECK (period IN ('month', 'quarter')),
    CONSTRAINT alert_rules_figure_check CHECK (
        (survey_id IS NOT NULL) = (kind IN ('below_target', 'drop', 'participation'))
        AND (survey_id IS NULL) = (period IS NULL)
        AND (formula IS NOT NULL) = (kind IN ('below_target', 'drop'))
        AND (formula IS NULL) = (confidence IS NULL)
    ),
    CONSTRAINT alert_rules_threshold_check CHECK (threshold > 0),
    CONSTRAINT alert_rules_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT alert_rules_survey_id_fkey FOREIGN KEY (survey_id) REFERENCES surveys (id) ON DELETE RESTRICT,
    CONSTRAINT alert_rules_created_by_fkey FOREIGN KEY (created_by) REFERENCES clients (id) ON DELETE RESTRICT
);
CREATE INDEX alert_rules_agency_id_idx ON alert_rules (agency_id);
CREATE INDEX alert_rules_survey_id_idx ON alert_rules (survey_id);
CREATE INDEX alert_rules_created_by_idx ON alert_rules (created_by);

-- An episode: from when a rule's condition was seen to hold of a subject until it was seen not to. subject: agency and
-- period, or the device. agency_id: NULL is the whole country's. evidence: JSON, what was seen when it was opened, as
-- those in charge may see it.
CREATE TABLE alerts (
    seq          bigint      GENERATED ALWAYS AS IDENTITY,
    kind         text        NOT NULL,
    rule_id      uuid,
    webhook_id   uuid,
    agency_id    integer,
    subject      text        NOT NULL,
    period       text,
    client_id    uuid,
    evidence     text        NOT NULL,
    opened_at    timestamptz NOT NULL,
    closed_at    timestamptz,
    close_reason text,
    CONSTRAINT alerts_pkey PRIMARY KEY (seq),
    CONSTRAINT alerts_cause_check CHECK (
        (rule_id IS NULL) <> (webhook_id IS NULL) AND (webhook_id IS NOT NULL) = (kind = 'webhook_paused')
    ),
    CONSTRAINT alerts_closed_check CHECK ((closed_at IS NULL) = (close_reason IS NULL)),
    CONSTRAINT alerts_close_reason_check CHECK (close_reason IN ('recovered', 'period_over', 'rule_changed', 'ended')),
    CONSTRAINT alerts_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES alert_rules (id) ON DELETE RESTRICT,
    CONSTRAINT alerts_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT alerts_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
);
-- One open episode of a rule and subject, whoever evaluates.
CREATE UNIQUE INDEX alerts_open_idx ON alerts (rule_id, subject) WHERE closed_at IS NULL AND rule_id IS NOT NULL;
CREATE INDEX alerts_rule_id_idx ON alerts (rule_id, subject, seq);
CREATE INDEX alerts_webhook_id_idx ON alerts (webhook_id);
CREATE INDEX alerts_agency_id_idx ON alerts (agency_id, seq);
CREATE INDEX alerts_client_id_idx ON alerts (client_id);
