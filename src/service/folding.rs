//! Folding: turns committed batches into tallies, about once a second, behind the intake. Upserting tallies
//! inside the intake's transaction would make every kiosk of an agency wait for the others' locks.

use super::Services;
use super::catalogue::current;
use crate::domain::ids::SurveyId;
use crate::domain::survey::Survey;
use crate::error::{Error, Result};
use crate::store::AsyncConnection;
use crate::store::ingest_batches::{batches_take, fold_lock};
use crate::store::tallies::{TallyDelta, tallies_add};
use std::collections::HashMap;
use std::sync::Arc;

/// Most batches folded in one transaction.
const BATCHES: i64 = 100;

/// Folds everything that waits, a bounded number of batches at a time. Does nothing while another instance
/// folds.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn fold(services: &Services) -> Result<()> {
    while fold_some(services).await? {}
    Ok(())
}

/// Folds some batches; false if there was nothing to do.
async fn fold_some(services: &Services) -> Result<bool> {
    let catalogue = current(services).await?;
    let surveys: HashMap<SurveyId, &Arc<Survey>> =
        catalogue.surveys.values().map(|survey| (survey.id, survey)).collect();
    let mut conn = services.db.conn().await?;
    conn.transaction(async |conn| {
        if !fold_lock(conn).await? {
            return Ok(false);
        }
        let mut delta = TallyDelta::default();
        for response in batches_take(conn, BATCHES).await? {
            // Another instance may know a survey that this one has not read yet; the next round will.
            let unknown =
                || Error::internal(format!("survey {:?} is not in the catalogue yet", response.survey));
            delta.count(surveys.get(&response.survey).ok_or_else(unknown)?, &response);
        }
        tallies_add(conn, &delta).await?;
        Ok(!delta.is_empty())
    })
    .await
}
