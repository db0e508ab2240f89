//! Alerts: opened and closed with the events that tell of it, and read by those in charge. What opens and closes them is
//! in [`super::alerting`], and in [`super::webhooks`] for a webhook that was paused.

use super::Services;
use super::catalogue::{Catalogue, current};
use super::flags::Listed;
use super::outbox::{Happening, emit, instant};
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::agency_scope::AgencyScope;
use crate::domain::alert::{Alert, AlertRule, CloseReason, RuleKind};
use crate::domain::client::Client;
use crate::domain::ids::AgencyId;
use crate::domain::tree::AgencyTree;
use crate::domain::webhook::EventType;
use crate::error::{Error, FaultKind, Faults, Place, Result};
pub use crate::store::alerts::AlertFilter;
use crate::store::alerts::{alert_close, alert_insert, alerts_list};
pub use crate::store::paging::{DEFAULT_LIMIT, MAX_LIMIT, Page};
use crate::store::{Conn, SILENCE};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// What a list is narrowed to, of alerts, their rules or webhooks.
#[derive(Debug, Clone)]
pub struct KeeperQuery<F> {
    /// Of this agency or one below it; by default all of the keeper's subtree.
    pub agency: Option<AgencyCode>,
    /// What else.
    pub filter: F,
    /// Most rows.
    pub limit: i64,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// Whose things a keeper sees, by the table of permissions.
pub type Reach = fn(&Client, &AgencyTree, Option<AgencyId>) -> Option<AgencyScope>;

/// The scope of a keeper's list and its page.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`](crate::error::ErrorCode::ValidationFailed) for an agency outside the subtree;
/// [`ErrorCode::InvalidCursor`](crate::error::ErrorCode::InvalidCursor).
pub fn listing<F: std::fmt::Debug>(
    (catalogue, keeper, now): (&Catalogue, &Client, DateTime<Utc>),
    reach: Reach,
    query: &KeeperQuery<F>,
    what: &str,
) -> Result<(AgencyScope, Page)> {
    let scope = match &query.agency {
        None => reach(keeper, &catalogue.tree, None),
        Some(code) => {
            (catalogue.tree.find(code)).and_then(|agency| reach(keeper, &catalogue.tree, Some(agency.id)))
        }
    };
    let scope = scope.ok_or_else(|| {
        let mut faults = Faults::default();
        faults.push(Place::Parameter("agency".into()), FaultKind::UnknownAgency);
        Error::invalid(faults.into_vec(), now)
    })?;
    let filter = format!("{what} {:?} {:?} {:?}", query.agency, query.filter, keeper.agency);
    Ok((scope, Page::new(query.limit, query.cursor.as_deref(), &filter)?))
}

/// One page of the alerts in the keeper's charge, the newest first.
///
/// # Errors
/// Of [`ErrorCode`](crate::error::ErrorCode): `TokenMissing`, `NotPermitted`; those of [`listing`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: &KeeperQuery<AlertFilter>,
) -> Result<Listed<Alert>> {
    let keeper = policy::alert_keeper(actor)?;
    let catalogue = current(services).await?;
    let asked = (&*catalogue, keeper, services.clock.now());
    let (scope, page) = listing(asked, policy::keep_alerts, query, "alerts")?;
    let read = async |conn: &mut Conn| alerts_list(conn, &scope, query.filter, &page).await;
    let mut items = services.db.within(SILENCE, read).await?;
    let next_cursor = page.cut(&mut items, |alert| alert.seq.to_string());
    Ok(Listed { items, next_cursor, catalogue })
}

/// Opens an alert and tells of it; `figures` are what everybody may read.
///
/// # Errors
/// Those of the database; the transaction fails with it.
pub(super) async fn open(
    conn: &mut Conn,
    catalogue: &Catalogue,
    (alert, rule): (Alert, Option<&AlertRule>),
    figures: &Value,
) -> Result<Alert> {
    let alert = alert_insert(conn, alert).await?;
    let happening = Happening {
        kind: EventType::AlertOpened,
        agency: alert.subject.agency,
        at: alert.opened_at,
        data: told(catalogue, &alert, rule, figures),
        except: alert.webhook,
    };
    emit(conn, &catalogue.tree, &happening).await?;
    Ok(alert)
}

/// Closes an alert and tells of it, unless it is closed.
///
/// # Errors
/// Those of the database; the transaction fails with it.
pub(super) async fn close(
    conn: &mut Conn,
    catalogue: &Catalogue,
    (mut alert, rule): (Alert, Option<&AlertRule>),
    closed: (DateTime<Utc>, CloseReason),
) -> Result<()> {
    if !alert_close(conn, alert.seq, closed).await? {
        return Ok(());
    }
    alert.closed = Some(closed);
    let happening = Happening {
        kind: EventType::AlertClosed,
        agency: alert.subject.agency,
        at: closed.0,
        data: told(catalogue, &alert, rule, &Value::Null),
        except: alert.webhook,
    };
    emit(conn, &catalogue.tree, &happening).await
}

/// What receivers are told of an alert.
fn told(catalogue: &Catalogue, alert: &Alert, rule: Option<&AlertRule>, figures: &Value) -> Value {
    let code = |agency| Some(catalogue.tree.history(agency)?.code.to_string());
    let watched = rule.and_then(|rule| rule.watched.as_ref());
    let interval = watched.and_then(|watched| watched.interval.as_ref());
    let survey = watched.and_then(|watched| catalogue.survey(watched.survey));
    json!({
        "alert": alert.seq,
        "kind": alert.kind.as_str(),
        "rule": alert.rule,
        "rule_name": rule.map(|rule| &rule.name),
        "threshold": rule.map(|rule| threshold_text(rule.kind, rule.threshold)),
        "agency": alert.subject.agency.and_then(code),
        "period": alert.subject.period,
        "survey": survey.map(|survey| &survey.code),
        "formula": interval.map(|(formula, _)| formula),
        "confidence_percent": interval.map(|(_, percent)| percent),
        "device": alert.subject.device.map(|device| device.0),
        "webhook": alert.webhook,
        "opened_at": instant(alert.opened_at),
        "closed_at": alert.closed.map(|(at, _)| instant(at)),
        "close_reason": alert.closed.map(|(_, reason)| reason.as_str()),
        "figures": figures,
    })
}

/// A threshold as it goes over the wire: two decimals of a figure, otherwise a whole number.
pub fn threshold_text(kind: RuleKind, threshold: i32) -> String {
    if kind.is_of_figures() {
        format!("{}.{:02}", threshold / 100, threshold % 100)
    } else {
        threshold.to_string()
    }
}
