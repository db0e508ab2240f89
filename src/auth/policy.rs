//! The one permission table, and the only maker of [`AgencyScope`]. Everything a request may touch passes
//! through [`read_figures`], [`read_responses`], [`submit_response`], [`may_read_receipts`], [`tree_changer`],
//! [`report_dossiers`], [`enter_measures`], [`set_targets`], [`key_keeper`], [`keep_clients`],
//! [`keep_devices`], [`undertake`], [`heartbeat_sender`] or [`visit_issuer`]; the catalogue (agencies, surveys, wording) is
//! open to all.
mod alerting;
mod intake;
mod keeping;
mod publishing;
mod reading;
mod standing;

pub use alerting::*;
pub use intake::*;
pub use keeping::*;
pub use publishing::*;
pub use reading::*;
pub use standing::*;

use super::Actor;
use crate::domain::agency_scope::AgencyScope;
use crate::domain::client::{Client, ClientKind};
use crate::domain::ids::AgencyId;
pub use crate::domain::permission::Permission;
use crate::domain::tree::AgencyTree;
use crate::error::{Error, ErrorCode, Result};
use std::collections::BTreeSet;

/// How far a permission reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grant {
    /// Not at all.
    No,
    /// What is the client's own.
    Itself,
    /// What is open to everybody, small cells hidden.
    Public,
    /// Everything in the own subtree; elsewhere what is open to everybody.
    OwnSubtree,
}

/// The table: a row for each permission, a column for each kind of actor.
///
/// - An administrator must not be able to make up responses, nor to set by hand the number of dossiers that the
///   figures are measured against.
/// - A device stands in a public hall: it sees what the public sees, and what others answered there is none of its
///   business (NĐ 61/2018/NĐ-CP art. 27.3: information on the person who rates is confidential).
/// - A viewer reads figures and nothing else.
/// - Visit tokens come from the one-stop system: a kiosk that could issue them would let itself in.
/// - What citizens wrote is read by the rated agency's own people; a system would copy it to where nobody knows.
/// - Only an administrator hands out credentials.
/// - Alerts tell of small cells, and a webhook sends to where nobody here looks: administrators only.
#[rustfmt::skip]
const TABLE: &[(Permission, [Grant; 5])] = {
    use Grant::{Itself, No, OwnSubtree, Public};
    use Permission as P;
    &[
        //                    anonymous   device      viewer      system      admin
        (P::SubmitResponse,  [No,         OwnSubtree, No,         OwnSubtree, No        ]),
        (P::ReadFigures,     [Public,     Public,     OwnSubtree, OwnSubtree, OwnSubtree]),
        (P::ReadReceipts,    [No,         Itself,     No,         Itself,     OwnSubtree]),
        (P::ReadResponses,   [No,         No,         No,         OwnSubtree, OwnSubtree]),
        (P::ChangeTree,      [No,         No,         No,         No,         OwnSubtree]),
        (P::ReportDossiers,  [No,         No,         No,         OwnSubtree, No        ]),
        (P::SetTargets,      [No,         No,         No,         No,         OwnSubtree]),
        (P::EnterMeasures,   [No,         No,         No,         No,         OwnSubtree]),
        (P::KeepKeys,        [No,         No,         No,         No,         OwnSubtree]),
        (P::ManageClients,   [No,         No,         No,         No,         OwnSubtree]),
        (P::ManageDevices,   [No,         No,         No,         No,         OwnSubtree]),
        (P::SendHeartbeat,   [No,         Itself,     No,         No,         No        ]),
        (P::IssueVisits,     [No,         No,         No,         OwnSubtree, No        ]),
        (P::ReadComments,    [No,         No,         No,         No,         OwnSubtree]),
        (P::PublishUndertakings, [No,     No,         No,         No,         OwnSubtree]),
        (P::ReadAudit,       [No,         No,         No,         No,         OwnSubtree]),
        (P::ReviewFlags,     [No,         No,         No,         No,         OwnSubtree]),
        (P::VoidResponses,   [No,         No,         No,         No,         OwnSubtree]),
        (P::ManageAlerts,    [No,         No,         No,         No,         OwnSubtree]),
        (P::ManageWebhooks,  [No,         No,         No,         No,         OwnSubtree]),
        (P::PublishReleases, [No,         No,         No,         No,         OwnSubtree]),
        (P::KeepReports,     [No,         No,         No,         No,         OwnSubtree]),
    ]
};

/// How far the permission reaches for this kind of actor. What the table does not name is not permitted.
fn grant(kind: Option<ClientKind>, permission: Permission) -> Grant {
    let [anonymous, device, viewer, system, admin] =
        TABLE.iter().find(|(named, _)| *named == permission).map_or([Grant::No; 5], |(_, grants)| *grants);
    match kind {
        None => anonymous,
        Some(ClientKind::Device) => device,
        Some(ClientKind::Viewer) => viewer,
        Some(ClientKind::System) => system,
        Some(ClientKind::Admin) => admin,
    }
}

/// How far the permission reaches for this client: as for its kind, unless its terms or its token leave it out; then
/// as for everybody.
fn granted(client: &Client, permission: Permission) -> Grant {
    grant(client.terms.leave(permission).then_some(client.kind), permission)
}

/// What a kind of client is permitted that not everybody is.
pub fn permissions_of_kind(kind: ClientKind) -> BTreeSet<Permission> {
    let permitted = |permission: &Permission| match grant(Some(kind), *permission) {
        Grant::Itself | Grant::OwnSubtree => true,
        Grant::No | Grant::Public => false,
    };
    Permission::ALL.iter().copied().filter(permitted).collect()
}

/// What the client is permitted that not everybody is.
pub fn permissions_of(client: &Client) -> BTreeSet<Permission> {
    permissions_of_kind(client.kind)
        .into_iter()
        .filter(|permission| client.terms.leave(*permission))
        .collect()
}

/// The client, if the table lets it do this somewhere: asked before it is known where.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
fn permitted(actor: &Actor, permission: Permission) -> Result<&Client> {
    match actor {
        Actor::Anonymous => Err(Error::new(ErrorCode::TokenMissing)),
        Actor::Client(client) => match granted(client, permission) {
            Grant::Itself | Grant::OwnSubtree => Ok(client),
            Grant::No | Grant::Public => Err(Error::new(ErrorCode::NotPermitted)),
        },
    }
}

/// The agencies of a root, by default all that the client may reach. `None` looks like not found.
fn reach(keeper: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> Option<AgencyScope> {
    match agency.or(keeper.agency) {
        Some(root) if owns(keeper, tree, root) => Some(AgencyScope::granted_by_policy(tree.subtree(root))),
        Some(_) => None,
        None => Some(AgencyScope::granted_by_policy_everywhere()),
    }
}

/// The agency alone, if it is in the client's subtree. `None` looks like not found.
fn alone(client: &Client, tree: &AgencyTree, agency: AgencyId) -> Option<AgencyScope> {
    owns(client, tree, agency).then(|| AgencyScope::granted_by_policy_alone(agency))
}

/// Whether the client stands above an agency in its subtree, not in it.
fn above(client: &Client, tree: &AgencyTree, agency: AgencyId) -> bool {
    owns(client, tree, agency) && client.agency != Some(agency)
}

/// Whether another client of this agency (`None`: of the whole country) is in the client's subtree.
fn reaches(client: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> bool {
    match agency {
        Some(agency) => owns(client, tree, agency),
        None => client.agency.is_none(),
    }
}

/// The client, if it is permitted this and belongs to the whole country.
///
/// # Errors
/// As [`permitted`].
fn national(actor: &Actor, permission: Permission) -> Result<&Client> {
    let client = permitted(actor, permission)?;
    if client.agency.is_none() { Ok(client) } else { Err(Error::new(ErrorCode::NotPermitted)) }
}

fn owns(client: &Client, tree: &AgencyTree, agency: AgencyId) -> bool {
    client.agency.is_none_or(|root| tree.contains(root, agency))
}

#[cfg(test)]
mod tests;
