//! Undertakings: an agency says in public what it makes of what citizens wrote in a month. Published, corrected and
//! withdrawn here; what is read is in `undertakings/reading.rs`.
//!
//! Comments are shown to the agency alone (NĐ 61/2018/NĐ-CP art. 27.3), so nothing that is published may repeat one: every
//! text is held against all comments of that month on the agency and those below it, and goes through the same redaction
//! as a comment. Nothing is rewritten: a correction is another revision with its reason, and a withdrawal leaves the line
//! that there was something and why it went.

mod author;
mod reading;

pub use reading::{Listed, UndertakingPage, UndertakingQuery, list, note_months};

use super::Services;
use super::catalogue::Catalogue;
use crate::auth::Actor;
use crate::domain::agency::AgencyCode;
use crate::domain::comment::Standing;
use crate::domain::period::{Period, day_of};
use crate::domain::undertaking::{Handles, Said, Undertaking, UndertakingState, Words};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Result};
use crate::store::commented_months::commented_month_add;
use crate::store::undertakings::{NewUndertaking, undertaking_find, undertaking_handles, undertaking_insert};
use crate::store::{AsyncConnection, Conn, SILENCE};
use author::{About, author};
use chrono::NaiveDate;
use std::sync::Arc;
use uuid::Uuid;

/// What is to be said. A field that was faulty is `None`; the reader has reported what was wrong.
#[derive(Debug, Clone, Default)]
pub struct SaidDraft {
    /// Code of an element or a criterion, or `other`.
    pub topic: Option<String>,
    /// What people said, redacted.
    pub you_said: Option<Words>,
    /// What the agency does about it, redacted.
    pub we_did: Option<Words>,
    /// `Promised` or `Done`.
    pub state: Option<UndertakingState>,
    /// By when, or when.
    pub day: Option<NaiveDate>,
    /// The comments that are answered, with their places in the request.
    pub comments: Vec<(usize, Standing)>,
}

/// A new undertaking.
#[derive(Debug, Clone, Default)]
pub struct UndertakingDraft {
    /// Its id, made by whoever publishes it.
    pub id: Option<Uuid>,
    /// Code of the survey people wrote to.
    pub survey: Option<String>,
    /// The calendar month they wrote in.
    pub month: Option<Period>,
    /// What it says.
    pub said: SaidDraft,
}

/// A correction: what holds from now on.
#[derive(Debug, Clone, Default)]
pub struct CorrectionDraft {
    /// Number of the revision that it makes.
    pub revision: Option<i16>,
    /// Why, redacted.
    pub reason: Option<String>,
    /// What it says.
    pub said: SaidDraft,
}

/// An undertaking as it stands now.
#[derive(Debug)]
pub struct Published {
    /// The newest revision.
    pub undertaking: Undertaking,
    /// How many comments it answers.
    pub comments: u64,
    /// Whether it stood so before.
    pub replayed: bool,
    /// What it names.
    pub catalogue: Arc<Catalogue>,
}

/// Publishes an undertaking. May be repeated: the same id with the same content is the same undertaking. `faults` are
/// those the reader of the request found.
///
/// # Errors
/// Of [`ErrorCode`]: `TokenMissing`, `NotPermitted`; `AgencyNotFound`, also for one outside the subtree; `ValidationFailed`
/// with all faults; `UndertakingConflict` for an id with other content.
pub async fn publish(
    services: &Services,
    actor: &Actor,
    code: Option<&AgencyCode>,
    draft: UndertakingDraft,
    mut faults: Faults,
) -> Result<Published> {
    let author = author(services, actor, code).await?;
    let now = author.now;
    let survey = draft.survey.as_ref().map(|code| author.catalogue.surveys.get(code));
    if survey.is_some_and(|survey| survey.is_none()) {
        faults.at("/survey", FaultKind::UnknownSurvey);
    }
    if draft.month.as_ref().is_some_and(|month| month.to() > day_of(now)) {
        faults.at("/month", FaultKind::MonthNotOver);
    }
    let (Some(id), Some(survey), Some(month)) = (draft.id, survey.flatten(), draft.month) else {
        return Err(Error::invalid(faults.into_vec(), now));
    };
    let about = About { survey, month: month.from(), first_published: day_of(now) };
    let work = async |conn: &mut Conn| {
        if let Some(first) = undertaking_find(conn, id, Some(1)).await? {
            return author.again(conn, &first, &about, &draft.said, faults).await;
        }
        author.must_have_comments(conn, &about, &mut faults).await?;
        let said = author.checked(conn, &about, (&draft.said, None), &Handles::new(), faults).await?;
        let (agency, month) = (author.agency, about.month);
        let new = NewUndertaking { id, agency, survey: survey.id, month, at: now };
        let seq = undertaking_insert(conn, &author.scope, &new).await?;
        let seq = seq.ok_or_else(|| Error::new(ErrorCode::UndertakingConflict))?;
        commented_month_add(conn, (agency, survey.id, month)).await?;
        let handles = draft.said.handles();
        author.revise(conn, (id, seq, 1), &about, (Some(&said), &handles), None).await
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await
}

/// Corrects an undertaking by another revision, which says everything anew. May be repeated.
///
/// # Errors
/// As [`publish`]; `UndertakingNotFound`; `UndertakingConflict` if the revision is not the next one, or the undertaking was
/// withdrawn.
pub async fn correct(
    services: &Services,
    actor: &Actor,
    (code, id): (Option<&AgencyCode>, Option<Uuid>),
    draft: CorrectionDraft,
    faults: Faults,
) -> Result<Published> {
    let author = author(services, actor, code).await?;
    let now = author.now;
    let work = async |conn: &mut Conn| {
        let newest = author.find(conn, id).await?;
        let survey = author.survey(newest.survey)?;
        let first_published = day_of(newest.first_published_at);
        let about = About { survey: &survey, month: newest.month, first_published };
        let (Some(revision), Some(reason)) = (draft.revision, &draft.reason) else {
            return Err(Error::invalid(faults.into_vec(), now));
        };
        let handles = undertaking_handles(conn, newest.seq, newest.revision).await?;
        let asked = draft.said.complete();
        if faults.is_empty() && revision == newest.revision {
            let same = asked.as_ref() == newest.said.as_ref() && newest.reason.as_ref() == Some(reason);
            return match same && draft.said.handles() == handles {
                true => Ok(author.published(newest, &handles, true)),
                false => Err(Error::new(ErrorCode::UndertakingConflict)),
            };
        }
        let said =
            author.checked(conn, &about, (&draft.said, Some(reason.as_str())), &handles, faults).await?;
        if newest.said.is_none() || newest.revision.checked_add(1) != Some(revision) {
            return Err(Error::new(ErrorCode::UndertakingConflict));
        }
        let number = (newest.id, newest.seq, revision);
        let handles = draft.said.handles();
        author.revise(conn, number, &about, (Some(&said), &handles), Some(reason)).await
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await
}

/// Withdraws an undertaking: its words are shown no more, the reason is. May be repeated with the same reason.
///
/// # Errors
/// As [`correct`].
pub async fn withdraw(
    services: &Services,
    actor: &Actor,
    (code, id): (Option<&AgencyCode>, Option<Uuid>),
    reason: Option<&str>,
    mut faults: Faults,
) -> Result<Published> {
    let author = author(services, actor, code).await?;
    let now = author.now;
    let work = async |conn: &mut Conn| {
        let newest = author.find(conn, id).await?;
        let survey = author.survey(newest.survey)?;
        let first_published = day_of(newest.first_published_at);
        let about = About { survey: &survey, month: newest.month, first_published };
        if newest.said.is_none() {
            return match faults.is_empty() && newest.reason.as_deref() == reason {
                true => Ok(author.published(newest, &Handles::new(), true)),
                false => Err(Error::new(ErrorCode::UndertakingConflict)),
            };
        }
        let texts: Vec<_> = reason.into_iter().map(|reason| ("/reason".to_owned(), reason)).collect();
        author.refuse_quotations(conn, &about, &texts, &mut faults).await?;
        let (Some(reason), true) = (reason, faults.is_empty()) else {
            return Err(Error::invalid(faults.into_vec(), now));
        };
        let revision = newest.revision.checked_add(1);
        let revision = revision.ok_or_else(|| Error::new(ErrorCode::UndertakingConflict))?;
        let number = (newest.id, newest.seq, revision);
        author.revise(conn, number, &about, (None, &Handles::new()), Some(reason)).await
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await
}

impl SaidDraft {
    /// What it says, if no field was faulty.
    fn complete(&self) -> Option<Said> {
        Some(Said {
            topic: self.topic.clone()?,
            you_said: self.you_said.clone()?,
            we_did: self.we_did.clone()?,
            state: self.state?,
            day: self.day?,
        })
    }

    fn handles(&self) -> Handles {
        self.comments.iter().map(|(_, handle)| *handle).collect()
    }

    /// Each text that will be public, with its place.
    fn texts(&self) -> Vec<(String, &str)> {
        let each = [("you_said", &self.you_said), ("we_did", &self.we_did)];
        each.into_iter()
            .flat_map(|(name, words)| {
                words.iter().flat_map(move |words| words.each().map(move |text| (name, text)))
            })
            .map(|(name, (lang, text))| (format!("/{name}/{lang}"), text))
            .collect()
    }
}
