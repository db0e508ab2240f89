//! Who decides whether a response counts.

use super::{Actor, AgencyId, AgencyScope, AgencyTree, Client, Permission};
use super::{above, alone, owns, permitted};
use crate::error::Result;

/// Which client may review flags at all, before it is known on which response.
///
/// # Errors
/// [`TokenMissing`](crate::error::ErrorCode::TokenMissing) or
/// [`NotPermitted`](crate::error::ErrorCode::NotPermitted).
pub fn flag_reviewer(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ReviewFlags)
}

/// Which client may have responses voided at all, before it is known which.
///
/// # Errors
/// [`TokenMissing`](crate::error::ErrorCode::TokenMissing) or
/// [`NotPermitted`](crate::error::ErrorCode::NotPermitted).
pub fn voider(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::VoidResponses)
}

/// May the client ask that a response which rates this agency be void? If not, it looks not found.
pub fn may_ask_for_void(client: &Client, tree: &AgencyTree, agency: AgencyId) -> bool {
    owns(client, tree, agency)
}

/// As [`may_ask_for_void`], with the scope to enter it; `None` looks like not found.
pub fn ask_for_void(client: &Client, tree: &AgencyTree, agency: AgencyId) -> Option<AgencyScope> {
    alone(client, tree, agency)
}

/// May the client decide whether a response which rates this agency counts? Only from above it: an office must not be
/// able to clear itself of what it is rated by.
pub fn may_decide(client: &Client, tree: &AgencyTree, agency: AgencyId) -> bool {
    above(client, tree, agency)
}
