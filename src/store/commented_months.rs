//! In which months people commented on an agency, and when that was answered first: what time to answer is measured from.
//! Kept when the comments are deleted.

use super::Conn;
use super::comments::floor;
use super::schema::commented_months as m;
use super::schema::undertaking_revisions::{self, self as r};
use super::schema::{comments, responses, tallies as t, undertakings as u};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::ids::{AgencyId, ResponseId, SurveyId};
use crate::domain::period::{Grain, day_of};
use crate::domain::undertaking::UndertakingState;
use crate::error::Result;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{count_star, exists, min, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::collections::HashMap;
use uuid::Uuid;

/// Rows entered in one statement: three parameters each.
const ROWS: usize = 5000;

/// A month of a survey at an agency, by its first day.
pub type CommentedMonth = (AgencyId, SurveyId, NaiveDate);

/// The day of the oldest comment there is.
pub async fn comments_oldest_day(conn: &mut Conn) -> Result<Option<NaiveDate>> {
    let oldest: Option<Uuid> = comments::table
        .select(comments::response_id)
        .order(comments::response_id)
        .first(conn)
        .await
        .optional()?;
    Ok(oldest.and_then(ResponseId::new).map(|id| day_of(id.answered_at())))
}

/// Notes on which agencies people commented in the month `from..to`.
pub async fn commented_month_note(conn: &mut Conn, (from, to): (NaiveDate, NaiveDate)) -> Result<()> {
    let (first, last) = (floor(from), floor(to));
    let found: Vec<(i32, i32)> = comments::table
        .inner_join(responses::table.on(responses::id.eq(comments::response_id)))
        .filter(comments::response_id.ge(first).and(comments::response_id.lt(last)))
        .filter(responses::id.ge(first).and(responses::id.lt(last)))
        .select((responses::rated_agency_id, responses::survey_id))
        .distinct()
        .load(conn)
        .await?;
    for found in found.chunks(ROWS) {
        let rows: Vec<_> = found
            .iter()
            .map(|(agency, survey)| (m::agency_id.eq(agency), m::survey_id.eq(survey), m::month.eq(from)))
            .collect();
        diesel::insert_into(m::table).values(rows).on_conflict_do_nothing().execute(conn).await?;
    }
    Ok(())
}

/// Notes one month of one agency.
pub async fn commented_month_add(conn: &mut Conn, (agency, survey, month): CommentedMonth) -> Result<()> {
    let row = (m::agency_id.eq(agency.0), m::survey_id.eq(survey.0), m::month.eq(month));
    diesel::insert_into(m::table).values(row).on_conflict_do_nothing().execute(conn).await?;
    Ok(())
}

/// The months in which people commented on some agencies, of those in which at least `people` answered there.
pub async fn commented_months(
    conn: &mut Conn,
    scope: &AgencyScope,
    people: i64,
) -> Result<Vec<CommentedMonth>> {
    let mut query = m::table
        .inner_join(t::table.on(
            t::survey_id.eq(m::survey_id).and(t::agency_id.eq(m::agency_id)).and(t::starts_on.eq(m::month)),
        ))
        .filter(t::facet.eq(0).and(t::reach.eq(0)).and(t::grain.eq(Grain::Month.number())))
        .filter(t::people.ge(people))
        .select((m::agency_id, m::survey_id, m::month))
        .into_boxed();
    if !scope.is_whole_country() {
        let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
        query = query.filter(m::agency_id.eq_any(agencies));
    }
    let rows: Vec<(i32, i32, NaiveDate)> = query.load(conn).await?;
    Ok(rows.into_iter().map(|(agency, survey, month)| (AgencyId(agency), SurveyId(survey), month)).collect())
}

/// When the first undertaking about each month was published, of those that are not withdrawn.
pub async fn months_first_answered(
    conn: &mut Conn,
    scope: &AgencyScope,
) -> Result<HashMap<CommentedMonth, DateTime<Utc>>> {
    let withdrawn = r::table.filter(r::seq.eq(u::seq).and(r::state.eq(UndertakingState::Withdrawn.as_str())));
    let mut query = u::table
        .filter(not(exists(withdrawn)))
        .group_by((u::agency_id, u::survey_id, u::month))
        .select((u::agency_id, u::survey_id, u::month, min(u::published_at)))
        .into_boxed();
    if !scope.is_whole_country() {
        let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
        query = query.filter(u::agency_id.eq_any(agencies));
    }
    let rows: Vec<(i32, i32, NaiveDate, Option<DateTime<Utc>>)> = query.load(conn).await?;
    let read = |(agency, survey, month, at): (i32, i32, NaiveDate, Option<DateTime<Utc>>)| {
        Some(((AgencyId(agency), SurveyId(survey), month), at?))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// How many promises stand whose day was before `today`.
pub async fn promises_overdue(conn: &mut Conn, scope: &AgencyScope, today: NaiveDate) -> Result<i64> {
    let later = diesel::alias!(undertaking_revisions as later);
    let newer = later.filter(later.field(r::seq).eq(r::seq).and(later.field(r::revision).gt(r::revision)));
    let mut query = u::table
        .inner_join(r::table)
        .filter(not(exists(newer)))
        .filter(r::state.eq(UndertakingState::Promised.as_str()).and(r::due_on.lt(today)))
        .select(count_star())
        .into_boxed();
    if !scope.is_whole_country() {
        let agencies: Vec<i32> = scope.agencies().iter().map(|agency| agency.0).collect();
        query = query.filter(u::agency_id.eq_any(agencies));
    }
    Ok(query.first(conn).await?)
}
