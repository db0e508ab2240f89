//! The parts of a report, each in a file of its own: a function from what was read to a [`Part`], or nothing where there is
//! nothing to say. [`PARTS`] is their order; a new part is one line in it.

mod change;
mod comments;
mod criteria;
mod drags;
mod elements;
mod method;
mod participation;
mod ranking;
mod summary;
mod targets;
mod tracker;
mod trend;

use super::document::{Document, Head, Part};
use crate::domain::report::before;
use crate::error::Lang;
use crate::http::comparisons::ComparisonBody;
use crate::http::figures::ValueBody;
use crate::http::indexes::IndexBody;
use crate::http::pages::codes;
use crate::http::provenance::unit_words;
use crate::http::rankings::RankingBody;
use crate::http::series::SeriesBody;
use crate::http::sheet::Cell;
use crate::service::reports::ReportFigures;

/// The parts, in the order of reading.
const PARTS: &[fn(&Source<'_>) -> Option<Part>] = &[
    summary::part,
    change::part,
    participation::part,
    elements::part,
    criteria::part,
    targets::part,
    drags::part,
    ranking::part,
    tracker::part,
    trend::part,
    comments::by_month,
    comments::by_agency,
    method::part,
];

/// What parts are made from: the answers of the API, and the words of the questionnaire behind them.
pub struct Source<'r> {
    figures: &'r ReportFigures,
    index: IndexBody,
    change: Option<ComparisonBody>,
    ranking: RankingBody,
    trend: SeriesBody,
    lang: Lang,
}

impl Source<'_> {
    /// The one of two texts that is in the language.
    const fn say(&self, vi: &'static str, en: &'static str) -> &'static str {
        match self.lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }

    /// Unit of the values.
    fn unit(&self) -> &'static str {
        unit_words(self.index.head.formula.unit, self.lang)
    }

    /// Unit of differences of values.
    fn difference_unit(&self) -> &'static str {
        codes::difference_unit(self.index.head.formula.unit, self.lang)
    }

    /// The period in words.
    fn period(&self) -> String {
        codes::period(&self.index.head.period.short(), self.lang)
    }

    /// The period before in words; empty where there is none.
    fn period_before(&self) -> String {
        let code =
            before(&self.figures.index.head.period).and_then(|period| period.code().map(str::to_owned));
        code.map_or_else(String::new, |code| codes::period(&code, self.lang))
    }

    /// The largest value that so many criteria together can have.
    fn most(&self, criteria: usize) -> f64 {
        self.figures.index.head.formula.range(criteria).1
    }

    /// The columns of a value: the value, its interval, people, and why there is none.
    fn value_columns(&self) -> Vec<Head> {
        let unit = Some(self.unit());
        vec![
            Head::number("value", self.say("Giá trị", "Value"), unit),
            Head::number("low", self.say("Cận dưới", "Low"), unit),
            Head::number("high", self.say("Cận trên", "High"), unit),
            Head::number("n", self.say("Số người", "People"), None),
            Head::word("note", self.say("Ghi chú", "Note")),
        ]
    }

    /// Its cells.
    fn value_cells(&self, value: &ValueBody) -> Vec<Cell> {
        let interval = value.interval.as_ref();
        vec![
            value.value.into(),
            interval.map(|interval| interval.low).into(),
            interval.map(|interval| interval.high).into(),
            value.n.into(),
            self.note(value).into(),
        ]
    }

    /// What has to be said of a value.
    fn note(&self, value: &ValueBody) -> Option<&'static str> {
        match value {
            value if value.suppressed => Some(self.say("không công bố", "withheld")),
            value if value.n == Some(0) => Some(self.say("chưa có người trả lời", "nobody answered")),
            value if value.estimated => Some(self.say("ước tính", "estimated")),
            _ => None,
        }
    }

    /// Whether a difference is hardly chance, in words.
    fn chance(&self, distinguishable: Option<bool>) -> Option<&'static str> {
        distinguishable.map(|known| match known {
            true => self.say("khó là ngẫu nhiên", "hardly chance"),
            false => self.say("có thể chỉ là ngẫu nhiên", "may be chance"),
        })
    }

    /// Why results beside each other may differ from those alone.
    const fn alike(&self) -> &'static str {
        self.say(
            "Các kết quả đặt cạnh nhau được tính từ cùng những tiêu chí, nên có thể khác với kết quả riêng ở phần tổng hợp.",
            "Results beside each other are made of the same criteria, so they may differ from the one alone in the summary.",
        )
    }
}

/// The whole report in a language.
pub fn document(figures: &ReportFigures, lang: Lang) -> Document {
    let source = Source {
        index: IndexBody::from(&figures.index),
        change: figures.change.as_ref().map(ComparisonBody::from),
        ranking: RankingBody::from(&figures.ranking),
        trend: SeriesBody::from(&figures.trend),
        figures,
        lang,
    };
    let head = &source.index.head;
    let name = match figures.index.head.agencies.is_empty() {
        true => source.say("Cả nước", "The whole country").to_owned(),
        false => head.agency.short_name(lang),
    };
    let title = source.say("Báo cáo mức độ hài lòng của người dân", "Report on the satisfaction of citizens");
    Document {
        title: format!("{title}: {name}, {}", source.period()),
        lang,
        facts: method::facts(&source),
        sample: head.survey.sample,
        watermark: figures.watermark,
        parts: PARTS.iter().filter_map(|part| part(&source)).collect(),
    }
}
