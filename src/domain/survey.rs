//! Surveys: one questionnaire version fielded at some agencies during a window.

use super::agency::{AgencyCode, Validity};
use super::ids::{AgencyId, SurveyId};
use super::questionnaire::{QuestionnaireVersion, Wording};
use super::tree::AgencyTree;
use super::visit::VisitRule;
use chrono::NaiveDate;
use std::sync::Arc;

/// Most criteria a short form may have: more is no longer short, and fewer answers than the rule `identical` of
/// [`flagging`](super::flagging) looks at by default.
pub const MAX_SHORT_FORM: usize = 5;

/// Whether a survey takes responses answered today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SurveyState {
    /// Not yet.
    Planned,
    /// Yes.
    Open,
    /// No longer; late responses answered inside the window are still taken.
    Closed,
}

impl SurveyState {
    /// The word of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// One questionnaire version, some agencies, a window (đợt khảo sát).
#[derive(Debug, Clone)]
pub struct Survey {
    /// Internal number.
    pub id: SurveyId,
    /// Code: `a-z 0-9 -`, 60 characters at most.
    pub code: String,
    /// Its title.
    pub name: Wording,
    /// What is asked.
    pub questionnaire: Arc<QuestionnaireVersion>,
    /// Days on which answering counts.
    pub window: Validity,
    /// Roots of the subtrees it is fielded at.
    pub agencies: Vec<AgencyId>,
    /// Invented for demonstration or tests.
    pub sample: bool,
    /// Whether who answers has to show a visit.
    pub visits: VisitRule,
    /// Places of the criteria that its short form asks, in the order of asking.
    pub short_form: Option<Vec<usize>>,
}

impl Survey {
    /// Its state on a day.
    pub fn state_on(&self, day: NaiveDate) -> SurveyState {
        if day < self.window.from {
            SurveyState::Planned
        } else if self.window.covers(day) {
            SurveyState::Open
        } else {
            SurveyState::Closed
        }
    }

    /// Whether it is fielded at this agency.
    pub fn covers(&self, tree: &AgencyTree, agency: AgencyId) -> bool {
        self.agencies.iter().any(|root| tree.contains(*root, agency))
    }

    /// Codes of the criteria that the short form asks, in the order of asking.
    pub fn short_form_codes(&self) -> Option<Vec<&str>> {
        let criteria = &self.questionnaire.criteria;
        let code = |place: &usize| criteria.get(*place).map(|criterion| criterion.code.as_str());
        self.short_form.as_ref().map(|places| places.iter().filter_map(code).collect())
    }

    /// Places of the criteria that some response may leave unanswered, in groups whose criteria are all answered by the
    /// same people: those the short form does not ask although they are required are answered by whoever took the full
    /// form.
    pub fn lacking(&self) -> Vec<Vec<usize>> {
        let asked = |place: &usize| self.short_form.as_ref().is_none_or(|asked| asked.contains(place));
        let optional = self.questionnaire.optional();
        let mut groups: Vec<Vec<usize>> = optional.iter().map(|place| vec![*place]).collect();
        let required = (0..self.questionnaire.criteria.len()).filter(|place| !optional.contains(place));
        groups.push(required.filter(|place| !asked(place)).collect());
        groups.retain(|group| !group.is_empty());
        groups
    }
}

/// A survey to be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSurvey {
    /// See [`Survey::code`].
    pub code: String,
    /// See [`Survey::name`].
    pub name: Wording,
    /// Code of the questionnaire.
    pub questionnaire: String,
    /// Its version.
    pub version: i16,
    /// See [`Survey::window`].
    pub window: Validity,
    /// Codes of the roots it is fielded at.
    pub agencies: Vec<AgencyCode>,
    /// Invented for demonstration or tests.
    pub sample: bool,
    /// See [`Survey::visits`].
    pub visits: VisitRule,
    /// Codes of the criteria of [`Survey::short_form`].
    pub short_form: Option<Vec<String>>,
}
