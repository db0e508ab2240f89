//! The outbox: what happened is written down for every webhook that wants it, in the transaction of the thing itself and
//! in the bytes that will be sent. [`super::sending`] does the rest, outside of any transaction.
//!
//! A webhook may lead anywhere: figures in an event are those that everybody may read, small cells hidden.

use crate::domain::ids::{AgencyId, uuid_v7};
use crate::domain::tree::AgencyTree;
use crate::domain::webhook::{EventType, Webhook};
use crate::error::{Error, Result};
use crate::store::Conn;
use crate::store::deliveries::{NewEvent, event_insert};
use crate::store::webhooks::webhooks_going;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// What happened.
#[derive(Debug)]
pub struct Happening {
    /// What.
    pub kind: EventType,
    /// Whose affair it is; `None`: the whole country's.
    pub agency: Option<AgencyId>,
    /// When.
    pub at: DateTime<Utc>,
    /// What receivers are told.
    pub data: Value,
    /// A webhook that is not told.
    pub except: Option<Uuid>,
}

/// The body of an event (Standard Webhooks 1.0.0, "Payload structure").
#[derive(Serialize)]
struct Payload<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: &'a str,
    data: &'a Value,
}

/// Writes down what happened for every webhook that wants to know, paused ones too. To be called in the transaction of
/// the thing itself, before its entry in the audit log.
///
/// # Errors
/// Those of the database; the transaction fails with it.
pub async fn emit(conn: &mut Conn, tree: &AgencyTree, happening: &Happening) -> Result<()> {
    let wants = |webhook: &Webhook| {
        let reaches = match (webhook.agency, happening.agency) {
            (None, _) => true,
            (Some(root), Some(agency)) => tree.contains(root, agency),
            (Some(_), None) => false,
        };
        reaches && webhook.events.contains(&happening.kind) && Some(webhook.id) != happening.except
    };
    let webhooks: Vec<Uuid> = webhooks_going(conn)
        .await?
        .iter()
        .filter(|webhook| wants(webhook))
        .map(|webhook| webhook.id)
        .collect();
    if webhooks.is_empty() {
        return Ok(());
    }
    let timestamp = instant(happening.at);
    let payload = Payload { kind: happening.kind.as_str(), timestamp: &timestamp, data: &happening.data };
    let payload = serde_json::to_vec(&payload).map_err(Error::internal)?;
    let event = NewEvent {
        id: uuid_v7(happening.at),
        kind: happening.kind,
        agency: happening.agency,
        at: happening.at,
        payload: &payload,
    };
    event_insert(conn, &event, &webhooks).await
}

/// An instant as events write it.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
