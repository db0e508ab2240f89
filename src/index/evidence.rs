//! Evidence: what figures are computed from, with the share of it that counts.
//!
//! A split of an agency gives its successors shares of what was said about it; nobody knows which response
//! belongs to whom, so each counts with the share. Counts and first-order sums are weighted with the share,
//! second-order sums with its square: the linearised variance of a weighted ratio (Cochran, Sampling
//! Techniques, 3rd ed., ch. 6; Wolter, Introduction to Variance Estimation, 2nd ed., ch. 6). The shares are
//! exact ratios and so is every sum; tallies of one share stay together as integers until a sum is asked for,
//! so nothing overflows and a share of 1 changes nothing.
//!
//! People are counted without shares: the small-cell rule protects whoever answered, however much of the
//! answer counts.

use super::{Exact, whole};
use crate::domain::distribution::{Distribution, Moments};
use crate::domain::questionnaire::QuestionnaireVersion;
use crate::domain::tally::Tally;
use crate::domain::tree::Share;
use chrono::{DateTime, Utc};
use num_traits::{One, Zero};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everything that was said, and how much of it counts.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The version's parts, see [`QuestionnaireVersion::parts`].
    parts: Arc<[Vec<usize>]>,
    /// What counts fully.
    full: Arc<Tally>,
    /// What counts with a share below 1, one tally a share.
    partial: Vec<(Share, Arc<Tally>)>,
    /// What is withheld whatever the counts.
    withheld: Withheld,
}

/// What a reader may not see although enough people answered: it would tell what too few did, see
/// [`suppression`](super::suppression).
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Everything.
    pub everything: bool,
    /// Places of criteria.
    pub criteria: Vec<usize>,
}

impl Withheld {
    /// Withholds what either withholds.
    pub fn and(&mut self, other: Self) {
        self.everything |= other.everything;
        self.criteria.extend(other.criteria);
    }
}

/// Withholds in all what has to be withheld in one of those that are shown: figures beside each other have to be made of
/// the same criteria, or a rank, a difference or a line would be about what is left out.
pub fn withhold_alike(evidences: &mut [Evidence], min_n: u64) {
    let mut criteria = BTreeSet::new();
    for evidence in evidences.iter() {
        if !evidence.withheld.everything && evidence.people() >= min_n {
            criteria.extend(evidence.withheld.criteria.iter().copied());
            // From one person on all is shown.
            let places = 0..if min_n > 1 { evidence.full.counts.len() } else { 0 };
            criteria.extend(places.filter(|place| (1..min_n).contains(&evidence.answered(*place))));
        }
    }
    for evidence in evidences {
        evidence.withheld.criteria.extend(criteria.iter().copied());
    }
}

impl Evidence {
    /// Of nothing yet.
    pub fn new(version: &QuestionnaireVersion) -> Self {
        let parts = version.parts();
        let full = Tally {
            counts: vec![Distribution::default(); version.criteria.len()],
            moments: vec![Moments::default(); parts.len()],
            watermark: None,
        };
        Self { parts: parts.into(), full: full.into(), partial: Vec::new(), withheld: Withheld::default() }
    }

    /// Adds responses to the same version, of which `share` counts: above 0, at most 1. Nothing of a share of 0
    /// counts, nor the people in it. What is the first is kept as it is instead of added to nothing.
    pub fn add(&mut self, tally: &Arc<Tally>, share: Share) {
        if share.is_one() {
            add(&mut self.full, tally);
        } else if !share.is_zero() && tally.people() > 0 {
            match self.partial.iter_mut().find(|(known, _)| *known == share) {
                Some((_, sum)) => add(sum, tally),
                None => self.partial.push((share, tally.clone())),
            }
        }
    }

    /// Withholds what the reader may not see.
    pub fn withhold(&mut self, withheld: Withheld) {
        self.withheld = withheld;
    }

    pub(super) const fn withheld(&self) -> &Withheld {
        &self.withheld
    }

    /// People with at least one applicable answer, each counted once whatever the share.
    pub fn people(&self) -> u64 {
        self.tallies().map(|(_, tally)| tally.people()).sum()
    }

    /// The same people, each counted with the share: what to set against a number of dossiers.
    pub fn weighted_people(&self) -> Exact {
        self.sum(Tally::people)
    }

    /// People who answered the criterion at `place` with a level, each counted once.
    pub fn answered(&self, place: usize) -> u64 {
        let answered = |tally: &Tally| tally.counts.get(place).map_or(0, Distribution::answered);
        self.tallies().map(|(_, tally)| answered(tally)).sum()
    }

    /// When the newest response in it arrived.
    pub fn watermark(&self) -> Option<DateTime<Utc>> {
        self.tallies().filter_map(|(_, tally)| tally.watermark).max()
    }

    /// Whether any share was below 1: the figures then rest on the assumption that whoever went to a successor
    /// thought the same.
    pub fn estimated(&self) -> bool {
        !self.partial.is_empty()
    }

    pub(super) fn parts(&self) -> &[Vec<usize>] {
        &self.parts
    }

    /// All of it without shares.
    pub(super) fn unweighted(&self) -> Cow<'_, Tally> {
        if self.partial.is_empty() {
            return Cow::Borrowed(&self.full);
        }
        let mut sum = Tally::clone(&self.full);
        self.partial.iter().for_each(|(_, tally)| sum.add(tally));
        Cow::Owned(sum)
    }

    /// Sum of a count over everybody, each with the share.
    pub(super) fn sum(&self, of: impl Fn(&Tally) -> u64) -> Exact {
        let parts = self.partial.iter().map(|(share, tally)| exact(*share) * whole(of(tally)));
        parts.fold(whole(of(&self.full)), |sum, part| sum + part)
    }

    /// The sums over respondents that `of` picks, with the share of each group.
    pub(super) fn moments(&self, of: impl Fn(&Tally) -> Moments) -> Vec<(Share, Moments)> {
        self.tallies().map(|(share, tally)| (share, of(tally))).collect()
    }

    fn tallies(&self) -> impl Iterator<Item = (Share, &Tally)> {
        let full = std::iter::once((Share::one(), &*self.full));
        full.chain(self.partial.iter().map(|(share, tally)| (*share, &**tally)))
    }
}

/// Thousands of sums are of one tally each, which somebody else holds as well.
fn add(sum: &mut Arc<Tally>, tally: &Arc<Tally>) {
    if sum.watermark.is_none() && sum.is_empty() {
        *sum = tally.clone();
    } else {
        Arc::make_mut(sum).add(tally);
    }
}

fn exact(share: Share) -> Exact {
    super::ratio(*share.numer(), *share.denom())
}

#[cfg(test)]
mod tests {
    use super::super::ratio;
    use super::*;
    use crate::catalogue::{built_in, parse};

    #[test]
    fn shares_weigh_sums_but_not_people() {
        let version = parse(&built_in().remove(0)).unwrap().questionnaire.unwrap().version;
        let answers = vec![4_u8; 19];
        let mut tally = Tally::empty(&version);
        tally.counts.iter_mut().for_each(|counts| (0..3).for_each(|_| counts.count(4)));
        for (sum, places) in tally.moments.iter_mut().zip(version.parts()) {
            (0..3).for_each(|_| sum.add(&Moments::of(&version, &places, &answers)));
        }
        let (mut evidence, tally) = (Evidence::new(&version), Arc::new(tally));
        evidence.add(&tally, Share::from_integer(1));
        assert!(!evidence.estimated());
        evidence.add(&Tally::empty(&version).into(), Share::new(1, 3));
        assert!(!evidence.estimated(), "nothing was estimated from nobody");
        // Two splits one after the other.
        evidence.add(&tally, Share::new(3_333, 10_000) * Share::new(1, 9_999));
        evidence.add(&tally, Share::new(1, 2));
        evidence.add(&tally, Share::from_integer(0));
        assert!(evidence.estimated());
        assert_eq!((evidence.people(), evidence.answered(7)), (9, 9));
        let weighted = whole(3) + ratio(3 * 3_333, 99_990_000) + ratio(3, 2);
        assert_eq!(evidence.weighted_people(), weighted);
    }
}
