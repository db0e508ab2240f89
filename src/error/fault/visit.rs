//! Why a visit does not let a response in.

use crate::error::Lang;
use chrono::{DateTime, SecondsFormat, Utc};

/// What is wrong with a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VisitFault {
    /// Not a token of ours, changed, or of an issuer or key that is not trusted any more.
    Invalid,
    /// The survey demands one and none is shown.
    Required,
    /// The visit is bound to something else than the response says.
    Mismatch,
    /// Answered before the visit was issued, or after it expired.
    OutOfTime {
        /// When it was issued.
        from: DateTime<Utc>,
        /// When it expired.
        to: DateTime<Utc>,
    },
}

impl VisitFault {
    /// One of each kind, for the printed table.
    pub fn samples() -> Vec<Self> {
        let at = DateTime::UNIX_EPOCH;
        vec![Self::Invalid, Self::Required, Self::Mismatch, Self::OutOfTime { from: at, to: at }]
    }

    /// The code as it goes over the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Invalid => "visit_invalid",
            Self::Required => "visit_required",
            Self::Mismatch => "visit_mismatch",
            Self::OutOfTime { .. } => "visit_out_of_time",
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
            Self::Invalid => "Mã lượt giao dịch không hợp lệ hoặc đã bị thu hồi.".into(),
            Self::Required => "Đợt khảo sát này yêu cầu mã lượt giao dịch in trên giấy biên nhận.".into(),
            Self::Mismatch => "Không khớp với lượt giao dịch.".into(),
            Self::OutOfTime { from, to } => {
                format!("Mã lượt giao dịch chỉ dùng được từ {} đến trước {}.", instant(from), instant(to))
            }
        }
    }

    fn detail_en(&self) -> String {
        match self {
            Self::Invalid => "The visit token is not valid, or was withdrawn.".into(),
            Self::Required => "This survey demands the visit token that is printed on the receipt.".into(),
            Self::Mismatch => "Not what the visit is for.".into(),
            Self::OutOfTime { from, to } => {
                format!("The visit token is good from {} until before {}.", instant(from), instant(to))
            }
        }
    }
}

fn instant(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
