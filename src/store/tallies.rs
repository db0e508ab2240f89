//! Tallies: counts that every figure is made from, folded behind the intake and read instead of responses.
//! A reader adds the unfolded tail, so that a figure is exact at any moment.

use super::Conn;
use super::ingest_batches::{Unfolded, tail_fetch};
use super::schema::{ingest_batches, respondent_moments, tallies};
use crate::domain::distribution::{Distribution, Moments};
use crate::domain::ids::{AgencyId, SurveyId};
use crate::domain::period::{Period, day_of};
use crate::domain::survey::Survey;
use crate::domain::tally::Tally;
use crate::domain::tree::AgencyScope;
use crate::error::Result;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use std::collections::{BTreeMap, BTreeSet};

type TallyKey = (SurveyId, AgencyId, NaiveDate, i16);

/// What some responses add to the tallies, sorted by key: every writer takes the rows' locks in the same
/// order, so that no two can wait for each other.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TallyDelta {
    counts: BTreeMap<TallyKey, Distribution>,
    moments: BTreeMap<TallyKey, (Moments, DateTime<Utc>)>,
}

impl TallyDelta {
    /// Counts one response of the survey in.
    pub fn count(&mut self, survey: &Survey, response: &Unfolded) {
        let version = &survey.questionnaire;
        let day = day_of(response.id.answered_at());
        let key = |part: i16| (survey.id, response.agency, day, part);
        for (ordinal, position) in response.answers.iter().zip(1_i16..) {
            self.counts.entry(key(position)).or_default().count(*ordinal);
        }
        for (places, part) in version.parts().iter().zip(0_i16..) {
            let (sums, last) =
                self.moments.entry(key(part)).or_insert((Moments::default(), response.received_at));
            sums.add(&Moments::of(version, places, &response.answers));
            *last = response.received_at.max(*last);
        }
    }

    /// Adds another delta.
    pub fn add(&mut self, other: &Self) {
        for (key, counts) in &other.counts {
            self.counts.entry(*key).or_default().add(counts);
        }
        for (key, (sums, at)) in &other.moments {
            let (held, last) = self.moments.entry(*key).or_insert((Moments::default(), *at));
            held.add(sums);
            *last = (*last).max(*at);
        }
    }

    /// Where the two differ, at most `most` lines for people. When a response arrived is not compared.
    pub fn differences(&self, other: &Self, most: usize) -> Vec<String> {
        let mut found = Vec::new();
        let name = |(survey, agency, day, part): &TallyKey, what: &str| {
            format!("survey {} agency {} on {day}, {what} {part}", survey.0, agency.0)
        };
        for key in self.counts.keys().chain(other.counts.keys()).collect::<BTreeSet<_>>() {
            let [one, two] = [self, other].map(|side| side.counts.get(key).copied().unwrap_or_default());
            if one != two {
                found.push(format!("{}: {one:?} against {two:?}", name(key, "criterion")));
            }
        }
        for key in self.moments.keys().chain(other.moments.keys()).collect::<BTreeSet<_>>() {
            let [one, two] =
                [self, other].map(|side| side.moments.get(key).map(|(sums, _)| *sums).unwrap_or_default());
            if one != two {
                found.push(format!("{}: {one:?} against {two:?}", name(key, "part")));
            }
        }
        found.truncate(most);
        found
    }

    /// Takes out what was counted on days before this one.
    #[must_use]
    pub fn split_before(&mut self, day: NaiveDate) -> Self {
        let before = |key: &TallyKey| key.2 < day;
        Self {
            counts: self.counts.extract_if(.., |key, _| before(key)).collect(),
            moments: self.moments.extract_if(.., |key, _| before(key)).collect(),
        }
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.moments.is_empty()
    }
}

/// Adds a delta to the tallies, to be called in the transaction that takes its responses out of the tail.
pub async fn tallies_add(conn: &mut Conn, delta: &TallyDelta) -> Result<()> {
    // PostgreSQL takes 65,535 parameters in a statement; a row has ten or fourteen.
    let counts: Vec<_> = delta.counts.iter().collect();
    for rows in counts.chunks(ROWS_A_STATEMENT) {
        counts_add(conn, rows).await?;
    }
    let moments: Vec<_> = delta.moments.iter().collect();
    for rows in moments.chunks(ROWS_A_STATEMENT) {
        moments_add(conn, rows).await?;
    }
    Ok(())
}

const ROWS_A_STATEMENT: usize = 4000;

async fn counts_add(conn: &mut Conn, rows: &[(&TallyKey, &Distribution)]) -> Result<()> {
    use tallies as t;
    let rows: Vec<_> = rows
        .iter()
        .map(|((survey, agency, day, criterion), counts)| {
            let [one, two, three, four, five] = counts.levels.map(count);
            (
                (
                    t::survey_id.eq(survey.0),
                    t::agency_id.eq(agency.0),
                    t::day.eq(*day),
                    t::criterion.eq(*criterion),
                ),
                t::not_applicable.eq(count(counts.not_applicable)),
                (
                    t::level_1.eq(one),
                    t::level_2.eq(two),
                    t::level_3.eq(three),
                    t::level_4.eq(four),
                    t::level_5.eq(five),
                ),
            )
        })
        .collect();
    diesel::insert_into(t::table)
        .values(rows)
        .on_conflict((t::survey_id, t::agency_id, t::day, t::criterion))
        .do_update()
        .set((
            t::not_applicable.eq(t::not_applicable + excluded(t::not_applicable)),
            t::level_1.eq(t::level_1 + excluded(t::level_1)),
            t::level_2.eq(t::level_2 + excluded(t::level_2)),
            t::level_3.eq(t::level_3 + excluded(t::level_3)),
            t::level_4.eq(t::level_4 + excluded(t::level_4)),
            t::level_5.eq(t::level_5 + excluded(t::level_5)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

async fn moments_add(conn: &mut Conn, rows: &[(&TallyKey, &(Moments, DateTime<Utc>))]) -> Result<()> {
    use respondent_moments as r;
    let rows: Vec<_> = rows
        .iter()
        .map(|((survey, agency, day, part), (sums, last_received_at))| {
            (
                (r::survey_id.eq(survey.0), r::agency_id.eq(agency.0), r::day.eq(*day), r::part.eq(*part)),
                (r::respondents.eq(sums.respondents), r::m.eq(sums.m), r::mm.eq(sums.mm)),
                (r::s.eq(sums.s), r::ss.eq(sums.ss), r::sm.eq(sums.sm)),
                (r::v.eq(sums.v), r::vv.eq(sums.vv), r::vm.eq(sums.vm)),
                r::last_received_at.eq(*last_received_at),
            )
        })
        .collect();
    diesel::insert_into(r::table)
        .values(rows)
        .on_conflict((r::survey_id, r::agency_id, r::day, r::part))
        .do_update()
        .set((
            r::respondents.eq(r::respondents + excluded(r::respondents)),
            (r::m.eq(r::m + excluded(r::m)), r::mm.eq(r::mm + excluded(r::mm))),
            (
                r::s.eq(r::s + excluded(r::s)),
                r::ss.eq(r::ss + excluded(r::ss)),
                r::sm.eq(r::sm + excluded(r::sm)),
            ),
            (
                r::v.eq(r::v + excluded(r::v)),
                r::vv.eq(r::vv + excluded(r::vv)),
                r::vm.eq(r::vm + excluded(r::vm)),
            ),
            // Batches of two instances may be folded in the other order than they arrived.
            r::last_received_at
                .eq(sql("greatest(respondent_moments.last_received_at, excluded.last_received_at)")),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Adds up the tallies of the scope's agencies and the unfolded tail. Three statements that must agree: to be
/// called in a repeatable-read transaction.
pub async fn tally_fetch(
    conn: &mut Conn,
    scope: &AgencyScope,
    survey: &Survey,
    period: &Period,
) -> Result<Tally> {
    let agencies: Vec<i32> = scope.agencies().iter().map(|id| id.0).collect();
    let mut tally = Tally::empty(&survey.questionnaire);
    for (criterion, na, one, two, three, four, five) in counts_rows(conn, &agencies, survey, period).await? {
        let place = usize::try_from(criterion - 1).unwrap_or(usize::MAX);
        if let Some(counts) = tally.counts.get_mut(place) {
            *counts =
                Distribution { not_applicable: size(na), levels: [one, two, three, four, five].map(size) };
        }
    }
    for (part, at, (respondents, m, mm), (s, ss, sm), (v, vv, vm)) in
        moments_rows(conn, &agencies, survey, period).await?
    {
        tally.watermark = tally.watermark.max(at);
        if let Some(moments) = usize::try_from(part).ok().and_then(|place| tally.moments.get_mut(place)) {
            *moments = Moments { respondents, m, mm, s, ss, sm, v, vv, vm };
        }
    }
    let mut tail = TallyDelta::default();
    for response in tail_fetch(conn, survey.id, &agencies).await? {
        let day = day_of(response.id.answered_at());
        if period.from() <= day && day < period.to() {
            tail.count(survey, &response);
        }
    }
    tail.add_to(&mut tally);
    Ok(tally)
}

impl TallyDelta {
    fn add_to(&self, tally: &mut Tally) {
        for ((.., criterion), more) in &self.counts {
            let place = usize::try_from(criterion - 1).unwrap_or(usize::MAX);
            if let Some(counts) = tally.counts.get_mut(place) {
                counts.add(more);
            }
        }
        for ((.., part), (more, at)) in &self.moments {
            tally.watermark = tally.watermark.max(Some(*at));
            if let Some(moments) = usize::try_from(*part).ok().and_then(|place| tally.moments.get_mut(place))
            {
                moments.add(more);
            }
        }
    }
}

/// sum(bigint) is numeric in PostgreSQL; the sums fit bigint again by far.
macro_rules! total {
    ($column:literal) => {
        sql::<BigInt>(concat!("coalesce(sum(", $column, "), 0)::bigint"))
    };
}

type CountsRow = (i16, i64, i64, i64, i64, i64, i64);

async fn counts_rows(
    conn: &mut Conn,
    agencies: &[i32],
    survey: &Survey,
    period: &Period,
) -> Result<Vec<CountsRow>> {
    use tallies as t;
    let query = t::table
        .filter(t::agency_id.eq_any(agencies))
        .filter(t::survey_id.eq(survey.id.0))
        .filter(t::day.ge(period.from()).and(t::day.lt(period.to())))
        .group_by(t::criterion)
        .select((
            t::criterion,
            total!("not_applicable"),
            total!("level_1"),
            total!("level_2"),
            total!("level_3"),
            total!("level_4"),
            total!("level_5"),
        ));
    Ok(query.load(conn).await?)
}

type Three = (i64, i64, i64);
type MomentsRow = (i16, Option<DateTime<Utc>>, Three, Three, Three);

async fn moments_rows(
    conn: &mut Conn,
    agencies: &[i32],
    survey: &Survey,
    period: &Period,
) -> Result<Vec<MomentsRow>> {
    use respondent_moments as r;
    let query = r::table
        .filter(r::agency_id.eq_any(agencies))
        .filter(r::survey_id.eq(survey.id.0))
        .filter(r::day.ge(period.from()).and(r::day.lt(period.to())))
        .group_by(r::part)
        .select((
            r::part,
            diesel::dsl::max(r::last_received_at),
            (total!("respondents"), total!("m"), total!("mm")),
            (total!("s"), total!("ss"), total!("sm")),
            (total!("v"), total!("vv"), total!("vm")),
        ));
    Ok(query.load(conn).await?)
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn size(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Everything the tallies hold, without the tail.
pub async fn tallies_all(conn: &mut Conn) -> Result<TallyDelta> {
    let mut all = TallyDelta::default();
    type Counts = (i32, i32, NaiveDate, i16, i64, i64, i64, i64, i64, i64);
    for row in tallies::table.load::<Counts>(conn).await? {
        let (survey, agency, day, criterion, na, one, two, three, four, five) = row;
        let counts =
            Distribution { not_applicable: size(na), levels: [one, two, three, four, five].map(size) };
        all.counts.insert((SurveyId(survey), AgencyId(agency), day, criterion), counts);
    }
    type Sums = (i32, i32, NaiveDate, i16, Three, Three, Three, DateTime<Utc>);
    use respondent_moments as r;
    let columns = (
        r::survey_id,
        r::agency_id,
        r::day,
        r::part,
        (r::respondents, r::m, r::mm),
        (r::s, r::ss, r::sm),
        (r::v, r::vv, r::vm),
        r::last_received_at,
    );
    for row in r::table.select(columns).load::<Sums>(conn).await? {
        let (survey, agency, day, part, (respondents, m, mm), (s, ss, sm), (v, vv, vm), at) = row;
        let sums = Moments { respondents, m, mm, s, ss, sm, v, vv, vm };
        all.moments.insert((SurveyId(survey), AgencyId(agency), day, part), (sums, at));
    }
    Ok(all)
}

/// Empties the tail and the tallies since a day, to be called in a transaction that fills them again.
pub async fn tallies_clear(conn: &mut Conn, since: NaiveDate) -> Result<()> {
    diesel::delete(tallies::table.filter(tallies::day.ge(since))).execute(conn).await?;
    diesel::delete(respondent_moments::table.filter(respondent_moments::day.ge(since))).execute(conn).await?;
    diesel::delete(ingest_batches::table).execute(conn).await?;
    Ok(())
}
