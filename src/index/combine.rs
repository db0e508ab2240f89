//! From counts per criterion to criteria, elements and the whole, for a given audience.
//!
//! A criterion that too few people answered is withheld: it has no value, and elements and the whole are made
//! without it, as if nobody had answered it. So every sum that is shown is made of shown parts alone, and
//! nothing can be found out by subtracting one from another, by comparing formulas, or from an interval.
//! (Hiding a second cell beside each hidden one does not achieve that: with different denominators two
//! formulas of one sum are two equations.) Subtraction across siblings, periods and facets is the matter of
//! [`suppression`](super::suppression); what it withholds comes with the evidence and is left out the same way.

use super::Exact;
use super::bands::Band;
use super::confidence::Confidence;
use super::error::{Part, StandardError, moments_of_criterion};
use super::evidence::Evidence;
use super::formula::{DESK_INDICATORS, Formula};
use super::interval::{Estimate, Interval};
use super::rounding::{Rounded, nearest_count, nearest_float};
use crate::domain::distribution::Distribution;
use crate::domain::questionnaire::{Kind, QuestionnaireVersion, Scale};
use crate::domain::tally::Tally;
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};
use std::borrow::Cow;

/// What is asked of the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// By which rule.
    pub formula: Formula,
    /// Of every interval.
    pub confidence: Confidence,
    /// Nothing made from fewer people is shown.
    pub min_n: u64,
    /// Dossiers handled by the same agencies in the same time (with the same shares), if known; from them the
    /// finite-population correction.
    pub population: Option<u64>,
}

/// A value with everything needed to judge and to recompute it (chỉ số hài lòng).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IndexValue {
    /// The figure; `None` if nobody answered or the cell is withheld.
    pub value: Option<Rounded>,
    /// Its interval; `None` where the data cannot tell.
    pub interval: Option<Interval>,
    /// People with at least one applicable answer, each counted once whatever share of it counts; `None` if
    /// withheld.
    pub n: Option<u64>,
    /// Numerator and denominator of a single criterion; combined values have no simple one. Where shares make
    /// them broken numbers, both are multiplied by the smallest number that makes them whole: divided, they
    /// give the value all the same.
    pub fraction: Option<(u64, u64)>,
    /// Counts per level, pooled over the criteria it combines; `None` if withheld. Counts of people's answers;
    /// if `estimated`, each the nearest whole number to the sum of the shares.
    pub counts: Option<Distribution>,
    /// Withheld because too few people answered.
    pub suppressed: bool,
    /// Whether some of the answers count with a share below 1, because their agency was split.
    pub estimated: bool,
    /// Places of the criteria that a combined value is made without: nobody answered them, or they are withheld.
    /// Empty if everything is withheld.
    pub left_out: Vec<usize>,
    /// The same before rounding, to compare it with others; `None` where the interval is. Not to be shown.
    pub estimate: Option<Estimate>,
    /// The value before rounding, to the last digit; `None` where the value is. Not to be shown.
    pub exact: Option<Exact>,
}

/// The value of an element and of its criteria, in the questionnaire's order.
#[derive(Debug, Clone, PartialEq)]
pub struct ElementFigures {
    /// The element.
    pub value: IndexValue,
    /// Its criteria.
    pub criteria: Vec<IndexValue>,
}

/// Every figure of one questionnaire version by one formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// By which rule.
    pub formula: Formula,
    /// The whole questionnaire.
    pub whole: IndexValue,
    /// Its elements.
    pub elements: Vec<ElementFigures>,
    /// Band of a desk rating, where the rule gives one.
    pub band: Option<Band>,
}

/// Evidence about one questionnaire version, as much of it as a reader may see.
struct Sheet<'a> {
    question: &'a Question,
    version: &'a QuestionnaireVersion,
    evidence: &'a Evidence,
    /// The evidence without shares.
    total: Cow<'a, Tally>,
    /// How many answered each criterion.
    answered: Vec<u64>,
    /// For each criterion.
    withheld: Vec<bool>,
    /// Whether all is withheld.
    nothing: bool,
}

/// Computes every figure. The evidence has to be about this version.
pub fn figures(version: &QuestionnaireVersion, evidence: &Evidence, question: &Question) -> Figures {
    let sheet = Sheet::new(version, evidence, question);
    let all: Vec<usize> = (0..version.criteria.len()).collect();
    let element = |(part, element): (usize, &crate::domain::questionnaire::Element)| ElementFigures {
        value: sheet.combined(&element.criteria.clone().collect::<Vec<_>>(), part),
        criteria: element.criteria.clone().map(|place| sheet.criterion(place)).collect(),
    };
    Figures {
        formula: question.formula,
        whole: sheet.combined(&all, 0),
        // The parts before the elements are the whole and the required criteria.
        elements: (2..).zip(&version.elements).map(element).collect(),
        band: sheet.band(&all),
    }
}

/// Computes the figure of the whole questionnaire alone, for rankings of thousands; the same as
/// [`figures`] gives.
pub fn whole_of(version: &QuestionnaireVersion, evidence: &Evidence, question: &Question) -> IndexValue {
    let all: Vec<usize> = (0..version.criteria.len()).collect();
    Sheet::new(version, evidence, question).combined(&all, 0)
}

impl<'a> Sheet<'a> {
    fn new(version: &'a QuestionnaireVersion, evidence: &'a Evidence, question: &'a Question) -> Self {
        let total = evidence.unweighted();
        let withheld = evidence.withheld();
        let nothing =
            (withheld.everything && total.people() > 0) || (1..question.min_n).contains(&total.people());
        let answered: Vec<u64> = total.counts.iter().map(Distribution::answered).collect();
        let few = |(place, answered): (usize, &u64)| {
            let few = nothing || (1..question.min_n).contains(answered);
            few || (*answered > 0 && withheld.criteria.contains(&place))
        };
        let withheld = answered.iter().enumerate().map(few).collect();
        Self { question, version, evidence, total, answered, withheld, nothing }
    }

    fn answered(&self, place: usize) -> u64 {
        self.answered.get(place).copied().unwrap_or(0)
    }

    fn is_withheld(&self, place: usize) -> bool {
        self.withheld.get(place).copied().unwrap_or(true)
    }

    /// Whether a criterion is part of the sums.
    fn counts_in(&self, place: usize) -> bool {
        self.answered(place) > 0 && !self.is_withheld(place)
    }

    fn scale(&self, place: usize) -> Option<&Scale> {
        self.version.scale_of(self.version.criteria.get(place)?)
    }

    /// Numerator and denominator where all of the evidence counts fully.
    fn whole_fraction(&self, place: usize) -> Option<(u64, u64)> {
        Some(self.question.formula.fraction(self.scale(place)?, self.total.counts.get(place)?))
    }

    /// Numerator and denominator with the shares.
    fn fraction(&self, place: usize) -> Option<(Exact, Exact)> {
        let (scale, formula) = (self.scale(place)?, self.question.formula);
        let of = |tally: &Tally| tally.counts.get(place).map_or((0, 0), |c| formula.fraction(scale, c));
        Some((self.evidence.sum(|tally| of(tally).0), self.evidence.sum(|tally| of(tally).1)))
    }

    /// The criteria's values together before rounding: `true` after the rounding to tenths that desk points
    /// prescribe, `false` before it, which is what the interval is about.
    fn value(&self, places: &[usize], formula: Formula, tenths: bool) -> Option<Exact> {
        if !self.evidence.estimated() {
            let fractions = places.iter().filter_map(|place| self.whole_fraction(*place));
            return formula.combined_fractions(fractions, tenths);
        }
        let fractions = places.iter().filter_map(|place| self.fraction(*place));
        let values: Vec<Exact> = fractions
            .filter(|(_, denominator)| !denominator.is_zero())
            .map(|(numerator, denominator)| formula.of_quotient(numerator / denominator, tenths))
            .collect();
        formula.combined(&values)
    }

    /// `value` is that of [`Sheet::value`] after the rounding to tenths.
    fn estimate(
        &self,
        places: &[usize],
        formula: Formula,
        value: Option<&Exact>,
        error: Option<StandardError>,
    ) -> Option<Estimate> {
        // Only desk points are rounded on the way.
        let value = match formula.kind() {
            Kind::Sipas => nearest_float(value?)?,
            Kind::Desk => nearest_float(&self.value(places, formula, false)?)?,
        };
        let Question { confidence, population, .. } = *self.question;
        Estimate::new(formula, places.len(), value, error?, confidence, population)
    }

    fn error(&self, place: usize) -> Option<StandardError> {
        let scale = self.scale(place)?;
        let of = |counts: &Distribution| moments_of_criterion(scale, counts);
        let groups = self.evidence.moments(|tally| tally.counts.get(place).map(of).unwrap_or_default());
        StandardError::of_complete(self.question.formula, &groups)
    }

    /// The respondents' sums of a part, which all of its people answered completely.
    fn error_of_part(&self, part: usize) -> Option<StandardError> {
        let groups = self.evidence.moments(|tally| tally.moments.get(part).copied().unwrap_or_default());
        StandardError::of_complete(self.question.formula, &groups)
    }

    fn criterion(&self, place: usize) -> IndexValue {
        if self.is_withheld(place) {
            return IndexValue { suppressed: true, ..IndexValue::default() };
        }
        let formula = self.question.formula.of_one_criterion();
        let exact = self.value(&[place], formula, true);
        let value = exact.as_ref().map(Rounded::half_up);
        let estimate = self.estimate(&[place], formula, exact.as_ref(), self.error(place));
        IndexValue {
            value,
            interval: estimate.zip(value).and_then(|(estimate, value)| estimate.interval(value)),
            n: Some(self.answered(place)),
            fraction: self.shown_fraction(place).filter(|(_, denominator)| *denominator > 0),
            counts: Some(self.counts(&[place])),
            suppressed: false,
            estimated: self.evidence.estimated(),
            left_out: Vec::new(),
            estimate,
            exact,
        }
    }

    /// Whole numbers that divide to the criterion's value.
    fn shown_fraction(&self, place: usize) -> Option<(u64, u64)> {
        if !self.evidence.estimated() {
            return self.whole_fraction(place);
        }
        let (numerator, denominator) = self.fraction(place)?;
        let factor = Exact::from_integer(numerator.denom().lcm(denominator.denom()));
        let [numerator, denominator] = [numerator, denominator].map(|part| (part * &factor).to_integer());
        Some((numerator.to_u64()?, denominator.to_u64()?))
    }

    /// Level counts of some criteria, pooled.
    fn counts(&self, places: &[usize]) -> Distribution {
        let pooled = |tally: &Tally| {
            let mut pooled = Distribution::default();
            places.iter().filter_map(|place| tally.counts.get(*place)).for_each(|counts| pooled.add(counts));
            pooled
        };
        if !self.evidence.estimated() {
            return pooled(&self.total);
        }
        let mut level = 0..;
        let levels = [(); Scale::MAX_LEVELS].map(|()| {
            let at = level.next().unwrap_or(Scale::MAX_LEVELS);
            let sum = self.evidence.sum(|tally| pooled(tally).levels.get(at).copied().unwrap_or(0));
            nearest_count(&sum)
        });
        let not_applicable = nearest_count(&self.evidence.sum(|tally| pooled(tally).not_applicable));
        Distribution { not_applicable, levels }
    }

    /// The criteria at `places` together; `part` is where their respondent-level sums are.
    fn combined(&self, places: &[usize], part: usize) -> IndexValue {
        let shown: Vec<usize> = places.iter().copied().filter(|place| self.counts_in(*place)).collect();
        let some_withheld = places.iter().any(|place| self.is_withheld(*place));
        if self.nothing || (shown.is_empty() && some_withheld) {
            return IndexValue { suppressed: true, ..IndexValue::default() };
        }
        let visible: Vec<usize> = places.iter().copied().filter(|place| !self.is_withheld(*place)).collect();
        let respondents = self.total.moments.get(part).map_or(0, |sums| sums.respondents);
        // The number of people who answered any of them would tell of those behind a withheld criterion.
        let most = shown.iter().map(|place| self.answered(*place)).max();
        let (formula, error) = (self.question.formula, self.error_of(&shown, part));
        let exact = self.value(&shown, formula, true);
        let value = exact.as_ref().map(Rounded::half_up);
        let estimate = self.estimate(&shown, formula, exact.as_ref(), error);
        IndexValue {
            value,
            interval: estimate.zip(value).and_then(|(estimate, value)| estimate.interval(value)),
            n: Some(if some_withheld { most.unwrap_or(0) } else { respondents.to_u64().unwrap_or(0) }),
            fraction: None,
            counts: Some(self.counts(&visible)),
            suppressed: false,
            estimated: self.evidence.estimated(),
            left_out: places.iter().copied().filter(|place| !self.counts_in(*place)).collect(),
            estimate,
            exact,
        }
    }

    /// Exact where everybody of the part answered all of `shown`; otherwise the exact error of the required
    /// criteria, if whoever answered one of them answered all (not so where some took a short form), and those of the
    /// others, added with their weights.
    fn error_of(&self, shown: &[usize], part: usize) -> Option<StandardError> {
        if self.is_complete(shown, part) {
            return self.error_of_part(part);
        }
        let required = self.evidence.parts().get(1).map(Vec::as_slice).unwrap_or_default();
        let block: Vec<usize> = required.iter().copied().filter(|place| shown.contains(place)).collect();
        let covered = part == 0 && !block.is_empty() && self.is_complete(&block, 1);
        let weight = |count: usize| Some(count.to_f64()? / shown.len().to_f64()?);
        let reach = |places: &[usize]| {
            let reaches = places.iter().filter_map(|place| self.scale(*place));
            reaches.map(|scale| self.question.formula.reach(scale)).fold(0.0, f64::max)
        };
        let mut parts = Vec::new();
        if covered {
            let error = self.error_of_part(1);
            parts.push(Part { weight: weight(block.len())?, error, reach: reach(&block) });
        }
        for place in shown.iter().filter(|place| !covered || !block.contains(place)) {
            parts.push(Part { weight: weight(1)?, error: self.error(*place), reach: reach(&[*place]) });
        }
        StandardError::bound(&parts, self.question.confidence)
    }

    /// Whether the part's sums are about these criteria, each answered by all of its people.
    fn is_complete(&self, shown: &[usize], part: usize) -> bool {
        let (Some(places), Some(moments)) = (self.evidence.parts().get(part), self.total.moments.get(part))
        else {
            return false;
        };
        places.iter().all(|place| self.answered(*place) == 0 || shown.contains(place))
            && shown.iter().all(|place| i64::try_from(self.answered(*place)) == Ok(moments.respondents))
    }

    /// The law bands a total of nine indicators; a sum of fewer would be banded too low. The scaled total is
    /// banded as it is published, with two decimals, so that a reader can follow.
    fn band(&self, places: &[usize]) -> Option<Band> {
        let shown: Vec<usize> = places.iter().copied().filter(|place| self.counts_in(*place)).collect();
        let total = self.value(&shown, self.question.formula, true)?;
        match self.question.formula {
            Formula::DeskPoints if u64::try_from(shown.len()) == Ok(DESK_INDICATORS) => {
                Some(Band::of(&total))
            }
            Formula::DeskPointsRescaled => {
                Some(Band::of(&Exact::new(Rounded::half_up(&total).hundredths().into(), 100.into())))
            }
            _ => None,
        }
    }
}
