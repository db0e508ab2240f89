//! How the figures were made: what is needed to judge them and to compute them again.

use super::Source;
use crate::error::Lang;
use crate::http::pages::notation::moment;
use crate::http::reports::document::{Head, Part, Place};
use crate::http::sheet::Cell;

/// The part.
pub fn part(source: &Source<'_>) -> Option<Part> {
    let columns = vec![
        Head::word("fact", source.say("Nội dung", "Fact")),
        Head::text("value", source.say("Giá trị", "Value")),
    ];
    let mut lines = source.index.head.lines(source.lang);
    // Of the index alone; the report has more in it, whose watermark stands in the facts.
    let label = source.say("Dữ liệu đến", "Data up to");
    lines.retain(|(known, _)| *known != label);
    lines.push((label, up_to(source)));
    lines.push((source.say("Khoảng tin cậy", "Intervals"), interval(source)));
    lines.push((source.say("Vì sao có số không hiện", "Why some are withheld"), withheld(source)));
    let rows = lines.into_iter().map(|(label, value)| -> Vec<Cell> { vec![label.into(), value.into()] });
    let title = source.say("Cách tính", "How the figures were made").to_owned();
    Some(Part::new("method", Place::Method, title, columns, rows.collect()))
}

/// The facts above all parts.
pub fn facts(source: &Source<'_>) -> Vec<(&'static str, String)> {
    let head = &source.index.head;
    vec![
        (
            source.say("Cơ quan", "Agency"),
            format!("{} {}", head.agency.code, head.agency.short_name(source.lang)),
        ),
        (source.say("Kỳ", "Period"), source.period()),
        (source.say("Đợt khảo sát", "Survey"), head.survey.code.clone()),
        (source.say("Công thức", "Formula"), format!("{} ({})", head.formula.id, head.formula.version)),
        (source.say("Dữ liệu đến", "Data up to"), up_to(source)),
    ]
}

fn up_to(source: &Source<'_>) -> String {
    let none = || source.say("chưa có hoặc không công bố", "none yet, or withheld").to_owned();
    source.figures.watermark.map_or_else(none, |at| moment(at, source.lang))
}

fn interval(source: &Source<'_>) -> String {
    let percent = source.index.head.confidence_percent;
    match source.lang {
        Lang::Vi => format!(
            "Mức {percent} %: nếu lặp lại khảo sát nhiều lần, khoảng {percent} % số khoảng như vậy chứa giá trị thật. Khoảng chỉ tính đến sự ngẫu nhiên."
        ),
        Lang::En => format!(
            "At {percent} %: if the survey were repeated many times, about {percent} % of such intervals would hold the true value. They cover chance only."
        ),
    }
}

fn withheld(source: &Source<'_>) -> String {
    let least = source.index.head.min_n;
    match (source.lang, least) {
        (Lang::Vi, 0) => "Người đọc này được xem mọi số liệu.".into(),
        (Lang::En, 0) => "This reader may see every figure.".into(),
        (Lang::Vi, _) => format!(
            "Có ít hơn {least} người trả lời, hoặc số liệu này sẽ làm lộ một số liệu như thế; mọi phần của báo cáo theo cùng một quy tắc."
        ),
        (Lang::En, _) => format!(
            "Fewer than {least} people answered, or the figure would give away one of which that is so; the same rule holds for all parts of the report."
        ),
    }
}
