//! What belongs to one response alone, and is held for another: a device's number, a visit.

use super::Outcome;
use crate::domain::response::Response;
use crate::error::Result;
use crate::store::Conn;
use crate::store::device_seqs::{SeqHolders, device_seqs_holders};
use crate::store::visit_uses::{VisitHolders, visit_uses_holders};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Who holds the numbers and visits of some responses.
#[derive(Default)]
pub(super) struct Taken {
    seqs: SeqHolders,
    visits: VisitHolders,
}

impl Taken {
    /// Looks up all of it.
    pub(super) async fn fetch(conn: &mut Conn, responses: &[&Response]) -> Result<Self> {
        let numbered = responses.iter().any(|response| response.device_seq.is_some());
        let seqs = if numbered { device_seqs_holders(conn, responses).await? } else { SeqHolders::default() };
        Ok(Self { seqs, visits: visit_uses_holders(conn, responses).await? })
    }

    /// Looks up the visits only, and nothing if there are none. Numbers are given by a device that keeps count; a visit
    /// may be tried by anybody who kept a receipt, as often as they like, and each try would fail a whole batch.
    pub(super) async fn visits(conn: &mut Conn, responses: &[&Response]) -> Result<Self> {
        Ok(Self { visits: visit_uses_holders(conn, responses).await?, ..Self::default() })
    }

    /// Why the response cannot be stored, if what it brings is held for another.
    pub(super) fn refusal(&self, response: &Response) -> Option<Outcome> {
        if self.seqs.other(response) {
            Some(Outcome::SeqConflict)
        } else if self.visits.other(response) {
            Some(Outcome::VisitUsed)
        } else {
            None
        }
    }

    /// Whether a response that is stored shows the visit it was stored with, or none.
    pub(super) fn same_visit(&self, response: &Response) -> bool {
        response.visit.is_none() || self.visits.itself(response)
    }
}

/// Whether a statement failed because a number or a visit is held for another response.
pub(super) fn is_taken(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, details)
        if matches!(details.constraint_name(), Some("device_seqs_pkey" | "visit_uses_pkey")))
}
