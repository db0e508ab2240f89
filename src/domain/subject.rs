//! Subjects: whom a figure is about.

use super::agency::AgencyCode;
use super::ids::AgencyId;
use super::tree::{AgencyTree, AsOf, Depth, Share, Span};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// The word for the whole country where a code is asked for (ISO 3166-1).
pub const COUNTRY_WORD: &str = "VN";

/// Whom a figure is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Every agency.
    Country,
    /// One agency, or several taken together, each once.
    Agencies(Vec<AgencyId>),
}

impl Subject {
    /// Whose responses make up a figure about it on some days, see [`AgencyTree::spans`].
    pub fn spans(
        &self,
        tree: &AgencyTree,
        depth: Depth,
        as_of: AsOf,
        today: NaiveDate,
        days: (NaiveDate, NaiveDate),
    ) -> Vec<Span> {
        match self {
            Self::Country => {
                let members = tree.everybody().into_iter().map(|id| (id, Share::from_integer(1)));
                vec![Span { from: days.0, to: days.1, members: members.collect() }]
            }
            Self::Agencies(roots) => {
                let each = roots.iter().map(|root| (*root, tree.spans(*root, depth, as_of, today, days)));
                together(each.collect())
            }
        }
    }

    /// The agency it is about, if it is one.
    pub fn only(&self) -> Option<AgencyId> {
        match self {
            Self::Agencies(roots) => match roots.as_slice() {
                [root] => Some(*root),
                _ => None,
            },
            Self::Country => None,
        }
    }
}

/// The spans of several roots as those of all together: cut where any of them is, shares added up. A root that stands
/// below another of them by the tree of the span adds nothing to it.
fn together(mut each: Vec<(AgencyId, Vec<Span>)>) -> Vec<Span> {
    if each.len() == 1 {
        return each.pop().map(|(_, spans)| spans).unwrap_or_default();
    }
    let spans = || each.iter().flat_map(|(root, spans)| spans.iter().map(move |span| (*root, span)));
    let mut cuts: Vec<NaiveDate> = spans().flat_map(|(_, span)| [span.from, span.to]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let span = |(from, to): (&NaiveDate, &NaiveDate)| {
        let held = || spans().filter(|(_, span)| span.from <= *from && *to <= span.to);
        // Who is there counts as itself alone, so it is a member elsewhere only where it stands below.
        let below = |root: AgencyId| {
            let mut others = held().filter(|(other, _)| *other != root);
            others.any(|(_, span)| span.members.binary_search_by_key(&root, |(id, _)| *id).is_ok())
        };
        let mut members: BTreeMap<AgencyId, Share> = BTreeMap::new();
        for (agency, share) in held().filter(|(root, _)| !below(*root)).flat_map(|(_, span)| &span.members) {
            *members.entry(*agency).or_default() += share;
        }
        Span { from: *from, to: *to, members: members.into_iter().collect() }
    };
    cuts.iter().zip(cuts.iter().skip(1)).map(span).collect()
}

/// Whom a figure is asked about, as it is written: `VN`, `H56`, or `H56,H21`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectCode {
    /// The whole country.
    Country,
    /// Agencies taken together.
    Agencies(Vec<AgencyCode>),
}

impl SubjectCode {
    /// Most agencies that can be taken together by naming them.
    pub const MOST: usize = 100;

    /// Reads a subject; `None` if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        if text == COUNTRY_WORD {
            return Some(Self::Country);
        }
        let codes: Result<Vec<AgencyCode>, _> = text.split(',').map(AgencyCode::parse).collect();
        codes.ok().filter(|codes| codes.len() <= Self::MOST).map(Self::Agencies)
    }
}
