//! Office hours: when a desk is open, and so when a device should be heard. Times of Asia/Ho_Chi_Minh.

use super::period::{day_of, start_of};
use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, Utc, Weekday};

/// Days that are gone back at most when looking for office time: no desk is closed for longer at a stretch and still
/// has devices that are missed.
const MOST_DAYS: u64 = 60;

const WEEK: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Mon),
    ("Tue", Weekday::Tue),
    ("Wed", Weekday::Wed),
    ("Thu", Weekday::Thu),
    ("Fri", Weekday::Fri),
    ("Sat", Weekday::Sat),
    ("Sun", Weekday::Sun),
];

/// Opening times by day of the week; public holidays are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeHours {
    /// Of Monday to Sunday, in order, not overlapping.
    week: [Vec<(NaiveTime, NaiveTime)>; 7],
}

impl OfficeHours {
    /// Reads `Mon-Fri 07:30-11:30 13:30-17:00; Sat 07:30-11:30`. Days that are not named are closed.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut week: [Vec<(NaiveTime, NaiveTime)>; 7] = std::array::from_fn(|_| Vec::new());
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let mut words = part.split_whitespace();
            let days = days(words.next().unwrap_or_default())?;
            let spans = words.map(span).collect::<Result<Vec<_>, _>>()?;
            let in_order = spans.windows(2).all(|pair| matches!(pair, [one, two] if one.1 <= two.0));
            if spans.is_empty() || !in_order {
                return Err(format!("{part:?} needs times in order, for example 07:30-11:30 13:30-17:00"));
            }
            for (day, open) in week.iter_mut().enumerate().filter(|(day, _)| days.contains(day)) {
                if !open.is_empty() {
                    return Err(format!("day {} is given twice", day + 1));
                }
                open.clone_from(&spans);
            }
        }
        if week.iter().all(Vec::is_empty) { Err("no day is open".into()) } else { Ok(Self { week }) }
    }

    /// Whether offices are open at an instant; the end of a span is not part of it.
    pub fn open_at(&self, at: DateTime<Utc>) -> bool {
        let day = day_of(at);
        let place = usize::try_from(day.weekday().num_days_from_monday()).unwrap_or(0);
        let time = NaiveTime::MIN + (at - start_of(day).to_utc());
        self.week.get(place).into_iter().flatten().any(|(opens, closes)| (*opens..*closes).contains(&time))
    }

    /// The latest instant since which at least so much office time has gone by: whoever was not heard since then has
    /// been silent for that long. Goes back 60 days at most.
    pub fn back(&self, now: DateTime<Utc>, office_time: TimeDelta) -> DateTime<Utc> {
        let (today, mut left) = (day_of(now), office_time);
        for past in 0..=MOST_DAYS {
            let Some(day) = today.checked_sub_days(Days::new(past)) else { break };
            let place = usize::try_from(day.weekday().num_days_from_monday()).unwrap_or(0);
            for (opens, closes) in self.week.get(place).into_iter().flatten().rev() {
                let at = |time: NaiveTime| start_of(day).to_utc() + (time - NaiveTime::MIN);
                let (opens, closes) = (at(*opens), at(*closes).min(now));
                if closes - opens >= left {
                    return closes - left;
                }
                left -= (closes - opens).max(TimeDelta::zero());
            }
        }
        start_of(today).to_utc() - TimeDelta::days(i64::try_from(MOST_DAYS).unwrap_or(0))
    }
}

/// Reads `Mon-Fri` or `Sat`; places in the week.
fn days(text: &str) -> Result<std::ops::RangeInclusive<usize>, String> {
    let place = |name: &str| {
        let found = WEEK.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
        found.ok_or_else(|| format!("{name:?} is no day; Mon, Tue, Wed, Thu, Fri, Sat, Sun"))
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let days = place(first)?..=place(last)?;
    if days.is_empty() { Err(format!("{text:?} ends before it begins")) } else { Ok(days) }
}

/// Reads `07:30-11:30`.
fn span(text: &str) -> Result<(NaiveTime, NaiveTime), String> {
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
    let span = text.split_once('-').and_then(|(opens, closes)| Some((time(opens)?, time(closes)?)));
    let wrong = || format!("{text:?} is no time span such as 07:30-11:30");
    span.filter(|(opens, closes)| opens < closes).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const USUAL: &str = "Mon-Fri 07:30-11:30 13:30-17:00";

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&format!("{text}:00+07:00")).unwrap().to_utc()
    }

    #[test]
    fn only_office_time_counts() {
        let hours = OfficeHours::parse(USUAL).unwrap();
        for (now, minutes, expected) in [
            // A Wednesday.
            ("2026-07-15T10:00", 30, "2026-07-15T09:30"),
            // Ten minutes after opening: twenty of the afternoon before.
            ("2026-07-15T07:40", 30, "2026-07-14T16:40"),
            // Noon: the break does not count.
            ("2026-07-15T12:30", 30, "2026-07-15T11:00"),
            ("2026-07-15T13:40", 30, "2026-07-15T11:10"),
            // Sunday night: Friday afternoon.
            ("2026-07-19T23:00", 30, "2026-07-17T16:30"),
            ("2026-07-20T07:30", 30, "2026-07-17T16:30"),
        ] {
            assert_eq!(hours.back(at(now), TimeDelta::minutes(minutes)), at(expected), "{now}");
        }
    }

    #[test]
    fn hours_are_those_of_viet_nam() {
        let hours = OfficeHours::parse("Mon-Fri 07:30-11:30 13:30-17:00; Sat 08:00-11:00").unwrap();
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
    fn what_is_no_week_is_refused() {
        assert!(OfficeHours::parse("Mon-Fri 07:30-11:30; Sat 07:30-11:30").is_ok());
        for text in [
            "",
            "Mon-Fri",
            "Fri-Mon 07:30-11:30",
            "Mon 11:30-07:30",
            "Mon 13:30-17:00 07:30-11:30",
            "Mon 07:30-11:30; Mon-Fri 13:30-17:00",
            "Monday 07:30-11:30",
            "Mon 7h30-11h30",
        ] {
            assert!(OfficeHours::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        /// Time goes on: what was silent stays silent, and more office time lies further back.
        #[test]
        fn the_bound_never_goes_backwards(minute in 0_i64..50_000, later in 0_i64..20_000, a in 1_i64..600, b in 0_i64..600) {
            let hours = OfficeHours::parse(USUAL).unwrap();
            let now = at("2026-07-01T00:00") + TimeDelta::minutes(minute);
            let bound = hours.back(now, TimeDelta::minutes(a));
            prop_assert!(bound <= now - TimeDelta::minutes(a));
            prop_assert!(bound <= hours.back(now + TimeDelta::minutes(later), TimeDelta::minutes(a)));
            prop_assert!(hours.back(now, TimeDelta::minutes(a + b)) <= bound);
        }
    }
}
