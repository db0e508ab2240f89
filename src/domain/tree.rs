//! The tree of agencies and the right to touch a part of it.

use super::agency::{Agency, AgencyCode};
use super::ids::AgencyId;
use std::collections::HashMap;
use std::sync::Arc;

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

    fn path(&self, id: AgencyId) -> impl Iterator<Item = AgencyId> + '_ {
        // Bounded by the number of agencies, so that a circle in the data cannot hang a request.
        std::iter::successors(Some(id), |step| self.agencies.get(step).and_then(|agency| agency.parent))
            .take(self.agencies.len().max(1))
    }
}

/// Proof that the policy allowed an actor to touch these agencies. Store functions that read or write an
/// agency's data demand it, so no query can be written that forgot to ask.
#[derive(Debug, Clone)]
pub struct AgencyScope(Arc<[AgencyId]>);

impl AgencyScope {
    /// To be called by `auth/policy.rs` alone; `tests/layers.rs` holds everybody else to that.
    pub fn granted_by_policy(agencies: Vec<AgencyId>) -> Self {
        Self(agencies.into())
    }

    /// Whether this agency may be touched.
    pub fn allows(&self, id: AgencyId) -> bool {
        self.0.contains(&id)
    }

    /// The agencies.
    pub fn agencies(&self) -> &[AgencyId] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::agency::{AgencyLevel, Validity};
    use super::*;
    use chrono::NaiveDate;

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
        let tree =
            AgencyTree::new([agency(1, None), agency(2, Some(1)), agency(3, Some(2)), agency(4, None)]);
        assert_eq!(tree.subtree(AgencyId(1)), [AgencyId(1), AgencyId(2), AgencyId(3)]);
        assert!(tree.contains(AgencyId(1), AgencyId(3)));
        assert!(!tree.contains(AgencyId(4), AgencyId(3)));
        assert_eq!(tree.top(AgencyId(3)), AgencyId(1));
    }
}
