//! Faults of questions about figures.

use crate::error::Lang;

/// Which rule a question about figures breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FigureFault {
    /// More than an answer can hold.
    TooMany {
        /// Most that are allowed.
        max: usize,
    },
    /// Neither one for all nor one for each survey.
    OneForEach,
    /// A survey is named twice in one series.
    NamedTwice,
    /// Surveys of different kinds of measurement in one series.
    OfOneKind,
    /// None of the questionnaires has such an element or criterion.
    UnknownPart,
    /// The period begins or ends inside a month.
    WholeMonths,
    /// Days and weeks are for those in charge.
    MonthsForPublic,
    /// Both figures would be about some of the same people.
    Overlapping,
    /// The change since a period that comes later.
    NotEarlier,
    /// Give exactly one of two.
    OneOfTwo,
    /// Such a breakdown would tell the public too much.
    BreakdownInCharge,
    /// What was flagged is for those in charge.
    FlaggedInCharge,
    /// No target is in force.
    NoTarget,
    /// More decimals than a figure has.
    TwoDecimals,
    /// The agency did not exist by that tree.
    NotInTree {
        /// Agencies it became part of.
        successors: Vec<String>,
    },
}

impl FigureFault {
    /// One of each.
    pub fn samples() -> Vec<Self> {
        vec![
            Self::TooMany { max: 1000 },
            Self::OneForEach,
            Self::NamedTwice,
            Self::OfOneKind,
            Self::UnknownPart,
            Self::WholeMonths,
            Self::MonthsForPublic,
            Self::Overlapping,
            Self::NotEarlier,
            Self::OneOfTwo,
            Self::BreakdownInCharge,
            Self::FlaggedInCharge,
            Self::NoTarget,
            Self::TwoDecimals,
            Self::NotInTree { successors: vec!["H21".into()] },
        ]
    }

    /// The code as it goes over the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TooMany { .. } => "too_many",
            Self::OneForEach => "one_for_each",
            Self::NamedTwice => "named_twice",
            Self::OfOneKind => "not_of_one_kind",
            Self::UnknownPart => "unknown_part",
            Self::WholeMonths => "not_whole_months",
            Self::MonthsForPublic => "months_for_public",
            Self::Overlapping => "overlapping",
            Self::NotEarlier => "not_earlier",
            Self::OneOfTwo => "one_of_two",
            Self::BreakdownInCharge => "breakdown_in_charge",
            Self::FlaggedInCharge => "flagged_in_charge",
            Self::NoTarget => "no_target",
            Self::TwoDecimals => "two_decimals",
            Self::NotInTree { .. } => "not_in_tree",
        }
    }

    /// One sentence for people.
    pub fn detail(&self, lang: Lang) -> String {
        let (vi, en) = match self {
            Self::TooMany { max } => {
                return match lang {
                    Lang::Vi => format!("Quá nhiều, tối đa {max}."),
                    Lang::En => format!("Too many, at most {max}."),
                };
            }
            Self::NotInTree { successors } => return not_in_tree(successors, lang),
            Self::OneForEach => (
                "Dùng một công thức cho tất cả, hoặc mỗi đợt khảo sát một công thức.",
                "Give one formula for all surveys, or one for each.",
            ),
            Self::NamedTwice => (
                "Một đợt khảo sát được nêu hai lần; mỗi đợt chỉ nêu một lần.",
                "A survey is named twice; name each once.",
            ),
            Self::OfOneKind => (
                "Các đợt khảo sát phải thuộc cùng một loại đo lường.",
                "The surveys have to be of one kind of measurement.",
            ),
            Self::UnknownPart => (
                "Không phiếu khảo sát nào có yếu tố hoặc tiêu chí này.",
                "None of the questionnaires has such an element or criterion.",
            ),
            Self::WholeMonths => {
                ("Kỳ phải gồm các tháng trọn vẹn.", "The period has to be made of whole months.")
            }
            Self::MonthsForPublic => (
                "Số liệu công khai chỉ theo tháng trọn vẹn; ngày và tuần dành cho người phụ trách.",
                "Everybody may ask for whole months only; days and weeks are for those in charge.",
            ),
            Self::Overlapping => (
                "Hai số liệu có chung người trả lời nên không so sánh được; chọn hai cơ quan hoặc hai kỳ tách biệt.",
                "Both figures are about some of the same people; choose agencies or periods that do not overlap.",
            ),
            Self::NotEarlier => (
                "Kỳ để xem thay đổi phải trước kỳ được xếp hạng.",
                "The period that the change is since has to be before the ranked one.",
            ),
            Self::BreakdownInCharge => (
                "Công khai chỉ có phân tích của cả nước và các cơ quan cấp cao nhất, theo kênh, giới tính và nhóm tuổi, tối đa năm năm; còn lại dành cho người phụ trách.",
                "Everybody may break down the country and the agencies at the top alone, by channel, gender and age band, over five years at most; the rest is for those in charge.",
            ),
            Self::FlaggedInCharge => (
                "Số liệu tính cả phiếu bị đánh dấu dành cho người phụ trách.",
                "Figures with flagged responses are for those in charge.",
            ),
            Self::NoTarget => (
                "Không có mục tiêu nào cho cơ quan, số liệu và kỳ này; hãy nêu mục tiêu bằng `target`.",
                "No target holds for this agency, figure and period; name one by `target`.",
            ),
            Self::TwoDecimals => (
                "Số liệu được công bố với hai chữ số thập phân, mục tiêu cũng vậy.",
                "Figures are published with two decimals, and so are their targets.",
            ),
            Self::OneOfTwo => (
                "Cần đúng một trong hai tham số `with` và `with_period`.",
                "Give exactly one of `with` and `with_period`.",
            ),
        };
        match lang {
            Lang::Vi => vi.into(),
            Lang::En => en.into(),
        }
    }
}

fn not_in_tree(successors: &[String], lang: Lang) -> String {
    let codes = successors.join(", ");
    match (lang, successors.is_empty()) {
        (Lang::Vi, true) => "Cơ quan không tồn tại trong cây tổ chức của ngày này.".into(),
        (Lang::En, true) => "The agency did not exist in the tree of that day.".into(),
        (Lang::Vi, false) => {
            format!("Cơ quan không tồn tại trong cây tổ chức của ngày này; đã thuộc về: {codes}.")
        }
        (Lang::En, false) => {
            format!("The agency did not exist in the tree of that day; it became part of: {codes}.")
        }
    }
}
