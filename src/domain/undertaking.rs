//! Undertakings: what an agency makes of what citizens wrote about it in a month, for everybody to read ("bà con nói, cơ
//! quan làm"; "you said, we did"). Not called answers or replies: a citizen answers a criterion, and a program replies.
//!
//! What belongs here: what one says and when it may say so. Comments are confidential (NĐ 61/2018/NĐ-CP art. 27.3), so which
//! ones it is about is known by their handles only and never told.

use super::comment::Standing;
use super::ids::{AgencyId, SurveyId};
use super::quotation::words;
use super::redaction::redact;
use super::text::clean;
use crate::error::{FaultKind, UndertakingFault};
use chrono::{DateTime, Months, NaiveDate, Utc};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Most characters of each text, as it is sent.
pub const MAX_TEXT: usize = 1000;

/// Most characters of the reason for a correction or a withdrawal.
pub const MAX_REASON: usize = 500;

/// Fewest words of each text: less is no answer, and would count as one (an assumption).
pub const LEAST_WORDS: usize = 5;

/// Most comments that one undertaking answers.
pub const MAX_COMMENTS: usize = 500;

/// The topic of what no element or criterion is about.
pub const OTHER: &str = "other";

/// How far ahead something may be promised, in months: five years, the term of a people's council.
const MAX_AHEAD: Months = Months::new(60);

/// What stands behind an undertaking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UndertakingState {
    /// The agency says that it will.
    Promised,
    /// The agency says that it has.
    Done,
    /// The agency takes back what it said.
    Withdrawn,
}

impl UndertakingState {
    /// Every word.
    pub const WORDS: [&'static str; 3] = ["promised", "done", "withdrawn"];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promised => "promised",
            Self::Done => "done",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        let all = [Self::Promised, Self::Done, Self::Withdrawn];
        let known = all.into_iter().find(|state| state.as_str() == text);
        known.ok_or(FaultKind::NotAllowed { allowed: &Self::WORDS })
    }

    /// Reads what may be published.
    ///
    /// # Errors
    /// As [`Self::parse`], also for a withdrawal, which is a request of its own.
    pub fn parse_published(text: &str) -> Result<Self, FaultKind> {
        let known = Self::parse(text).ok().filter(|state| *state != Self::Withdrawn);
        known.ok_or(FaultKind::NotAllowed { allowed: &["promised", "done"] })
    }
}

/// A text in Vietnamese, and in English if the agency gave one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: Option<String>,
}

impl Words {
    /// Each text with the name of its language.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, &str)> {
        std::iter::once(("vi", self.vi.as_str())).chain(self.en.as_deref().map(|text| ("en", text)))
    }
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Code of an element or a criterion, or [`OTHER`].
    pub topic: String,
    /// What people said, summed up by the agency.
    pub you_said: Words,
    /// What the agency does about it.
    pub we_did: Words,
    /// `Promised` or `Done`.
    pub state: UndertakingState,
    /// The day by which it is promised, or on which it was done.
    pub day: NaiveDate,
}

/// One undertaking, as a revision of it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undertaking {
    /// Number in the order of publication.
    pub seq: i64,
    /// Its id, as whoever published it gave it.
    pub id: Uuid,
    /// Whose.
    pub agency: AgencyId,
    /// The survey people wrote to.
    pub survey: SurveyId,
    /// First day of the month they wrote in.
    pub month: NaiveDate,
    /// When it was published first.
    pub first_published_at: DateTime<Utc>,
    /// 1, 2, 3, …
    pub revision: i16,
    /// What it says; `None` if it was withdrawn.
    pub said: Option<Said>,
    /// Why it was corrected or withdrawn.
    pub reason: Option<String>,
    /// When this revision was published.
    pub published_at: DateTime<Utc>,
}

impl Undertaking {
    /// What stands behind it.
    pub fn state(&self) -> UndertakingState {
        self.said.as_ref().map_or(UndertakingState::Withdrawn, |said| said.state)
    }

    /// Whether the day of a promise has passed.
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.said.as_ref().is_some_and(|said| said.state == UndertakingState::Promised && said.day < today)
    }
}

/// The comments that are answered, by handle.
pub type Handles = BTreeSet<Standing>;

/// Reads a text that is published: cleaned, long enough, and with everything replaced that could name or reach a person.
///
/// # Errors
/// [`FaultKind::Missing`], [`UndertakingFault::TooFewWords`], and those of [`clean`].
pub fn parse_text(raw: &str) -> Result<String, FaultKind> {
    let text = clean(raw, MAX_TEXT)?.ok_or(FaultKind::Missing)?;
    // Before it is redacted: a marker is a word or two, and no answer.
    if words(&text).len() < LEAST_WORDS {
        return Err(FaultKind::Undertaking(UndertakingFault::TooFewWords { least: LEAST_WORDS }));
    }
    Ok(redact(&text))
}

/// The first and the last day that may stand beside a state: a promise is for a day that was not over when the
/// undertaking was first published, what is done was done from the month of the comments on.
pub fn days(
    state: UndertakingState,
    month: NaiveDate,
    first_published: NaiveDate,
    today: NaiveDate,
) -> (NaiveDate, NaiveDate) {
    match state {
        UndertakingState::Promised => {
            (first_published, today.checked_add_months(MAX_AHEAD).unwrap_or(NaiveDate::MAX))
        }
        UndertakingState::Done | UndertakingState::Withdrawn => (month, today),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_something_and_names_no_number() {
        let few = FaultKind::Undertaking(UndertakingFault::TooFewWords { least: LEAST_WORDS });
        assert_eq!(parse_text("Đã sửa, xin lỗi"), Err(few.clone()));
        assert_eq!(parse_text("… – … – …"), Err(few));
        assert_eq!(parse_text(" \n"), Err(FaultKind::Missing));
        assert_eq!(parse_text(&"x ".repeat(501)), Err(FaultKind::TooLong { max: MAX_TEXT }));
        assert_eq!(
            parse_text(" Xin gọi số 0912 345 678 để hỏi ").as_deref(),
            Ok("Xin gọi số [điện thoại] để hỏi")
        );
    }

    #[test]
    fn the_past_is_not_promised_and_the_future_is_not_done() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let (month, first, today) = (day("2026-06-01"), day("2026-07-03"), day("2026-07-15"));
        assert_eq!(days(UndertakingState::Promised, month, first, today), (first, day("2031-07-15")));
        assert_eq!(days(UndertakingState::Done, month, first, today), (month, today));
    }
}
