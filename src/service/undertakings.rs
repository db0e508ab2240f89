//! Undertakings: an agency says in public what it makes of what citizens wrote in a month. Published, corrected and
//! withdrawn here; what is read is in [`reading`].
//!
//! Comments are shown to the agency alone (NĐ 61/2018/NĐ-CP art. 27.3), so nothing that is published may repeat one: every
//! text is held against all comments of that month on the agency and those below it, and goes through the same redaction
//! as a comment. Nothing is rewritten: a correction is another revision with its reason, and a withdrawal leaves the line
//! that there was something and why it went.

mod reading;

pub use reading::{Listed, UndertakingPage, UndertakingQuery, list, note_months};

use super::Services;
use super::audit::record;
use super::catalogue::{Catalogue, current};
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::Client;
use crate::domain::comment::Standing;
use crate::domain::ids::{AgencyId, SurveyId};
use crate::domain::period::{Grain, Period, day_of};
use crate::domain::quotation::{WORDS, quotes};
use crate::domain::survey::Survey;
use crate::domain::tree::AgencyScope;
use crate::domain::undertaking::{Handles, OTHER, Said, Undertaking, UndertakingState, Words, days};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place, Result, UndertakingFault};
use crate::store::commented_months::commented_month_add;
use crate::store::comments::{comments_ids, comments_key, comments_words, people_of_month};
use crate::store::undertakings::{
    NewRevision, NewUndertaking, undertaking_find, undertaking_handles, undertaking_insert,
    undertaking_revise,
};
use crate::store::{AsyncConnection, Conn, SILENCE};
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

/// Who works on which agency.
struct Desk<'a> {
    services: &'a Services,
    client: &'a Client,
    agency: AgencyId,
    /// The agency and those below it.
    scope: AgencyScope,
    catalogue: Arc<Catalogue>,
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
    let desk = desk(services, actor, code).await?;
    let now = services.clock.now();
    let survey = draft.survey.as_ref().map(|code| desk.catalogue.surveys.get(code));
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
            return desk.again(conn, &first, &about, &draft.said, faults).await;
        }
        desk.must_have_comments(conn, &about, &mut faults).await?;
        let said = desk.checked(conn, &about, (&draft.said, None), &Handles::new(), faults).await?;
        let (agency, month) = (desk.agency, about.month);
        let new = NewUndertaking { id, agency, survey: survey.id, month, at: now };
        let seq = undertaking_insert(conn, &desk.scope, &new).await?;
        let seq = seq.ok_or_else(|| Error::new(ErrorCode::UndertakingConflict))?;
        commented_month_add(conn, (agency, survey.id, month)).await?;
        let handles = draft.said.handles();
        desk.revise(conn, (id, seq, 1), &about, (Some(&said), &handles), None).await
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
    let desk = desk(services, actor, code).await?;
    let now = services.clock.now();
    let work = async |conn: &mut Conn| {
        let newest = desk.find(conn, id).await?;
        let survey = desk.survey(newest.survey)?;
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
                true => Ok(desk.published(newest, &handles, true)),
                false => Err(Error::new(ErrorCode::UndertakingConflict)),
            };
        }
        let said = desk.checked(conn, &about, (&draft.said, Some(reason.as_str())), &handles, faults).await?;
        if newest.said.is_none() || newest.revision.checked_add(1) != Some(revision) {
            return Err(Error::new(ErrorCode::UndertakingConflict));
        }
        let number = (newest.id, newest.seq, revision);
        let handles = draft.said.handles();
        desk.revise(conn, number, &about, (Some(&said), &handles), Some(reason)).await
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
    let desk = desk(services, actor, code).await?;
    let now = services.clock.now();
    let work = async |conn: &mut Conn| {
        let newest = desk.find(conn, id).await?;
        let survey = desk.survey(newest.survey)?;
        let first_published = day_of(newest.first_published_at);
        let about = About { survey: &survey, month: newest.month, first_published };
        if newest.said.is_none() {
            return match faults.is_empty() && newest.reason.as_deref() == reason {
                true => Ok(desk.published(newest, &Handles::new(), true)),
                false => Err(Error::new(ErrorCode::UndertakingConflict)),
            };
        }
        let texts: Vec<_> = reason.into_iter().map(|reason| ("/reason".to_owned(), reason)).collect();
        desk.refuse_quotations(conn, &about, &texts, &mut faults).await?;
        let (Some(reason), true) = (reason, faults.is_empty()) else {
            return Err(Error::invalid(faults.into_vec(), now));
        };
        let revision = newest.revision.checked_add(1);
        let revision = revision.ok_or_else(|| Error::new(ErrorCode::UndertakingConflict))?;
        let number = (newest.id, newest.seq, revision);
        desk.revise(conn, number, &about, (None, &Handles::new()), Some(reason)).await
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await
}

/// What an undertaking is about.
struct About<'a> {
    survey: &'a Survey,
    /// First day.
    month: NaiveDate,
    first_published: NaiveDate,
}

impl About<'_> {
    fn days(&self) -> (NaiveDate, NaiveDate) {
        (self.month, Grain::Month.end(self.month))
    }
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

/// Who works on which agency.
async fn desk<'a>(services: &'a Services, actor: &'a Actor, code: Option<&AgencyCode>) -> Result<Desk<'a>> {
    let client = policy::undertaker(actor)?;
    let catalogue = current(services).await?;
    let agency = code.and_then(|code| catalogue.tree.find(code)).map(|agency| agency.id);
    let scope = agency.and_then(|agency| policy::undertake(client, &catalogue.tree, agency));
    let (agency, scope) = agency.zip(scope).ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    Ok(Desk { services, client, agency, scope, catalogue })
}

impl Desk<'_> {
    /// The newest revision of an undertaking of the agency.
    async fn find(&self, conn: &mut Conn, id: Option<Uuid>) -> Result<Undertaking> {
        let found = match id {
            Some(id) => undertaking_find(conn, id, None).await?,
            None => None,
        };
        let own = found.filter(|found| found.agency == self.agency);
        own.ok_or_else(|| Error::new(ErrorCode::UndertakingNotFound))
    }

    fn survey(&self, id: SurveyId) -> Result<Arc<Survey>> {
        let known = self.catalogue.surveys.values().find(|survey| survey.id == id);
        known.cloned().ok_or_else(|| Error::internal("an undertaking names an unknown survey"))
    }

    fn published(&self, undertaking: Undertaking, handles: &Handles, replayed: bool) -> Published {
        let comments = u64::try_from(handles.len()).unwrap_or(u64::MAX);
        Published { undertaking, comments, replayed, catalogue: self.catalogue.clone() }
    }

    /// What is told about an id that is taken.
    async fn again(
        &self,
        conn: &mut Conn,
        first: &Undertaking,
        about: &About<'_>,
        draft: &SaidDraft,
        faults: Faults,
    ) -> Result<Published> {
        if !faults.is_empty() {
            return Err(Error::invalid(faults.into_vec(), self.services.clock.now()));
        }
        let same =
            first.agency == self.agency && first.survey == about.survey.id && first.month == about.month;
        let handles = undertaking_handles(conn, first.seq, first.revision).await?;
        if !same || draft.complete() != first.said || draft.handles() != handles {
            return Err(Error::new(ErrorCode::UndertakingConflict));
        }
        let newest = self.find(conn, Some(first.id)).await?;
        let handles = undertaking_handles(conn, newest.seq, newest.revision).await?;
        Ok(self.published(newest, &handles, true))
    }

    /// A month without a comment that may be read has nothing to be answered. Whether it has none or too few people
    /// answered is not told apart.
    async fn must_have_comments(
        &self,
        conn: &mut Conn,
        about: &About<'_>,
        faults: &mut Faults,
    ) -> Result<()> {
        let of = (about.survey.id, self.agency);
        let people = people_of_month(conn, &self.scope, of, about.month).await?;
        let shown = u64::try_from(people).unwrap_or(0) >= self.services.rules.min_n_comments;
        let is_open = faults.any_at("/month");
        if !is_open && (!shown || comments_ids(conn, &self.scope, of, about.days()).await?.is_empty()) {
            faults.at("/month", FaultKind::Undertaking(UndertakingFault::NoComments));
        }
        Ok(())
    }

    /// What may be published; `known` are the comments that the revision before answers, some of which may be deleted now.
    async fn checked(
        &self,
        conn: &mut Conn,
        about: &About<'_>,
        (draft, reason): (&SaidDraft, Option<&str>),
        known: &Handles,
        mut faults: Faults,
    ) -> Result<Said> {
        let now = self.services.clock.now();
        if draft.topic.as_ref().is_some_and(|topic| !is_topic(about.survey, topic)) {
            faults.at("/topic", FaultKind::Undertaking(UndertakingFault::UnknownTopic));
        }
        if let (Some(state), Some(day)) = (draft.state, draft.day) {
            let (from, to) = days(state, about.month, about.first_published, day_of(now));
            if !(from..=to).contains(&day) {
                let fault = UndertakingFault::DayOutOfRange { from, to };
                faults.at("/day", FaultKind::Undertaking(fault));
            }
        }
        // Of a month that is not over nobody learns which comments there are.
        if !draft.comments.is_empty() && !faults.any_at("/month") {
            let of = (about.survey.id, self.agency);
            let (key, ids) =
                (comments_key(conn).await?, comments_ids(conn, &self.scope, of, about.days()).await?);
            let there: Handles = ids.into_iter().map(|id| key.standing(id)).collect();
            for (position, handle) in &draft.comments {
                if !there.contains(handle) && !known.contains(handle) {
                    let place = Place::Pointer(format!("/comments/{position}"));
                    faults.push(place, FaultKind::Undertaking(UndertakingFault::UnknownComment));
                }
            }
        }
        let mut texts = draft.texts();
        texts.extend(reason.map(|reason| ("/reason".to_owned(), reason)));
        if !faults.any_at("/month") {
            self.refuse_quotations(conn, about, &texts, &mut faults).await?;
        }
        let said = draft.complete().filter(|_| faults.is_empty());
        said.ok_or_else(|| Error::invalid(faults.into_vec(), now))
    }

    /// Notes each text that repeats a comment of the month on the agency or one below it, to whichever survey.
    async fn refuse_quotations(
        &self,
        conn: &mut Conn,
        about: &About<'_>,
        texts: &[(String, &str)],
        faults: &mut Faults,
    ) -> Result<()> {
        let comments = comments_words(conn, &self.scope, about.days()).await?;
        for (place, text) in texts {
            if quotes(text, comments.iter().map(String::as_str)) {
                let fault = UndertakingFault::QuotesComment { words: WORDS };
                faults.at(place.as_str(), FaultKind::Undertaking(fault));
            }
        }
        Ok(())
    }

    /// Enters a revision with its audit entry, which has none of the words.
    async fn revise(
        &self,
        conn: &mut Conn,
        (id, seq, revision): (Uuid, i64, i16),
        about: &About<'_>,
        (said, handles): (Option<&Said>, &Handles),
        reason: Option<&str>,
    ) -> Result<Published> {
        let now = self.services.clock.now();
        let new = NewRevision { seq, revision, said, reason, handles, by: self.client.id, at: now };
        if !undertaking_revise(conn, &new).await? {
            return Err(Error::new(ErrorCode::UndertakingConflict));
        }
        let action = match (revision, said) {
            (1, _) => Action::UndertakingPublished,
            (_, Some(_)) => Action::UndertakingCorrected,
            (_, None) => Action::UndertakingWithdrawn,
        };
        let undertaking = self.find(conn, Some(id)).await?;
        let details = vec![
            ("survey", about.survey.code.clone()),
            ("month", about.month.format("%Y-%m").to_string()),
            ("revision", revision.to_string()),
            ("state", undertaking.state().as_str().to_owned()),
        ];
        let entry = Entry { action, agency: Some(self.agency), object: id.to_string(), details };
        record(conn, By::Client(self.client), &entry, now).await?;
        Ok(self.published(undertaking, handles, false))
    }
}

/// Whether a survey's questionnaire has such an element or criterion.
fn is_topic(survey: &Survey, code: &str) -> bool {
    let questionnaire = &survey.questionnaire;
    code == OTHER
        || questionnaire.elements.iter().any(|element| element.code == code)
        || questionnaire.criteria.iter().any(|criterion| criterion.code == code)
}
