//! Faults of entered values of measures.

use crate::error::Lang;

/// Which rule an entered value breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeasureFault {
    /// No measure of this code.
    UnknownMeasure,
    /// Neither a value nor a rank.
    NothingSaid,
    /// The rank is beyond the end of the list.
    RankBeyondList,
    /// The value is outside the measure's scale.
    OffScale {
        /// Smallest value, as far as it is verified.
        least: Option<String>,
        /// Largest value, as far as it is verified.
        most: Option<String>,
    },
    /// The agency did not exist in the period.
    AgencyNotThere,
    /// The whole country has no rank.
    CountryHasNoRank,
    /// A reason goes with what is assumed, and with nothing else.
    ReasonOfAssumed,
    /// Another revision is the newest one.
    OtherRevision {
        /// The newest; 0 if nothing was entered.
        newest: i32,
    },
    /// No unit is named.
    NoUnit,
}

impl MeasureFault {
    /// One of each.
    pub fn samples() -> Vec<Self> {
        vec![
            Self::UnknownMeasure,
            Self::NothingSaid,
            Self::RankBeyondList,
            Self::OffScale { least: Some("0".into()), most: Some("100".into()) },
            Self::AgencyNotThere,
            Self::CountryHasNoRank,
            Self::ReasonOfAssumed,
            Self::OtherRevision { newest: 2 },
            Self::NoUnit,
        ]
    }

    /// The code as it goes over the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UnknownMeasure => "unknown_measure",
            Self::NothingSaid => "nothing_said",
            Self::RankBeyondList => "rank_beyond_list",
            Self::OffScale { .. } => "value_off_scale",
            Self::AgencyNotThere => "agency_not_in_period",
            Self::CountryHasNoRank => "country_has_no_rank",
            Self::ReasonOfAssumed => "reason_of_assumed",
            Self::OtherRevision { .. } => "other_revision",
            Self::NoUnit => "no_unit",
        }
    }

    /// One sentence for people.
    pub fn detail(&self, lang: Lang) -> String {
        let (vi, en): (&str, &str) = match self {
            Self::OffScale { least, most } => return off_scale(least.as_deref(), most.as_deref(), lang),
            Self::OtherRevision { newest } => return other_revision(*newest, lang),
            Self::UnknownMeasure => ("Không có chỉ số này.", "There is no such measure."),
            Self::NothingSaid => ("Cần giá trị hoặc thứ hạng.", "Give a value, a rank, or both."),
            Self::RankBeyondList => (
                "Thứ hạng lớn hơn số đơn vị được xếp hạng.",
                "The rank is larger than the number of those ranked.",
            ),
            Self::AgencyNotThere => {
                ("Cơ quan không tồn tại trong kỳ này.", "The agency did not exist in this period.")
            }
            Self::CountryHasNoRank => ("Cả nước không có thứ hạng.", "The whole country has no rank."),
            Self::ReasonOfAssumed => (
                "Số liệu giả định (`assumed`) cần lý do; số liệu đã kiểm chứng (`verified`) thì không.",
                "What is `assumed` needs a reason; what is `verified` has none.",
            ),
            Self::NoUnit => (
                "Cần tên đơn vị (`unit_vi`) hoặc mã cơ quan (`agency`).",
                "Name the unit by `unit_vi` or by the code of an `agency`.",
            ),
        };
        if lang == Lang::Vi { vi.into() } else { en.into() }
    }
}

fn off_scale(least: Option<&str>, most: Option<&str>, lang: Lang) -> String {
    let bound = |vi: &str, en: &str, bound: Option<&str>| {
        let word = if lang == Lang::Vi { vi } else { en };
        bound.map(|bound| format!(" {word} {bound}")).unwrap_or_default()
    };
    let (least, most) = (bound("từ", "from", least), bound("đến", "to", most));
    match lang {
        Lang::Vi => format!("Ngoài thang đo của chỉ số:{least}{most}."),
        Lang::En => format!("Outside the measure's scale:{least}{most}."),
    }
}

fn other_revision(newest: i32, lang: Lang) -> String {
    match (lang, newest) {
        (Lang::Vi, 0) => "Chưa có số liệu để thay thế; bỏ `replaces`.".into(),
        (Lang::En, 0) => "There is nothing to be replaced; leave `replaces` out.".into(),
        (Lang::Vi, _) => format!("Đã có số liệu khác; lần nhập mới nhất là {newest}."),
        (Lang::En, _) => format!("Something else was entered already; the newest revision is {newest}."),
    }
}
