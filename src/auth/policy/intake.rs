//! Who sends what: responses, visits, heartbeats.

use super::permitted;
use super::{
    Actor, AgencyId, AgencyScope, AgencyTree, Client, ClientKind, Error, ErrorCode, Permission, Result,
};
use crate::domain::agency::ServicePoint;
use crate::domain::ids::SurveyId;
use chrono::{DateTime, Utc};

/// Which client may submit responses at all, before anything of the response is known.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
pub fn submitter(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::SubmitResponse)
}

/// Which client files of past responses may count as sent by: a system's, never a device's.
///
/// # Errors
/// As [`submitter`].
pub fn importer(actor: &Actor) -> Result<&Client> {
    let client = submitter(actor)?;
    if client.kind == ClientKind::System { Ok(client) } else { Err(Error::new(ErrorCode::NotPermitted)) }
}

/// May the client send responses answered at this desk at an instant? A device may use no desk but the one it stood
/// at by then.
pub fn may_use_desk(client: &Client, tree: &AgencyTree, desk: &ServicePoint, at: DateTime<Utc>) -> bool {
    let place = client.place_at(at);
    place.agency.is_none_or(|root| tree.contains(root, desk.agency))
        && place.service_point.is_none_or(|own| own == desk.id)
}

/// May the client send responses to this survey answered at an instant? A device that was given one survey may use
/// no other.
pub fn may_answer(client: &Client, survey: SurveyId, at: DateTime<Utc>) -> bool {
    client.place_at(at).survey.is_none_or(|own| own == survey)
}

/// May the client rate this agency? With a desk: every agency under the same province, since desks take
/// files regardless of boundary inside the province (NĐ 118/2025/NĐ-CP) and the agency that decides is not
/// always the one that receives. Without a desk: the own subtree. `None` looks like not found.
pub fn submit_response(
    client: &Client,
    tree: &AgencyTree,
    rated: AgencyId,
    desk: Option<&ServicePoint>,
    at: DateTime<Utc>,
) -> Option<AgencyScope> {
    let allowed = match desk {
        Some(desk) => may_use_desk(client, tree, desk, at) && tree.contains(tree.top(desk.agency), rated),
        None => client.place_at(at).agency.is_none_or(|root| tree.contains(root, rated)),
    };
    allowed.then(|| AgencyScope::granted_by_policy_alone(rated))
}

/// May the client number its responses? Only a device has one sequence of them.
pub fn may_number(client: &Client) -> bool {
    client.kind == ClientKind::Device
}

/// Which client may send a heartbeat, which is its own.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
pub fn heartbeat_sender(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::SendHeartbeat)
}

/// Which client may issue visit tokens, before it is known where. They let people rate what the client itself may rate
/// ([`submit_response`]), no more.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
pub fn visit_issuer(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::IssueVisits)
}
