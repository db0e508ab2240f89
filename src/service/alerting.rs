//! Alerting: holds every rule against what is stored, behind the folder, and opens and closes alerts.
//!
//! One evaluates at a time across all instances. Nothing is kept between rounds but the alerts themselves, so a round
//! that is cut off is made up for by the next, and a round finds what follows from time alone: a month that ended
//! with nothing in it, a device nobody hears.
//!
//! A condition is looked at as an administrator of the rule's agency sees it, small cells and all. What leaves the
//! service by a webhook has only the figures that everybody may read. That there is an alert says by itself that a
//! threshold was passed, also where the figure is withheld.
//!
//! An episode of figures that closed is not opened again on the same day: a figure that wavers around a threshold must
//! not send all day.

mod watching;

use super::Services;
use super::alerts::{close, open};
use super::catalogue::{Catalogue, current};
use crate::auth::policy;
use crate::domain::alert::{Alert, AlertRule, CloseReason, RuleKind};
use crate::domain::period::{day_of, start_of};
use crate::error::{Error, Result};
use crate::store::alert_rules::{alert_rule_lock, alert_rules_active};
use crate::store::alerts::{alert_was_closed_since, alerting_lock, alerting_unlock, alerts_open_of_rule};
use crate::store::{AsyncConnection, Conn};
use std::time::Duration;
use watching::{Seen, figures_for_all, watch};

/// How long a round may take: each rule reads figures of each of its agencies.
const PATIENCE: Duration = Duration::from_secs(600);

/// Evaluates every rule. Does nothing while another instance does.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away. A rule that cannot be
/// evaluated is logged and does not keep the others from it.
pub async fn evaluate(services: &Services) -> Result<()> {
    let round = async |conn: &mut Conn| {
        if !alerting_lock(conn).await? {
            return Ok(());
        }
        let done = evaluate_all(services, conn).await;
        alerting_unlock(conn).await?;
        done
    };
    // The lock lives as long as this connection, beside those that the figures are read on.
    services.db.sibling(1)?.within(PATIENCE, round).await
}

async fn evaluate_all(services: &Services, conn: &mut Conn) -> Result<()> {
    let catalogue = current(services).await?;
    for rule in alert_rules_active(conn).await? {
        if let Err(error) = evaluate_one(services, conn, &catalogue, &rule).await {
            tracing::warn!(rule = %rule.id, "a rule waits for the next round: {}", error.chain());
        }
    }
    Ok(())
}

async fn evaluate_one(
    services: &Services,
    conn: &mut Conn,
    catalogue: &Catalogue,
    rule: &AlertRule,
) -> Result<()> {
    let seen = watch(services, catalogue, rule).await?;
    let was_open = alerts_open_of_rule(conn, rule.id).await?;
    for seen in seen.iter().filter(|seen| seen.holds) {
        let is_open = was_open.iter().any(|alert| alert.subject.key == seen.subject.key);
        if !is_open && !closed_today(services, conn, rule, seen).await? {
            open_one(services, conn, catalogue, (rule, seen)).await?;
        }
    }
    for alert in was_open {
        let reason = match seen.iter().find(|seen| seen.subject.key == alert.subject.key) {
            Some(seen) if seen.holds => continue,
            // A device that is not among the silent ones was heard, or is none of ours any more.
            None if rule.kind != RuleKind::SilentDevice => CloseReason::PeriodOver,
            _ => CloseReason::Recovered,
        };
        let closed = (services.clock.now(), reason);
        let work = async |conn: &mut Conn| close(conn, catalogue, (alert, Some(rule)), closed).await;
        conn.transaction(work).await?;
    }
    Ok(())
}

async fn closed_today(services: &Services, conn: &mut Conn, rule: &AlertRule, seen: &Seen) -> Result<bool> {
    // A device that fell silent takes its hours to do so again.
    if rule.kind == RuleKind::SilentDevice {
        return Ok(false);
    }
    let today = start_of(day_of(services.clock.now())).to_utc();
    alert_was_closed_since(conn, rule.id, &seen.subject.key, today).await
}

async fn open_one(
    services: &Services,
    conn: &mut Conn,
    catalogue: &Catalogue,
    (rule, seen): (&AlertRule, &Seen),
) -> Result<()> {
    let figures = figures_for_all(services, catalogue, rule, seen).await?;
    let alert = Alert {
        seq: 0,
        kind: rule.kind.into(),
        rule: Some(rule.id),
        webhook: None,
        subject: seen.subject.clone(),
        evidence: seen.evidence.to_string(),
        opened_at: services.clock.now(),
        closed: None,
    };
    let work = async |conn: &mut Conn| {
        // Not if the rule was ended meanwhile: nobody would close it any more.
        let rule = alert_rule_lock(conn, &policy::of_the_service(), rule.id).await?;
        match rule.filter(|rule| rule.ended_at.is_none()) {
            Some(rule) => open(conn, catalogue, (alert, Some(&rule)), &figures).await.map(drop),
            None => Ok::<_, Error>(()),
        }
    };
    conn.transaction(work).await
}
