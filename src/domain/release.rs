//! Releases: sealed, numbered publications of figures (công bố). What they are called and which way they go.

use super::audit_chain::Hash;
use super::ids::{AgencyId, ClientId};
use super::questionnaire::Wording;
use crate::error::FaultKind;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Most characters of the name that a series has within its agency.
pub const MAX_NAME: usize = 40;

/// Most characters of a title.
pub const MAX_TITLE: usize = 200;

/// Most characters of a reason.
pub const MAX_REASON: usize = 500;

/// Reads the name of a series within its agency: letters of ASCII, digits and hyphens, for example `2026-Q3`.
///
/// # Errors
/// [`FaultKind::BadFormat`] or [`FaultKind::TooLong`].
pub fn parse_name(text: &str) -> Result<String, FaultKind> {
    if text.chars().count() > MAX_NAME {
        return Err(FaultKind::TooLong { max: MAX_NAME });
    }
    if is_name(text) { Ok(text.to_owned()) } else { Err(FaultKind::BadFormat { expected: "2026-Q3" }) }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// The whole name of a series, `H56_2026-Q3`: with the agency's code (`VN`: the whole country), so that nobody can take
/// the name that another agency will want.
pub fn series_of(agency: &str, name: &str) -> String {
    format!("{agency}_{name}")
}

/// Series and revision, as a release is named: `H56_2026-Q3/1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// The series.
    pub series: String,
    /// From 1 in each series.
    pub revision: i32,
}

impl Number {
    /// Reads a number from its two parts; `None` if no release can have it.
    pub fn of(series: &str, revision: &str) -> Option<Self> {
        let (agency, name) = series.split_once('_')?;
        let is_agency = agency.starts_with(|c: char| c.is_ascii_uppercase())
            && agency.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '.');
        let plain = revision.len() <= 6 && revision.starts_with(|c: char| matches!(c, '1'..='9'));
        let revision = revision.parse().ok().filter(|_| plain)?;
        (is_agency && is_name(name)).then(|| Self { series: series.to_owned(), revision })
    }

    /// Reads `H56_2026-Q3/1`.
    pub fn parse(text: &str) -> Option<Self> {
        let (series, revision) = text.split_once('/')?;
        Self::of(series, revision)
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.series, self.revision)
    }
}

/// How far a release has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseState {
    /// Its figures are fixed; a second client has to review it.
    Draft,
    /// Reviewed and good; may be sealed.
    Approved,
    /// Reviewed and no good; stays in the list of those in charge.
    Rejected,
    /// Published for good.
    Sealed,
}

impl ReleaseState {
    /// Every word.
    pub const WORDS: [&'static str; 4] = ["draft", "approved", "rejected", "sealed"];

    /// What a reviewer may decide.
    pub const DECISIONS: [&'static str; 2] = ["approved", "rejected"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "draft" => Ok(Self::Draft),
            "approved" => Ok(Self::Approved),
            "rejected" => Ok(Self::Rejected),
            "sealed" => Ok(Self::Sealed),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// Reads what a reviewer decided.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse_decision(text: &str) -> Result<Self, FaultKind> {
        let decision =
            Self::parse(text).ok().filter(|state| matches!(state, Self::Approved | Self::Rejected));
        decision.ok_or(FaultKind::NotAllowed { allowed: &Self::DECISIONS })
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Sealed => "sealed",
        }
    }
}

/// What a reviewer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Who.
    pub by: ClientId,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

/// How a release was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// When.
    pub at: DateTime<Utc>,
    /// Its revision in the series.
    pub revision: i32,
    /// The key that signed it: SHA-256 of its public half in hexadecimal.
    pub kid: String,
    /// SHA-256 of the package.
    pub package: Hash,
}

/// A release without its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its id.
    pub id: Uuid,
    /// Its number in the order of drafting.
    pub seq: i64,
    /// Whose it is; `None`: the whole country's.
    pub agency: Option<AgencyId>,
    /// Its series, see [`series_of`].
    pub series: String,
    /// What it is called.
    pub title: Wording,
    /// The revision it corrects, and why.
    pub corrects: Option<(i32, String)>,
    /// SHA-256 of the draft; what a reviewer names.
    pub digest: Hash,
    /// How far it has come.
    pub state: ReleaseState,
    /// Who drafted it.
    pub drafted_by: ClientId,
    /// When.
    pub drafted_at: DateTime<Utc>,
    /// What the reviewer said, once there was one.
    pub review: Option<Review>,
    /// How it was sealed, once it is.
    pub seal: Option<Seal>,
}

/// The public half of a key that ever sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseKey {
    /// SHA-256 of the public half in hexadecimal.
    pub kid: String,
    /// Ed25519, 32 bytes.
    pub public: Vec<u8>,
    /// When it sealed first.
    pub first_used_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written_and_nothing_else_is() {
        for text in ["H56_2026-Q3/1", "VN_a/12", "H56.C1_2026/999999"] {
            assert_eq!(Number::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "H56_2026",
            "H56/1",
            "H56_/1",
            "h56_a/1",
            "H56_a/0",
            "H56_a/01",
            "H56_a/+1",
            "H56_a_b/1",
            "_a/1",
            "H56_../1",
            "H56_a/1/2",
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        assert!(parse_name("2026-Q3").is_ok() && parse_name("-x").is_err() && parse_name("a b").is_err());
        assert!(parse_name(&"a".repeat(MAX_NAME + 1)).is_err());
    }
}
