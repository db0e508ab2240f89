//! Targets. Rows are only added: a change or an end names the row it replaces, and the last of such a chain counts. Open
//! to everybody like the figures they are about, so only writing demands a scope.

use super::schema::{surveys, targets, targets as t};
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::amount::Amount;
use crate::domain::ids::{AgencyId, ClientId, SurveyId};
use crate::domain::measure::MeasureCode;
use crate::domain::period::Period;
use crate::domain::target::{Aim, Target, TargetSubject};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = targets, check_for_backend(diesel::pg::Pg))]
struct Row {
    seq: i64,
    agency_id: i32,
    formula: Option<String>,
    measure: Option<String>,
    period: String,
    at_least: Option<i32>,
    rank_at_most: Option<i32>,
    basis: Option<String>,
    replaces: Option<i64>,
    client_id: Uuid,
    set_at: DateTime<Utc>,
}

/// A row and the code of its survey, if it has one.
type Found = (Row, Option<String>);

fn target((row, survey): Found) -> Result<Target> {
    let subject = match (survey, row.formula, row.measure) {
        (Some(survey), Some(formula), None) => TargetSubject::Figure { survey, formula },
        (None, None, Some(code)) => {
            let code = MeasureCode::parse(&code).map_err(|_| corrupt("targets.measure"))?;
            TargetSubject::Measure(code)
        }
        _ => return Err(corrupt("targets.survey_id")),
    };
    let at_least = row
        .at_least
        .map(|number| Amount::of_ten_thousandths(number).ok_or_else(|| corrupt("targets.at_least")));
    let rank = row.rank_at_most.map(|rank| u32::try_from(rank).map_err(|_| corrupt("targets.rank_at_most")));
    let aim = Aim { at_least: at_least.transpose()?, rank_at_most: rank.transpose()? };
    Ok(Target {
        seq: row.seq,
        agency: AgencyId(row.agency_id),
        subject,
        period: Period::parse(&row.period).map_err(|_| corrupt("targets.period"))?,
        aim: (aim.at_least.is_some() || aim.rank_at_most.is_some()).then_some(aim),
        basis: row.basis,
        replaces: row.replaces,
        set_by: ClientId(row.client_id),
        set_at: row.set_at,
    })
}

/// A row to be added.
#[derive(Debug, Clone)]
pub struct NewTarget<'a> {
    /// For whom.
    pub agency: AgencyId,
    /// About what.
    pub subject: &'a TargetSubject,
    /// Number of the survey, if it is about a figure of ours.
    pub survey: Option<SurveyId>,
    /// For when.
    pub period: &'a Period,
    /// What shall be reached; `None` ends the one it replaces.
    pub aim: Option<Aim>,
    /// The plan or decision it stands in.
    pub basis: Option<&'a str>,
    /// The newest so far.
    pub replaces: Option<i64>,
    /// Who sets it.
    pub by: ClientId,
    /// When.
    pub at: DateTime<Utc>,
}

/// Adds a row and gives its number; `None` if somebody else has replaced the same one in the meantime.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`] for an agency outside the scope.
pub async fn target_insert(conn: &mut Conn, scope: &AgencyScope, new: &NewTarget<'_>) -> Result<Option<i64>> {
    if !scope.allows(new.agency) {
        return Err(Error::new(ErrorCode::AgencyNotFound));
    }
    let (formula, measure) = match new.subject {
        TargetSubject::Figure { formula, .. } => (Some(formula.as_str()), None),
        TargetSubject::Measure(code) => (None, Some(code.as_str())),
    };
    let rank = new.aim.and_then(|aim| aim.rank_at_most).map(i32::try_from).transpose();
    let seq = diesel::insert_into(t::table)
        .values((
            t::agency_id.eq(new.agency.0),
            t::survey_id.eq(new.survey.map(|survey| survey.0)),
            t::formula.eq(formula),
            t::measure.eq(measure),
            t::period.eq(new.period.code().unwrap_or_default()),
            t::from_day.eq(new.period.from()),
            t::to_day.eq(new.period.to()),
            t::at_least.eq(new.aim.and_then(|aim| aim.at_least).map(Amount::ten_thousandths)),
            t::rank_at_most.eq(rank.map_err(Error::internal)?),
            t::basis.eq(new.basis),
            t::replaces.eq(new.replaces),
            t::client_id.eq(new.by.0),
            t::set_at.eq(new.at),
        ))
        .on_conflict_do_nothing()
        .returning(t::seq)
        .get_result(conn)
        .await;
    Ok(seq.optional()?)
}

/// The newest rows of these agencies for these periods, ended ones too, in the order of setting.
pub async fn targets_newest(
    conn: &mut Conn,
    agencies: &[AgencyId],
    periods: &[Period],
) -> Result<Vec<Target>> {
    let later = diesel::alias!(targets as later);
    let ids: Vec<i32> = agencies.iter().map(|agency| agency.0).collect();
    let codes: Vec<&str> = periods.iter().filter_map(Period::code).collect();
    let replaced = exists(later.filter(later.field(t::replaces).eq(t::seq.nullable())));
    let rows: Vec<Found> = t::table
        .left_join(surveys::table)
        .filter(t::agency_id.eq_any(ids).and(t::period.eq_any(codes)))
        .filter(diesel::dsl::not(replaced))
        .order(t::seq)
        .select((Row::as_select(), surveys::code.nullable()))
        .load(conn)
        .await?;
    rows.into_iter().map(target).collect()
}

/// Everything that was ever set of one subject, agency and period, in the order of setting.
pub async fn target_history(
    conn: &mut Conn,
    agency: AgencyId,
    subject: &TargetSubject,
    period: &Period,
) -> Result<Vec<Target>> {
    let rows: Vec<Found> = t::table
        .left_join(surveys::table)
        .filter(t::agency_id.eq(agency.0).and(t::period.eq(period.code().unwrap_or_default())))
        .order(t::seq)
        .select((Row::as_select(), surveys::code.nullable()))
        .load(conn)
        .await?;
    let targets: Vec<Target> = rows.into_iter().map(target).collect::<Result<_>>()?;
    Ok(targets.into_iter().filter(|target| target.subject == *subject).collect())
}
