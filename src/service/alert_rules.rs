//! Rules of alerts: administrators make, see, change and end those of their own subtree. What they find is in
//! [`super::alerting`].

use super::Services;
use super::alerts::{KeeperQuery, close, listing, threshold_text};
use super::audit;
use super::catalogue::{Catalogue, current};
use super::figures::{Confidence, Formula, formula, survey};
use super::flags::Listed;
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::alert::{AlertRule, CloseReason, RuleKind, Watched, WatchedPeriod};
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::Client;
use crate::domain::ids::{AgencyId, uuid_v7};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place, Result};
use crate::store::alert_rules::{alert_rule_insert, alert_rule_lock, alert_rule_set, alert_rules_list};
use crate::store::alerts::alerts_open_of_rule;
use crate::store::{AsyncConnection, Conn, SILENCE};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use uuid::Uuid;

/// A rule to be made, as far as it could be read.
#[derive(Debug, Default)]
pub struct RuleDraft {
    /// What people call it.
    pub name: Option<String>,
    /// Whose affair it is.
    pub agency: Option<AgencyCode>,
    /// Whether it looks at each agency right below that one.
    pub each_child: bool,
    /// What it looks for.
    pub kind: Option<RuleKind>,
    /// Code of the survey.
    pub survey: Option<String>,
    /// Which periods.
    pub period: Option<WatchedPeriod>,
    /// Formula id; the first of the survey's kind if absent.
    pub formula: Option<String>,
    /// Of the intervals.
    pub confidence: Confidence,
    /// See [`AlertRule::threshold`].
    pub threshold: Option<i32>,
}

/// What is to be changed of a rule: only what is given.
#[derive(Debug, Default)]
pub struct RuleChange {
    /// Another name.
    pub name: Option<String>,
    /// Another threshold, read for the kind that the rule turns out to have.
    pub threshold: Option<Threshold>,
}

/// A threshold as it was written: what it means depends on the kind of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// A whole number.
    Whole(i64),
    /// A number with decimals, in hundredths.
    Hundredths(i32),
}

impl Threshold {
    /// In the unit of a kind of rule.
    ///
    /// # Errors
    /// [`FaultKind::OutOfRange`], for hours and responses also with decimals.
    pub fn of(self, kind: RuleKind) -> std::result::Result<i32, FaultKind> {
        let scale = if kind.is_of_figures() { 100 } else { 1 };
        let wrong = FaultKind::OutOfRange {
            min: i64::from(!kind.is_of_figures()),
            max: i64::from(kind.most() / scale),
        };
        let value = match self {
            Self::Whole(number) => number.checked_mul(i64::from(scale)),
            Self::Hundredths(hundredths) => kind.is_of_figures().then_some(i64::from(hundredths)),
        };
        let value = value.and_then(|value| i32::try_from(value).ok());
        value.filter(|value| (1..=kind.most()).contains(value)).ok_or(wrong)
    }
}

/// A rule with what names it.
#[derive(Debug)]
pub struct PlacedRule {
    /// The rule.
    pub rule: AlertRule,
    /// What it names.
    pub catalogue: Arc<Catalogue>,
}

/// Makes a rule. `faults` are those its reader found already.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::ValidationFailed`] with all faults.
pub async fn create(
    services: &Services,
    actor: &Actor,
    draft: RuleDraft,
    faults: Faults,
) -> Result<PlacedRule> {
    let keeper = policy::alert_keeper(actor)?;
    let (catalogue, now) = (current(services).await?, services.clock.now());
    let rule = drafted(&catalogue, keeper, draft, faults, now)?;
    let scope = policy::keep_alerts(keeper, &catalogue.tree, Some(rule.agency));
    let scope = scope.ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let work = async |conn: &mut Conn| {
        alert_rule_insert(conn, &scope, &rule, keeper.id).await?;
        record(conn, keeper, Action::AlertRuleCreated, &rule, now).await
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await?;
    Ok(PlacedRule { rule, catalogue })
}

fn drafted(
    catalogue: &Catalogue,
    keeper: &Client,
    draft: RuleDraft,
    mut faults: Faults,
    now: DateTime<Utc>,
) -> Result<AlertRule> {
    let mine = |id: &AgencyId| policy::keep_alerts(keeper, &catalogue.tree, Some(*id)).is_some();
    let agency = draft.agency.as_ref().and_then(|code| catalogue.tree.find(code)).map(|agency| agency.id);
    let agency = agency.filter(mine);
    if draft.agency.is_some() && agency.is_none() {
        faults.at("/agency", FaultKind::UnknownAgency);
    }
    // What these refuse is named by parameter; here it is a field.
    let mut naming = Faults::default();
    let survey = draft.survey.as_ref().and_then(|code| survey(catalogue, code, "survey", &mut naming));
    let formula: Option<Formula> =
        survey.as_ref().and_then(|survey| formula(survey, draft.formula.as_deref(), &mut naming));
    for fault in naming.into_vec() {
        if let Place::Parameter(name) = fault.place {
            faults.at(format!("/{name}"), fault.kind);
        }
    }
    let refused = |faults: Faults| Error::invalid(faults.into_vec(), now);
    let (Some(kind), Some(name), Some(agency), Some(threshold), true) =
        (draft.kind, draft.name, agency, draft.threshold, faults.is_empty())
    else {
        return Err(refused(faults));
    };
    let watched = match (survey, formula, draft.period) {
        (Some(survey), Some(formula), Some(period)) => {
            let interval = (formula.id().to_owned(), draft.confidence.percent());
            Some(Watched { survey: survey.id, period, interval: kind.is_of_intervals().then_some(interval) })
        }
        _ => None,
    };
    if watched.is_some() != kind.is_of_figures() {
        return Err(refused(faults));
    }
    Ok(AlertRule {
        id: uuid_v7(now),
        name,
        agency,
        each_child: draft.each_child,
        kind,
        watched,
        threshold,
        created_at: now,
        ended_at: None,
    })
}

/// One page of the rules in the keeper's charge, mostly the oldest first.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; those of [`listing`].
pub async fn list(services: &Services, actor: &Actor, query: &KeeperQuery<()>) -> Result<Listed<AlertRule>> {
    let keeper = policy::alert_keeper(actor)?;
    let catalogue = current(services).await?;
    let asked = (&*catalogue, keeper, services.clock.now());
    let (scope, page) = listing(asked, policy::keep_alerts, query, "alert rules")?;
    let read = async |conn: &mut Conn| alert_rules_list(conn, &scope, &page).await;
    let mut items = services.db.within(SILENCE, read).await?;
    let next_cursor = page.cut(&mut items, |rule| rule.id.to_string());
    Ok(Listed { items, next_cursor, catalogue })
}

/// Changes a rule (`None`: of an id that is none) for what it finds from now on; what is open stays open until it does
/// not hold any more.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::AlertRuleNotFound`], also for one that was
/// ended; [`ErrorCode::ValidationFailed`].
pub async fn change(
    services: &Services,
    actor: &Actor,
    id: Option<Uuid>,
    change: &RuleChange,
    faults: Faults,
) -> Result<PlacedRule> {
    let keeper = policy::alert_keeper(actor)?;
    let (catalogue, now) = (current(services).await?, services.clock.now());
    let not_found = || Error::new(ErrorCode::AlertRuleNotFound);
    let scope = policy::keep_alerts(keeper, &catalogue.tree, None).ok_or_else(not_found)?;
    let id = id.ok_or_else(not_found)?;
    let work = async |conn: &mut Conn| {
        let mut faults = faults.to_vec();
        let rule = alert_rule_lock(conn, &scope, id).await?.filter(|rule| rule.ended_at.is_none());
        let before = rule.ok_or_else(not_found)?;
        let mut rule = before.clone();
        if let Some(name) = &change.name {
            rule.name.clone_from(name);
        }
        match change.threshold.map(|threshold| threshold.of(rule.kind)) {
            Some(Ok(threshold)) => rule.threshold = threshold,
            Some(Err(kind)) => {
                faults.push(crate::error::Fault { place: Place::Pointer("/threshold".into()), kind });
            }
            None => {}
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults, now));
        }
        if rule != before {
            alert_rule_set(conn, &scope, &rule).await?;
            if rule.threshold != before.threshold {
                // Nothing recovered by that.
                for alert in alerts_open_of_rule(conn, rule.id).await? {
                    close(conn, &catalogue, (alert, Some(&rule)), (now, CloseReason::RuleChanged)).await?;
                }
            }
            record(conn, keeper, Action::AlertRuleChanged, &rule, now).await?;
        }
        Ok(rule)
    };
    let rule = services.db.within(SILENCE, async |conn| conn.transaction(work).await).await?;
    Ok(PlacedRule { rule, catalogue })
}

/// Ends a rule for good, and closes what it opened. Ending it again changes nothing.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::AlertRuleNotFound`].
pub async fn end(services: &Services, actor: &Actor, id: Option<Uuid>) -> Result<PlacedRule> {
    let keeper = policy::alert_keeper(actor)?;
    let (catalogue, now) = (current(services).await?, services.clock.now());
    let not_found = || Error::new(ErrorCode::AlertRuleNotFound);
    let scope = policy::keep_alerts(keeper, &catalogue.tree, None).ok_or_else(not_found)?;
    let id = id.ok_or_else(not_found)?;
    let work = async |conn: &mut Conn| {
        let mut rule = alert_rule_lock(conn, &scope, id).await?.ok_or_else(not_found)?;
        if rule.ended_at.is_none() {
            rule.ended_at = Some(now);
            alert_rule_set(conn, &scope, &rule).await?;
            for alert in alerts_open_of_rule(conn, rule.id).await? {
                close(conn, &catalogue, (alert, Some(&rule)), (now, CloseReason::Ended)).await?;
            }
            record(conn, keeper, Action::AlertRuleEnded, &rule, now).await?;
        }
        Ok::<_, Error>(rule)
    };
    let rule = services.db.within(SILENCE, async |conn| conn.transaction(work).await).await?;
    Ok(PlacedRule { rule, catalogue })
}

async fn record(
    conn: &mut Conn,
    keeper: &Client,
    action: Action,
    rule: &AlertRule,
    now: DateTime<Utc>,
) -> Result<()> {
    let entry = Entry {
        action,
        agency: Some(rule.agency),
        object: rule.id.to_string(),
        details: vec![
            ("name", rule.name.clone()),
            ("kind", rule.kind.as_str().to_owned()),
            ("threshold", threshold_text(rule.kind, rule.threshold)),
        ],
    };
    audit::record(conn, By::Client(keeper), &entry, now).await
}
