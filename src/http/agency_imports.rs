//! Tables of new agencies: `POST /v1/agencies/import`.

use super::extract::{App, BODY_TIMEOUT, Caller, Query, content_encoding};
use super::openapi::{Refused, SubmitRefused};
use super::problem::Problem;
use crate::domain::agency::{AgencyCode, AgencyLevel, parse_unit_code};
use crate::domain::agency_event::{MAX_BASIS, MAX_NAME, MAX_NOTE, Opening};
use crate::domain::agency_rows::{MOST_ROWS, RowDraft};
use crate::domain::period::parse_day;
use crate::domain::text;
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place};
use crate::service::agency_imports::{self, AgencyTable, Imported};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, post, web};
use futures_util::StreamExt;
use serde::Serialize;
use std::collections::HashSet;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Longest table in bytes: 400 for each row.
const MAX_BYTES: usize = 4_000_000;

/// Columns that are read; the first four have to be there.
const COLUMNS: [&str; 7] = ["code", "level", "name", "valid_from", "parent", "unit_code", "note"];
const REQUIRED: usize = 4;

/// What became of a table.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgencyImportBody {
    /// Whether it was only looked at.
    dry_run: bool,
    /// Agencies that were entered, or would be.
    #[schema(example = 3321)]
    agencies: usize,
    /// The event they were recorded by; `null` if the table was only looked at.
    event: Option<Uuid>,
}

/// Parameters of the import.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what the handler reads")]
struct ImportAgenciesParams {
    /// `true` only looks whether all would go well; `false` enters the agencies. To be said each time: neither should
    /// happen because a parameter was forgotten.
    #[param(example = "true")]
    dry_run: bool,
    /// The legal text the table rests on.
    basis: Option<String>,
}

/// Enters a table of new agencies
///
/// CSV in UTF-8 with a head: `code`, `level`, `name`, `valid_from`, and optionally `parent`, `unit_code`, `note`, in any
/// order. Parents may stand in the same table, before or after. All or nothing, in one commit; a refusal names row
/// (the head is row 1) and column of every fault, a thousand at most. At most 10,000 rows and 4 MB.
#[utoipa::path(tag = "catalogue", params(ImportAgenciesParams), security(("bearer" = [])),
    request_body(content = String, content_type = "text/csv",
                 example = "code,level,name,parent,valid_from\nH56.C9,commune,Xã Mới,H56,2026-08-01\n"),
    responses((status = 201, description = "All agencies are entered", body = AgencyImportBody),
              (status = 200, description = "All would be entered (`dry_run`)", body = AgencyImportBody),
              Refused, SubmitRefused))]
#[post("/v1/agencies/import")]
pub async fn import_agencies(
    request: HttpRequest,
    app: App,
    caller: Caller,
    query: Query,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (dry_run, basis) = query.read(&app, |fields| {
        let basis = fields.optional("basis", |raw| text::clean(raw, MAX_BASIS)).flatten();
        (fields.required("dry_run", truth).unwrap_or(true), basis.unwrap_or_default())
    })?;
    agency_imports::check_sender(&caller.0)?;
    let (rows, faults) = read_table(&collect(&request, body).await?)?;
    let table = AgencyTable { rows, basis, dry_run };
    let Imported { agencies, event } = agency_imports::import(&app, &caller.0, table, faults).await?;
    let mut reply = if dry_run { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(reply.json(AgencyImportBody { dry_run, agencies, event }))
}

fn truth(raw: &str) -> Result<bool, FaultKind> {
    const WORDS: &[&str] = &["true", "false"];
    raw.parse().map_err(|_| FaultKind::NotAllowed { allowed: WORDS })
}

/// The whole body, within bounds of size and time.
async fn collect(request: &HttpRequest, mut body: web::Payload) -> Result<Vec<u8>, Error> {
    if content_encoding(request) != "identity" || !request.content_type().eq_ignore_ascii_case("text/csv") {
        return Err(Error::new(ErrorCode::UnsupportedMediaType).detail("Content-Type: text/csv"));
    }
    let late = |late| Error::new(ErrorCode::BodyTimeout).because(late);
    let read = async {
        let mut bytes = Vec::new();
        while let Some(part) = body.next().await {
            let broken = |error: actix_web::error::PayloadError| {
                Error::new(ErrorCode::MalformedForm).detail("the body breaks off").because(error.to_string())
            };
            bytes.extend_from_slice(&part.map_err(broken)?);
            if bytes.len() > MAX_BYTES {
                return Err(Error::new(ErrorCode::BodyTooLarge).detail("at most 4 MB"));
            }
        }
        Ok(bytes)
    };
    tokio::time::timeout(BODY_TIMEOUT, read).await.map_err(late)?
}

/// Reads a table as far as it can be read, and notes every fault.
pub(super) fn read_table(bytes: &[u8]) -> Result<(Vec<RowDraft>, Faults), Error> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut faults = Faults::default();
    let mut records = reader.byte_records().zip(1..);
    let head = match records.next() {
        Some((Ok(record), _)) => head(&record, &mut faults),
        _ => head(&csv::ByteRecord::new(), &mut faults),
    };
    let mut rows = Vec::new();
    if !faults.is_empty() {
        // What the cells mean is not known.
        return Ok((rows, faults));
    }
    for (record, row) in records {
        if rows.len() == MOST_ROWS {
            return Err(Error::new(ErrorCode::BodyTooLarge).detail(format!("at most {MOST_ROWS} rows")));
        }
        let unreadable = || FaultKind::Unreadable { expected: "as many cells as the head, in UTF-8" };
        match record.ok().filter(|record| record.len() == head.len()).map(csv::StringRecord::from_byte_record)
        {
            Some(Ok(record)) => rows.push(read_row(row, &head, &record, &mut faults)),
            _ => faults.push(Place::Cell { row, column: String::new() }, unreadable()),
        }
    }
    if rows.is_empty() && faults.is_empty() {
        let max = i64::try_from(MOST_ROWS).unwrap_or(i64::MAX);
        faults.push(Place::Cell { row: 2, column: String::new() }, FaultKind::OutOfRange { min: 1, max });
    }
    Ok((rows, faults))
}

fn head(record: &csv::ByteRecord, faults: &mut Faults) -> Vec<String> {
    let names: Vec<String> =
        record.iter().map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase()).collect();
    let mut seen = HashSet::new();
    for name in &names {
        let kind = if !COLUMNS.contains(&name.as_str()) {
            FaultKind::Unknown
        } else if !seen.insert(name.as_str()) {
            FaultKind::Duplicate
        } else {
            continue;
        };
        faults.push(Place::Cell { row: 1, column: name.clone() }, kind);
    }
    for name in COLUMNS.iter().take(REQUIRED).filter(|name| !seen.contains(*name)) {
        faults.push(Place::Cell { row: 1, column: (*name).to_owned() }, FaultKind::Missing);
    }
    names
}

fn read_row(row: usize, head: &[String], record: &csv::StringRecord, faults: &mut Faults) -> RowDraft {
    let mut cells = Cells { row, head, record, faults };
    let opening = Opening {
        code: cells.required("code", AgencyCode::parse),
        unit_code: cells.optional("unit_code", parse_unit_code),
        level: cells.required("level", AgencyLevel::parse),
        name: cells.required("name", |raw| text::clean(raw, MAX_NAME)?.ok_or(FaultKind::Missing)),
        parent: cells.optional("parent", AgencyCode::parse),
        note: cells.optional("note", |raw| text::clean(raw, MAX_NOTE)).flatten(),
    };
    RowDraft { row, opening, valid_from: cells.required("valid_from", parse_day) }
}

/// The cells of a row by column; an empty one is absent.
struct Cells<'c> {
    row: usize,
    head: &'c [String],
    record: &'c csv::StringRecord,
    faults: &'c mut Faults,
}

impl Cells<'_> {
    fn optional<T>(&mut self, column: &str, parse: impl FnOnce(&str) -> Result<T, FaultKind>) -> Option<T> {
        let position = self.head.iter().position(|name| name == column)?;
        let raw = self.record.get(position).map(str::trim).filter(|raw| !raw.is_empty())?;
        parse(raw).map_err(|kind| self.fault(column, kind)).ok()
    }

    fn required<T>(&mut self, column: &str, parse: impl FnOnce(&str) -> Result<T, FaultKind>) -> Option<T> {
        let before = self.faults.len();
        let value = self.optional(column, parse);
        if value.is_none() && self.faults.len() == before {
            self.fault(column, FaultKind::Missing);
        }
        value
    }

    fn fault(&mut self, column: &str, kind: FaultKind) {
        self.faults.push(Place::Cell { row: self.row, column: column.to_owned() }, kind);
    }
}
