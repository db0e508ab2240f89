//! The proof that the tallies are right: everything is counted again from the raw responses.

use crate::domain::ids::SurveyId;
use crate::domain::survey::Survey;
use crate::error::{Error, Result};
use crate::store::ingest_batches::{fold_resume, fold_suspend, tail_all};
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
/// are made anew from the responses.
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
    take_your_time(conn).await?;
    let surveys: HashMap<SurveyId, Arc<Survey>> =
        surveys_all(conn).await?.into_values().map(|survey| (survey.id, survey)).collect();
    let survey = |id: SurveyId| surveys.get(&id).ok_or_else(|| Error::internal(format!("no survey {id:?}")));
    let (mut recount, mut responses) = (TallyDelta::default(), 0);
    let mut held = tallies_all(conn).await?;
    for response in tail_all(conn).await? {
        held.count(survey(response.survey)?, &response);
    }
    responses_each(conn, |response| {
        responses += 1;
        recount.count(survey(response.survey)?, &response);
        Ok(())
    })
    .await?;
    let differences = recount.differences(&held, MOST);
    if repair && !differences.is_empty() {
        tallies_clear(conn).await?;
        tallies_add(conn, &recount).await?;
    }
    Ok(Verification { responses, differences })
}
