//! Faults of events that change the tree of agencies.

use crate::error::Lang;
use chrono::NaiveDate;

/// Which rule an event breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreeFault {
    /// The agency does not exist on the day of the event, or is about to end.
    AgencyNotThere {
        /// The day.
        on: NaiveDate,
    },
    /// The end of the agency is recorded already.
    AgencyEnds,
    /// The code is or was another agency's.
    CodeTaken,
    /// The agency would stand below itself.
    Circle,
    /// An agency would be merged into itself.
    IntoItself,
    /// Agencies stand below the one that ends.
    HasChildren,
    /// Shares do not add up to 1.
    SharesNotWhole,
    /// Products of chained shares do not fit 64 bits.
    SharesTooFine,
}

impl TreeFault {
    /// One of each.
    pub fn samples() -> Vec<Self> {
        vec![
            Self::AgencyNotThere { on: NaiveDate::default() },
            Self::AgencyEnds,
            Self::CodeTaken,
            Self::Circle,
            Self::IntoItself,
            Self::HasChildren,
            Self::SharesNotWhole,
            Self::SharesTooFine,
        ]
    }

    /// The code as it goes over the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AgencyNotThere { .. } => "agency_not_there",
            Self::AgencyEnds => "agency_ends",
            Self::CodeTaken => "code_taken",
            Self::Circle => "circle",
            Self::IntoItself => "into_itself",
            Self::HasChildren => "has_children",
            Self::SharesNotWhole => "shares_not_whole",
            Self::SharesTooFine => "shares_too_fine",
        }
    }

    /// One sentence for people.
    pub fn detail(self, lang: Lang) -> String {
        let (vi, en) = match self {
            Self::AgencyNotThere { on } => {
                return match lang {
                    Lang::Vi => format!("Cơ quan không tồn tại vào ngày {on}, hoặc đã có ngày kết thúc."),
                    Lang::En => format!("The agency does not exist on {on}, or its end is recorded."),
                };
            }
            Self::AgencyEnds => (
                "Cơ quan đã có ngày kết thúc, không thể kế thừa.",
                "The agency's end is recorded already; it cannot take over anything.",
            ),
            Self::CodeTaken => (
                "Mã này đã được dùng; mã của cơ quan không bao giờ dùng lại.",
                "The code is in use or was; an agency's code is never used again.",
            ),
            Self::Circle => (
                "Cơ quan sẽ trực thuộc chính nó, hoặc thuộc cơ quan kết thúc.",
                "An agency would stand below itself, or below one that ends.",
            ),
            Self::IntoItself => {
                ("Không thể hợp nhất cơ quan vào chính nó.", "An agency cannot be merged into itself.")
            }
            Self::HasChildren => (
                "Còn cơ quan trực thuộc; hãy chuyển hoặc kết thúc chúng trước.",
                "Agencies stand below it; move or close them first.",
            ),
            Self::SharesNotWhole => {
                ("Tổng các phần phải đúng bằng 1.", "The shares have to add up to exactly 1.")
            }
            Self::SharesTooFine => (
                "Các phần nhân dồn qua nhiều lần chia tách quá nhỏ để tính chính xác.",
                "Together with earlier splits the shares become too fine to be kept exactly.",
            ),
        };
        match lang {
            Lang::Vi => vi.into(),
            Lang::En => en.into(),
        }
    }
}
