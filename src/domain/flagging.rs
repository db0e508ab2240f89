//! The rules that flag responses: what a device sent, in the order of answering, held against what people can do.
//!
//! A rule judges stretches of one device's responses, not single rows: what arrives late may complete a stretch, and
//! then all of it is flagged. Only stretches with something newly arrived in them are judged, so nothing is judged
//! twice. None of the limits is a fact about Vietnamese offices; all are assumed and can be set.

use super::ids::ResponseId;
use super::office_hours::OfficeHours;
use crate::error::FaultKind;
use chrono::{DateTime, TimeDelta, Utc};

/// Why a response is flagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// More responses of one device within some minutes than people can queue for.
    Burst,
    /// Many responses in a row with the very same answers.
    Identical,
    /// Sooner after the one before than the form can be filled in.
    Speed,
    /// When the office was closed.
    OutOfHours,
}

impl Rule {
    /// Every word.
    pub const WORDS: [&'static str; 4] = ["burst", "identical", "speed", "out_of_hours"];

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        match text {
            "burst" => Ok(Self::Burst),
            "identical" => Ok(Self::Identical),
            "speed" => Ok(Self::Speed),
            "out_of_hours" => Ok(Self::OutOfHours),
            _ => Err(FaultKind::NotAllowed { allowed: &Self::WORDS }),
        }
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::Identical => "identical",
            Self::Speed => "speed",
            Self::OutOfHours => "out_of_hours",
        }
    }
}

/// The rules that are on, with their parameters.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Most responses of a device within so long.
    pub burst: Option<(usize, TimeDelta)>,
    /// Fewest responses in a row that are flagged, and fewest answered criteria of each.
    pub identical: Option<(usize, u16)>,
    /// Least time for each answered criterion.
    pub speed: Option<TimeDelta>,
    /// When offices are open.
    pub out_of_hours: Option<(OfficeHours, String)>,
}

impl Rules {
    /// Whether there is nothing to judge by.
    pub const fn is_empty(&self) -> bool {
        self.burst.is_none()
            && self.identical.is_none()
            && self.speed.is_none()
            && self.out_of_hours.is_none()
    }

    /// How many responses before and after a new one decide about it and are decided by it. Not how much time: a device
    /// that floods has any number of responses in ten minutes. For a burst as many as are allowed are enough: whoever
    /// stands further away in the same stretch was in a burst without the new one already, and so was judged.
    pub fn neighbours(&self) -> usize {
        let burst = self.burst.map_or(0, |(most, _)| most);
        self.identical.map_or(0, |(row, _)| row).max(burst).max(1)
    }

    /// A rule's parameters in words, as a flag keeps them.
    pub fn parameters(&self, rule: Rule) -> String {
        match rule {
            Rule::Burst => {
                self.burst.map(|(most, within)| format!("most={most} minutes={}", within.num_minutes()))
            }
            Rule::Identical => self.identical.map(|(row, answered)| format!("row={row} answered={answered}")),
            Rule::Speed => self.speed.map(|each| format!("milliseconds_each={}", each.num_milliseconds())),
            Rule::OutOfHours => self.out_of_hours.as_ref().map(|(_, text)| format!("office_hours={text}")),
        }
        .unwrap_or_default()
    }
}

/// One response of a device, as the rules see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its id, which tells the time of answering.
    pub id: ResponseId,
    /// Equal for the same answers to the same survey.
    pub pattern: i64,
    /// Criteria answered with a level.
    pub answered: u16,
    /// Whether it was not judged before.
    pub new: bool,
}

/// What a rule saw: the stretch that breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// Time of the first answer in it.
    pub from: DateTime<Utc>,
    /// Time of the last.
    pub to: DateTime<Utc>,
    /// Responses in it.
    pub count: usize,
}

/// A response that breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub id: ResponseId,
    /// Which rule.
    pub rule: Rule,
    /// Why.
    pub evidence: Evidence,
}

/// Judges the responses of one device, in the order of answering and without gaps between those that are new and
/// their neighbours.
pub fn judge(rules: &Rules, seen: &[Seen]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some((most, within)) = rules.burst {
        burst(seen, most, within, &mut findings);
    }
    if let Some((row, answered)) = rules.identical {
        let alike = |one: &Seen, two: &Seen| one.pattern == two.pattern;
        let runs = seen
            .chunk_by(alike)
            .filter(|run| run.len() >= row && run.iter().all(|one| one.answered >= answered));
        runs.for_each(|run| flag_all(run, run, Rule::Identical, &mut findings));
    }
    if let Some(each) = rules.speed {
        for pair in seen.windows(2) {
            if let [before, one] = pair
                && one.id.answered_at() - before.id.answered_at() < each * i32::from(one.answered)
            {
                flag_all(pair, std::slice::from_ref(one), Rule::Speed, &mut findings);
            }
        }
    }
    if let Some((hours, _)) = &rules.out_of_hours {
        let closed = |one: &&Seen| one.new && !hours.open_at(one.id.answered_at());
        let closed = seen.iter().filter(closed).map(std::slice::from_ref);
        closed.for_each(|one| flag_all(one, one, Rule::OutOfHours, &mut findings));
    }
    findings
}

/// Every stretch shorter than `within` that holds more than `most`: all in it, each by the first such stretch.
fn burst(seen: &[Seen], most: usize, within: TimeDelta, findings: &mut Vec<Finding>) {
    let (mut end, mut flagged) = (0, 0);
    for (start, first) in seen.iter().enumerate() {
        while seen.get(end).is_some_and(|one| one.id.answered_at() - first.id.answered_at() < within) {
            end += 1;
        }
        let stretch = seen.get(start..end).unwrap_or_default();
        if stretch.len() > most && stretch.iter().any(|one| one.new) {
            let rest = seen.get(flagged.max(start)..end).unwrap_or_default();
            flag_all(stretch, rest, Rule::Burst, findings);
            flagged = end;
        }
    }
}

/// Flags some because of a stretch, if anything in that is new.
fn flag_all(stretch: &[Seen], some: &[Seen], rule: Rule, findings: &mut Vec<Finding>) {
    let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else { return };
    if !stretch.iter().any(|one| one.new) {
        return;
    }
    let evidence = Evidence { from: first.id.answered_at(), to: last.id.answered_at(), count: stretch.len() };
    findings.extend(some.iter().map(|one| Finding { id: one.id, rule, evidence }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::MAX_SHORT_FORM;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const START: &str = "2026-07-15T10:00:00+07:00";

    fn seen(seconds: i64, pattern: i64, new: bool) -> Seen {
        let at = DateTime::parse_from_rfc3339(START).unwrap().to_utc() + TimeDelta::seconds(seconds);
        Seen { id: ResponseId::make(at), pattern, answered: 10, new }
    }

    fn of(rule: Rule, findings: &[Finding]) -> Vec<ResponseId> {
        findings.iter().filter(|finding| finding.rule == rule).map(|finding| finding.id).collect()
    }

    #[test]
    fn a_burst_is_more_than_so_many_in_less_than_so_long() {
        let rules = Rules { burst: Some((3, TimeDelta::minutes(1))), ..Rules::default() };
        let at = |seconds: &[i64]| -> Vec<Seen> { seconds.iter().map(|at| seen(*at, 0, true)).collect() };
        assert_eq!(judge(&rules, &at(&[0, 10, 20])), []);
        assert_eq!(judge(&rules, &at(&[0, 10, 20, 60])), []);
        let four = at(&[0, 10, 20, 59, 300]);
        let ids: Vec<_> = four.iter().take(4).map(|one| one.id).collect();
        assert_eq!(of(Rule::Burst, &judge(&rules, &four)), ids);
    }

    #[test]
    fn what_comes_late_completes_a_burst_that_begins_before_it() {
        let rules = Rules { burst: Some((3, TimeDelta::minutes(1))), ..Rules::default() };
        let mut four: Vec<Seen> = [0, 10, 20, 30].map(|at| seen(at, 0, false)).into();
        assert_eq!(judge(&rules, &four), [], "judged before");
        four[1].new = true;
        assert_eq!(of(Rule::Burst, &judge(&rules, &four)).len(), 4);
    }

    #[test]
    fn a_row_of_the_same_answers_ends_at_the_first_other() {
        let rules = Rules { identical: Some((3, 10)), ..Rules::default() };
        let row = |patterns: &[i64]| -> Vec<Seen> {
            patterns.iter().zip(0..).map(|(pattern, at)| seen(at * 600, *pattern, true)).collect()
        };
        assert_eq!(judge(&rules, &row(&[7, 7, 1, 7, 7])), []);
        assert_eq!(of(Rule::Identical, &judge(&rules, &row(&[7, 7, 7, 1, 7]))).len(), 3);
        let mut few = row(&[7, 7, 7]);
        few.iter_mut().for_each(|one| one.answered = 9);
        assert_eq!(judge(&rules, &few), []);
    }

    #[test]
    fn short_forms_alike_and_quick_are_what_people_do() {
        let rules =
            Rules { identical: Some((30, 10)), speed: Some(TimeDelta::seconds(1)), ..Rules::default() };
        let short = |(at, seconds): (usize, &i64)| Seen {
            answered: 1 + u16::try_from(at % MAX_SHORT_FORM).unwrap(),
            ..seen(*seconds, 7, true)
        };
        // A person every five seconds, and nobody answers otherwise.
        let times: Vec<i64> = (0..100).map(|one| 5 * one).collect();
        let mut all: Vec<Seen> = times.iter().enumerate().map(short).collect();
        assert_eq!(judge(&rules, &all), []);
        // A full form between them still takes its time.
        all[50].answered = 19;
        assert_eq!(of(Rule::Speed, &judge(&rules, &all)), [all[50].id]);
    }

    #[test]
    fn the_second_of_two_is_the_one_that_is_too_quick() {
        let rules = Rules { speed: Some(TimeDelta::seconds(1)), ..Rules::default() };
        let quick = [seen(0, 0, true), seen(9, 1, true), seen(19, 2, true)];
        assert_eq!(of(Rule::Speed, &judge(&rules, &quick)), [quick[1].id]);
    }

    proptest! {
        /// Whoever comes when: looking at the neighbours of what is new finds what looking at everything would.
        #[test]
        fn the_order_of_arrival_does_not_matter(
            times in proptest::collection::vec(0..200_i64, 0..40), batches in proptest::collection::vec(0..6_usize, 40),
            most in 1..6_usize, within in 1..40_i64,
        ) {
            let rules = Rules {
                burst: Some((most, TimeDelta::seconds(within))), speed: Some(TimeDelta::milliseconds(200)), ..Rules::default()
            };
            let mut all: Vec<(usize, Seen)> =
                times.iter().zip(&batches).map(|(at, batch)| (*batch, seen(*at, 0, true))).collect();
            all.sort_by_key(|(_, one)| one.id);
            let found = |findings: Vec<Finding>| -> BTreeSet<_> {
                findings.into_iter().map(|finding| (finding.rule, finding.id)).collect()
            };
            let at_once = found(judge(&rules, &all.iter().map(|(_, one)| *one).collect::<Vec<_>>()));
            let mut one_by_one = BTreeSet::new();
            for batch in 0..6 {
                let there: Vec<Seen> = (all.iter().filter(|(of, _)| *of <= batch))
                    .map(|(of, one)| Seen { new: *of == batch, ..*one })
                    .collect();
                let first = there.iter().position(|one| one.new);
                let last = there.iter().rposition(|one| one.new);
                if let (Some(first), Some(last)) = (first, last) {
                    let end = (last + 1 + rules.neighbours()).min(there.len());
                    let around = &there[first.saturating_sub(rules.neighbours())..end];
                    one_by_one.extend(found(judge(&rules, around)));
                }
            }
            prop_assert_eq!(one_by_one, at_once);
        }

        /// By its definition: whoever has more than `most` in some stretch around it, of which one is new.
        #[test]
        fn bursts_are_those_of_the_definition(
            mut times in proptest::collection::vec((0..200_i64, any::<bool>()), 0..40), most in 1..6_usize, within in 1..40_i64,
        ) {
            times.sort_unstable();
            let all: Vec<Seen> = times.iter().map(|(at, new)| seen(*at, 0, *new)).collect();
            let rules = Rules { burst: Some((most, TimeDelta::seconds(within))), ..Rules::default() };
            let found: BTreeSet<_> = of(Rule::Burst, &judge(&rules, &all)).into_iter().collect();
            let mut expected = BTreeSet::new();
            for (start, _) in &times {
                let inside = |at: i64| *start <= at && at < start + within;
                let stretch: Vec<usize> = (0..times.len()).filter(|place| inside(times[*place].0)).collect();
                if stretch.len() > most && stretch.iter().any(|place| times[*place].1) {
                    expected.extend(stretch.iter().map(|place| all[*place].id));
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
