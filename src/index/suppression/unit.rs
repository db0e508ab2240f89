//! Calendar units: the months, quarters and years whose figures the public may ask for.

use chrono::{Datelike, Months, NaiveDate};

/// Units of one year: twelve months, four quarters, the year.
pub(super) const UNITS: usize = 17;

/// Place of the year among its units.
pub(super) const YEAR: usize = 16;

/// The unit, within its year, that a month or quarter is part of.
pub(super) const fn whole_of(unit: usize) -> Option<usize> {
    match unit {
        0..12 => Some(12 + unit / 3),
        12..16 => Some(YEAR),
        _ => None,
    }
}

/// The units, within its year, that a quarter or year is made of.
pub(super) const fn parts_of(unit: usize) -> std::ops::Range<usize> {
    match unit {
        12..16 => (unit - 12) * 3..(unit - 12) * 3 + 3,
        YEAR => 12..16,
        _ => 0..0,
    }
}

/// A month, quarter or year of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unit {
    pub(super) year: i32,
    /// 0..12 months, 12..16 quarters, 16 the year.
    pub(super) place: usize,
}

impl Unit {
    /// A month, 1 to 12.
    pub fn month(year: i32, month: u32) -> Option<Self> {
        let place = usize::try_from(month.checked_sub(1)?).ok()?;
        (place < 12).then_some(Self { year, place })
    }

    /// A quarter, 1 to 4.
    pub fn quarter(year: i32, quarter: u32) -> Option<Self> {
        let place = usize::try_from(quarter.checked_sub(1)?).ok()?;
        (place < 4).then_some(Self { year, place: 12 + place })
    }

    /// A year.
    pub const fn year(year: i32) -> Self {
        Self { year, place: YEAR }
    }

    /// The months, quarters and the year of this unit's year.
    pub fn within_year(self) -> impl Iterator<Item = Self> {
        (0..UNITS).map(move |place| Self { place, ..self })
    }

    /// The fewest units that make up the days from `from` to before `to`, in order; `None` unless these are whole
    /// months, at least one. A period is to be shown if each of them is.
    pub fn covering(from: NaiveDate, to: NaiveDate) -> Option<Vec<Self>> {
        if from.day() != 1 || to.day() != 1 || from >= to {
            return None;
        }
        let (mut day, mut units) = (from, Vec::new());
        while day < to {
            let fits = |months: u32| {
                let end = day.checked_add_months(Months::new(months)).filter(|end| *end <= to);
                end.filter(|_| day.month0().is_multiple_of(months))
            };
            let (unit, end) = if let Some(end) = fits(12) {
                (Self::year(day.year()), end)
            } else if let Some(end) = fits(3) {
                (Self::quarter(day.year(), day.month0() / 3 + 1)?, end)
            } else {
                (Self::month(day.year(), day.month())?, fits(1)?)
            };
            units.push(unit);
            day = end;
        }
        Some(units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_is_cut_into_the_largest_units() {
        let units = Unit::covering(day("2024-11-01"), day("2026-05-01")).unwrap();
        let expected = [Unit::month(2024, 11), Unit::month(2024, 12), Some(Unit::year(2025))];
        let rest = [Unit::quarter(2026, 1), Unit::month(2026, 4)];
        assert_eq!(units, expected.into_iter().chain(rest).flatten().collect::<Vec<_>>());
        assert_eq!(units.len(), 5);
    }

    #[test]
    fn days_are_no_units() {
        assert_eq!(Unit::covering(day("2026-01-02"), day("2026-03-01")), None);
        assert_eq!(Unit::covering(day("2026-01-01"), day("2026-03-02")), None);
        assert_eq!(Unit::covering(day("2026-01-01"), day("2026-01-01")), None);
        assert_eq!((Unit::month(2026, 0), Unit::month(2026, 13), Unit::quarter(2026, 5)), (None, None, None));
    }

    #[test]
    fn parts_and_wholes_agree() {
        for whole in 0..UNITS {
            assert!(parts_of(whole).all(|part| whole_of(part) == Some(whole)));
        }
        assert_eq!((0..UNITS).filter(|unit| whole_of(*unit).is_none()).collect::<Vec<_>>(), [YEAR]);
    }
}
