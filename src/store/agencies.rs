//! Agencies and service points.

use super::paging::Page;
use super::schema::{agencies, service_points};
use super::{Conn, corrupt};
use crate::domain::agency::{
    Agency, AgencyCode, AgencyLevel, NewAgency, NewServicePoint, ServicePoint, Validity,
};
use crate::domain::ids::{AgencyId, ServicePointId};
use crate::domain::text::folded;
use crate::error::{Error, Result};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

#[derive(Queryable, Selectable)]
#[diesel(table_name = agencies, check_for_backend(diesel::pg::Pg))]
struct AgencyRow {
    id: i32,
    code: String,
    unit_code: Option<String>,
    level: String,
    name: String,
    parent_id: Option<i32>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    sample: bool,
    note: Option<String>,
}

impl TryFrom<AgencyRow> for Agency {
    type Error = Error;

    fn try_from(row: AgencyRow) -> Result<Self> {
        Ok(Self {
            id: AgencyId(row.id),
            code: AgencyCode::parse(&row.code).map_err(|_| corrupt("agencies.code"))?,
            unit_code: row.unit_code,
            level: AgencyLevel::parse(&row.level).map_err(|_| corrupt("agencies.level"))?,
            name: row.name,
            parent: row.parent_id.map(AgencyId),
            valid: Validity { from: row.valid_from, to: row.valid_to },
            sample: row.sample,
            note: row.note,
        })
    }
}

/// What a list of agencies is narrowed to.
#[derive(Debug, Default, Clone)]
pub struct AgencyFilter {
    /// Children of this agency only.
    pub parent: Option<AgencyId>,
    /// This level only.
    pub level: Option<AgencyLevel>,
    /// Name holds this text, compared without diacritics and case.
    pub name: Option<String>,
    /// Exists on this day.
    pub valid_on: Option<NaiveDate>,
}

/// Every agency there is or was.
pub async fn agencies_all(conn: &mut Conn) -> Result<Vec<Agency>> {
    let rows: Vec<AgencyRow> = agencies::table.select(AgencyRow::as_select()).load(conn).await?;
    rows.into_iter().map(Agency::try_from).collect()
}

/// One page of agencies in the order of their codes. Agencies are open data (NĐ 47/2020/NĐ-CP): no scope.
pub async fn agencies_list(conn: &mut Conn, filter: &AgencyFilter, page: &Page) -> Result<Vec<Agency>> {
    let mut query = agencies::table.select(AgencyRow::as_select()).into_boxed();
    if let Some(parent) = filter.parent {
        query = query.filter(agencies::parent_id.eq(parent.0));
    }
    if let Some(level) = filter.level {
        query = query.filter(agencies::level.eq(level.as_str()));
    }
    if let Some(name) = &filter.name {
        let pattern = folded(name).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        query = query.filter(agencies::search_name.like(format!("%{pattern}%")));
    }
    if let Some(day) = filter.valid_on {
        let not_over = agencies::valid_to.is_null().or(agencies::valid_to.gt(day).assume_not_null());
        query = query.filter(agencies::valid_from.le(day)).filter(not_over);
    }
    if let Some(after) = &page.after {
        query = query.filter(agencies::code.gt(after.clone()));
    }
    let rows: Vec<AgencyRow> =
        query.order(agencies::code.asc()).limit(page.limit_and_one()).load(conn).await?;
    rows.into_iter().map(Agency::try_from).collect()
}

/// Enters an agency under a parent that is already there.
pub async fn agency_insert(conn: &mut Conn, new: &NewAgency, parent: Option<AgencyId>) -> Result<AgencyId> {
    let id = diesel::insert_into(agencies::table)
        .values((
            agencies::code.eq(new.code.as_str()),
            agencies::unit_code.eq(&new.unit_code),
            agencies::level.eq(new.level.as_str()),
            agencies::name.eq(&new.name),
            agencies::search_name.eq(folded(&new.name)),
            agencies::parent_id.eq(parent.map(|id| id.0)),
            agencies::valid_from.eq(new.valid.from),
            agencies::valid_to.eq(new.valid.to),
            agencies::sample.eq(new.sample),
            agencies::note.eq(&new.note),
        ))
        .returning(agencies::id)
        .get_result(conn)
        .await?;
    Ok(AgencyId(id))
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
