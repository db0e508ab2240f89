//! What figures were made from, by numbers that only grow, and the same again as it was then: the tree, numbers of dossiers,
//! standings and raw responses up to those numbers. Everything here is read in a snapshot that the caller holds.

use super::agencies::{agencies_upto, successions_upto};
use super::feed::log_newest;
use super::installation::kept_from_find;
use super::schema::{
    agencies, agency_event_agencies, agency_events, agency_versions, dossier_counts, response_log,
    standing_log,
};
use super::standings::Standings;
use super::{Conn, corrupt};
use crate::domain::agency_event::Role;
use crate::domain::ids::{AgencyId, ResponseId, SurveyId};
use crate::domain::standing::Standing;
use crate::domain::tree::AgencyTree;
use crate::error::Result;
use crate::release::manifest::Watermark;
use chrono::NaiveDate;
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use std::collections::HashSet;
use uuid::Uuid;

/// Rows of the log that are read at once, a thousand responses each at most.
const ROWS: i64 = 16;

/// Lets no report of dossiers be under way in the snapshot that follows: their numbers are given before they are committed.
/// Everything else that is numbered is written one transaction after the other. To be the first statement of a transaction,
/// so that its snapshot is taken afterwards.
pub async fn reports_hold(conn: &mut Conn) -> Result<()> {
    Ok(conn.batch_execute("LOCK TABLE dossier_counts IN SHARE MODE").await?)
}

/// The newest numbers of everything in the snapshot.
pub async fn watermark_fetch(conn: &mut Conn) -> Result<Watermark> {
    let standing: Option<i64> = standing_log::table.select(max(standing_log::seq)).first(conn).await?;
    let event: Option<i64> = agency_events::table.select(max(agency_events::seq)).first(conn).await?;
    let agency: Option<i32> = agencies::table.select(max(agencies::id)).first(conn).await?;
    let version: Option<i32> = agency_versions::table.select(max(agency_versions::id)).first(conn).await?;
    let report: Option<i64> = dossier_counts::table.select(max(dossier_counts::id)).first(conn).await?;
    Ok(Watermark {
        response_log: log_newest(conn).await?,
        standing_log: standing.unwrap_or(0),
        agency_events: event.unwrap_or(0),
        agencies: agency.unwrap_or(0),
        agency_versions: version.unwrap_or(0),
        dossier_counts: report.unwrap_or(0),
        responses_kept_from: kept_from_find(conn).await?,
    })
}

/// The tree as it was known then, seen from a day: what was recorded later does not count, however early it takes effect.
pub async fn tree_as_known(conn: &mut Conn, mark: &Watermark, day: NaiveDate) -> Result<AgencyTree> {
    let ended_later = agency_event_agencies::table
        .inner_join(agency_events::table)
        .filter(agency_event_agencies::role.eq(Role::Ended.as_str()))
        .filter(agency_events::seq.gt(mark.agency_events))
        .select(agency_event_agencies::agency_id);
    let ended_later: HashSet<i32> = ended_later.load(conn).await?.into_iter().collect();
    let mut histories = agencies_upto(conn, mark.agencies, mark.agency_versions).await?;
    // An end is added once.
    for history in histories.iter_mut().filter(|history| ended_later.contains(&history.id.0)) {
        history.valid.to = None;
    }
    Ok(AgencyTree::dated(histories, successions_upto(conn, mark.agency_events).await?, day))
}

/// The standings, as they were then, of those responses that did not count or once had not.
pub async fn standings_as_known(conn: &mut Conn, mark: &Watermark) -> Result<Standings> {
    let rows: Vec<(Uuid, String)> = standing_log::table
        .filter(standing_log::seq.le(mark.standing_log))
        .distinct_on(standing_log::response_id)
        .order((standing_log::response_id, standing_log::seq.desc()))
        .select((standing_log::response_id, standing_log::standing))
        .load(conn)
        .await?;
    let standing = |word: &str| match word {
        "counted" => Ok(Standing::Counted),
        "flagged" => Ok(Standing::Flagged),
        "void" => Ok(Standing::Void),
        _ => Err(corrupt("standing_log.standing")),
    };
    rows.into_iter().map(|(id, word)| Ok((id, standing(&word)?))).collect()
}

/// A response as the log names it.
#[derive(Debug, Clone, Copy)]
pub struct Logged {
    /// Its number.
    pub seq: i64,
    /// Its id.
    pub id: ResponseId,
    /// What it answers.
    pub survey: SurveyId,
    /// Who is rated.
    pub agency: AgencyId,
}

/// The next responses of the log after a number, some thousands in order; none at the end.
pub async fn logged_after(conn: &mut Conn, after: i64) -> Result<Vec<Logged>> {
    type Row = (i64, Vec<Option<Uuid>>, Vec<Option<i32>>, Vec<Option<i32>>);
    let rows: Vec<Row> = response_log::table
        // Whoever reads on stands at the end of a row.
        .filter(response_log::first_seq.gt(after))
        .order(response_log::first_seq)
        .limit(ROWS)
        .load(conn)
        .await?;
    let mut logged = Vec::new();
    for (first, ids, surveys, agencies) in rows {
        for ((seq, id), (survey, agency)) in (first..).zip(ids).zip(surveys.into_iter().zip(agencies)) {
            let read = || {
                Some(Logged {
                    seq,
                    id: ResponseId::new(id?)?,
                    survey: SurveyId(survey?),
                    agency: AgencyId(agency?),
                })
            };
            logged.push(read().ok_or_else(|| corrupt("response_log"))?);
        }
    }
    Ok(logged)
}
