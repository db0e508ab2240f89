//! Surveys and the agencies they are fielded at.

use super::questionnaires::versions_all;
use super::schema::{survey_agencies, surveys, tallies};
use super::{Conn, corrupt};
use crate::domain::agency::Validity;
use crate::domain::ids::{AgencyId, SurveyId};
use crate::domain::questionnaire::Wording;
use crate::domain::survey::{NewSurvey, Survey};
use crate::domain::visit::VisitRule;
use crate::error::Result;
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Every survey with its questionnaire and agencies, by code.
pub async fn surveys_all(conn: &mut Conn) -> Result<HashMap<String, Arc<Survey>>> {
    type Codes = Vec<Option<String>>;
    type Row = (i32, String, i32, String, String, NaiveDate, Option<NaiveDate>, bool, String, Option<Codes>);
    let versions = versions_all(conn).await?;
    let rows: Vec<Row> = surveys::table
        .select((
            surveys::id,
            surveys::code,
            surveys::version_id,
            surveys::name_vi,
            surveys::name_en,
            surveys::opens_on,
            surveys::closes_on,
            surveys::sample,
            surveys::visits,
            surveys::short_form,
        ))
        .load(conn)
        .await?;
    let mut roots: HashMap<i32, Vec<AgencyId>> = HashMap::new();
    let pairs: Vec<(i32, i32)> = survey_agencies::table
        .order((survey_agencies::survey_id, survey_agencies::agency_id))
        .load(conn)
        .await?;
    for (survey, agency) in pairs {
        roots.entry(survey).or_default().push(AgencyId(agency));
    }
    let read = |(id, code, version, vi, en, from, to, sample, visits, short_form): Row| {
        let questionnaire = versions.get(&version).ok_or_else(|| corrupt("surveys.version_id"))?.clone();
        let place = |code: Option<String>| {
            let place = code.and_then(|code| questionnaire.place_of(&code, 0));
            place.ok_or_else(|| corrupt("surveys.short_form"))
        };
        let short_form = short_form.map(|codes| codes.into_iter().map(place).collect()).transpose()?;
        let survey = Survey {
            id: SurveyId(id),
            code: code.clone(),
            name: Wording { vi, en },
            questionnaire,
            window: Validity { from, to },
            agencies: roots.remove(&id).unwrap_or_default(),
            sample,
            visits: VisitRule::parse(&visits).map_err(|_| corrupt("surveys.visits"))?,
            short_form,
        };
        Ok((code, Arc::new(survey)))
    };
    rows.into_iter().map(read).collect()
}

/// Surveys that somebody answered; what is not folded yet is not looked at.
pub async fn surveys_answered(conn: &mut Conn) -> Result<HashSet<SurveyId>> {
    let tallied = tallies::table.filter(tallies::survey_id.eq(surveys::id));
    let found: Vec<i32> =
        surveys::table.filter(diesel::dsl::exists(tallied)).select(surveys::id).load(conn).await?;
    Ok(found.into_iter().map(SurveyId).collect())
}

/// Enters a survey on a version and agencies that are already there, to be called in a transaction.
pub async fn survey_insert(
    conn: &mut Conn,
    new: &NewSurvey,
    version: i32,
    agencies: &[AgencyId],
) -> Result<()> {
    let id: i32 = diesel::insert_into(surveys::table)
        .values((
            surveys::code.eq(&new.code),
            surveys::version_id.eq(version),
            surveys::name_vi.eq(&new.name.vi),
            surveys::name_en.eq(&new.name.en),
            surveys::opens_on.eq(new.window.from),
            surveys::closes_on.eq(new.window.to),
            surveys::sample.eq(new.sample),
            surveys::visits.eq(new.visits.as_str()),
            surveys::short_form.eq(new.short_form.as_ref()),
        ))
        .returning(surveys::id)
        .get_result(conn)
        .await?;
    let rows: Vec<_> = agencies
        .iter()
        .map(|agency| (survey_agencies::survey_id.eq(id), survey_agencies::agency_id.eq(agency.0)))
        .collect();
    diesel::insert_into(survey_agencies::table).values(rows).execute(conn).await?;
    Ok(())
}
