//! Tallies: counts that every figure is made from, kept with each response and read instead of it.

use super::Conn;
use super::schema::{respondent_moments, tallies};
use crate::domain::distribution::{Distribution, Moments};
use crate::domain::ids::{AgencyId, SurveyId};
use crate::domain::period::{Period, day_of};
use crate::domain::response::Response;
use crate::domain::survey::Survey;
use crate::domain::tree::AgencyScope;
use crate::error::Result;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use std::collections::BTreeMap;

type TallyKey = (SurveyId, AgencyId, NaiveDate, i16);

/// What a batch of responses adds to the tallies, sorted by key: every writer takes the rows' locks in the
/// same order, so that no two can wait for each other.
#[derive(Debug, Default)]
pub struct TallyDelta {
    counts: BTreeMap<TallyKey, Distribution>,
    moments: BTreeMap<TallyKey, Moments>,
}

impl TallyDelta {
    /// Counts one response in.
    pub fn count(&mut self, response: &Response) {
        let (survey, version) = (response.survey.id, &response.survey.questionnaire);
        let day = day_of(response.id.answered_at());
        let key = |part: i16| (survey, response.rated_agency, day, part);
        let answers = response.answers.ordinals();
        for (ordinal, position) in answers.iter().zip(1_i16..) {
            self.counts.entry(key(position)).or_default().count(*ordinal);
        }
        for (places, part) in version.parts().iter().zip(0_i16..) {
            self.moments.entry(key(part)).or_default().add(&Moments::of(version, places, answers));
        }
    }
}

/// Adds a delta to the tallies, to be called in the transaction that stores its responses.
pub async fn tallies_add(conn: &mut Conn, delta: &TallyDelta, received_at: DateTime<Utc>) -> Result<()> {
    use tallies as t;
    let rows: Vec<_> = delta
        .counts
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
    moments_add(conn, delta, received_at).await
}

async fn moments_add(conn: &mut Conn, delta: &TallyDelta, received_at: DateTime<Utc>) -> Result<()> {
    use respondent_moments as r;
    let rows: Vec<_> = delta
        .moments
        .iter()
        .map(|((survey, agency, day, part), sums)| {
            (
                (r::survey_id.eq(survey.0), r::agency_id.eq(agency.0), r::day.eq(*day), r::part.eq(*part)),
                (r::respondents.eq(sums.respondents), r::m.eq(sums.m), r::mm.eq(sums.mm)),
                (r::s.eq(sums.s), r::ss.eq(sums.ss), r::sm.eq(sums.sm)),
                (r::v.eq(sums.v), r::vv.eq(sums.vv), r::vm.eq(sums.vm)),
                r::last_received_at.eq(received_at),
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
            // Two writers may commit in the other order than their clocks say.
            r::last_received_at
                .eq(sql("greatest(respondent_moments.last_received_at, excluded.last_received_at)")),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Everything a survey's figures are computed from, for some agencies and a period.
#[derive(Debug, Default)]
pub struct Tally {
    /// One distribution for each criterion, in order.
    pub counts: Vec<Distribution>,
    /// Moments of the questionnaire's parts, see [`QuestionnaireVersion::parts`](crate::domain::questionnaire::QuestionnaireVersion::parts).
    pub moments: Vec<Moments>,
    /// When the newest response in it arrived.
    pub watermark: Option<DateTime<Utc>>,
}

/// Adds up the tallies of the scope's agencies. Two statements that must agree: to be called in a
/// repeatable-read transaction.
pub async fn tally_fetch(
    conn: &mut Conn,
    scope: &AgencyScope,
    survey: &Survey,
    period: &Period,
) -> Result<Tally> {
    let agencies = scope.agencies().map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>());
    let mut tally = Tally {
        counts: vec![Distribution::default(); survey.questionnaire.criteria.len()],
        moments: vec![Moments::default(); survey.questionnaire.parts().len()],
        watermark: None,
    };
    for (criterion, na, one, two, three, four, five) in
        counts_rows(conn, agencies.as_deref(), survey, period).await?
    {
        let place = usize::try_from(criterion - 1).unwrap_or(usize::MAX);
        if let Some(counts) = tally.counts.get_mut(place) {
            *counts =
                Distribution { not_applicable: size(na), levels: [one, two, three, four, five].map(size) };
        }
    }
    for (part, at, (respondents, m, mm), (s, ss, sm), (v, vv, vm)) in
        moments_rows(conn, agencies.as_deref(), survey, period).await?
    {
        tally.watermark = tally.watermark.max(at);
        if let Some(moments) = usize::try_from(part).ok().and_then(|place| tally.moments.get_mut(place)) {
            *moments = Moments { respondents, m, mm, s, ss, sm, v, vv, vm };
        }
    }
    Ok(tally)
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
    agencies: Option<&[i32]>,
    survey: &Survey,
    period: &Period,
) -> Result<Vec<CountsRow>> {
    use tallies as t;
    let mut query = t::table
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
        ))
        .into_boxed();
    if let Some(agencies) = agencies {
        query = query.filter(t::agency_id.eq_any(agencies));
    }
    Ok(query.load(conn).await?)
}

type Three = (i64, i64, i64);
type MomentsRow = (i16, Option<DateTime<Utc>>, Three, Three, Three);

async fn moments_rows(
    conn: &mut Conn,
    agencies: Option<&[i32]>,
    survey: &Survey,
    period: &Period,
) -> Result<Vec<MomentsRow>> {
    use respondent_moments as r;
    let mut query = r::table
        .filter(r::survey_id.eq(survey.id.0))
        .filter(r::day.ge(period.from()).and(r::day.lt(period.to())))
        .group_by(r::part)
        .select((
            r::part,
            diesel::dsl::max(r::last_received_at),
            (total!("respondents"), total!("m"), total!("mm")),
            (total!("s"), total!("ss"), total!("sm")),
            (total!("v"), total!("vv"), total!("vm")),
        ))
        .into_boxed();
    if let Some(agencies) = agencies {
        query = query.filter(r::agency_id.eq_any(agencies));
    }
    Ok(query.load(conn).await?)
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn size(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
