//! Measures: the indices that provinces are judged by, as others publish them. What a measure is and what of it is
//! known belongs here; values that somebody entered are in [`super::measure_value`]. Our own figures are no measures:
//! they are computed (`crate::index`), these are entered.

use super::amount::Amount;
use super::period::Period;
use super::questionnaire::Wording;
use crate::error::FaultKind;
use chrono::{Datelike, Months, NaiveDate};
use std::fmt;

/// Code of a measure, for example `par`, or `766.mdhl` for a group of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MeasureCode(String);

impl MeasureCode {
    /// Most characters.
    pub const MAX: usize = 40;

    /// Reads a code: `a-z`, `0-9`, hyphens, and points between the code of a measure and that of its group.
    ///
    /// # Errors
    /// [`FaultKind::BadFormat`].
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        let word = |word: &str| {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            !word.is_empty() && !word.starts_with('-') && word.bytes().all(plain)
        };
        let well_formed = text.len() <= Self::MAX && text.split('.').all(word);
        let code = well_formed.then(|| Self(text.to_owned()));
        code.ok_or(FaultKind::BadFormat { expected: "par, 766.mdhl" })
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MeasureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How often a measure is published, which is how long the periods of its values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// Once a year.
    Year,
    /// Once a quarter.
    Quarter,
    /// Once a month.
    Month,
}

impl Frequency {
    /// The words of the wire and of catalogue files.
    pub const WORDS: [&'static str; 3] = ["year", "quarter", "month"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "year" => Ok(Self::Year),
            "quarter" => Ok(Self::Quarter),
            "month" => Ok(Self::Month),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Quarter => "quarter",
            Self::Month => "month",
        }
    }

    /// Calendar months of one period.
    pub const fn months(self) -> u32 {
        match self {
            Self::Year => 12,
            Self::Quarter => 3,
            Self::Month => 1,
        }
    }

    /// Reads the code of a period of this length.
    ///
    /// # Errors
    /// [`FaultKind::BadFormat`] for anything else, also for a period of another length.
    pub fn parse_period(self, text: &str) -> Result<Period, FaultKind> {
        let expected = match self {
            Self::Year => "2026",
            Self::Quarter => "2026-Q3",
            Self::Month => "2026-07",
        };
        let period = Period::parse(text).ok().filter(|period| self.is_length_of(period));
        period.ok_or(FaultKind::BadFormat { expected })
    }

    /// Reads the code of a year, quarter or month.
    ///
    /// # Errors
    /// [`FaultKind::BadFormat`] for anything else.
    pub fn any_period(text: &str) -> Result<Period, FaultKind> {
        let all = [Self::Year, Self::Quarter, Self::Month];
        let period = all.into_iter().find_map(|frequency| frequency.parse_period(text).ok());
        period.ok_or(FaultKind::BadFormat { expected: "2026, 2026-Q3, 2026-07" })
    }

    /// Whether a period is as long as those of this frequency.
    pub fn is_length_of(self, period: &Period) -> bool {
        period.from().day() == 1
            && period.from().checked_add_months(Months::new(self.months())) == Some(period.to())
            && period.code().is_some()
    }

    /// The period that holds a day; `None` outside the years that are read.
    pub fn holding(self, day: NaiveDate) -> Option<Period> {
        let code = match self {
            Self::Year => format!("{:04}", day.year()),
            Self::Quarter => format!("{:04}-Q{}", day.year(), day.month0() / 3 + 1),
            Self::Month => format!("{:04}-{:02}", day.year(), day.month()),
        };
        Period::parse(&code).ok()
    }

    /// The period right before one.
    pub fn before(self, period: &Period) -> Option<Period> {
        self.holding(period.from().pred_opt()?)
    }

    /// The period right after one.
    pub fn after(self, period: &Period) -> Option<Period> {
        self.holding(period.to())
    }
}

/// What the numbers of a measure are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeasureUnit {
    /// Percent.
    Percent,
    /// Points.
    Points,
}

impl MeasureUnit {
    /// The words of the wire and of catalogue files.
    pub const WORDS: [&'static str; 2] = ["percent", "points"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "percent" => Ok(Self::Percent),
            "points" => Ok(Self::Points),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::Points => "points",
        }
    }
}

/// How far a statement about a measure or a value can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It was read in the source that is named.
    Verified,
    /// It was not; it is general knowledge or was derived.
    Assumed,
}

impl Mark {
    /// The words of the wire, of catalogue files and of the database.
    pub const WORDS: [&'static str; 2] = ["verified", "assumed"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "verified" => Ok(Self::Verified),
            "assumed" => Ok(Self::Assumed),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Assumed => "assumed",
        }
    }
}

/// A statement about a measure, and how far it can be relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about, one of [`Fact::ABOUT`].
    pub about: &'static str,
    /// How far it can be relied on.
    pub mark: Mark,
    /// The statement, and where it was read.
    pub text: Wording,
}

impl Fact {
    /// What a statement can be about.
    pub const ABOUT: [&'static str; 7] =
        ["owner", "frequency", "unit", "scale", "higher_is_better", "groups", "history"];
}

/// Where a series ends because the measure was made otherwise from then on: no change is told across it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The first period that was made the new way.
    pub first: Period,
    /// What became different.
    pub reason: Wording,
    /// How far this can be relied on.
    pub mark: Mark,
}

/// An index as others publish it. A version is never changed: values name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Code.
    pub code: MeasureCode,
    /// Version of this definition, from 1.
    pub version: i16,
    /// The measure this is a group of.
    pub parent: Option<MeasureCode>,
    /// Name.
    pub name: Wording,
    /// Who publishes it.
    pub owner: Wording,
    /// What its numbers are.
    pub unit: MeasureUnit,
    /// Smallest and largest value, each where it is verified; only what is verified is enforced.
    pub scale: (Option<Amount>, Option<Amount>),
    /// How often it is published.
    pub frequency: Frequency,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// Where it comes from.
    pub source: Wording,
    /// What is known of it and how surely.
    pub facts: Vec<Fact>,
    /// Where series end, in order.
    pub breaks: Vec<Break>,
}

impl Measure {
    /// The break that lies between an earlier and a later period, the last one if there are several.
    pub fn break_between(&self, earlier: &Period, later: &Period) -> Option<&Break> {
        let between =
            |broken: &&Break| earlier.from() < broken.first.from() && broken.first.from() <= later.from();
        self.breaks.iter().rev().find(between)
    }

    /// Whether a value lies on the scale as far as that is known.
    pub fn takes(&self, value: Amount) -> bool {
        self.scale.0.is_none_or(|least| least <= value) && self.scale.1.is_none_or(|most| value <= most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_as_long_as_its_measure_says() {
        assert!(Frequency::Year.parse_period("2023").is_ok());
        assert!(Frequency::Quarter.parse_period("2023-Q4").is_ok());
        assert!(Frequency::Month.parse_period("2023-12").is_ok());
        for (frequency, text) in [
            (Frequency::Year, "2023-Q4"),
            (Frequency::Quarter, "2023"),
            (Frequency::Quarter, "2023-12"),
            (Frequency::Month, "2023-Q1"),
            (Frequency::Month, "2023-W01"),
            (Frequency::Month, "2023-12-01"),
        ] {
            assert!(frequency.parse_period(text).is_err(), "{} {text}", frequency.as_str());
        }
    }

    #[test]
    fn before_and_after_cross_the_turn_of_the_year() {
        for (frequency, before, after) in [
            (Frequency::Year, "2022", "2023"),
            (Frequency::Quarter, "2022-Q4", "2023-Q1"),
            (Frequency::Month, "2022-12", "2023-01"),
        ] {
            let (before, after) = (Period::parse(before).unwrap(), Period::parse(after).unwrap());
            assert_eq!(frequency.after(&before), Some(after.clone()));
            assert_eq!(frequency.before(&after), Some(before));
        }
        assert_eq!(Frequency::Year.before(&Period::parse("1990").unwrap()), None);
    }

    #[test]
    fn codes_are_words_with_points_between() {
        for text in ["par", "cchc-sub", "766", "766.mdhl"] {
            assert_eq!(MeasureCode::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "PAR", "par.", ".par", "-par", "par/1", "chỉ", &"a".repeat(41)] {
            assert!(MeasureCode::parse(text).is_err(), "{text:?}");
        }
    }
}
