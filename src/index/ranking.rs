//! Rankings: who is first, and how sure that is.
//!
//! Ranks are standard competition ranks (1224) over the values as published, with two decimals: who is shown
//! with the same value has the same rank. Since every value has an interval, so has every rank: nobody can be
//! better than those whose whole interval lies above, nor worse than those whose whole interval lies below. This
//! compares intervals one by one; it is a rule of thumb, not a joint confidence set of all ranks.

use super::IndexValue;
use super::comparison::{Comparison, compare};
use super::rounding::Rounded;

/// Where one of the figures stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Among the ranked.
    Ranked {
        /// 1 is the highest value; equal values share the better rank.
        rank: u64,
        /// Best rank the intervals allow; at most `rank`.
        best: u64,
        /// Worst rank the intervals allow; at least `rank`.
        worst: u64,
    },
    /// Not ranked.
    Unranked(Reason),
}

/// Why a figure is not ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Withheld from this reader.
    Suppressed,
    /// Nobody answered.
    NoResponses,
    /// Fewer people answered than a ranking asks for.
    TooFew,
}

impl Reason {
    /// Word of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suppressed => "suppressed",
            Self::NoResponses => "no_responses",
            Self::TooFew => "too_few",
        }
    }
}

/// A ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranking {
    /// Where each figure stands, in the order they were given.
    pub standings: Vec<Standing>,
    /// How many are ranked.
    pub ranked: u64,
}

/// How a standing changed since an earlier ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Places gained (negative: lost); `None` unless ranked in both.
    pub places: Option<i64>,
    /// The present value compared with the earlier one.
    pub value: Comparison,
}

/// Ranks figures of one formula. Figures of fewer than `min_n` people are not ranked.
///
/// A figure without an interval may stand anywhere, as far as the data tell, and holds nobody else's rank.
pub fn rank(figures: &[IndexValue], min_n: u64) -> Ranking {
    let valued: Vec<Result<Rounded, Reason>> = figures.iter().map(|figure| admitted(figure, min_n)).collect();
    let among = || figures.iter().zip(&valued).filter_map(|(figure, value)| Some((figure, value.ok()?)));
    let values = sorted(among().map(|(_, value)| value));
    let lows = sorted(among().filter_map(|(figure, _)| figure.interval.map(|interval| interval.low)));
    let highs = sorted(among().filter_map(|(figure, _)| figure.interval.map(|interval| interval.high)));
    let standing = |(figure, value): (&IndexValue, &Result<Rounded, Reason>)| match value {
        Err(reason) => Standing::Unranked(*reason),
        Ok(value) => {
            let rank = 1 + above(&values, *value);
            let (best, worst) = figure.interval.map_or((1, values.len()), |interval| {
                (1 + above(&lows, interval.high), values.len() - below(&highs, interval.low))
            });
            // A desk value is rounded to tenths and may lie beside its interval.
            Standing::Ranked {
                rank: number(rank),
                best: number(best.min(rank)),
                worst: number(worst.max(rank)),
            }
        }
    };
    Ranking { standings: figures.iter().zip(&valued).map(standing).collect(), ranked: number(values.len()) }
}

/// How a standing changed: figure and standing now, and in an earlier ranking. The samples have to be
/// independent, as for [`compare`].
pub fn change(now: (&IndexValue, Standing), before: (&IndexValue, Standing)) -> Change {
    let places = match (now.1, before.1) {
        (Standing::Ranked { rank: now, .. }, Standing::Ranked { rank: before, .. }) => {
            i64::try_from(before).ok().zip(i64::try_from(now).ok()).map(|(before, now)| before - now)
        }
        _ => None,
    };
    Change { places, value: compare(now.0, before.0) }
}

fn admitted(figure: &IndexValue, min_n: u64) -> Result<Rounded, Reason> {
    match (figure.suppressed, figure.value) {
        (true, _) => Err(Reason::Suppressed),
        (false, None) => Err(Reason::NoResponses),
        (false, Some(_)) if figure.n.unwrap_or(0) < min_n => Err(Reason::TooFew),
        (false, Some(value)) => Ok(value),
    }
}

fn sorted(numbers: impl Iterator<Item = Rounded>) -> Vec<Rounded> {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_unstable();
    numbers
}

/// How many of the sorted numbers are above this one.
fn above(sorted: &[Rounded], number: Rounded) -> usize {
    sorted.len() - sorted.partition_point(|other| *other <= number)
}

/// How many are below it.
fn below(sorted: &[Rounded], number: Rounded) -> usize {
    sorted.partition_point(|other| *other < number)
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
