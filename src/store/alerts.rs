//! Alerts: episodes that were opened and closed, each once.

use super::paging::Page;
use super::schema::alerts::{self, self as a};
use super::schema::response_flags as f;
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::alert::{Alert, AlertKind, AlertState, AlertSubject, CloseReason};
use crate::domain::ids::{AgencyId, ClientId};
use crate::domain::standing::FlagState;
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, Utc};
use diesel::dsl::{count, exists, select};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// Key of the lock that whoever evaluates holds: "ALRT".
const ALERT_LOCK: i64 = 0x414c_5254;

diesel::define_sql_function! {
    /// Takes a lock that ends with the session; false if another session holds it.
    fn pg_try_advisory_lock(key: BigInt) -> Bool;
}

diesel::define_sql_function! {
    /// Ends it before.
    fn pg_advisory_unlock(key: BigInt) -> Bool;
}

/// Makes this session the only one that evaluates, across all instances; false if another one does.
pub async fn alerting_lock(conn: &mut Conn) -> Result<bool> {
    Ok(select(pg_try_advisory_lock(ALERT_LOCK)).get_result(conn).await?)
}

/// Ends [`alerting_lock`]; closing the connection does too.
pub async fn alerting_unlock(conn: &mut Conn) -> Result<()> {
    select(pg_advisory_unlock(ALERT_LOCK)).get_result::<bool>(conn).await?;
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = alerts, check_for_backend(diesel::pg::Pg))]
struct Row {
    seq: i64,
    kind: String,
    rule_id: Option<Uuid>,
    webhook_id: Option<Uuid>,
    agency_id: Option<i32>,
    subject: String,
    period: Option<String>,
    client_id: Option<Uuid>,
    evidence: String,
    opened_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    close_reason: Option<String>,
}

impl TryFrom<Row> for Alert {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let reason = row.close_reason.map(|reason| CloseReason::parse(&reason)).transpose();
        Ok(Self {
            seq: row.seq,
            kind: AlertKind::parse(&row.kind).map_err(|_| corrupt("alerts.kind"))?,
            rule: row.rule_id,
            webhook: row.webhook_id,
            subject: AlertSubject {
                key: row.subject,
                agency: row.agency_id.map(AgencyId),
                period: row.period,
                device: row.client_id.map(ClientId),
            },
            evidence: row.evidence,
            opened_at: row.opened_at,
            closed: row.closed_at.zip(reason.map_err(|_| corrupt("alerts.close_reason"))?),
        })
    }
}

/// Opens an alert (its number is not looked at); gives it with its number.
pub async fn alert_insert(conn: &mut Conn, alert: Alert) -> Result<Alert> {
    let seq = diesel::insert_into(a::table)
        .values((
            a::kind.eq(alert.kind.as_str()),
            a::rule_id.eq(alert.rule),
            a::webhook_id.eq(alert.webhook),
            a::agency_id.eq(alert.subject.agency.map(|agency| agency.0)),
            a::subject.eq(&alert.subject.key),
            a::period.eq(&alert.subject.period),
            a::client_id.eq(alert.subject.device.map(|device| device.0)),
            a::evidence.eq(&alert.evidence),
            a::opened_at.eq(alert.opened_at),
        ))
        .returning(a::seq)
        .get_result(conn)
        .await?;
    Ok(Alert { seq, ..alert })
}

/// Closes an alert; whether it was open.
pub async fn alert_close(
    conn: &mut Conn,
    seq: i64,
    (at, reason): (DateTime<Utc>, CloseReason),
) -> Result<bool> {
    let open = a::table.filter(a::seq.eq(seq).and(a::closed_at.is_null()));
    let set = (a::closed_at.eq(at), a::close_reason.eq(reason.as_str()));
    Ok(diesel::update(open).set(set).execute(conn).await? > 0)
}

/// The open alerts of a rule, in order.
pub async fn alerts_open_of_rule(conn: &mut Conn, rule: Uuid) -> Result<Vec<Alert>> {
    let open = a::table.filter(a::rule_id.eq(rule).and(a::closed_at.is_null())).order(a::seq);
    open.select(Row::as_select()).load(conn).await?.into_iter().map(Alert::try_from).collect()
}

/// The open alerts that a webhook was paused, in order.
pub async fn alerts_open_of_webhook(conn: &mut Conn, webhook: Uuid) -> Result<Vec<Alert>> {
    let open = a::table.filter(a::webhook_id.eq(webhook).and(a::closed_at.is_null())).order(a::seq);
    open.select(Row::as_select()).load(conn).await?.into_iter().map(Alert::try_from).collect()
}

/// Whether an alert of a rule and subject was closed at this instant or later.
pub async fn alert_was_closed_since(
    conn: &mut Conn,
    rule: Uuid,
    subject: &str,
    since: DateTime<Utc>,
) -> Result<bool> {
    let of_rule = a::rule_id.eq(rule).and(a::subject.eq(subject)).and(a::closed_at.ge(since));
    let closed = a::table.filter(of_rule.and(a::close_reason.ne(CloseReason::RuleChanged.as_str())));
    Ok(select(exists(closed)).get_result(conn).await?)
}

/// What a list of alerts is narrowed to.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlertFilter {
    /// Of this kind.
    pub kind: Option<AlertKind>,
    /// Open or closed ones.
    pub state: Option<AlertState>,
}

/// A page of the alerts of a scope, the newest first.
///
/// # Errors
/// [`ErrorCode::InvalidCursor`].
pub async fn alerts_list(
    conn: &mut Conn,
    scope: &AgencyScope,
    filter: AlertFilter,
    page: &Page,
) -> Result<Vec<Alert>> {
    let mut query =
        a::table.select(Row::as_select()).order(a::seq.desc()).limit(page.limit_and_one()).into_boxed();
    if !scope.is_whole_country() {
        let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
        query = query.filter(a::agency_id.eq_any(agencies));
    }
    if let Some(after) = &page.after {
        let after: i64 = after.parse().map_err(|_| Error::new(ErrorCode::InvalidCursor))?;
        query = query.filter(a::seq.lt(after));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(a::kind.eq(kind.as_str()));
    }
    query = match filter.state {
        Some(AlertState::Open) => query.filter(a::closed_at.is_null()),
        Some(AlertState::Closed) => query.filter(a::closed_at.is_not_null()),
        None => query,
    };
    query.load(conn).await?.into_iter().map(Alert::try_from).collect()
}

/// Responses that rate agencies of the scope and were flagged in a span of time, without those whose flag was lifted.
pub async fn flagged_count(
    conn: &mut Conn,
    scope: &AgencyScope,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<i64> {
    let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
    let flagged = f::table
        .filter(f::agency_id.eq_any(agencies))
        .filter(f::flagged_at.ge(from).and(f::flagged_at.lt(to)))
        .filter(f::state.ne(FlagState::Lifted.as_str()));
    Ok(flagged.select(count(f::response_id).aggregate_distinct()).first(conn).await?)
}
