//! Sending: takes events from the outbox and posts them to their webhooks, as Standard Webhooks 1.0.0 says. Never inside
//! a transaction: what is sent was committed, and what came of it is written down afterwards, so that an event is sent
//! at least once, with the same `webhook-id` however often.
//!
//! Of each webhook and agency only the oldest event that waits is sent, so none overtakes another. Whoever sends holds a
//! lease; if he dies, another takes over when it ends. Nothing of what a receiver says is kept but the status.

mod target;

pub use target::{Sender, SenderRules};

use super::Services;
use super::alerts::{close, open};
use super::audit;
use super::catalogue::current;
use super::outbox::{Happening, emit};
use crate::auth::policy;
use crate::domain::alert::{Alert, AlertKind, AlertSubject, CloseReason};
use crate::domain::audit::{Action, By, Entry};
use crate::domain::webhook::{
    DeliveryState, EventType, PauseReason, Webhook, WebhookState, message_id, next_attempt,
};
use crate::error::{Error, FaultKind, Result};
use crate::store::alerts::alerts_open_of_webhook;
use crate::store::deliveries::{
    Attempted, Due, deliveries_take, deliveries_waiting, delivery_note, events_forget,
};
use crate::store::webhooks::{webhook_lock, webhook_set};
use crate::store::{AsyncConnection, Conn, SILENCE};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::{Value, json};

/// Events sent at the same time by one instance.
const AT_ONCE: i64 = 16;

/// How much longer than an attempt may take nobody else sends the same.
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// Longest wait that a receiver may ask for by `Retry-After`.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(24);

/// Days that events and what became of them are kept.
pub const KEPT_DAYS: i64 = 90;

/// Longest text of a failure that is kept, in characters.
const MAX_FAILURE: usize = 200;

/// Sends what is due; whether there was anything.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn send_due(services: &Services) -> Result<bool> {
    let now = services.clock.now();
    let lease = now + services.sender.rules.timeout + LEASE;
    let take = async |conn: &mut Conn| deliveries_take(conn, now, lease, AT_ONCE).await;
    let due = services.db.within(SILENCE, take).await?;
    let sent = join_all(due.iter().map(|due| attempt(services, due))).await;
    for (due, answer) in due.iter().zip(sent) {
        note(services, due, answer).await?;
    }
    Ok(!due.is_empty())
}

/// How a receiver answered.
#[derive(Debug)]
struct Answer {
    status: Option<i16>,
    failure: Option<String>,
    wait: Option<TimeDelta>,
}

async fn attempt(services: &Services, due: &Due) -> Answer {
    let failed = |text: String| Answer { status: None, failure: Some(cut(&text)), wait: None };
    let sender = &services.sender;
    let url = match sender.target(&due.url) {
        Ok(url) => url,
        // It was taken when the settings allowed more.
        Err(FaultKind::BadFormat { .. }) => return failed("not_https".into()),
        Err(kind) => return failed(kind.name().to_owned()),
    };
    let (id, timestamp) = (message_id(due.event_id), services.clock.now().timestamp());
    let request = sender
        .http
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signatures(due, &id, timestamp, services.clock.now()))
        .body(due.payload.clone());
    match request.send().await {
        Err(error) => failed(target::cause(&error)),
        // What follows the head is not read: an endless body costs nothing.
        Ok(answer) => {
            let status = answer.status();
            let wait = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            let failure = (!status.is_success()).then(|| format!("status {}", status.as_u16()));
            let wait = wait.map(TimeDelta::seconds).map(|wait| wait.clamp(TimeDelta::zero(), LONGEST_WAIT));
            Answer { status: i16::try_from(status.as_u16()).ok(), failure, wait }
        }
    }
}

/// The value of `webhook-signature`: by the present secret, and by the one before while that goes on.
fn signatures(due: &Due, id: &str, timestamp: i64, now: DateTime<Utc>) -> String {
    let mut signed = format!("{id}.{timestamp}.").into_bytes();
    signed.extend(&due.payload);
    let previous = due.previous_secret.iter().filter(|_| due.previous_until.is_some_and(|until| now < until));
    let sign = |secret: &Vec<u8>| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        format!("v1,{}", STANDARD.encode(hmac::sign(&key, &signed)))
    };
    std::iter::once(&due.secret).chain(previous).map(sign).collect::<Vec<_>>().join(" ")
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_FAILURE).collect()
}

/// Writes down what an attempt came to; pauses the webhook if its receiver is gone or an event is given up.
async fn note(services: &Services, due: &Due, answer: Answer) -> Result<()> {
    let catalogue = current(services).await?;
    let now = services.clock.now();
    let first = due.first_attempt_at.unwrap_or(now);
    let next = next_attempt(due.attempts + 1, first, now, rand::random());
    let gone = answer.status == Some(410);
    let (state, due_at) = match (&answer.failure, next) {
        (None, _) => (DeliveryState::Delivered, now),
        (Some(_), Some(next)) => (DeliveryState::Pending, next.max(now + answer.wait.unwrap_or_default())),
        (Some(_), None) => (DeliveryState::GivenUp, now),
    };
    let attempted = Attempted { at: now, status: answer.status, failure: answer.failure, state, due_at };
    let reason = match state {
        _ if gone => Some(PauseReason::Gone),
        DeliveryState::GivenUp => Some(PauseReason::Failing),
        _ => None,
    };
    let work = async |conn: &mut Conn| {
        // The webhook first, as whoever changes it does.
        let webhook = webhook_lock(conn, &policy::of_the_service(), due.webhook_id).await?;
        delivery_note(conn, due, &attempted).await?;
        let active = webhook.filter(|webhook| webhook.state == WebhookState::Active);
        match active.zip(reason) {
            Some((webhook, reason)) => pause(conn, &catalogue, webhook, (reason, now)).await,
            None => Ok(()),
        }
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await
}

/// Pauses a webhook whose receiver fails, and tells those in charge: by an alert, by the other webhooks, in the log.
async fn pause(
    conn: &mut Conn,
    catalogue: &super::catalogue::Catalogue,
    webhook: Webhook,
    (reason, now): (PauseReason, DateTime<Utc>),
) -> Result<()> {
    let webhook = Webhook { state: WebhookState::Paused, pause_reason: Some(reason), ..webhook };
    webhook_set(conn, &policy::of_the_service(), &webhook).await?;
    let alert = Alert {
        seq: 0,
        kind: AlertKind::WebhookPaused,
        rule: None,
        webhook: Some(webhook.id),
        subject: AlertSubject {
            key: webhook.id.to_string(),
            agency: webhook.agency,
            period: None,
            device: None,
        },
        evidence: json!({"reason": reason.as_str()}).to_string(),
        opened_at: now,
        closed: None,
    };
    open(conn, catalogue, (alert, None), &Value::Null).await?;
    let happening = Happening {
        kind: EventType::WebhookPaused,
        agency: webhook.agency,
        at: now,
        data: json!({"webhook": webhook.id, "name": webhook.name, "reason": reason.as_str()}),
        except: Some(webhook.id),
    };
    emit(conn, &catalogue.tree, &happening).await?;
    let entry = Entry {
        action: Action::WebhookPaused,
        agency: webhook.agency,
        object: webhook.id.to_string(),
        details: vec![("reason", reason.as_str().to_owned())],
    };
    audit::record(conn, By::Service, &entry, now).await
}

/// Closes the alerts that a webhook was paused.
///
/// # Errors
/// Those of the database; the transaction fails with it.
pub(super) async fn close_pauses(
    conn: &mut Conn,
    catalogue: &super::catalogue::Catalogue,
    webhook: &Webhook,
    closed: (DateTime<Utc>, CloseReason),
) -> Result<()> {
    for alert in alerts_open_of_webhook(conn, webhook.id).await? {
        close(conn, catalogue, (alert, None), closed).await?;
    }
    Ok(())
}

/// Forgets events that are over [`KEPT_DAYS`] old with what became of them; gives how many.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn forget_old(services: &Services) -> Result<usize> {
    let before = services.clock.now() - TimeDelta::days(KEPT_DAYS);
    let forget = async |conn: &mut Conn| {
        conn.transaction(async |conn: &mut Conn| events_forget(conn, before).await).await
    };
    services.db.within(SILENCE, forget).await
}

/// How many events wait for webhooks that are not paused, and since when the oldest does.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn waiting(services: &Services) -> Result<(i64, TimeDelta)> {
    let read = async |conn: &mut Conn| deliveries_waiting(conn).await;
    let (count, oldest) = services.db.within(SILENCE, read).await?;
    let now = services.clock.now();
    Ok::<_, Error>((count, oldest.map_or(TimeDelta::zero(), |oldest| now - oldest)))
}
