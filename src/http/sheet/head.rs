//! What every sheet of figures says above its columns: whose figures, of when, by which rule, how new. One
//! wording for all resources.

use crate::error::Lang;

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
    /// Fewest people a shown value is made from; `Some(0)`: nothing is withheld from this reader.
    pub min_n: Option<u64>,
    /// When the newest response counted in arrived, RFC 3339.
    pub data_watermark: Option<String>,
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
        let sample =
            say("số liệu minh họa, không phải số liệu thật", "invented for demonstration, not real figures");
        add(say("Lưu ý", "Note"), self.sample.then(|| sample.to_owned()));
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
        add(say("Ngưỡng công bố", "Least people shown"), self.min_n.map(|min_n| min_n.to_string()));
        add(say("Dữ liệu đến", "Data up to"), self.data_watermark.clone());
        lines
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
