//! The tree of agencies and the right to touch a part of it.

use super::agency::{Agency, AgencyCode};
use super::ids::AgencyId;
use chrono::NaiveDate;
use std::collections::HashMap;
use std::sync::Arc;

/// One agency, or it and everything below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// The agency alone.
    SelfOnly,
    /// The agency and its subtree.
    Subtree,
}

/// By which day's tree a figure is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AsOf {
    /// Today's: what a predecessor was told counts as its successor's.
    Now,
    /// Each response by the tree of the day it was answered.
    Then,
    /// That of a day.
    On(NaiveDate),
}

/// How much of an agency's responses counts: all (1), or the share that a split gave to a successor.
pub type Share = num_rational::Ratio<u64>;

/// Whose responses make up a figure during some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub from: NaiveDate,
    /// First day after it.
    pub to: NaiveDate,
    /// Agencies, each once, sorted, and how much of each.
    pub members: Vec<(AgencyId, Share)>,
}

/// All agencies with their places, as they are now.
#[derive(Debug, Default)]
pub struct AgencyTree {
    agencies: HashMap<AgencyId, Agency>,
    by_code: HashMap<AgencyCode, AgencyId>,
    children: HashMap<AgencyId, Vec<AgencyId>>,
}

impl AgencyTree {
    /// Builds the tree; the order of the agencies does not matter.
    pub fn new(agencies: impl IntoIterator<Item = Agency>) -> Self {
        let mut tree = Self::default();
        for agency in agencies {
            tree.by_code.insert(agency.code.clone(), agency.id);
            if let Some(parent) = agency.parent {
                tree.children.entry(parent).or_default().push(agency.id);
            }
            tree.agencies.insert(agency.id, agency);
        }
        tree
    }

    /// The agency of this code.
    pub fn find(&self, code: &AgencyCode) -> Option<&Agency> {
        self.by_code.get(code).and_then(|id| self.agencies.get(id))
    }

    /// The agency of this number.
    pub fn get(&self, id: AgencyId) -> Option<&Agency> {
        self.agencies.get(&id)
    }

    /// Agencies that have others below them.
    pub fn parents(&self) -> impl Iterator<Item = AgencyId> + '_ {
        self.children.keys().copied()
    }

    /// Every agency there is or was, sorted.
    pub fn everybody(&self) -> Vec<AgencyId> {
        let mut everybody: Vec<AgencyId> = self.agencies.keys().copied().collect();
        everybody.sort_unstable();
        everybody
    }

    /// Whether the agency exists on a day.
    pub fn exists_on(&self, id: AgencyId, day: NaiveDate) -> bool {
        self.get(id).is_some_and(|agency| agency.valid.covers(day))
    }

    /// The agency above it on a day.
    pub fn parent_on(&self, id: AgencyId, _day: NaiveDate) -> Option<AgencyId> {
        self.get(id).and_then(|agency| agency.parent)
    }

    /// Agencies right below `root` on a day, sorted.
    pub fn children_on(&self, root: AgencyId, _day: NaiveDate) -> Vec<AgencyId> {
        self.children.get(&root).cloned().unwrap_or_default()
    }

    /// Agencies of a level that exist on a day.
    pub fn of_level_on(&self, level: super::agency::AgencyLevel, day: NaiveDate) -> Vec<AgencyId> {
        let of_level = |agency: &&Agency| agency.level == level && agency.valid.covers(day);
        self.agencies.values().filter(of_level).map(|agency| agency.id).collect()
    }

    /// Whether `id` is `root` or below it.
    pub fn contains(&self, root: AgencyId, id: AgencyId) -> bool {
        self.path(id).any(|step| step == root)
    }

    /// The agency at the top above `id` (or `id` itself).
    pub fn top(&self, id: AgencyId) -> AgencyId {
        self.path(id).last().unwrap_or(id)
    }

    /// `root` and everything below it.
    pub fn subtree(&self, root: AgencyId) -> Vec<AgencyId> {
        let mut found = vec![root];
        let mut next = 0;
        while let Some(id) = found.get(next).copied() {
            found.extend(self.children.get(&id).into_iter().flatten());
            next += 1;
        }
        found
    }

    /// All of them, whatever their place.
    pub fn all(&self) -> Vec<AgencyId> {
        self.agencies.keys().copied().collect()
    }

    /// Whose responses make up a figure about `root` on the days `from..to`, split where that changes; spans follow
    /// each other without a gap.
    pub fn spans(
        &self,
        root: AgencyId,
        depth: Depth,
        _as_of: AsOf,
        _today: NaiveDate,
        (from, to): (NaiveDate, NaiveDate),
    ) -> Vec<Span> {
        let mut agencies = match depth {
            Depth::SelfOnly => vec![root],
            Depth::Subtree => self.subtree(root),
        };
        agencies.sort_unstable();
        let members = agencies.into_iter().map(|id| (id, Share::from_integer(1))).collect();
        vec![Span { from, to, members }]
    }

    fn path(&self, id: AgencyId) -> impl Iterator<Item = AgencyId> + '_ {
        // Bounded by the number of agencies, so that a circle in the data cannot hang a request.
        std::iter::successors(Some(id), |step| self.agencies.get(step).and_then(|agency| agency.parent))
            .take(self.agencies.len().max(1))
    }
}

/// Proof that the policy allowed an actor to touch these agencies. Store functions that read or write an
/// agency's data demand it, so no query can be written that forgot to ask.
#[derive(Debug, Clone)]
pub struct AgencyScope {
    agencies: Arc<[AgencyId]>,
    whole_country: bool,
}

impl AgencyScope {
    /// To be called by `auth/policy.rs` alone; `tests/layers.rs` holds everybody else to that.
    pub fn granted_by_policy(mut agencies: Vec<AgencyId>) -> Self {
        agencies.sort_unstable();
        agencies.dedup();
        Self { agencies: agencies.into(), whole_country: false }
    }

    /// Every agency there is; to be called by `auth/policy.rs` alone.
    pub fn granted_by_policy_everywhere() -> Self {
        Self { agencies: Arc::new([]), whole_country: true }
    }

    /// Whether this agency may be touched. Asked for each of a hundred thousand rows, of thousands of agencies.
    pub fn allows(&self, id: AgencyId) -> bool {
        self.whole_country || self.agencies.binary_search(&id).is_ok()
    }

    /// The agencies, sorted; not listed for the whole country.
    pub fn agencies(&self) -> &[AgencyId] {
        &self.agencies
    }

    /// Whether every agency may be touched.
    pub const fn is_whole_country(&self) -> bool {
        self.whole_country
    }
}

#[cfg(test)]
mod tests {
    use super::super::agency::{AgencyLevel, Validity};
    use super::*;

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
    fn a_scope_allows_what_it_was_granted_in_whatever_order() {
        let scope = AgencyScope::granted_by_policy([3, 1, 7].map(AgencyId).into());
        let allowed: Vec<i32> = (0..9).filter(|id| scope.allows(AgencyId(*id))).collect();
        assert_eq!(allowed, [1, 3, 7]);
    }

    #[test]
    fn a_subtree_is_the_root_and_all_below() {
        let tree =
            AgencyTree::new([agency(1, None), agency(2, Some(1)), agency(3, Some(2)), agency(4, None)]);
        assert_eq!(tree.subtree(AgencyId(1)), [AgencyId(1), AgencyId(2), AgencyId(3)]);
        assert!(tree.contains(AgencyId(1), AgencyId(3)));
        assert!(!tree.contains(AgencyId(4), AgencyId(3)));
        assert_eq!(tree.top(AgencyId(3)), AgencyId(1));
    }
}
