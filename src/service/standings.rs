//! Changes of standing: what a response counts as, and the tallies with it, in one transaction. The use cases are in
//! `judging` (the rules flag), `flags` (somebody reviews that) and `voids` (two people take a response out). The words
//! and the rule are [`Standing`]'s, the rows in `store/tallies`.

use super::Services;
use super::catalogue::Catalogue;
use super::folding::{by_number, fold_once};
use crate::domain::ids::{AgencyId, ResponseId, SurveyId};
use crate::domain::period::day_of;
use crate::domain::standing::Standing;
use crate::domain::survey::Survey;
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place, Result};
use crate::store::Conn;
use crate::store::ingest_batches::{Unfolded, fold_lock_wait};
use crate::store::installation::kept_from_find;
use crate::store::kept_totals::kept_totals_all;
use crate::store::standings::{responses_unfolded, tail_holds};
use crate::store::tallies::{Tallied, TallyDelta, tallies_add, tallies_take};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::slice::from_ref;
use std::sync::Arc;

/// One response and how its standing changes.
pub struct Change {
    /// The response.
    pub response: Unfolded,
    /// What it was.
    pub before: Standing,
    /// What it is from now on.
    pub after: Standing,
}

/// Moves responses in the tallies, in the transaction that writes down why. The folder's lock is held, and the responses
/// are folded.
///
/// # Errors
/// [`ErrorCode::Internal`] if the tallies hold less than what is taken out of them; nothing is changed then.
pub async fn change(
    conn: &mut Conn,
    surveys: &HashMap<SurveyId, Arc<Survey>>,
    changes: Vec<Change>,
    at: DateTime<Utc>,
) -> Result<()> {
    let (mut less, mut more) = (TallyDelta::default(), TallyDelta::default());
    for Change { response, before, after } in
        changes.into_iter().filter(|change| change.before != change.after)
    {
        // The figures are as of the change: it is what their watermark tells.
        let response = Unfolded { received_at: at, ..response };
        let unknown = || Error::internal(format!("survey {:?} is not in the catalogue yet", response.survey));
        let survey = surveys.get(&response.survey).ok_or_else(unknown)?;
        if let Some(tallied) = Tallied::of(before) {
            less.count(survey, from_ref(&response), tallied);
        }
        if let Some(tallied) = Tallied::of(after) {
            more.count(survey, from_ref(&response), tallied);
        }
    }
    if less.is_empty() && more.is_empty() {
        return Ok(());
    }
    let kept = kept_totals_all(conn).await?;
    tallies_take(conn, &less.complete(&kept)).await?;
    tallies_add(conn, &more.complete(&kept)).await
}

/// A single response, held for a change of its standing: folded, and nobody folds or changes a standing until the
/// transaction ends.
///
/// # Errors
/// [`ErrorCode::ResponseNotFound`] if there is none of this id, or it rates an agency that `allowed` does not let
/// through; [`ErrorCode::ValidationFailed`] (`month_dropped`) if it cannot be counted again.
pub async fn hold(
    conn: &mut Conn,
    (services, catalogue): (&Services, &Catalogue),
    id: ResponseId,
    allowed: impl Fn(AgencyId) -> bool,
) -> Result<Unfolded> {
    fold_lock_wait(conn).await?;
    refuse_dropped(conn, services, id).await?;
    let found = responses_unfolded(conn, &[id.uuid()]).await?.into_iter().next();
    let response = found.filter(|response| allowed(response.agency));
    let response = response.ok_or_else(|| Error::new(ErrorCode::ResponseNotFound))?;
    let surveys = by_number(&catalogue.surveys);
    while tail_holds(conn, id).await? && fold_once(conn, &surveys).await?.more {}
    Ok(response)
}

/// What was dropped is in the tallies for good.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] (`month_dropped`).
pub async fn refuse_dropped(conn: &mut Conn, services: &Services, id: ResponseId) -> Result<()> {
    let kept_from = kept_from_find(conn).await?;
    let Some(kept_from) = kept_from.filter(|kept_from| day_of(id.answered_at()) < *kept_from) else {
        return Ok(());
    };
    let mut faults = Faults::default();
    faults.push(Place::Parameter("id".into()), FaultKind::MonthDropped { kept_from });
    Err(Error::invalid(faults.into_vec(), services.clock.now()))
}
