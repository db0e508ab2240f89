//! Reading values as they are entered: from a body, and from the cells of a table.

use crate::domain::measure::{Mark, Measure};
use crate::domain::measure_value::{MAX_NUMBER, MAX_REASON, MAX_TITLE, Rank, SourceDocument, parse_link};
use crate::domain::period::parse_day;
use crate::domain::text;
use crate::error::{FaultKind, Faults, Place};
use crate::http::fields::{Fields, Node};
use crate::http::tables::Cells;
use crate::service::measure_values::ValueDraft;

/// Bounds of ranks, lengths of lists and revisions.
const COUNTS: (i64, i64) = (1, Rank::MOST);

/// Reads the body of a value and the period in the path; of an unknown measure nothing is said about the period.
pub(super) fn read(measure: Option<&Measure>, period: &str, body: Node) -> (ValueDraft, Faults) {
    let mut faults = Faults::default();
    let period = measure.and_then(|measure| {
        let read = measure.frequency.parse_period(period);
        read.map_err(|kind| faults.push(Place::Parameter("period".into()), kind)).ok()
    });
    let in_path = faults.len();
    let mut fields = Fields::of(body, Place::Pointer(String::new()), &mut faults);
    let mut draft = ValueDraft {
        period,
        value: fields.amount("value"),
        rank: fields.integer("rank", COUNTS),
        out_of: fields.integer("out_of", COUNTS),
        source: source(&mut fields),
        mark: fields.required("mark", Mark::parse),
        assumed_because: fields.optional("assumed_because", |raw| text::clean(raw, MAX_REASON)).flatten(),
        replaces: fields.integer("replaces", COUNTS),
        clean: false,
    };
    fields.finish();
    draft.clean = faults.len() == in_path;
    (draft, faults)
}

fn source(fields: &mut Fields<'_>) -> Option<SourceDocument> {
    let place = fields.place_of("source");
    let node = fields.required_node("source")?;
    let mut fields = Fields::of(node, place, fields.faults());
    let title = fields.required("title", |raw| text::clean(raw, MAX_TITLE)?.ok_or(FaultKind::Missing));
    let source = SourceDocument {
        number: fields.optional("number", |raw| text::clean(raw, MAX_NUMBER)).flatten(),
        date: fields.optional("date", parse_day),
        link: fields.optional("link", parse_link),
        title: String::new(),
    };
    fields.finish();
    Some(SourceDocument { title: title?, ..source })
}

/// Columns of a source in a table; the first has to be there.
pub const SOURCE_COLUMNS: [&str; 4] = ["source_title", "source_number", "source_date", "source_link"];

/// Reads the cells of a source.
pub fn source_cells(cells: &mut Cells<'_>) -> Option<SourceDocument> {
    let [title, number, date, link] = SOURCE_COLUMNS;
    let title = cells.required(title, |raw| text::clean(raw, MAX_TITLE)?.ok_or(FaultKind::Missing));
    let source = SourceDocument {
        number: cells.optional(number, |raw| text::clean(raw, MAX_NUMBER)).flatten(),
        date: cells.optional(date, parse_day),
        link: cells.optional(link, parse_link),
        title: String::new(),
    };
    Some(SourceDocument { title: title?, ..source })
}
