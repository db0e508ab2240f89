//! Numbers of dossiers handled. Rows are only added; the newest of an agency and period counts. Open to everybody
//! like the catalogue, so only writing demands a scope.

use super::schema::{agencies, dossier_counts};
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::dossiers::{DossierCount, handled};
use crate::domain::ids::{AgencyId, ClientId};
use crate::domain::period::Period;
use crate::domain::tree::{AgencyTree, Span};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Adds a count.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`] for an agency outside the scope.
pub async fn dossier_count_insert(
    conn: &mut Conn,
    scope: &AgencyScope,
    agency: AgencyId,
    count: &DossierCount,
    client: ClientId,
) -> Result<()> {
    use dossier_counts as t;
    if !scope.allows(agency) {
        return Err(Error::new(ErrorCode::AgencyNotFound));
    }
    diesel::insert_into(t::table)
        .values((
            t::agency_id.eq(agency.0),
            t::period.eq(count.period.code().unwrap_or_default()),
            t::from_day.eq(count.period.from()),
            t::to_day.eq(count.period.to()),
            t::count.eq(i64::try_from(count.count).map_err(Error::internal)?),
            t::source.eq(&count.source),
            t::client_id.eq(client.0),
            t::reported_at.eq(count.reported_at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// The newest counts of these agencies for every period that has a day in `from..to`, by agency and first day,
/// longer periods first.
pub async fn dossier_counts_list(
    conn: &mut Conn,
    agencies: &[AgencyId],
    days: (NaiveDate, NaiveDate),
) -> Result<Vec<(AgencyId, DossierCount)>> {
    dossier_counts_upto(conn, agencies, days, i64::MAX).await
}

/// As [`dossier_counts_list`], as it was when the report of this number was the last.
pub async fn dossier_counts_upto(
    conn: &mut Conn,
    agencies: &[AgencyId],
    (from, to): (NaiveDate, NaiveDate),
    last: i64,
) -> Result<Vec<(AgencyId, DossierCount)>> {
    use dossier_counts as t;
    type Row = (i32, String, i64, String, DateTime<Utc>);
    let ids: Vec<i32> = agencies.iter().map(|agency| agency.0).collect();
    let rows: Vec<Row> = t::table
        .filter(t::agency_id.eq_any(ids).and(t::from_day.lt(to)).and(t::to_day.gt(from)))
        .filter(t::id.le(last))
        .distinct_on((t::agency_id, t::period))
        .order((t::agency_id, t::period, t::id.desc()))
        .select((t::agency_id, t::period, t::count, t::source, t::reported_at))
        .load(conn)
        .await?;
    let mut counts = rows
        .into_iter()
        .map(|(agency, period, count, source, reported_at)| {
            let period = Period::parse(&period).map_err(|_| corrupt("dossier_counts.period"))?;
            let count = u64::try_from(count).map_err(|_| corrupt("dossier_counts.count"))?;
            Ok((AgencyId(agency), DossierCount { period, count, source, reported_at }))
        })
        .collect::<Result<Vec<_>>>()?;
    counts
        .sort_by_key(|(agency, count)| (*agency, count.period.from(), std::cmp::Reverse(count.period.to())));
    Ok(counts)
}

/// The agencies that have ever reported a number.
pub async fn dossier_reporters_all(conn: &mut Conn) -> Result<HashSet<AgencyId>> {
    let reported = dossier_counts::table.filter(dossier_counts::agency_id.eq(agencies::id));
    // One look into the db index for each agency, instead of reading every report there ever was.
    let ids = agencies::table.filter(exists(reported)).select(agencies::id).load::<i32>(conn).await?;
    Ok(ids.into_iter().map(AgencyId).collect())
}

/// How many dossiers were handled by those whose responses make up each of some figures, where that is known
/// completely; the rule is [`handled`]'s.
pub async fn dossiers_sums(
    conn: &mut Conn,
    tree: &AgencyTree,
    figures: &[&[Span]],
) -> Result<Vec<Option<u64>>> {
    let spans = || figures.iter().copied().flatten();
    let agencies: BTreeSet<AgencyId> =
        spans().flat_map(|span| &span.members).map(|(agency, _)| *agency).collect();
    let bounds = spans().map(|span| span.from).min().zip(spans().map(|span| span.to).max());
    let Some(bounds) = bounds else { return Ok(vec![None; figures.len()]) };
    let agencies: Vec<AgencyId> = agencies.into_iter().collect();
    let mut reported: HashMap<AgencyId, Vec<DossierCount>> = HashMap::new();
    for (agency, count) in dossier_counts_list(conn, &agencies, bounds).await? {
        reported.entry(agency).or_default().push(count);
    }
    Ok(figures.iter().map(|spans| handled(tree, spans, &reported)).collect())
}
