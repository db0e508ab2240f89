//! Figures and days as the reader writes them: `83,94 %` in Vietnamese, `83.94%` in English. Plain numbers are written as
//! in charts.

pub use crate::chart::words::count;
use crate::chart::words::number;
use crate::domain::period::ZONE;
use crate::error::Lang;
use chrono::{DateTime, NaiveDate, Utc};

/// A value with two decimals.
pub fn decimal(value: f64, lang: Lang) -> String {
    number(value, 2, lang)
}

/// A value in a formula's unit, `percent` or `points`.
pub fn quantity(value: f64, unit: &str, lang: Lang) -> String {
    let number = decimal(value, lang);
    match (unit, lang) {
        // A space that does not break before the sign, as Vietnamese typography has it.
        ("percent", Lang::Vi) => format!("{number}\u{a0}%"),
        ("percent", Lang::En) => format!("{number}%"),
        (_, Lang::Vi) => format!("{number}\u{a0}điểm"),
        (_, Lang::En) => format!("{number} points"),
    }
}

/// A day: `31/12/2026`, in both languages.
pub fn day(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// An instant by the clocks of Viet Nam, to the minute.
pub fn moment(at: DateTime<Utc>, lang: Lang) -> String {
    let there = at.with_timezone(&ZONE).format("%d/%m/%Y %H:%M");
    match lang {
        Lang::Vi => format!("{there} (giờ Việt Nam)"),
        Lang::En => format!("{there} (Viet Nam time)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_reader_does() {
        assert_eq!(quantity(83.94, "percent", Lang::Vi), "83,94\u{a0}%");
        assert_eq!(quantity(83.9, "percent", Lang::En), "83.90%");
        assert_eq!(quantity(12.5, "points", Lang::Vi), "12,50\u{a0}điểm");
        assert_eq!(count(0, Lang::Vi), "0");
        assert_eq!(count(1_234_567, Lang::Vi), "1.234.567");
        assert_eq!(count(123, Lang::En), "123");
        assert_eq!(count(1234, Lang::En), "1,234");
    }

    #[test]
    fn an_instant_is_told_by_the_clocks_of_viet_nam() {
        let at = "2026-07-14T20:05:59Z".parse().unwrap();
        assert_eq!(moment(at, Lang::Vi), "15/07/2026 03:05 (giờ Việt Nam)");
        assert_eq!(moment(at, Lang::En), "15/07/2026 03:05 (Viet Nam time)");
    }
}
