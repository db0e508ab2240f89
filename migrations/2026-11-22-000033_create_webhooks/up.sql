-- Where events are sent, and what became of each.

-- secret: what events are signed with (Standard Webhooks); kept as it is, since a signature cannot be made from a hash.
-- Empty once the webhook is ended. previous_secret signs beside it until previous_until.
CREATE TABLE webhooks (
    id              uuid        NOT NULL,
    name            text        NOT NULL,
    agency_id       integer,
    url             text        NOT NULL,
    events          text[]      NOT NULL,
    secret          bytea       NOT NULL,
    previous_secret bytea,
    previous_until  timestamptz,
    state           text        NOT NULL DEFAULT 'active',
    pause_reason    text,
    created_by      uuid        NOT NULL,
    created_at      timestamptz NOT NULL,
    CONSTRAINT webhooks_pkey PRIMARY KEY (id),
    CONSTRAINT webhooks_state_check CHECK (state IN ('active', 'paused', 'ended')),
    CONSTRAINT webhooks_pause_reason_check CHECK (pause_reason IN ('asked', 'gone', 'failing')),
    CONSTRAINT webhooks_paused_check CHECK ((pause_reason IS NOT NULL) = (state = 'paused')),
    CONSTRAINT webhooks_events_check CHECK (cardinality(events) > 0 AND array_position(events, NULL) IS NULL),
    CONSTRAINT webhooks_previous_check CHECK ((previous_secret IS NULL) = (previous_until IS NULL)),
    CONSTRAINT webhooks_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT,
    CONSTRAINT webhooks_created_by_fkey FOREIGN KEY (created_by) REFERENCES clients (id) ON DELETE RESTRICT
);
CREATE INDEX webhooks_agency_id_idx ON webhooks (agency_id);
CREATE INDEX webhooks_created_by_idx ON webhooks (created_by);
ALTER TABLE alerts ADD CONSTRAINT alerts_webhook_id_fkey
    FOREIGN KEY (webhook_id) REFERENCES webhooks (id) ON DELETE RESTRICT;

-- What happened, in the bytes that every receiver gets, however late. Written in the transaction of the thing itself,
-- by one writer at a time, so that the order of the numbers is the order of the commits.
CREATE TABLE webhook_events (
    seq         bigint      GENERATED ALWAYS AS IDENTITY,
    id          uuid        NOT NULL,
    type        text        NOT NULL,
    agency_id   integer,
    occurred_at timestamptz NOT NULL,
    payload     bytea       NOT NULL,
    CONSTRAINT webhook_events_pkey PRIMARY KEY (seq),
    CONSTRAINT webhook_events_id_key UNIQUE (id),
    CONSTRAINT webhook_events_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT
);
CREATE INDEX webhook_events_agency_id_idx ON webhook_events (agency_id);

-- An event on its way to a webhook. leased_until: somebody is sending it; if he dies, another may from then on.
CREATE TABLE webhook_deliveries (
    webhook_id       uuid        NOT NULL,
    event_seq        bigint      NOT NULL,
    agency_id        integer,
    state            text        NOT NULL DEFAULT 'pending',
    attempts         integer     NOT NULL DEFAULT 0,
    first_attempt_at timestamptz,
    last_attempt_at  timestamptz,
    last_status      smallint,
    last_failure     text,
    due_at           timestamptz NOT NULL,
    leased_until     timestamptz,
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (webhook_id, event_seq),
    CONSTRAINT webhook_deliveries_state_check CHECK (state IN ('pending', 'delivered', 'given_up')),
    CONSTRAINT webhook_deliveries_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks (id) ON DELETE RESTRICT,
    CONSTRAINT webhook_deliveries_event_seq_fkey FOREIGN KEY (event_seq)
        REFERENCES webhook_events (seq) ON DELETE RESTRICT,
    CONSTRAINT webhook_deliveries_agency_id_fkey FOREIGN KEY (agency_id) REFERENCES agencies (id) ON DELETE RESTRICT
);
CREATE INDEX webhook_deliveries_event_seq_idx ON webhook_deliveries (event_seq);
CREATE INDEX webhook_deliveries_agency_id_idx ON webhook_deliveries (agency_id);
-- The oldest that waits of each webhook and agency; 0 stands for the whole country.
CREATE INDEX webhook_deliveries_pending_idx ON webhook_deliveries (webhook_id, coalesce(agency_id, 0), event_seq)
    WHERE state = 'pending';
