//! Buckets: the points of a series.

use super::period::Period;
use crate::error::FaultKind;
use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

/// How long each point of a series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A day.
    Day,
    /// An ISO 8601 week, from Monday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 5] = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// The words of the wire.
    pub const WORDS: [&'static str; 5] = ["day", "week", "month", "quarter", "year"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        let found = Self::ALL.into_iter().zip(Self::WORDS).find(|(_, word)| *word == text);
        found.map(|(step, _)| step).ok_or(FaultKind::NotAllowed { allowed: &Self::WORDS })
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// First day of the span that holds `day`, and first day after that span.
    fn around(self, day: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let month = |month: u32| NaiveDate::from_ymd_opt(day.year(), month, 1);
        let (from, months) = match self {
            Self::Day => return Some((day, day.succ_opt()?)),
            Self::Week => {
                let monday = day.week(Weekday::Mon).first_day();
                return Some((monday, monday.checked_add_days(Days::new(7))?));
            }
            Self::Month => (month(day.month())?, 1),
            Self::Quarter => (month(day.month0() / 3 * 3 + 1)?, 3),
            Self::Year => (month(1)?, 12),
        };
        Some((from, from.checked_add_months(Months::new(months))?))
    }

    /// How the span that begins on `from` is written, a code that [`Period::parse`] reads.
    fn code(self, from: NaiveDate) -> String {
        match self {
            Self::Day => from.to_string(),
            Self::Week => from.format("%G-W%V").to_string(),
            Self::Month => from.format("%Y-%m").to_string(),
            Self::Quarter => format!("{}-Q{}", from.year(), from.month0() / 3 + 1),
            Self::Year => from.year().to_string(),
        }
    }
}

/// One point of a series: a span of days, whole days of the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The code of the whole step it belongs to.
    pub code: String,
    /// First day.
    pub from: NaiveDate,
    /// First day after it.
    pub to: NaiveDate,
    /// Whether the period begins or ends inside the step.
    pub partial: bool,
}

/// Cuts a period into steps; the first and the last end where the period does. `None` if there are more than `most`.
pub fn buckets(period: &Period, step: Step, most: usize) -> Option<Vec<Bucket>> {
    let (mut buckets, mut day) = (Vec::new(), period.from());
    while day < period.to() {
        if buckets.len() >= most {
            return None;
        }
        let (from, to) = step.around(day)?;
        let (first, end) = (from.max(period.from()), to.min(period.to()));
        buckets.push(Bucket {
            code: step.code(from),
            from: first,
            to: end,
            partial: (first, end) != (from, to),
        });
        day = end;
    }
    Some(buckets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn steps_are_named_as_periods_are() {
        let codes = |period: &str, step| -> Vec<String> {
            let buckets = buckets(&Period::parse(period).unwrap(), step, 100).unwrap();
            buckets.into_iter().map(|bucket| bucket.code).collect()
        };
        assert_eq!(codes("2026", Step::Quarter), ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]);
        assert_eq!(codes("2026-Q1", Step::Month), ["2026-01", "2026-02", "2026-03"]);
        // New Year's Eve of 2026 is in week 53.
        assert_eq!(codes("2026-12-31", Step::Week), ["2026-W53"]);
        assert_eq!(codes("2026-02", Step::Year), ["2026"]);
    }

    proptest! {
        #[test]
        fn buckets_tile_the_period(first in 0..20_000_i64, days in 1..800_i64, step in 0..5_usize) {
            let from = NaiveDate::from_ymd_opt(1990, 1, 1).unwrap() + chrono::TimeDelta::days(first);
            let period = Period::between(from, from + chrono::TimeDelta::days(days)).unwrap();
            let found = buckets(&period, Step::ALL[step], 1000).unwrap();
            prop_assert_eq!(found.first().unwrap().from, period.from());
            prop_assert_eq!(found.last().unwrap().to, period.to());
            for two in found.windows(2) {
                prop_assert_eq!(two[0].to, two[1].from);
            }
            for bucket in found {
                let whole = Period::parse(&bucket.code).unwrap();
                prop_assert!(whole.from() <= bucket.from && bucket.to <= whole.to());
                prop_assert_eq!(bucket.partial, (whole.from(), whole.to()) != (bucket.from, bucket.to));
            }
        }
    }
}
