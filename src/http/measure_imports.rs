//! Tables of values of measures: `POST /v1/measure-imports`.

use super::extract::{App, Caller, Query};
use super::measure_values::{SOURCE_COLUMNS, source_cells};
use super::openapi::{Refused, SubmitRefused};
use super::problem::Problem;
use super::tables::{self, Cells, truth};
use crate::domain::amount::Amount;
use crate::domain::measure::Mark;
use crate::domain::measure_value::{Holder, MAX_REASON, Rank};
use crate::domain::text;
use crate::error::{Error, FaultKind, Faults, MeasureFault};
use crate::http::extract::number;
use crate::service::measure_imports::{self, Imported, MOST_ROWS, ValueRow};
use crate::service::measure_values::ValueDraft;
use crate::service::measures;
use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// Columns that are read; the first five have to be there.
const COLUMNS: [&str; 13] = [
    "agency",
    "measure",
    "period",
    "mark",
    SOURCE_COLUMNS[0],
    "value",
    "rank",
    "out_of",
    SOURCE_COLUMNS[1],
    SOURCE_COLUMNS[2],
    SOURCE_COLUMNS[3],
    "assumed_because",
    "replaces",
];
const REQUIRED: usize = 5;

/// What became of a table.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureImportBody {
    /// Whether it was only looked at.
    dry_run: bool,
    /// Values that were entered, or would be.
    #[schema(example = 63)]
    entered: usize,
    /// Rows that say what is said already.
    unchanged: usize,
}

/// Parameters of the import.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what the handler reads")]
struct ImportMeasuresParams {
    /// `true` only looks whether all would go well; `false` enters the values. To be said each time: neither should
    /// happen because a parameter was forgotten.
    #[param(example = "true")]
    dry_run: bool,
}

/// Enters a table of values of measures
///
/// CSV in UTF-8 with a head: `agency` (`VN`: the whole country), `measure`, `period`, `mark`, `source_title`, and
/// optionally `value`, `rank`, `out_of`, `source_number`, `source_date`, `source_link`, `assumed_because`, `replaces`, in
/// any order, each as in a single value. All or nothing, in one commit; a refusal names row (the head is row 1) and
/// column of every fault, a thousand at most. A row that says what is said already changes nothing, so a table may be sent
/// again. At most 10,000 rows and 4 MB.
#[utoipa::path(tag = "tracker", params(ImportMeasuresParams), security(("bearer" = [])),
    request_body(content = String, content_type = "text/csv",
                 example = "agency,measure,period,value,rank,out_of,mark,source_title\nH56,sipas,2023,82.66,20,63,verified,SIPAS 2023\n"),
    responses((status = 201, description = "All values are entered", body = MeasureImportBody),
              (status = 200, description = "All would be entered (`dry_run`)", body = MeasureImportBody),
              Refused, SubmitRefused))]
#[post("/v1/measure-imports")]
pub async fn import_measures(
    request: HttpRequest,
    app: App,
    caller: Caller,
    query: Query,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let dry_run = query.read(&app, |fields| fields.required("dry_run", truth).unwrap_or(true))?;
    measure_imports::check_sender(&caller.0)?;
    let (rows, faults) = read_values(&tables::collect(&request, body).await?)?;
    let imported = measure_imports::import(&app, &caller.0, (&rows, dry_run), faults).await?;
    let Imported { entered, unchanged } = imported;
    let mut reply = if dry_run { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(reply.json(MeasureImportBody { dry_run, entered, unchanged }))
}

/// Reads a table as far as it can be read, and notes every fault.
pub(super) fn read_values(bytes: &[u8]) -> Result<(Vec<ValueRow>, Faults), Error> {
    tables::read(bytes, (&COLUMNS, REQUIRED), MOST_ROWS, read_row)
}

fn read_row(mut cells: Cells<'_>) -> ValueRow {
    let before = cells.faults();
    let unknown = |_| FaultKind::Measure(MeasureFault::UnknownMeasure);
    let holder = cells.required("agency", Holder::parse);
    let measure = cells.required("measure", |raw| measures::fetch(raw).map_err(unknown));
    let count = |raw: &str| number(raw, 1, Rank::MOST);
    let mut draft = ValueDraft {
        period: measure
            .and_then(|measure| cells.required("period", |raw| measure.frequency.parse_period(raw))),
        value: cells.optional("value", Amount::parse),
        rank: cells.optional("rank", count),
        out_of: cells.optional("out_of", count),
        source: source_cells(&mut cells),
        mark: cells.required("mark", Mark::parse),
        assumed_because: cells.optional("assumed_because", |raw| text::clean(raw, MAX_REASON)).flatten(),
        replaces: cells.optional("replaces", count),
        clean: false,
    };
    draft.clean = cells.faults() == before;
    ValueRow { row: cells.row(), holder, measure, draft }
}
