//! Tables of new agencies: `POST /v1/agencies/import`.

use super::extract::{App, Caller, Query};
use super::openapi::{Refused, SubmitRefused};
use super::problem::Problem;
use super::tables::{self, Cells, truth};
use crate::domain::agency::{AgencyCode, AgencyLevel, parse_unit_code};
use crate::domain::agency_event::{MAX_BASIS, MAX_NAME, MAX_NOTE, Opening};
use crate::domain::agency_rows::{MOST_ROWS, RowDraft};
use crate::domain::period::parse_day;
use crate::domain::text;
use crate::error::{Error, FaultKind, Faults};
use crate::service::agency_imports::{self, AgencyTable, Imported};
use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

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
    let (rows, faults) = read_table(&tables::collect(&request, body).await?)?;
    let table = AgencyTable { rows, basis, dry_run };
    let Imported { agencies, event } = agency_imports::import(&app, &caller.0, table, faults).await?;
    let mut reply = if dry_run { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(reply.json(AgencyImportBody { dry_run, agencies, event }))
}

/// Reads a table as far as it can be read, and notes every fault.
pub(super) fn read_table(bytes: &[u8]) -> Result<(Vec<RowDraft>, Faults), Error> {
    tables::read(bytes, (&COLUMNS, REQUIRED), MOST_ROWS, read_row)
}

fn read_row(mut cells: Cells<'_>) -> RowDraft {
    let opening = Opening {
        code: cells.required("code", AgencyCode::parse),
        unit_code: cells.optional("unit_code", parse_unit_code),
        level: cells.required("level", AgencyLevel::parse),
        name: cells.required("name", |raw| text::line(raw, MAX_NAME)?.ok_or(FaultKind::Missing)),
        parent: cells.optional("parent", AgencyCode::parse),
        note: cells.optional("note", |raw| text::clean(raw, MAX_NOTE)).flatten(),
    };
    RowDraft { row: cells.row(), opening, valid_from: cells.required("valid_from", parse_day) }
}
