//! Periods: what time a figure is about. Half-open, in whole days of Asia/Ho_Chi_Minh.

use crate::error::FaultKind;
use chrono::{DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, TimeZone, Utc, Weekday};

/// Name of the zone all days are counted in.
pub const ZONE_NAME: &str = "Asia/Ho_Chi_Minh";

/// Viet Nam has kept UTC+7 without summer time since 1975, long before any record this service can
/// hold; a fixed offset is exact and needs no zone database.
pub const ZONE: FixedOffset = match FixedOffset::east_opt(7 * 3600) {
    Some(zone) => zone,
    None => panic!("seven hours is an offset"),
};

/// The day in Viet Nam at an instant.
pub fn day_of(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&ZONE).date_naive()
}

/// The instant at which a day begins in Viet Nam.
pub fn start_of(day: NaiveDate) -> DateTime<FixedOffset> {
    ZONE.from_utc_datetime(&day.and_time(chrono::NaiveTime::MIN)) - chrono::TimeDelta::hours(7)
}

/// Years that are read: before there were no such surveys, and every bound has to be written with four digits.
const YEARS: std::ops::Range<i32> = 1990..3000;

/// A span of whole days: `from` inclusive, `to` exclusive, never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    code: Option<String>,
    from: NaiveDate,
    to: NaiveDate,
}

/// First day of a year.
const fn new_year(year: i32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, 1, 1) {
        Some(day) => day,
        None => panic!("every year has a first day"),
    }
}

impl Period {
    /// First day that is read.
    pub const EARLIEST: NaiveDate = new_year(YEARS.start);

    /// First day that is not read any more.
    pub const END: NaiveDate = new_year(YEARS.end);

    /// What `parse` reads, for messages.
    pub const FORMS: &'static str = "2026, 2026-Q3, 2026-07, 2026-W31, 2026-07-15";

    /// Reads a period code: a year, quarter, month, ISO 8601 week or day.
    ///
    /// # Errors
    /// [`FaultKind::BadFormat`] for anything else, also for days and weeks that do not exist.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        let bounds = Self::bounds(text).ok_or(FaultKind::BadFormat { expected: Self::FORMS })?;
        Ok(Self { code: Some(text.to_owned()), from: bounds.0, to: bounds.1 })
    }

    /// A span given by its two days.
    ///
    /// # Errors
    /// [`FaultKind::BadPeriod`] unless `from < to`.
    pub fn between(from: NaiveDate, to: NaiveDate) -> Result<Self, FaultKind> {
        if from < to { Ok(Self { code: None, from, to }) } else { Err(FaultKind::BadPeriod) }
    }

    fn bounds(text: &str) -> Option<(NaiveDate, NaiveDate)> {
        let digits = |part: &str, len: usize| {
            (part.len() == len && part.bytes().all(|b| b.is_ascii_digit()))
                .then(|| part.parse::<u32>().ok())?
        };
        let mut parts = text.splitn(3, '-');
        let year = i32::try_from(digits(parts.next()?, 4)?).ok().filter(|year| YEARS.contains(year))?;
        match (parts.next(), parts.next()) {
            (None, _) => Self::months(year, 1, 12),
            (Some(part), None) => match part.as_bytes().first()? {
                b'Q' => {
                    let quarter = digits(part.get(1..)?, 1)?;
                    ((1..=4).contains(&quarter)).then(|| Self::months(year, quarter * 3 - 2, 3))?
                }
                b'W' => {
                    let monday = NaiveDate::from_isoywd_opt(year, digits(part.get(1..)?, 2)?, Weekday::Mon)?;
                    Some((monday, monday.checked_add_days(Days::new(7))?))
                }
                _ => Self::months(year, digits(part, 2)?, 1),
            },
            (Some(month), Some(day)) => {
                let day = NaiveDate::from_ymd_opt(year, digits(month, 2)?, digits(day, 2)?)?;
                Some((day, day.succ_opt()?))
            }
        }
    }

    fn months(year: i32, first: u32, count: u32) -> Option<(NaiveDate, NaiveDate)> {
        let from = NaiveDate::from_ymd_opt(year, first, 1)?;
        Some((from, from.checked_add_months(Months::new(count))?))
    }

    /// Whether some day is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// The code it was asked by; `None` for a span of days.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// First day.
    pub const fn from(&self) -> NaiveDate {
        self.from
    }

    /// First day after it.
    pub const fn to(&self) -> NaiveDate {
        self.to
    }
}

/// The spans of time that tallies are kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grain {
    /// A day.
    Day,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

impl Grain {
    /// Every grain.
    pub const ALL: [Self; 3] = [Self::Day, Self::Month, Self::Year];

    /// Its number in the tallies.
    pub const fn number(self) -> i16 {
        match self {
            Self::Day => 1,
            Self::Month => 2,
            Self::Year => 3,
        }
    }

    /// The grain of a number.
    pub fn of(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|grain| grain.number() == number)
    }

    /// First day of the span that holds `day`.
    pub fn start(self, day: NaiveDate) -> NaiveDate {
        let start = match self {
            Self::Day => Some(day),
            Self::Month => day.with_day(1),
            Self::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        };
        start.unwrap_or(day)
    }

    /// First day after the span that begins on `start`.
    pub fn end(self, start: NaiveDate) -> NaiveDate {
        let end = match self {
            Self::Day => start.succ_opt(),
            Self::Month => start.checked_add_months(Months::new(1)),
            Self::Year => start.checked_add_months(Months::new(12)),
        };
        end.unwrap_or(NaiveDate::MAX)
    }
}

/// A day, month or year that begins on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unit {
    /// How long it is.
    pub grain: Grain,
    /// Its first day.
    pub starts_on: NaiveDate,
}

/// The fewest days, months and years that make up the days `from..to`, in order.
pub fn units(from: NaiveDate, to: NaiveDate) -> Vec<Unit> {
    let (mut units, mut day) = (Vec::new(), from);
    while day < to {
        let fits = |grain: &Grain| grain.start(day) == day && grain.end(day) <= to;
        let grain = [Grain::Year, Grain::Month].into_iter().find(fits).unwrap_or(Grain::Day);
        units.push(Unit { grain, starts_on: day });
        day = grain.end(day);
    }
    units
}

/// Reads a calendar day written as `2026-07-15`.
///
/// # Errors
/// [`FaultKind::BadFormat`] for anything else.
pub fn parse_day(text: &str) -> Result<NaiveDate, FaultKind> {
    // chrono passes over spaces and signs before a number.
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|day| plain && YEARS.contains(&day.year()))
        .ok_or(FaultKind::BadFormat { expected: "2026-07-15" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(code: &str) -> (String, String) {
        let period = Period::parse(code).unwrap();
        (period.from().to_string(), period.to().to_string())
    }

    #[test]
    fn every_form_has_half_open_bounds() {
        for (code, from, to) in [
            ("2026", "2026-01-01", "2027-01-01"),
            ("2026-Q1", "2026-01-01", "2026-04-01"),
            ("2026-Q4", "2026-10-01", "2027-01-01"),
            ("2026-07", "2026-07-01", "2026-08-01"),
            ("2026-12", "2026-12-01", "2027-01-01"),
            // The first ISO week of 2026 begins in 2025, and 2026 has 53 of them.
            ("2026-W01", "2025-12-29", "2026-01-05"),
            ("2026-W53", "2026-12-28", "2027-01-04"),
            ("2024-02-29", "2024-02-29", "2024-03-01"),
        ] {
            assert_eq!(days(code), (from.into(), to.into()), "{code}");
        }
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        for code in [
            "",
            "26",
            "2026-",
            "2026-Q0",
            "2026-Q5",
            "2026-13",
            "2026-00",
            "2025-W53",
            "2026-W00",
            "2026-02-29",
            "2026-7",
            "2026-07-1",
            "2026-07-15-1",
            "2026Q3",
            "+026",
            "2026-Q٣",
            "2026-W1",
            "20260715",
            "é",
        ] {
            assert!(Period::parse(code).is_err(), "{code:?}");
        }
    }

    #[test]
    fn a_span_is_made_of_the_fewest_units() {
        let day = |text| parse_day(text).unwrap();
        let grains = |from, to| {
            let units = units(day(from), day(to));
            let follows = units.windows(2).all(|two| two[0].grain.end(two[0].starts_on) == two[1].starts_on);
            assert!(follows, "{units:?}");
            units.iter().map(|unit| unit.grain.number()).collect::<Vec<_>>()
        };
        assert_eq!(grains("2026-01-01", "2027-01-01"), [3]);
        assert_eq!(grains("2026-04-01", "2026-07-01"), [2, 2, 2]);
        assert_eq!(grains("2026-07-06", "2026-07-13"), [1; 7]);
        assert_eq!(grains("2025-11-30", "2027-02-02"), [1, 2, 3, 2, 1]);
    }

    #[test]
    fn a_day_begins_at_midnight_in_viet_nam() {
        let midnight = start_of(parse_day("2026-07-15").unwrap());
        assert_eq!(midnight.to_rfc3339(), "2026-07-15T00:00:00+07:00");
        assert_eq!(day_of(midnight.to_utc()), parse_day("2026-07-15").unwrap());
        assert_eq!(
            day_of(midnight.to_utc() - chrono::TimeDelta::milliseconds(1)),
            parse_day("2026-07-14").unwrap()
        );
    }
}
