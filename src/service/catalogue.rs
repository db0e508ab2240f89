//! The catalogue: entering it from files, and the copy of it every request is checked against.
//!
//! The copy lives in memory because a response is held against survey, agency and desk thousands of times a
//! second, and these change a few times a year. A revision number in the database, kept by triggers, tells
//! when it is out of date; it is asked for at most once in the age a cache allows.

use super::Services;
use super::audit::record;
use super::catalogue_agencies::enter_agencies;
use super::catalogue_surveys::enter_surveys;
use super::clock::Clock;
use crate::catalogue::{Catalogue as Entries, NewQuestionnaire, Source, parse};
use crate::domain::agency::{AgencyCode, ServicePoint};
use crate::domain::audit::{Action, By, Entry};
use crate::domain::ids::{AgencyId, ServicePointId, SurveyId};
use crate::domain::period::day_of;
use crate::domain::survey::Survey;
use crate::domain::tree::AgencyTree;
use crate::error::{Error, ErrorCode, Result};
use crate::store::dossier_counts::dossier_reporters_all;
use crate::store::listening::catalogue_listen;
use crate::store::{AsyncConnection, Conn, Db, SILENCE, agencies, installation, questionnaires, surveys};
use chrono::{DateTime, NaiveDate, Utc};
use foldhash::fast::RandomState;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Everything a request is checked against, as of one revision.
#[derive(Debug)]
pub struct Catalogue {
    revision: i64,
    /// The agencies, as they are on the day it was read.
    pub tree: AgencyTree,
    /// Desks by code.
    pub desks: HashMap<String, ServicePoint, RandomState>,
    /// Surveys by code.
    pub surveys: HashMap<String, Arc<Survey>>,
    /// Agencies that have ever reported how many dossiers they handled.
    pub dossier_reporters: HashSet<AgencyId>,
    /// First day whose raw responses are kept; nothing from before is taken.
    pub kept_from: Option<NaiveDate>,
    desk_codes: HashMap<ServicePointId, String, RandomState>,
}

impl Catalogue {
    /// Grows with every change of the catalogue and with every revocation.
    pub const fn revision(&self) -> i64 {
        self.revision
    }

    /// The desk of this number.
    pub fn desk(&self, id: ServicePointId) -> Option<&ServicePoint> {
        self.desks.get(self.desk_codes.get(&id)?)
    }

    /// The survey of this number. Surveys are few.
    pub fn survey(&self, id: SurveyId) -> Option<&Arc<Survey>> {
        self.surveys.values().find(|survey| survey.id == id)
    }

    async fn read(conn: &mut Conn, today: NaiveDate) -> Result<Self> {
        let revision = installation::catalogue_revision_fetch(conn).await?;
        let tree = agencies::tree_fetch(conn, today).await?;
        let desks = agencies::service_points_all(conn).await?;
        let surveys = surveys::surveys_all(conn).await?;
        let dossier_reporters = dossier_reporters_all(conn).await?;
        let kept_from = installation::kept_from_find(conn).await?;
        let desk_codes = desks.iter().map(|desk| (desk.id, desk.code.clone())).collect();
        let desks = desks.into_iter().map(|desk| (desk.code.clone(), desk)).collect();
        Ok(Self { revision, tree, desks, surveys, dossier_reporters, kept_from, desk_codes })
    }
}

/// The newest copy this instance has read.
pub struct CatalogueCache {
    max_age: Duration,
    current: RwLock<Option<(Instant, Arc<Catalogue>)>>,
    /// Held by the one request that looks; the others wait for what it finds instead of asking as well.
    looking: tokio::sync::Mutex<()>,
    /// Grows whenever somebody says that the copy is out of date.
    told: AtomicU64,
    /// When somebody last looked in vain: whoever waited for that is told so, instead of waiting as long again.
    failed: RwLock<Option<Instant>>,
}

impl CatalogueCache {
    /// A cache that asks whether it is out of date at most once in `max_age`.
    pub const fn new(max_age: Duration) -> Self {
        Self {
            max_age,
            current: RwLock::new(None),
            looking: tokio::sync::Mutex::const_new(()),
            told: AtomicU64::new(0),
            failed: RwLock::new(None),
        }
    }

    /// The copy that is held, if it need not be looked after: a new day may bring another tree.
    fn young(&self, today: NaiveDate) -> Option<Arc<Catalogue>> {
        let young = |(checked, catalogue): &(Instant, Arc<Catalogue>)| {
            checked.elapsed() < self.max_age && catalogue.tree.today() == today
        };
        self.held().filter(young).map(|(_, catalogue)| catalogue)
    }

    fn held(&self) -> Option<(Instant, Arc<Catalogue>)> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The catalogue, no older than the cache allows.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn current(services: &Services) -> Result<Arc<Catalogue>> {
    let (cache, today) = (&services.catalogue, day_of(services.clock.now()));
    if let Some(catalogue) = cache.young(today) {
        return Ok(catalogue);
    }
    let asked = Instant::now();
    let _looking = cache.looking.lock().await;
    if let Some(catalogue) = cache.young(today) {
        return Ok(catalogue);
    }
    if cache.failed.read().unwrap_or_else(PoisonError::into_inner).is_some_and(|failed| failed >= asked) {
        return Err(
            Error::new(ErrorCode::Unavailable).because("the catalogue could not be looked at just now")
        );
    }
    let told = cache.told.load(Ordering::Acquire);
    let looked = look(services, today, cache.held().map(|(_, catalogue)| catalogue)).await;
    match &looked {
        Ok(fresh) => {
            let mut current = cache.current.write().unwrap_or_else(PoisonError::into_inner);
            // What was said while looking may have come too late for this look.
            if told == cache.told.load(Ordering::Acquire) {
                *current = Some((Instant::now(), fresh.clone()));
            }
        }
        Err(_) => *cache.failed.write().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now()),
    }
    looked
}

/// The copy that is held if it is still right, otherwise a new one.
async fn look(services: &Services, today: NaiveDate, held: Option<Arc<Catalogue>>) -> Result<Arc<Catalogue>> {
    let look = async |conn: &mut Conn| {
        let revision = installation::catalogue_revision_fetch(conn).await?;
        match held {
            Some(held) if held.revision == revision && held.tree.today() == today => Ok(held),
            _ => snapshot(conn, today).await.map(Arc::new),
        }
    };
    services.db.within(SILENCE, look).await
}

/// Gives up the copy, so that whoever changed the catalogue sees the change at once.
pub fn look_again(services: &Services) {
    let mut current = services.catalogue.current.write().unwrap_or_else(PoisonError::into_inner);
    services.catalogue.told.fetch_add(1, Ordering::AcqRel);
    *current = None;
}

/// Gives up the copy whenever the database says that it is out of date, for as long as it can be heard.
///
/// # Errors
/// [`ErrorCode::Unavailable`] when it cannot be heard any more; the copy is still looked after in the time it may lag.
pub async fn listen(services: &Services) -> Result<()> {
    catalogue_listen(&services.db, || look_again(services)).await
}

/// Reads the catalogue in one snapshot, with the tree as it is on a day: half of a load would refuse valid responses.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn snapshot(conn: &mut Conn, today: NaiveDate) -> Result<Catalogue> {
    let mut read = conn.build_transaction().read_only().repeatable_read();
    read.run(async |conn| Catalogue::read(conn, today).await).await
}

/// How many entries were new.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// Questionnaire versions.
    pub questionnaires: usize,
    /// Agencies.
    pub agencies: usize,
    /// Events of agencies.
    pub agency_events: usize,
    /// Service points.
    pub service_points: usize,
    /// Surveys.
    pub surveys: usize,
}

impl Loaded {
    fn entry(&self) -> Entry {
        let details = vec![
            ("questionnaires", self.questionnaires.to_string()),
            ("agencies", self.agencies.to_string()),
            ("agency_events", self.agency_events.to_string()),
            ("service_points", self.service_points.to_string()),
            ("surveys", self.surveys.to_string()),
        ];
        Entry { action: Action::CatalogueLoaded, agency: None, object: "catalogue".into(), details }
    }
}

/// Enters catalogue files, all or nothing. What is there already with the same content is left alone.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] if a file breaks a rule, [`ErrorCode::CatalogueConflict`] if the catalogue
/// holds a code with other content; the detail has one line for each.
pub async fn load(db: &Db, sources: &[Source]) -> Result<Loaded> {
    let (mut entries, mut broken) = (Vec::new(), Vec::new());
    for source in sources {
        match parse(source) {
            Ok(file) => entries.push(file),
            Err(lines) => broken.extend(lines),
        }
    }
    if !broken.is_empty() {
        return Err(Error::new(ErrorCode::ValidationFailed).detail(broken.join("\n")));
    }
    let mut conn = db.conn().await?;
    // Only says when facts were recorded; no rule depends on it.
    let now = Clock::System.now();
    conn.transaction(async |conn| {
        // One load after the other: two would trip over each other's codes.
        installation::catalogue_lock(conn).await?;
        let loaded = Loading::default().enter(conn, &entries, now).await?;
        if loaded != Loaded::default() {
            record(conn, By::CommandLine, &loaded.entry(), now).await?;
        }
        Ok(loaded)
    })
    .await
}

/// One load in progress.
#[derive(Default)]
struct Loading {
    loaded: Loaded,
    conflicts: Vec<String>,
    agencies: HashMap<AgencyCode, AgencyId>,
}

impl Loading {
    async fn enter(mut self, conn: &mut Conn, files: &[Entries], now: DateTime<Utc>) -> Result<Loaded> {
        for new in files.iter().filter_map(|file| file.questionnaire.as_ref()) {
            self.questionnaire(conn, new).await?;
        }
        let entered = enter_agencies(conn, files, now).await?;
        self.loaded.agencies = entered.agencies;
        self.loaded.agency_events = entered.events;
        self.conflicts.extend(entered.conflicts);
        self.agencies = entered.ids;
        self.service_points(conn, files).await?;
        let (entered, conflicts) = enter_surveys(conn, files, &self.agencies).await?;
        self.loaded.surveys = entered;
        self.conflicts.extend(conflicts);
        if self.conflicts.is_empty() {
            Ok(self.loaded)
        } else {
            Err(Error::new(ErrorCode::CatalogueConflict).detail(self.conflicts.join("\n")))
        }
    }

    async fn questionnaire(&mut self, conn: &mut Conn, new: &NewQuestionnaire) -> Result<()> {
        let version = &new.version;
        let name = format!("questionnaire {} version {}", version.code, version.version);
        if questionnaires::kind_find(conn, &version.code).await?.is_some_and(|kind| kind != version.kind) {
            self.conflicts.push(format!("{name}: the questionnaire is of another kind"));
            return Ok(());
        }
        match questionnaires::version_find(conn, &version.code, version.version).await? {
            Some((_, digest)) if digest == new.digest => {}
            Some(_) => {
                self.conflicts.push(format!("{name} is published with other content; give it a new version"))
            }
            None => {
                questionnaires::version_insert(conn, version, &new.digest).await?;
                self.loaded.questionnaires += 1;
            }
        }
        Ok(())
    }

    async fn service_points(&mut self, conn: &mut Conn, files: &[Entries]) -> Result<()> {
        let known = agencies::service_points_all(conn).await?;
        let mut known: HashMap<String, ServicePoint> =
            known.into_iter().map(|desk| (desk.code.clone(), desk)).collect();
        for new in files.iter().flat_map(|file| &file.service_points) {
            let Some(agency) = self.agencies.get(&new.agency).copied() else {
                self.conflicts.push(format!("service point {}: no agency {}", new.code, new.agency));
                continue;
            };
            let entered = |id| ServicePoint {
                id,
                code: new.code.clone(),
                agency,
                name: new.name.clone(),
                valid: new.valid,
            };
            match known.get(&new.code) {
                Some(desk) if *desk == entered(desk.id) => {}
                Some(_) => {
                    self.conflicts
                        .push(format!("service point {} is in the catalogue with other content", new.code));
                }
                None => {
                    agencies::service_point_insert(conn, new, agency).await?;
                    known.insert(new.code.clone(), entered(ServicePointId(0)));
                    self.loaded.service_points += 1;
                }
            }
        }
        Ok(())
    }
}
