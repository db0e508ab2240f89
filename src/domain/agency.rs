//! Agencies and service points: who decides and is rated, and where files are received.

use super::ids::{AgencyId, ServicePointId};
use super::period::Period;
use crate::error::FaultKind;
use chrono::NaiveDate;
use compact_str::CompactString;
use std::fmt;

/// Agency e-identifier (mã định danh điện tử, QĐ 20/2020/QĐ-TTg art. 4): groups of `A-Z 0-9` split by
/// dots, the first a letter and two digits, 35 characters at most, for example `H56.14`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgencyCode(CompactString);

impl AgencyCode {
    /// Longest code the decree allows, in characters.
    pub const MAX_LEN: usize = 35;

    /// Reads a code as it is written; case is not folded.
    ///
    /// # Errors
    /// [`FaultKind::BadFormat`] if it is no e-identifier.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        let word = |group: &str| {
            !group.is_empty() && group.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        let first = text.split('.').next().is_some_and(|group| {
            matches!(group.as_bytes(), [letter, tens, ones] if letter.is_ascii_uppercase()
                && tens.is_ascii_digit() && ones.is_ascii_digit() && group != "Z00")
        });
        if text.len() <= Self::MAX_LEN && first && text.split('.').all(word) {
            Ok(Self(text.into()))
        } else {
            Err(FaultKind::BadFormat { expected: "H56.14" })
        }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AgencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Level of government an agency belongs to. There are no districts since 2025-07-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgencyLevel {
    /// Ministry or other central body.
    Ministry,
    /// Province or centrally run city.
    Province,
    /// Department of a province (sở).
    Department,
    /// District, until 2025-06-30.
    District,
    /// Commune, ward or special zone.
    Commune,
}

impl AgencyLevel {
    /// The words of the wire and the database.
    pub const WORDS: [&'static str; 5] = ["ministry", "province", "department", "district", "commune"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "ministry" => Ok(Self::Ministry),
            "province" => Ok(Self::Province),
            "department" => Ok(Self::Department),
            "district" => Ok(Self::District),
            "commune" => Ok(Self::Commune),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ministry => "ministry",
            Self::Province => "province",
            Self::Department => "department",
            Self::District => "district",
            Self::Commune => "commune",
        }
    }
}

/// Days on which something exists: `from` inclusive, `to` exclusive, open-ended without `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First day.
    pub from: NaiveDate,
    /// First day on which it no longer exists.
    pub to: Option<NaiveDate>,
}

impl Validity {
    /// Whether it exists on one of the days of a period.
    pub fn touches(&self, period: &Period) -> bool {
        self.from < period.to() && self.to.is_none_or(|to| period.from() < to)
    }

    /// Whether it exists on that day.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }
}

/// Reads an administrative unit code (QĐ 19/2025/QĐ-TTg): 2 digits for a province, 5 for a commune.
///
/// # Errors
/// [`FaultKind::BadFormat`] for anything else.
pub fn parse_unit_code(text: &str) -> Result<String, FaultKind> {
    if matches!(text.len(), 2 | 5) && text.bytes().all(|b| b.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err(FaultKind::BadFormat { expected: "38 (province) / 14797 (commune)" })
    }
}

/// A body that decides and is rated, as it is on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// Internal number.
    pub id: AgencyId,
    /// E-identifier; never used again for another agency.
    pub code: AgencyCode,
    /// Administrative unit code (QĐ 19/2025/QĐ-TTg): 2 digits for a province, 5 for a commune.
    pub unit_code: Option<String>,
    /// Level of government.
    pub level: AgencyLevel,
    /// Vietnamese name, NFC.
    pub name: String,
    /// The agency above; `None` at the top.
    pub parent: Option<AgencyId>,
    /// When it exists.
    pub valid: Validity,
    /// Invented for demonstration or tests.
    pub sample: bool,
    /// What a user of the row has to know, for example that its code is not verified.
    pub note: Option<String>,
}

/// What may change about an agency, from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyVersion {
    /// First day on which it is so.
    pub from: NaiveDate,
    /// See [`Agency::name`].
    pub name: String,
    /// See [`Agency::parent`].
    pub parent: Option<AgencyId>,
    /// See [`Agency::unit_code`].
    pub unit_code: Option<String>,
}

/// An agency with everything it was and will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyHistory {
    /// See [`Agency::id`].
    pub id: AgencyId,
    /// See [`Agency::code`].
    pub code: AgencyCode,
    /// See [`Agency::level`].
    pub level: AgencyLevel,
    /// See [`Agency::valid`].
    pub valid: Validity,
    /// See [`Agency::sample`].
    pub sample: bool,
    /// See [`Agency::note`].
    pub note: Option<String>,
    /// In order; of two of one day the later counts. The first is of the day it begins.
    pub versions: Vec<AgencyVersion>,
}

impl AgencyHistory {
    /// The version of a day; before the first day the first, after the last the last.
    pub fn version_on(&self, day: NaiveDate) -> Option<&AgencyVersion> {
        let begun = self.versions.partition_point(|version| version.from <= day);
        self.versions.get(begun.saturating_sub(1))
    }

    /// The agency as it is on a day; see [`AgencyHistory::version_on`] for days on which it does not exist.
    pub fn on(&self, day: NaiveDate) -> Agency {
        let version = self.version_on(day);
        Agency {
            id: self.id,
            code: self.code.clone(),
            unit_code: version.and_then(|version| version.unit_code.clone()),
            level: self.level,
            name: version.map(|version| version.name.clone()).unwrap_or_default(),
            parent: version.and_then(|version| version.parent),
            valid: self.valid,
            sample: self.sample,
            note: self.note.clone(),
        }
    }
}

impl From<Agency> for AgencyHistory {
    /// An agency about which nothing ever changed.
    fn from(agency: Agency) -> Self {
        let version = AgencyVersion {
            from: agency.valid.from,
            name: agency.name,
            parent: agency.parent,
            unit_code: agency.unit_code,
        };
        Self {
            id: agency.id,
            code: agency.code,
            level: agency.level,
            valid: agency.valid,
            sample: agency.sample,
            note: agency.note,
            versions: vec![version],
        }
    }
}

/// A desk where files are received; the agency that decides may be another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePoint {
    /// Internal number.
    pub id: ServicePointId,
    /// Code of our own: `A-Z 0-9 . -`, 40 characters at most.
    pub code: String,
    /// The agency that runs the desk.
    pub agency: AgencyId,
    /// Vietnamese name, NFC.
    pub name: String,
    /// When it exists.
    pub valid: Validity,
}

/// An agency to be entered, before it has a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAgency {
    /// See [`Agency::code`].
    pub code: AgencyCode,
    /// See [`Agency::unit_code`].
    pub unit_code: Option<String>,
    /// See [`Agency::level`].
    pub level: AgencyLevel,
    /// See [`Agency::name`].
    pub name: String,
    /// Code of the agency above; it is entered before or in the same load.
    pub parent: Option<AgencyCode>,
    /// See [`Agency::valid`].
    pub valid: Validity,
    /// See [`Agency::sample`].
    pub sample: bool,
    /// See [`Agency::note`].
    pub note: Option<String>,
}

/// A service point to be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewServicePoint {
    /// See [`ServicePoint::code`].
    pub code: String,
    /// Code of the agency that runs it.
    pub agency: AgencyCode,
    /// See [`ServicePoint::name`].
    pub name: String,
    /// See [`ServicePoint::valid`].
    pub valid: Validity,
    /// Invented for demonstration or tests.
    pub sample: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_decree_are_read() {
        for code in ["H56", "H56.14", "G09.X01.22", "Z99.1"] {
            assert_eq!(AgencyCode::parse(code).unwrap().as_str(), code);
        }
    }

    #[test]
    fn other_texts_are_no_codes() {
        let long = format!("H56.{}", "1".repeat(32));
        for text in [
            "",
            "h56",
            "H5",
            "H567",
            "H56.",
            ".H56",
            "H56..1",
            "H56.a",
            "Z00",
            "000.00.06.H56",
            "H56 ",
            &long,
        ] {
            assert!(AgencyCode::parse(text).is_err(), "{text:?}");
        }
    }
}
