DROP TABLE webhook_deliveries;
DROP TABLE webhook_events;
ALTER TABLE alerts DROP CONSTRAINT alerts_webhook_id_fkey;
DROP TABLE webhooks;
