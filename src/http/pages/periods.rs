//! Periods as people name them, and those a reader may choose: years, quarters and months within a survey's window.

use super::notation::day;
use crate::domain::agency::Validity;
use crate::domain::period::Period;
use crate::error::Lang;
use chrono::{Datelike, Months, NaiveDate};

/// Most years that are offered to choose from; others can be asked for by their address.
const MOST_YEARS: i32 = 10;

/// What a period is called.
pub fn name(period: &Period, lang: Lang) -> String {
    let (from, last) = (period.from(), period.to().pred_opt().unwrap_or(period.from()));
    let (year, quarter) = (from.year(), from.month0() / 3);
    match (months(period), lang) {
        (Some(12), Lang::Vi) => format!("Năm {year}"),
        (Some(12), Lang::En) => year.to_string(),
        (Some(3), Lang::Vi) => {
            format!("Quý {}/{year}", ["I", "II", "III", "IV"].get(place(quarter)).unwrap_or(&""))
        }
        (Some(3), Lang::En) => format!("Quarter {} of {year}", quarter + 1),
        (Some(_), Lang::Vi) => format!("Tháng {}/{year}", from.month()),
        (Some(_), Lang::En) => from.format("%B %Y").to_string(),
        (None, Lang::Vi) if from == last => format!("Ngày {}", day(from)),
        (None, Lang::En) if from == last => day(from),
        (None, Lang::Vi) => format!("Từ {} đến hết {}", day(from), day(last)),
        (None, Lang::En) => format!("{} to {}", day(from), day(last)),
    }
}

/// The years, quarters and months a reader may choose, newest first.
pub struct Choices {
    /// Years.
    pub years: Vec<Period>,
    /// Quarters.
    pub quarters: Vec<Period>,
    /// Months.
    pub months: Vec<Period>,
}

impl Choices {
    /// What lies within the days on which a survey could be answered until today.
    pub fn new(window: Validity, today: NaiveDate) -> Self {
        let last = window.to.map_or(today, |to| to.pred_opt().unwrap_or(to).min(today));
        let first_year = window.from.year().max(last.year() - MOST_YEARS + 1);
        let years = (first_year..=last.year()).rev();
        let spans = |codes: Vec<String>| {
            let known = codes.iter().filter_map(|code| Period::parse(code).ok());
            known
                .filter(|period| window.from <= last && period.from() <= last && window.from < period.to())
                .collect()
        };
        let quarter = |year: i32| (1..=4).rev().map(move |quarter| format!("{year}-Q{quarter}"));
        let month = |year: i32| (1..=12).rev().map(move |month| format!("{year}-{month:02}"));
        Self {
            years: spans(years.clone().map(|year| year.to_string()).collect()),
            quarters: spans(years.clone().flat_map(quarter).collect()),
            months: spans(years.flat_map(month).collect()),
        }
    }

    /// The period before and the one after, of the same length, as far as they may be chosen.
    pub fn neighbours(&self, period: &Period) -> (Option<&Period>, Option<&Period>) {
        let known = || [&self.years, &self.quarters, &self.months].into_iter().flatten();
        let alike = || known().filter(|other| months(period).is_some() && months(other) == months(period));
        (alike().find(|other| other.to() == period.from()), alike().find(|other| other.from() == period.to()))
    }
}

/// 12, 3 or 1 for a year, a quarter or a month; `None` for other spans.
fn months(period: &Period) -> Option<u32> {
    let code = period.code()?;
    let known = match code.split_once('-') {
        None => Some(12),
        Some((_, rest)) if rest.starts_with('Q') => Some(3),
        Some((_, rest)) if rest.len() == 2 => Some(1),
        Some(_) => None,
    };
    known.filter(|count| period.from().checked_add_months(Months::new(*count)) == Some(period.to()))
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::period::parse_day;

    fn window(from: &str, to: Option<&str>) -> Validity {
        Validity { from: parse_day(from).unwrap(), to: to.map(|to| parse_day(to).unwrap()) }
    }

    fn codes(periods: &[Period]) -> Vec<&str> {
        periods.iter().filter_map(Period::code).collect()
    }

    #[test]
    fn periods_are_named_in_both_languages() {
        for (code, vi, en) in [
            ("2026", "Năm 2026", "2026"),
            ("2026-Q3", "Quý III/2026", "Quarter 3 of 2026"),
            ("2026-07", "Tháng 7/2026", "July 2026"),
            ("2026-07-15", "Ngày 15/07/2026", "15/07/2026"),
            ("2026-W31", "Từ 27/07/2026 đến hết 02/08/2026", "27/07/2026 to 02/08/2026"),
        ] {
            let period = Period::parse(code).unwrap();
            assert_eq!((name(&period, Lang::Vi).as_str(), name(&period, Lang::En).as_str()), (vi, en));
        }
    }

    #[test]
    fn what_may_be_chosen_lies_in_the_window_and_not_ahead() {
        let today = parse_day("2026-02-10").unwrap();
        let choices = Choices::new(window("2025-11-15", None), today);
        assert_eq!(codes(&choices.years), ["2026", "2025"]);
        assert_eq!(codes(&choices.quarters), ["2026-Q1", "2025-Q4"]);
        assert_eq!(codes(&choices.months), ["2026-02", "2026-01", "2025-12", "2025-11"]);
        let closed = Choices::new(window("2025-11-15", Some("2026-01-01")), today);
        assert_eq!((codes(&closed.years), codes(&closed.months)), (vec!["2025"], vec!["2025-12", "2025-11"]));
        let planned = Choices::new(window("2026-03-01", None), today);
        assert!(planned.years.is_empty() && planned.quarters.is_empty() && planned.months.is_empty());
    }

    #[test]
    fn neighbours_are_of_the_same_length_and_within_the_choices() {
        let choices = Choices::new(window("2025-11-15", None), parse_day("2026-02-10").unwrap());
        let around = |code: &str| {
            let period = Period::parse(code).unwrap();
            let (before, after) = choices.neighbours(&period);
            [before, after].map(|period| period.and_then(Period::code).unwrap_or("").to_owned())
        };
        assert_eq!(around("2026"), ["2025", ""]);
        assert_eq!(around("2025-Q4"), ["", "2026-Q1"]);
        assert_eq!(around("2026-01"), ["2025-12", "2026-02"]);
        assert_eq!(around("2026-01-01"), ["", ""]);
    }
}
