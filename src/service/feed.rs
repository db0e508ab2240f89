//! Handing responses on, one by one, to those in charge: pages for whoever keeps up, and an export of everything.
//! Both go by the number that the log gave each response when it was folded, about a second after it was stored.
//! Who has read up to a number never misses what comes after it.

use super::Services;
use super::audit;
use super::catalogue::{Catalogue, current};
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::agency_scope::AgencyScope;
use crate::domain::audit::{Action, By, Entry as AuditEntry};
use crate::domain::client::Client;
use crate::domain::feed::{Entry, Recorded};
use crate::domain::ids::SurveyId;
use crate::domain::period::day_of;
use crate::domain::standing::Standing;
use crate::domain::survey::Survey;
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place, Result};
use crate::store::feed::{log_newest, log_read, records_fetch};
pub use crate::store::paging::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::store::standings::standings_of;
use crate::store::voids::void_reasons;
use crate::store::{Conn, SILENCE};
use chrono::NaiveDate;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

/// Most numbers that one page looks at, so that whoever is in charge of little gets an answer in time from a log that
/// is full of others.
const MOST_LOOKED_AT: i64 = 100_000;

/// Numbers read at once: few where most are asked for, more and more where few are.
const STEPS: std::ops::RangeInclusive<i64> = 1_000..=32_000;

/// Responses that an export holds in memory at once.
const EXPORT_STEP: i64 = 500;

/// Exports under way at the same time.
pub const EXPORTS_AT_ONCE: usize = 4;

/// How long an export waits for a catalogue that knows everything the log does, and how often.
const CATALOGUE_WAIT: (Duration, u32) = (Duration::from_millis(250), 40);

/// Which responses are asked for; codes as they came.
#[derive(Debug, Clone, Default)]
pub struct FeedQuery {
    /// Rating this agency or one below it; by default all of the reader's subtree.
    pub agency: Option<AgencyCode>,
    /// To this survey.
    pub survey: Option<String>,
    /// Answered on this day or later.
    pub from: Option<NaiveDate>,
    /// Answered before this day.
    pub to: Option<NaiveDate>,
    /// With a number above this one; 0 from the beginning.
    pub after_seq: i64,
    /// Most responses of a page.
    pub limit: i64,
}

/// A response with its number and the codes of what it refers to.
#[derive(Debug, Clone)]
pub struct FeedItem {
    /// Its number.
    pub seq: i64,
    /// What was stored.
    pub record: Recorded,
    /// What it answers.
    pub survey: Arc<Survey>,
    /// Who is rated.
    pub rated_agency: AgencyCode,
    /// Where the file was received.
    pub service_point: Option<String>,
    /// Whether it counts, at the moment of asking.
    pub standing: Standing,
    /// Why it is void, if it is.
    pub void_reason: Option<String>,
}

/// One page.
#[derive(Debug)]
pub struct FeedPage {
    /// The responses by number.
    pub items: Vec<FeedItem>,
    /// The last number looked at: where the next page goes on.
    pub next_after_seq: i64,
    /// Whether that is the newest number there was.
    pub complete: bool,
}

/// A page of the responses that the actor may read. `faults` are those the reader of the request found.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`] for a wrong actor; [`ErrorCode::ValidationFailed`] with
/// all faults, also for an agency outside the subtree and for a number that was never given.
pub async fn list(services: &Services, actor: &Actor, query: &FeedQuery, faults: Faults) -> Result<FeedPage> {
    let client = policy::response_reader(actor)?;
    let search = Search::new(services, client, query, faults).await?;
    let page = search.page(services, query, i64::MAX).await?;
    if !page.items.is_empty() {
        let mut entry = search.entry(Action::ResponsesRead, client, query);
        entry.details.push(("rows", page.items.len().to_string()));
        entry.details.push(("last_seq", page.next_after_seq.to_string()));
        audit::record_alone(&services.db, By::Client(client), &entry, services.clock.now()).await?;
    }
    Ok(page)
}

/// A query held against the catalogue.
struct Search {
    catalogue: Arc<Catalogue>,
    scope: AgencyScope,
    survey: Option<SurveyId>,
    surveys: HashMap<SurveyId, Arc<Survey>>,
}

impl Search {
    async fn new(
        services: &Services,
        client: &Client,
        query: &FeedQuery,
        mut faults: Faults,
    ) -> Result<Self> {
        let catalogue = current(services).await?;
        let named = query.agency.as_ref().map(|code| catalogue.tree.find(code).map(|agency| agency.id));
        let scope = match named {
            Some(None) => None,
            Some(root) => policy::read_responses(client, &catalogue.tree, root),
            None => policy::read_responses(client, &catalogue.tree, None),
        };
        let survey = query.survey.as_ref().map(|code| catalogue.surveys.get(code).map(|survey| survey.id));
        if scope.is_none() {
            faults.push(Place::Parameter("agency".into()), FaultKind::UnknownAgency);
        }
        if survey == Some(None) {
            faults.push(Place::Parameter("survey".into()), FaultKind::UnknownSurvey);
        }
        let surveys = catalogue.surveys.values().map(|survey| (survey.id, survey.clone())).collect();
        match scope {
            Some(scope) if faults.is_empty() => {
                Ok(Self { scope, survey: survey.flatten(), surveys, catalogue })
            }
            _ => Err(Error::invalid(faults.into_vec(), services.clock.now())),
        }
    }

    /// What is written down of a read: what was asked for, never what was found.
    fn entry(&self, action: Action, client: &Client, query: &FeedQuery) -> AuditEntry {
        let root = query.agency.as_ref().and_then(|code| self.catalogue.tree.find(code));
        let mut details = vec![("after_seq", query.after_seq.to_string())];
        details.extend(query.survey.clone().map(|survey| ("survey", survey)));
        details.extend(query.from.map(|day| ("from", day.to_string())));
        details.extend(query.to.map(|day| ("to", day.to_string())));
        AuditEntry {
            action,
            agency: root.map(|agency| agency.id).or(client.agency),
            object: query.agency.as_ref().map_or_else(|| "responses".into(), ToString::to_string),
            details,
        }
    }

    /// The page up to the number `until`.
    async fn page(&self, services: &Services, query: &FeedQuery, until: i64) -> Result<FeedPage> {
        let read = async |conn: &mut Conn| {
            let (found, end, newest) = self.look(conn, query, until).await?;
            let records = records_fetch(conn, &self.scope, &found).await?;
            let ids: Vec<Uuid> = records.iter().map(|(_, record)| record.id.uuid()).collect();
            let standings = standings_of(conn, &ids).await?;
            let reasons = void_reasons(conn, &ids).await?;
            Ok((records, standings, reasons, end, newest))
        };
        let (records, standings, mut reasons, end, newest) = services.db.within(SILENCE, read).await?;
        if let Some(newest) = newest.filter(|newest| *newest < query.after_seq) {
            // The log was put back to an earlier state. To go on as if nothing had happened would lose what is
            // numbered anew.
            let mut faults = Faults::default();
            let kind = FaultKind::OutOfRange { min: 0, max: newest };
            faults.push(Place::Parameter("after_seq".into()), kind);
            return Err(Error::invalid(faults.into_vec(), services.clock.now()));
        }
        let mut page = FeedPage {
            items: Vec::with_capacity(records.len()),
            next_after_seq: end,
            complete: newest.is_some_and(|newest| newest <= end),
        };
        for (seq, record) in records {
            match self.item(seq, record) {
                Some(mut item) => {
                    let id = item.record.id.uuid();
                    item.standing = standings.get(&id).copied().unwrap_or(Standing::Counted);
                    item.void_reason = reasons.remove(&id);
                    page.items.push(item);
                }
                // Names a desk that this catalogue does not know yet; the next one will.
                None => {
                    (page.next_after_seq, page.complete) = (seq - 1, false);
                    break;
                }
            }
        }
        Ok(page)
    }

    /// Entries that are asked for, the last number looked at, and the newest if the search came up to it.
    async fn look(
        &self,
        conn: &mut Conn,
        query: &FeedQuery,
        until: i64,
    ) -> Result<(Vec<Entry>, i64, Option<i64>)> {
        let known = |entry: &Entry| {
            self.catalogue.tree.get(entry.agency).is_some() && self.surveys.contains_key(&entry.survey)
        };
        let (most, stop) = (query.limit, until.min(query.after_seq.saturating_add(MOST_LOOKED_AT)));
        let (mut found, mut end, mut step) = (Vec::new(), query.after_seq, query.limit.max(*STEPS.start()));
        loop {
            let stretch = log_read(conn, &self.scope, end, step.min(stop - end), known).await?;
            end = stretch.end;
            let wanted = stretch.entries.into_iter().filter(|entry| self.wants(query, entry));
            found.extend(wanted);
            if let Some(last) = usize::try_from(most).ok().and_then(|most| found.get(..most)?.last()) {
                end = last.seq;
                found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
                return Ok((found, end, stretch.newest));
            }
            if stretch.newest.is_some() || stretch.broke_off || end >= stop {
                return Ok((found, end, stretch.newest));
            }
            step = (step * 4).min(*STEPS.end());
        }
    }

    fn wants(&self, query: &FeedQuery, entry: &Entry) -> bool {
        let day = day_of(entry.id.answered_at());
        self.survey.is_none_or(|survey| survey == entry.survey)
            && query.from.is_none_or(|from| from <= day)
            && query.to.is_none_or(|to| day < to)
    }

    /// `None` if it refers to something that the catalogue does not hold.
    fn item(&self, seq: i64, record: Recorded) -> Option<FeedItem> {
        let survey = self.surveys.get(&record.survey)?.clone();
        let rated_agency = self.catalogue.tree.get(record.rated_agency)?.code.clone();
        let service_point = match record.service_point {
            Some(id) => Some(self.catalogue.desk(id)?.code.clone()),
            None => None,
        };
        let (standing, void_reason) = (Standing::Counted, None);
        Some(FeedItem { seq, record, survey, rated_agency, service_point, standing, void_reason })
    }
}

/// An export under way: everything there was when it was asked for. Holds its turn, but no connection between two
/// steps and no transaction at all.
pub struct Export {
    services: Arc<Services>,
    client: Client,
    query: FeedQuery,
    newest: i64,
    rows: usize,
    /// What is written down at the end.
    ended: Option<AuditEntry>,
    _turn: OwnedSemaphorePermit,
}

/// Begins an export; `limit` of the query is not looked at.
///
/// # Errors
/// As [`list`]; [`ErrorCode::Unavailable`] if too many are under way.
pub async fn export(
    services: Arc<Services>,
    actor: &Actor,
    query: FeedQuery,
    faults: Faults,
) -> Result<Export> {
    let client = policy::response_reader(actor)?.clone();
    let query = FeedQuery { limit: EXPORT_STEP, ..query };
    let search = Search::new(&services, &client, &query, faults).await?;
    let turn = services.exports.clone().try_acquire_owned();
    let turn = turn.map_err(|_| Error::new(ErrorCode::Unavailable).because("too many exports"))?;
    let newest = services.db.within(SILENCE, async |conn| log_newest(conn).await).await?;
    if newest < query.after_seq {
        // Tells the fault as a page does.
        list(&services, actor, &query, Faults::default()).await?;
    }
    let mut entry = search.entry(Action::ResponsesExported, &client, &query);
    entry.details.push(("until_seq", newest.to_string()));
    // Before the first row; how many there were is written at the end, if it comes to that.
    audit::record_alone(&services.db, By::Client(&client), &entry, services.clock.now()).await?;
    let ended = search.entry(Action::ResponsesExportEnded, &client, &query);
    Ok(Export { services, client, query, newest, rows: 0, ended: Some(ended), _turn: turn })
}

impl Export {
    /// The next responses, maybe none where few are asked for; `None` at the end.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if the database is away.
    pub async fn next(&mut self) -> Result<Option<Vec<FeedItem>>> {
        let (wait, mut times) = CATALOGUE_WAIT;
        while self.query.after_seq < self.newest {
            // With the catalogue of now: it may learn of agencies while the export is under way.
            let search = Search::new(&self.services, &self.client, &self.query, Faults::default()).await?;
            let page = search.page(&self.services, &self.query, self.newest).await?;
            if page.next_after_seq > self.query.after_seq {
                self.query.after_seq = page.next_after_seq;
                self.rows += page.items.len();
                return Ok(Some(page.items));
            }
            if times == 0 {
                return Err(Error::internal("the log names what the catalogue does not know"));
            }
            times -= 1;
            tokio::time::sleep(wait).await;
        }
        if let Some(mut entry) = self.ended.take() {
            entry.details.push(("rows", self.rows.to_string()));
            let (services, by) = (&self.services, By::Client(&self.client));
            audit::record_alone(&services.db, by, &entry, services.clock.now()).await?;
        }
        Ok(None)
    }

    /// The last number that the export has come to; whoever goes on after it misses nothing.
    pub const fn last_seq(&self) -> i64 {
        self.query.after_seq
    }
}
