//! Webhooks and their secrets. Secrets leave this file only on their way into a signature.

use super::paging::Page;
use super::schema::webhooks::{self, self as w};
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::ids::{AgencyId, ClientId};
use crate::domain::webhook::{EventType, PauseReason, Webhook, WebhookState};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhooks, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: Uuid,
    name: String,
    agency_id: Option<i32>,
    url: String,
    events: Vec<Option<String>>,
    state: String,
    pause_reason: Option<String>,
    previous_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for Webhook {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let events = row.events.into_iter().flatten().map(|word| EventType::parse(&word));
        let reason = row.pause_reason.map(|reason| PauseReason::parse(&reason)).transpose();
        Ok(Self {
            id: row.id,
            name: row.name,
            agency: row.agency_id.map(AgencyId),
            url: row.url,
            events: events.collect::<std::result::Result<_, _>>().map_err(|_| corrupt("webhooks.events"))?,
            state: WebhookState::parse(&row.state).map_err(|_| corrupt("webhooks.state"))?,
            pause_reason: reason.map_err(|_| corrupt("webhooks.pause_reason"))?,
            previous_until: row.previous_until,
            created_at: row.created_at,
        })
    }
}

/// Whether a scope holds the webhook: those of the whole country only the whole country's.
fn allows(scope: &AgencyScope, webhook: &Webhook) -> bool {
    webhook.agency.map_or_else(|| scope.is_whole_country(), |agency| scope.allows(agency))
}

fn words(webhook: &Webhook) -> Vec<&'static str> {
    webhook.events.iter().map(|event| event.as_str()).collect()
}

/// Enters a webhook with its secret.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`] for an agency outside the scope.
pub async fn webhook_insert(
    conn: &mut Conn,
    scope: &AgencyScope,
    webhook: &Webhook,
    (secret, by): (&[u8], ClientId),
) -> Result<()> {
    if !allows(scope, webhook) {
        return Err(Error::new(ErrorCode::AgencyNotFound));
    }
    diesel::insert_into(w::table)
        .values((
            w::id.eq(webhook.id),
            w::name.eq(&webhook.name),
            w::agency_id.eq(webhook.agency.map(|agency| agency.0)),
            w::url.eq(&webhook.url),
            w::events.eq(words(webhook)),
            w::secret.eq(secret),
            w::created_by.eq(by.0),
            w::created_at.eq(webhook.created_at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// A page of the webhooks of a scope, by id: mostly the oldest first.
///
/// # Errors
/// [`ErrorCode::InvalidCursor`].
pub async fn webhooks_list(conn: &mut Conn, scope: &AgencyScope, page: &Page) -> Result<Vec<Webhook>> {
    let mut query = w::table.select(Row::as_select()).order(w::id).limit(page.limit_and_one()).into_boxed();
    if !scope.is_whole_country() {
        let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
        query = query.filter(w::agency_id.eq_any(agencies));
    }
    if let Some(after) = &page.after {
        let after: Uuid = after.parse().map_err(|_| Error::new(ErrorCode::InvalidCursor))?;
        query = query.filter(w::id.gt(after));
    }
    query.load(conn).await?.into_iter().map(Webhook::try_from).collect()
}

/// Every webhook that was not ended: events wait for paused ones too.
pub async fn webhooks_going(conn: &mut Conn) -> Result<Vec<Webhook>> {
    let going = w::table.filter(w::state.ne(WebhookState::Ended.as_str())).order(w::id);
    going.select(Row::as_select()).load(conn).await?.into_iter().map(Webhook::try_from).collect()
}

/// A webhook of a scope; `None` if there is none of this id.
pub async fn webhook_find(conn: &mut Conn, scope: &AgencyScope, id: Uuid) -> Result<Option<Webhook>> {
    let row = w::table.find(id).select(Row::as_select()).first(conn).await.optional()?;
    let webhook = row.map(Webhook::try_from).transpose()?;
    Ok(webhook.filter(|webhook| allows(scope, webhook)))
}

/// As [`webhook_find`]; nobody else changes it until the transaction ends.
pub async fn webhook_lock(conn: &mut Conn, scope: &AgencyScope, id: Uuid) -> Result<Option<Webhook>> {
    let row = w::table.find(id).select(Row::as_select()).for_update().first(conn).await.optional()?;
    let webhook = row.map(Webhook::try_from).transpose()?;
    Ok(webhook.filter(|webhook| allows(scope, webhook)))
}

/// Sets what may change of a webhook: name, address, events, state. With its end its secrets go.
///
/// # Errors
/// [`ErrorCode::WebhookNotFound`] for one outside the scope.
pub async fn webhook_set(conn: &mut Conn, scope: &AgencyScope, webhook: &Webhook) -> Result<()> {
    if !allows(scope, webhook) {
        return Err(Error::new(ErrorCode::WebhookNotFound));
    }
    diesel::update(w::table.find(webhook.id))
        .set((
            w::name.eq(&webhook.name),
            w::url.eq(&webhook.url),
            w::events.eq(words(webhook)),
            w::state.eq(webhook.state.as_str()),
            w::pause_reason.eq(webhook.pause_reason.map(PauseReason::as_str)),
        ))
        .execute(conn)
        .await?;
    if webhook.state == WebhookState::Ended {
        let none = (
            w::secret.eq(Vec::<u8>::new()),
            w::previous_secret.eq(None::<Vec<u8>>),
            w::previous_until.eq(None::<DateTime<Utc>>),
        );
        diesel::update(w::table.find(webhook.id)).set(none).execute(conn).await?;
    }
    Ok(())
}

/// Gives a webhook another secret; the present one signs beside it until `previous_until`, or ends at once. What was
/// before the present one ends.
pub async fn webhook_secret_replace(
    conn: &mut Conn,
    id: Uuid,
    secret: &[u8],
    previous_until: Option<DateTime<Utc>>,
) -> Result<()> {
    let webhook = w::table.find(id);
    if previous_until.is_some() {
        let set = (w::previous_secret.eq(w::secret.nullable()), w::previous_until.eq(previous_until));
        diesel::update(webhook).set(set).execute(conn).await?;
    } else {
        let set = (w::previous_secret.eq(None::<Vec<u8>>), w::previous_until.eq(previous_until));
        diesel::update(webhook).set(set).execute(conn).await?;
    }
    diesel::update(w::table.find(id)).set(w::secret.eq(secret)).execute(conn).await?;
    Ok(())
}
