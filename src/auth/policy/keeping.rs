//! Who keeps what others work with: agencies, numbers of dossiers, keys, clients, devices.

use super::{Actor, AgencyId, AgencyScope, AgencyTree, Client, ClientKind, Permission, Result};
use super::{above, alone, national, owns, permissions_of_kind, permitted, reach, reaches};
use crate::domain::client::Terms;
use std::collections::BTreeSet;

/// Which client may change the tree of agencies at all, before it is known which agencies.
///
/// # Errors
/// [`TokenMissing`](crate::error::ErrorCode::TokenMissing) or
/// [`NotPermitted`](crate::error::ErrorCode::NotPermitted).
pub fn tree_changer(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ChangeTree)
}

/// May the client change this agency, or put others below it? If not, it looks unknown.
pub fn may_change_agency(client: &Client, tree: &AgencyTree, agency: AgencyId) -> bool {
    owns(client, tree, agency)
}

/// May the client open or move agencies at the top of the tree? Whoever belongs to the whole country.
pub fn may_change_top(client: &Client) -> bool {
    client.agency.is_none()
}

/// May the reader see which client recorded an event? Those who may record some.
pub fn may_see_recorder(actor: &Actor) -> bool {
    tree_changer(actor).is_ok()
}

/// Which client may say how many dossiers were handled, before it is known where.
///
/// # Errors
/// [`TokenMissing`](crate::error::ErrorCode::TokenMissing) or
/// [`NotPermitted`](crate::error::ErrorCode::NotPermitted).
pub fn dossier_reporter(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ReportDossiers)
}

/// May the client say how many dossiers this agency handled? `None` looks like not found.
pub fn report_dossiers(client: &Client, tree: &AgencyTree, agency: AgencyId) -> Option<AgencyScope> {
    alone(client, tree, agency)
}

/// Which client may enter values of measures, before it is known of whom.
///
/// # Errors
/// [`TokenMissing`](crate::error::ErrorCode::TokenMissing) or
/// [`NotPermitted`](crate::error::ErrorCode::NotPermitted).
pub fn measure_enterer(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::EnterMeasures)
}

/// May the client enter values of measures of this agency, `None`: of the whole country? Not granted looks like not
/// found: of the whole country is entered by who belongs to it.
pub fn enter_measures(client: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> Option<AgencyScope> {
    match agency {
        Some(agency) => alone(client, tree, agency),
        None => client.agency.is_none().then(AgencyScope::granted_by_policy_everywhere),
    }
}

/// Of whom the client may enter values of measures: its subtree, or everybody and the whole country.
pub fn enter_tables_of_measures(client: &Client, tree: &AgencyTree) -> Option<AgencyScope> {
    reach(client, tree, None)
}

/// May the reader see which client entered a value? Those who may enter some.
pub fn may_see_enterer(actor: &Actor) -> bool {
    measure_enterer(actor).is_ok()
}

/// Which client may set targets at all, before it is known for whom.
///
/// # Errors
/// [`TokenMissing`](crate::error::ErrorCode::TokenMissing) or
/// [`NotPermitted`](crate::error::ErrorCode::NotPermitted).
pub fn target_setter(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::SetTargets)
}

/// May the client set, change and end targets of this agency? `None` looks like not found.
pub fn set_targets(client: &Client, tree: &AgencyTree, agency: AgencyId) -> Option<AgencyScope> {
    alone(client, tree, agency)
}

/// Which client may see, rotate and withdraw signing keys: they are the whole country's, so one that is too.
///
/// # Errors
/// [`TokenMissing`](crate::error::ErrorCode::TokenMissing) or
/// [`NotPermitted`](crate::error::ErrorCode::NotPermitted).
pub fn key_keeper(actor: &Actor) -> Result<&Client> {
    national(actor, Permission::KeepKeys)
}

/// Which client may make, see, change and end others at all, before it is known which.
///
/// # Errors
/// [`TokenMissing`](crate::error::ErrorCode::TokenMissing) or
/// [`NotPermitted`](crate::error::ErrorCode::NotPermitted).
pub fn client_keeper(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ManageClients)
}

/// May the keeper make, see or change a client of this agency (`None`: of the whole country)? If not, it looks like
/// not there.
pub fn may_keep_client(keeper: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> bool {
    reaches(keeper, tree, agency)
}

/// May the keeper hand out the credential of a system of this agency? Only from above it: a system sends responses and
/// issues visits, and an office that could make one would make up what it is rated by. Of the whole country: who is too.
pub fn may_hand_out_system(keeper: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> bool {
    agency.map_or(keeper.agency.is_none(), |agency| above(keeper, tree, agency))
}

/// Whose clients the keeper sees: those of `agency` and below it, by default all it may. `None` looks like not found.
pub fn keep_clients(keeper: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> Option<AgencyScope> {
    reach(keeper, tree, agency)
}

/// Which client may keep devices at all, before it is known which.
///
/// # Errors
/// [`TokenMissing`](crate::error::ErrorCode::TokenMissing) or
/// [`NotPermitted`](crate::error::ErrorCode::NotPermitted).
pub fn device_keeper(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ManageDevices)
}

/// Whose devices the keeper sees, invites and changes: those of `agency` and below it, by default all it may. `None`
/// looks like not found.
pub fn keep_devices(keeper: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> Option<AgencyScope> {
    reach(keeper, tree, agency)
}

/// Which client may publish what an agency undertakes at all, before it is known which agency.
///
/// # Errors
/// [`TokenMissing`](crate::error::ErrorCode::TokenMissing) or
/// [`NotPermitted`](crate::error::ErrorCode::NotPermitted).
pub fn undertaker(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::PublishUndertakings)
}

/// May the client publish what this agency undertakes, which must repeat no comment on it or on one below it? `None`
/// looks like not found.
pub fn undertake(client: &Client, tree: &AgencyTree, agency: AgencyId) -> Option<AgencyScope> {
    reach(client, tree, Some(agency))
}

/// Which client may say which reports are made by themselves, before it is known of which agency.
///
/// # Errors
/// [`TokenMissing`](crate::error::ErrorCode::TokenMissing) or
/// [`NotPermitted`](crate::error::ErrorCode::NotPermitted).
pub fn report_keeper(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::KeepReports)
}

/// May the client keep the schedules of this agency? `None` looks like not found.
pub fn keep_reports(client: &Client, tree: &AgencyTree, agency: AgencyId) -> Option<AgencyScope> {
    alone(client, tree, agency)
}

/// In what a client would go beyond whoever hands out its credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excess {
    /// It would be permitted more.
    pub permissions: bool,
    /// It would outlive it.
    pub life: bool,
    /// It could come from elsewhere.
    pub networks: bool,
}

impl Excess {
    /// Whether it goes beyond in nothing.
    pub const fn is_none(self) -> bool {
        !(self.permissions || self.life || self.networks)
    }
}

/// In what a client of this kind and terms would go beyond the keeper. A keeper that nothing narrows hands out all
/// that a kind is permitted, in its own subtree; a narrowed one no more than it holds itself, or else its credential,
/// once leaked, would make others that are not narrowed, live longer or work from anywhere.
pub fn excess(keeper: &Client, kind: ClientKind, terms: &Terms) -> Excess {
    let own = &keeper.terms;
    let wanted = permissions_of_kind(kind).into_iter().filter(|permission| terms.leave(*permission));
    let inside = |network| own.networks.iter().any(|own: &ipnet::IpNet| own.contains(network));
    Excess {
        permissions: own
            .permissions
            .as_ref()
            .is_some_and(|own| !wanted.collect::<BTreeSet<_>>().is_subset(own)),
        life: own.expires_at.is_some_and(|end| terms.expires_at.is_none_or(|wanted| wanted > end)),
        // Of no network means from anywhere.
        networks: !own.networks.is_empty()
            && (terms.networks.is_empty() || !terms.networks.iter().all(inside)),
    }
}
