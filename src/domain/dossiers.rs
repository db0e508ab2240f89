//! Dossiers handled: how many people could have answered. Reported by other systems for whole months,
//! quarters and years.

use super::agency::Validity;
use super::ids::AgencyId;
use super::period::Period;
use super::tree::{AgencyTree, Share, Span};
use crate::error::FaultKind;
use chrono::{DateTime, NaiveDate, Utc};
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};
use std::collections::{HashMap, HashSet};

/// How many dossiers an agency itself handled in a period; those of agencies below it are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierCount {
    /// A month, quarter or year.
    pub period: Period,
    /// Dossiers, 0 to [`DossierCount::MAX`].
    pub count: u64,
    /// Who counted, in words.
    pub source: String,
    /// When it was reported.
    pub reported_at: DateTime<Utc>,
}

impl DossierCount {
    /// Largest number that is taken: more than the country handles in years.
    pub const MAX: i64 = 1_000_000_000;
    /// Most characters of a source.
    pub const MAX_SOURCE: usize = 200;

    /// Reads the code of a month, quarter or year.
    ///
    /// # Errors
    /// [`FaultKind::BadFormat`] for anything else, also for weeks and days.
    pub fn parse_period(text: &str) -> Result<Period, FaultKind> {
        let is_day_or_week = text.len() > 7 || text.contains('W');
        let period = Period::parse(text).ok().filter(|_| !is_day_or_week);
        period.ok_or(FaultKind::BadFormat { expected: "2026, 2026-Q3, 2026-07" })
    }
}

/// Days `from..to`.
type Days = (NaiveDate, NaiveDate);

/// How many dossiers were handled by those whose responses make up a figure, each agency's with its share, half
/// up to a whole number. `None` unless it is complete:
///
/// - Every agency of the spans needs counts for all of its days in them. Days on which it did not exist need
///   none, and a count of a period in which it existed in part is about that part.
/// - The longest period that fits is taken: a year's count for a year, otherwise quarters, otherwise months.
///   Nothing is cut: a figure about a week, or from the middle of a month, has no count.
/// - Somebody has to have existed on one of the days. What was said about an agency after its end tells nothing of
///   how many could have said it.
/// - What an agency reported counts for itself alone. One that handles no dossiers has to report 0: nothing
///   reported is not nothing handled.
pub fn handled(
    tree: &AgencyTree,
    spans: &[Span],
    reported: &HashMap<AgencyId, Vec<DossierCount>>,
) -> Option<u64> {
    let (mut sum, mut somebody) = (BigRational::zero(), false);
    for ((agency, share), days) in needed(spans) {
        let valid = tree.get(agency)?.valid;
        let counts = reported.get(&agency).map(Vec::as_slice).unwrap_or_default();
        let days = || days.iter().map(|days| clip(*days, &valid)).filter(|(from, to)| from < to);
        somebody |= days().next().is_some();
        let own: u64 = days().map(|days| tiled(days, &valid, counts)).sum::<Option<_>>()?;
        sum += BigRational::new((*share.numer()).into(), (*share.denom()).into())
            * BigRational::from_integer(own.into());
    }
    sum.round().to_integer().to_u64().filter(|_| somebody)
}

/// Whether [`handled`] could know the number at all, where only these agencies have ever reported one: told without
/// looking at any report.
pub fn may_be_known(tree: &AgencyTree, spans: &[Span], reporters: &HashSet<AgencyId>) -> bool {
    spans.iter().all(|span| {
        let silent = |id: &AgencyId| !reporters.contains(id);
        let mut silent = span.members.iter().map(|(id, _)| id).filter(|id| silent(id));
        silent.all(|id| {
            let days = tree.get(*id).map(|agency| clip((span.from, span.to), &agency.valid));
            days.is_some_and(|(from, to)| from >= to)
        })
    })
}

/// Which days of which agency count with which share; days that follow each other are one run, though the tree
/// changed elsewhere between them.
fn needed(spans: &[Span]) -> HashMap<(AgencyId, Share), Vec<Days>> {
    let mut needed: HashMap<(AgencyId, Share), Vec<Days>> = HashMap::new();
    for span in spans {
        for member in &span.members {
            let runs = needed.entry(*member).or_default();
            match runs.last_mut().filter(|(_, to)| *to == span.from) {
                Some((_, to)) => *to = span.to,
                None => runs.push((span.from, span.to)),
            }
        }
    }
    needed
}

fn clip((from, to): Days, valid: &Validity) -> Days {
    (from.max(valid.from), valid.to.map_or(to, |end| to.min(end)))
}

/// The counts that lie end to end over these days. Months, quarters and years lie in each other or apart, so
/// taking the longest that fits never stands in the way of another.
fn tiled((from, to): Days, valid: &Validity, counts: &[DossierCount]) -> Option<u64> {
    let (mut day, mut sum) = (from, 0_u64);
    while day < to {
        let fitting = counts.iter().filter_map(|count| {
            let days = clip((count.period.from(), count.period.to()), valid);
            (days.0 == day && days.1 > day && days.1 <= to).then_some((days.1, count))
        });
        // Of periods cut to the same days by the agency's own dates, the longest.
        let (end, count) =
            fitting.max_by_key(|(end, count)| (*end, count.period.to() - count.period.from()))?;
        sum = sum.checked_add(count.count)?;
        day = end;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::super::agency::{Agency, AgencyCode, AgencyLevel};
    use super::super::period::parse_day;
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        parse_day(text).unwrap()
    }

    fn tree(agencies: &[(i32, &str, Option<&str>)]) -> AgencyTree {
        AgencyTree::new(agencies.iter().map(|(id, from, to)| Agency {
            id: AgencyId(*id),
            code: AgencyCode::parse(&format!("H{id:02}")).unwrap(),
            unit_code: None,
            level: AgencyLevel::Commune,
            name: String::new(),
            parent: None,
            valid: Validity { from: day(from), to: to.map(day) },
            sample: true,
            note: None,
        }))
    }

    fn span(from: &str, to: &str, members: &[(i32, Share)]) -> Span {
        let members = members.iter().map(|(id, share)| (AgencyId(*id), *share)).collect();
        Span { from: day(from), to: day(to), members }
    }

    fn counts(of: &[(i32, &str, u64)]) -> HashMap<AgencyId, Vec<DossierCount>> {
        let mut counts: HashMap<_, Vec<_>> = HashMap::new();
        for (id, code, count) in of {
            counts.entry(AgencyId(*id)).or_default().push(DossierCount {
                period: DossierCount::parse_period(code).unwrap(),
                count: *count,
                source: String::new(),
                reported_at: DateTime::UNIX_EPOCH,
            });
        }
        counts
    }

    const ONE: Share = Share::new_raw(1, 1);

    /// What the short way rules out, the long way must not know.
    fn handled(
        tree: &AgencyTree,
        spans: &[Span],
        reported: &HashMap<AgencyId, Vec<DossierCount>>,
    ) -> Option<u64> {
        let known = super::handled(tree, spans, reported);
        let may_be = may_be_known(tree, spans, &reported.keys().copied().collect());
        assert!(may_be || known.is_none());
        known
    }

    #[test]
    fn a_single_silent_agency_rules_a_number_out_unless_it_did_not_exist() {
        let tree = tree(&[(1, "2020-01-01", None), (2, "2020-01-01", Some("2025-07-01"))]);
        let year = |year: &str, next: &str| {
            [span(&format!("{year}-01-01"), &format!("{next}-01-01"), &[(1, ONE), (2, ONE)])]
        };
        let only_first = HashSet::from([AgencyId(1)]);
        assert!(!may_be_known(&tree, &year("2025", "2026"), &only_first));
        assert!(may_be_known(&tree, &year("2026", "2027"), &only_first));
        assert!(!may_be_known(&tree, &year("2026", "2027"), &HashSet::new()));
    }

    #[test]
    fn months_quarters_and_years_are_periods_of_counts() {
        for code in ["2026", "2026-Q3", "2026-07"] {
            assert!(DossierCount::parse_period(code).is_ok(), "{code}");
        }
        for code in ["2026-W31", "2026-07-15", "26", "2026-Q5", ""] {
            assert!(DossierCount::parse_period(code).is_err(), "{code}");
        }
    }

    #[test]
    fn a_sum_is_given_only_if_it_is_complete() {
        let tree = tree(&[(1, "2020-01-01", None), (2, "2020-01-01", None)]);
        let year = [span("2026-01-01", "2027-01-01", &[(1, ONE), (2, ONE)])];
        let sum = |of: &[(i32, &str, u64)]| handled(&tree, &year, &counts(of));
        assert_eq!(sum(&[(1, "2026", 100), (2, "2026", 7)]), Some(107));
        assert_eq!(sum(&[(1, "2026", 100), (2, "2026", 0)]), Some(100));
        assert_eq!(sum(&[(1, "2026", 100)]), None, "nothing reported is not nothing handled");
        let pieces =
            [(2, "2026-Q1", 1), (2, "2026-04", 2), (2, "2026-05", 4), (2, "2026-06", 8), (2, "2026-Q3", 16)];
        let with = |more: &[(i32, &str, u64)]| sum(&[&[(1, "2026", 100)], &pieces[..], more].concat());
        assert_eq!(with(&[]), None, "the last quarter is missing");
        assert_eq!(with(&[(2, "2026-Q4", 32)]), Some(163));
        assert_eq!(with(&[(2, "2026", 50)]), Some(150), "the year's count for a year");
        let cut = [span("2026-01-01", "2026-07-15", &[(2, ONE)])];
        assert_eq!(handled(&tree, &cut, &counts(&pieces)), None, "nothing is cut");
        assert_eq!(handled(&tree, &[], &counts(&[])), None, "nobody is not nothing");
    }

    #[test]
    fn an_agency_that_began_or_ended_reports_for_its_own_days() {
        let tree =
            tree(&[(1, "2020-01-01", Some("2025-07-01")), (2, "2025-07-01", None), (3, "2026-01-01", None)]);
        let year = [span("2025-01-01", "2026-01-01", &[(1, ONE), (2, ONE), (3, ONE)])];
        let of = counts(&[(1, "2025-Q1", 10), (1, "2025-Q2", 20), (2, "2025", 400)]);
        assert_eq!(handled(&tree, &year, &of), Some(430));
        let after = [span("2025-08-01", "2025-09-01", &[(1, ONE), (3, ONE)])];
        assert_eq!(handled(&tree, &after, &of), None, "nobody was there to report anything");
    }

    #[test]
    fn shares_and_changes_of_the_tree_elsewhere_do_not_tear_a_year_apart() {
        let tree = tree(&[(1, "2020-01-01", None), (2, "2020-01-01", None), (3, "2020-01-01", None)]);
        let half = Share::new(1, 2);
        let spans = [
            span("2026-01-01", "2026-07-01", &[(1, ONE), (2, half)]),
            span("2026-07-01", "2027-01-01", &[(1, ONE), (3, ONE)]),
        ];
        let of = counts(&[
            (1, "2026", 100),
            (2, "2026-Q1", 5),
            (2, "2026-Q2", 6),
            (3, "2026-Q3", 1),
            (3, "2026-Q4", 1),
        ]);
        assert_eq!(handled(&tree, &spans, &of), Some(108), "5.5 goes up");
    }

    proptest! {
        /// However the year is reported, if it is reported in full, by the finest parts alone.
        #[test]
        fn any_way_to_tile_a_year_gives_its_sum(
            months in proptest::array::uniform12(0..1000_u64), quarters in proptest::array::uniform4(any::<bool>()),
            missing in proptest::option::of(0..12_usize),
        ) {
            let tree = tree(&[(1, "2020-01-01", None)]);
            let year = [span("2026-01-01", "2027-01-01", &[(1, ONE)])];
            let mut of = counts(&[]);
            for (place, chunk) in months.chunks(3).enumerate() {
                if quarters[place] {
                    let quarter = counts(&[(1, &format!("2026-Q{}", place + 1), chunk.iter().sum())]);
                    of.entry(AgencyId(1)).or_default().extend(quarter.into_values().flatten());
                }
                for (offset, count) in chunk.iter().enumerate() {
                    let month = place * 3 + offset;
                    if missing != Some(month) {
                        let month = counts(&[(1, &format!("2026-{:02}", month + 1), *count)]);
                        of.entry(AgencyId(1)).or_default().extend(month.into_values().flatten());
                    }
                }
            }
            let complete = missing.is_none_or(|month| quarters[month / 3]);
            prop_assert_eq!(handled(&tree, &year, &of), complete.then_some(months.iter().sum()));
        }
    }
}
