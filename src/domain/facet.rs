//! Facets: what a figure can be broken down by.

use crate::error::FaultKind;

/// A slice of the responses. One at a time: figures of two facets at once would be too small to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Facet {
    /// How the citizen answered.
    Channel,
    /// The desk.
    ServicePoint,
    /// The administrative procedure.
    Procedure,
    /// Gender.
    Gender,
    /// Age band.
    AgeBand,
}

impl Facet {
    /// Every facet.
    pub const ALL: [Self; 5] =
        [Self::Channel, Self::ServicePoint, Self::Procedure, Self::Gender, Self::AgeBand];

    /// The words of the wire.
    pub const WORDS: [&'static str; 5] = ["channel", "service_point", "procedure", "gender", "age_band"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        let facet = Self::ALL.into_iter().find(|facet| facet.as_str() == text);
        facet.ok_or(FaultKind::NotAllowed { allowed: &Self::WORDS })
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::ServicePoint => "service_point",
            Self::Procedure => "procedure",
            Self::Gender => "gender",
            Self::AgeBand => "age_band",
        }
    }

    /// Its number in the tallies; 0 is everything.
    pub const fn number(self) -> i16 {
        match self {
            Self::Channel => 1,
            Self::ServicePoint => 2,
            Self::Procedure => 3,
            Self::Gender => 4,
            Self::AgeBand => 5,
        }
    }
}
