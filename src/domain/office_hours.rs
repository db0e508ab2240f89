//! Hours in which offices are open: the same days and times every week, in Asia/Ho_Chi_Minh. Holidays are not known.

use super::period::ZONE;
use chrono::{DateTime, Datelike, NaiveTime, Utc};
use std::ops::Range;

/// Opening hours: `Mon-Fri 07:30-11:30,13:30-17:00`; several such parts are split by `;`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeHours(Vec<(Range<u32>, Range<NaiveTime>)>);

/// The days from Monday.
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl OfficeHours {
    /// Reads hours; `None` for anything else. A range of days or times may not go past Sunday or midnight.
    pub fn parse(text: &str) -> Option<Self> {
        let mut hours = Vec::new();
        for part in text.split(';') {
            let (days, times) = part.trim().split_once(' ')?;
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let days = day(first)?..day(last)? + 1;
            for times in times.split(',') {
                let (from, to) = times.trim().split_once('-')?;
                hours.push((days.clone(), time(from)?..time(to)?));
            }
        }
        let empty = |(days, times): &(Range<u32>, Range<NaiveTime>)| days.is_empty() || times.is_empty();
        (!hours.iter().any(empty)).then_some(Self(hours))
    }

    /// Whether offices are open at an instant; the end of a range is not part of it.
    pub fn open_at(&self, at: DateTime<Utc>) -> bool {
        let local = at.with_timezone(&ZONE);
        let (day, time) = (local.weekday().num_days_from_monday(), local.time());
        self.0.iter().any(|(days, times)| days.contains(&day) && times.contains(&time))
    }
}

fn day(text: &str) -> Option<u32> {
    DAYS.iter().position(|day| *day == text).and_then(|place| u32::try_from(place).ok())
}

fn time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_those_of_viet_nam() {
        let hours = OfficeHours::parse("Mon-Fri 07:30-11:30,13:30-17:00; Sat 08:00-11:00").unwrap();
        for (at, open) in [
            ("2026-07-15T07:30:00+07:00", true),
            ("2026-07-15T07:29:59+07:00", false),
            ("2026-07-15T11:29:59+07:00", true),
            ("2026-07-15T11:30:00+07:00", false),
            ("2026-07-15T12:00:00+07:00", false),
            ("2026-07-15T16:59:59+07:00", true),
            ("2026-07-18T08:00:00+07:00", true),
            ("2026-07-18T13:30:00+07:00", false),
            ("2026-07-19T08:00:00+07:00", false),
            // Thursday 00:30 in Viet Nam is Wednesday 17:30 in UTC.
            ("2026-07-15T17:30:00Z", false),
        ] {
            assert_eq!(hours.open_at(DateTime::parse_from_rfc3339(at).unwrap().to_utc()), open, "{at}");
        }
    }

    #[test]
    fn other_texts_are_no_hours() {
        for text in [
            "",
            "Mon",
            "Mon 7-8",
            "Fri-Mon 08:00-09:00",
            "Mon 09:00-08:00",
            "Mo 08:00-09:00",
            "Mon 08:00-24:00",
        ] {
            assert_eq!(OfficeHours::parse(text), None, "{text:?}");
        }
    }
}
