//! Formulas: named, versioned rules. A figure without its formula id is worth nothing.

use super::rounding::to_tenth;
use super::{Exact, ratio, whole};
use crate::domain::distribution::Distribution;
use crate::domain::questionnaire::{Kind, Scale, Wording};
use crate::error::FaultKind;
use num_integer::Integer;

/// A rule from level counts to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Formula {
    /// Share of satisfied answers (levels 4 and 5), in percent.
    SatisfiedShare,
    /// Mean level over the highest level, in percent.
    MeanNormalised,
    /// Mean level mapped from 1..5 to 0..100.
    MeanRescaled,
    /// Points per indicator, one decimal, summed over the indicators that have data.
    DeskPoints,
    /// As `desk-points`, scaled up to nine indicators (18 points).
    DeskPointsRescaled,
}

/// Number of indicators of the desk rating (TT 01/2018/TT-VPCP); their points add up to 18.
pub const DESK_INDICATORS: u64 = 9;

impl Formula {
    /// Every formula.
    pub const ALL: [Self; 5] = [
        Self::SatisfiedShare,
        Self::MeanNormalised,
        Self::MeanRescaled,
        Self::DeskPoints,
        Self::DeskPointsRescaled,
    ];

    /// Stable id.
    pub const fn id(self) -> &'static str {
        match self {
            Self::SatisfiedShare => "satisfied-share",
            Self::MeanNormalised => "mean-normalised",
            Self::MeanRescaled => "mean-rescaled",
            Self::DeskPoints => "desk-points",
            Self::DeskPointsRescaled => "desk-points-rescaled",
        }
    }

    /// Version of the rule behind the id; grows if the rule ever changes.
    pub const fn version(self) -> u16 {
        1
    }

    /// The measurement it belongs to.
    pub const fn kind(self) -> Kind {
        match self {
            Self::SatisfiedShare | Self::MeanNormalised | Self::MeanRescaled => Kind::Sipas,
            Self::DeskPoints | Self::DeskPointsRescaled => Kind::Desk,
        }
    }

    /// The formulas of a measurement; the first is the default.
    pub fn of_kind(kind: Kind) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |formula| formula.kind() == kind)
    }

    /// Reads an id for a survey of the given kind.
    ///
    /// # Errors
    /// [`FaultKind::FormulaDoesNotFit`] for an unknown id or one of another kind.
    pub fn parse(id: &str, kind: Kind) -> Result<Self, FaultKind> {
        Self::of_kind(kind).find(|formula| formula.id() == id).ok_or_else(|| FaultKind::FormulaDoesNotFit {
            allowed: Self::of_kind(kind).map(Self::id).collect(),
        })
    }

    /// Unit of the value.
    pub const fn unit(self) -> &'static str {
        match self.kind() {
            Kind::Sipas => "percent",
            Kind::Desk => "points",
        }
    }

    /// The rule in words, with what is assumed in it.
    pub fn definition(self) -> Wording {
        let (vi, en) = match self {
            Self::SatisfiedShare => (
                "Tỷ lệ câu trả lời ở mức 4 và 5 trên tổng số câu trả lời, nhân 100. Cách hiểu thông dụng của SIPAS 2015-2021; văn bản công thức của QĐ 1001/QĐ-BNV chưa được đối chiếu.",
                "Answers at level 4 or 5 over all answers, times 100. The usual reading of SIPAS 2015-2021; assumed, the formula text of QĐ 1001/QĐ-BNV has not been verified.",
            ),
            Self::MeanNormalised => (
                "Điểm trung bình chia 5, nhân 100. Phù hợp với số liệu công bố từ 2022; văn bản công thức của QĐ 1001/QĐ-BNV chưa được đối chiếu.",
                "Mean level over 5, times 100. Fits the figures published since 2022; assumed, the formula text of QĐ 1001/QĐ-BNV has not been verified.",
            ),
            Self::MeanRescaled => (
                "(Điểm trung bình - 1) chia 4, nhân 100. Dạng thường gặp ở quốc tế, không phải công thức của SIPAS.",
                "(Mean level - 1) over 4, times 100. Common abroad; nothing points to it for SIPAS.",
            ),
            Self::DeskPoints => (
                "Điểm trung bình của từng chỉ số làm tròn một chữ số thập phân, cộng lại (TT 01/2018/TT-VPCP). Chỉ xếp loại khi đủ chín chỉ số.",
                "Mean points of each indicator to one decimal, added up (TT 01/2018/TT-VPCP). Banded only if all nine indicators have data. Assumed: rounding half up.",
            ),
            Self::DeskPointsRescaled => (
                "Như desk-points, quy đổi theo tỷ lệ ra chín chỉ số (18 điểm) rồi xếp loại. Thông tư không quy định cách quy đổi khi thiếu chỉ số.",
                "As desk-points, scaled up to nine indicators (18 points) and banded. Assumed: the circular states no rule for missing indicators.",
            ),
        };
        Wording { vi: vi.into(), en: en.into() }
    }

    /// Numerator and denominator of one criterion's value before scaling to the formula's unit; the
    /// denominator is 0 if nobody answered.
    pub fn fraction(self, scale: &Scale, counts: &Distribution) -> (u64, u64) {
        let answered = counts.answered();
        let sum = |weight: &dyn Fn(&crate::domain::questionnaire::Level) -> u64| -> u64 {
            scale.levels.iter().zip(counts.levels).map(|(level, count)| weight(level) * count).sum()
        };
        let points = || sum(&|level| u64::try_from(level.value).unwrap_or(0));
        match self {
            Self::SatisfiedShare => (sum(&|level| u64::from(level.satisfied)), answered),
            Self::MeanNormalised => (points(), 5 * answered),
            Self::MeanRescaled => (points().saturating_sub(answered), 4 * answered),
            Self::DeskPoints | Self::DeskPointsRescaled => (points(), answered),
        }
    }

    /// As far as two answers on the scale can be from each other in what is averaged: levels, or a share of 1.
    pub fn reach(self, scale: &Scale) -> f64 {
        let values = || scale.levels.iter().map(|level| f64::from(level.value));
        match self {
            Self::SatisfiedShare => 1.0,
            _ => values().fold(0.0, f64::max) - values().fold(f64::INFINITY, f64::min),
        }
    }

    /// Value of a criterion in the formula's unit, from numerator over denominator; `tenths`: after the rounding
    /// to tenths that the circular prescribes for desk points.
    pub fn of_quotient(self, quotient: Exact, tenths: bool) -> Exact {
        match (self.kind(), tenths) {
            (Kind::Sipas, _) => quotient * whole(100),
            (Kind::Desk, true) => to_tenth(&quotient),
            (Kind::Desk, false) => quotient,
        }
    }

    /// The rule as it applies to a single criterion, which is never scaled up to nine indicators.
    pub const fn of_one_criterion(self) -> Self {
        match self {
            Self::DeskPointsRescaled => Self::DeskPoints,
            other => other,
        }
    }

    /// Value of several criteria together; `None` if there are none.
    pub fn combined(self, criteria: &[Exact]) -> Option<Exact> {
        let sum = criteria.iter().fold(whole(0), |sum, value| sum + value);
        self.total(sum, u64::try_from(criteria.len()).ok()?)
    }

    /// From the sum of `count` criteria's values.
    fn total(self, sum: Exact, count: u64) -> Option<Exact> {
        Some(match self {
            _ if count == 0 => return None,
            Self::SatisfiedShare | Self::MeanNormalised | Self::MeanRescaled => sum / whole(count),
            Self::DeskPoints => sum,
            Self::DeskPointsRescaled => sum * ratio(DESK_INDICATORS, count),
        })
    }

    /// [`Self::combined`] over [`Self::of_quotient`] of each fraction whose denominator is not 0. Fractions of one
    /// denominator are added as integers, which is exact too and saves most of the work: most criteria of a
    /// questionnaire are answered by everybody.
    pub fn combined_fractions(
        self,
        fractions: impl Iterator<Item = (u64, u64)>,
        tenths: bool,
    ) -> Option<Exact> {
        let mut sums: Vec<(u128, u64)> = Vec::new();
        let mut count = 0;
        for (numerator, denominator) in fractions.filter(|(_, denominator)| *denominator > 0) {
            count += 1;
            let (numerator, denominator) = match (self.kind(), tenths) {
                (Kind::Sipas, _) => (100 * u128::from(numerator), denominator),
                (Kind::Desk, true) => (whole_tenths(numerator, denominator), 10),
                (Kind::Desk, false) => (u128::from(numerator), denominator),
            };
            match sums.iter_mut().find(|(_, known)| *known == denominator) {
                Some((sum, _)) => *sum += numerator,
                None => sums.push((numerator, denominator)),
            }
        }
        if let Some(total) = self.small_total(&sums, count) {
            return Some(total);
        }
        let terms = sums.into_iter().map(|(sum, denominator)| Exact::new(sum.into(), denominator.into()));
        self.total(terms.reduce(|sum, term| sum + term)?, count)
    }

    /// The same in 128 bits, which nearly always are enough and are many times faster; `None` if they are not.
    fn small_total(self, sums: &[(u128, u64)], count: u64) -> Option<Exact> {
        let mut sum = (0_u128, 1_u128);
        for (numerator, denominator) in sums {
            let denominator = u128::from(*denominator);
            let common = sum.1.checked_mul(denominator / sum.1.gcd(&denominator))?;
            let held = sum.0.checked_mul(common / sum.1)?;
            sum = (held.checked_add(numerator.checked_mul(common / denominator)?)?, common);
        }
        let count = u128::from(count);
        let (numerator, denominator) = match self {
            _ if count == 0 => return None,
            Self::SatisfiedShare | Self::MeanNormalised | Self::MeanRescaled => {
                (sum.0, sum.1.checked_mul(count)?)
            }
            Self::DeskPoints => sum,
            Self::DeskPointsRescaled => {
                (sum.0.checked_mul(DESK_INDICATORS.into())?, sum.1.checked_mul(count)?)
            }
        };
        let shared = numerator.gcd(&denominator).max(1);
        Some(Exact::new_raw((numerator / shared).into(), (denominator / shared).into()))
    }

    /// How the value of `count` criteria together moves with the mean level (or with the satisfied share):
    /// value = slope x mean + offset.
    pub fn slope(self, count: usize) -> f64 {
        match self {
            Self::SatisfiedShare => 100.0,
            Self::MeanNormalised => 20.0,
            Self::MeanRescaled => 25.0,
            Self::DeskPoints => u32::try_from(count).map_or(0.0, f64::from),
            Self::DeskPointsRescaled => 9.0,
        }
    }

    /// Smallest and largest value of `count` criteria together.
    pub fn range(self, count: usize) -> (f64, f64) {
        match self {
            Self::SatisfiedShare | Self::MeanRescaled => (0.0, 100.0),
            Self::MeanNormalised => (20.0, 100.0),
            Self::DeskPoints => (0.0, 2.0 * self.slope(count)),
            Self::DeskPointsRescaled => (0.0, 18.0),
        }
    }
}

/// Number of tenths in a fraction, rounded half up as [`to_tenth`] does.
fn whole_tenths(numerator: u64, denominator: u64) -> u128 {
    let (numerator, denominator) = (u128::from(numerator), u128::from(denominator));
    (20 * numerator + denominator) / (2 * denominator)
}
