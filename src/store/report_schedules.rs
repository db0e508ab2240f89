//! Schedules of reports: added and ended, never changed. At most one of an agency, survey and cadence runs.

use super::schema::report_schedules::{self, self as t};
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::ids::{AgencyId, ClientId, SurveyId};
use crate::domain::report::{Cadence, Schedule, language_word, parse_language};
use crate::error::{Error, ErrorCode, Lang, Result};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = report_schedules, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: i64,
    agency_id: i32,
    survey_id: i32,
    cadence: String,
    languages: Vec<Option<String>>,
    from_day: NaiveDate,
    created_by: Uuid,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for Schedule {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let languages = row.languages.iter().flatten().map(|word| parse_language(word));
        let languages: std::result::Result<Vec<Lang>, _> = languages.collect();
        Ok(Self {
            id: row.id,
            agency: AgencyId(row.agency_id),
            survey: SurveyId(row.survey_id),
            cadence: Cadence::parse(&row.cadence).map_err(|_| corrupt("report_schedules.cadence"))?,
            languages: languages.map_err(|_| corrupt("report_schedules.languages"))?,
            from: row.from_day,
            created_by: ClientId(row.created_by),
            created_at: row.created_at,
        })
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct NewSchedule<'a> {
    /// About which agency and those below it.
    pub agency: AgencyId,
    /// By which survey.
    pub survey: SurveyId,
    /// How long each period is.
    pub cadence: Cadence,
    /// In which languages.
    pub languages: &'a [Lang],
    /// First day of the first period.
    pub from: NaiveDate,
    /// Who asks.
    pub by: ClientId,
    /// When.
    pub at: DateTime<Utc>,
}

/// Adds a schedule.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`] for an agency outside the scope.
pub async fn schedule_insert(
    conn: &mut Conn,
    scope: &AgencyScope,
    new: &NewSchedule<'_>,
) -> Result<Schedule> {
    if !scope.allows(new.agency) {
        return Err(Error::new(ErrorCode::AgencyNotFound));
    }
    let languages: Vec<&str> = new.languages.iter().map(|lang| language_word(*lang)).collect();
    let row: Row = diesel::insert_into(t::table)
        .values((
            t::agency_id.eq(new.agency.0),
            t::survey_id.eq(new.survey.0),
            t::cadence.eq(new.cadence.as_str()),
            t::languages.eq(languages),
            t::from_day.eq(new.from),
            t::created_by.eq(new.by.0),
            t::created_at.eq(new.at),
        ))
        .returning(Row::as_returning())
        .get_result(conn)
        .await?;
    row.try_into()
}

/// The running schedule, held against changes until the transaction ends.
pub async fn schedule_find(
    conn: &mut Conn,
    (agency, survey, cadence): (AgencyId, SurveyId, Cadence),
) -> Result<Option<Schedule>> {
    let row = t::table
        .filter(t::agency_id.eq(agency.0).and(t::survey_id.eq(survey.0)))
        .filter(t::cadence.eq(cadence.as_str()).and(t::ended_at.is_null()))
        .select(Row::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()?;
    row.map(Schedule::try_from).transpose()
}

/// Ends a running schedule.
pub async fn schedule_end(conn: &mut Conn, id: i64, by: ClientId, at: DateTime<Utc>) -> Result<()> {
    diesel::update(t::table.find(id))
        .set((t::ended_by.eq(Some(by.0)), t::ended_at.eq(Some(at))))
        .execute(conn)
        .await?;
    Ok(())
}

/// The running schedules of an agency within the scope, in the order of entering.
pub async fn schedules_of(conn: &mut Conn, scope: &AgencyScope, agency: AgencyId) -> Result<Vec<Schedule>> {
    if !scope.allows(agency) {
        return Ok(Vec::new());
    }
    let rows = t::table.filter(t::agency_id.eq(agency.0).and(t::ended_at.is_null())).order(t::id);
    rows.select(Row::as_select()).load(conn).await?.into_iter().map(Schedule::try_from).collect()
}

/// Every running schedule, in the order of entering: for the service itself, which makes what is due.
pub async fn schedules_running(conn: &mut Conn) -> Result<Vec<Schedule>> {
    let rows =
        t::table.filter(t::ended_at.is_null()).order(t::id).select(Row::as_select()).load(conn).await?;
    rows.into_iter().map(Schedule::try_from).collect()
}
