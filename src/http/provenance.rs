//! What every sheet of figures says above its columns and every chart below: whose figures, of when, by which
//! rule, how new. One wording for all resources.

use crate::domain::period::ZONE;
use crate::error::Lang;
use chrono::{DateTime, SecondsFormat, Utc};

/// Where figures come from. What does not apply is `None` and gets no line.
#[derive(Debug, Default)]
pub struct Provenance {
    /// Code and name of the agency.
    pub agency: Option<(String, String)>,
    /// `subtree` or `self`.
    pub scope: Option<&'static str>,
    /// Code of the survey.
    pub survey: Option<String>,
    /// Invented for demonstration: the figures mean nothing.
    pub sample: bool,
    /// Codes and versions of what was asked.
    pub questionnaires: Vec<(String, i16)>,
    /// The code it was asked by, such as `2026-Q3`.
    pub period: Option<String>,
    /// First instant and first one after it, RFC 3339, and the zone they are days of.
    pub bounds: Option<(String, String, &'static str)>,
    /// Which day's tree of agencies the figures are about.
    pub as_of: Option<String>,
    /// Id, version and unit of the formula.
    pub formula: Option<(&'static str, u16, &'static str)>,
    /// The formula in words, in the reader's language.
    pub definition: Option<String>,
    /// Confidence level of every interval, in percent.
    pub confidence_percent: Option<u8>,
    /// Whether flagged responses count: `excluded` or `included`.
    pub flagged: Option<&'static str>,
    /// Fewest people a shown value is made from; `Some(0)`: nothing is withheld from this reader.
    pub min_n: Option<u64>,
    /// When the newest response counted in arrived.
    pub data_watermark: Option<DateTime<Utc>>,
}

impl Provenance {
    /// Labels and values in the reader's language, in a fixed order.
    pub fn lines(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let say = |vi, en| if lang == Lang::Vi { vi } else { en };
        let mut lines = Vec::new();
        let mut add = |label: &'static str, value: Option<String>| {
            if let Some(value) = value {
                lines.push((label, value));
            }
        };
        add(say("Lưu ý", "Note"), self.sample.then(|| sample_words(lang).to_owned()));
        add(say("Cơ quan", "Agency"), self.agency.as_ref().map(|(code, name)| format!("{code} {name}")));
        add(say("Phạm vi", "Scope"), self.scope.map(|scope| scope_words(scope, lang).to_owned()));
        add(say("Đợt khảo sát", "Survey"), self.survey.clone());
        for (code, version) in &self.questionnaires {
            let version = say("phiên bản", "version").to_owned() + &format!(" {version}");
            add(say("Phiếu khảo sát", "Questionnaire"), Some(format!("{code} {version}")));
        }
        add(say("Kỳ", "Period"), self.period.clone());
        let bounds = self.bounds.as_ref();
        add(say("Từ", "From"), bounds.map(|(from, ..)| from.clone()));
        add(say("Đến trước", "Up to but not including"), bounds.map(|(_, to, _)| to.clone()));
        add(say("Múi giờ", "Zone"), bounds.map(|(.., zone)| (*zone).to_owned()));
        add(say("Cây cơ quan tại ngày", "Tree of agencies as of"), self.as_of.clone());
        let formula =
            self.formula.map(|(id, version, _)| format!("{id} {} {version}", say("phiên bản", "version")));
        add(say("Công thức", "Formula"), formula);
        add(say("Định nghĩa", "Definition"), self.definition.clone());
        add(
            say("Đơn vị của giá trị", "Unit of values"),
            self.formula.map(|(.., unit)| unit_words(unit, lang).into()),
        );
        add(say("Độ tin cậy", "Confidence"), self.confidence_percent.map(|percent| format!("{percent} %")));
        let flagged = |word| {
            if word == "included" { say("có tính", "included") } else { say("không tính", "excluded") }
        };
        add(say("Phiếu bị đánh dấu", "Flagged responses"), self.flagged.map(|word| flagged(word).to_owned()));
        add(say("Ngưỡng công bố", "Least people shown"), self.min_n.map(|min_n| min_n.to_string()));
        add(
            say("Dữ liệu đến", "Data up to"),
            self.data_watermark.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        );
        lines
    }

    /// The line below a chart: where the figures come from and how new they are.
    pub fn source(&self, lang: Lang) -> String {
        let say = |vi, en| if lang == Lang::Vi { vi } else { en };
        let mut parts = vec![match &self.survey {
            Some(survey) => {
                format!("{}: SIPAS, {} {survey}", say("Nguồn", "Source"), say("đợt khảo sát", "survey"))
            }
            None => format!("{}: SIPAS", say("Nguồn", "Source")),
        }];
        for (code, version) in &self.questionnaires {
            parts.push(format!(
                "{} {code} {} {version}",
                say("phiếu", "questionnaire"),
                say("phiên bản", "version")
            ));
        }
        if let Some(day) = &self.as_of {
            parts.push(format!("{} {day}", say("cây cơ quan tại ngày", "tree of agencies as of")));
        }
        if let Some(at) = self.data_watermark {
            let form =
                say("dữ liệu đến %d/%m/%Y %H:%M (giờ Việt Nam)", "data up to %Y-%m-%d %H:%M (Viet Nam time)");
            parts.push(at.with_timezone(&ZONE).format(form).to_string());
        }
        if self.sample {
            parts.push(sample_words(lang).into());
        }
        parts.join(" · ")
    }
}

/// What invented figures are marked with.
const fn sample_words(lang: Lang) -> &'static str {
    match lang {
        Lang::Vi => "số liệu minh họa, không phải số liệu thật",
        Lang::En => "invented for demonstration, not real figures",
    }
}

/// `subtree` or `self` in words.
pub fn scope_words(scope: &str, lang: Lang) -> &'static str {
    match (scope, lang) {
        ("self", Lang::Vi) => "riêng cơ quan",
        ("self", Lang::En) => "the agency alone",
        (_, Lang::Vi) => "cơ quan và mọi đơn vị trực thuộc",
        (_, Lang::En) => "the agency and everything below",
    }
}

/// A formula's unit as people write it: `%`, `điểm`.
pub fn unit_words(unit: &'static str, lang: Lang) -> &'static str {
    match (unit, lang) {
        ("percent", _) => "%",
        ("points", Lang::Vi) => "điểm",
        ("people", Lang::Vi) => "người",
        ("answers", Lang::Vi) => "câu trả lời",
        (unit, _) => unit,
    }
}
