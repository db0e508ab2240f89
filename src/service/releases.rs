//! Releases: figures that are published for good. A draft fixes them ([`drafting`]), a second client reviews exactly that, whoever
//! is in charge seals it, and from then on the bytes are handed out as they are. What arrives later changes nothing; a correction
//! is the next revision of the series and names the one before. That the figures follow from the responses is shown by
//! [`reproduction`], which goes another way to them.

mod computing;
pub mod drafting;
pub mod reproduction;
mod sealing;

pub use sealing::{Sealing, seal};

use super::Services;
use super::audit::record;
use super::catalogue::{Catalogue, current};
use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::agency_scope::AgencyScope;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::audit_chain::Hash;
use crate::domain::client::Client;
use crate::domain::period::Period;
use crate::domain::questionnaire::Wording;
use crate::domain::redaction::redact;
use crate::domain::release::Review;
pub use crate::domain::release::{Number, Release, ReleaseKey, ReleaseState};
use crate::domain::subject::SubjectCode;
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place, Result};
pub use crate::index::confidence::Confidence;
use crate::release::manifest::{Draft, Manifest};
use crate::release::names;
use crate::store::clients::client_record_find;
use crate::store::paging::Page;
pub use crate::store::paging::{DEFAULT_LIMIT, MAX_LIMIT};
pub use crate::store::releases::ReleaseFilter;
use crate::store::releases::{
    release_draft_fetch, release_file_find, release_find, release_hold, release_keys_all,
    release_manifest_find, release_of_number, release_package_find, release_review, releases_list,
};
use crate::store::{AsyncConnection, Conn, SILENCE};
use chrono::NaiveDate;
use std::sync::Arc;
use uuid::Uuid;

/// Kind of a content: the index of an agency and of those right below.
pub const INDEX: &str = "index";

/// Kind of a content: those right below an agency, ranked.
pub const RANKING: &str = "ranking";

/// Kinds of contents.
pub const KINDS: [&str; 2] = [INDEX, RANKING];

/// Most contents of a release.
pub const MOST_CONTENTS: usize = 20;

/// One question whose figures shall be in a release. What was faulty is `None`.
#[derive(Debug, Clone)]
pub struct Question {
    /// One of [`KINDS`].
    pub kind: Option<&'static str>,
    /// About whom: one agency or the whole country.
    pub agency: Option<SubjectCode>,
    /// Code of the survey.
    pub survey: Option<String>,
    /// Whole months.
    pub period: Option<Period>,
    /// The first of the survey's kind if absent.
    pub formula: Option<String>,
    /// Of every interval.
    pub confidence: Confidence,
    /// The day of the tree; the day of drafting if absent.
    pub tree_on: Option<NaiveDate>,
    /// Of an index: whether those right below are in it.
    pub children: bool,
    /// Of a ranking: fewest people a ranked figure is made from.
    pub min_n: u64,
}

/// Which revision is corrected, and why.
#[derive(Debug, Clone)]
pub struct Corrects {
    /// The revision.
    pub revision: i32,
    /// Why.
    pub reason: String,
}

/// A release to be drafted. What was faulty is `None`.
#[derive(Debug, Clone)]
pub struct NewRelease {
    /// Whose it is.
    pub agency: Option<SubjectCode>,
    /// Name of the series within the agency.
    pub name: Option<String>,
    /// What it is called.
    pub title: Option<Wording>,
    /// What is in it.
    pub contents: Vec<Question>,
    /// What it corrects.
    pub corrects: Option<Corrects>,
}

/// Which releases are asked for.
#[derive(Debug, Clone)]
pub struct ReleaseQuery {
    /// Of this agency or one below it.
    pub agency: Option<AgencyCode>,
    /// What else.
    pub filter: ReleaseFilter,
    /// Most rows.
    pub limit: i64,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// One page of releases.
#[derive(Debug)]
pub struct Releases {
    /// The releases, the newest first.
    pub items: Vec<Release>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
    /// What they name.
    pub catalogue: Arc<Catalogue>,
}

/// A release with its texts, as they are stored.
#[derive(Debug)]
pub struct Whole {
    /// The release.
    pub release: Release,
    /// The draft.
    pub draft: Draft,
    /// The manifest, once it is sealed.
    pub manifest: Option<Manifest>,
    /// The figures, as canonical JSON.
    pub figures: String,
}

fn not_found() -> Error {
    Error::new(ErrorCode::ReleaseNotFound)
}

/// A page of releases: sealed ones for everybody, also where other figures are closed; the others for those in charge.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] with all faults; [`ErrorCode::InvalidCursor`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: &ReleaseQuery,
    mut faults: Faults,
) -> Result<Releases> {
    let catalogue = current(services).await?;
    let scope = policy::releases_in_charge(actor, &catalogue.tree);
    let named = query.agency.as_ref().map(|code| catalogue.tree.find(code));
    if named == Some(None) {
        faults.push(Place::Parameter("agency".into()), FaultKind::UnknownAgency);
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults.into_vec(), services.clock.now()));
    }
    let agencies = named.flatten().map(|agency| catalogue.tree.subtree(agency.id));
    let who = scope.as_ref().map(|scope| (scope.is_whole_country(), scope.agencies().first()));
    let fingerprint = format!("releases {:?} {:?} {who:?}", query.agency, query.filter);
    let page = Page::new(query.limit, query.cursor.as_deref(), &fingerprint)?;
    let list = async |conn: &mut Conn| {
        releases_list(conn, scope.as_ref(), (agencies.as_deref(), &query.filter), &page).await
    };
    let mut items = services.db.within(SILENCE, list).await?;
    let next_cursor = page.cut(&mut items, |release| release.seq.to_string());
    Ok(Releases { items, next_cursor, catalogue })
}

/// A release by its id: a sealed one for everybody, another for those in charge. `id` is `None` if it is none.
///
/// # Errors
/// [`ErrorCode::ReleaseNotFound`].
pub async fn get(services: &Services, actor: &Actor, id: Option<Uuid>) -> Result<Whole> {
    let catalogue = current(services).await?;
    let scope = policy::releases_in_charge(actor, &catalogue.tree);
    let id = id.ok_or_else(not_found)?;
    let read = async |conn: &mut Conn| {
        let release = release_find(conn, scope.as_ref(), id).await?.ok_or_else(not_found)?;
        whole(conn, release).await
    };
    services.db.within(SILENCE, read).await
}

/// A sealed release by its number. `number` is `None` if no release can have it.
///
/// # Errors
/// [`ErrorCode::ReleaseNotFound`].
pub async fn published(services: &Services, number: Option<&Number>) -> Result<Whole> {
    let number = number.ok_or_else(not_found)?;
    let read = async |conn: &mut Conn| {
        let release = release_of_number(conn, number).await?.ok_or_else(not_found)?;
        whole(conn, release).await
    };
    services.db.within(SILENCE, read).await
}

async fn whole(conn: &mut Conn, release: Release) -> Result<Whole> {
    let draft = Draft::parse(release_draft_fetch(conn, release.id).await?.as_bytes())?;
    let manifest = release_manifest_find(conn, release.id).await?;
    let manifest = manifest.map(|text| serde_json::from_str(&text).map_err(Error::internal)).transpose()?;
    let figures = release_file_find(conn, release.id, names::FIGURES).await?;
    let figures = figures.ok_or_else(|| Error::internal("a release without figures"))?;
    Ok(Whole { release, draft, manifest, figures: String::from_utf8(figures).map_err(Error::internal)? })
}

/// The package of a sealed release, as it was sealed, and its SHA-256.
///
/// # Errors
/// [`ErrorCode::ReleaseNotFound`].
pub async fn package(services: &Services, number: Option<&Number>) -> Result<(Vec<u8>, Hash)> {
    let number = number.ok_or_else(not_found)?;
    let read = async |conn: &mut Conn| {
        let release = release_of_number(conn, number).await?.ok_or_else(not_found)?;
        let package = release_package_find(conn, release.id).await?;
        Ok(package.zip(release.seal.map(|seal| seal.package)))
    };
    services.db.within(SILENCE, read).await?.ok_or_else(not_found)
}

/// Public halves of all keys that ever sealed a release, the newest first.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn keys(services: &Services) -> Result<Vec<ReleaseKey>> {
    services.db.within(SILENCE, async |conn| release_keys_all(conn).await).await
}

/// Whom a change is by, and where it may be.
struct Charge<'a> {
    client: &'a Client,
    scope: AgencyScope,
}

async fn charge<'a>(services: &Services, actor: &'a Actor) -> Result<Charge<'a>> {
    let client = policy::publisher(actor)?;
    let scope = policy::releases_in_charge(actor, &current(services).await?.tree);
    Ok(Charge { client, scope: scope.ok_or_else(not_found)? })
}

impl Charge<'_> {
    /// The release, which nobody else changes until the transaction ends. That it is sealed is no reason to be let at it.
    async fn hold(&self, conn: &mut Conn, id: Uuid) -> Result<Release> {
        release_hold(conn, id).await?;
        let release = release_find(conn, Some(&self.scope), id).await?.ok_or_else(not_found)?;
        let own = match release.agency {
            Some(agency) => self.scope.allows(agency),
            None => self.scope.is_whole_country(),
        };
        if own { Ok(release) } else { Err(not_found()) }
    }

    fn entry(&self, release: &Release, action: Action, more: (&'static str, String)) -> Entry {
        let details = vec![("series", release.series.clone()), ("digest", release.digest.to_string()), more];
        Entry { action, agency: release.agency, object: release.id.to_string(), details }
    }
}

/// Approves or rejects a draft, as a second client who names the digest of what was read.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`], [`ErrorCode::ReleaseNotFound`];
/// [`ErrorCode::SecondPersonNeeded`] for who drafted it, and for a client that was made after that;
/// [`ErrorCode::ReleaseDigestConflict`]; [`ErrorCode::ReleaseConflict`] if it was reviewed already.
pub async fn review(
    services: &Services,
    actor: &Actor,
    id: Option<Uuid>,
    (decision, read, reason): (ReleaseState, Hash, String),
) -> Result<Release> {
    let charge = charge(services, actor).await?;
    let (id, now) = (id.ok_or_else(not_found)?, services.clock.now());
    let work = async |conn: &mut Conn| {
        let mut release = charge.hold(conn, id).await?;
        // Nor one whom the first may have made for it.
        let made = client_record_find(conn, charge.client.id).await?.map(|record| record.created_at);
        if release.drafted_by == charge.client.id || made.is_none_or(|made| made > release.drafted_at) {
            return Err(Error::new(ErrorCode::SecondPersonNeeded));
        }
        if release.state != ReleaseState::Draft {
            return Err(Error::new(ErrorCode::ReleaseConflict));
        }
        if release.digest != read {
            return Err(Error::new(ErrorCode::ReleaseDigestConflict));
        }
        let review = Review { by: charge.client.id, at: now, reason: redact(&reason) };
        release_review(conn, id, decision, &review).await?;
        (release.state, release.review) = (decision, Some(review));
        let entry =
            charge.entry(&release, Action::ReleaseReviewed, ("decision", decision.as_str().to_owned()));
        record(conn, By::Client(charge.client), &entry, now).await?;
        Ok(release)
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await
}
