//! Going through the stored responses.

use crate::domain::ids::{AgencyId, ResponseId, SurveyId};
use crate::domain::period::start_of;
use crate::error::Result;
use crate::store::ingest_batches::Unfolded;
use crate::store::schema::responses::{self, self as r};
use crate::store::{Conn, corrupt};
use chrono::{DateTime, NaiveDate, Utc};
use compact_str::{CompactString, ToCompactString};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;
use uuid::Uuid;

/// Number of responses stored; for the demonstration, which must not add to real ones.
pub async fn responses_count(conn: &mut Conn) -> Result<i64> {
    Ok(responses::table.count().get_result(conn).await?)
}

/// Reads every stored response answered on the days `from..to`, one by one in no order, without holding them in
/// memory.
pub async fn responses_each(
    conn: &mut Conn,
    (from, to): (NaiveDate, NaiveDate),
    mut each: impl FnMut(Unfolded) -> Result<()>,
) -> Result<()> {
    let mut rows = responses::table
        .select(UNFOLDED)
        .filter(responses::id.ge(ResponseId::floor(start_of(from).to_utc())))
        .filter(responses::id.lt(ResponseId::floor(start_of(to).to_utc())))
        .load_stream::<UnfoldedRow>(conn)
        .await?;
    while let Some(row) = rows.try_next().await? {
        each(unfolded_of(row)?)?;
    }
    Ok(())
}

type Told = (Option<String>, Option<i32>, Option<String>, Option<String>, Option<String>);

/// A row of [`UNFOLDED`].
pub type UnfoldedRow = (Uuid, i32, i32, Vec<u8>, DateTime<Utc>, Told);

/// The columns that tallies are made from.
#[expect(clippy::type_complexity, reason = "the type of the columns is the columns")]
pub const UNFOLDED: (
    r::id,
    r::survey_id,
    r::rated_agency_id,
    r::answers,
    r::received_at,
    (r::channel, r::service_point_id, r::procedure, r::gender, r::age_band),
) = (
    r::id,
    r::survey_id,
    r::rated_agency_id,
    r::answers,
    r::received_at,
    (r::channel, r::service_point_id, r::procedure, r::gender, r::age_band),
);

/// A row as tallies are made from it.
pub fn unfolded_of((id, survey, agency, answers, received_at, told): UnfoldedRow) -> Result<Unfolded> {
    let (channel, desk, procedure, gender, age_band) = told;
    let word = |word: Option<String>| word.map(CompactString::from);
    Ok(Unfolded {
        survey: SurveyId(survey),
        agency: AgencyId(agency),
        id: ResponseId::new(id).ok_or_else(|| corrupt("responses.id"))?,
        answers: answers.into(),
        values: [
            word(channel),
            desk.map(|desk| desk.to_compact_string()),
            word(procedure),
            word(gender),
            word(age_band),
        ]
        .into(),
        received_at,
    })
}
