//! Catalogue files: questionnaires, agencies, service points and surveys as TOML, read and held against
//! every rule before anything is stored. Built-in files are part of the binary.
//!
//! Reading only: what is done with the entries is `service::catalogue`'s business.

mod events;
mod measures;
mod rules;
mod shape;

pub use measures::{measure, measures};
pub use rules::{Catalogue, NewQuestionnaire, parse};

/// A catalogue file: its name for messages, and its text.
pub struct Source {
    /// Name or path.
    pub name: String,
    /// TOML.
    pub text: String,
}

/// What every installation starts with: the two questionnaires, and the provinces before and since the
/// reform of 2025-07-01.
pub fn built_in() -> Vec<Source> {
    [
        ("sipas-service-2022.toml", include_str!("questionnaires/sipas-service-2022.toml")),
        ("desk-2018.toml", include_str!("questionnaires/desk-2018.toml")),
        ("provinces-2025.toml", include_str!("agencies/provinces-2025.toml")),
    ]
    .map(source)
    .into()
}

/// Invented agencies, desks and surveys of the demonstration, on top of [`built_in`].
pub fn demonstration() -> Source {
    source(("demonstration.toml", include_str!("demonstration.toml")))
}

fn source((name, text): (&str, &str)) -> Source {
    Source { name: name.into(), text: text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agency::{AgencyCode, AgencyLevel};
    use crate::domain::agency_plan::{Reach, plan};
    use crate::domain::agency_register::Register;
    use crate::domain::period::{Period, parse_day};
    use crate::domain::questionnaire::Kind;
    use crate::domain::tree::{AgencyTree, AsOf, Depth, Share, Span};
    use crate::error::Faults;
    use chrono::NaiveDate;

    #[test]
    fn the_shipped_files_keep_every_rule() {
        for source in built_in().into_iter().chain([demonstration()]) {
            parse(&source).unwrap_or_else(|faults| panic!("{faults:#?}"));
        }
    }

    #[test]
    fn the_service_questionnaire_has_the_shape_of_the_form() {
        let catalogue = parse(&built_in().remove(0)).unwrap();
        let version = catalogue.questionnaire.unwrap().version;
        assert_eq!(version.kind, Kind::Sipas);
        let sizes: Vec<_> = version.elements.iter().map(|element| element.criteria.len()).collect();
        assert_eq!(sizes, [4, 4, 5, 3, 3]);
        let numbers: Vec<_> = version.criteria.iter().map(|criterion| criterion.number.clone()).collect();
        assert_eq!(numbers, (15..=33).map(|n: u8| n.to_string()).collect::<Vec<_>>());
        let optional = version.criteria.iter().filter(|criterion| criterion.may_be_not_applicable);
        assert!(optional.map(|criterion| criterion.code.split('.').next()).eq([Some("feedback"); 3]));
    }

    #[test]
    fn of_63_provinces_34_go_on_with_codes_of_their_own() {
        let file = parse(&built_in().remove(2)).unwrap();
        let codes: std::collections::HashSet<_> = file.agencies.iter().map(|agency| &agency.code).collect();
        let units: std::collections::HashSet<_> =
            file.agencies.iter().map(|agency| &agency.unit_code).collect();
        assert_eq!((file.agencies.len(), codes.len(), units.len()), (63, 63, 63));
        let merged = file.events.iter().map(|event| match &event.change {
            crate::domain::agency_event::Change::Merge(predecessors, _) => predecessors.len(),
            _ => 0,
        });
        assert_eq!(merged.sum::<usize>(), 63 - 34);
    }

    /// The tree that the shipped provinces and the demonstration make.
    fn shipped() -> AgencyTree {
        let mut register = Register::default();
        for source in [built_in().remove(2), demonstration()] {
            let file = parse(&source).unwrap();
            register.open(&file.agencies);
            for event in &file.events {
                let reach = Reach { owns: &|_| true, national: true };
                let plan = plan(event, &register.tree(day("2026-01-01")), &reach, Faults::default()).unwrap();
                register.apply(event.effective_on.unwrap(), &plan);
            }
        }
        register.tree(day("2026-01-01"))
    }

    fn day(text: &str) -> NaiveDate {
        parse_day(text).unwrap()
    }

    fn members(tree: &AgencyTree, root: &str, as_of: AsOf, period: &str) -> Vec<Vec<String>> {
        let root = tree.find(&AgencyCode::parse(root).unwrap()).unwrap().id;
        let period = Period::parse(period).unwrap();
        let spans = tree.spans(root, Depth::Subtree, as_of, tree.today(), (period.from(), period.to()));
        let codes = |span: Span| {
            assert!(span.members.iter().all(|(_, share)| *share == Share::from_integer(1)));
            let codes = span.members.iter().map(|(id, _)| tree.get(*id).unwrap().code.to_string());
            let mut codes: Vec<String> = codes.collect();
            codes.sort();
            codes
        };
        spans.into_iter().map(codes).collect()
    }

    #[test]
    fn gia_lai_of_2024_is_alone_then_and_with_binh_dinh_now() {
        let tree = shipped();
        assert_eq!(members(&tree, "H21", AsOf::Then, "2024"), [["H21"]]);
        let now = ["H08", "H21", "H21.C1", "H21.C2", "H21.C3", "H21.C4", "H21.D1", "H21.D2"];
        assert_eq!(members(&tree, "H21", AsOf::Now, "2024"), [now]);
        let in_2025 = members(&tree, "H21", AsOf::Then, "2025");
        assert_eq!(in_2025, [vec!["H21"], now.to_vec()]);
        // Bình Định is there until the reform only; its figures of before are there by the tree of any day before.
        assert_eq!(members(&tree, "H08", AsOf::Now, "2024"), [[""; 0]]);
        assert_eq!(members(&tree, "H08", AsOf::On(day("2025-06-30")), "2024"), [["H08"]]);
        let binh_dinh = tree.find(&AgencyCode::parse("H08").unwrap()).unwrap().id;
        assert!(
            tree.exists_on(binh_dinh, day("2025-06-30")) && !tree.exists_on(binh_dinh, day("2025-07-01"))
        );
        let heir = tree.get(tree.successors(binh_dinh)[0].successor).unwrap();
        assert_eq!((heir.name.as_str(), heir.unit_code.as_deref()), ("Gia Lai", Some("52")));
    }

    #[test]
    fn every_province_of_before_counts_once_since() {
        let tree = shipped();
        let provinces = |on| tree.of_level_on(AgencyLevel::Province, day(on));
        let (before, since) = (provinces("2025-06-30"), provinces("2025-07-01"));
        assert_eq!((before.len(), since.len()), (63, 34));
        let from = (day("2024-01-01"), day("2025-01-01"));
        let counted = since.iter().flat_map(|province| {
            let spans = tree.spans(*province, Depth::SelfOnly, AsOf::Now, tree.today(), from);
            spans.into_iter().flat_map(|span| span.members)
        });
        let mut counted: Vec<_> = counted.map(|(id, share)| (id, share == Share::from_integer(1))).collect();
        counted.sort_unstable();
        let mut expected: Vec<_> = before.into_iter().map(|id| (id, true)).collect();
        expected.sort_unstable();
        assert_eq!(counted, expected);
        // Unit codes are unique on either day.
        let units = |on| {
            let codes = provinces(on)
                .into_iter()
                .map(|id| tree.history(id).unwrap().version_on(day(on)).unwrap().unit_code.clone());
            codes.collect::<std::collections::HashSet<_>>().len()
        };
        assert_eq!((units("2025-06-30"), units("2025-07-01")), (63, 34));
    }
}
