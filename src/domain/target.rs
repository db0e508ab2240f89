//! Targets: what an agency shall reach in a period, and which of several counts. Whether it was reached is
//! `crate::index::target`'s to say.

use super::amount::Amount;
use super::ids::{AgencyId, ClientId};
use super::measure::{Frequency, MeasureCode};
use super::period::Period;
use crate::error::FaultKind;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::fmt;

/// What a target is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetSubject {
    /// A figure of ours.
    Figure {
        /// Code of the survey.
        survey: String,
        /// Id of the formula.
        formula: String,
    },
    /// An index that others publish.
    Measure(MeasureCode),
}

impl TargetSubject {
    /// What `parse` reads, for messages.
    pub const FORMS: &'static str = "demo-service:satisfied-share, par";

    /// Reads a subject: survey and formula with a colon between, or the code of a measure.
    ///
    /// # Errors
    /// [`FaultKind::BadFormat`]. Whether there is such a survey, formula or measure is not known here.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        let bad = || FaultKind::BadFormat { expected: Self::FORMS };
        let word = |word: &str| {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            (1..=60).contains(&word.len()) && word.bytes().all(plain)
        };
        match text.split_once(':') {
            Some((survey, formula)) if word(survey) && word(formula) => {
                Ok(Self::Figure { survey: survey.to_owned(), formula: formula.to_owned() })
            }
            Some(_) => Err(bad()),
            None => MeasureCode::parse(text).map(Self::Measure).map_err(|_| bad()),
        }
    }
}

impl fmt::Display for TargetSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Figure { survey, formula } => write!(f, "{survey}:{formula}"),
            Self::Measure(code) => write!(f, "{code}"),
        }
    }
}

/// What shall be reached: a value, a rank, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aim {
    /// Smallest value, in the unit of the formula or measure.
    pub at_least: Option<Amount>,
    /// Worst rank, from 1; of measures alone.
    pub rank_at_most: Option<u32>,
}

impl Aim {
    /// Largest number of a rank that is taken: more than there are agencies to be ranked among.
    pub const MAX_RANK: i64 = 10_000;
}

/// A target, or the end of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its number, in the order of setting.
    pub seq: i64,
    /// For whom it was set.
    pub agency: AgencyId,
    /// What it is about.
    pub subject: TargetSubject,
    /// The year, quarter or month it holds for.
    pub period: Period,
    /// What shall be reached; `None`: the target that it replaces was ended.
    pub aim: Option<Aim>,
    /// The plan or decision it stands in.
    pub basis: Option<String>,
    /// Number of the one it replaces.
    pub replaces: Option<i64>,
    /// Who set it.
    pub set_by: ClientId,
    /// When.
    pub set_at: DateTime<Utc>,
}

impl Target {
    /// Most characters of a basis.
    pub const MAX_BASIS: usize = 500;

    /// Reads the period of a target.
    ///
    /// # Errors
    /// [`FaultKind::BadFormat`] for anything but the code of a year, quarter or month.
    pub fn parse_period(text: &str) -> Result<Period, FaultKind> {
        let lengths = [Frequency::Year, Frequency::Quarter, Frequency::Month];
        let period = Period::parse(text).ok();
        let period = period.filter(|period| lengths.iter().any(|length| length.is_length_of(period)));
        period.ok_or(FaultKind::BadFormat { expected: "2026, 2026-Q3, 2026-07" })
    }

    /// The periods whose targets hold for this one, the nearest first: itself, then the longer ones that contain it.
    pub fn periods_for(period: &Period) -> Vec<Period> {
        let lengths = [Frequency::Month, Frequency::Quarter, Frequency::Year];
        let holding = lengths.iter().filter_map(|length| length.holding(period.from()));
        holding.filter(|holding| period.to() <= holding.to()).collect()
    }

    /// Which targets count, one for each subject: `chain` is the agency and those above it, from itself upwards. The
    /// nearest agency that has one at all is followed, and of its targets the one for the nearest of `periods`: who set
    /// the year's target for itself is not held to the month's of another. `targets` are the newest of their chains.
    pub fn in_force(chain: &[AgencyId], periods: &[Period], targets: Vec<Self>) -> Vec<Self> {
        let mut found: BTreeMap<TargetSubject, ((usize, usize), Self)> = BTreeMap::new();
        for target in targets.into_iter().filter(|target| target.aim.is_some()) {
            let near = chain.iter().position(|agency| *agency == target.agency);
            let Some(at) = near.zip(periods.iter().position(|period| *period == target.period)) else {
                continue;
            };
            let nearer = found.get(&target.subject).is_none_or(|(known, _)| at < *known);
            if nearer {
                found.insert(target.subject.clone(), (at, target));
            }
        }
        found.into_values().map(|(_, target)| target).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn target(seq: i64, agency: i32, period: &str, at_least: Option<&str>) -> Target {
        let at_least = at_least.map(|text| Amount::parse(text).unwrap());
        Target {
            seq,
            agency: AgencyId(agency),
            subject: TargetSubject::parse("par").unwrap(),
            period: Target::parse_period(period).unwrap(),
            aim: at_least.map(|at_least| Aim { at_least: Some(at_least), rank_at_most: None }),
            basis: None,
            replaces: None,
            set_by: ClientId(uuid::Uuid::nil()),
            set_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_subject_is_read_as_it_is_written() {
        for text in ["demo-service:satisfied-share", "par", "766.mdhl"] {
            assert_eq!(TargetSubject::parse(text).unwrap().to_string(), text);
        }
        for text in ["", ":", "a:", ":b", "a:b:c", "A:b", "PAR", "a b:c", "đ:c", "a/b:c"] {
            assert!(TargetSubject::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_period_is_held_by_itself_and_by_the_longer_ones() {
        let codes = |text: &str| -> Vec<String> {
            let periods = Target::periods_for(&Period::parse(text).unwrap());
            periods.iter().map(|period| period.code().unwrap().to_owned()).collect()
        };
        assert_eq!(codes("2025-08"), ["2025-08", "2025-Q3", "2025"]);
        assert_eq!(codes("2025-Q3"), ["2025-Q3", "2025"]);
        assert_eq!(codes("2025"), ["2025"]);
        for text in ["2025-W31", "2025-08-01", "2025-Q5", "25", ""] {
            assert!(Target::parse_period(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_nearest_agency_and_then_the_nearest_period_count() {
        let (chain, periods) = (
            [AgencyId(3), AgencyId(2), AgencyId(1)],
            Target::periods_for(&Period::parse("2025-Q3").unwrap()),
        );
        let counts = |targets: &[Target]| -> Option<i64> {
            let counting = Target::in_force(&chain, &periods, targets.to_vec());
            assert!(counting.len() < 2);
            counting.first().map(|target| target.seq)
        };
        let own_year = target(1, 3, "2025", Some("90"));
        let own_quarter = target(2, 3, "2025-Q3", Some("85"));
        let above = target(3, 2, "2025-Q3", Some("80"));
        let top = target(4, 1, "2025-Q3", Some("70"));
        assert_eq!(counts(&[top.clone(), above.clone(), own_quarter, own_year.clone()]), Some(2));
        assert_eq!(counts(&[top.clone(), above.clone(), own_year]), Some(1));
        assert_eq!(counts(&[top.clone(), above]), Some(3));
        assert_eq!(counts(&[top.clone(), target(5, 2, "2025-Q3", None)]), Some(4), "an ended one is none");
        assert_eq!(counts(&[target(6, 9, "2025", Some("1")), target(7, 3, "2025-Q2", Some("1"))]), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            if let Ok(subject) = TargetSubject::parse(&text) {
                prop_assert_eq!(subject.to_string(), text);
            }
        }
    }
}
