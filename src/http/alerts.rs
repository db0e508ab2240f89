//! Alerts: `GET /v1/alerts`.

use super::alert_rules::kept;
use super::extract::{App, Caller, Query};
use super::openapi::{NotPermitted, Refused};
use super::problem::Problem;
use super::reply::no_store;
use crate::domain::alert::{Alert, AlertKind, AlertState};
use crate::domain::ids::AgencyId;
use crate::service::alerts::{self, AlertFilter};
use crate::service::catalogue::Catalogue;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// An alert: an episode in which a rule's condition held.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertBody {
    /// Its number, in the order of opening.
    seq: i64,
    /// `below_target`, `drop`, `silent_device`, `participation`, `flagged_burst`, or `webhook_paused` (by the service,
    /// because its receiver failed).
    #[schema(example = "below_target")]
    kind: &'static str,
    /// The rule; `null` for `webhook_paused`.
    rule: Option<Uuid>,
    /// The webhook that was paused.
    webhook: Option<Uuid>,
    /// Whose affair it is; `null`: the whole country's.
    #[schema(example = "H56.C1")]
    agency: Option<String>,
    /// Of which period; `null` where there is none.
    #[schema(example = "2026-07")]
    period: Option<String>,
    /// The device that is silent.
    device: Option<Uuid>,
    /// What was seen when it was opened, as those in charge may see it; depends on the kind.
    #[schema(value_type = Object, example = json!({"whole": {"value": 71.2, "low": 64.1, "high": 77.4, "n": 180, "suppressed": false}}))]
    evidence: Option<Box<RawValue>>,
    /// When it was opened.
    opened_at: DateTime<Utc>,
    /// When it was closed; `null` while it goes on.
    closed_at: Option<DateTime<Utc>>,
    /// `recovered`: the condition does not hold any more. `period_over`: the period is not watched any more. `ended`: the
    /// rule or webhook was.
    close_reason: Option<&'static str>,
}

/// One page of alerts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertPage {
    /// The alerts, the newest first.
    items: Vec<AlertBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
}

/// The code of an agency, also of one that is over.
pub fn agency_code(catalogue: &Catalogue, agency: Option<AgencyId>) -> Option<String> {
    Some(catalogue.tree.history(agency?)?.code.to_string())
}

impl AlertBody {
    fn new(alert: Alert, catalogue: &Catalogue) -> Self {
        Self {
            seq: alert.seq,
            kind: alert.kind.as_str(),
            rule: alert.rule,
            webhook: alert.webhook,
            agency: agency_code(catalogue, alert.subject.agency),
            period: alert.subject.period,
            device: alert.subject.device.map(|device| device.0),
            evidence: RawValue::from_string(alert.evidence).ok(),
            opened_at: alert.opened_at,
            closed_at: alert.closed.map(|(at, _)| at),
            close_reason: alert.closed.map(|(_, reason)| reason.as_str()),
        }
    }
}

/// Parameters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `list_alerts` takes; a test compares the two")]
struct ListAlertsParams {
    /// Of this agency and below it only.
    #[param(example = "H56")]
    agency: Option<String>,
    /// Of this kind only.
    #[param(example = "below_target")]
    kind: Option<String>,
    /// `open` or `closed` ones only.
    #[param(example = "open")]
    state: Option<String>,
    /// Most entries of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same other parameters.
    cursor: Option<String>,
}

/// Lists alerts
///
/// The newest first. For administrators, of their own subtree; small cells are shown to them. An alert is opened once and
/// closed once; of figures it is opened anew on a later day at the earliest.
#[utoipa::path(tag = "alerts", params(ListAlertsParams), security(("bearer" = [])),
    responses((status = 200, description = "One page of alerts", body = AlertPage), Refused, NotPermitted))]
#[get("/v1/alerts")]
pub async fn list_alerts(app: App, caller: Caller, query: Query) -> Result<HttpResponse, Problem> {
    let query = query.read(&app, |fields| {
        let filter = AlertFilter {
            kind: fields.optional("kind", AlertKind::parse),
            state: fields.optional("state", AlertState::parse),
        };
        kept(fields, filter)
    })?;
    let listed = alerts::list(&app, &caller.0, &query).await?;
    let body = |alert| AlertBody::new(alert, &listed.catalogue);
    let items = listed.items.into_iter().map(body).collect();
    let page = AlertPage { items, next_cursor: listed.next_cursor };
    Ok(HttpResponse::Ok().insert_header(no_store()).json(page))
}
