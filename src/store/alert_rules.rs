//! Rules of alerts. An ended one stays, since alerts name it.

use super::paging::Page;
use super::schema::alert_rules::{self, self as r};
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::alert::{AlertRule, RuleKind, Watched, WatchedPeriod};
use crate::domain::ids::{AgencyId, ClientId, SurveyId};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = alert_rules, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: Uuid,
    name: String,
    agency_id: i32,
    each_child: bool,
    kind: String,
    survey_id: Option<i32>,
    period: Option<String>,
    formula: Option<String>,
    confidence: Option<i16>,
    threshold: i32,
    created_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for AlertRule {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let confidence = row.confidence.map(u8::try_from).transpose();
        let confidence = confidence.map_err(|_| corrupt("alert_rules.confidence"))?;
        let watched = match row.survey_id.zip(row.period) {
            None => None,
            Some((survey, period)) => Some(Watched {
                survey: SurveyId(survey),
                period: WatchedPeriod::parse(&period).map_err(|_| corrupt("alert_rules.period"))?,
                interval: row.formula.zip(confidence),
            }),
        };
        Ok(Self {
            id: row.id,
            name: row.name,
            agency: AgencyId(row.agency_id),
            each_child: row.each_child,
            kind: RuleKind::parse(&row.kind).map_err(|_| corrupt("alert_rules.kind"))?,
            watched,
            threshold: row.threshold,
            created_at: row.created_at,
            ended_at: row.ended_at,
        })
    }
}

/// Enters a rule.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`] for an agency outside the scope.
pub async fn alert_rule_insert(
    conn: &mut Conn,
    scope: &AgencyScope,
    rule: &AlertRule,
    by: ClientId,
) -> Result<()> {
    if !scope.allows(rule.agency) {
        return Err(Error::new(ErrorCode::AgencyNotFound));
    }
    let watched = rule.watched.as_ref();
    let interval = watched.and_then(|watched| watched.interval.as_ref());
    diesel::insert_into(r::table)
        .values((
            r::id.eq(rule.id),
            r::name.eq(&rule.name),
            r::agency_id.eq(rule.agency.0),
            r::each_child.eq(rule.each_child),
            r::kind.eq(rule.kind.as_str()),
            r::survey_id.eq(watched.map(|watched| watched.survey.0)),
            r::period.eq(watched.map(|watched| watched.period.as_str())),
            r::formula.eq(interval.map(|(formula, _)| formula)),
            r::confidence.eq(interval.map(|(_, percent)| i16::from(*percent))),
            r::threshold.eq(rule.threshold),
            r::created_by.eq(by.0),
            r::created_at.eq(rule.created_at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// A page of the rules of a scope, by id: mostly the oldest first.
///
/// # Errors
/// [`ErrorCode::InvalidCursor`].
pub async fn alert_rules_list(conn: &mut Conn, scope: &AgencyScope, page: &Page) -> Result<Vec<AlertRule>> {
    let mut query = r::table.select(Row::as_select()).order(r::id).limit(page.limit_and_one()).into_boxed();
    if !scope.is_whole_country() {
        let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
        query = query.filter(r::agency_id.eq_any(agencies));
    }
    if let Some(after) = &page.after {
        let after: Uuid = after.parse().map_err(|_| Error::new(ErrorCode::InvalidCursor))?;
        query = query.filter(r::id.gt(after));
    }
    query.load(conn).await?.into_iter().map(AlertRule::try_from).collect()
}

/// Every rule that was not ended; it is evaluated for whoever made it.
pub async fn alert_rules_active(conn: &mut Conn) -> Result<Vec<AlertRule>> {
    let active = r::table.filter(r::ended_at.is_null()).order(r::id).select(Row::as_select());
    active.load(conn).await?.into_iter().map(AlertRule::try_from).collect()
}

/// A rule of a scope, which nobody else changes until the transaction ends; `None` if there is none of this id.
pub async fn alert_rule_lock(conn: &mut Conn, scope: &AgencyScope, id: Uuid) -> Result<Option<AlertRule>> {
    let row = r::table.find(id).select(Row::as_select()).for_update().first(conn).await.optional()?;
    let rule = row.map(AlertRule::try_from).transpose()?;
    Ok(rule.filter(|rule| scope.allows(rule.agency)))
}

/// Sets what may change of a rule: name, threshold, end.
///
/// # Errors
/// [`ErrorCode::AlertRuleNotFound`] for one outside the scope.
pub async fn alert_rule_set(conn: &mut Conn, scope: &AgencyScope, rule: &AlertRule) -> Result<()> {
    if !scope.allows(rule.agency) {
        return Err(Error::new(ErrorCode::AlertRuleNotFound));
    }
    diesel::update(r::table.find(rule.id))
        .set((r::name.eq(&rule.name), r::threshold.eq(rule.threshold), r::ended_at.eq(rule.ended_at)))
        .execute(conn)
        .await?;
    Ok(())
}
