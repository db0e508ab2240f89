//! Catalogue files: questionnaires, agencies, service points and surveys as TOML, read and held against
//! every rule before anything is stored. Built-in files are part of the binary.
//!
//! Reading only: what is done with the entries is `service::catalogue`'s business.

mod events;
mod rules;
mod shape;

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
    use crate::domain::questionnaire::Kind;

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
}
