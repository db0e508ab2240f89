//! The proof that the tallies are right: everything is counted again from the raw responses.

use crate::domain::ids::SurveyId;
use crate::domain::survey::Survey;
use crate::error::{Error, Result};
use crate::store::ingest_batches::{fold_resume, fold_suspend, tail_all};
use crate::store::installation::kept_from_find;
use crate::store::partitions::partitions_hold;
use crate::store::responses::responses_each;
use crate::store::surveys::surveys_all;
use crate::store::tallies::{TallyDelta, tallies_add, tallies_all, tallies_clear};
use crate::store::{Conn, Db, take_your_time};
use std::collections::HashMap;
use std::sync::Arc;

/// Most differences that are listed.
const MOST: usize = 20;

/// What the recount found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Responses counted.
    pub responses: u64,
    /// Where tallies and responses differ, the first few.
    pub differences: Vec<String>,
}

/// Counts every response again and compares with tallies and tail, as of one moment. With `repair` the tallies
/// are made anew from the responses. Months whose responses were dropped cannot be counted again: their tallies
/// are left as they are.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn verify(db: &Db, repair: bool) -> Result<Verification> {
    let mut conn = db.conn().await?;
    if !repair {
        return conn
            .build_transaction()
            .read_only()
            .repeatable_read()
            .run(async |conn| compare(conn, false).await)
            .await;
    }
    // Suspended before the snapshot is taken, so that no fold is under way in it. What is committed meanwhile
    // is not in the snapshot, neither as responses nor as tail, and is folded afterwards.
    fold_suspend(&mut conn).await?;
    let result = conn.build_transaction().repeatable_read().run(async |conn| compare(conn, true).await).await;
    fold_resume(&mut conn).await?;
    result
}

async fn compare(conn: &mut Conn, repair: bool) -> Result<Verification> {
    // Before the snapshot: a month dropped in between would be missing from the responses and not from the tallies.
    partitions_hold(conn).await?;
    take_your_time(conn).await?;
    let surveys: HashMap<SurveyId, Arc<Survey>> =
        surveys_all(conn).await?.into_values().map(|survey| (survey.id, survey)).collect();
    let survey = |id: SurveyId| surveys.get(&id).ok_or_else(|| Error::internal(format!("no survey {id:?}")));
    let (mut recount, mut responses) = (TallyDelta::default(), 0);
    // Where nothing was dropped: 1970, before which no UUIDv7 is.
    let kept_from = kept_from_find(conn).await?.unwrap_or_default();
    let (mut held, mut tail) = (tallies_all(conn).await?, TallyDelta::default());
    let _dropped = held.split_before(kept_from);
    for response in tail_all(conn).await? {
        tail.count(survey(response.survey)?, &response);
    }
    let dropped_tail = tail.split_before(kept_from);
    held.add(&tail);
    responses_each(conn, |response| {
        responses += 1;
        recount.count(survey(response.survey)?, &response);
        Ok(())
    })
    .await?;
    let _not_dropped_yet = recount.split_before(kept_from);
    let differences = recount.differences(&held, MOST);
    if repair && !differences.is_empty() {
        tallies_clear(conn, kept_from).await?;
        tallies_add(conn, &recount).await?;
        tallies_add(conn, &dropped_tail).await?;
    }
    Ok(Verification { responses, differences })
}
