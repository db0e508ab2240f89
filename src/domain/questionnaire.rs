//! Questionnaires: what is asked, in which words, on which scale. A version is frozen once published.

use crate::error::{FaultKind, Lang};

/// Which measurement a questionnaire belongs to. Figures of different kinds are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// SIPAS: five levels 1..5.
    Sipas,
    /// Desk rating of a dossier (TT 01/2018/TT-VPCP art. 12-15): 0, 1 or 2 points.
    Desk,
}

impl Kind {
    /// The words of the wire, the catalogue files and the database.
    pub const WORDS: [&'static str; 2] = ["sipas", "desk"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "sipas" => Ok(Self::Sipas),
            "desk" => Ok(Self::Desk),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sipas => "sipas",
            Self::Desk => "desk",
        }
    }

    /// The level values every scale of this kind has, from the worst.
    pub const fn level_values(self) -> &'static [i16] {
        match self {
            Self::Sipas => &[1, 2, 3, 4, 5],
            Self::Desk => &[0, 1, 2],
        }
    }
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Wording {
    /// The text in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Vi => &self.vi,
            Lang::En => &self.en,
        }
    }
}

/// One allowed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// What the form or the law calls it: 1..5, or 0..2 points.
    pub value: i16,
    /// Whether it counts as satisfied in `satisfied-share`.
    pub satisfied: bool,
    /// Its words.
    pub text: Wording,
}

/// The allowed answers from the worst to the best. A level's ordinal is its place, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scale {
    /// Code within the questionnaire.
    pub code: String,
    /// The levels, at most [`Scale::MAX_LEVELS`].
    pub levels: Vec<Level>,
}

impl Scale {
    /// Most levels a scale may have; the tallies have as many columns.
    pub const MAX_LEVELS: usize = 5;

    /// Ordinal (from 1) of a level's value, if the value is on the scale.
    pub fn ordinal(&self, value: i64) -> Option<u8> {
        let place = self.levels.iter().position(|level| i64::from(level.value) == value)?;
        u8::try_from(place + 1).ok()
    }

    /// The level of an ordinal; `None` for 0 (not applicable).
    pub fn level(&self, ordinal: u8) -> Option<&Level> {
        self.levels.get(usize::from(ordinal).checked_sub(1)?)
    }

    /// The values on it.
    pub fn values(&self) -> Vec<i16> {
        self.levels.iter().map(|level| level.value).collect()
    }
}

/// One item of the questionnaire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// Stable code, for example `access.signage`.
    pub code: String,
    /// Number on the official form.
    pub number: String,
    /// The question.
    pub text: Wording,
    /// Place of its scale in [`QuestionnaireVersion::scales`].
    pub scale: usize,
    /// Whether "not applicable" is an allowed answer.
    pub may_be_not_applicable: bool,
}

/// A group of criteria.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Stable code, for example `access`.
    pub code: String,
    /// Its heading.
    pub text: Wording,
    /// Places of its criteria in [`QuestionnaireVersion::criteria`].
    pub criteria: std::ops::Range<usize>,
}

/// A frozen wording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionnaireVersion {
    /// Code of the questionnaire, for example `sipas-service-2022`.
    pub code: String,
    /// Version, from 1.
    pub version: i16,
    /// Which measurement it belongs to.
    pub kind: Kind,
    /// Its title.
    pub name: Wording,
    /// Where the wording comes from and how far it is verified.
    pub source: String,
    /// The scales its criteria use.
    pub scales: Vec<Scale>,
    /// The groups, in order.
    pub elements: Vec<Element>,
    /// All criteria in order; the place is the place of the answer in a stored response.
    pub criteria: Vec<Criterion>,
}

impl QuestionnaireVersion {
    /// The scale of a criterion of this version.
    pub fn scale_of(&self, criterion: &Criterion) -> Option<&Scale> {
        self.scales.get(criterion.scale)
    }

    /// The parts that respondent-level sums are kept for: the whole, the criteria that must be answered (whose
    /// respondents all answered all of them, but for those who took a short form), then each element.
    pub fn parts(&self) -> Vec<Vec<usize>> {
        let required =
            self.criteria.iter().enumerate().filter(|(_, criterion)| !criterion.may_be_not_applicable);
        let mut parts = vec![(0..self.criteria.len()).collect(), required.map(|(place, _)| place).collect()];
        parts.extend(self.elements.iter().map(|element| element.criteria.clone().collect::<Vec<_>>()));
        parts
    }

    /// Places of the criteria that may be answered "not applicable".
    pub fn optional(&self) -> Vec<usize> {
        let criteria = self.criteria.iter().enumerate();
        criteria.filter(|(_, criterion)| criterion.may_be_not_applicable).map(|(place, _)| place).collect()
    }

    /// Codes of the criteria at these places.
    pub fn codes(&self, places: &[usize]) -> Vec<String> {
        let criteria = places.iter().filter_map(|place| self.criteria.get(*place));
        criteria.map(|criterion| criterion.code.clone()).collect()
    }

    /// How many [`Self::parts`] there are.
    pub fn parts_count(&self) -> usize {
        2 + self.elements.len()
    }

    /// Place of the criterion of this code. Looks from `hint` on: answers mostly come in the order of the
    /// questionnaire, and then the first look finds it.
    pub fn place_of(&self, code: &str, hint: usize) -> Option<usize> {
        if self.criteria.get(hint).is_some_and(|criterion| criterion.code == code) {
            return Some(hint);
        }
        let places = (hint..self.criteria.len()).chain(0..hint.min(self.criteria.len()));
        let mut places = places.filter(|place| self.criteria.get(*place).is_some_and(|c| c.code == code));
        places.next()
    }
}
