//! What citizens wrote, for the people of the agency it is about.
//!
//! Only by agency, survey and whole month, and only once the month is over: nobody can watch a comment come in and remember
//! who stood at the desk, nor tell by asking for two spans that differ in a day. A month in which fewer people answered there
//! than the setting says is not shown at all. Nothing beside the words is handed out. A comment that says in its words who
//! wrote it, or when, is not hidden by any of this.

use super::Services;
use super::audit::{record, record_alone};
use super::catalogue::current;
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::comment::Standing;
use crate::domain::period::{Grain, Period, day_of};
use crate::error::{Error, FaultKind, Faults, Place, Result};
use crate::store::comments::{
    comments_delete_before, comments_fetch, comments_ids, comments_key, comments_redact_some, people_of_month,
};
use crate::store::paging::Page;
pub use crate::store::paging::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::store::undertakings::undertakings_answered;
use crate::store::{AsyncConnection, Conn, Db, SILENCE};
use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};

/// Comments redacted in one transaction.
const REDACT_STEP: i64 = 500;

/// Which comments are asked for; codes as they came. A field that was faulty is `None`.
#[derive(Debug, Clone)]
pub struct CommentQuery {
    /// About this agency itself.
    pub agency: Option<AgencyCode>,
    /// To this survey.
    pub survey: Option<String>,
    /// Answered in this calendar month.
    pub month: Option<Period>,
    /// Only those that an undertaking answers, or that none does.
    pub answered: Option<bool>,
    /// Most comments of a page.
    pub limit: i64,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// A comment, and what it is known by.
#[derive(Debug)]
pub struct Comment {
    /// Tells it from the others of its agency and month, and nothing else.
    pub handle: Standing,
    /// Its words.
    pub words: String,
}

/// One page.
#[derive(Debug)]
pub struct CommentPage {
    /// Whether too few people answered for anything to be shown.
    pub suppressed: bool,
    /// The comments, in no order that means anything.
    pub items: Vec<Comment>,
    /// The cursor of the next page.
    pub next_cursor: Option<String>,
}

/// A page of comments. `faults` are those the reader of the request found.
///
/// # Errors
/// Of [`ErrorCode`](crate::error::ErrorCode): `TokenMissing` or `NotPermitted` for a wrong actor; `ValidationFailed` with all
/// faults, also for an agency outside the subtree and a month that is not over; `InvalidCursor`.
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: CommentQuery,
    mut faults: Faults,
) -> Result<CommentPage> {
    // A malformed request is told so whoever sends it, as everywhere.
    let client = policy::comment_reader(actor).map_err(|refusal| match faults.is_empty() {
        true => refusal,
        false => Error::invalid(faults.to_vec(), services.clock.now()),
    })?;
    let (catalogue, now) = (current(services).await?, services.clock.now());
    let parameter = |name: &str| Place::Parameter(name.into());
    let agency = query.agency.as_ref().map(|code| {
        let agency = catalogue.tree.find(code)?;
        Some((agency.id, policy::read_comments(client, &catalogue.tree, agency.id)?))
    });
    if agency.as_ref().is_some_and(Option::is_none) {
        faults.push(parameter("agency"), FaultKind::UnknownAgency);
    }
    let survey = query.survey.as_ref().map(|code| catalogue.surveys.get(code).map(|survey| survey.id));
    if survey == Some(None) {
        faults.push(parameter("survey"), FaultKind::UnknownSurvey);
    }
    if query.month.as_ref().is_some_and(|month| month.to() > day_of(now)) {
        faults.push(parameter("month"), FaultKind::MonthNotOver);
    }
    let (Some((agency, scope)), Some(survey), Some(month), true) =
        (agency.flatten(), survey.flatten(), query.month, faults.is_empty())
    else {
        return Err(Error::invalid(faults.into_vec(), now));
    };
    let code = query.agency.as_ref().map(ToString::to_string).unwrap_or_default();
    let page = Page::new(
        query.limit,
        query.cursor.as_deref(),
        &format!("comments {agency:?} {survey:?} {month:?} {:?}", query.answered),
    )?;
    let read = async |conn: &mut Conn| {
        let people = people_of_month(conn, &scope, (survey, agency), month.from()).await?;
        if u64::try_from(people).unwrap_or(0) < services.rules.min_n_comments {
            return Ok(CommentPage { suppressed: true, items: Vec::new(), next_cursor: None });
        }
        let key = comments_key(conn).await?;
        let ids = comments_ids(conn, &scope, (survey, agency), (month.from(), month.to())).await?;
        let mut standing: Vec<_> = ids.into_iter().map(|id| (key.standing(id), id)).collect();
        standing.sort_unstable();
        standing.retain(|(handle, _)| page.after.as_ref().is_none_or(|after| handle.text() > *after));
        if let Some(wanted) = query.answered {
            let answered = undertakings_answered(conn, &scope, (survey, agency), month.from()).await?;
            standing.retain(|(handle, _)| answered.contains(handle) == wanted);
        }
        standing.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX).saturating_add(1));
        let next_cursor = page.cut(&mut standing, |(handle, _)| handle.text());
        let ids: Vec<_> = standing.into_iter().map(|(_, id)| id).collect();
        let found = comments_fetch(conn, &ids).await?.into_iter();
        let items = found.map(|(id, words)| Comment { handle: key.standing(id), words }).collect();
        Ok(CommentPage { suppressed: false, items, next_cursor })
    };
    let found = services.db.within(SILENCE, read).await?;
    if !found.items.is_empty() {
        let entry = Entry {
            action: Action::CommentsRead,
            agency: Some(agency),
            object: code,
            details: vec![
                ("survey", query.survey.unwrap_or_default()),
                ("month", month.code().unwrap_or_default().to_owned()),
                ("rows", found.items.len().to_string()),
            ],
        };
        record_alone(&services.db, By::Client(client), &entry, now).await?;
    }
    Ok(found)
}

/// Reads a calendar month.
///
/// # Errors
/// [`FaultKind::BadFormat`] for anything else, also for another period.
pub fn parse_month(text: &str) -> std::result::Result<Period, FaultKind> {
    let wrong = || FaultKind::BadFormat { expected: "2026-06" };
    let period = Period::parse(text).map_err(|_| wrong())?;
    let is_month =
        Grain::Month.start(period.from()) == period.from() && Grain::Month.end(period.from()) == period.to();
    if is_month { Ok(period) } else { Err(wrong()) }
}

/// Deletes comments from before the last `months` whole months; gives how many.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn forget_old(db: &Db, today: NaiveDate, now: DateTime<Utc>, months: u32) -> Result<usize> {
    let month = today.with_day(1).unwrap_or(today);
    let Some(before) = month.checked_sub_months(Months::new(months)) else { return Ok(0) };
    let work = async |conn: &mut Conn| {
        let deleted = comments_delete_before(conn, before).await?;
        if deleted > 0 {
            let entry = Entry {
                action: Action::CommentsDropped,
                agency: None,
                object: "comments".into(),
                details: vec![("rows", deleted.to_string()), ("kept_from", before.to_string())],
            };
            record(conn, By::Service, &entry, now).await?;
        }
        Ok(deleted)
    };
    db.within(SILENCE, async |conn| conn.transaction(work).await).await
}

/// Redacts what arrived before there were rules; gives how many comments.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn redact_old(db: &Db) -> Result<usize> {
    let mut all = 0;
    loop {
        let step = async |conn: &mut Conn| {
            conn.transaction(async |conn| comments_redact_some(conn, REDACT_STEP).await).await
        };
        let done = db.within(SILENCE, step).await?;
        all += done;
        if done == 0 {
            return Ok(all);
        }
    }
}
