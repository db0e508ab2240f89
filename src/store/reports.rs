//! Reports that were made: added once, never changed. They are for everybody, as figures are; who may read figures at all is
//! asked before.

use super::paging::Page;
use super::schema::reports::{self, self as t};
use super::{Conn, corrupt};
use crate::domain::ids::{AgencyId, SurveyId};
use crate::domain::period::Period;
use crate::domain::report::{Report, ReportFormat, language_word, parse_language};
use crate::error::{Error, ErrorCode, Lang, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

/// Any number will do, as long as no other program on the database takes it: "REPT" in ASCII.
const REPORT_LOCK: i64 = 0x52_45_50_54;

diesel::define_sql_function! {
    /// Takes a lock that ends with the transaction; false if another session holds it.
    fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = reports, check_for_backend(diesel::pg::Pg))]
struct Row {
    seq: i64,
    id: Uuid,
    agency_id: i32,
    survey_id: i32,
    period: String,
    language: String,
    format: String,
    watermark: Option<DateTime<Utc>>,
    digest: Vec<u8>,
    bytes: i32,
    made_at: DateTime<Utc>,
}

impl TryFrom<Row> for Report {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            agency: AgencyId(row.agency_id),
            survey: SurveyId(row.survey_id),
            period: Period::parse(&row.period).map_err(|_| corrupt("reports.period"))?,
            lang: parse_language(&row.language).map_err(|_| corrupt("reports.language"))?,
            format: ReportFormat::parse(&row.format).map_err(|_| corrupt("reports.format"))?,
            watermark: row.watermark,
            digest: row.digest.try_into().map_err(|_| corrupt("reports.digest"))?,
            bytes: row.bytes,
            made_at: row.made_at,
        })
    }
}

/// Makes this transaction the only one that makes reports, across all instances; false if another one is.
pub async fn report_lock(conn: &mut Conn) -> Result<bool> {
    Ok(diesel::select(pg_try_advisory_xact_lock(REPORT_LOCK)).get_result(conn).await?)
}

/// In which languages and forms there are reports of an agency, survey and period.
pub async fn reports_made(
    conn: &mut Conn,
    (agency, survey): (AgencyId, SurveyId),
    period: &Period,
) -> Result<Vec<(Lang, ReportFormat)>> {
    let rows: Vec<(String, String)> = t::table
        .filter(t::agency_id.eq(agency.0).and(t::survey_id.eq(survey.0)))
        .filter(t::period.eq(period.code().unwrap_or_default()))
        .select((t::language, t::format))
        .load(conn)
        .await?;
    let known = rows.iter().map(|(language, format)| {
        let lang = parse_language(language).map_err(|_| corrupt("reports.language"))?;
        Ok((lang, ReportFormat::parse(format).map_err(|_| corrupt("reports.format"))?))
    });
    known.collect()
}

/// Adds a report.
pub async fn report_insert(conn: &mut Conn, report: &Report, content: &[u8]) -> Result<()> {
    diesel::insert_into(t::table)
        .values((
            t::id.eq(report.id),
            t::agency_id.eq(report.agency.0),
            t::survey_id.eq(report.survey.0),
            t::period.eq(report.period.code().unwrap_or_default()),
            t::language.eq(language_word(report.lang)),
            t::format.eq(report.format.as_str()),
            t::watermark.eq(report.watermark),
            t::digest.eq(report.digest.as_slice()),
            t::bytes.eq(report.bytes),
            t::content.eq(content),
            t::made_at.eq(report.made_at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// A page of an agency's reports, the newest first, and the cursor of the next.
pub async fn reports_list(
    conn: &mut Conn,
    agency: AgencyId,
    page: &Page,
) -> Result<(Vec<Report>, Option<String>)> {
    let mut query = t::table
        .filter(t::agency_id.eq(agency.0))
        .order(t::seq.desc())
        .limit(page.limit_and_one())
        .select(Row::as_select())
        .into_boxed();
    if let Some(after) = &page.after {
        let after: i64 = after.parse().map_err(|_| Error::new(ErrorCode::InvalidCursor))?;
        query = query.filter(t::seq.lt(after));
    }
    let mut rows: Vec<Row> = query.load(conn).await?;
    let next = page.cut(&mut rows, |row| row.seq.to_string());
    let reports: Result<Vec<Report>> = rows.into_iter().map(Report::try_from).collect();
    Ok((reports?, next))
}

/// A report of an agency with its content.
pub async fn report_find(conn: &mut Conn, agency: AgencyId, id: Uuid) -> Result<Option<(Report, Vec<u8>)>> {
    let row: Option<(Row, Vec<u8>)> = t::table
        .filter(t::agency_id.eq(agency.0).and(t::id.eq(id)))
        .select((Row::as_select(), t::content))
        .first(conn)
        .await
        .optional()?;
    row.map(|(row, content)| Ok((row.try_into()?, content))).transpose()
}
