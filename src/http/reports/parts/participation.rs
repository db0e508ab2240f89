//! How many of those who could have answered did, where the number of dossiers is known.

use super::Source;
use crate::http::reports::document::{Head, Part, Place};
use crate::http::sheet::Cell;

/// The part; says so where nobody knows.
pub fn part(source: &Source<'_>) -> Option<Part> {
    let columns = vec![
        Head::text("measure", source.say("Nội dung", "Measure")),
        Head::word("code", source.say("Mã", "Code")),
        Head::number("value", source.say("Giá trị", "Value"), None),
        Head::word("note", source.say("Ghi chú", "Note")),
    ];
    let title = source.say("Tỷ lệ tham gia", "Taking part").to_owned();
    let answered = source.say("Số người trả lời", "People who answered");
    let note = source.note(&source.index.whole);
    let mut rows: Vec<Vec<Cell>> =
        vec![vec![answered.into(), "answered".into(), source.index.whole.n.into(), note.into()]];
    let Some(known) = &source.index.participation else {
        let unknown = source.say(
            "Không tính được tỷ lệ: chưa biết đủ số hồ sơ đã giải quyết, số đó ít hơn số người trả lời, hoặc kết quả không được công bố.",
            "No rate: the numbers of dossiers handled are not known completely or below the number of people who answered, or the result is withheld.",
        );
        return Some(Part::new("participation", Place::Overview, title, columns, rows).noted(unknown));
    };
    let sufficient = match known.sample_sufficient {
        Some(true) => source.say("đủ", "reached").into(),
        Some(false) => source.say("chưa đủ", "not reached").into(),
        None => Cell::Empty,
    };
    let dossiers = source.say("Số hồ sơ đã giải quyết", "Dossiers handled");
    let rate = source.say("Tỷ lệ tham gia (%)", "Took part (%)");
    let required = source.say("Cỡ mẫu tối thiểu", "Least sample");
    rows.push(vec![dossiers.into(), "dossiers".into(), known.dossiers.into(), Cell::Empty]);
    rows.push(vec![rate.into(), "rate_percent".into(), known.rate_percent.into(), Cell::Empty]);
    rows.push(vec![required.into(), "sample_required".into(), known.sample_required.into(), sufficient]);
    let rule = source.say(
        "Cỡ mẫu tối thiểu theo n = N / (1 + N e²), e = 5 % (như được tập huấn năm 2013; giả định).",
        "Least sample by n = N / (1 + N e²), e = 5 % (as taught in 2013; assumed).",
    );
    Some(Part::new("participation", Place::Overview, title, columns, rows).noted(rule))
}
