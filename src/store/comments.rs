//! Comments, which are stored apart from the answers. They are written with their response, in `responses`.

use super::schema::{comments, installation, response_flags, response_voids, responses, tallies};
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::comment::CommentKey;
use crate::domain::ids::{AgencyId, ResponseId, SurveyId};
use crate::domain::period::{Grain, start_of};
use crate::domain::redaction::{RULES, redact};
use crate::domain::standing::{FlagState, VoidState};
use crate::error::Result;
use chrono::NaiveDate;
use diesel::dsl::{count_star, exists, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::collections::HashMap;
use uuid::Uuid;

/// People who rated an agency in a calendar month, as far as they are folded.
pub async fn people_of_month(
    conn: &mut Conn,
    scope: &AgencyScope,
    (survey, agency): (SurveyId, AgencyId),
    month: NaiveDate,
) -> Result<i64> {
    use tallies as t;
    if !scope.allows(agency) {
        return Ok(0);
    }
    let people: Option<i64> = t::table
        .filter(t::survey_id.eq(survey.0).and(t::agency_id.eq(agency.0)))
        .filter(t::facet.eq(0).and(t::reach.eq(0)).and(t::grain.eq(Grain::Month.number())))
        .filter(t::starts_on.eq(month))
        .select(t::people)
        .first(conn)
        .await
        .optional()?;
    Ok(people.unwrap_or(0))
}

/// Ids of the commented responses to a survey that rate an agency, answered on the days `from..to`.
pub async fn comments_ids(
    conn: &mut Conn,
    scope: &AgencyScope,
    (survey, agency): (SurveyId, AgencyId),
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<ResponseId>> {
    if !scope.allows(agency) {
        return Ok(Vec::new());
    }
    let (first, last) = (floor(from), floor(to));
    let ids: Vec<Uuid> = comments::table
        .inner_join(responses::table.on(responses::id.eq(comments::response_id)))
        .filter(comments::response_id.ge(first).and(comments::response_id.lt(last)))
        // Says nothing new, but tells the planner which months to leave alone.
        .filter(responses::id.ge(first).and(responses::id.lt(last)))
        .filter(responses::survey_id.eq(survey.0).and(responses::rated_agency_id.eq(agency.0)))
        .filter(comments::rules.ge(1))
        .select(comments::response_id)
        .load(conn)
        .await?;
    ids.into_iter().map(|id| ResponseId::new(id).ok_or_else(|| corrupt("comments.response_id"))).collect()
}

/// The smallest id of what is answered on a day or later.
pub(super) fn floor(day: NaiveDate) -> Uuid {
    ResponseId::floor(start_of(day).to_utc())
}

/// How many of the responses to a survey that count and were answered on the days `from..to` have a comment, by rated
/// agency within the scope.
pub async fn comments_count(
    conn: &mut Conn,
    scope: &AgencyScope,
    survey: SurveyId,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<HashMap<AgencyId, u64>> {
    use {response_flags as f, response_voids as v};
    let (first, last) = (floor(from), floor(to));
    let flagged = f::table
        .filter(f::response_id.eq(comments::response_id).and(f::state.ne(FlagState::Lifted.as_str())));
    let void = v::table
        .filter(v::response_id.eq(comments::response_id).and(v::state.eq(VoidState::Confirmed.as_str())));
    let rows: Vec<(i32, i64)> = comments::table
        .inner_join(responses::table.on(responses::id.eq(comments::response_id)))
        .filter(comments::response_id.ge(first).and(comments::response_id.lt(last)))
        // Says nothing new, but tells the planner which months to leave alone.
        .filter(responses::id.ge(first).and(responses::id.lt(last)))
        .filter(responses::survey_id.eq(survey.0))
        .filter(not(exists(flagged)).and(not(exists(void))))
        .group_by(responses::rated_agency_id)
        .select((responses::rated_agency_id, count_star()))
        .load(conn)
        .await?;
    let counts =
        rows.into_iter().map(|(agency, count)| (AgencyId(agency), u64::try_from(count).unwrap_or(0)));
    Ok(counts.filter(|(agency, _)| scope.allows(*agency)).collect())
}

/// The words of these comments, in their order; without those that were deleted meanwhile.
pub async fn comments_fetch(conn: &mut Conn, ids: &[ResponseId]) -> Result<Vec<(ResponseId, String)>> {
    let wanted: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let mut bodies: HashMap<Uuid, String> = comments::table
        .filter(comments::response_id.eq_any(&wanted))
        .select((comments::response_id, comments::body))
        .load(conn)
        .await?
        .into_iter()
        .collect();
    Ok(ids.iter().filter_map(|id| Some((*id, bodies.remove(&id.uuid())?))).collect())
}

/// The words of all comments on the scope's agencies that were answered on the days `from..to`.
pub async fn comments_words(
    conn: &mut Conn,
    scope: &AgencyScope,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<String>> {
    let (first, last) = (floor(from), floor(to));
    let mut query = comments::table
        .inner_join(responses::table.on(responses::id.eq(comments::response_id)))
        .filter(comments::response_id.ge(first).and(comments::response_id.lt(last)))
        .filter(responses::id.ge(first).and(responses::id.lt(last)))
        .select(comments::body)
        .into_boxed();
    if !scope.is_whole_country() {
        let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
        query = query.filter(responses::rated_agency_id.eq_any(agencies));
    }
    Ok(query.load(conn).await?)
}

/// The key that orders them.
pub async fn comments_key(conn: &mut Conn) -> Result<CommentKey> {
    Ok(CommentKey(installation::table.select(installation::comments_key).first(conn).await?))
}

/// Deletes the comments answered before a day; gives how many.
pub async fn comments_delete_before(conn: &mut Conn, day: NaiveDate) -> Result<usize> {
    Ok(diesel::delete(comments::table.filter(comments::response_id.lt(floor(day)))).execute(conn).await?)
}

/// Redacts some of the comments that arrived before there were rules; gives how many.
pub async fn comments_redact_some(conn: &mut Conn, limit: i64) -> Result<usize> {
    let old: Vec<(Uuid, String)> = comments::table
        .filter(comments::rules.eq(0))
        .select((comments::response_id, comments::body))
        .limit(limit)
        .load(conn)
        .await?;
    for (id, body) in &old {
        diesel::update(comments::table.find(id))
            .set((comments::body.eq(redact(body)), comments::rules.eq(RULES)))
            .execute(conn)
            .await?;
    }
    Ok(old.len())
}
