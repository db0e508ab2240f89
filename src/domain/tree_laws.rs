//! Laws of the tree over time, on histories made by random events, and examples worked by hand.

use super::super::agency::{AgencyLevel, NewAgency, Validity};
use super::super::agency_event::{Change, EventDraft, Heir, Opening, parse_share};
use super::super::agency_plan::{Reach, Refusal, plan};
use super::super::agency_register::Register;
use super::*;
use crate::error::{FaultKind, Faults, TreeFault};
use chrono::Days;
use proptest::prelude::*;

fn day(offset: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 1, 1).unwrap() + Days::new(offset)
}

fn code(number: usize) -> AgencyCode {
    AgencyCode::parse(&format!("H{number:02}")).unwrap()
}

fn new(number: usize, parent: Option<usize>) -> NewAgency {
    NewAgency {
        code: code(number),
        unit_code: None,
        level: AgencyLevel::Commune,
        name: format!("agency {number}"),
        parent: parent.map(code),
        valid: Validity { from: day(0), to: None },
        sample: true,
        note: None,
    }
}

fn opening(number: usize, parent: Option<usize>) -> Opening {
    Opening {
        code: Some(code(number)),
        level: Some(AgencyLevel::Commune),
        name: Some(format!("agency {number}")),
        parent: parent.map(code),
        ..Opening::default()
    }
}

fn existing(number: usize) -> Heir {
    Heir::Existing(Some(code(number)))
}

fn happen(register: &mut Register, on: u64, change: Change) -> Result<(), Refusal> {
    let draft = EventDraft { id: None, effective_on: Some(day(on)), basis: None, change };
    let reach = Reach { owns: &|_| true, national: true };
    let plan = plan(&draft, &register.tree(day(on)), &reach, Faults::default())?;
    register.apply(day(on), &plan);
    Ok(())
}

fn refused(register: &mut Register, on: u64, change: Change) -> Vec<(String, FaultKind)> {
    match happen(register, on, change) {
        Ok(()) => panic!("taken"),
        Err(Refusal::OutOfOrder(late)) => panic!("out of order: {late:?}"),
        Err(Refusal::Faults(faults)) => {
            let place = |place| match place {
                crate::error::Place::Pointer(path) => path,
                other => panic!("{other:?}"),
            };
            faults.into_vec().into_iter().map(|fault| (place(fault.place), fault.kind)).collect()
        }
    }
}

/// Provinces 0 and 1; 2 and 3 below 0, 4 below 1.
fn small() -> Register {
    let mut register = Register::default();
    register.open(&[new(0, None), new(1, None), new(2, Some(0)), new(3, Some(0)), new(4, Some(1))]);
    register
}

fn members(
    register: &Register,
    root: usize,
    depth: Depth,
    as_of: AsOf,
    days: (u64, u64),
) -> Vec<Vec<(String, Share)>> {
    let tree = register.tree(day(1000));
    let root = register.id(&code(root)).unwrap();
    let spans = tree.spans(root, depth, as_of, day(1000), (day(days.0), day(days.1)));
    let name = |id| tree.get(id).unwrap().code.to_string();
    let named = |span: Span| {
        let mut members: Vec<_> = span.members.into_iter().map(|(id, share)| (name(id), share)).collect();
        members.sort();
        members
    };
    spans.into_iter().map(named).collect()
}

fn whole(codes: &[&str]) -> Vec<(String, Share)> {
    codes.iter().map(|code| ((*code).to_owned(), Share::from_integer(1))).collect()
}

#[test]
fn a_merger_counts_as_its_successor_and_takes_its_children_along() {
    let mut register = small();
    happen(&mut register, 100, Change::Merge(vec![Some(code(1))], existing(0))).unwrap();
    let days = (0, 200);
    assert_eq!(members(&register, 0, Depth::SelfOnly, AsOf::Now, days), [whole(&["H00", "H01"])]);
    let all = whole(&["H00", "H01", "H02", "H03", "H04"]);
    assert_eq!(members(&register, 0, Depth::Subtree, AsOf::Now, days), std::slice::from_ref(&all));
    let then = members(&register, 0, Depth::Subtree, AsOf::Then, days);
    assert_eq!(then, [whole(&["H00", "H02", "H03"]), all]);
    assert_eq!(members(&register, 1, Depth::Subtree, AsOf::On(day(99)), days), [whole(&["H01", "H04"])]);
    // It is not there any more: nobody's responses are.
    assert_eq!(members(&register, 1, Depth::Subtree, AsOf::Now, days), [vec![]]);
    let tree = register.tree(day(100));
    let id = |number| register.id(&code(number)).unwrap();
    assert!(!tree.exists_on(id(1), day(100)) && tree.exists_on(id(1), day(99)));
    assert_eq!(tree.successors(id(1))[0].successor, id(0));
    assert_eq!(tree.children_on(id(0), day(100)).len(), 3);
    assert_eq!(tree.children_on(id(0), day(99)).len(), 2);
    assert!(tree.contains(id(0), id(1)) && tree.contains(id(0), id(4)) && !tree.contains(id(1), id(0)));
    assert!(!register.tree(day(99)).contains(id(0), id(4)));
    assert_eq!(tree.top(id(4)), id(0));
}

#[test]
fn shares_of_a_chain_are_multiplied_and_those_of_several_ways_added() {
    let mut register = small();
    let half = |heir| (heir, Some(parse_share("1/2").unwrap()));
    happen(
        &mut register,
        10,
        Change::Split(Some(code(2)), vec![half(existing(3)), half(Heir::Opened(opening(5, Some(1))))]),
    )
    .unwrap();
    happen(&mut register, 20, Change::Split(Some(code(5)), vec![half(existing(3)), half(existing(4))]))
        .unwrap();
    let expected = vec![
        ("H02".to_owned(), Share::new(3, 4)),
        ("H03".to_owned(), Share::from_integer(1)),
        ("H05".to_owned(), Share::new(1, 2)),
    ];
    assert_eq!(members(&register, 3, Depth::SelfOnly, AsOf::Now, (0, 30)), [expected]);
    let expected = vec![
        ("H02".to_owned(), Share::new(1, 4)),
        ("H04".to_owned(), Share::from_integer(1)),
        ("H05".to_owned(), Share::new(1, 2)),
    ];
    assert_eq!(members(&register, 4, Depth::SelfOnly, AsOf::Now, (0, 30)), [expected]);
}

#[test]
fn what_is_closed_counts_below_its_last_parent_but_not_as_it() {
    let mut register = small();
    happen(&mut register, 10, Change::Close(Some(code(4)))).unwrap();
    happen(&mut register, 20, Change::Merge(vec![Some(code(1))], existing(0))).unwrap();
    assert_eq!(members(&register, 0, Depth::SelfOnly, AsOf::Now, (0, 30)), [whole(&["H00", "H01"])]);
    assert_eq!(
        members(&register, 0, Depth::Subtree, AsOf::Now, (0, 30)),
        [whole(&["H00", "H01", "H02", "H03", "H04"])]
    );
    assert_eq!(members(&register, 1, Depth::Subtree, AsOf::On(day(15)), (0, 30)), [whole(&["H01", "H04"])]);
}

#[test]
fn who_goes_on_after_a_split_keeps_what_it_was_told() {
    let mut register = small();
    let shares = vec![
        (existing(2), parse_share("3/5").ok()),
        (Heir::Opened(opening(5, Some(0))), parse_share("2/5").ok()),
    ];
    happen(&mut register, 10, Change::Split(Some(code(2)), shares)).unwrap();
    assert_eq!(members(&register, 2, Depth::SelfOnly, AsOf::Now, (0, 30)), [whole(&["H02"])]);
    assert_eq!(members(&register, 5, Depth::SelfOnly, AsOf::Now, (0, 30)), [whole(&["H05"])]);
}

#[test]
fn what_cannot_be_is_refused() {
    let mut register = small();
    let at = |place: &str, kind| (place.to_owned(), kind);
    let below = Change::Move(Some(code(0)), Some(code(2)));
    assert_eq!(refused(&mut register, 5, below), [at("/parent", FaultKind::Tree(TreeFault::Circle))]);
    let itself = Change::Merge(vec![Some(code(2)), Some(code(3))], existing(3));
    assert_eq!(
        refused(&mut register, 5, itself),
        [at("/predecessors/1", FaultKind::Tree(TreeFault::IntoItself))]
    );
    let upside_down = Change::Merge(vec![Some(code(0))], existing(2));
    assert_eq!(
        refused(&mut register, 5, upside_down),
        [at("/successor", FaultKind::Tree(TreeFault::Circle))]
    );
    let orphan = Change::Merge(vec![Some(code(0))], Heir::Opened(opening(9, Some(0))));
    assert_eq!(refused(&mut register, 5, orphan), [at("/open/parent", FaultKind::Tree(TreeFault::Circle))]);
    assert_eq!(
        refused(&mut register, 5, Change::Close(Some(code(0)))),
        [at("/agency", FaultKind::Tree(TreeFault::HasChildren))]
    );
    let third = |heir| (heir, parse_share("1/3").ok());
    let lost = Change::Split(Some(code(2)), vec![third(existing(3)), third(existing(4))]);
    assert_eq!(
        refused(&mut register, 5, lost),
        [at("/successors", FaultKind::Tree(TreeFault::SharesNotWhole))]
    );
    happen(&mut register, 5, Change::Close(Some(code(4)))).unwrap();
    let gone = FaultKind::Tree(TreeFault::AgencyNotThere { on: day(6) });
    assert_eq!(
        refused(&mut register, 6, Change::Open(opening(8, Some(4)))),
        [at("/open/parent", gone.clone())]
    );
    assert_eq!(
        refused(&mut register, 6, Change::Rename(Some(code(4)), Some("x".into()))),
        [at("/agency", gone)]
    );
    assert_eq!(
        refused(&mut register, 6, Change::Open(opening(4, Some(0)))),
        [at("/open/code", FaultKind::Tree(TreeFault::CodeTaken))]
    );
    happen(&mut register, 9, Change::Rename(Some(code(2)), Some("y".into()))).unwrap();
    let early = happen(&mut register, 8, Change::Rename(Some(code(2)), Some("z".into())));
    assert!(matches!(early, Err(Refusal::OutOfOrder(late)) if late == [(code(2), day(9))]));
    let merged = Change::Merge(vec![Some(code(0))], existing(1));
    assert!(
        matches!(happen(&mut register, 8, merged), Err(Refusal::OutOfOrder(late)) if late == [(code(2), day(9))])
    );
}

/// An event between agencies picked by number; most are refused, as they should be.
fn change(register: &Register, (kind, one, two, parts): (u8, usize, usize, u64)) -> Change {
    let count = register.histories.len();
    let (one, two) = (one % count, two % count);
    let top = register.histories[one].versions.last().unwrap().parent.is_none();
    match kind % 6 {
        0 => Change::Open(opening(count, Some(two))),
        1 => Change::Move(Some(code(one)), Some(code(two))),
        // What is closed at the top counts nowhere, and the law would have to know which.
        2 if !top => Change::Close(Some(code(one))),
        3 => Change::Merge(vec![Some(code(one))], existing(two)),
        4 => {
            let share = Share::new(parts % 6 + 1, 7);
            let heirs =
                vec![(existing(two), Some(share)), (existing(one + 1), Some(Share::from_integer(1) - share))];
            Change::Split(Some(code(one)), heirs)
        }
        5 => {
            let share = Share::new(parts % 4 + 1, 5);
            let heirs = vec![
                (Heir::Opened(opening(count, Some(two))), Some(share)),
                (existing((one + 1) % count), Some(Share::from_integer(1) - share)),
            ];
            Change::Split(Some(code(one)), heirs)
        }
        _ => Change::Rename(Some(code(one)), Some(format!("name {parts}"))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tree_keeps_its_laws(events in prop::collection::vec((0_u8..6, 0_usize..40, 0_usize..40, 0_u64..60), 0..40)) {
        let mut register = small();
        let mut done = 0;
        for (step, event) in events.iter().enumerate() {
            let on = u64::try_from(step).unwrap() * 3 + 1;
            let before = register.clone();
            let asked = change(&register, *event);
            if happen(&mut register, on, asked).is_ok() {
                done += 1;
                if !register.tree(day(on)).is_exact_from(day(0)) {
                    register = before;
                }
            }
        }
        let tree = register.tree(day(1000));
        let (from, to) = (day(0), day(130));
        for on in [0, 1, 20, 61, 62, 90, 129] {
            let tops: Vec<AgencyId> = register.histories.iter().map(|history| history.id)
                .filter(|id| tree.exists_on(*id, day(on)) && tree.parent_on(*id, day(on)).is_none()).collect();
            let mut sums: HashMap<AgencyId, Share> = HashMap::new();
            for top in tops {
                for (id, share) in tree.members_on(top, Depth::Subtree, day(on)) {
                    *sums.entry(id).or_default() += share;
                }
            }
            for history in &register.histories {
                let expected = u64::from(history.valid.from <= day(on));
                let sum = sums.get(&history.id).copied().unwrap_or_default();
                prop_assert_eq!(sum, Share::from_integer(expected), "{} on {} after {}", &history.code, day(on), done);
            }
        }
        for history in &register.histories {
            for depth in [Depth::SelfOnly, Depth::Subtree] {
                let spans = tree.spans(history.id, depth, AsOf::Then, day(1000), (from, to));
                prop_assert_eq!((spans[0].from, spans[spans.len() - 1].to), (from, to));
                prop_assert!(spans.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].members != pair[1].members));
                for span in &spans {
                    prop_assert!(span.from < span.to);
                    prop_assert!(span.members.is_sorted_by(|one, two| one.0 < two.0));
                }
                for offset in 0..130 {
                    let today = day(offset);
                    let span = spans.iter().find(|span| span.from <= today && today < span.to).unwrap();
                    let on = tree.spans(history.id, depth, AsOf::On(today), day(1000), (today, day(offset + 1)));
                    prop_assert_eq!(&span.members, &on[0].members);
                }
                // After the last change nothing differs between then and now.
                let later = (day(200), day(300));
                let then = tree.spans(history.id, depth, AsOf::Then, day(1000), later);
                prop_assert_eq!(then, tree.spans(history.id, depth, AsOf::Now, day(1000), later));
            }
        }
    }
}

#[test]
fn three_thousand_agencies_are_no_trouble() {
    let mut register = Register::default();
    let commune = |number: usize| {
        let mut agency = new(0, Some(number % 34));
        agency.code = AgencyCode::parse(&format!("H{:02}.{number}", number % 34)).unwrap();
        agency
    };
    let all: Vec<NewAgency> = (0..34).map(|number| new(number, None)).chain((0..3300).map(commune)).collect();
    register.open(&all);
    // A year in which something changes every nine days.
    for offset in (9..365).step_by(9) {
        let history = &mut register.histories[34 + usize::try_from(offset).unwrap()];
        let mut version = history.versions[0].clone();
        version.from = day(offset);
        version.parent = Some(AgencyId(-1));
        history.versions.push(version);
    }
    let tree = register.tree(day(400));
    let begun = std::time::Instant::now();
    let spans = tree.spans(AgencyId(-1), Depth::Subtree, AsOf::Then, day(400), (day(0), day(365)));
    let moved = (9..365).step_by(9).filter(|offset| offset % 34 != 0).count();
    assert_eq!(spans.last().unwrap().members.len(), 1 + 98 + moved);
    // A tenth of that unoptimised; quadratic work would take a hundred times as long.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
}

fn agency(id: i32, parent: Option<i32>) -> Agency {
    Agency {
        id: AgencyId(id),
        code: AgencyCode::parse(&format!("H{id:02}")).unwrap(),
        unit_code: None,
        level: AgencyLevel::Commune,
        name: String::new(),
        parent: parent.map(AgencyId),
        valid: Validity { from: NaiveDate::MIN, to: None },
        sample: true,
        note: None,
    }
}

#[test]
fn a_subtree_is_the_root_and_all_below() {
    let tree = AgencyTree::new([agency(1, None), agency(2, Some(1)), agency(3, Some(2)), agency(4, None)]);
    assert_eq!(tree.subtree(AgencyId(1)), [AgencyId(1), AgencyId(2), AgencyId(3)]);
    assert!(tree.contains(AgencyId(1), AgencyId(3)));
    assert!(!tree.contains(AgencyId(4), AgencyId(3)));
    assert_eq!(tree.top(AgencyId(3)), AgencyId(1));
}
