//! The catalogue: entering it from files, and the copy of it every request is checked against.
//!
//! The copy lives in memory because a response is held against survey, agency and desk thousands of times a
//! second, and these change a few times a year. A revision number in the database, kept by triggers, tells
//! when it is out of date; it is asked for at most once in the age a cache allows.

use super::Services;
use crate::catalogue::{Catalogue as Entries, NewQuestionnaire, Source, parse};
use crate::domain::agency::{Agency, AgencyCode, NewAgency, ServicePoint};
use crate::domain::ids::{AgencyId, ServicePointId};
use crate::domain::survey::{NewSurvey, Survey};
use crate::domain::tree::AgencyTree;
use crate::error::{Error, ErrorCode, Result};
use crate::store::{AsyncConnection, Conn, Db, SILENCE, agencies, installation, questionnaires, surveys};
use chrono::NaiveDate;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Everything a request is checked against, as of one revision.
#[derive(Debug)]
pub struct Catalogue {
    revision: i64,
    /// The agencies.
    pub tree: AgencyTree,
    /// Desks by code.
    pub desks: HashMap<String, ServicePoint>,
    /// Surveys by code.
    pub surveys: HashMap<String, Arc<Survey>>,
    /// First day whose raw responses are kept; nothing from before is taken.
    pub kept_from: Option<NaiveDate>,
    desk_codes: HashMap<ServicePointId, String>,
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

    async fn read(conn: &mut Conn) -> Result<Self> {
        let revision = installation::catalogue_revision_fetch(conn).await?;
        let tree = AgencyTree::new(agencies::agencies_all(conn).await?);
        let desks = agencies::service_points_all(conn).await?;
        let surveys = surveys::surveys_all(conn).await?;
        let kept_from = installation::kept_from_find(conn).await?;
        let desk_codes = desks.iter().map(|desk| (desk.id, desk.code.clone())).collect();
        let desks = desks.into_iter().map(|desk| (desk.code.clone(), desk)).collect();
        Ok(Self { revision, tree, desks, surveys, kept_from, desk_codes })
    }
}

/// The newest copy this instance has read.
pub struct CatalogueCache {
    max_age: Duration,
    current: RwLock<Option<(Instant, Arc<Catalogue>)>>,
    /// Held by the one request that looks; the others wait for what it finds instead of asking as well.
    looking: tokio::sync::Mutex<()>,
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
            failed: RwLock::new(None),
        }
    }

    fn young(&self) -> Option<Arc<Catalogue>> {
        self.held().filter(|(checked, _)| checked.elapsed() < self.max_age).map(|(_, catalogue)| catalogue)
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
    let cache = &services.catalogue;
    if let Some(catalogue) = cache.young() {
        return Ok(catalogue);
    }
    let asked = Instant::now();
    let _looking = cache.looking.lock().await;
    if let Some(catalogue) = cache.young() {
        return Ok(catalogue);
    }
    if cache.failed.read().unwrap_or_else(PoisonError::into_inner).is_some_and(|failed| failed >= asked) {
        return Err(
            Error::new(ErrorCode::Unavailable).because("the catalogue could not be looked at just now")
        );
    }
    let looked = look(services, cache.held().map(|(_, catalogue)| catalogue)).await;
    match &looked {
        Ok(fresh) => {
            let mut current = cache.current.write().unwrap_or_else(PoisonError::into_inner);
            *current = Some((Instant::now(), fresh.clone()));
        }
        Err(_) => *cache.failed.write().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now()),
    }
    looked
}

/// The copy that is held if it is still right, otherwise a new one.
async fn look(services: &Services, held: Option<Arc<Catalogue>>) -> Result<Arc<Catalogue>> {
    let look = async |conn: &mut Conn| {
        let revision = installation::catalogue_revision_fetch(conn).await?;
        match held {
            Some(catalogue) if catalogue.revision == revision => Ok(catalogue),
            _ => snapshot(conn).await.map(Arc::new),
        }
    };
    services.db.within(SILENCE, look).await
}

/// Reads the catalogue in one snapshot: half of a load would refuse valid responses.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn snapshot(conn: &mut Conn) -> Result<Catalogue> {
    let mut read = conn.build_transaction().read_only().repeatable_read();
    read.run(async |conn| Catalogue::read(conn).await).await
}

/// How many entries were new.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// Questionnaire versions.
    pub questionnaires: usize,
    /// Agencies.
    pub agencies: usize,
    /// Service points.
    pub service_points: usize,
    /// Surveys.
    pub surveys: usize,
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
    conn.transaction(async |conn| {
        // One load after the other: two would trip over each other's codes.
        installation::catalogue_lock(conn).await?;
        Loading::default().enter(conn, &entries).await
    })
    .await
}

/// One load in progress.
#[derive(Default)]
struct Loading {
    loaded: Loaded,
    conflicts: Vec<String>,
    agencies: HashMap<AgencyCode, Agency>,
}

impl Loading {
    async fn enter(mut self, conn: &mut Conn, files: &[Entries]) -> Result<Loaded> {
        for new in files.iter().filter_map(|file| file.questionnaire.as_ref()) {
            self.questionnaire(conn, new).await?;
        }
        self.agencies(conn, files.iter().flat_map(|file| &file.agencies).collect()).await?;
        self.service_points(conn, files).await?;
        self.surveys(conn, files).await?;
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

    /// Parents first, whatever the order in the files; what is left over has no parent anywhere.
    async fn agencies(&mut self, conn: &mut Conn, mut waiting: Vec<&NewAgency>) -> Result<()> {
        let known = agencies::agencies_all(conn).await?;
        self.agencies = known.into_iter().map(|agency| (agency.code.clone(), agency)).collect();
        loop {
            let before = waiting.len();
            let mut left = Vec::new();
            for new in waiting {
                match self.parent(new) {
                    Some(parent) => self.agency(conn, new, parent).await?,
                    None => left.push(new),
                }
            }
            if left.is_empty() || left.len() == before {
                let lost =
                    left.iter().map(|new| format!("agency {}: its parent is not in the catalogue", new.code));
                self.conflicts.extend(lost);
                return Ok(());
            }
            waiting = left;
        }
    }

    /// `Some(None)` at the top, `None` while the parent is not there.
    fn parent(&self, new: &NewAgency) -> Option<Option<AgencyId>> {
        match &new.parent {
            None => Some(None),
            Some(code) => self.agencies.get(code).map(|agency| Some(agency.id)),
        }
    }

    async fn agency(&mut self, conn: &mut Conn, new: &NewAgency, parent: Option<AgencyId>) -> Result<()> {
        let entered = |id| Agency {
            id,
            code: new.code.clone(),
            unit_code: new.unit_code.clone(),
            level: new.level,
            name: new.name.clone(),
            parent,
            valid: new.valid,
            sample: new.sample,
            note: new.note.clone(),
        };
        match self.agencies.get(&new.code) {
            Some(known) if *known == entered(known.id) => {}
            Some(_) => {
                self.conflicts.push(format!("agency {} is in the catalogue with other content", new.code))
            }
            None => {
                let id = agencies::agency_insert(conn, new, parent).await?;
                self.agencies.insert(new.code.clone(), entered(id));
                self.loaded.agencies += 1;
            }
        }
        Ok(())
    }

    async fn service_points(&mut self, conn: &mut Conn, files: &[Entries]) -> Result<()> {
        let known = agencies::service_points_all(conn).await?;
        let mut known: HashMap<String, ServicePoint> =
            known.into_iter().map(|desk| (desk.code.clone(), desk)).collect();
        for new in files.iter().flat_map(|file| &file.service_points) {
            let Some(agency) = self.agencies.get(&new.agency).map(|agency| agency.id) else {
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

    async fn surveys(&mut self, conn: &mut Conn, files: &[Entries]) -> Result<()> {
        let mut known = surveys::surveys_all(conn).await?;
        for new in files.iter().flat_map(|file| &file.surveys) {
            if let Some(survey) = known.get(&new.code) {
                if !self.same_survey(survey, new) {
                    self.conflicts
                        .push(format!("survey {} is in the catalogue with other content", new.code));
                }
                continue;
            }
            let roots: Vec<AgencyId> = new
                .agencies
                .iter()
                .filter_map(|code| self.agencies.get(code))
                .map(|agency| agency.id)
                .collect();
            let version = questionnaires::version_find(conn, &new.questionnaire, new.version).await?;
            match version {
                Some((version, _)) if roots.len() == new.agencies.len() => {
                    surveys::survey_insert(conn, new, version, &roots).await?;
                    known = surveys::surveys_all(conn).await?;
                    self.loaded.surveys += 1;
                }
                _ => self.conflicts.push(format!(
                    "survey {}: its questionnaire version or one of its agencies is not in the catalogue",
                    new.code
                )),
            }
        }
        Ok(())
    }

    fn same_survey(&self, known: &Survey, new: &NewSurvey) -> bool {
        let mut roots: Vec<AgencyId> =
            new.agencies.iter().filter_map(|code| self.agencies.get(code)).map(|agency| agency.id).collect();
        roots.sort_unstable();
        known.name == new.name
            && known.questionnaire.code == new.questionnaire
            && known.questionnaire.version == new.version
            && known.window == new.window
            && known.sample == new.sample
            && known.agencies == roots
            && roots.len() == new.agencies.len()
    }
}
