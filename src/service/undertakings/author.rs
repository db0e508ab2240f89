//! Who works on which agency, and what may be published there.

use super::{Published, SaidDraft};
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::agency_scope::AgencyScope;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::client::Client;
use crate::domain::ids::{AgencyId, SurveyId};
use crate::domain::period::{Grain, day_of};
use crate::domain::quotation::{WORDS, quotes};
use crate::domain::survey::Survey;
use crate::domain::undertaking::{Handles, OTHER, Said, Undertaking, days};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place, Result, UndertakingFault};
use crate::service::Services;
use crate::service::audit::record;
use crate::service::catalogue::{Catalogue, current};
use crate::store::Conn;
use crate::store::comments::{comments_ids, comments_key, comments_words, people_of_month};
use crate::store::undertakings::{NewRevision, undertaking_find, undertaking_handles, undertaking_revise};
use chrono::{DateTime, NaiveDate, Utc};
use std::sync::Arc;
use uuid::Uuid;

/// Who works on which agency.
pub(super) struct Author<'a> {
    pub(super) services: &'a Services,
    pub(super) client: &'a Client,
    pub(super) agency: AgencyId,
    /// The agency and those below it.
    pub(super) scope: AgencyScope,
    pub(super) catalogue: Arc<Catalogue>,
    /// One time for all that a request does.
    pub(super) now: DateTime<Utc>,
}

/// What an undertaking is about.
pub(super) struct About<'a> {
    pub(super) survey: &'a Survey,
    /// First day.
    pub(super) month: NaiveDate,
    pub(super) first_published: NaiveDate,
}

impl About<'_> {
    pub(super) fn days(&self) -> (NaiveDate, NaiveDate) {
        (self.month, Grain::Month.end(self.month))
    }
}

/// Who works on which agency.
pub(super) async fn author<'a>(
    services: &'a Services,
    actor: &'a Actor,
    code: Option<&AgencyCode>,
) -> Result<Author<'a>> {
    let client = policy::undertaker(actor)?;
    let catalogue = current(services).await?;
    let agency = code.and_then(|code| catalogue.tree.find(code)).map(|agency| agency.id);
    let scope = agency.and_then(|agency| policy::undertake(client, &catalogue.tree, agency));
    let (agency, scope) = agency.zip(scope).ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    Ok(Author { services, client, agency, scope, catalogue, now: services.clock.now() })
}

impl Author<'_> {
    /// The newest revision of an undertaking of the agency.
    pub(super) async fn find(&self, conn: &mut Conn, id: Option<Uuid>) -> Result<Undertaking> {
        let found = match id {
            Some(id) => undertaking_find(conn, id, None).await?,
            None => None,
        };
        let own = found.filter(|found| found.agency == self.agency);
        own.ok_or_else(|| Error::new(ErrorCode::UndertakingNotFound))
    }

    pub(super) fn survey(&self, id: SurveyId) -> Result<Arc<Survey>> {
        let known = self.catalogue.surveys.values().find(|survey| survey.id == id);
        known.cloned().ok_or_else(|| Error::internal("an undertaking names an unknown survey"))
    }

    pub(super) fn published(&self, undertaking: Undertaking, handles: &Handles, replayed: bool) -> Published {
        let comments = u64::try_from(handles.len()).unwrap_or(u64::MAX);
        Published { undertaking, comments, replayed, catalogue: self.catalogue.clone() }
    }

    /// What is told about an id that is taken.
    pub(super) async fn again(
        &self,
        conn: &mut Conn,
        first: &Undertaking,
        about: &About<'_>,
        draft: &SaidDraft,
        faults: Faults,
    ) -> Result<Published> {
        if !faults.is_empty() {
            return Err(Error::invalid(faults.into_vec(), self.now));
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
    pub(super) async fn must_have_comments(
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
    pub(super) async fn checked(
        &self,
        conn: &mut Conn,
        about: &About<'_>,
        (draft, reason): (&SaidDraft, Option<&str>),
        known: &Handles,
        mut faults: Faults,
    ) -> Result<Said> {
        let now = self.now;
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
    pub(super) async fn refuse_quotations(
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
    pub(super) async fn revise(
        &self,
        conn: &mut Conn,
        (id, seq, revision): (Uuid, i64, i16),
        about: &About<'_>,
        (said, handles): (Option<&Said>, &Handles),
        reason: Option<&str>,
    ) -> Result<Published> {
        let now = self.now;
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
