//! What administrators want to be told of, and what they were told.

use super::ids::{AgencyId, ClientId, SurveyId};
use super::period::Period;
use crate::error::FaultKind;
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use uuid::Uuid;

/// Words of an enum that go over the wire and into the database.
macro_rules! words {
    ($(#[doc = $doc:literal])+ $kind:ident { $($(#[doc = $each:literal])+ $name:ident = $word:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $kind {
            $($(#[doc = $each])+ $name,)+
        }

        impl $kind {
            /// Every word.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// Reads a word.
            ///
            /// # Errors
            /// [`FaultKind::NotAllowed`] for another one.
            pub fn parse(text: &str) -> Result<Self, FaultKind> {
                match text {
                    $($word => Ok(Self::$name),)+
                    _ => Err(FaultKind::NotAllowed { allowed: Self::WORDS }),
                }
            }

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}
pub(super) use words;

words! {
    /// What a rule looks for.
    RuleKind {
        /// The upper bound of the index's interval lies below the threshold.
        BelowTarget = "below_target",
        /// The index fell from the period before by at least the threshold, and distinguishably.
        Drop = "drop",
        /// A device was not heard for so many hours in which the office was open.
        SilentDevice = "silent_device",
        /// Fewer people answered, in percent of the dossiers handled, than the threshold; of periods that are over.
        Participation = "participation",
        /// So many responses were flagged in a day.
        FlaggedBurst = "flagged_burst",
    }
}

words! {
    /// What an alert is about: what a rule looks for, or a webhook that was paused because its receiver failed.
    AlertKind {
        /// See [`RuleKind::BelowTarget`].
        BelowTarget = "below_target",
        /// See [`RuleKind::Drop`].
        Drop = "drop",
        /// See [`RuleKind::SilentDevice`].
        SilentDevice = "silent_device",
        /// See [`RuleKind::Participation`].
        Participation = "participation",
        /// See [`RuleKind::FlaggedBurst`].
        FlaggedBurst = "flagged_burst",
        /// A webhook was paused by the service.
        WebhookPaused = "webhook_paused",
    }
}

words! {
    /// Why an alert is over.
    CloseReason {
        /// What it was about does not hold any more.
        Recovered = "recovered",
        /// Its period is so long over that it is not watched any more.
        PeriodOver = "period_over",
        /// Its rule asks for something else now; what still holds is opened anew.
        RuleChanged = "rule_changed",
        /// Its rule or webhook was ended.
        Ended = "ended",
    }
}

words! {
    /// Whether an alert goes on.
    AlertState {
        /// It does.
        Open = "open",
        /// It is over.
        Closed = "closed",
    }
}

words! {
    /// The periods that a rule on figures looks at.
    WatchedPeriod {
        /// Calendar months.
        Month = "month",
        /// Calendar quarters.
        Quarter = "quarter",
    }
}

impl From<RuleKind> for AlertKind {
    fn from(kind: RuleKind) -> Self {
        match kind {
            RuleKind::BelowTarget => Self::BelowTarget,
            RuleKind::Drop => Self::Drop,
            RuleKind::SilentDevice => Self::SilentDevice,
            RuleKind::Participation => Self::Participation,
            RuleKind::FlaggedBurst => Self::FlaggedBurst,
        }
    }
}

impl RuleKind {
    /// Whether it looks at figures of a survey.
    pub const fn is_of_figures(self) -> bool {
        matches!(self, Self::BelowTarget | Self::Drop | Self::Participation)
    }

    /// Whether it looks at an interval, and so needs formula and confidence.
    pub const fn is_of_intervals(self) -> bool {
        matches!(self, Self::BelowTarget | Self::Drop)
    }

    /// Largest threshold: 100 percent or points, in hundredths; 240 hours, some thirty days of an office; 100,000
    /// responses.
    pub const fn most(self) -> i32 {
        match self {
            Self::BelowTarget | Self::Drop | Self::Participation => 10_000,
            Self::SilentDevice => 240,
            Self::FlaggedBurst => 100_000,
        }
    }
}

impl WatchedPeriod {
    /// The period that holds a day.
    pub fn of(self, day: NaiveDate) -> Option<Period> {
        let code = match self {
            Self::Month => format!("{:04}-{:02}", day.year(), day.month()),
            Self::Quarter => format!("{:04}-Q{}", day.year(), day.month0() / 3 + 1),
        };
        Period::parse(&code).ok()
    }

    /// The period before another one.
    pub fn before(self, period: &Period) -> Option<Period> {
        self.of(period.from().checked_sub_days(Days::new(1))?)
    }
}

/// Figures of a survey that a rule looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The survey.
    pub survey: SurveyId,
    /// Of which periods.
    pub period: WatchedPeriod,
    /// Formula id and confidence in percent, where an interval is looked at.
    pub interval: Option<(String, u8)>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRule {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// Whose affair it is.
    pub agency: AgencyId,
    /// Whether it looks at each agency right below that one instead of at it.
    pub each_child: bool,
    /// What it looks for.
    pub kind: RuleKind,
    /// Where in the figures.
    pub watched: Option<Watched>,
    /// Hundredths of the formula's unit or of a percent, hours of office time, or responses; above 0.
    pub threshold: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was ended.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What an alert is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSubject {
    /// The key of its episodes under a rule: agency and period, or the device.
    pub key: String,
    /// Whose affair it is; `None`: the whole country's.
    pub agency: Option<AgencyId>,
    /// Code of the period.
    pub period: Option<String>,
    /// The device.
    pub device: Option<ClientId>,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its number, in the order of opening.
    pub seq: i64,
    /// What it is about.
    pub kind: AlertKind,
    /// The rule.
    pub rule: Option<Uuid>,
    /// The webhook that was paused.
    pub webhook: Option<Uuid>,
    /// Of whom.
    pub subject: AlertSubject,
    /// What was seen when it was opened, as JSON, for those in charge.
    pub evidence: String,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was closed, and why.
    pub closed: Option<(DateTime<Utc>, CloseReason)>,
}

/// Reads a threshold with at most two decimals as hundredths: `90`, `87.5`, `0.25`.
///
/// # Errors
/// [`FaultKind::BadFormat`] for another text.
pub fn parse_hundredths(text: &str) -> Result<i32, FaultKind> {
    let wrong = FaultKind::BadFormat { expected: "87.5" };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(whole, 6) || !digits(fraction, 2) {
        return Err(wrong);
    }
    let value = |part: &str| part.parse::<i32>().map_err(|_| wrong.clone());
    let tenths = if fraction.len() == 1 { 10 } else { 1 };
    Ok(value(whole)? * 100 + value(fraction)? * tenths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn hundredths_are_read_as_they_are_written(hundredths in 0..99_999_999_i32) {
            let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            prop_assert_eq!(parse_hundredths(&text).unwrap(), hundredths);
        }

        #[test]
        fn any_text_is_a_threshold_or_none(text in ".{0,12}") {
            if let Ok(hundredths) = parse_hundredths(&text) {
                prop_assert!((text.parse::<f64>().unwrap() * 100.0 - f64::from(hundredths)).abs() < 0.01);
            }
        }
    }

    #[test]
    fn a_period_follows_the_one_before() {
        let day = NaiveDate::from_ymd_opt(2026, 1, 15).unwrap();
        for (kind, here, before) in
            [(WatchedPeriod::Month, "2026-01", "2025-12"), (WatchedPeriod::Quarter, "2026-Q1", "2025-Q4")]
        {
            let period = kind.of(day).unwrap();
            assert_eq!(period.code(), Some(here));
            assert_eq!(kind.before(&period).unwrap().code(), Some(before));
        }
    }
}
