//! The log that numbers responses in the order in which they became known, and the rows behind it. The log is
//! written by the database alone, see the migration; here it is read.

use super::schema::{response_log, responses};
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::feed::{Entry, Recorded};
use crate::domain::ids::{AgencyId, ClientId, ResponseId, ServicePointId, SurveyId};
use crate::domain::response::{AgeBand, Channel, Facets, Gender, ProcedureCode};
use crate::error::{FaultKind, Result};
use chrono::{DateTime, Utc};
use diesel::dsl::{max, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// Consecutive numbers of the log.
#[derive(Debug)]
pub struct Stretch {
    /// Those of the scope, in order.
    pub entries: Vec<Entry>,
    /// The last number looked at, of whichever agency.
    pub end: i64,
    /// The newest number there is, if the stretch came up to it.
    pub newest: Option<i64>,
    /// Whether the stretch was left before an entry that the caller cannot place.
    pub broke_off: bool,
}

/// The newest number of the log; 0 if it is empty.
pub async fn log_newest(conn: &mut Conn) -> Result<i64> {
    let last = sql::<BigInt>("first_seq + cardinality(response_ids) - 1");
    let newest = response_log::table.select(last).order(response_log::first_seq.desc());
    Ok(newest.first(conn).await.optional()?.unwrap_or(0))
}

/// Reads the `numbers` (from 1 on) that follow `after`, as far as there are so many. Leaves off before the first
/// entry that is not `known`: of an agency or survey that the caller has not heard of yet, nobody can say whether
/// it is in the scope. In any snapshot the log is whole up to its newest number, so nothing can appear in
/// between later.
pub async fn log_read(
    conn: &mut Conn,
    scope: &AgencyScope,
    after: i64,
    numbers: i64,
    known: impl Fn(&Entry) -> bool,
) -> Result<Stretch> {
    use response_log as l;
    type Row = (i64, Vec<Option<Uuid>>, Vec<Option<i32>>, Vec<Option<i32>>);
    let last = after.saturating_add(numbers);
    let first: Option<i64> = l::table
        .select(max(l::first_seq))
        .filter(l::first_seq.le(after.saturating_add(1)))
        .first(conn)
        .await?;
    let rows: Vec<Row> = l::table
        .filter(l::first_seq.ge(first.unwrap_or(1)).and(l::first_seq.le(last)))
        .order(l::first_seq)
        .load(conn)
        .await?;
    let (mut stretch, mut held) =
        (Stretch { entries: Vec::new(), end: after, newest: None, broke_off: false }, 0);
    for (first_seq, ids, surveys, agencies) in rows {
        for ((seq, id), (survey, agency)) in (first_seq..).zip(ids).zip(surveys.into_iter().zip(agencies)) {
            held = seq;
            if seq <= after || seq > last || stretch.broke_off {
                continue;
            }
            let read = || Some((ResponseId::new(id?)?, SurveyId(survey?), AgencyId(agency?)));
            let (id, survey, agency) = read().ok_or_else(|| corrupt("response_log"))?;
            let entry = Entry { seq, id, survey, agency };
            if !known(&entry) {
                stretch.broke_off = true;
                continue;
            }
            stretch.end = seq;
            if scope.allows(agency) {
                stretch.entries.push(entry);
            }
        }
    }
    stretch.newest = (held < last).then_some(held);
    Ok(stretch)
}

/// The responses of these entries with their numbers, in order. Those of months that were dropped are missing.
pub async fn records_fetch(
    conn: &mut Conn,
    scope: &AgencyScope,
    entries: &[Entry],
) -> Result<Vec<(i64, Recorded)>> {
    let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id.uuid()).collect();
    let (Some(first), Some(last)) = (ids.iter().min().copied(), ids.iter().max().copied()) else {
        return Ok(Vec::new());
    };
    let rows: Vec<Row> = responses::table
        .filter(responses::id.eq_any(&ids))
        // Says nothing new, but tells a kept plan which months to leave alone.
        .filter(responses::id.between(first, last))
        .select(Row::as_select())
        .load(conn)
        .await?;
    let mut records = Vec::with_capacity(rows.len());
    for row in rows {
        records.push(Recorded::try_from(row)?);
    }
    records.retain(|record| scope.allows(record.rated_agency));
    records.sort_unstable_by_key(|record| record.id);
    let find = |entry: &Entry| {
        let place = records.binary_search_by_key(&entry.id, |record| record.id).ok()?;
        Some((entry.seq, records.get(place)?.clone()))
    };
    Ok(entries.iter().filter_map(find).collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = responses, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: Uuid,
    survey_id: i32,
    rated_agency_id: i32,
    service_point_id: Option<i32>,
    client_id: Uuid,
    answers: Vec<u8>,
    channel: Option<String>,
    procedure: Option<String>,
    gender: Option<String>,
    age_band: Option<String>,
    assisted_by_staff: Option<bool>,
    received_at: DateTime<Utc>,
}

impl TryFrom<Row> for Recorded {
    type Error = crate::error::Error;

    fn try_from(row: Row) -> Result<Self> {
        fn word<T>(
            text: Option<String>,
            parse: fn(&str) -> std::result::Result<T, FaultKind>,
        ) -> std::result::Result<Option<T>, FaultKind> {
            text.as_deref().map(parse).transpose()
        }
        let facets = || {
            Ok(Facets {
                channel: word(row.channel, Channel::parse)?,
                procedure: word(row.procedure, ProcedureCode::parse)?,
                gender: word(row.gender, Gender::parse)?,
                age_band: word(row.age_band, AgeBand::parse)?,
                assisted_by_staff: row.assisted_by_staff,
            })
        };
        Ok(Self {
            id: ResponseId::new(row.id).ok_or_else(|| corrupt("responses.id"))?,
            survey: SurveyId(row.survey_id),
            rated_agency: AgencyId(row.rated_agency_id),
            service_point: row.service_point_id.map(ServicePointId),
            client: ClientId(row.client_id),
            answers: row.answers,
            facets: facets().map_err(|_: FaultKind| corrupt("responses"))?,
            received_at: row.received_at,
        })
    }
}
