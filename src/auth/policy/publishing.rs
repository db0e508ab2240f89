//! Who publishes figures for good.

use super::{Actor, AgencyId, AgencyScope, AgencyTree, Client, Permission};
use super::{permitted, reach, reaches};
use crate::error::Result;

/// Which client may draft, review or seal releases at all, before it is known of which agency.
///
/// # Errors
/// [`TokenMissing`](crate::error::ErrorCode::TokenMissing) or
/// [`NotPermitted`](crate::error::ErrorCode::NotPermitted).
pub fn publisher(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::PublishReleases)
}

/// The agencies whose releases the client sees before they are sealed, and may bring on; sealed ones are for everybody.
/// `None` for whoever sees no others.
pub fn releases_in_charge(actor: &Actor, tree: &AgencyTree) -> Option<AgencyScope> {
    reach(publisher(actor).ok()?, tree, None)
}

/// May the client publish for this agency (`None`: for the whole country)? If not, the agency looks unknown.
pub fn may_publish_for(client: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> bool {
    reaches(client, tree, agency)
}
