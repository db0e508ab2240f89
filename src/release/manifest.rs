//! What a release says about itself: the draft, which is fixed when the figures are made and which a reviewer reads, and the
//! manifest, which is signed.

use super::{canonical, digest};
use crate::error::{Error, Result};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Name of this form of drafts and manifests.
pub const FORM: &str = "sipas-release-1";

/// A text in Vietnamese and English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// Vietnamese.
    #[schema(example = "Chỉ số hài lòng quý II/2026")]
    pub vi: String,
    /// English.
    #[schema(example = "Satisfaction index, second quarter of 2026")]
    pub en: String,
}

/// Who publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Publisher {
    /// Code of the agency; `VN`: the whole country.
    #[schema(example = "H56")]
    pub code: String,
    /// Its name.
    pub name: String,
}

/// One question whose figures are in the release. A further kind of content is a further word for `kind`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// `index`: the whole, elements and criteria of an agency and, with `children`, of each agency right below;
    /// `ranking`: the agencies right below, ranked.
    #[schema(example = "index")]
    pub kind: String,
    /// About whom.
    #[schema(example = "H56")]
    pub agency: String,
    /// Code of the survey.
    #[schema(example = "demo-service")]
    pub survey: String,
    /// Whole months: a year, a quarter or a month.
    #[schema(example = "2026-Q2")]
    pub period: String,
    /// Id of the formula.
    #[schema(example = "satisfied-share")]
    pub formula: String,
    /// Confidence level of the intervals.
    #[schema(example = 95)]
    pub confidence_percent: u8,
    /// The day of the tree of agencies.
    pub tree_on: NaiveDate,
    /// Of an index: whether the agencies right below are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<bool>,
    /// Of a ranking: fewest people a ranked figure is made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranked_from_n: Option<u64>,
}

/// Which revision is corrected, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Corrects {
    /// The revision right before.
    #[schema(example = 1)]
    pub revision: i32,
    /// Why.
    pub reason: String,
}

/// What the figures were made from: everything up to these numbers, and nothing after. Each grows in the order in which things
/// became known, so that the same can be taken from the database years later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Watermark {
    /// Responses: last number of the log (the `seq` of `GET /v1/responses`).
    pub response_log: i64,
    /// Flags, reviews and voids: last number of the log of standings.
    pub standing_log: i64,
    /// Events of agencies: last number.
    pub agency_events: i64,
    /// Agencies: last number.
    pub agencies: i32,
    /// Names and places of agencies: last number.
    pub agency_versions: i32,
    /// Numbers of dossiers: last report.
    pub dossier_counts: i64,
    /// First day whose raw responses were kept; `null`: all.
    pub responses_kept_from: Option<NaiveDate>,
}

/// A questionnaire version, frozen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionnaireMark {
    /// Its code.
    pub code: String,
    /// Its version.
    pub version: i16,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

/// A formula.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormulaMark {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u16,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileMark {
    /// Its name.
    #[schema(example = "figures.json")]
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

impl FileMark {
    /// Of a file.
    pub fn of(name: &str, content: &[u8]) -> Self {
        let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
        Self { name: name.to_owned(), bytes, sha256: digest(content).to_string() }
    }
}

/// Everything that is fixed when the figures are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// See [`FORM`].
    #[schema(example = "sipas-release-1")]
    pub form: String,
    /// Its series.
    #[schema(example = "H56_2026-Q2")]
    pub series: String,
    /// What it is called.
    pub title: Title,
    /// Who publishes.
    pub publisher: Publisher,
    /// What is in it.
    pub contents: Vec<Content>,
    /// What it corrects; `null`: the first of its series.
    pub corrects: Option<Corrects>,
    /// When the figures were made.
    pub drafted_at: String,
    /// Fewest people a shown value is made from.
    pub min_n: u64,
    /// What they were made from.
    pub watermark: Watermark,
    /// By which questionnaires.
    pub questionnaires: Vec<QuestionnaireMark>,
    /// By which formulas.
    pub formulas: Vec<FormulaMark>,
    /// By which program.
    #[schema(example = "sipas 0.1.0")]
    pub program: String,
    /// The figures and what is written about the method.
    pub files: Vec<FileMark>,
}

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// See [`FORM`].
    #[schema(example = "sipas-release-1")]
    pub form: String,
    /// Series and revision.
    #[schema(example = "H56_2026-Q2/1")]
    pub number: String,
    /// The draft as it was reviewed.
    pub draft: Draft,
    /// SHA-256 of the draft's canonical JSON, which the reviewer named.
    pub draft_sha256: String,
    /// When it was approved.
    pub reviewed_at: String,
    /// When it was sealed.
    pub sealed_at: String,
    /// The key: SHA-256 of its public half.
    pub key: String,
    /// Address of the licence, if the publisher has set one.
    pub licence: Option<String>,
    /// Every file but the manifest and its signature, by name.
    pub files: Vec<FileMark>,
}

impl Draft {
    /// Reads a draft.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`](crate::error::ErrorCode::Internal) for another text: drafts are written by this program.
    pub fn parse(text: &[u8]) -> Result<Self> {
        serde_json::from_slice(text).map_err(Error::internal)
    }

    /// As it is stored, reviewed and digested.
    ///
    /// # Errors
    /// As [`canonical`].
    pub fn text(&self) -> Result<Vec<u8>> {
        canonical(self)
    }
}
