//! What is written about the formulas; open to everybody.

use crate::error::{Error, ErrorCode, Result};
pub use crate::index::definitions::Definition;
use crate::index::definitions::definitions;

/// Every formula, the one that is not computed last.
pub fn list() -> Vec<Definition> {
    definitions()
}

/// One formula.
///
/// # Errors
/// [`ErrorCode::FormulaNotFound`].
pub fn fetch(id: &str) -> Result<Definition> {
    let found = definitions().into_iter().find(|definition| definition.id == id);
    found.ok_or_else(|| Error::new(ErrorCode::FormulaNotFound))
}
