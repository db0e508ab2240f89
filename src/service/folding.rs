//! Folding: turns committed batches into tallies, about once a second, behind the intake. Upserting tallies
//! inside the intake's transaction would make every kiosk of an agency wait for the others' locks.
//!
//! Totals of subtrees are kept beside (`store/kept_totals.rs`): those of today's tree, made anew here when the tree
//! changes. Whoever reads by another tree adds up the agencies' own tallies.

use super::Services;
use super::catalogue::{Catalogue, current};
use crate::domain::ids::{AgencyId, SurveyId};
use crate::domain::period::day_of;
use crate::domain::survey::Survey;
use crate::domain::tree::{AgencyTree, AsOf, Depth, Share};
use crate::error::{Error, Result};
use crate::store::ingest_batches::{Unfolded, batches_take, fold_lock, tail_sweep};
use crate::store::kept_totals::{
    COUNTRY, KeptTotals, Members, kept_total_remove, kept_total_set, kept_totals_all,
};
use crate::store::tallies::{Tallied, TallyDelta, kept_rows_make, kept_rows_remove, tallies_add};
use crate::store::{AsyncConnection, Conn, Db, SILENCE, take_your_time};
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// About how many bytes of waiting batches are folded in one transaction, some 10,000 responses: each may touch tallies of
/// its own, and a transaction that cannot end in time would be tried again for ever.
const BYTES: i32 = 750_000;

/// Batches after which the tail is swept.
const SWEPT: usize = 100;

/// How long the folding of some batches may take: several statements, more than a request has.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long making totals anew may take; the whole country's are read from every agency's days.
const MAKING: Duration = Duration::from_secs(600);

/// Fewest agencies a total is kept for: fewer are added up as quickly.
const FEWEST: usize = 4;

/// Folds everything that waits by now, a bounded number of batches at a time; what arrives meanwhile waits for the next
/// time. Going on until nothing is left would, while responses trickle in, fold one or two at a time without end and
/// take more of the machine than storing them. Does nothing while another instance folds.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn fold(services: &Services) -> Result<()> {
    fold_with(&services.db, &*current(services).await?, day_of(services.clock.now())).await
}

/// As [`fold`], for a program that does not serve.
///
/// # Errors
/// As [`fold`].
pub async fn fold_with(db: &Db, catalogue: &Catalogue, today: NaiveDate) -> Result<()> {
    let totals = totals(&catalogue.tree, today);
    keep_totals(db, catalogue, &totals).await?;
    let mut gone = 0;
    loop {
        let folded = fold_some(db, catalogue).await?;
        gone += folded.batches;
        if !folded.more {
            break;
        }
    }
    if gone >= SWEPT {
        db.within(SILENCE, async |conn| tail_sweep(conn).await).await?;
    }
    Ok(())
}

/// The surveys by number.
pub fn by_number(surveys: &HashMap<String, Arc<Survey>>) -> HashMap<SurveyId, Arc<Survey>> {
    surveys.values().map(|survey| (survey.id, survey.clone())).collect()
}

/// What one transaction took out of the tail.
#[derive(Debug, Clone, Copy, Default)]
pub struct Folded {
    /// How many batches.
    batches: usize,
    /// Whether batches that waited are left.
    pub more: bool,
}

/// Folds some batches.
async fn fold_some(db: &Db, catalogue: &Catalogue) -> Result<Folded> {
    let surveys = by_number(&catalogue.surveys);
    let take_and_add = async |conn: &mut Conn| match fold_lock(conn).await? {
        true => fold_once(conn, &surveys).await,
        false => Ok(Folded::default()),
    };
    db.within(PATIENCE, async |conn| conn.transaction(take_and_add).await).await
}

/// Folds some batches in a transaction that holds the folder's lock.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn fold_once(conn: &mut Conn, surveys: &HashMap<SurveyId, Arc<Survey>>) -> Result<Folded> {
    let (mut delta, taken) = (TallyDelta::default(), batches_take(conn, BYTES).await?);
    for alike in taken.responses.chunk_by(Unfolded::is_like) {
        let Some(response) = alike.first() else { continue };
        // Another instance may know a survey that this one has not read yet; the next round will.
        let unknown = || Error::internal(format!("survey {:?} is not in the catalogue yet", response.survey));
        delta.count(surveys.get(&response.survey).ok_or_else(unknown)?, alike, Tallied::Counted);
    }
    if !delta.is_empty() {
        let kept = kept_totals_all(conn).await?;
        tallies_add(conn, &delta.complete(&kept)).await?;
    }
    Ok(Folded { batches: taken.batches, more: taken.more })
}

/// The totals that should be kept by today's tree.
fn totals(tree: &AgencyTree, today: NaiveDate) -> BTreeMap<i32, Members> {
    let day = (today, today.succ_opt().unwrap_or(today));
    let members = |root: AgencyId| -> Option<Members> {
        let spans = tree.spans(root, Depth::Subtree, AsOf::Now, today, day);
        let members = &spans.first()?.members;
        let whole = members.iter().all(|(_, share)| *share == Share::from_integer(1));
        (whole && members.len() >= FEWEST).then(|| members.iter().map(|(agency, _)| *agency).collect())
    };
    let mut totals: BTreeMap<i32, Members> =
        tree.parents().filter_map(|root| Some((root.0, members(root)?))).collect();
    let everybody: Members = tree.everybody();
    if everybody.len() >= FEWEST {
        totals.insert(COUNTRY, everybody);
    }
    totals
}

/// Makes those totals anew whose members have changed.
async fn keep_totals(db: &Db, catalogue: &Catalogue, totals: &BTreeMap<i32, Members>) -> Result<()> {
    let kept = db.within(PATIENCE, async |conn| kept_totals_all(conn).await).await?;
    if kept.members() == totals {
        return Ok(());
    }
    let surveys = by_number(&catalogue.surveys);
    let make = async |conn: &mut Conn| {
        if !fold_lock(conn).await? {
            return Ok(());
        }
        take_your_time(conn).await?;
        let kept = kept_totals_all(conn).await?;
        for root in kept.members().keys().filter(|root| !totals.contains_key(root)) {
            kept_rows_remove(conn, *root).await?;
            kept_total_remove(conn, *root).await?;
        }
        let changed = totals.iter().filter(|(root, members)| kept.members().get(root) != Some(members));
        let changed = KeptTotals::new(changed.map(|(root, members)| (*root, members.clone())).collect());
        kept_rows_make(conn, &surveys, &changed).await?;
        for (root, members) in changed.members() {
            kept_total_set(conn, *root, members).await?;
        }
        Ok(())
    };
    db.within(MAKING, async |conn| conn.transaction(make).await).await
}
