//! Where the agency stands by the indices that others publish. What was entered, never what we compute.

use super::Source;
use crate::http::measure_duties::DutyBody;
use crate::http::measure_values::{MeasureChangeBody, MeasureValueBody};
use crate::http::measures::MeasureReference;
use crate::http::provenance::unit_words;
use crate::http::reports::document::{Head, Part, Place};
use crate::http::sheet::Cell;
use crate::service::tracker::TrackerRow;

/// The part; none where nothing was entered.
pub fn part(source: &Source<'_>) -> Option<Part> {
    let table = source.figures.tracker.as_ref()?;
    let rows: Vec<Vec<Cell>> = table.rows.iter().filter_map(|entered| row(source, entered)).collect();
    if rows.is_empty() {
        return None;
    }
    let columns = vec![
        Head::text("name", source.say("Chỉ số", "Index")),
        Head::word("measure", source.say("Mã", "Code")),
        Head::word("period", source.say("Kỳ", "Period")),
        Head::word("unit", source.say("Đơn vị", "Unit")),
        Head::number("value", source.say("Giá trị", "Value"), None),
        Head::number("rank", source.say("Hạng", "Rank"), None),
        Head::number("out_of", source.say("Trên tổng số", "Out of"), None),
        Head::number("places", source.say("Lên hạng", "Ranks up"), None),
        Head::number("change", source.say("Thay đổi", "Change"), None),
        Head::text("note", source.say("Ghi chú", "Note")),
        Head::word("responsible", source.say("Đơn vị chủ trì", "Responsible")),
        Head::text("source", source.say("Nguồn", "Source")),
    ];
    let title = source.say("Các chỉ số do nơi khác công bố", "Indices that others publish").to_owned();
    Some(Part::new("tracker", Place::Tracker, title, columns, rows).noted(source.say(
        "Số liệu được nhập từ công bố của các cơ quan khác, không do hệ thống này tính.",
        "Entered from what others published; not computed by this service.",
    )))
}

fn row(source: &Source<'_>, entered: &TrackerRow) -> Option<Vec<Cell>> {
    let measure = MeasureReference::from(entered.measure);
    let entry = MeasureValueBody::new(entered.value.as_ref()?, entered.measure, false);
    let change = entered.change.as_ref().map(MeasureChangeBody::from);
    let duty = entered.duty.as_ref().map(DutyBody::from);
    let said = &entry.statement;
    let number = |number: Option<i32>| Cell::from(number.map(i64::from));
    let place = |number: Option<i32>| Cell::from(number.and_then(|place| u64::try_from(place).ok()));
    let broken = change.as_ref().and_then(|change| change.broken.as_ref());
    let note = broken.map(|broken| broken.reason.get(source.lang).to_owned());
    let assumed = || source.say("giả định", "assumed").to_owned();
    let origin = [Some(said.source.title.clone()), said.source.number.clone()];
    let origin: Vec<String> = origin.into_iter().flatten().collect();
    Some(vec![
        measure.name.get(source.lang).into(),
        measure.code.as_str().into(),
        entry.period.as_str().into(),
        unit_words(measure.unit, source.lang).into(),
        said.value.map_or(Cell::Empty, Cell::Exact),
        place(said.rank),
        place(said.out_of),
        number(change.as_ref().and_then(|change| change.places)),
        change.as_ref().and_then(|change| change.value).map_or(Cell::Empty, Cell::Exact),
        note.or_else(|| (said.mark == "assumed").then(assumed)).into(),
        duty.as_ref().and_then(|duty| duty.named(source.lang)).into(),
        origin.join(", ").into(),
    ])
}
