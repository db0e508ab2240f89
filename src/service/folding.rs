//! Folding: turns committed batches into tallies, about once a second, behind the intake. Upserting tallies
//! inside the intake's transaction would make every kiosk of an agency wait for the others' locks.

use super::Services;
use super::catalogue::{Catalogue, current};
use crate::domain::ids::SurveyId;
use crate::domain::survey::Survey;
use crate::error::{Error, Result};
use crate::store::ingest_batches::{batches_take, fold_lock};
use crate::store::tallies::{TallyDelta, tallies_add};
use crate::store::{AsyncConnection, Conn, Db};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// About how many responses are folded in one transaction: each may touch tallies of its own, and a transaction
/// that cannot end in time would be tried again for ever.
const RESPONSES: i32 = 10_000;

/// How long the folding of some batches may take: several statements, more than a request has.
const PATIENCE: Duration = Duration::from_secs(60);

/// Folds everything that waits, a bounded number of batches at a time. Does nothing while another instance
/// folds.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn fold(services: &Services) -> Result<()> {
    fold_with(&services.db, &*current(services).await?).await
}

/// As [`fold`], for a program that does not serve.
///
/// # Errors
/// As [`fold`].
pub async fn fold_with(db: &Db, catalogue: &Catalogue) -> Result<()> {
    while fold_some(db, catalogue).await? {}
    Ok(())
}

/// Folds some batches; false if there was nothing to do.
async fn fold_some(db: &Db, catalogue: &Catalogue) -> Result<bool> {
    let surveys: HashMap<SurveyId, &Arc<Survey>> =
        catalogue.surveys.values().map(|survey| (survey.id, survey)).collect();
    let take_and_add = async |conn: &mut Conn| {
        if !fold_lock(conn).await? {
            return Ok(false);
        }
        let mut delta = TallyDelta::default();
        for response in batches_take(conn, RESPONSES).await? {
            // Another instance may know a survey that this one has not read yet; the next round will.
            let unknown =
                || Error::internal(format!("survey {:?} is not in the catalogue yet", response.survey));
            delta.count(surveys.get(&response.survey).ok_or_else(unknown)?, &response);
        }
        tallies_add(conn, &delta).await?;
        Ok(!delta.is_empty())
    };
    db.within(PATIENCE, async |conn| conn.transaction(take_and_add).await).await
}
