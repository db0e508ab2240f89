//! Reports of a period: which periods there are, which is the one before, and which of a schedule are due.

use super::ids::{AgencyId, ClientId, SurveyId};
use super::period::Period;
use crate::error::{FaultKind, Lang};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use uuid::Uuid;

/// How long the period of a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// A calendar month.
    Month,
    /// A quarter.
    Quarter,
    /// A calendar year.
    Year,
}

impl Cadence {
    /// Every word.
    pub const WORDS: [&'static str; 3] = ["month", "quarter", "year"];

    /// What periods of reports look like, for messages.
    pub const FORMS: &'static str = "2026, 2026-Q3, 2026-07";

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "month" => Ok(Self::Month),
            "quarter" => Ok(Self::Quarter),
            "year" => Ok(Self::Year),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// Of a period; `None` for what is no month, quarter or year.
    pub fn of(period: &Period) -> Option<Self> {
        let known = [Self::Month, Self::Quarter, Self::Year];
        known.into_iter().find(|cadence| cadence.holding(period.from()).as_ref() == Some(period))
    }

    /// The period that holds a day; `None` for days that are not read.
    pub fn holding(self, day: NaiveDate) -> Option<Period> {
        let year = day.year();
        let code = match self {
            Self::Month => format!("{year:04}-{:02}", day.month()),
            Self::Quarter => format!("{year:04}-Q{}", day.month0() / 3 + 1),
            Self::Year => format!("{year:04}"),
        };
        Period::parse(&code).ok()
    }

    /// How many months it has.
    pub const fn months(self) -> u32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }
}

/// Reads the period of a report.
///
/// # Errors
/// [`FaultKind::BadFormat`] for anything but a month, a quarter or a year.
pub fn parse_period(text: &str) -> Result<Period, FaultKind> {
    let period = Period::parse(text).ok().filter(|period| Cadence::of(period).is_some());
    period.ok_or(FaultKind::BadFormat { expected: Cadence::FORMS })
}

/// The period of the same length before this one; `None` where days are not read any more.
pub fn before(period: &Period) -> Option<Period> {
    Cadence::of(period)?.holding(period.from().pred_opt()?)
}

/// This period and those before it, as one span: what a trend is drawn over. At least this one.
pub fn trend(period: &Period, periods: u32) -> Option<Period> {
    let months = Cadence::of(period)?.months() * periods.saturating_sub(1);
    let from = period.from().checked_sub_months(Months::new(months)).unwrap_or(period.from());
    Period::between(from.max(Period::EARLIEST), period.to()).ok()
}

/// In which form a report comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    /// A page to be read and printed.
    Html,
    /// A workbook (ECMA-376).
    Xlsx,
    /// One CSV file for each part, packed (ZIP).
    Csv,
}

impl ReportFormat {
    /// Every form.
    pub const ALL: [Self; 3] = [Self::Html, Self::Xlsx, Self::Csv];

    /// Every word.
    pub const WORDS: [&'static str; 3] = ["html", "xlsx", "csv"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        let known = Self::ALL.into_iter().find(|format| format.as_str() == text);
        known.ok_or(FaultKind::NotAllowed { allowed: &Self::WORDS })
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }
}

/// Reads a language.
///
/// # Errors
/// [`FaultKind::NotAllowed`] for another than the two.
pub fn parse_language(text: &str) -> Result<Lang, FaultKind> {
    match text {
        "vi" => Ok(Lang::Vi),
        "en" => Ok(Lang::En),
        _ => Err(FaultKind::NotAllowed { allowed: &["vi", "en"] }),
    }
}

/// The word of a language.
pub const fn language_word(lang: Lang) -> &'static str {
    match lang {
        Lang::Vi => "vi",
        Lang::En => "en",
    }
}

/// Reports that are made by themselves when a period is over.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Internal number.
    pub id: i64,
    /// About which agency and those below it.
    pub agency: AgencyId,
    /// By which survey.
    pub survey: SurveyId,
    /// How long each period is.
    pub cadence: Cadence,
    /// In which languages.
    pub languages: Vec<Lang>,
    /// First day of the first period.
    pub from: NaiveDate,
    /// Who asked for them.
    pub created_by: ClientId,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The periods of a length from `from` on that were over `grace` days before `today`, in order.
pub fn due(cadence: Cadence, from: NaiveDate, today: NaiveDate, grace: u64) -> Vec<Period> {
    let ended = today.checked_sub_days(Days::new(grace)).unwrap_or(from);
    let next = |period: &Period| cadence.holding(period.to());
    let all = std::iter::successors(cadence.holding(from), next);
    all.take_while(|period| period.to() <= ended).collect()
}

/// A report that was made and never changes.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its id.
    pub id: Uuid,
    /// About which agency and those below it.
    pub agency: AgencyId,
    /// By which survey.
    pub survey: SurveyId,
    /// Of which period.
    pub period: Period,
    /// In which language.
    pub lang: Lang,
    /// In which form.
    pub format: ReportFormat,
    /// When the newest response in it arrived; `None` if nobody answered or the whole is withheld.
    pub watermark: Option<DateTime<Utc>>,
    /// SHA-256 (FIPS 180-4) of its bytes.
    pub digest: [u8; 32],
    /// How many bytes.
    pub bytes: i32,
    /// When it was made.
    pub made_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::period::parse_day;

    fn codes(periods: &[Period]) -> Vec<&str> {
        periods.iter().filter_map(Period::code).collect()
    }

    #[test]
    fn months_quarters_and_years_are_periods_of_reports_and_nothing_else() {
        for (code, cadence, earlier) in [
            ("2026", Cadence::Year, "2025"),
            ("2026-Q1", Cadence::Quarter, "2025-Q4"),
            ("2026-Q3", Cadence::Quarter, "2026-Q2"),
            ("2026-01", Cadence::Month, "2025-12"),
        ] {
            let period = parse_period(code).unwrap();
            assert_eq!(Cadence::of(&period), Some(cadence));
            assert_eq!(before(&period).unwrap().code(), Some(earlier));
        }
        for code in ["2026-W31", "2026-07-15", "2026-Q5", "26", ""] {
            assert!(parse_period(code).is_err(), "{code}");
        }
        assert!(before(&parse_period("1990").unwrap()).is_none());
    }

    #[test]
    fn what_is_due_is_over_since_the_grace_and_nothing_is_left_out() {
        let on = |day: &str, grace| {
            due(Cadence::Quarter, parse_day("2025-10-01").unwrap(), parse_day(day).unwrap(), grace)
        };
        assert_eq!(codes(&on("2026-06-30", 0)), ["2025-Q4", "2026-Q1"]);
        assert_eq!(codes(&on("2026-07-01", 0)), ["2025-Q4", "2026-Q1", "2026-Q2"]);
        assert_eq!(codes(&on("2026-07-01", 1)), ["2025-Q4", "2026-Q1"]);
        // 2026-01-01 and ninety days.
        assert!(on("2026-03-31", 90).is_empty());
        assert_eq!(codes(&on("2026-04-01", 90)), ["2025-Q4"]);
        assert!(on("2025-11-01", 0).is_empty());
    }

    #[test]
    fn a_trend_ends_with_the_period() {
        let span = trend(&parse_period("2026-Q3").unwrap(), 8).unwrap();
        assert_eq!(
            (span.from().to_string(), span.to().to_string()),
            ("2024-10-01".into(), "2026-10-01".into())
        );
    }
}
