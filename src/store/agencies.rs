//! Agencies with their versions, and service points. Agencies are open data (NĐ 47/2020/NĐ-CP): no scope.

use super::schema::{agencies, agency_events, agency_successions, agency_versions, service_points};
use super::{Conn, corrupt};
use crate::domain::agency::{
    AgencyCode, AgencyHistory, AgencyLevel, AgencyVersion, NewAgency, NewServicePoint, ServicePoint, Validity,
};
use crate::domain::ids::{AgencyId, ServicePointId};
use crate::domain::tree::{AgencyTree, Share, Succession};
use crate::error::{Error, Result};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::collections::HashMap;
use uuid::Uuid;

/// Rows of one INSERT; PostgreSQL takes 65,535 parameters a statement.
pub(super) const CHUNK: usize = 4000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = agencies, check_for_backend(diesel::pg::Pg))]
struct AgencyRow {
    id: i32,
    code: String,
    level: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    sample: bool,
    note: Option<String>,
}

impl TryFrom<AgencyRow> for AgencyHistory {
    type Error = Error;

    fn try_from(row: AgencyRow) -> Result<Self> {
        Ok(Self {
            id: AgencyId(row.id),
            code: AgencyCode::parse(&row.code).map_err(|_| corrupt("agencies.code"))?,
            level: AgencyLevel::parse(&row.level).map_err(|_| corrupt("agencies.level"))?,
            valid: Validity { from: row.valid_from, to: row.valid_to },
            sample: row.sample,
            note: row.note,
            versions: Vec::new(),
        })
    }
}

/// Every agency there is, was or is planned.
pub async fn agencies_all(conn: &mut Conn) -> Result<Vec<AgencyHistory>> {
    agencies_upto(conn, i32::MAX, i32::MAX).await
}

/// The agencies and versions up to these numbers; ends are those that are known by now.
pub(super) async fn agencies_upto(
    conn: &mut Conn,
    last: i32,
    last_version: i32,
) -> Result<Vec<AgencyHistory>> {
    type Version = (i32, NaiveDate, String, Option<i32>, Option<String>);
    let versions: Vec<Version> = agency_versions::table
        .select((
            agency_versions::agency_id,
            agency_versions::valid_from,
            agency_versions::name,
            agency_versions::parent_id,
            agency_versions::unit_code,
        ))
        .filter(agency_versions::id.le(last_version))
        .order((agency_versions::agency_id, agency_versions::valid_from, agency_versions::id))
        .load(conn)
        .await?;
    let mut by_agency: HashMap<i32, Vec<AgencyVersion>> = HashMap::new();
    for (agency, from, name, parent, unit_code) in versions {
        let version = AgencyVersion { from, name, parent: parent.map(AgencyId), unit_code };
        by_agency.entry(agency).or_default().push(version);
    }
    let rows = agencies::table.filter(agencies::id.le(last)).select(AgencyRow::as_select());
    let rows: Vec<AgencyRow> = rows.load(conn).await?;
    let read = |row: AgencyRow| {
        let versions = by_agency.remove(&row.id).ok_or_else(|| corrupt("agency_versions.agency_id"))?;
        Ok(AgencyHistory { versions, ..row.try_into()? })
    };
    rows.into_iter().map(read).collect()
}

/// Every succession.
pub async fn successions_all(conn: &mut Conn) -> Result<Vec<Succession>> {
    successions_upto(conn, i64::MAX).await
}

/// The successions by events up to this number.
pub(super) async fn successions_upto(conn: &mut Conn, last_event: i64) -> Result<Vec<Succession>> {
    type Row = (i32, i32, NaiveDate, i64, i64);
    let rows: Vec<Row> = agency_successions::table
        .inner_join(agency_events::table)
        .filter(agency_events::seq.le(last_event))
        .select((
            agency_successions::predecessor_id,
            agency_successions::successor_id,
            agency_successions::effective_on,
            agency_successions::numerator,
            agency_successions::denominator,
        ))
        .order((
            agency_successions::effective_on,
            agency_successions::predecessor_id,
            agency_successions::successor_id,
        ))
        .load(conn)
        .await?;
    let number = |value: i64| u64::try_from(value).ok().filter(|value| *value > 0);
    let read = |(predecessor, successor, on, numerator, denominator): Row| {
        let share = number(numerator).zip(number(denominator));
        let (numerator, denominator) = share.ok_or_else(|| corrupt("agency_successions.numerator"))?;
        Ok(Succession {
            predecessor: AgencyId(predecessor),
            successor: AgencyId(successor),
            on,
            share: Share::new(numerator, denominator),
        })
    };
    rows.into_iter().map(read).collect()
}

/// The tree with its past and what is planned, seen from a day.
pub async fn tree_fetch(conn: &mut Conn, today: NaiveDate) -> Result<AgencyTree> {
    Ok(AgencyTree::dated(agencies_all(conn).await?, successions_all(conn).await?, today))
}

/// Enters agencies whose parents are known or among them, in any order, by an event or without; to be called in a
/// transaction. Adds their numbers to `ids`.
pub async fn agencies_insert(
    conn: &mut Conn,
    new: &[&NewAgency],
    ids: &mut HashMap<AgencyCode, AgencyId>,
    event: Option<Uuid>,
) -> Result<()> {
    for chunk in new.chunks(CHUNK) {
        let rows = chunk.iter().map(|new| {
            (
                agencies::code.eq(new.code.as_str()),
                agencies::level.eq(new.level.as_str()),
                agencies::valid_from.eq(new.valid.from),
                agencies::valid_to.eq(new.valid.to),
                agencies::sample.eq(new.sample),
                agencies::note.eq(&new.note),
            )
        });
        let entered: Vec<(String, i32)> = diesel::insert_into(agencies::table)
            .values(rows.collect::<Vec<_>>())
            .returning((agencies::code, agencies::id))
            .get_results(conn)
            .await?;
        for (code, id) in entered {
            ids.insert(AgencyCode::parse(&code).map_err(|_| corrupt("agencies.code"))?, AgencyId(id));
        }
    }
    let versions: Vec<NewVersion<'_>> = new
        .iter()
        .map(|new| NewVersion {
            agency: &new.code,
            from: new.valid.from,
            name: &new.name,
            parent: new.parent.as_ref(),
            unit_code: new.unit_code.as_deref(),
            event,
        })
        .collect();
    versions_insert(conn, &versions, ids).await
}

/// A version to be entered.
pub(super) struct NewVersion<'v> {
    pub(super) agency: &'v AgencyCode,
    pub(super) from: NaiveDate,
    pub(super) name: &'v str,
    pub(super) parent: Option<&'v AgencyCode>,
    pub(super) unit_code: Option<&'v str>,
    pub(super) event: Option<Uuid>,
}

/// Enters versions of agencies whose numbers are known, in this order.
pub(super) async fn versions_insert(
    conn: &mut Conn,
    versions: &[NewVersion<'_>],
    ids: &HashMap<AgencyCode, AgencyId>,
) -> Result<()> {
    for chunk in versions.chunks(CHUNK) {
        let mut rows = Vec::with_capacity(chunk.len());
        for version in chunk {
            let parent = version.parent.map(|code| known(ids, code)).transpose()?;
            rows.push((
                agency_versions::agency_id.eq(known(ids, version.agency)?),
                agency_versions::valid_from.eq(version.from),
                agency_versions::name.eq(version.name),
                agency_versions::parent_id.eq(parent),
                agency_versions::unit_code.eq(version.unit_code),
                agency_versions::event_id.eq(version.event),
            ));
        }
        diesel::insert_into(agency_versions::table).values(rows).execute(conn).await?;
    }
    Ok(())
}

/// The number of an agency that the caller has made sure of.
pub(super) fn known(ids: &HashMap<AgencyCode, AgencyId>, code: &AgencyCode) -> Result<i32> {
    ids.get(code).map(|id| id.0).ok_or_else(|| Error::internal(format!("agency {code} has no number")))
}

/// Every service point there is or was.
pub async fn service_points_all(conn: &mut Conn) -> Result<Vec<ServicePoint>> {
    type Row = (i32, String, i32, String, NaiveDate, Option<NaiveDate>);
    let rows: Vec<Row> = service_points::table
        .select((
            service_points::id,
            service_points::code,
            service_points::agency_id,
            service_points::name,
            service_points::valid_from,
            service_points::valid_to,
        ))
        .load(conn)
        .await?;
    let point = |(id, code, agency, name, from, to): Row| ServicePoint {
        id: ServicePointId(id),
        code,
        agency: AgencyId(agency),
        name,
        valid: Validity { from, to },
    };
    Ok(rows.into_iter().map(point).collect())
}

/// Enters a service point of an agency that is already there.
pub async fn service_point_insert(conn: &mut Conn, new: &NewServicePoint, agency: AgencyId) -> Result<()> {
    diesel::insert_into(service_points::table)
        .values((
            service_points::code.eq(&new.code),
            service_points::agency_id.eq(agency.0),
            service_points::name.eq(&new.name),
            service_points::valid_from.eq(new.valid.from),
            service_points::valid_to.eq(new.valid.to),
            service_points::sample.eq(new.sample),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
