//! The tree of agencies over time.
//!
//! Names, parents and unit codes of an agency are dated, agencies begin and end, and those that end may have
//! successors with shares that add up to 1. By the tree of a day D (`AsOf::On(D)`; `Now` is today's) what an agency
//! X was told counts as follows:
//!
//! - X exists on D: as X itself, at its place in the tree of D. That holds also after a part of X was split off:
//!   people rated an agency that is still there. The shares of such a split are kept as facts.
//! - X ended on or before D and has successors: as each successor, with its share, by this same rule; shares of a
//!   chain of successions are multiplied, those of several ways to one agency added up.
//! - X ended without a successor: below its last parent (or where that one counts), but not as the parent itself.
//! - X begins after D: nowhere.
//!
//! So on every day the shares of an agency add up to 1 over the tops of the tree; to 0 if it begins later; to less where
//! it, or what goes on with a part of it, was closed at the top. `Then` is `On(d)` for each day d of answering: the days are split where the members change.
//!
//! What the policy asks for (`contains`, `top`, `subtree`, `find`, `get`) means today; an agency that is over is in
//! charge of nobody new, and is itself in the charge of whoever goes on with its work.

use super::agency::{Agency, AgencyCode, AgencyHistory, AgencyLevel};
use super::ids::AgencyId;
use super::tree_day::{DayTree, Place};
use chrono::NaiveDate;
use foldhash::fast::RandomState;
use num_traits::CheckedAdd;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

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

/// One agency goes on with what another did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// Who did it before.
    pub predecessor: AgencyId,
    /// Who does it since; the predecessor itself, if it goes on with a part.
    pub successor: AgencyId,
    /// First day of the successor's.
    pub on: NaiveDate,
    /// How much of it.
    pub share: Share,
}

/// Days whose tree is kept in memory, a tenth of a megabyte each with 3,000 agencies; beyond it all are made anew.
const MOST_DAYS: usize = 64;

/// All agencies with their places, at all times.
#[derive(Debug, Default)]
pub struct AgencyTree {
    today: NaiveDate,
    /// As they are today.
    agencies: BTreeMap<AgencyId, Agency>,
    histories: HashMap<AgencyId, AgencyHistory>,
    by_code: BTreeMap<AgencyCode, AgencyId>,
    successors: HashMap<AgencyId, Vec<Succession>>,
    predecessors: HashMap<AgencyId, Vec<Succession>>,
    /// Who is in charge of whom today, and the other way round.
    above: HashMap<AgencyId, Vec<AgencyId>, RandomState>,
    below: HashMap<AgencyId, Vec<AgencyId>>,
    /// Days on which anything changes.
    changes: BTreeSet<NaiveDate>,
    days: RwLock<HashMap<NaiveDate, Arc<DayTree>>>,
}

impl AgencyTree {
    /// A tree in which nothing ever changes but that agencies begin and end; the order does not matter.
    pub fn new(agencies: impl IntoIterator<Item = Agency>) -> Self {
        Self::dated(agencies.into_iter().map(AgencyHistory::from), [], NaiveDate::default())
    }

    /// The tree with its past and what is planned, seen from a day.
    pub fn dated(
        histories: impl IntoIterator<Item = AgencyHistory>,
        successions: impl IntoIterator<Item = Succession>,
        today: NaiveDate,
    ) -> Self {
        let mut tree = Self { today, ..Self::default() };
        for history in histories {
            tree.changes.extend([Some(history.valid.from), history.valid.to].into_iter().flatten());
            tree.changes.extend(history.versions.iter().map(|version| version.from));
            tree.by_code.insert(history.code.clone(), history.id);
            tree.agencies.insert(history.id, history.on(today));
            tree.histories.insert(history.id, history);
        }
        for succession in successions {
            tree.changes.insert(succession.on);
            tree.predecessors.entry(succession.successor).or_default().push(succession.clone());
            tree.successors.entry(succession.predecessor).or_default().push(succession);
        }
        let above: Vec<(AgencyId, Vec<AgencyId>)> =
            tree.histories.values().map(|history| (history.id, tree.in_charge_of(history))).collect();
        for (id, above) in above {
            for parent in &above {
                tree.below.entry(*parent).or_default().push(id);
            }
            tree.above.insert(id, above);
        }
        // One answer for one tree, whatever order the rows came in.
        tree.below.values_mut().for_each(|children| children.sort_unstable());
        tree
    }

    /// The day it is seen from.
    pub const fn today(&self) -> NaiveDate {
        self.today
    }

    /// The agency of this code.
    pub fn find(&self, code: &AgencyCode) -> Option<&Agency> {
        self.by_code.get(code).and_then(|id| self.agencies.get(id))
    }

    /// The agency of this number.
    pub fn get(&self, id: AgencyId) -> Option<&Agency> {
        self.agencies.get(&id)
    }

    /// Everything the agency was and will be.
    pub fn history(&self, id: AgencyId) -> Option<&AgencyHistory> {
        self.histories.get(&id)
    }

    /// Every agency by its code.
    pub fn histories(&self) -> impl Iterator<Item = &AgencyHistory> {
        self.by_code.values().filter_map(|id| self.histories.get(id))
    }

    /// Who goes on with what the agency did, by day.
    pub fn successors(&self, id: AgencyId) -> &[Succession] {
        self.successors.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// With whose work the agency goes on.
    pub fn predecessors(&self, id: AgencyId) -> &[Succession] {
        self.predecessors.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Agencies that are in charge of others today; every one with more members than itself is among them.
    pub fn parents(&self) -> impl Iterator<Item = AgencyId> + '_ {
        self.below.keys().copied()
    }

    /// Every agency there is, was or is planned, sorted.
    pub fn everybody(&self) -> Vec<AgencyId> {
        self.agencies.keys().copied().collect()
    }

    /// Whether `root` is in charge of `id` today: is it, above it, or goes on with its work.
    pub fn contains(&self, root: AgencyId, id: AgencyId) -> bool {
        // Asked for every response, mostly of the agency itself or the one right above it.
        if root == id || self.above(id).contains(&root) {
            return true;
        }
        // A list, not a set: most agencies have two or three above them.
        let mut found = vec![id];
        let mut next = 0;
        while let Some(step) = found.get(next).copied() {
            if step == root {
                return true;
            }
            let new = self.above(step).iter().filter(|above| !found.contains(above)).copied();
            let new: Vec<AgencyId> = new.collect();
            found.extend(new);
            next += 1;
        }
        false
    }

    /// The agency at the top above `id` (or `id` itself) today.
    pub fn top(&self, id: AgencyId) -> AgencyId {
        let path = std::iter::successors(Some(id), |step| self.above(*step).first().copied());
        // Bounded by the number of agencies, so that a circle in the data cannot hang a request.
        path.take(self.agencies.len().max(1)).last().unwrap_or(id)
    }

    /// `root` and everything it is in charge of today.
    pub fn subtree(&self, root: AgencyId) -> Vec<AgencyId> {
        walk(root, |id| self.below.get(&id).map(Vec::as_slice).unwrap_or_default())
    }

    /// Whether the agency exists on a day.
    pub fn exists_on(&self, id: AgencyId, day: NaiveDate) -> bool {
        self.histories.get(&id).is_some_and(|history| history.valid.covers(day))
    }

    /// What the agency is called on a day; outside its days the nearest name it has.
    pub fn name_on(&self, id: AgencyId, day: NaiveDate) -> Option<&str> {
        Some(&self.histories.get(&id)?.version_on(day)?.name)
    }

    /// The agency above it on a day; `None` also where the agency does not exist.
    pub fn parent_on(&self, id: AgencyId, day: NaiveDate) -> Option<AgencyId> {
        self.on(day).parent(id)
    }

    /// Agencies right below `root` on a day, sorted.
    pub fn children_on(&self, root: AgencyId, day: NaiveDate) -> Vec<AgencyId> {
        self.on(day).children(root).to_vec()
    }

    /// Agencies of a level that exist on a day, by code.
    pub fn of_level_on(&self, level: AgencyLevel, day: NaiveDate) -> Vec<AgencyId> {
        let of_level = self.histories().filter(|history| history.level == level && history.valid.covers(day));
        of_level.map(|history| history.id).collect()
    }

    /// Whether `id` is `above`, or stands below it on a day or at any time after.
    pub fn ever_below(&self, id: AgencyId, above: AgencyId, from: NaiveDate) -> bool {
        std::iter::once(from).chain(self.changes.range(from..).copied()).any(|day| {
            let tree = self.on(day);
            let path = std::iter::successors(Some(id), |step| tree.parent(*step));
            path.take(self.agencies.len().max(1)).any(|step| step == above)
        })
    }

    /// Whether all shares of a day and after can be told exactly in 64 bits; no event may make them longer.
    pub fn is_exact_from(&self, from: NaiveDate) -> bool {
        std::iter::once(from).chain(self.changes.range(from..).copied()).all(|day| self.on(day).is_exact())
    }

    /// Whose responses make up a figure about `root` on the days `from..to`, split where that changes; spans follow
    /// each other without a gap, neighbours differ. A span has no members where `root` does not exist on the day of
    /// the tree: see [`AgencyTree::exists_on`] and [`AgencyTree::successors`] for what to tell the reader.
    pub fn spans(
        &self,
        root: AgencyId,
        depth: Depth,
        as_of: AsOf,
        today: NaiveDate,
        (from, to): (NaiveDate, NaiveDate),
    ) -> Vec<Span> {
        let one = |day| vec![Span { from, to, members: self.members_on(root, depth, day) }];
        match as_of {
            AsOf::Now => return one(today),
            AsOf::On(day) => return one(day),
            AsOf::Then if from >= to => return one(from),
            AsOf::Then => {}
        }
        let mut spans = one(from);
        // Exclusive at both ends: the first span is there already.
        for day in self.changes.range(from..to).filter(|day| **day > from) {
            let members = self.members_on(root, depth, *day);
            if let Some(last) = spans.last_mut().filter(|last| last.members != members) {
                last.to = *day;
                spans.push(Span { from: *day, to, members });
            }
        }
        spans
    }

    /// Whose responses count for `root` by the tree of a day, sorted.
    fn members_on(&self, root: AgencyId, depth: Depth, day: NaiveDate) -> Vec<(AgencyId, Share)> {
        if !self.exists_on(root, day) {
            return Vec::new();
        }
        let tree = self.on(day);
        let below = depth == Depth::Subtree;
        // A ranking asks for thousands of whom nobody is below.
        let alone = !below || tree.children(root).is_empty();
        let agencies = if alone { vec![root] } else { walk(root, |id| tree.children(id)) };
        let mut members: BTreeMap<AgencyId, Share> =
            agencies.iter().map(|id| (*id, Share::from_integer(1))).collect();
        let places = agencies.iter().flat_map(|id| {
            let below = Some(Place::Below(*id)).filter(|_| below);
            [Some(Place::At(*id)), below].into_iter().flatten()
        });
        for (id, share) in places.flat_map(|place| tree.counted_at(place)) {
            // Parts of one agency's shares: where the whole is exact, so is every part.
            let sum = members.entry(*id).or_default();
            *sum = sum.checked_add(share).unwrap_or(*sum);
        }
        members.into_iter().collect()
    }

    /// The tree of a day; made once.
    fn on(&self, day: NaiveDate) -> Arc<DayTree> {
        // Nothing differs between two changes.
        let day = self.changes.range(..=day).next_back().copied().unwrap_or(NaiveDate::MIN);
        if let Some(tree) = self.days.read().unwrap_or_else(PoisonError::into_inner).get(&day) {
            return tree.clone();
        }
        let tree = Arc::new(DayTree::new(day, &self.histories, &self.successors));
        let mut days = self.days.write().unwrap_or_else(PoisonError::into_inner);
        if days.len() >= MOST_DAYS {
            days.clear();
        }
        days.insert(day, tree.clone());
        tree
    }

    fn above(&self, id: AgencyId) -> &[AgencyId] {
        self.above.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// The parent; of an agency that is over, whoever goes on with its work.
    fn in_charge_of(&self, history: &AgencyHistory) -> Vec<AgencyId> {
        let over = history.valid.to.filter(|to| *to <= self.today);
        let heirs = self.successors(history.id).iter().filter(|succession| Some(succession.on) == over);
        let heirs: Vec<AgencyId> =
            heirs.map(|succession| succession.successor).filter(|heir| *heir != history.id).collect();
        if heirs.is_empty() {
            history.version_on(self.today).and_then(|version| version.parent).into_iter().collect()
        } else {
            heirs
        }
    }
}

/// `root` and whatever is below it by `children`, each once.
fn walk<'t>(root: AgencyId, children: impl Fn(AgencyId) -> &'t [AgencyId]) -> Vec<AgencyId> {
    let (mut found, mut seen, mut next) = (vec![root], HashSet::from([root]), 0);
    while let Some(id) = found.get(next).copied() {
        found.extend(children(id).iter().filter(|child| seen.insert(**child)));
        next += 1;
    }
    found
}

#[cfg(test)]
#[path = "tree_laws.rs"]
mod laws;
