//! From counts per criterion to criteria, elements and the whole, for a given audience.
//!
//! A criterion that too few people answered is withheld: it has no value, and elements and the whole are made
//! without it, as if nobody had answered it. So every sum that is shown is made of shown parts alone, and
//! nothing can be found out by subtracting one from another, by comparing formulas, or from an interval.
//! (Hiding a second cell beside each hidden one does not achieve that: with different denominators two
//! formulas of one sum are two equations.) Subtraction across siblings, periods and facets is not covered
//! here.

use super::Exact;
use super::bands::Band;
use super::formula::{DESK_INDICATORS, Formula};
use super::interval::{Interval, StandardError, interval};
use super::rounding::Rounded;
use crate::domain::distribution::{Distribution, Moments};
use crate::domain::questionnaire::QuestionnaireVersion;
use num_traits::ToPrimitive;

/// A value with everything needed to judge and to recompute it (chỉ số hài lòng).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexValue {
    /// The figure; `None` if nobody answered or the cell is withheld.
    pub value: Option<Rounded>,
    /// Its interval; `None` where the data cannot tell.
    pub interval: Option<Interval>,
    /// People with at least one applicable answer; `None` if withheld.
    pub n: Option<u64>,
    /// Numerator and denominator of a single criterion; combined values have no simple one.
    pub fraction: Option<(u64, u64)>,
    /// Counts per level, pooled over the criteria it combines; `None` if withheld.
    pub counts: Option<Distribution>,
    /// Withheld because too few people answered.
    pub suppressed: bool,
}

/// The value of an element and of its criteria, in the questionnaire's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementFigures {
    /// The element.
    pub value: IndexValue,
    /// Its criteria.
    pub criteria: Vec<IndexValue>,
}

/// Every figure of one questionnaire version by one formula.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// By which rule.
    pub formula: Formula,
    /// The whole questionnaire.
    pub whole: IndexValue,
    /// Its elements.
    pub elements: Vec<ElementFigures>,
    /// Band of a desk rating, where the rule gives one.
    pub band: Option<Band>,
    /// Places of the criteria that elements and the whole are made without: nobody answered them, or they are
    /// withheld. Empty if everything is withheld.
    pub left_out: Vec<usize>,
}

/// Counts of one questionnaire version, as much of them as a reader may see.
struct Sheet<'a> {
    formula: Formula,
    version: &'a QuestionnaireVersion,
    counts: Vec<Distribution>,
    moments: &'a [Moments],
    withheld: Vec<bool>,
}

/// Computes every figure. `counts` has one distribution for each criterion, `moments` one for each of the
/// version's parts; missing ones count as empty. Nothing made from fewer than `min_n` people is shown.
pub fn figures(
    formula: Formula,
    version: &QuestionnaireVersion,
    counts: &[Distribution],
    moments: &[Moments],
    min_n: u64,
) -> Figures {
    let people = moments.first().map_or(0, |whole| u64::try_from(whole.respondents).unwrap_or(0));
    let nothing = people > 0 && people < min_n;
    let counts: Vec<Distribution> =
        (0..version.criteria.len()).map(|place| counts.get(place).copied().unwrap_or_default()).collect();
    let withheld = counts.iter().map(|counts| nothing || (1..min_n).contains(&counts.answered())).collect();
    let sheet = Sheet { formula, version, counts, moments, withheld };
    let all: Vec<usize> = (0..version.criteria.len()).collect();
    let element = |(part, element): (usize, &crate::domain::questionnaire::Element)| ElementFigures {
        value: sheet.combined(&element.criteria.clone().collect::<Vec<_>>(), part, nothing),
        criteria: element.criteria.clone().map(|place| sheet.criterion(place)).collect(),
    };
    Figures {
        formula,
        whole: sheet.combined(&all, 0, nothing),
        // The parts before the elements are the whole and the required criteria.
        elements: (2..).zip(&version.elements).map(element).collect(),
        band: sheet.band(&all),
        left_out: if nothing {
            Vec::new()
        } else {
            all.into_iter().filter(|place| !sheet.counts_in(*place)).collect()
        },
    }
}

impl Sheet<'_> {
    /// Whether a criterion is part of the sums.
    fn counts_in(&self, place: usize) -> bool {
        let answered = self.counts.get(place).is_some_and(|counts| counts.answered() > 0);
        answered && !self.withheld.get(place).copied().unwrap_or(true)
    }

    fn exact(&self, place: usize) -> Option<Exact> {
        let scale = self.version.scale_of(self.version.criteria.get(place)?)?;
        self.formula.criterion(scale, self.counts.get(place)?)
    }

    /// Value before the rounding to tenths that desk points prescribe: what the interval is about.
    fn unrounded(&self, place: usize) -> Option<Exact> {
        let scale = self.version.scale_of(self.version.criteria.get(place)?)?;
        self.formula.unrounded(scale, self.counts.get(place)?)
    }

    fn error(&self, place: usize) -> Option<StandardError> {
        let scale = self.version.scale_of(self.version.criteria.get(place)?)?;
        StandardError::of_criterion(self.formula, scale, self.counts.get(place)?)
    }

    fn criterion(&self, place: usize) -> IndexValue {
        if self.withheld.get(place).copied().unwrap_or(true) {
            return IndexValue { suppressed: true, ..IndexValue::default() };
        }
        let counts = self.counts.get(place).copied().unwrap_or_default();
        let fraction =
            self.version.criteria.get(place).and_then(|criterion| self.version.scale_of(criterion));
        let fraction = fraction.map(|scale| self.formula.fraction(scale, &counts));
        let formula = self.formula.of_one_criterion();
        IndexValue {
            value: self.exact(place).as_ref().map(Rounded::half_up),
            interval: self
                .unrounded(place)
                .and_then(|value| interval(formula, 1, value.to_f64()?, self.error(place)?)),
            n: Some(counts.answered()),
            fraction: fraction.filter(|(_, denominator)| *denominator > 0),
            counts: Some(counts),
            suppressed: false,
        }
    }

    /// The criteria at `places` together; `part` is where their respondent-level sums are.
    fn combined(&self, places: &[usize], part: usize, nothing: bool) -> IndexValue {
        let shown: Vec<usize> = places.iter().copied().filter(|place| self.counts_in(*place)).collect();
        let some_withheld = places.iter().any(|place| self.withheld.get(*place).copied().unwrap_or(true));
        if nothing || (shown.is_empty() && some_withheld) {
            return IndexValue { suppressed: true, ..IndexValue::default() };
        }
        let mut pooled = Distribution::default();
        let visible = places.iter().filter(|place| !self.withheld.get(**place).copied().unwrap_or(true));
        visible.filter_map(|place| self.counts.get(*place)).for_each(|counts| pooled.add(counts));
        let respondents =
            self.moments.get(part).map_or(0, |moments| u64::try_from(moments.respondents).unwrap_or(0));
        // The number of people who answered any of them would tell of those behind a withheld criterion.
        let most = shown.iter().filter_map(|place| self.counts.get(*place)).map(Distribution::answered).max();
        let values = |of: &dyn Fn(usize) -> Option<Exact>| -> Option<Exact> {
            let values: Vec<Exact> = shown.iter().filter_map(|place| of(*place)).collect();
            self.formula.combined(&values)
        };
        IndexValue {
            value: values(&|place| self.exact(place)).as_ref().map(Rounded::half_up),
            interval: values(&|place| self.unrounded(place)).and_then(|value| {
                interval(self.formula, shown.len(), value.to_f64()?, self.error_of(&shown, part)?)
            }),
            n: Some(if some_withheld { most.unwrap_or(0) } else { respondents }),
            fraction: None,
            counts: Some(pooled),
            suppressed: false,
        }
    }

    /// Exact where everybody of the part answered all of `shown`; otherwise the exact error of the required
    /// criteria and those of the others, added with their weights.
    fn error_of(&self, shown: &[usize], part: usize) -> Option<StandardError> {
        if self.is_complete(shown, part) {
            return StandardError::of_complete(self.formula, self.moments.get(part)?);
        }
        let required: Vec<usize> = self.version.parts().into_iter().nth(1).unwrap_or_default();
        let covered = part == 0 && !required.is_empty() && self.is_complete(&required, 1);
        let weight = |count: usize| Some(count.to_f64()? / shown.len().to_f64()?);
        let mut parts = Vec::new();
        if covered {
            let error = StandardError::of_complete(self.formula, self.moments.get(1)?);
            parts.push((weight(required.len())?, error));
        }
        for place in shown.iter().filter(|place| !covered || !required.contains(place)) {
            parts.push((weight(1)?, self.error(*place)));
        }
        StandardError::bound(parts)
    }

    /// Whether the part's sums are about these criteria, each answered by all of its people.
    fn is_complete(&self, shown: &[usize], part: usize) -> bool {
        let parts = self.version.parts();
        let (Some(places), Some(moments)) = (parts.get(part), self.moments.get(part)) else { return false };
        let answered = |place: &usize| self.counts.get(*place).map_or(0, Distribution::answered);
        places.iter().all(|place| shown.contains(place) || answered(place) == 0)
            && shown.iter().all(|place| i64::try_from(answered(place)) == Ok(moments.respondents))
    }

    /// The law bands a total of nine indicators; a sum of fewer would be banded too low. The scaled total is
    /// banded as it is published, with two decimals, so that a reader can follow.
    fn band(&self, places: &[usize]) -> Option<Band> {
        let values: Vec<Exact> = places
            .iter()
            .filter(|place| self.counts_in(**place))
            .filter_map(|place| self.exact(*place))
            .collect();
        let total = self.formula.combined(&values)?;
        match self.formula {
            Formula::DeskPoints if u64::try_from(values.len()) == Ok(DESK_INDICATORS) => {
                Some(Band::of(&total))
            }
            Formula::DeskPointsRescaled => {
                Some(Band::of(&Exact::new(Rounded::half_up(&total).hundredths().into(), 100.into())))
            }
            _ => None,
        }
    }
}
