//! Rules of alerts: `/v1/alert-rules`. Alerts themselves are in [`super::alerts`].

use super::alerts::agency_code;
use super::extract::{App, Caller, Query, SignedJson, number};
use super::fields::{Fields, Node};
use super::openapi::{NotFound, NotPermitted, Refused, SubmitRefused};
use super::problem::Problem;
use super::reply::no_store;
use crate::domain::agency::AgencyCode;
use crate::domain::alert::{AlertRule, RuleKind, WatchedPeriod, parse_hundredths};
use crate::domain::text;
use crate::error::{FaultKind, Faults, Place};
use crate::service::alert_rules::{self, PlacedRule, RuleChange, RuleDraft, Threshold};
use crate::service::alerts::{DEFAULT_LIMIT, KeeperQuery, MAX_LIMIT, threshold_text};
use crate::service::catalogue::Catalogue;
use crate::service::figures::Confidence;
use actix_web::{HttpResponse, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A rule to be made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAlertRuleBody {
    /// What people call it.
    #[schema(max_length = 200, example = "Xã dưới 80 %")]
    name: String,
    /// Whose affair it is: the agency and everything below.
    #[schema(example = "H56")]
    agency: String,
    /// `true`: looks at each agency right below that one instead of at it. Not for `silent_device`, which looks at every
    /// device.
    each_child: Option<bool>,
    /// `below_target`: the upper bound of the index's interval lies below the threshold. `drop`: the index fell from the
    /// period before by at least the threshold, and the two are distinguishable. `silent_device`: no heartbeat and no
    /// response for so many hours in which the office was open. `participation`: in a period that is over fewer people
    /// answered, in percent of the dossiers handled, where those are known. `flagged_burst`: at least so many responses
    /// were flagged in a day and not lifted.
    #[schema(example = "below_target")]
    kind: String,
    /// Code of the survey; for `below_target`, `drop` and `participation`, and no others.
    #[schema(example = "demo-service")]
    survey: Option<String>,
    /// `month` or `quarter`; with `survey`. Looked at are the running period and the one before it, for `participation`
    /// the two last that are over.
    #[schema(example = "month")]
    period: Option<String>,
    /// Formula id, by default the first of the survey's kind; for `below_target` and `drop`.
    #[schema(example = "satisfied-share")]
    formula: Option<String>,
    /// Confidence of the intervals in percent: 90, 95 (default) or 99; for `below_target` and `drop`.
    #[schema(example = "95")]
    confidence: Option<String>,
    /// A text with at most two decimals, or a whole number. In the formula's unit, up to 100; percent for
    /// `participation`; hours, up to 240; responses, up to 100000.
    #[schema(example = "87.5")]
    threshold: String,
}

/// What is to be changed of a rule; what is not given stays.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertRuleChangeBody {
    /// What people call it.
    #[schema(max_length = 200)]
    name: Option<String>,
    /// See the rule.
    #[schema(example = "85")]
    threshold: Option<String>,
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertRuleBody {
    id: Uuid,
    /// What people call it.
    name: String,
    /// Whose affair it is.
    #[schema(example = "H56")]
    agency: Option<String>,
    /// Whether it looks at each agency right below that one.
    each_child: bool,
    /// What it looks for.
    #[schema(example = "below_target")]
    kind: &'static str,
    /// Code of the survey.
    #[schema(example = "demo-service")]
    survey: Option<String>,
    /// `month` or `quarter`.
    #[schema(example = "month")]
    period: Option<&'static str>,
    /// Formula id.
    #[schema(example = "satisfied-share")]
    formula: Option<String>,
    /// Confidence of the intervals, in percent.
    #[schema(example = 95)]
    confidence_percent: Option<u8>,
    /// As it was set.
    #[schema(example = "87.50")]
    threshold: String,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was ended.
    ended_at: Option<DateTime<Utc>>,
}

/// One page of rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertRulePage {
    /// The rules, mostly the oldest first; ended ones too.
    items: Vec<AlertRuleBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    next_cursor: Option<String>,
}

impl AlertRuleBody {
    fn new(rule: AlertRule, catalogue: &Catalogue) -> Self {
        let survey = rule.watched.as_ref().and_then(|watched| catalogue.survey(watched.survey));
        let survey = survey.map(|survey| survey.code.clone());
        let period = rule.watched.as_ref().map(|watched| watched.period.as_str());
        let (formula, confidence_percent) = rule.watched.and_then(|watched| watched.interval).unzip();
        Self {
            id: rule.id,
            name: rule.name,
            agency: agency_code(catalogue, Some(rule.agency)),
            each_child: rule.each_child,
            kind: rule.kind.as_str(),
            survey,
            period,
            formula,
            confidence_percent,
            threshold: threshold_text(rule.kind, rule.threshold),
            created_at: rule.created_at,
            ended_at: rule.ended_at,
        }
    }
}

impl From<PlacedRule> for AlertRuleBody {
    fn from(placed: PlacedRule) -> Self {
        Self::new(placed.rule, &placed.catalogue)
    }
}

/// Parameters of a list in the keeper's charge.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `kept` takes; a test compares the two")]
pub struct KeptParams {
    /// Of this agency and below it only.
    #[param(example = "H56")]
    agency: Option<String>,
    /// Most entries of a page.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<i64>,
    /// `next_cursor` of the page before, with the same other parameters.
    cursor: Option<String>,
}

/// Reads [`KeptParams`].
pub fn kept<F>(fields: &mut Fields<'_>, filter: F) -> KeeperQuery<F> {
    KeeperQuery {
        agency: fields.optional("agency", AgencyCode::parse),
        filter,
        limit: fields.optional("limit", |raw| number(raw, 1, MAX_LIMIT)).unwrap_or(DEFAULT_LIMIT),
        cursor: fields.optional("cursor", |raw| Ok::<_, FaultKind>(raw.to_owned())),
    }
}

/// Reads a name.
pub fn name(raw: &str) -> Result<String, FaultKind> {
    text::line(raw, 200)?.ok_or(FaultKind::Missing)
}

/// Makes a rule
///
/// For administrators, in the own subtree. Rules are evaluated about once a minute (`--alert-seconds`), as an
/// administrator of the rule's agency sees the figures. What is found is an alert, see `GET /v1/alerts`.
#[utoipa::path(tag = "alerts", request_body = NewAlertRuleBody, security(("bearer" = [])),
    responses((status = 201, description = "Made", body = AlertRuleBody), Refused, SubmitRefused))]
#[post("/v1/alert-rules")]
pub async fn create_alert_rule(app: App, query: Query, signed: SignedJson) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (draft, faults) = read_draft(signed.body);
    let placed = alert_rules::create(&app, &signed.actor, draft, faults).await?;
    Ok(HttpResponse::Created().insert_header(no_store()).json(AlertRuleBody::from(placed)))
}

fn read_draft(node: Node) -> (RuleDraft, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(node, Place::Pointer(String::new()), &mut faults);
    let kind = fields.required("kind", RuleKind::parse);
    let mut draft = RuleDraft {
        name: fields.required("name", name),
        agency: fields.required("agency", AgencyCode::parse),
        kind,
        ..RuleDraft::default()
    };
    let threshold = threshold(&mut fields);
    if threshold.is_none() && !fields.faults().any_at("/threshold") {
        fields.fault("threshold", FaultKind::Missing);
    }
    // Of a kind that is not known nobody can say which fields it has.
    if kind != Some(RuleKind::SilentDevice) {
        draft.each_child = fields.boolean("each_child").unwrap_or_default();
    }
    let text = |raw: &str| text::clean(raw, 60)?.ok_or(FaultKind::Missing);
    if kind.is_some_and(RuleKind::is_of_figures) {
        draft.survey = fields.required("survey", text);
        draft.period = fields.required("period", WatchedPeriod::parse);
    } else if kind.is_none() {
        (draft.survey, draft.period) =
            (fields.optional("survey", text), fields.optional("period", WatchedPeriod::parse));
    }
    if kind.is_none_or(RuleKind::is_of_intervals) {
        draft.formula = fields.optional("formula", text);
        draft.confidence = fields.optional("confidence", Confidence::parse).unwrap_or_default();
    }
    draft.threshold = match kind.zip(threshold).map(|(kind, threshold)| threshold.of(kind)) {
        Some(Err(kind)) => {
            fields.fault("threshold", kind);
            None
        }
        read => read.and_then(Result::ok),
    };
    fields.finish();
    (draft, faults)
}

fn threshold(fields: &mut Fields<'_>) -> Option<Threshold> {
    let read = match fields.take("threshold")? {
        Node::Integer(number) => Ok(Threshold::Whole(number)),
        Node::Text(text) => match text.parse() {
            Ok(number) => Ok(Threshold::Whole(number)),
            Err(_) => parse_hundredths(&text).map(Threshold::Hundredths),
        },
        // Binary fractions are not what was written.
        _ => Err(FaultKind::WrongType { expected: "string" }),
    };
    read.map_err(|kind| fields.fault("threshold", kind)).ok()
}

/// Lists rules
///
/// For administrators, those of the own subtree, ended ones too.
#[utoipa::path(tag = "alerts", params(KeptParams), security(("bearer" = [])),
    responses((status = 200, description = "One page of rules", body = AlertRulePage), Refused, NotPermitted))]
#[get("/v1/alert-rules")]
pub async fn list_alert_rules(app: App, caller: Caller, query: Query) -> Result<HttpResponse, Problem> {
    let query = query.read(&app, |fields| kept(fields, ()))?;
    let listed = alert_rules::list(&app, &caller.0, &query).await?;
    let body = |rule| AlertRuleBody::new(rule, &listed.catalogue);
    let items = listed.items.into_iter().map(body).collect();
    let page = AlertRulePage { items, next_cursor: listed.next_cursor };
    Ok(HttpResponse::Ok().insert_header(no_store()).json(page))
}

/// Changes a rule
///
/// Its name and threshold, for what it finds from now on.
#[utoipa::path(tag = "alerts", params(("id" = Uuid, Path)), request_body = AlertRuleChangeBody,
    security(("bearer" = [])),
    responses((status = 200, description = "As it is now", body = AlertRuleBody), Refused, NotFound, SubmitRefused))]
#[patch("/v1/alert-rules/{id}")]
pub async fn change_alert_rule(
    app: App,
    query: Query,
    id: web::Path<String>,
    signed: SignedJson,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let (change, faults) = read_change(signed.body);
    let id = Uuid::parse_str(&id).ok();
    let placed = alert_rules::change(&app, &signed.actor, id, &change, faults).await?;
    Ok(HttpResponse::Ok().insert_header(no_store()).json(AlertRuleBody::from(placed)))
}

fn read_change(node: Node) -> (RuleChange, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(node, Place::Pointer(String::new()), &mut faults);
    for field in ["name", "threshold"].into_iter().filter(|field| fields.is_null(field)).collect::<Vec<_>>() {
        fields.fault(field, FaultKind::Missing);
    }
    let change = RuleChange { name: fields.optional("name", name), threshold: threshold(&mut fields) };
    fields.finish();
    (change, faults)
}

/// Ends a rule for good
///
/// What it opened is closed. Ending it again changes nothing.
#[utoipa::path(tag = "alerts", params(("id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, description = "As it is now", body = AlertRuleBody), Refused, NotFound, NotPermitted))]
#[post("/v1/alert-rules/{id}/end")]
pub async fn end_alert_rule(
    app: App,
    caller: Caller,
    query: Query,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    query.read(&app, |_| ())?;
    let placed = alert_rules::end(&app, &caller.0, Uuid::parse_str(&id).ok()).await?;
    Ok(HttpResponse::Ok().insert_header(no_store()).json(AlertRuleBody::from(placed)))
}
