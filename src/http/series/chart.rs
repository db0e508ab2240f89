//! A series as a chart: a mark with its interval for each point, a break where figures stop being comparable.

use super::{BreakBody, PointBody, SeriesBody};
use crate::chart::Caption;
use crate::chart::series::{Break, Point, SeriesChart};
use crate::domain::questionnaire::{QuestionnaireVersion, Wording};
use crate::error::Lang;
use crate::http::provenance::{scope_words, unit_words};
use crate::service::series::SeriesReport;

impl SeriesBody {
    /// The document in a language; `report` has the wording and the formulas' ranges.
    pub fn chart(&self, report: &SeriesReport, lang: Lang) -> String {
        let shown = self.shown();
        let points = shown.iter().map(|point| Point {
            label: if point.partial { format!("{}*", point.code) } else { point.code.clone() },
            value: point.value.value,
            low: point.value.interval.as_ref().map(|interval| interval.low),
            high: point.value.interval.as_ref().map(|interval| interval.high),
            n: point.value.n,
            segment: point.segment,
            suppressed: point.value.suppressed,
        });
        let breaks = self.broken(&shown).into_iter();
        let breaks =
            breaks.map(|(place, found)| Break { before_index: place, label: self.label(found, lang) });
        SeriesChart {
            lang,
            caption: Caption {
                title: self.title(lang),
                subtitle: self.subtitle(report, lang),
                source: self.provenance(lang).source(lang),
            },
            unit: unit_words(self.head.formula.unit, lang).into(),
            limits: Self::limits(report),
            confidence_percent: self.head.confidence_percent,
            points: points.collect(),
            breaks: breaks.collect(),
        }
        .svg()
    }

    /// The points of a chart.
    pub fn shown(&self) -> Vec<&PointBody> {
        self.points.iter().filter(|point| !self.is_covered(point)).collect()
    }

    /// The breaks within a chart, each with the place of the first shown point after it.
    pub fn broken(&self, shown: &[&PointBody]) -> Vec<(usize, &BreakBody)> {
        let place = |found: &BreakBody| {
            let is_after = |point: &&PointBody| point.segment == found.segment && found.on < point.to;
            shown.iter().position(is_after).filter(|place| *place > 0)
        };
        self.breaks.iter().filter_map(|found| Some((place(found)?, found))).collect()
    }

    /// Between which values the figures can lie: the widest of all segments.
    pub fn limits(report: &SeriesReport) -> (f64, f64) {
        let ranges = report.segments.iter().filter_map(|segment| {
            let version = segment.version()?;
            let element = version.elements.iter().find(|element| element.code == report.part);
            let count = match element {
                Some(element) => element.criteria.len(),
                None if report.part == "whole" => version.criteria.len(),
                None => 1,
            };
            Some(segment.formula.range(count))
        });
        ranges.reduce(|(least, most), (low, high)| (least.min(low), most.max(high))).unwrap_or((0.0, 100.0))
    }

    /// Whether a point is empty while another segment has answers of the same days: both surveys were open, and
    /// only one was used.
    fn is_covered(&self, point: &PointBody) -> bool {
        let is_empty = |point: &PointBody| point.value.n == Some(0);
        let of_days = |other: &&PointBody| other.code == point.code && other.segment != point.segment;
        is_empty(point)
            && self.points.iter().filter(of_days).any(|other| {
                // Of two empty ones the first stays.
                !is_empty(other) || other.segment < point.segment
            })
    }

    /// What changes at a break, and when.
    pub fn label(&self, found: &BreakBody, lang: Lang) -> String {
        let Some(segment) = self.segments.get(found.segment) else { return String::new() };
        let (on, version) = (found.on.format("%d/%m/%Y"), segment.version);
        let reasons = found.reasons.iter().map(|reason| match (*reason, lang) {
            ("formula", Lang::Vi) => format!("công thức {}", segment.formula),
            ("formula", Lang::En) => format!("formula {}", segment.formula),
            (_, Lang::Vi) => format!("phiếu phiên bản {version}"),
            (_, Lang::En) => format!("questionnaire version {version}"),
        });
        let reasons = reasons.collect::<Vec<_>>().join(", ");
        match lang {
            Lang::Vi => format!("từ {on}: {reasons}"),
            Lang::En => format!("from {}: {reasons}", found.on),
        }
    }

    /// Of what, and by which rule.
    fn subtitle(&self, report: &SeriesReport, lang: Lang) -> String {
        let say = |vi: &'static str, en: &'static str| if lang == Lang::Vi { vi } else { en };
        let mut parts = vec![match part_words(report) {
            Some(words) if lang == Lang::Vi => words.vi.clone(),
            Some(words) => words.en.clone(),
            None => say("Toàn phiếu", "The whole").into(),
        }];
        if let Some(formula) = self.one_formula() {
            let version = say("phiên bản", "version");
            let word = say("công thức", "formula");
            parts.push(format!("{word} {formula} ({version} {})", self.head.formula.version));
        }
        parts.push(scope_words(self.head.scope, lang).into());
        if self.points.iter().any(|point| point.partial) {
            parts.push(say("* kỳ không trọn", "* only a part of this period").into());
        }
        parts.join(" · ")
    }
}

/// The words of the part by the newest version that has it; `None` for the whole.
fn part_words(report: &SeriesReport) -> Option<&Wording> {
    let versions = report.segments.iter().rev().filter_map(|segment| segment.version());
    versions.flat_map(texts).find(|(code, _)| *code == report.part).map(|(_, text)| text)
}

fn texts(version: &QuestionnaireVersion) -> impl Iterator<Item = (&str, &Wording)> {
    let elements = version.elements.iter().map(|element| (element.code.as_str(), &element.text));
    elements.chain(version.criteria.iter().map(|criterion| (criterion.code.as_str(), &criterion.text)))
}
