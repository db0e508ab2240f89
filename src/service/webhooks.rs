//! Webhooks: administrators make, see, change, pause and end those of their own subtree. What is sent and when is in
//! [`super::outbox`] and [`super::sending`].

use super::Services;
use super::alerts::{KeeperQuery, listing};
use super::audit;
use super::catalogue::{Catalogue, current};
use super::flags::Listed;
use super::sending::close_pauses;
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::alert::CloseReason;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::Client;
use crate::domain::ids::uuid_v7;
use crate::domain::webhook::{EventType, PauseReason, Webhook, WebhookState};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Result};
use crate::store::deliveries::deliveries_restart;
use crate::store::webhooks::{
    webhook_find, webhook_insert, webhook_lock, webhook_secret_replace, webhook_set, webhooks_list,
};
use crate::store::{AsyncConnection, Conn, SILENCE};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng;
use std::sync::Arc;
use uuid::Uuid;

/// A webhook to be made, or what is to be changed of one: as far as it could be read.
#[derive(Debug, Default)]
pub struct WebhookDraft {
    /// What people call it.
    pub name: Option<String>,
    /// Events of this agency and below; `None`: of the whole country. Cannot be changed.
    pub agency: Option<AgencyCode>,
    /// Where events are sent.
    pub url: Option<String>,
    /// Which events, each once.
    pub events: Option<Vec<EventType>>,
}

/// A webhook with what names it, and its secret if that is new.
#[derive(Debug)]
pub struct PlacedWebhook {
    /// The webhook.
    pub webhook: Webhook,
    /// Its secret as receivers take it, shown this once.
    pub secret: Option<String>,
    /// What it names.
    pub catalogue: Arc<Catalogue>,
}

/// A new secret: 256 random bits, as they sign and as receivers take it (Standard Webhooks: `whsec_` and base64).
fn new_secret() -> (Vec<u8>, String) {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    (bytes.to_vec(), format!("whsec_{}", STANDARD.encode(bytes)))
}

/// The address as it is kept; a fault goes to `/url`.
async fn url(services: &Services, text: Option<&String>, faults: &mut Faults) -> Option<String> {
    match services.sender.target_now(text?).await {
        Ok(url) => Some(url.into()),
        Err(kind) => {
            faults.at("/url", kind);
            None
        }
    }
}

/// Makes a webhook. `faults` are those its reader found already.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::ValidationFailed`] with all faults.
pub async fn create(
    services: &Services,
    actor: &Actor,
    draft: WebhookDraft,
    mut faults: Faults,
) -> Result<PlacedWebhook> {
    let keeper = policy::webhook_keeper(actor)?;
    let (catalogue, now) = (current(services).await?, services.clock.now());
    let agency = draft.agency.as_ref().map(|code| catalogue.tree.find(code).map(|agency| agency.id));
    let may = |agency| policy::may_keep_webhook(keeper, &catalogue.tree, agency);
    match agency {
        Some(found) if found.is_none_or(|id| !may(Some(id))) => {
            faults.at("/agency", FaultKind::UnknownAgency)
        }
        None if !faults.any_at("/agency") && !may(None) => faults.at("/agency", FaultKind::Missing),
        _ => {}
    }
    let url = url(services, draft.url.as_ref(), &mut faults).await;
    let (Some(name), Some(url), Some(events), true) = (draft.name, url, draft.events, faults.is_empty())
    else {
        return Err(Error::invalid(faults.into_vec(), now));
    };
    let webhook = Webhook {
        id: uuid_v7(now),
        name,
        agency: agency.flatten(),
        url,
        events,
        state: WebhookState::Active,
        pause_reason: None,
        previous_until: None,
        created_at: now,
    };
    let scope = policy::keep_webhooks(keeper, &catalogue.tree, webhook.agency);
    let scope = scope.ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let (secret, shown) = new_secret();
    let work = async |conn: &mut Conn| {
        webhook_insert(conn, &scope, &webhook, (&secret, keeper.id)).await?;
        record(conn, keeper, (Action::WebhookCreated, &webhook), Vec::new(), now).await
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await?;
    Ok(PlacedWebhook { webhook, secret: Some(shown), catalogue })
}

/// One page of the webhooks in the keeper's charge, mostly the oldest first.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; those of [`listing`].
pub async fn list(services: &Services, actor: &Actor, query: &KeeperQuery<()>) -> Result<Listed<Webhook>> {
    let keeper = policy::webhook_keeper(actor)?;
    let catalogue = current(services).await?;
    let asked = (&*catalogue, keeper, services.clock.now());
    let (scope, page) = listing(asked, policy::keep_webhooks, query, "webhooks")?;
    let read = async |conn: &mut Conn| webhooks_list(conn, &scope, &page).await;
    let mut items = services.db.within(SILENCE, read).await?;
    let next_cursor = page.cut(&mut items, |webhook| webhook.id.to_string());
    Ok(Listed { items, next_cursor, catalogue })
}

/// One webhook (`None`: of an id that is none).
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::WebhookNotFound`], also outside the subtree.
pub async fn fetch(services: &Services, actor: &Actor, id: Option<Uuid>) -> Result<PlacedWebhook> {
    let keeper = policy::webhook_keeper(actor)?;
    let catalogue = current(services).await?;
    let not_found = || Error::new(ErrorCode::WebhookNotFound);
    let scope = policy::keep_webhooks(keeper, &catalogue.tree, None).ok_or_else(not_found)?;
    let id = id.ok_or_else(not_found)?;
    let webhook = services.db.within(SILENCE, async |conn| webhook_find(conn, &scope, id).await).await?;
    Ok(PlacedWebhook { webhook: webhook.ok_or_else(not_found)?, secret: None, catalogue })
}

/// What is done to a webhook.
enum Step<'a> {
    /// Its name, address, events.
    Change(&'a WebhookDraft, Option<String>),
    Pause,
    Resume,
    /// Another secret, and how many seconds the present one signs beside it.
    Rotate(&'a [u8], i64),
    End,
}

/// Does something to a webhook that nobody else changes meanwhile, in one transaction. `faults` are told to whoever may
/// know of it.
async fn hold(
    services: &Services,
    (actor, id): (&Actor, Option<Uuid>),
    step: &Step<'_>,
    faults: &Faults,
) -> Result<PlacedWebhook> {
    let keeper = policy::webhook_keeper(actor)?;
    let (catalogue, now) = (current(services).await?, services.clock.now());
    let not_found = || Error::new(ErrorCode::WebhookNotFound);
    let scope = policy::keep_webhooks(keeper, &catalogue.tree, None).ok_or_else(not_found)?;
    let id = id.ok_or_else(not_found)?;
    let held = async |conn: &mut Conn| {
        let before = webhook_lock(conn, &scope, id).await?.ok_or_else(not_found)?;
        if before.state == WebhookState::Ended && !matches!(step, Step::End) {
            return Err(Error::new(ErrorCode::WebhookEnded));
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults.to_vec(), now));
        }
        // Whoever lost the answer and asks again must not end the secret that the receiver still has.
        let rotating = before.previous_until.is_some_and(|until| until > now);
        if matches!(step, Step::Rotate(_, 1..)) && rotating {
            return Err(Error::new(ErrorCode::WebhookRotating));
        }
        let after = after(&before, step, now);
        if after == before && !matches!(step, Step::Rotate(..)) {
            return Ok(before);
        }
        webhook_set(conn, &scope, &after).await?;
        let (action, details) = beside(conn, &catalogue, &after, (step, now)).await?;
        record(conn, keeper, (action, &after), details, now).await?;
        Ok(after)
    };
    let webhook = services.db.within(SILENCE, async |conn| conn.transaction(held).await).await?;
    Ok(PlacedWebhook { webhook, secret: None, catalogue })
}

/// A webhook after a step; the same if there is nothing to do.
fn after(before: &Webhook, step: &Step<'_>, now: DateTime<Utc>) -> Webhook {
    let mut after = before.clone();
    match step {
        Step::Change(draft, url) => {
            after.name = draft.name.clone().unwrap_or(after.name);
            after.url = url.clone().unwrap_or(after.url);
            after.events = draft.events.clone().unwrap_or(after.events);
        }
        Step::Pause => {
            after.state = WebhookState::Paused;
            after.pause_reason = after.pause_reason.or(Some(PauseReason::Asked));
        }
        Step::Resume => (after.state, after.pause_reason) = (WebhookState::Active, None),
        Step::Rotate(_, overlap) => {
            after.previous_until = (*overlap > 0).then(|| now + TimeDelta::seconds(*overlap));
        }
        Step::End => {
            (after.state, after.pause_reason, after.previous_until) = (WebhookState::Ended, None, None);
        }
    }
    after
}

/// What a step changes beside the webhook itself, and what the log says of it.
async fn beside(
    conn: &mut Conn,
    catalogue: &Catalogue,
    after: &Webhook,
    (step, now): (&Step<'_>, DateTime<Utc>),
) -> Result<(Action, Vec<(&'static str, String)>)> {
    Ok(match step {
        Step::Change(..) => (Action::WebhookChanged, Vec::new()),
        Step::Pause => (Action::WebhookPaused, vec![("reason", PauseReason::Asked.as_str().to_owned())]),
        Step::Resume => {
            deliveries_restart(conn, after.id, now).await?;
            close_pauses(conn, catalogue, after, (now, CloseReason::Recovered)).await?;
            (Action::WebhookResumed, Vec::new())
        }
        Step::Rotate(secret, overlap) => {
            webhook_secret_replace(conn, after.id, secret, after.previous_until).await?;
            (Action::WebhookRotated, vec![("overlap_seconds", overlap.to_string())])
        }
        Step::End => {
            close_pauses(conn, catalogue, after, (now, CloseReason::Ended)).await?;
            (Action::WebhookEnded, Vec::new())
        }
    })
}

/// Changes where events are sent, which, and what it is called; what waits is sent to the new address.
///
/// # Errors
/// As [`fetch`]; [`ErrorCode::WebhookEnded`]; [`ErrorCode::ValidationFailed`] with all faults.
pub async fn change(
    services: &Services,
    actor: &Actor,
    id: Option<Uuid>,
    draft: &WebhookDraft,
    mut faults: Faults,
) -> Result<PlacedWebhook> {
    // Names are looked up for nobody else.
    policy::webhook_keeper(actor)?;
    let url = url(services, draft.url.as_ref(), &mut faults).await;
    hold(services, (actor, id), &Step::Change(draft, url), &faults).await
}

/// Pauses a webhook: events wait. Pausing a paused one changes nothing.
///
/// # Errors
/// As [`fetch`]; [`ErrorCode::WebhookEnded`].
pub async fn pause(services: &Services, actor: &Actor, id: Option<Uuid>) -> Result<PlacedWebhook> {
    hold(services, (actor, id), &Step::Pause, &Faults::default()).await
}

/// Goes on with a paused webhook: what waits is due at once, in its order, with the whole schedule before it. What was
/// given up is sent again only by a replay.
///
/// # Errors
/// As [`fetch`]; [`ErrorCode::WebhookEnded`].
pub async fn resume(services: &Services, actor: &Actor, id: Option<Uuid>) -> Result<PlacedWebhook> {
    hold(services, (actor, id), &Step::Resume, &Faults::default()).await
}

/// Gives a webhook another secret, shown this once; the present one signs beside it for `overlap` seconds.
///
/// # Errors
/// As [`fetch`]; [`ErrorCode::WebhookEnded`]; [`ErrorCode::ValidationFailed`].
pub async fn rotate(
    services: &Services,
    actor: &Actor,
    id: Option<Uuid>,
    (overlap, faults): (i64, Faults),
) -> Result<PlacedWebhook> {
    let (secret, shown) = new_secret();
    let placed = hold(services, (actor, id), &Step::Rotate(&secret, overlap), &faults).await?;
    Ok(PlacedWebhook { secret: Some(shown), ..placed })
}

/// Ends a webhook for good; its secrets are forgotten, its log stays for its time. Ending it again changes nothing.
///
/// # Errors
/// As [`fetch`].
pub async fn end(services: &Services, actor: &Actor, id: Option<Uuid>) -> Result<PlacedWebhook> {
    hold(services, (actor, id), &Step::End, &Faults::default()).await
}

async fn record(
    conn: &mut Conn,
    keeper: &Client,
    (action, webhook): (Action, &Webhook),
    mut details: Vec<(&'static str, String)>,
    now: DateTime<Utc>,
) -> Result<()> {
    let events: Vec<&str> = webhook.events.iter().map(|event| event.as_str()).collect();
    details.extend([
        ("name", webhook.name.clone()),
        ("host", host(&webhook.url)),
        ("events", events.join(" ")),
    ]);
    let entry = Entry { action, agency: webhook.agency, object: webhook.id.to_string(), details };
    audit::record(conn, By::Client(keeper), &entry, now).await
}

/// Where it leads; path and query may hold a secret of the receiver's.
fn host(url: &str) -> String {
    let url = reqwest::Url::parse(url).ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}
