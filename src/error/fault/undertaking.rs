//! Why an undertaking cannot be published as it is.

use crate::error::Lang;
use chrono::NaiveDate;

/// What is wrong with an undertaking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndertakingFault {
    /// The text repeats words of a citizen.
    QuotesComment {
        /// So many words in a row are too many.
        words: usize,
    },
    /// The text says too little to be an answer.
    TooFewWords {
        /// Fewest words.
        least: usize,
    },
    /// There are no comments of that month that could be answered: none at all, or of too few people.
    NoComments,
    /// No comment of that agency, survey and month has this handle.
    UnknownComment,
    /// Neither an element nor a criterion of the questionnaire, nor `other`.
    UnknownTopic,
    /// A day by which nothing can be promised, or on which it cannot have been done.
    DayOutOfRange {
        /// First day that can be.
        from: NaiveDate,
        /// Last day that can be.
        to: NaiveDate,
    },
}

impl UndertakingFault {
    /// One of each kind, for the printed table.
    pub fn samples() -> Vec<Self> {
        let day = NaiveDate::default();
        vec![
            Self::QuotesComment { words: 8 },
            Self::TooFewWords { least: 5 },
            Self::NoComments,
            Self::UnknownComment,
            Self::UnknownTopic,
            Self::DayOutOfRange { from: day, to: day },
        ]
    }

    /// The code as it goes over the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::QuotesComment { .. } => "quotes_comment",
            Self::TooFewWords { .. } => "too_few_words",
            Self::NoComments => "no_comments",
            Self::UnknownComment => "unknown_comment",
            Self::UnknownTopic => "unknown_topic",
            Self::DayOutOfRange { .. } => "day_out_of_range",
        }
    }

    /// One sentence for people.
    pub fn detail(&self, lang: Lang) -> String {
        match lang {
            Lang::Vi => self.detail_vi(),
            Lang::En => self.detail_en(),
        }
    }

    fn detail_vi(&self) -> String {
        match self {
            Self::QuotesComment { words } => format!(
                "Nhắc lại nguyên văn ít nhất {words} tiếng liền nhau trong góp ý của một người; hãy tóm tắt bằng lời của cơ quan."
            ),
            Self::TooFewWords { least } => format!("Quá ngắn, cần ít nhất {least} tiếng."),
            Self::NoComments => "Tháng này không có góp ý nào được hiển thị để trả lời.".into(),
            Self::UnknownComment => "Không có góp ý này trong tháng, đợt khảo sát và cơ quan đó.".into(),
            Self::UnknownTopic => "Phải là mã yếu tố hoặc tiêu chí của phiếu khảo sát, hoặc `other`.".into(),
            Self::DayOutOfRange { from, to } => format!("Ngày phải trong khoảng từ {from} đến {to}."),
        }
    }

    fn detail_en(&self) -> String {
        match self {
            Self::QuotesComment { words } => format!(
                "Repeats at least {words} words in a row from somebody's comment; sum it up in words of your own."
            ),
            Self::TooFewWords { least } => format!("Too short, at least {least} words are needed."),
            Self::NoComments => "No comments of that month are shown that could be answered.".into(),
            Self::UnknownComment => "There is no such comment of that agency, survey and month.".into(),
            Self::UnknownTopic => {
                "Has to be the code of an element or a criterion of the questionnaire, or `other`.".into()
            }
            Self::DayOutOfRange { from, to } => format!("The day has to be from {from} to {to}."),
        }
    }
}
