-- How many dossiers an agency itself handled in a month, quarter or year, as another system reported it. Rows are
-- only added: the newest of an agency and period counts, what was said before stays readable. from_day and to_day
-- (exclusive) are the period's bounds.
CREATE TABLE dossier_counts (
    agency_id   integer     NOT NULL,
    period      text        NOT NULL,
    id          bigint      GENERATED ALWAYS AS IDENTITY,
    from_day    date        NOT NULL,
    to_day      date        NOT NULL,
    count       bigint      NOT NULL,
    source      text        NOT NULL,
    client_id   uuid        NOT NULL,
    reported_at timestamptz NOT NULL,
    CONSTRAINT dossier_counts_pkey PRIMARY KEY (agency_id, period, id),
    CONSTRAINT dossier_counts_period_check CHECK (period ~ '^[0-9]{4}(-(Q[1-4]|[0-9]{2}))?$'),
    CONSTRAINT dossier_counts_days_check CHECK (from_day < to_day),
    CONSTRAINT dossier_counts_count_check CHECK (count BETWEEN 0 AND 1000000000),
    CONSTRAINT dossier_counts_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT dossier_counts_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients (id) ON DELETE RESTRICT
);
CREATE INDEX dossier_counts_client_id_idx ON dossier_counts (client_id);
CREATE TRIGGER dossier_counts_refuse_delete BEFORE DELETE ON dossier_counts
    FOR EACH ROW EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER dossier_counts_refuse_truncate BEFORE TRUNCATE ON dossier_counts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();
CREATE TRIGGER dossier_counts_refuse_change BEFORE UPDATE ON dossier_counts
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
