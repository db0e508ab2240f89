//! Looking up agencies; open to everybody.

use super::Services;
use super::catalogue::current;
use crate::domain::agency::{Agency, AgencyCode, AgencyLevel};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place, Result};
use crate::store::SILENCE;
use crate::store::agencies::{AgencyFilter, agencies_list};
use crate::store::paging::Page;
pub use crate::store::paging::{DEFAULT_LIMIT, MAX_LIMIT};
use chrono::NaiveDate;

/// What a list of agencies is narrowed to; codes as they came.
#[derive(Debug, Clone, Default)]
pub struct AgencyQuery {
    /// Children of this agency only.
    pub parent: Option<AgencyCode>,
    /// This level only.
    pub level: Option<AgencyLevel>,
    /// Name holds this text, compared without diacritics and case.
    pub name: Option<String>,
    /// Exists on this day.
    pub valid_on: Option<NaiveDate>,
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

/// One page of agencies by code, and the cursor of the next.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] for an unknown parent, [`ErrorCode::InvalidCursor`].
pub async fn list(services: &Services, query: &AgencyQuery) -> Result<(Vec<AgencyPlace>, Option<String>)> {
    let catalogue = current(services).await?;
    let mut faults = Faults::default();
    let parent = query.parent.as_ref().and_then(|code| {
        let found = catalogue.tree.find(code).map(|agency| agency.id);
        if found.is_none() {
            faults.push(Place::Parameter("parent".into()), FaultKind::UnknownAgency);
        }
        found
    });
    if !faults.is_empty() {
        return Err(Error::invalid(faults.into_vec(), services.clock.now()));
    }
    let bound = format!("agencies {parent:?} {:?} {:?} {:?}", query.level, query.name, query.valid_on);
    let page = Page::new(query.limit, query.cursor.as_deref(), &bound)?;
    let filter =
        AgencyFilter { parent, level: query.level, name: query.name.clone(), valid_on: query.valid_on };
    let mut rows =
        services.db.within(SILENCE, async |conn| agencies_list(conn, &filter, &page).await).await?;
    let next = page.cut(&mut rows, |agency| agency.code.to_string());
    let place = |agency: Agency| AgencyPlace {
        parent: agency.parent.and_then(|id| catalogue.tree.get(id)).map(|parent| parent.code.clone()),
        agency,
    };
    Ok((rows.into_iter().map(place).collect(), next))
}

/// One agency.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`].
pub async fn fetch(services: &Services, code: &AgencyCode) -> Result<AgencyPlace> {
    let catalogue = current(services).await?;
    let agency = catalogue.tree.find(code).cloned().ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let parent = agency.parent.and_then(|id| catalogue.tree.get(id)).map(|parent| parent.code.clone());
    Ok(AgencyPlace { agency, parent })
}
