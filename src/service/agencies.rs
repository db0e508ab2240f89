//! Looking up agencies; open to everybody. Answered from the catalogue in memory, which has every day's tree.

use super::Services;
use super::catalogue::current;
use crate::domain::agency::{Agency, AgencyCode, AgencyHistory, AgencyLevel};
use crate::domain::ids::AgencyId;
use crate::domain::period::day_of;
use crate::domain::text::folded;
use crate::domain::tree::{AgencyTree, Share};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place, Result};
use crate::store::paging::Page;
pub use crate::store::paging::{DEFAULT_LIMIT, MAX_LIMIT};
use chrono::NaiveDate;
use std::collections::HashMap;

/// What a list of agencies is narrowed to; codes as they came.
#[derive(Debug, Clone)]
pub struct AgencyQuery {
    /// Children of this agency only.
    pub parent: Option<AgencyCode>,
    /// This level only.
    pub level: Option<AgencyLevel>,
    /// Name holds this text, compared without diacritics and case.
    pub name: Option<String>,
    /// The day whose agencies, names and parents are meant.
    pub valid_on: NaiveDate,
    /// Most rows.
    pub limit: i64,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// An agency and the code of the one above it.
#[derive(Debug, Clone)]
pub struct AgencyPlace {
    /// The agency.
    pub agency: Agency,
    /// Code of its parent.
    pub parent: Option<AgencyCode>,
}

/// What an agency was called and where it stood, from a day on.
#[derive(Debug, Clone)]
pub struct PastPlace {
    /// First day.
    pub from: NaiveDate,
    /// Its name.
    pub name: String,
    /// Code of its parent.
    pub parent: Option<AgencyCode>,
    /// Its administrative unit code.
    pub unit_code: Option<String>,
}

/// An agency at the other end of a succession.
#[derive(Debug, Clone)]
pub struct Relative {
    /// Its code.
    pub code: AgencyCode,
    /// First day of the successor's.
    pub on: NaiveDate,
    /// How much of the predecessor's work.
    pub share: Share,
}

/// An agency with its past and what is planned.
#[derive(Debug, Clone)]
pub struct AgencyRecord {
    /// The agency as it is today.
    pub place: AgencyPlace,
    /// Its versions, in order.
    pub versions: Vec<PastPlace>,
    /// With whose work it goes on.
    pub predecessors: Vec<Relative>,
    /// Who goes on with its work.
    pub successors: Vec<Relative>,
}

/// One page of agencies by code, as they are on the day, and the cursor of the next.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] for an unknown parent, [`ErrorCode::InvalidCursor`].
pub async fn list(services: &Services, query: &AgencyQuery) -> Result<(Vec<AgencyPlace>, Option<String>)> {
    let catalogue = current(services).await?;
    let (tree, day) = (&catalogue.tree, query.valid_on);
    let mut faults = Faults::default();
    let parent = query.parent.as_ref().and_then(|code| {
        let found = tree.find(code).map(|agency| agency.id);
        if found.is_none() {
            faults.push(Place::Parameter("parent".into()), FaultKind::UnknownAgency);
        }
        found
    });
    if !faults.is_empty() {
        return Err(Error::invalid(faults.into_vec(), services.clock.now()));
    }
    let bound = format!("agencies {parent:?} {:?} {:?} {:?}", query.level, query.name, Some(day));
    let page = Page::new(query.limit, query.cursor.as_deref(), &bound)?;
    let name = query.name.as_deref().map(folded);
    let wanted = |history: &&AgencyHistory| {
        history.valid.covers(day)
            && page.after.as_deref().is_none_or(|after| history.code.as_str() > after)
            && query.level.is_none_or(|level| history.level == level)
            && parent.is_none_or(|parent| tree.parent_on(history.id, day) == Some(parent))
            && name.as_ref().is_none_or(|name| {
                tree.name_on(history.id, day).is_some_and(|own| folded(own).contains(name.as_str()))
            })
    };
    let one_more = usize::try_from(query.limit).unwrap_or(usize::MAX).saturating_add(1);
    let found = tree.histories().filter(wanted).take(one_more);
    let mut rows: Vec<AgencyPlace> = found.map(|history| place_on(tree, history, day)).collect();
    let next = page.cut(&mut rows, |place| place.agency.code.to_string());
    Ok((rows, next))
}

/// What the agencies right above are called today, in the same order: many communes have the same name.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn names_above(services: &Services, places: &[AgencyPlace]) -> Result<Vec<Option<String>>> {
    let catalogue = current(services).await?;
    let above = |place: &AgencyPlace| Some(catalogue.tree.find(place.parent.as_ref()?)?.name.clone());
    Ok(places.iter().map(above).collect())
}

/// What the agencies right above these are called today, by code: every province has a department of the same name.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn called_above(services: &Services, codes: &[&str]) -> Result<HashMap<String, String>> {
    let (catalogue, today) = (current(services).await?, day_of(services.clock.now()));
    let above = |code: &&str| {
        let id = catalogue.tree.find(&AgencyCode::parse(code).ok()?)?.id;
        let parent = catalogue.tree.get(catalogue.tree.parent_on(id, today)?)?;
        Some(((*code).to_owned(), parent.name.clone()))
    };
    Ok(codes.iter().filter_map(above).collect())
}

/// One agency with its past.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`].
pub async fn fetch(services: &Services, code: &AgencyCode) -> Result<AgencyRecord> {
    let catalogue = current(services).await?;
    let tree = &catalogue.tree;
    let history = tree.find(code).and_then(|agency| tree.history(agency.id));
    let history = history.ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let versions = history.versions.iter().map(|version| PastPlace {
        from: version.from,
        name: version.name.clone(),
        parent: version.parent.and_then(|id| code_of(tree, id)),
        unit_code: version.unit_code.clone(),
    });
    let relative = |id, on, share| Some(Relative { code: code_of(tree, id)?, on, share });
    let before =
        tree.predecessors(history.id).iter().filter_map(|one| relative(one.predecessor, one.on, one.share));
    let after =
        tree.successors(history.id).iter().filter_map(|one| relative(one.successor, one.on, one.share));
    let mut record = AgencyRecord {
        place: place_on(tree, history, tree.today()),
        versions: versions.collect(),
        predecessors: before.collect(),
        successors: after.collect(),
    };
    // Of several changes of one day only the last was ever so.
    record.versions.reverse();
    record.versions.dedup_by_key(|version| version.from);
    record.versions.reverse();
    Ok(record)
}

fn code_of(tree: &AgencyTree, id: AgencyId) -> Option<AgencyCode> {
    tree.get(id).map(|agency| agency.code.clone())
}

/// The agency as it is on a day; where it does not exist any more, as it was at last.
fn place_on(tree: &AgencyTree, history: &AgencyHistory, day: NaiveDate) -> AgencyPlace {
    let agency = history.on(day);
    let parent = tree.parent_on(history.id, day).or(agency.parent);
    AgencyPlace { parent: parent.and_then(|id| code_of(tree, id)), agency }
}
