//! The rules of a catalogue file. Its shape is checked by `validator` ([`super::shape`]), its meaning here by
//! the domain's own constructors; every broken rule is told.

use super::Source;
use super::shape::{
    AgencyBody, CriterionBody, ElementBody, FileBody, ScaleBody, ServicePointBody, SurveyBody, WordingBody,
};
use crate::domain::agency::{AgencyCode, AgencyLevel, NewAgency, NewServicePoint, Validity, parse_unit_code};
use crate::domain::agency_event::EventDraft;
use crate::domain::period::parse_day;
use crate::domain::questionnaire::{Criterion, Element, Kind, Level, QuestionnaireVersion, Scale, Wording};
use crate::domain::response::MAX_CRITERIA;
use crate::domain::survey::{MAX_SHORT_FORM, NewSurvey};
use crate::domain::text;
use crate::domain::visit::VisitRule;
use crate::error::{FaultKind, Lang};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use validator::Validate;

/// The entries of one file, all rules kept.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// At most one questionnaire version.
    pub questionnaire: Option<NewQuestionnaire>,
    /// Agencies, parents before children or not.
    pub agencies: Vec<NewAgency>,
    /// What became of agencies, in order.
    pub events: Vec<EventDraft>,
    /// Service points.
    pub service_points: Vec<NewServicePoint>,
    /// Surveys.
    pub surveys: Vec<NewSurvey>,
}

/// A questionnaire version with the digest of its content.
#[derive(Debug)]
pub struct NewQuestionnaire {
    /// The version.
    pub version: QuestionnaireVersion,
    /// SHA-256 of the file's content in canonical form (comments and layout do not count).
    pub digest: Vec<u8>,
}

/// Reads a file.
///
/// # Errors
/// One line for each broken rule, beginning with the file's name and the place.
pub fn parse(source: &Source) -> Result<Catalogue, Vec<String>> {
    let body: FileBody = toml::from_str(&source.text)
        .map_err(|error| vec![format!("{}: {}", source.name, error.to_string().trim())])?;
    let mut rules = Rules::of(&source.name);
    if let Err(errors) = body.validate() {
        rules.broken.extend(errors.to_string().lines().map(|line| format!("{}: {line}", source.name)));
    }
    let questionnaire = rules.questionnaire(&body);
    let catalogue = Catalogue {
        questionnaire,
        agencies: body.agencies.iter().filter_map(|agency| rules.agency(agency)).collect(),
        events: body.agency_events.iter().filter_map(|event| rules.event(event)).collect(),
        service_points: body.service_points.iter().filter_map(|point| rules.service_point(point)).collect(),
        surveys: body.surveys.iter().filter_map(|survey| rules.survey(survey)).collect(),
    };
    rules.end(catalogue)
}

/// Collects broken rules while entries are read.
pub(super) struct Rules<'a> {
    file: &'a str,
    broken: Vec<String>,
}

impl<'a> Rules<'a> {
    /// Nothing read yet of this file.
    pub(super) const fn of(file: &'a str) -> Self {
        Self { file, broken: Vec::new() }
    }

    /// What was read, if no rule was broken.
    pub(super) fn end<T>(self, read: T) -> Result<T, Vec<String>> {
        if self.broken.is_empty() { Ok(read) } else { Err(self.broken) }
    }
}

impl Rules<'_> {
    pub(super) fn broken(&mut self, place: &str, message: impl AsRef<str>) {
        self.broken.push(format!("{}: {place}: {}", self.file, message.as_ref()));
    }

    pub(super) fn keep<T>(&mut self, place: &str, result: Result<T, FaultKind>) -> Option<T> {
        result.map_err(|fault| self.broken(place, fault.detail(Lang::En))).ok()
    }

    pub(super) fn text(&mut self, place: &str, raw: &str) -> String {
        self.keep(place, text::clean(raw, 1000)).flatten().unwrap_or_default()
    }

    pub(super) fn wording(&mut self, place: &str, body: &WordingBody) -> Wording {
        Wording { vi: self.text(place, &body.vi), en: self.text(place, &body.en) }
    }

    /// A code of lower-case words: `a-z 0-9` and the given separators.
    fn word(&mut self, place: &str, code: &str, separators: &str) {
        let first = code.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        let rest =
            code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || separators.contains(c));
        if !first || !rest {
            self.broken(
                place,
                format!("code may hold a-z, 0-9 and {separators:?} only, and begins with a letter"),
            );
        }
    }

    fn unique<'b>(&mut self, place: &str, codes: impl Iterator<Item = &'b str>) {
        let mut seen = HashSet::new();
        for code in codes {
            if !seen.insert(code) {
                self.broken(place, format!("{code} stands twice"));
            }
        }
    }

    fn questionnaire(&mut self, file: &FileBody) -> Option<NewQuestionnaire> {
        let Some(body) = &file.questionnaire else {
            if !file.scales.is_empty() || !file.elements.is_empty() {
                self.broken("questionnaire", "scales and elements need a [questionnaire]");
            }
            return None;
        };
        let place = format!("questionnaire {}", body.code);
        let kind = self.keep(&place, Kind::parse(&body.kind))?;
        self.word(&place, &body.code, "-");
        self.unique("scales", file.scales.iter().map(|scale| scale.code.as_str()));
        self.unique("elements", file.elements.iter().map(|element| element.code.as_str()));
        let criteria = || file.elements.iter().flat_map(|element| &element.criteria);
        self.unique("criteria", criteria().map(|criterion| criterion.code.as_str()));
        let count = criteria().count();
        if !(1..=MAX_CRITERIA).contains(&count) {
            self.broken(&place, format!("{count} criteria; 1 to {MAX_CRITERIA} are possible"));
        }
        let scales: Vec<Scale> = file.scales.iter().map(|scale| self.scale(kind, scale)).collect();
        let (elements, criteria) = self.elements(file);
        let version = QuestionnaireVersion {
            code: body.code.clone(),
            version: body.version,
            kind,
            name: self.wording(&place, &body.name),
            source: self.text(&place, &body.source),
            scales,
            elements,
            criteria,
        };
        let canonical = serde_json::to_vec(&(body, &file.scales, &file.elements)).unwrap_or_default();
        Some(NewQuestionnaire { version, digest: Sha256::digest(canonical).to_vec() })
    }

    fn scale(&mut self, kind: Kind, body: &ScaleBody) -> Scale {
        let place = format!("scale {}", body.code);
        self.word(&place, &body.code, "_-");
        let values: Vec<i16> = body.levels.iter().map(|level| level.value).collect();
        if values != kind.level_values() {
            self.broken(
                &place,
                format!("levels {values:?}; kind {} has {:?}", kind.as_str(), kind.level_values()),
            );
        }
        // Levels 4 and 5 are the satisfied ones (the top-two share); desk points know no such thing.
        for level in &body.levels {
            if level.satisfied != (kind == Kind::Sipas && level.value >= 4) {
                self.broken(
                    &place,
                    format!("level {}: `satisfied` must mark levels 4 and 5 only", level.value),
                );
            }
        }
        let levels = body.levels.iter().map(|level| Level {
            value: level.value,
            satisfied: level.satisfied,
            text: self.wording(&place, &level.text),
        });
        Scale { code: body.code.clone(), levels: levels.collect() }
    }

    fn elements(&mut self, file: &FileBody) -> (Vec<Element>, Vec<Criterion>) {
        let (mut elements, mut criteria) = (Vec::new(), Vec::new());
        for body in &file.elements {
            self.word(&format!("element {}", body.code), &body.code, "_-");
            let first = criteria.len();
            for criterion in &body.criteria {
                criteria.extend(self.criterion(file, body, criterion));
            }
            elements.push(Element {
                code: body.code.clone(),
                text: self.wording(&body.code, &body.text),
                criteria: first..criteria.len(),
            });
        }
        (elements, criteria)
    }

    fn criterion(
        &mut self,
        file: &FileBody,
        element: &ElementBody,
        body: &CriterionBody,
    ) -> Option<Criterion> {
        let place = format!("criterion {}", body.code);
        self.word(&place, &body.code, "_-.");
        if body.code.split_once('.').map(|(head, _)| head) != Some(element.code.as_str()) {
            self.broken(&place, format!("code must begin with its element: {}.…", element.code));
        }
        let Some(scale) = file.scales.iter().position(|scale| scale.code == body.scale) else {
            self.broken(&place, format!("there is no scale {}", body.scale));
            return None;
        };
        Some(Criterion {
            code: body.code.clone(),
            number: self.text(&place, &body.number),
            text: self.wording(&place, &body.text),
            scale,
            may_be_not_applicable: body.may_be_not_applicable,
        })
    }

    fn validity(&mut self, place: &str, from: &str, to: Option<&str>) -> Option<Validity> {
        let from = self.keep(place, parse_day(from))?;
        let to = match to {
            Some(to) => Some(self.keep(place, parse_day(to))?),
            None => None,
        };
        if to.is_some_and(|to| to <= from) {
            self.broken(place, "ends before it begins");
        }
        Some(Validity { from, to })
    }

    fn agency(&mut self, body: &AgencyBody) -> Option<NewAgency> {
        let place = format!("agency {}", body.code);
        let unit_code = match &body.unit_code {
            Some(code) => Some(self.keep(&place, parse_unit_code(code))?),
            None => None,
        };
        let code = self.keep(&place, AgencyCode::parse(&body.code));
        let parent = match &body.parent {
            Some(parent) => Some(self.keep(&place, AgencyCode::parse(parent))?),
            None => None,
        };
        Some(NewAgency {
            code: code?,
            unit_code,
            level: self.keep(&place, AgencyLevel::parse(&body.level))?,
            name: self.text(&place, &body.name),
            parent,
            valid: self.validity(&place, &body.valid_from, body.valid_to.as_deref())?,
            sample: body.sample,
            note: body.note.as_ref().map(|note| self.text(&place, note)),
        })
    }

    fn service_point(&mut self, body: &ServicePointBody) -> Option<NewServicePoint> {
        let place = format!("service point {}", body.code);
        let well_formed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
        if !body.code.bytes().all(well_formed) || body.code.starts_with(['.', '-']) {
            self.broken(&place, "code may hold A-Z, 0-9, dots and dashes only");
        }
        Some(NewServicePoint {
            code: body.code.clone(),
            agency: self.keep(&place, AgencyCode::parse(&body.agency))?,
            name: self.text(&place, &body.name),
            valid: self.validity(&place, &body.valid_from, body.valid_to.as_deref())?,
            sample: body.sample,
        })
    }

    fn survey(&mut self, body: &SurveyBody) -> Option<NewSurvey> {
        let place = format!("survey {}", body.code);
        self.word(&place, &body.code, "-");
        self.unique(&place, body.agencies.iter().map(String::as_str));
        let agencies = body.agencies.iter().map(|code| self.keep(&place, AgencyCode::parse(code)));
        Some(NewSurvey {
            code: body.code.clone(),
            name: Wording { vi: body.name.vi.clone(), en: body.name.en.clone() },
            questionnaire: body.questionnaire.clone(),
            version: body.version,
            agencies: agencies.collect::<Option<_>>()?,
            window: self.validity(&place, &body.opens_on, body.closes_on.as_deref())?,
            sample: body.sample,
            visits: self.keep(&place, VisitRule::parse(body.visits.as_deref().unwrap_or("optional")))?,
            short_form: body.short_form.as_ref().map(|codes| self.short_form(&place, codes)),
        })
    }

    /// Whether its questionnaire has these criteria is seen when it is entered: the version may stand in another file.
    fn short_form(&mut self, place: &str, codes: &[String]) -> Vec<String> {
        let place = format!("{place}: short_form");
        if !(1..=MAX_SHORT_FORM).contains(&codes.len()) {
            self.broken(&place, format!("{} criteria; 1 to {MAX_SHORT_FORM} are possible", codes.len()));
        }
        self.unique(&place, codes.iter().map(String::as_str));
        codes.to_vec()
    }
}
