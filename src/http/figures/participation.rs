//! Participation beside a figure, the same for every resource.

use crate::error::Lang;
use crate::http::provenance::unit_words;
use crate::http::sheet::{Cell, Column};
use crate::service::participation::Participation;
use serde::Serialize;
use utoipa::ToSchema;

/// Answers held against dossiers handled. It is told where the numbers of dossiers of all these agencies and days are
/// reported and not below the number of people who answered; and not where `n` leaves open how many answered, because
/// criteria that too few answered are left out, which the rate would tell.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParticipationBody {
    /// Dossiers handled by the same agencies in the same days; intervals are corrected for them.
    pub(in crate::http) dossiers: u64,
    /// People who answered, in percent of the dossiers.
    #[schema(example = 12.34)]
    pub(in crate::http) rate_percent: Option<f64>,
    /// Fewest people the sample rule n = N / (1 + N e²), e = 5 %, asks for (as taught in 2013; assumed).
    pub(in crate::http) sample_required: u64,
    /// Whether so many answered; `null` without dossiers.
    pub(in crate::http) sample_sufficient: Option<bool>,
}

impl From<Participation> for ParticipationBody {
    fn from(participation: Participation) -> Self {
        Self {
            dossiers: participation.dossiers,
            rate_percent: participation.rate.map(|rate| rate.to_f64()),
            sample_required: participation.required,
            sample_sufficient: participation.sufficient,
        }
    }
}

impl ParticipationBody {
    /// Lines for the head of a sheet about one subject and period.
    pub fn lines(&self, lang: Lang) -> [(&'static str, String); 2] {
        let say = |vi, en| if lang == Lang::Vi { vi } else { en };
        let rate = self.rate_percent.map_or_else(String::new, |rate| format!(" ({rate:.2} %)"));
        let enough = match self.sample_sufficient {
            Some(true) => say(" (đủ)", " (enough)"),
            Some(false) => say(" (chưa đủ)", " (too few)"),
            None => "",
        };
        [
            (
                say("Hồ sơ đã giải quyết (tỷ lệ tham gia)", "Dossiers handled (participation)"),
                format!("{}{rate}", self.dossiers),
            ),
            (
                say("Cỡ mẫu cần theo quy tắc", "People the sample rule asks for"),
                format!("{}{enough}", self.sample_required),
            ),
        ]
    }
}

/// Its columns in a sheet.
pub fn columns(lang: Lang) -> [Column; 4] {
    let [dossiers, required] = ["dossiers", "sample_required"].map(Column::new);
    [
        dossiers,
        Column::of("participation", unit_words("percent", lang)),
        required,
        Column::new("sample_sufficient"),
    ]
}

/// Its cells in a row, in the order of the columns.
pub fn cells(participation: Option<&ParticipationBody>) -> [Cell; 4] {
    [
        participation.map(|found| found.dossiers).into(),
        participation.and_then(|found| found.rate_percent).into(),
        participation.map(|found| found.sample_required).into(),
        participation.and_then(|found| found.sample_sufficient).into(),
    ]
}
