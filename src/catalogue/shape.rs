//! The shape of a catalogue file: names, lengths, ranges, counts. What the entries mean is checked in
//! [`super::rules`].

use serde::{Deserialize, Serialize};
use validator::Validate;

#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct FileBody {
    #[validate(nested)]
    pub(super) questionnaire: Option<QuestionnaireBody>,
    #[serde(default)]
    #[validate(nested)]
    pub(super) scales: Vec<ScaleBody>,
    #[serde(default)]
    #[validate(nested)]
    pub(super) elements: Vec<ElementBody>,
    #[serde(default)]
    #[validate(nested)]
    pub(super) agencies: Vec<AgencyBody>,
    #[serde(default)]
    #[validate(nested)]
    pub(super) agency_events: Vec<AgencyEventBody>,
    #[serde(default)]
    #[validate(nested)]
    pub(super) service_points: Vec<ServicePointBody>,
    #[serde(default)]
    #[validate(nested)]
    pub(super) surveys: Vec<SurveyBody>,
}

#[derive(Debug, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct WordingBody {
    #[validate(length(min = 1, max = 500))]
    pub(super) vi: String,
    #[validate(length(min = 1, max = 500))]
    pub(super) en: String,
}

#[derive(Debug, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct QuestionnaireBody {
    #[validate(length(min = 1, max = 60))]
    pub(super) code: String,
    #[validate(range(min = 1))]
    pub(super) version: i16,
    pub(super) kind: String,
    #[validate(nested)]
    pub(super) name: WordingBody,
    #[validate(length(min = 1, max = 1000))]
    pub(super) source: String,
}

#[derive(Debug, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct ScaleBody {
    #[validate(length(min = 1, max = 60))]
    pub(super) code: String,
    #[validate(nested, length(min = 2, max = 5))]
    pub(super) levels: Vec<LevelBody>,
}

#[derive(Debug, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelBody {
    pub(super) value: i16,
    #[serde(default)]
    pub(super) satisfied: bool,
    #[validate(nested)]
    pub(super) text: WordingBody,
}

#[derive(Debug, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct ElementBody {
    #[validate(length(min = 1, max = 60))]
    pub(super) code: String,
    #[validate(nested)]
    pub(super) text: WordingBody,
    #[validate(nested, length(min = 1))]
    pub(super) criteria: Vec<CriterionBody>,
}

#[derive(Debug, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct CriterionBody {
    #[validate(length(min = 1, max = 60))]
    pub(super) code: String,
    #[validate(length(min = 1, max = 10))]
    pub(super) number: String,
    pub(super) scale: String,
    #[serde(default)]
    pub(super) may_be_not_applicable: bool,
    #[validate(nested)]
    pub(super) text: WordingBody,
}

#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct AgencyBody {
    pub(super) code: String,
    pub(super) unit_code: Option<String>,
    pub(super) level: String,
    #[validate(length(min = 1, max = 300))]
    pub(super) name: String,
    pub(super) parent: Option<String>,
    pub(super) valid_from: String,
    pub(super) valid_to: Option<String>,
    #[serde(default)]
    pub(super) sample: bool,
    #[validate(length(min = 1, max = 1000))]
    pub(super) note: Option<String>,
}

/// What became of agencies; `kind` says which of the fields are meant. An agency that comes up by an event stands among
/// the agencies, with the day of the event as `valid_from`.
#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct AgencyEventBody {
    pub(super) kind: String,
    pub(super) effective_on: String,
    #[validate(length(min = 1, max = 1000))]
    pub(super) basis: String,
    pub(super) agency: Option<String>,
    #[validate(length(min = 1, max = 300))]
    pub(super) name: Option<String>,
    pub(super) parent: Option<String>,
    pub(super) unit_code: Option<String>,
    pub(super) predecessors: Option<Vec<String>>,
    pub(super) successor: Option<String>,
    #[validate(nested)]
    pub(super) successors: Option<Vec<SuccessorBody>>,
}

#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct SuccessorBody {
    pub(super) agency: String,
    /// A fraction, for example `3/5`.
    pub(super) share: String,
}

#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct ServicePointBody {
    #[validate(length(min = 1, max = 40))]
    pub(super) code: String,
    pub(super) agency: String,
    #[validate(length(min = 1, max = 300))]
    pub(super) name: String,
    pub(super) valid_from: String,
    pub(super) valid_to: Option<String>,
    #[serde(default)]
    pub(super) sample: bool,
}

#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(super) struct SurveyBody {
    #[validate(length(min = 1, max = 60))]
    pub(super) code: String,
    #[validate(nested)]
    pub(super) name: WordingBody,
    pub(super) questionnaire: String,
    pub(super) version: i16,
    pub(super) opens_on: String,
    pub(super) closes_on: Option<String>,
    #[validate(length(min = 1))]
    pub(super) agencies: Vec<String>,
    #[serde(default)]
    pub(super) sample: bool,
    /// `optional` (default) or `required`.
    pub(super) visits: Option<String>,
    /// Codes of criteria.
    pub(super) short_form: Option<Vec<String>>,
}
