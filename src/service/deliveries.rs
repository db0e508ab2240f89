//! What became of events at a webhook, and sending them again.

use super::Services;
use super::audit;
use super::flags::Listed;
use super::webhooks::fetch;
use crate::auth::{Actor, policy};
use crate::domain::audit::{Action, By, Entry};
use crate::domain::webhook::{Delivery, DeliveryState, WebhookState, message_id};
use crate::error::{Error, ErrorCode, Faults, Result};
pub use crate::store::deliveries::Again;
use crate::store::deliveries::{deliveries_list, deliveries_replay, delivery_exists};
use crate::store::paging::Page;
use crate::store::{AsyncConnection, Conn, SILENCE};
use uuid::Uuid;

/// What a list of deliveries is narrowed to.
#[derive(Debug, Clone)]
pub struct DeliveryQuery {
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Most rows.
    pub limit: i64,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// One page of what became of events at a webhook, the newest first.
///
/// # Errors
/// As [`fetch`]; [`ErrorCode::InvalidCursor`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    id: Option<Uuid>,
    query: &DeliveryQuery,
) -> Result<Listed<Delivery>> {
    let placed = fetch(services, actor, id).await?;
    let webhook = placed.webhook.id;
    let filter = format!("deliveries {webhook} {:?}", query.state);
    let page = Page::new(query.limit, query.cursor.as_deref(), &filter)?;
    let read = async |conn: &mut Conn| deliveries_list(conn, webhook, query.state, &page).await;
    let mut items = services.db.within(SILENCE, read).await?;
    let next_cursor = page.cut(&mut items, |delivery| delivery.seq.to_string());
    Ok(Listed { items, next_cursor, catalogue: placed.catalogue })
}

/// Sends events again that were delivered or given up, with the same ids and bytes, in their order; gives how many. One
/// that still waits is not sent twice.
///
/// # Errors
/// As [`fetch`]; [`ErrorCode::WebhookEnded`]; [`ErrorCode::DeliveryNotFound`]; [`ErrorCode::ValidationFailed`].
pub async fn replay(
    services: &Services,
    actor: &Actor,
    id: Option<Uuid>,
    (again, faults): (Option<Again>, Faults),
) -> Result<usize> {
    let keeper = policy::webhook_keeper(actor)?;
    let webhook = fetch(services, actor, id).await?.webhook;
    let now = services.clock.now();
    let Some(again) = again.filter(|_| faults.is_empty()) else {
        return Err(Error::invalid(faults.into_vec(), now));
    };
    if webhook.state == WebhookState::Ended {
        return Err(Error::new(ErrorCode::WebhookEnded));
    }
    let work = async |conn: &mut Conn| {
        let which = match again {
            Again::One(event) if !delivery_exists(conn, webhook.id, event).await? => {
                return Err(Error::new(ErrorCode::DeliveryNotFound));
            }
            Again::One(event) => ("event", message_id(event)),
            Again::Since(at) => ("since", super::outbox::instant(at)),
        };
        let count = deliveries_replay(conn, webhook.id, again, now).await?;
        let entry = Entry {
            action: Action::WebhookReplayed,
            agency: webhook.agency,
            object: webhook.id.to_string(),
            details: vec![which, ("count", count.to_string())],
        };
        audit::record(conn, By::Client(keeper), &entry, now).await?;
        Ok(count)
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await
}
