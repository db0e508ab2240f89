//! Judging: holds what devices sent against the rules of [`crate::domain::flagging`], behind the folder.
//!
//! One judge at a time across all instances (the folder's lock), by the numbers of the log, each once: flags, moved
//! tallies and the number that was reached are one transaction, so a judge that is killed has done nothing or all of
//! it. Only devices are judged: a system sends for many at once. The time is that of answering.
//!
//! A device's responses are not looked up among all others (they are found by id only, and an index would be paid for
//! by the intake); the judge keeps a small mark of each for as long as one may still arrive beside it.

use super::Services;
use super::catalogue::current;
use super::folding::by_number;
use super::standings::{self, Change};
use crate::domain::flagging::{Rules, Seen, judge};
use crate::domain::ids::{ClientId, ResponseId};
use crate::domain::period::day_of;
use crate::domain::standing::{Flag, FlagState, Standing};
use crate::error::Result;
use crate::store::flags::flags_insert;
use crate::store::ingest_batches::fold_lock;
use crate::store::installation::kept_from_find;
use crate::store::judging::{
    Mark, Sent, judging_around, judging_done, judging_forget, judging_mark, judging_next, judging_sent,
};
use crate::store::standings::{responses_unfolded, standings_of};
use crate::store::{AsyncConnection, Conn, SILENCE};
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;
use uuid::Uuid;

/// Most responses judged in one transaction.
const RESPONSES: i64 = 5_000;

/// Most transactions of one round, of which there is one a second. A country's offices close far fewer cases in a second
/// than this lets through; a burst of stored forms is taken in and counted at once, and judged over the next minutes
/// rather than at the cost of taking it in.
const AT_ONCE: usize = 4;

/// How long the judging of some responses may take: several statements, more than a request has.
const PATIENCE: Duration = Duration::from_secs(60);

/// Days before the oldest response that is still taken, whose marks are kept: what it may be judged beside.
const DAYS_BESIDE: i64 = 7;

/// Bytes of a digest that tell two patterns of answers apart.
const PATTERN_BYTES: usize = 8;

/// Judges what was folded and not judged yet, oldest first and not more than a bounded number. Does nothing while another
/// instance folds or judges, nor without rules: what arrives then is judged once there are some.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn judge_new(services: &Services) -> Result<()> {
    if services.rules.flagging.is_empty() {
        return Ok(());
    }
    for _ in 0..AT_ONCE {
        if !judge_some(services).await? {
            break;
        }
    }
    Ok(())
}

/// Forgets marks that nothing can stand beside any more.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn forget_old(services: &Services) -> Result<usize> {
    let rules = &services.rules;
    let oldest = services.clock.now() - TimeDelta::days(rules.max_offline_days + DAYS_BESIDE);
    let forget = async |conn: &mut Conn| judging_forget(conn, ResponseId::floor(oldest)).await;
    services.db.within(SILENCE, forget).await
}

/// Judges some; whether there are more.
async fn judge_some(services: &Services) -> Result<bool> {
    let catalogue = current(services).await?;
    let (surveys, rules) = (by_number(&catalogue.surveys), &services.rules.flagging);
    let work = async |conn: &mut Conn| {
        if !fold_lock(conn).await? {
            return Ok(false);
        }
        let (ids, last) = judging_next(conn, RESPONSES).await?;
        if ids.is_empty() {
            return Ok(false);
        }
        let sent = judging_sent(conn, &ids).await?;
        let flags = flags(services, conn, rules, &sent).await?;
        let flagged: Vec<Uuid> = flags.iter().map(|flag| flag.response.uuid()).collect();
        let before = standings_of(conn, &flagged).await?;
        let now: HashSet<ResponseId> = flags_insert(conn, &flags).await?.into_iter().collect();
        let changed =
            responses_unfolded(conn, &flagged).await?.into_iter().filter(|one| now.contains(&one.id));
        let changes = changed.map(|response| {
            let before = before.get(&response.id.uuid()).copied().unwrap_or(Standing::Counted);
            Change { after: Standing::of(true, before == Standing::Void), before, response }
        });
        standings::change(conn, &surveys, changes.collect(), services.clock.now()).await?;
        judging_done(conn, last).await?;
        Ok(i64::try_from(ids.len()).is_ok_and(|judged| judged >= RESPONSES))
    };
    services.db.within(PATIENCE, async |conn| conn.transaction(work).await).await
}

/// The flags that follow from what devices sent now.
async fn flags(services: &Services, conn: &mut Conn, rules: &Rules, sent: &[Sent]) -> Result<Vec<Flag>> {
    if sent.is_empty() {
        return Ok(Vec::new());
    }
    judging_mark(conn, &sent.iter().map(mark).collect::<Vec<_>>()).await?;
    let new: HashSet<ResponseId> = sent.iter().map(|sent| sent.id).collect();
    let marks = judging_around(conn, &spans(sent), rules.neighbours()).await?;
    let mut findings = Vec::new();
    for marks in marks.chunk_by(|one, two| one.client == two.client) {
        let seen = |mark: &Mark| Seen {
            id: mark.id,
            pattern: mark.pattern,
            answered: mark.answered,
            new: new.contains(&mark.id),
        };
        let seen: Vec<Seen> = marks.iter().map(seen).collect();
        let client = marks.first().map_or(ClientId(Uuid::nil()), |mark| mark.client);
        findings.extend(judge(rules, &seen).into_iter().map(|finding| (client, finding)));
    }
    let ids: Vec<Uuid> = findings.iter().map(|(_, finding)| finding.id.uuid()).collect();
    // Of a month that was dropped in between nothing is flagged: its tallies are what they are.
    let kept_from = kept_from_find(conn).await?.unwrap_or_default();
    let rows = responses_unfolded(conn, &ids).await?.into_iter();
    let rows: BTreeMap<ResponseId, _> = rows.map(|row| (row.id, (row.survey, row.agency))).collect();
    let flag = |(client, finding): (ClientId, crate::domain::flagging::Finding)| {
        let (survey, agency) = rows.get(&finding.id).copied()?;
        (day_of(finding.id.answered_at()) >= kept_from).then(|| Flag {
            seq: 0,
            response: finding.id,
            rule: finding.rule,
            survey,
            agency,
            client,
            parameters: rules.parameters(finding.rule),
            evidence: finding.evidence,
            flagged_at: services.clock.now(),
            state: FlagState::Open,
        })
    };
    Ok(findings.into_iter().filter_map(flag).collect())
}

/// What is kept of a response.
fn mark(sent: &Sent) -> Mark {
    let mut hash = Sha256::new();
    hash.update(sent.survey.to_be_bytes());
    hash.update(&sent.answers);
    let digest = hash.finalize();
    let bytes = digest.first_chunk::<PATTERN_BYTES>().copied().unwrap_or_default();
    let answered = sent.answers.iter().filter(|ordinal| **ordinal > 0).count();
    Mark {
        client: sent.client,
        id: sent.id,
        pattern: i64::from_be_bytes(bytes),
        answered: u16::try_from(answered).unwrap_or(u16::MAX),
    }
}

/// From the first to the last new response of each device.
fn spans(sent: &[Sent]) -> BTreeMap<Uuid, (Uuid, Uuid)> {
    let mut spans: BTreeMap<Uuid, (Uuid, Uuid)> = BTreeMap::new();
    for one in sent {
        let id = one.id.uuid();
        let span = spans.entry(one.client.0).or_insert((id, id));
        *span = (span.0.min(id), span.1.max(id));
    }
    spans
}
