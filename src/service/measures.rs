//! The measures there are, and whom values of them are about; open to everybody.

use super::catalogue::Catalogue;
use crate::catalogue;
use crate::domain::agency::Agency;
use crate::domain::ids::AgencyId;
use crate::domain::measure::{Measure, MeasureCode};
use crate::domain::measure_value::Holder;
use crate::error::{Error, ErrorCode, Result};

/// Every measure, groups after the measure they are part of.
pub fn list() -> &'static [Measure] {
    catalogue::measures()
}

/// One measure, by the newest version of its definition.
///
/// # Errors
/// [`ErrorCode::MeasureNotFound`].
pub fn fetch(code: &str) -> Result<&'static Measure> {
    let found = MeasureCode::parse(code).ok().and_then(|code| catalogue::measure(&code));
    found.ok_or_else(|| Error::new(ErrorCode::MeasureNotFound))
}

/// The agency of a holder, `Some(None)` for the whole country; `None` if there is no such agency.
pub(super) fn known<'c>(catalogue: &'c Catalogue, holder: &Holder) -> Option<Option<&'c Agency>> {
    match holder {
        Holder::Country => Some(None),
        Holder::Agency(code) => catalogue.tree.find(code).map(Some),
    }
}

/// The same by number.
pub(super) fn known_id(catalogue: &Catalogue, holder: &Holder) -> Option<Option<AgencyId>> {
    known(catalogue, holder).map(|agency| agency.map(|agency| agency.id))
}
