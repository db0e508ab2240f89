//! Taking in a response: every rule is checked, every fault is told, then it is stored once.

use super::Services;
use super::admission::Admission;
use super::catalogue::current;
use super::visits::{self, Shown};
use crate::auth::{Actor, policy};
use crate::domain::ids::ResponseId;
use crate::domain::receipt::Verdict;
use crate::domain::response::ResponseDraft;
use crate::error::{Error, Faults, Result};
use crate::store::responses::Outcome;

/// Who sends a response.
#[derive(Debug, Clone)]
pub enum Sender {
    /// A client, or nobody.
    Client(Actor),
    /// A citizen, by a visit token alone. What they send counts as sent by whoever issued it.
    Citizen(Box<Shown>),
}

/// A response that is stored.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    /// Its id.
    pub id: ResponseId,
    /// Whether it was stored before.
    pub replayed: bool,
}

/// Stores a response once. `faults` are those the reader of the request found already.
///
/// # Errors
/// Of [`ErrorCode`](crate::error::ErrorCode): `TokenMissing` or `NotPermitted` for a wrong actor; with all faults at once
/// `ValidationFailed`, `AnsweredInFuture` or `AnsweredTooLongAgo`;
/// `ResponseConflict` if the id is stored with other content, `DeviceSeqConflict` if its
/// number belongs to another, `VisitUsed` if its visit has rated.
pub async fn submit(
    services: &Services,
    sender: &Sender,
    mut draft: ResponseDraft,
    mut faults: Faults,
) -> Result<Stored> {
    let (client, visit) = match sender {
        Sender::Client(actor) => {
            (policy::submitter(actor)?, visits::shown(services, &draft, &mut faults).await?)
        }
        Sender::Citizen(shown) => {
            visits::by_citizen(&mut draft, &mut faults);
            (&shown.issuer, Some(shown.visit.clone()))
        }
    };
    let catalogue = current(services).await?;
    let max_days = Some(services.rules.max_offline_days);
    let admission = Admission { catalogue: &catalogue, client, now: services.clock.now(), max_days };
    let counter = &services.metrics.responses;
    let rejected = |_: &Error| counter.with_label_values(&[Verdict::Rejected.as_str()]).inc();
    let admitted = admission.admit(draft, visit, faults).inspect_err(rejected)?;
    let id = admitted.response().id;
    let outcome = services.intake.store(admitted).await?;
    counter.with_label_values(&[outcome.verdict().as_str()]).inc();
    if outcome == Outcome::Created {
        services.activity.note(client, 1, services.clock.now());
    }
    match outcome.refusal() {
        None => Ok(Stored { id, replayed: outcome == Outcome::Replayed }),
        Some(refusal) => Err(refusal),
    }
}
