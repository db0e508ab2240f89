//! Who is told what is going on: rules of alerts, alerts, webhooks.

use super::{Actor, AgencyId, AgencyScope, AgencyTree, Client, Permission, Result};
use super::{permitted, reach, reaches};

/// Which client may keep rules of alerts and see alerts at all, before it is known whose.
///
/// # Errors
/// [`TokenMissing`](crate::error::ErrorCode::TokenMissing) or
/// [`NotPermitted`](crate::error::ErrorCode::NotPermitted).
pub fn alert_keeper(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ManageAlerts)
}

/// Whose rules and alerts the keeper sees: those of `agency` and below it, by default all it may. `None` looks like not
/// found.
pub fn keep_alerts(keeper: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> Option<AgencyScope> {
    reach(keeper, tree, agency)
}

/// Which client may keep webhooks at all, before it is known whose.
///
/// # Errors
/// [`TokenMissing`](crate::error::ErrorCode::TokenMissing) or
/// [`NotPermitted`](crate::error::ErrorCode::NotPermitted).
pub fn webhook_keeper(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ManageWebhooks)
}

/// May the keeper make a webhook that gets events of this agency and below (`None`: of the whole country)? If not, the
/// agency looks unknown.
pub fn may_keep_webhook(keeper: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> bool {
    reaches(keeper, tree, agency)
}

/// Whose webhooks the keeper sees: those of `agency` and below it, by default all it may. `None` looks like not found.
pub fn keep_webhooks(keeper: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> Option<AgencyScope> {
    reach(keeper, tree, agency)
}

/// The scope of the service itself, where it looks after every rule and webhook without being asked by anybody.
pub fn of_the_service() -> AgencyScope {
    AgencyScope::granted_by_policy_everywhere()
}
