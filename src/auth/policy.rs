//! The one permission table, and the only maker of [`AgencyScope`]. Everything a request may touch passes
//! through [`read_figures`], [`read_responses`], [`submit_response`], [`may_read_receipts`], [`tree_changer`],
//! [`report_dossiers`], [`key_keeper`], [`keep_clients`],
//! [`keep_devices`], [`heartbeat_sender`] or [`visit_issuer`]; the catalogue (agencies, surveys, wording) is open to all.

use super::Actor;
use crate::domain::agency::ServicePoint;
use crate::domain::client::{Client, ClientKind, Terms};
use crate::domain::ids::{AgencyId, SurveyId};
pub use crate::domain::permission::Permission;
use crate::domain::subject::Subject;
use crate::domain::tree::{AgencyScope, AgencyTree};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, Utc};
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
/// - What citizens wrote is read by the rated agency's own people; a system would copy it to where nobody knows.
/// - Only an administrator hands out credentials.
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
        (P::KeepKeys,        [No,         No,         No,         No,         OwnSubtree]),
        (P::ManageClients,   [No,         No,         No,         No,         OwnSubtree]),
        (P::ManageDevices,   [No,         No,         No,         No,         OwnSubtree]),
        (P::SendHeartbeat,   [No,         Itself,     No,         No,         No        ]),
        (P::IssueVisits,     [No,         OwnSubtree, No,         OwnSubtree, No        ]),
        (P::ReadComments,    [No,         No,         No,         No,         OwnSubtree]),
        (P::ReadAudit,       [No,         No,         No,         No,         OwnSubtree]),
        (P::ReviewFlags,     [No,         No,         No,         No,         OwnSubtree]),
        (P::VoidResponses,   [No,         No,         No,         No,         OwnSubtree]),
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

/// For whom figures are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody: small cells are hidden.
    Public,
    /// Those in charge of the agency.
    InCharge,
}

/// Leave to read figures of a subject.
#[derive(Debug, Clone, Copy)]
pub struct FigureReader {
    audience: Audience,
    whole_country: bool,
}

impl FigureReader {
    /// For whom they are made.
    pub const fn audience(&self) -> Audience {
        self.audience
    }

    /// Leave to read figures of both subjects at once, as strict as the stricter.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let in_charge = self.audience == Audience::InCharge && other.audience == Audience::InCharge;
        Self {
            audience: if in_charge { Audience::InCharge } else { Audience::Public },
            whole_country: self.whole_country || other.whole_country,
        }
    }

    /// Those whose responses the figures are made from, as the tree of the question's date has it.
    pub fn scope(&self, members: impl IntoIterator<Item = AgencyId>) -> AgencyScope {
        if self.whole_country {
            AgencyScope::granted_by_policy_everywhere()
        } else {
            AgencyScope::granted_by_policy(members.into_iter().collect())
        }
    }
}

/// May the actor read figures of the subject?
///
/// # Errors
/// [`ErrorCode::TokenMissing`] for an anonymous reader where figures are not public.
/// [`ErrorCode::AgencyNotFound`] where they are not and the subject is outside the actor's subtree.
pub fn read_figures(
    actor: &Actor,
    tree: &AgencyTree,
    subject: &Subject,
    figures_are_public: bool,
) -> Result<FigureReader> {
    let in_charge = match actor {
        Actor::Client(client) if granted(client, Permission::ReadFigures) == Grant::OwnSubtree => {
            match subject {
                Subject::Country => client.agency.is_none(),
                Subject::Agencies(roots) => roots.iter().all(|root| owns(client, tree, *root)),
            }
        }
        Actor::Client(_) | Actor::Anonymous => false,
    };
    let audience = match (in_charge, figures_are_public, actor) {
        (true, _, _) => Audience::InCharge,
        (false, true, _) => Audience::Public,
        (false, false, Actor::Anonymous) => return Err(Error::new(ErrorCode::TokenMissing)),
        (false, false, Actor::Client(_)) => return Err(Error::new(ErrorCode::AgencyNotFound)),
    };
    Ok(FigureReader { audience, whole_country: *subject == Subject::Country })
}

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
    allowed.then(|| AgencyScope::granted_by_policy(vec![rated]))
}

/// May the client number its responses? Only a device has one sequence of them.
pub fn may_number(client: &Client) -> bool {
    client.kind == ClientKind::Device
}

/// Who may ask for receipts at all, before it is known whose.
///
/// # Errors
/// [`ErrorCode::TokenMissing`].
pub fn receipt_reader(actor: &Actor) -> Result<&Client> {
    match actor {
        Actor::Anonymous => Err(Error::new(ErrorCode::TokenMissing)),
        Actor::Client(client) => Ok(client),
    }
}

/// May the reader see what became of the sender's responses? If not, they look like not there.
pub fn may_read_receipts(reader: &Client, tree: &AgencyTree, sender: &Client) -> bool {
    match granted(reader, Permission::ReadReceipts) {
        Grant::OwnSubtree => match sender.agency {
            Some(agency) => owns(reader, tree, agency),
            None => reader.agency.is_none(),
        },
        Grant::Itself => reader.id == sender.id,
        Grant::No | Grant::Public => false,
    }
}

/// Who may read single responses at all, before it is known whose.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
pub fn response_reader(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ReadResponses)
}

/// Whose responses the reader may read: those that rate `agency` or one below it, by default all of the own
/// subtree. `None` looks like not found.
pub fn read_responses(reader: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> Option<AgencyScope> {
    let agencies = match agency.or(reader.agency) {
        Some(root) if owns(reader, tree, root) => tree.subtree(root),
        Some(_) => return None,
        None => tree.everybody(),
    };
    Some(AgencyScope::granted_by_policy(agencies))
}

/// Which client may change the tree of agencies at all, before it is known which agencies.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
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
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
pub fn dossier_reporter(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ReportDossiers)
}

/// May the client say how many dossiers this agency handled? `None` looks like not found.
pub fn report_dossiers(client: &Client, tree: &AgencyTree, agency: AgencyId) -> Option<AgencyScope> {
    owns(client, tree, agency).then(|| AgencyScope::granted_by_policy(vec![agency]))
}

/// Which client may see, rotate and withdraw signing keys: they are the whole country's, so one that is too.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
pub fn key_keeper(actor: &Actor) -> Result<&Client> {
    let client = permitted(actor, Permission::KeepKeys)?;
    if client.agency.is_none() { Ok(client) } else { Err(Error::new(ErrorCode::NotPermitted)) }
}

/// Which client may make, see, change and end others at all, before it is known which.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
pub fn client_keeper(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ManageClients)
}

/// May the keeper make, see or change a client of this agency (`None`: of the whole country)? If not, it looks like
/// not there.
pub fn may_keep_client(keeper: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> bool {
    match agency {
        Some(agency) => owns(keeper, tree, agency),
        None => keeper.agency.is_none(),
    }
}

/// Whose clients the keeper sees: those of `agency` and below it, by default all it may. `None` looks like not found.
pub fn keep_clients(keeper: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> Option<AgencyScope> {
    reach(keeper, tree, agency)
}

/// Which client may keep devices at all, before it is known which.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
pub fn device_keeper(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ManageDevices)
}

/// Whose devices the keeper sees, invites and changes: those of `agency` and below it, by default all it may. `None`
/// looks like not found.
pub fn keep_devices(keeper: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> Option<AgencyScope> {
    reach(keeper, tree, agency)
}

/// The agencies of a root, by default all that the client may reach. `None` looks like not found.
fn reach(keeper: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> Option<AgencyScope> {
    match agency.or(keeper.agency) {
        Some(root) if owns(keeper, tree, root) => Some(AgencyScope::granted_by_policy(tree.subtree(root))),
        Some(_) => None,
        None => Some(AgencyScope::granted_by_policy_everywhere()),
    }
}

/// Who may read comments at all, before it is known of which agency.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
pub fn comment_reader(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ReadComments)
}

/// May the reader read what was written about this very agency? `None` looks like not found.
pub fn read_comments(reader: &Client, tree: &AgencyTree, agency: AgencyId) -> Option<AgencyScope> {
    owns(reader, tree, agency).then(|| AgencyScope::granted_by_policy(vec![agency]))
}

/// Who may read the audit log at all, before it is known whose.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
pub fn audit_reader(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ReadAudit)
}

/// Whose entries the reader may read: those about `agency` or one below it, by default all of the own subtree; what is
/// nobody's in particular is the whole country's. `None` looks like not found.
pub fn read_audit(reader: &Client, tree: &AgencyTree, agency: Option<AgencyId>) -> Option<AgencyScope> {
    reach(reader, tree, agency)
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

/// May the client issue visits of surveys that demand them? A kiosk that could would let itself in.
pub fn may_issue_demanded_visits(client: &Client) -> bool {
    client.kind == ClientKind::System
}

/// Who may take the whole audit log away: whoever is in charge of the whole country.
///
/// # Errors
/// As [`audit_reader`].
pub fn audit_exporter(actor: &Actor) -> Result<&Client> {
    let client = audit_reader(actor)?;
    if client.agency.is_none() { Ok(client) } else { Err(Error::new(ErrorCode::NotPermitted)) }
}

/// Which client may review flags at all, before it is known on which response.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
pub fn flag_reviewer(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ReviewFlags)
}

/// Which client may have responses voided at all, before it is known which.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
pub fn voider(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::VoidResponses)
}

/// May the client ask that a response which rates this agency be void? If not, it looks not found.
pub fn may_ask_for_void(client: &Client, tree: &AgencyTree, agency: AgencyId) -> bool {
    owns(client, tree, agency)
}

/// As [`may_ask_for_void`], with the scope to enter it; `None` looks like not found.
pub fn ask_for_void(client: &Client, tree: &AgencyTree, agency: AgencyId) -> Option<AgencyScope> {
    owns(client, tree, agency).then(|| AgencyScope::granted_by_policy(vec![agency]))
}

/// May the client decide whether a response which rates this agency counts? Only from above it: an office must not be
/// able to clear itself of what it is rated by.
pub fn may_decide(client: &Client, tree: &AgencyTree, agency: AgencyId) -> bool {
    owns(client, tree, agency) && client.agency != Some(agency)
}

fn owns(client: &Client, tree: &AgencyTree, agency: AgencyId) -> bool {
    client.agency.is_none_or(|root| tree.contains(root, agency))
}

#[cfg(test)]
mod tests;
