//! Standard errors from respondents: the answers of one person are not independent.
//!
//! Where every respondent answered every criterion the standard error follows exactly from the sums kept beside
//! the tallies (the linearised variance of a ratio, Cochran, Sampling Techniques, 3rd ed., ch. 6, which is here
//! the variance of the persons' means). Where some criteria are answered by fewer people, the standard error of the
//! part that is complete and those of the single criteria are added with their weights. That is the largest
//! the standard error can be, whatever the correlation between them (triangle inequality): the interval may be
//! wider than need be.
//!
//! A part that few people answered and in which nobody differs has a variance of 0, which says more of its size than
//! of the truth: ten who agree would make the whole as sure as if everybody had been asked. Beside parts that do
//! vary it counts as far as it may be off: if n people answer alike, no more than 1 - (α/2)^(1/n) of all answer
//! otherwise (Clopper & Pearson 1934), each at most by the length of the scale.
//!
//! With shares below 1 second-order sums count with the square of the share, and the number of people behind
//! degrees of freedom is (Σw)²/Σw² (Kish, Survey Sampling, 1965), which is their number if all shares are equal.

use super::confidence::Confidence;
use super::formula::Formula;
use super::{Exact, ratio, whole};
use crate::domain::distribution::{Distribution, Moments};
use crate::domain::questionnaire::Scale;
use crate::domain::tree::Share;
use num_traits::{One, ToPrimitive, Zero};

/// Standard error of a mean level (or of a satisfied share), and from how many people it is.
#[derive(Debug, Clone, Copy)]
pub struct StandardError {
    /// In levels, or as a share of 1.
    pub(super) size: f64,
    /// The fewest people any part of it comes from.
    pub(super) people: f64,
    /// The same, each counted with the share.
    pub(super) counted: f64,
}

/// What a weighted mean is made of.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Of 1.
    pub weight: f64,
    /// `None`: the data cannot tell.
    pub error: Option<StandardError>,
    /// The length of the scale in the unit of the error.
    pub reach: f64,
}

impl StandardError {
    /// Of criteria that every respondent answered; the respondents' sums with the share of each group.
    pub fn of_complete(formula: Formula, groups: &[(Share, Moments)]) -> Option<Self> {
        match groups {
            [(share, moments)] if share.is_one() => Self::of_everybody(formula, moments),
            _ => Self::of_shares(formula, groups),
        }
    }

    /// The largest that the standard error of a weighted mean can be; weights add up to 1, `reach` is as far as one
    /// answer of the part can be from another. Exactly 0 where nobody differs in any part.
    pub fn bound(parts: &[Part], confidence: Confidence) -> Option<Self> {
        let agreed = parts.iter().all(|part| part.error.is_some_and(|error| error.size <= 0.0));
        let mut sum = Self { size: 0.0, people: f64::INFINITY, counted: f64::INFINITY };
        for Part { weight, error, reach } in parts {
            let error = (*error)?;
            let size = if error.size > 0.0 || agreed {
                error.size
            } else {
                reach * confidence.unseen(error.people) / confidence.normal()
            };
            sum = Self {
                size: sum.size + weight * size,
                people: sum.people.min(error.people),
                counted: sum.counted.min(error.counted),
            };
        }
        sum.people.is_finite().then_some(sum)
    }

    /// Σ(x - R·m)²/(Σm)² with R = Σx/Σm, from the sums alone. The numerator is computed exactly, so that
    /// "nobody differs" is exactly zero. `None` if nothing is applicable.
    fn of_everybody(formula: Formula, moments: &Moments) -> Option<Self> {
        let [m, mm, x, xx, xm] = sums(formula, moments).map(i128::from);
        if m == 0 {
            return None;
        }
        let numerator = m * m * xx - 2 * x * m * xm + x * x * mm;
        let m = m.to_f64()?;
        let people = moments.respondents.to_f64()?;
        let size = (numerator.to_f64()? / (m * m * m * m)).sqrt();
        Some(Self { size, people, counted: people })
    }

    fn of_shares(formula: Formula, groups: &[(Share, Moments)]) -> Option<Self> {
        let [mut m, mut mm, mut x, mut xx, mut xm, mut people, mut squares] = [(); 7].map(|()| whole(0));
        for (share, moments) in groups {
            let share = ratio(*share.numer(), *share.denom());
            let square = &share * &share;
            let of = sums(formula, moments).map(|sum| Exact::from_integer(sum.into()));
            let respondents = Exact::from_integer(moments.respondents.into());
            let [gm, gmm, gx, gxx, gxm] = of;
            m += &share * gm;
            x += &share * gx;
            mm += &square * gmm;
            xx += &square * gxx;
            xm += &square * gxm;
            people += &share * &respondents;
            squares += &square * &respondents;
        }
        if m.is_zero() || squares.is_zero() {
            return None;
        }
        let r = x / &m;
        let numerator = xx - whole(2) * &r * xm + &r * &r * mm;
        let size = (numerator / (&m * &m)).to_f64()?.sqrt();
        let effective = &people * &people / squares;
        Some(Self { size, people: effective.to_f64()?, counted: people.to_f64()? })
    }
}

/// Σm, Σm², Σx, Σx², Σx·m of what the formula averages.
const fn sums(formula: Formula, moments: &Moments) -> [i64; 5] {
    match formula {
        Formula::SatisfiedShare => [moments.m, moments.mm, moments.s, moments.ss, moments.sm],
        _ => [moments.m, moments.mm, moments.v, moments.vv, moments.vm],
    }
}

/// The respondents' sums of a single criterion.
pub fn moments_of_criterion(scale: &Scale, counts: &Distribution) -> Moments {
    let mut moments = Moments::default();
    for (level, count) in scale.levels.iter().zip(counts.levels) {
        // Counts come from columns of 64 bits with a sign.
        let count = i64::try_from(count).unwrap_or(0);
        let (satisfied, value) = (i64::from(level.satisfied), i64::from(level.value));
        moments.add(&Moments {
            respondents: count,
            m: count,
            mm: count,
            s: satisfied * count,
            ss: satisfied * count,
            sm: satisfied * count,
            v: value * count,
            vv: value * value * count,
            vm: value * count,
        });
    }
    moments
}
