//! The index as a chart: how the answers of the whole are spread over the levels.

use super::IndexBody;
use crate::chart::Caption;
use crate::chart::distribution::{Bar, DistributionChart};
use crate::chart::words::{count, with_unit};
use crate::domain::questionnaire::{QuestionnaireVersion, Wording};
use crate::error::Lang;
use crate::http::provenance::{scope_words, unit_words};

impl IndexBody {
    /// The document in a language; `version` is the questionnaire behind the figures.
    pub fn chart(&self, version: &QuestionnaireVersion, lang: Lang) -> String {
        let say = |vi: &'static str, en: &'static str| if lang == Lang::Vi { vi } else { en };
        let bars =
            self.whole.levels.iter().flatten().map(|level| Bar {
                label: level_words(version, level.level, lang),
                count: Some(level.count),
            });
        let not_applicable = self.whole.not_applicable.filter(|count| *count > 0);
        let left_out = self.left_out.len();
        let heading =
            say("Số câu trả lời theo mức, gộp mọi tiêu chí", "Answers per level, all criteria together");
        let shown = match left_out {
            0 => heading.to_owned(),
            _ => {
                format!("{heading} ({} {left_out})", say("số tiêu chí không tính vào:", "criteria left out:"))
            }
        };
        DistributionChart {
            lang,
            caption: Caption {
                title: self.title(lang),
                subtitle: self.subtitle(lang),
                source: self.head.provenance(lang).source(lang),
            },
            heading: shown,
            bars: bars.collect(),
            aside: not_applicable
                .map(|count| (say("Không áp dụng", "Not applicable").into(), count))
                .into_iter()
                .collect(),
            suppressed: self.whole.suppressed,
        }
        .svg()
    }

    /// The figure, and by which rule.
    fn subtitle(&self, lang: Lang) -> String {
        let say = |vi: &'static str, en: &'static str| if lang == Lang::Vi { vi } else { en };
        let unit = unit_words(self.head.formula.unit, lang);
        let mut parts = Vec::new();
        if let Some(value) = self.whole.value {
            parts.push(with_unit(value, unit, lang));
        }
        if let Some(interval) = &self.whole.interval {
            let [low, high] = [interval.low, interval.high].map(|bound| with_unit(bound, "", lang));
            parts.push(format!(
                "{} {}\u{A0}%: {low}–{high}",
                say("khoảng tin cậy", "confidence interval"),
                self.head.confidence_percent
            ));
        }
        if let Some(n) = self.whole.n {
            parts.push(format!("n = {} {}", count(n, lang), unit_words("people", lang)));
        }
        parts.push(format!(
            "{} {} ({} {})",
            say("công thức", "formula"),
            self.head.formula.id,
            say("phiên bản", "version"),
            self.head.formula.version
        ));
        parts.push(scope_words(self.head.scope, lang).into());
        parts.join(" · ")
    }
}

/// A level in words; levels that say something else for each criterion have only their number in common.
pub fn level_words(version: &QuestionnaireVersion, value: i16, lang: Lang) -> String {
    match (common_words(version, value), lang) {
        (Some(words), Lang::Vi) => words.vi.clone(),
        (Some(words), Lang::En) => words.en.clone(),
        (None, Lang::Vi) => format!("Mức {value}"),
        (None, Lang::En) => format!("Level {value}"),
    }
}

/// The words of a level, if all scales of the questionnaire use the same.
fn common_words(version: &QuestionnaireVersion, value: i16) -> Option<&Wording> {
    let mut words = version
        .scales
        .iter()
        .map(|scale| scale.levels.iter().find(|level| level.value == value).map(|level| &level.text));
    let first = words.next()??;
    words.all(|other| other == Some(first)).then_some(first)
}
