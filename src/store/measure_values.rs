//! Entered values of measures. Rows are only added; the newest revision counts. Open to everybody like the catalogue, so
//! only writing demands a scope.

use super::schema::measure_values as t;
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::amount::Amount;
use crate::domain::ids::{AgencyId, ClientId};
use crate::domain::measure::MeasureCode;
use crate::domain::measure_value::{MeasureValue, Rank, SourceDocument, Statement};
use crate::domain::period::Period;
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::data_types::PgNumeric;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// Rows of one statement: PostgreSQL takes 65,535 parameters.
const ROWS: usize = 1000;

/// Adds values, each of an agency or (`None`) of the whole country.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`] for what is outside the scope; [`ErrorCode::MeasureValueConflict`] if somebody else has
/// just entered one of these revisions.
pub async fn measure_values_insert(
    conn: &mut Conn,
    scope: &AgencyScope,
    values: &[(Option<AgencyId>, MeasureValue)],
) -> Result<()> {
    let allowed = |agency: Option<AgencyId>| match agency {
        Some(agency) => scope.allows(agency),
        None => scope.is_whole_country(),
    };
    if !values.iter().all(|(agency, _)| allowed(*agency)) {
        return Err(Error::new(ErrorCode::AgencyNotFound));
    }
    for values in values.chunks(ROWS) {
        let rows: Vec<_> = values.iter().map(row).collect();
        let inserted = diesel::insert_into(t::table).values(rows).execute(conn).await;
        inserted.map_err(|error| match &error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                Error::new(ErrorCode::MeasureValueConflict).because(error)
            }
            _ => error.into(),
        })?;
    }
    Ok(())
}

/// A row to be added.
#[derive(Insertable)]
#[diesel(table_name = t)]
struct NewRow<'v> {
    measure: &'v str,
    version: i16,
    agency_id: Option<i32>,
    period: &'v str,
    revision: i32,
    value: Option<PgNumeric>,
    rank: Option<i32>,
    out_of: Option<i32>,
    source_title: &'v str,
    source_number: Option<&'v str>,
    source_date: Option<NaiveDate>,
    source_link: Option<&'v str>,
    assumed_because: Option<&'v str>,
    client_id: Uuid,
    entered_at: DateTime<Utc>,
}

fn row((agency, value): &(Option<AgencyId>, MeasureValue)) -> NewRow<'_> {
    let said = &value.statement;
    NewRow {
        measure: value.measure.as_str(),
        version: value.version,
        agency_id: agency.map(|agency| agency.0),
        period: value.period.code().unwrap_or_default(),
        revision: value.revision,
        value: said.value.map(numeric),
        rank: said.rank.map(Rank::rank),
        out_of: said.rank.map(Rank::out_of),
        source_title: &said.source.title,
        source_number: said.source.number.as_deref(),
        source_date: said.source.date,
        source_link: said.source.link.as_deref(),
        assumed_because: said.assumed_because.as_deref(),
        client_id: value.entered_by.0,
        entered_at: value.entered_at,
    }
}

/// Everything that was entered about these, `None` among them is the whole country; by measure, period and revision.
/// Asked for a few agencies, or for those of a table that is entered.
pub async fn measure_values_list(
    conn: &mut Conn,
    agencies: &[Option<AgencyId>],
) -> Result<Vec<(Option<AgencyId>, MeasureValue)>> {
    type Row = (
        (String, i16, Option<i32>, String, i32),
        (Option<PgNumeric>, Option<i32>, Option<i32>),
        (String, Option<String>, Option<NaiveDate>, Option<String>, Option<String>),
        (Uuid, DateTime<Utc>),
    );
    let ids: Vec<i32> = agencies.iter().flatten().map(|agency| agency.0).collect();
    let mut wanted = t::table.filter(t::agency_id.eq_any(ids)).into_boxed();
    if agencies.contains(&None) {
        wanted = wanted.or_filter(t::agency_id.is_null());
    }
    let rows: Vec<Row> = wanted
        .order((t::measure, t::period, t::revision))
        .select((
            (t::measure, t::version, t::agency_id, t::period, t::revision),
            (t::value, t::rank, t::out_of),
            (t::source_title, t::source_number, t::source_date, t::source_link, t::assumed_because),
            (t::client_id, t::entered_at),
        ))
        .load(conn)
        .await?;
    let value = |(key, said, source, by): Row| {
        let (measure, version, agency, period, revision) = key;
        let (title, number, date, link, assumed_because) = source;
        let value = MeasureValue {
            measure: MeasureCode::parse(&measure).map_err(|_| corrupt("measure_values.measure"))?,
            version,
            period: Period::parse(&period).map_err(|_| corrupt("measure_values.period"))?,
            revision,
            statement: Statement {
                value: said.0.as_ref().map(amount).transpose()?,
                rank: rank(said.1, said.2)?,
                source: SourceDocument { title, number, date, link },
                assumed_because,
            },
            entered_by: ClientId(by.0),
            entered_at: by.1,
        };
        Ok((agency.map(AgencyId), value))
    };
    rows.into_iter().map(value).collect()
}

fn rank(rank: Option<i32>, out_of: Option<i32>) -> Result<Option<Rank>> {
    let Some((rank, out_of)) = rank.zip(out_of) else { return Ok(None) };
    Rank::new(rank.into(), out_of.into()).map(Some).ok_or_else(|| corrupt("measure_values.rank"))
}

/// PostgreSQL's digits are of base 10,000: one before the point and one after it.
fn numeric(amount: Amount) -> PgNumeric {
    let number = amount.ten_thousandths();
    let digit = |number: i32| i16::try_from(number).unwrap_or_default();
    PgNumeric::Positive { weight: 0, scale: 4, digits: vec![digit(number / 10_000), digit(number % 10_000)] }
}

fn amount(numeric: &PgNumeric) -> Result<Amount> {
    let wrong = || corrupt("measure_values.value");
    let PgNumeric::Positive { weight, digits, .. } = numeric else { return Err(wrong()) };
    let mut number: i32 = 0;
    for (digit, power) in digits.iter().zip((i16::MIN..=*weight).rev()) {
        number += match power {
            0 => i32::from(*digit) * 10_000,
            -1 => i32::from(*digit),
            _ => return Err(wrong()),
        };
    }
    Amount::of_ten_thousandths(number).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_comes_back_from_postgresqls_digits() {
        for number in [0, 1, 9_999, 10_000, 871_600, 99_999_999] {
            let whole = Amount::of_ten_thousandths(number).unwrap();
            assert_eq!(amount(&numeric(whole)).unwrap(), whole);
        }
        // As PostgreSQL sends them: without zeros at either end.
        let sent = |weight, digits| amount(&PgNumeric::Positive { weight, scale: 4, digits }).unwrap();
        assert_eq!(sent(0, vec![90]).to_string(), "90");
        assert_eq!(sent(-1, vec![25]).to_string(), "0.0025");
        assert_eq!(sent(0, vec![]).to_string(), "0");
        assert!(amount(&PgNumeric::NaN).is_err());
        assert!(amount(&PgNumeric::Positive { weight: 1, scale: 0, digits: vec![1] }).is_err());
    }
}
