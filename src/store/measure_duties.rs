//! Who is responsible for which measure. Rows are only added; which of them holds is the domain's rule.

use super::schema::measure_duties as t;
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::ids::{AgencyId, ClientId};
use crate::domain::measure::MeasureCode;
use crate::domain::measure_value::Duty;
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// Adds a duty of an agency or (`None`) of the whole country.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`] for what is outside the scope.
pub async fn measure_duty_insert(
    conn: &mut Conn,
    scope: &AgencyScope,
    agency: Option<AgencyId>,
    duty: &Duty<AgencyId>,
    (client, at): (ClientId, DateTime<Utc>),
) -> Result<()> {
    if !agency.map_or(scope.is_whole_country(), |agency| scope.allows(agency)) {
        return Err(Error::new(ErrorCode::AgencyNotFound));
    }
    diesel::insert_into(t::table)
        .values((
            t::measure.eq(duty.measure.as_str()),
            t::agency_id.eq(agency.map(|agency| agency.0)),
            t::from_day.eq(duty.from),
            t::unit_vi.eq(&duty.unit_vi),
            t::unit_en.eq(&duty.unit_en),
            t::unit_agency_id.eq(duty.agency.map(|agency| agency.0)),
            t::client_id.eq(client.0),
            t::recorded_at.eq(at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Every duty of an agency, `None`: of the whole country, in the order they were recorded.
pub async fn measure_duties_list(conn: &mut Conn, agency: Option<AgencyId>) -> Result<Vec<Duty<AgencyId>>> {
    type Row = (String, NaiveDate, Option<String>, Option<String>, Option<i32>);
    let rows: Vec<Row> = t::table
        .filter(t::agency_id.is_not_distinct_from(agency.map(|agency| agency.0)))
        .order(t::id)
        .select((t::measure, t::from_day, t::unit_vi, t::unit_en, t::unit_agency_id))
        .load(conn)
        .await?;
    let duty = |(measure, from, unit_vi, unit_en, unit): Row| {
        let measure = MeasureCode::parse(&measure).map_err(|_| corrupt("measure_duties.measure"))?;
        Ok(Duty { measure, from, unit_vi, unit_en, agency: unit.map(AgencyId) })
    };
    rows.into_iter().map(duty).collect()
}
