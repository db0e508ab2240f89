//! Requests that a response be void: one open or confirmed for a response at most, decided once, kept for ever.

use super::paging::Page;
use super::schema::response_voids::{self, self as v};
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::ids::{AgencyId, ClientId, ResponseId, SurveyId};
use crate::domain::standing::{VoidRequest, VoidState};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::collections::HashMap;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = response_voids, check_for_backend(diesel::pg::Pg))]
struct Row {
    seq: i64,
    response_id: Uuid,
    survey_id: i32,
    agency_id: i32,
    reason: String,
    requested_by: Uuid,
    requested_at: DateTime<Utc>,
    state: String,
    decided_by: Option<Uuid>,
    decided_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for VoidRequest {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            seq: row.seq,
            response: ResponseId::new(row.response_id)
                .ok_or_else(|| corrupt("response_voids.response_id"))?,
            survey: SurveyId(row.survey_id),
            agency: AgencyId(row.agency_id),
            reason: row.reason,
            requested_by: ClientId(row.requested_by),
            requested_at: row.requested_at,
            state: VoidState::parse(&row.state).map_err(|_| corrupt("response_voids.state"))?,
            decided_by: row.decided_by.map(ClientId),
            decided_at: row.decided_at,
        })
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct NewVoid<'a> {
    /// Which response.
    pub response: ResponseId,
    /// What it answers.
    pub survey: SurveyId,
    /// Who is rated.
    pub agency: AgencyId,
    /// Why.
    pub reason: &'a str,
    /// Who asks.
    pub by: ClientId,
    /// When.
    pub at: DateTime<Utc>,
}

/// Enters a request, unless one is open or confirmed; whether it was entered.
///
/// # Errors
/// [`ErrorCode::ResponseNotFound`] for an agency outside the scope.
pub async fn void_insert(conn: &mut Conn, scope: &AgencyScope, new: &NewVoid<'_>) -> Result<bool> {
    if !scope.allows(new.agency) {
        return Err(Error::new(ErrorCode::ResponseNotFound));
    }
    let entered = diesel::insert_into(v::table)
        .values((
            v::response_id.eq(new.response.uuid()),
            v::survey_id.eq(new.survey.0),
            v::agency_id.eq(new.agency.0),
            v::reason.eq(new.reason),
            v::requested_by.eq(new.by.0),
            v::requested_at.eq(new.at),
        ))
        // Without naming the db index: it is a partial one, and a kept plan cannot tell from parameters that it is meant.
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(entered > 0)
}

/// The newest request about a response, held against changes until the transaction ends.
pub async fn void_find_newest(conn: &mut Conn, response: ResponseId) -> Result<Option<VoidRequest>> {
    let newest = v::table.filter(v::response_id.eq(response.uuid())).order(v::seq.desc());
    let row = newest.select(Row::as_select()).for_update().first(conn).await.optional()?;
    row.map(VoidRequest::try_from).transpose()
}

/// Decides a pending request, or lets it expire (then nobody decided).
pub async fn void_decide(
    conn: &mut Conn,
    request: &VoidRequest,
    state: VoidState,
    by: Option<(ClientId, DateTime<Utc>)>,
) -> Result<()> {
    diesel::update(v::table.find(request.seq))
        .set((
            v::state.eq(state.as_str()),
            v::decided_by.eq(by.map(|(client, _)| client.0)),
            v::decided_at.eq(by.map(|(_, at)| at)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// A page of requests in the scope, the newest first. A pending one from before `expired_before` counts as expired.
pub async fn voids_list(
    conn: &mut Conn,
    scope: &AgencyScope,
    (state, expired_before): (Option<VoidState>, DateTime<Utc>),
    page: &Page,
) -> Result<Vec<VoidRequest>> {
    let mut query =
        v::table.select(Row::as_select()).order(v::seq.desc()).limit(page.limit_and_one()).into_boxed();
    if !scope.is_whole_country() {
        let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
        query = query.filter(v::agency_id.eq_any(agencies));
    }
    if let Some(after) = &page.after {
        let after: i64 = after.parse().map_err(|_| Error::new(ErrorCode::InvalidCursor))?;
        query = query.filter(v::seq.lt(after));
    }
    let pending = || v::state.eq(VoidState::Pending.as_str());
    match state {
        None => {}
        Some(VoidState::Pending) => query = query.filter(pending().and(v::requested_at.ge(expired_before))),
        Some(VoidState::Expired) => {
            let late = pending().and(v::requested_at.lt(expired_before));
            query = query.filter(v::state.eq(VoidState::Expired.as_str()).or(late));
        }
        Some(state) => query = query.filter(v::state.eq(state.as_str())),
    }
    query.load(conn).await?.into_iter().map(VoidRequest::try_from).collect()
}

/// Why responses are void, of those that are.
pub async fn void_reasons(conn: &mut Conn, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    let confirmed = v::state.eq(VoidState::Confirmed.as_str()).and(v::response_id.eq_any(ids));
    let reasons: Vec<(Uuid, String)> =
        v::table.filter(confirmed).select((v::response_id, v::reason)).load(conn).await?;
    Ok(reasons.into_iter().collect())
}
