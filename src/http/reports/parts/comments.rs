//! How many people wrote something; never what.

use super::Source;
use crate::http::pages::codes;
use crate::http::reports::document::{Head, Part, Place};
use crate::http::sheet::Cell;
use crate::service::reports::Told;

/// Counts by month; none while the period is not over.
pub fn by_month(source: &Source<'_>) -> Option<Part> {
    let counts = source.figures.comments.as_ref()?;
    let rows = counts.by_month.iter().map(|(code, told)| {
        row(source, [codes::period(code, source.lang).into(), code.as_str().into()], *told)
    });
    let columns = columns(
        source,
        Head::text("period", source.say("Tháng", "Month")),
        Head::word("code", source.say("Mã kỳ", "Code")),
    );
    let title = source.say("Ý kiến theo tháng", "Comments by month").to_owned();
    Some(Part::new("comments_by_month", Place::Comments, title, columns, rows.collect()).noted(note(source)))
}

/// Counts by the agencies right below; none while the period is not over, or where nobody is below.
pub fn by_agency(source: &Source<'_>) -> Option<Part> {
    let counts = source.figures.comments.as_ref().filter(|counts| !counts.by_agency.is_empty())?;
    let rows = counts
        .by_agency
        .iter()
        .map(|(agency, told)| row(source, [agency.name.as_str().into(), agency.code.as_str().into()], *told));
    let columns = columns(
        source,
        Head::text("name", source.say("Cơ quan", "Agency")),
        Head::word("code", source.say("Mã", "Code")),
    );
    let title = source.say("Ý kiến theo cơ quan", "Comments by agency").to_owned();
    Some(Part::new("comments_by_agency", Place::Comments, title, columns, rows.collect()).noted(note(source)))
}

fn columns(source: &Source<'_>, first: Head, second: Head) -> Vec<Head> {
    vec![
        first,
        second,
        Head::number("people", source.say("Số người trả lời", "People who answered"), None),
        Head::number("comments", source.say("Số người có ý kiến", "People who commented"), None),
        Head::word("note", source.say("Ghi chú", "Note")),
    ]
}

fn row(source: &Source<'_>, first: [Cell; 2], told: Told) -> Vec<Cell> {
    let why = told.comments.is_none().then(|| source.say("không công bố", "withheld"));
    first.into_iter().chain([told.people.into(), told.comments.into(), why.into()]).collect()
}

const fn note(source: &Source<'_>) -> &'static str {
    source.say(
        "Chỉ đếm, không có nội dung. Số ý kiến chỉ hiện nơi số người trả lời được công bố. Người viết không nói ý kiến thuộc yếu tố nào.",
        "Counts only, never words. Comments are counted where the number of people is shown. Nobody says which element a comment is about.",
    )
}
