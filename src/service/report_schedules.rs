//! Which reports are made by themselves, and making them when their period is over.
//!
//! A report is due when nothing can arrive any more that it would count: once responses of the period's last day would be too
//! old to be taken, unless the operator sets fewer days. One instance at a time makes what is due, in the order of periods; an
//! instance that was down makes what was missed. What was made is never made again: not after late data, a merger or a new
//! version of the program. They are reports for everybody, and made only where figures are open to everybody.

use super::Services;
use super::audit::record;
use super::catalogue::{Catalogue, current};
use super::figures::{Asked, Confidence, Flagged};
use super::reports::{self, ReportFigures, ReportQuery};
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::agency_scope::AgencyScope;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::ids::{AgencyId, SurveyId, uuid_v7};
use crate::domain::period::{Period, day_of};
use crate::domain::report::{Cadence, Report, ReportFormat, Schedule, due, language_word};
use crate::domain::subject::SubjectCode;
use crate::domain::tree::{AsOf, Depth};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Lang, Place, Result};
use crate::store::report_schedules::{
    NewSchedule, schedule_end, schedule_find, schedule_insert, schedules_of, schedules_running,
};
use crate::store::reports::{report_insert, report_lock, reports_made};
use crate::store::{AsyncConnection, Conn, Db, SILENCE};
use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// How long the making of a period's reports may take: several files in two languages.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is asked for. A field that was faulty is `None`; the reader has reported what was wrong.
#[derive(Debug, Clone)]
pub struct ScheduleDraft {
    /// Code of the survey.
    pub survey: String,
    /// How long each period is.
    pub cadence: Option<Cadence>,
    /// In which languages.
    pub languages: Option<Vec<Lang>>,
    /// The first period; absent: the one that runs.
    pub from: Option<Period>,
}

/// A schedule with the codes of what it is about.
#[derive(Debug, Clone)]
pub struct Told {
    /// The schedule.
    pub schedule: Schedule,
    /// Code of its agency.
    pub agency: String,
    /// Code of its survey.
    pub survey: String,
}

/// Enters a schedule; one of the same agency, survey and cadence that says something else is ended. `faults` are those the
/// reader found already.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::AgencyNotFound`] also outside the client's subtree;
/// [`ErrorCode::ValidationFailed`].
pub async fn put(
    services: &Services,
    actor: &Actor,
    code: Option<&AgencyCode>,
    draft: ScheduleDraft,
    mut faults: Faults,
) -> Result<Told> {
    let client = policy::report_keeper(actor)?;
    let (catalogue, now) = (current(services).await?, services.clock.now());
    let (agency, scope) = kept(&catalogue, client, code)?;
    let survey = catalogue.surveys.get(&draft.survey).map(|survey| survey.id);
    if survey.is_none() {
        faults.push(Place::Parameter("survey".into()), FaultKind::UnknownSurvey);
    }
    let from = match (&draft.from, draft.cadence) {
        (Some(period), Some(cadence)) if Cadence::of(period) != Some(cadence) => {
            faults.push(Place::Pointer("/from".into()), FaultKind::BadFormat { expected: form(cadence) });
            None
        }
        (Some(period), _) => Some(period.from()),
        (None, cadence) => {
            cadence.and_then(|cadence| cadence.holding(day_of(now))).map(|period| period.from())
        }
    };
    let (Some(survey), Some(cadence), Some(languages), Some(from), true) =
        (survey, draft.cadence, draft.languages, from, faults.is_empty())
    else {
        return Err(Error::invalid(faults.into_vec(), now));
    };
    let new = NewSchedule { agency, survey, cadence, languages: &languages, from, by: client.id, at: now };
    let entry = Entry {
        action: Action::ReportScheduled,
        agency: Some(agency),
        object: code.map(ToString::to_string).unwrap_or_default(),
        details: vec![
            ("survey", draft.survey.clone()),
            ("cadence", cadence.as_str().to_owned()),
            ("languages", words(&languages)),
            ("from", from.to_string()),
        ],
    };
    let enter = async |conn: &mut Conn| -> Result<Schedule> {
        if let Some(running) = schedule_find(conn, (agency, survey, cadence)).await? {
            // Without a first period an existing one goes on as it is.
            let same_start = draft.from.is_none() || running.from == from;
            if same_start && running.languages == languages {
                return Ok(running);
            }
            schedule_end(conn, running.id, client.id, now).await?;
        }
        let entered = schedule_insert(conn, &scope, &new).await?;
        record(conn, By::Client(client), &entry, now).await?;
        Ok(entered)
    };
    let schedule = services.db.within(SILENCE, async |conn| conn.transaction(enter).await).await?;
    Ok(told(&catalogue, schedule))
}

/// The running schedules of an agency.
///
/// # Errors
/// As [`put`].
pub async fn list(services: &Services, actor: &Actor, code: Option<&AgencyCode>) -> Result<Vec<Told>> {
    let client = policy::report_keeper(actor)?;
    let catalogue = current(services).await?;
    let (agency, scope) = kept(&catalogue, client, code)?;
    let read = async |conn: &mut Conn| schedules_of(conn, &scope, agency).await;
    let schedules = services.db.within(SILENCE, read).await?;
    Ok(schedules.into_iter().map(|schedule| told(&catalogue, schedule)).collect())
}

/// Ends a schedule; what was made stays.
///
/// # Errors
/// As [`put`]; [`ErrorCode::ScheduleNotFound`].
pub async fn end(
    services: &Services,
    actor: &Actor,
    code: Option<&AgencyCode>,
    (survey, cadence): (&str, Option<Cadence>),
) -> Result<()> {
    let client = policy::report_keeper(actor)?;
    let (catalogue, now) = (current(services).await?, services.clock.now());
    let (agency, _) = kept(&catalogue, client, code)?;
    let missing = || Error::new(ErrorCode::ScheduleNotFound);
    let known = catalogue.surveys.get(survey).map(|survey| survey.id).zip(cadence);
    let (number, cadence) = known.ok_or_else(missing)?;
    let entry = Entry {
        action: Action::ReportScheduleEnded,
        agency: Some(agency),
        object: code.map(ToString::to_string).unwrap_or_default(),
        details: vec![("survey", survey.to_owned()), ("cadence", cadence.as_str().to_owned())],
    };
    let end = async |conn: &mut Conn| -> Result<()> {
        let running = schedule_find(conn, (agency, number, cadence)).await?.ok_or_else(missing)?;
        schedule_end(conn, running.id, client.id, now).await?;
        record(conn, By::Client(client), &entry, now).await
    };
    services.db.within(SILENCE, async |conn| conn.transaction(end).await).await
}

/// Makes everything that is due; `write` makes a file. Gives how many files were made. What fails is told in the log and
/// tried again next time, without holding up the others.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn make_due<F>(
    services: &Services,
    write: impl Fn(Arc<ReportFigures>, Lang, ReportFormat) -> F + Sync,
) -> Result<usize>
where
    F: Future<Output = Result<Vec<u8>>> + Send,
{
    let running = services.db.within(SILENCE, async |conn| schedules_running(conn).await).await?;
    if running.is_empty() || !services.rules.public_figures {
        return Ok(0);
    }
    let today = day_of(services.clock.now());
    // The one that holds the lock must not wait for connections that others hold.
    let (own, mut made) = (services.db.sibling(1)?, 0);
    for schedule in running {
        for period in due(schedule.cadence, schedule.from, today, services.rules.report_days) {
            match make(services, &own, (&schedule, &period), &write).await {
                Ok(files) => made += files,
                Err(error) => {
                    let (schedule, period) = (schedule.id, period.code().unwrap_or_default().to_owned());
                    tracing::warn!(schedule, period, "a report waits for the next round: {}", error.chain());
                }
            }
        }
    }
    Ok(made)
}

/// Makes what is missing of a period, unless another instance makes reports; gives how many files.
async fn make<F>(
    services: &Services,
    own: &Db,
    (schedule, period): (&Schedule, &Period),
    write: &(impl Fn(Arc<ReportFigures>, Lang, ReportFormat) -> F + Sync),
) -> Result<usize>
where
    F: Future<Output = Result<Vec<u8>>> + Send,
{
    let catalogue = current(services).await?;
    let last = period.to().pred_opt().unwrap_or(period.from());
    let Some(query) = question(&catalogue, schedule, period, last) else { return Ok(0) };
    let now = services.clock.now();
    let work = async |conn: &mut Conn| -> Result<usize> {
        if !report_lock(conn).await? {
            return Ok(0);
        }
        let made = reports_made(conn, (schedule.agency, schedule.survey), period).await?;
        let all = schedule.languages.iter().flat_map(|lang| ReportFormat::ALL.map(|format| (*lang, format)));
        let missing: Vec<(Lang, ReportFormat)> = all.filter(|wanted| !made.contains(wanted)).collect();
        if missing.is_empty() {
            return Ok(0);
        }
        let figures = reports::read(services, &Actor::Anonymous, &query, Faults::default()).await?;
        let figures = Arc::new(figures);
        for (lang, format) in &missing {
            let content = write(figures.clone(), *lang, *format).await?;
            let report = Report {
                id: uuid_v7(now),
                agency: schedule.agency,
                survey: schedule.survey,
                period: period.clone(),
                lang: *lang,
                format: *format,
                watermark: figures.watermark,
                digest: Sha256::digest(&content).into(),
                bytes: i32::try_from(content.len()).map_err(Error::internal)?,
                made_at: now,
            };
            report_insert(conn, &report, &content).await?;
        }
        record(conn, By::Service, &entry(&catalogue, schedule, period, missing.len()), now).await?;
        Ok(missing.len())
    };
    own.within(PATIENCE, async |conn| conn.transaction(work).await).await
}

/// What a report of a schedule is asked by; `None` if its agency does not stand on the period's last day.
fn question(
    catalogue: &Catalogue,
    schedule: &Schedule,
    period: &Period,
    last: NaiveDate,
) -> Option<ReportQuery> {
    let agency = catalogue.tree.get(schedule.agency)?;
    if !catalogue.tree.exists_on(schedule.agency, last) {
        return None;
    }
    let asked = Asked {
        subject: SubjectCode::Agencies(vec![agency.code.clone()]),
        depth: Depth::Subtree,
        survey: Some(survey_code(catalogue, schedule.survey)?),
        period: Some(period.clone()),
        formula: None,
        as_of: AsOf::On(last),
        confidence: Confidence::default(),
        flagged: Flagged::default(),
    };
    Some(ReportQuery { asked, as_of: None })
}

fn entry(catalogue: &Catalogue, schedule: &Schedule, period: &Period, files: usize) -> Entry {
    Entry {
        action: Action::ReportsMade,
        agency: Some(schedule.agency),
        object: catalogue.tree.get(schedule.agency).map(|agency| agency.code.to_string()).unwrap_or_default(),
        details: vec![
            ("survey", survey_code(catalogue, schedule.survey).unwrap_or_default()),
            ("period", period.code().unwrap_or_default().to_owned()),
            ("files", files.to_string()),
        ],
    }
}

/// The agency, if the client may keep its reports; otherwise it looks like not found.
fn kept(
    catalogue: &Catalogue,
    client: &crate::domain::client::Client,
    code: Option<&AgencyCode>,
) -> Result<(AgencyId, AgencyScope)> {
    let agency = code.and_then(|code| catalogue.tree.find(code)).map(|agency| agency.id);
    let scope = agency.and_then(|agency| policy::keep_reports(client, &catalogue.tree, agency));
    agency.zip(scope).ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))
}

fn told(catalogue: &Catalogue, schedule: Schedule) -> Told {
    Told {
        agency: catalogue.tree.get(schedule.agency).map(|agency| agency.code.to_string()).unwrap_or_default(),
        survey: survey_code(catalogue, schedule.survey).unwrap_or_default(),
        schedule,
    }
}

/// The code of a survey; `None` for one this instance has not heard of yet.
pub fn survey_code(catalogue: &Catalogue, id: SurveyId) -> Option<String> {
    catalogue.surveys.values().find(|survey| survey.id == id).map(|survey| survey.code.clone())
}

fn words(languages: &[Lang]) -> String {
    languages.iter().map(|lang| language_word(*lang)).collect::<Vec<_>>().join(",")
}

/// What a period of a cadence looks like.
const fn form(cadence: Cadence) -> &'static str {
    match cadence {
        Cadence::Month => "2026-07",
        Cadence::Quarter => "2026-Q3",
        Cadence::Year => "2026",
    }
}
