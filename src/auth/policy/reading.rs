//! Who reads what: figures, receipts, single responses, comments, the audit log.

use super::{Actor, AgencyId, AgencyScope, AgencyTree, Client, Error, ErrorCode, Grant, Permission, Result};
use super::{alone, granted, national, owns, permitted, reach, reaches};
use crate::domain::subject::Subject;

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
        Grant::OwnSubtree => reaches(reader, tree, sender.agency),
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

/// Who may read comments at all, before it is known of which agency.
///
/// # Errors
/// [`ErrorCode::TokenMissing`] or [`ErrorCode::NotPermitted`].
pub fn comment_reader(actor: &Actor) -> Result<&Client> {
    permitted(actor, Permission::ReadComments)
}

/// May the reader read what was written about this very agency? `None` looks like not found.
pub fn read_comments(reader: &Client, tree: &AgencyTree, agency: AgencyId) -> Option<AgencyScope> {
    alone(reader, tree, agency)
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

/// Who may take the whole audit log away: whoever is in charge of the whole country.
///
/// # Errors
/// As [`audit_reader`].
pub fn audit_exporter(actor: &Actor) -> Result<&Client> {
    national(actor, Permission::ReadAudit)
}
