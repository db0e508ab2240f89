//! Tallies: what some responses add up to.

use super::distribution::{Distribution, Moments};
use super::questionnaire::QuestionnaireVersion;
use chrono::{DateTime, Utc};

/// Everything the figures of a questionnaire version are computed from, for some responses (bảng đếm).
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// One distribution for each criterion, in order.
    pub counts: Vec<Distribution>,
    /// Moments of the questionnaire's parts, see [`QuestionnaireVersion::parts`].
    pub moments: Vec<Moments>,
    /// When the newest response in it arrived, or the standing of one last changed.
    pub watermark: Option<DateTime<Utc>>,
}

impl Tally {
    /// Of no response.
    pub fn empty(version: &QuestionnaireVersion) -> Self {
        Self {
            counts: vec![Distribution::default(); version.criteria.len()],
            moments: vec![Moments::default(); version.parts_count()],
            watermark: None,
        }
    }

    /// Of one response: its answers' ordinals in order.
    pub fn of(version: &QuestionnaireVersion, answers: &[u8], received_at: DateTime<Utc>) -> Self {
        let mut tally = Self::empty(version);
        tally.count(&Counted::new(version, &version.parts(), answers, received_at));
        tally
    }

    /// Counts one response in.
    pub fn count(&mut self, one: &Counted<'_>) {
        for (counts, ordinal) in self.counts.iter_mut().zip(one.answers) {
            counts.count(*ordinal);
        }
        for (moments, more) in self.moments.iter_mut().zip(&one.moments) {
            moments.add(more);
        }
        self.watermark = self.watermark.max(Some(one.received_at));
    }

    /// Adds other responses to the same version.
    pub fn add(&mut self, other: &Self) {
        for (counts, more) in self.counts.iter_mut().zip(&other.counts) {
            counts.add(more);
        }
        for (moments, more) in self.moments.iter_mut().zip(&other.moments) {
            moments.add(more);
        }
        self.watermark = self.watermark.max(other.watermark);
    }

    /// Takes away other responses to the same version, which were added before; `None` if there is less than that. The
    /// watermark only moves on.
    pub fn take(&mut self, other: &Self) -> Option<()> {
        for (counts, less) in self.counts.iter_mut().zip(&other.counts) {
            counts.take(less)?;
        }
        for (moments, less) in self.moments.iter_mut().zip(&other.moments) {
            moments.take(less)?;
        }
        self.watermark = self.watermark.max(other.watermark);
        Some(())
    }

    /// Whether it is of no response.
    pub fn is_empty(&self) -> bool {
        self.counts.iter().all(|counts| *counts == Distribution::default())
            && self.moments.iter().all(|moments| *moments == Moments::default())
    }

    /// People with at least one applicable answer.
    pub fn people(&self) -> u64 {
        self.moments.first().map_or(0, |whole| u64::try_from(whole.respondents).unwrap_or(0))
    }
}

/// One response as it is counted into several tallies: what is the same for each of them is reckoned once.
#[derive(Debug)]
pub struct Counted<'a> {
    answers: &'a [u8],
    moments: Vec<Moments>,
    received_at: DateTime<Utc>,
}

impl<'a> Counted<'a> {
    /// A response to the version, whose [`QuestionnaireVersion::parts`] are given: its answers' ordinals in order.
    pub fn new(
        version: &QuestionnaireVersion,
        parts: &[Vec<usize>],
        answers: &'a [u8],
        received_at: DateTime<Utc>,
    ) -> Self {
        let moments = parts.iter().map(|places| Moments::of(version, places, answers)).collect();
        Self { answers, moments, received_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tally() -> impl Strategy<Value = Tally> {
        let counts = proptest::collection::vec((0..9_u64, proptest::array::uniform5(0..9_u64)), 2);
        let moments = proptest::collection::vec(proptest::array::uniform9(0..9_i64), 2);
        (counts, moments).prop_map(|(counts, moments)| Tally {
            counts: counts
                .into_iter()
                .map(|(not_applicable, levels)| Distribution { not_applicable, levels })
                .collect(),
            moments: moments
                .into_iter()
                .map(|[respondents, m, mm, s, ss, sm, v, vv, vm]| Moments {
                    respondents,
                    m,
                    mm,
                    s,
                    ss,
                    sm,
                    v,
                    vv,
                    vm,
                })
                .collect(),
            watermark: None,
        })
    }

    proptest! {
        #[test]
        fn what_was_added_can_be_taken_away_and_nothing_more(one in tally(), two in tally()) {
            let mut both = one.clone();
            both.add(&two);
            prop_assert_eq!(both.take(&two), Some(()));
            prop_assert_eq!(&both, &one);
            prop_assert_eq!(both.take(&one), Some(()));
            prop_assert!(both.is_empty());
            prop_assert_eq!(both.take(&two).is_some(), two.is_empty());
        }
    }
}
