//! What a rule sees: a condition of each of its subjects, with the evidence.

use crate::auth::{Actor, policy};
use crate::domain::agency::Agency;
use crate::domain::agency_scope::AgencyScope;
use crate::domain::alert::{AlertRule, AlertSubject, RuleKind, Watched};
use crate::domain::client::{Client, ClientKind, Terms};
use crate::domain::device::{DeviceState, Posting};
use crate::domain::ids::{AgencyId, ClientId};
use crate::domain::period::{Period, day_of, start_of};
use crate::domain::subject::SubjectCode;
use crate::domain::tree::{AsOf, Depth};
use crate::error::{Error, ErrorCode, Faults, Result};
use crate::service::catalogue::Catalogue;
use crate::service::comparisons::{self, Other};
use crate::service::figures::{Asked, Confidence, Flagged, IndexValue};
use crate::service::outbox::instant;
use crate::service::{Services, activity, indexes};
use crate::store::alerts::flagged_count;
use crate::store::fleet::{DeviceFilter, fleet_list};
use crate::store::paging::{MAX_LIMIT, Page};
use crate::store::{Conn, SILENCE};
use chrono::{Days, TimeDelta};
use serde_json::{Value, json};
use uuid::Uuid;

/// A subject and whether the rule's condition holds of it.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) subject: AlertSubject,
    pub(super) holds: bool,
    /// What was looked at, for those in charge.
    pub(super) evidence: Value,
}

/// Looks at every subject of a rule.
pub(super) async fn watch(services: &Services, catalogue: &Catalogue, rule: &AlertRule) -> Result<Vec<Seen>> {
    match (rule.kind, &rule.watched) {
        (RuleKind::SilentDevice, _) => silent_devices(services, catalogue, rule).await,
        (RuleKind::FlaggedBurst, _) => flagged(services, catalogue, rule).await,
        (_, Some(watched)) => figures(services, catalogue, rule, watched).await,
        (_, None) => Err(Error::internal("a rule on figures without a survey")),
    }
}

/// An administrator of the rule's agency: what a rule sees is what he may.
fn keeper(rule: &AlertRule) -> Client {
    Client {
        id: ClientId(Uuid::nil()),
        kind: ClientKind::Admin,
        name: String::new(),
        agency: Some(rule.agency),
        service_point: None,
        revoked_at: None,
        terms: Terms::default(),
        posting: Posting::default(),
    }
}

/// The agencies that a rule looks at.
fn agencies(services: &Services, catalogue: &Catalogue, rule: &AlertRule) -> Vec<Agency> {
    let tree = &catalogue.tree;
    let ids: Vec<AgencyId> = if rule.each_child {
        tree.children_on(rule.agency, day_of(services.clock.now()))
    } else {
        vec![rule.agency]
    };
    ids.into_iter().filter_map(|id| tree.get(id).cloned()).collect()
}

fn subject(agency: &Agency, period: &Period) -> AlertSubject {
    let code = period.code().unwrap_or_default();
    AlertSubject {
        key: format!("{} {code}", agency.code),
        agency: Some(agency.id),
        period: Some(code.to_owned()),
        device: None,
    }
}

async fn figures(
    services: &Services,
    catalogue: &Catalogue,
    rule: &AlertRule,
    watched: &Watched,
) -> Result<Vec<Seen>> {
    let running = watched.period.of(day_of(services.clock.now()));
    let running = running.ok_or_else(|| Error::internal("a day without a period"))?;
    let periods = std::iter::successors(Some(running), |period| watched.period.before(period));
    // Late responses still change the period before the running one. People go on answering in the running one, so that
    // how many did is known only when it is over.
    let periods: Vec<Period> = match rule.kind {
        RuleKind::Participation => periods.skip(1).take(2).collect(),
        _ => periods.take(2).collect(),
    };
    let actor = Actor::Client(keeper(rule));
    let mut seen = Vec::new();
    for agency in agencies(services, catalogue, rule) {
        for period in &periods {
            let (holds, evidence) =
                look(services, catalogue, (rule, watched), &actor, (&agency, period)).await?;
            seen.push(Seen { subject: subject(&agency, period), holds, evidence });
        }
    }
    Ok(seen)
}

/// Whether the condition holds of an agency and period as somebody sees it, and what he sees.
async fn look(
    services: &Services,
    catalogue: &Catalogue,
    (rule, watched): (&AlertRule, &Watched),
    actor: &Actor,
    (agency, period): (&Agency, &Period),
) -> Result<(bool, Value)> {
    let survey = catalogue.survey(watched.survey).map(|survey| survey.code.clone());
    let confidence = watched.interval.as_ref().map(|(_, percent)| Confidence::parse(&percent.to_string()));
    let asked = Asked {
        subject: SubjectCode::Agencies(vec![agency.code.clone()]),
        depth: Depth::Subtree,
        survey,
        period: Some(period.clone()),
        formula: watched.interval.as_ref().map(|(formula, _)| formula.clone()),
        as_of: AsOf::Now,
        confidence: confidence.and_then(std::result::Result::ok).unwrap_or_default(),
        flagged: Flagged::Excluded,
    };
    let looked = match rule.kind {
        RuleKind::Drop => {
            let before = watched.period.before(period);
            let other = Other { subject: None, period: before };
            comparisons::read(services, actor, (&asked, &other), Faults::default()).await.map(|report| {
                let fell = report
                    .comparison
                    .difference
                    .is_some_and(|difference| difference.hundredths() <= -rule.threshold);
                let evidence = json!({
                    "whole": value(&report.first),
                    "before": value(&report.second),
                    "difference": report.comparison.difference.map(|difference| difference.to_f64()),
                });
                (fell && report.comparison.distinguishable == Some(true), evidence)
            })
        }
        _ => indexes::read(services, actor, &asked, Faults::default()).await.map(|report| {
            let whole = &report.figures.whole;
            let below = whole.interval.is_some_and(|interval| interval.high.hundredths() < rule.threshold);
            let rate = report.participation.and_then(|participation| participation.rate);
            let few = rate.is_some_and(|rate| rate.hundredths() < rule.threshold);
            let evidence = json!({
                "whole": value(whole),
                "participation_percent": rate.map(|rate| rate.to_f64()),
                "dossiers": report.participation.map(|participation| participation.dossiers),
            });
            (if rule.kind == RuleKind::Participation { few } else { below }, evidence)
        }),
    };
    match looked {
        // Not in the tree of that time, or figures are closed to whoever looks: nothing to see.
        Err(error) if matches!(error.code, ErrorCode::ValidationFailed | ErrorCode::TokenMissing) => {
            Ok((false, Value::Null))
        }
        looked => looked,
    }
}

fn value(value: &IndexValue) -> Value {
    json!({
        "value": value.value.map(|value| value.to_f64()),
        "low": value.interval.map(|interval| interval.low.to_f64()),
        "high": value.interval.map(|interval| interval.high.to_f64()),
        "n": value.n,
        "suppressed": value.suppressed,
    })
}

/// The figures of an alert that everybody may read; null for what is never told to everybody.
pub(super) async fn figures_for_all(
    services: &Services,
    catalogue: &Catalogue,
    rule: &AlertRule,
    seen: &Seen,
) -> Result<Value> {
    let agency = seen.subject.agency.and_then(|agency| catalogue.tree.get(agency));
    let period = seen.subject.period.as_deref().map(Period::parse).transpose();
    match (&rule.watched, agency, period) {
        (Some(watched), Some(agency), Ok(Some(period))) => {
            let asked = (rule, watched);
            let looked = look(services, catalogue, asked, &Actor::Anonymous, (agency, &period)).await?;
            Ok(looked.1)
        }
        _ => Ok(Value::Null),
    }
}

/// Devices that are silent; those that are not are not named.
async fn silent_devices(services: &Services, catalogue: &Catalogue, rule: &AlertRule) -> Result<Vec<Seen>> {
    activity::flush(services).await?;
    let hours = TimeDelta::hours(i64::from(rule.threshold));
    let bound = services.rules.office_hours.back(services.clock.now(), hours);
    let filter = DeviceFilter {
        state: Some(DeviceState::Active),
        silent: Some((true, bound)),
        ..DeviceFilter::default()
    };
    let scope = scope(catalogue, rule, rule.agency)?;
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = Page::new(MAX_LIMIT, cursor.as_deref(), "silent devices")?;
        let read = async |conn: &mut Conn| fleet_list(conn, &scope, &filter, &page).await;
        let mut records = services.db.within(SILENCE, read).await?;
        cursor = page.cut(&mut records, |record| record.device.id.0.to_string());
        seen.extend(records.into_iter().map(|record| Seen {
            evidence: json!({"last_seen_at": record.signs.last_seen().map(instant)}),
            subject: AlertSubject {
                key: record.device.id.0.to_string(),
                agency: record.device.agency,
                period: None,
                device: Some(record.device.id),
            },
            holds: true,
        }));
        if cursor.is_none() {
            return Ok(seen);
        }
    }
}

/// How many responses were flagged today and yesterday: what was flagged just before midnight is seen after it.
async fn flagged(services: &Services, catalogue: &Catalogue, rule: &AlertRule) -> Result<Vec<Seen>> {
    let today = day_of(services.clock.now());
    let mut seen = Vec::new();
    for agency in agencies(services, catalogue, rule) {
        let scope = scope(catalogue, rule, agency.id)?;
        for day in [Some(today), today.checked_sub_days(Days::new(1))].into_iter().flatten() {
            let Ok(period) = Period::parse(&day.to_string()) else { continue };
            let span = (start_of(period.from()).to_utc(), start_of(period.to()).to_utc());
            let count = async |conn: &mut Conn| flagged_count(conn, &scope, span).await;
            let count = services.db.within(SILENCE, count).await?;
            seen.push(Seen {
                subject: subject(&agency, &period),
                holds: count >= i64::from(rule.threshold),
                evidence: json!({"flagged": count}),
            });
        }
    }
    Ok(seen)
}

fn scope(catalogue: &Catalogue, rule: &AlertRule, agency: AgencyId) -> Result<AgencyScope> {
    policy::keep_alerts(&keeper(rule), &catalogue.tree, Some(agency))
        .ok_or_else(|| Error::internal("an agency outside of its rule"))
}
