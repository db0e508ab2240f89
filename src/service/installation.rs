//! What this installation is: ready or not, real or a demonstration.

use super::Services;
use crate::error::{Error, ErrorCode, Result};
use crate::store::ingest_batches::tail_oldest;
use crate::store::{Conn, Db, SILENCE, installation, responses};
use chrono::TimeDelta;

/// State of a serving instance.
#[derive(Debug, Clone, Copy)]
pub struct Readiness {
    /// The data are invented.
    pub demonstration: bool,
    /// How long the oldest response has been waiting to be folded into the tallies.
    pub fold_lag: TimeDelta,
}

/// Asks the database for a sign of life.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if it gives none.
pub async fn ready(services: &Services) -> Result<Readiness> {
    let read = async |conn: &mut Conn| {
        Ok((tail_oldest(conn).await?, installation::installation_is_demonstration(conn).await?))
    };
    let (oldest, demonstration) = services.db.within(SILENCE, read).await?;
    Ok(Readiness {
        demonstration,
        fold_lag: oldest
            .map_or(TimeDelta::zero(), |oldest| services.clock.now() - oldest)
            .max(TimeDelta::zero()),
    })
}

/// Claims the database for a demonstration; gives the number of responses it holds. A database with real
/// responses is refused: invented ones must never mix with them.
///
/// # Errors
/// [`ErrorCode::CatalogueConflict`] with a detail for people.
pub async fn claim_for_demonstration(db: &Db) -> Result<i64> {
    let mut conn = db.conn().await?;
    let count = responses::responses_count(&mut conn).await?;
    if !installation::installation_is_demonstration(&mut conn).await? {
        if count > 0 {
            return Err(Error::new(ErrorCode::CatalogueConflict).detail(format!(
                "this database holds {count} real responses; a demonstration needs a database of its own \
                 (unset DATABASE_URL, or point it to an empty one)"
            )));
        }
        installation::installation_mark_demonstration(&mut conn).await?;
    }
    Ok(count)
}
