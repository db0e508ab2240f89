//! The right to touch the data of some agencies.

use super::ids::AgencyId;
use std::sync::Arc;

/// Proof that the policy allowed an actor to touch these agencies. Store functions that read or write an
/// agency's data demand it, so no query can be written that forgot to ask.
#[derive(Debug, Clone)]
pub struct AgencyScope(Reach);

#[derive(Debug, Clone)]
enum Reach {
    /// As each response rates one: asked for a hundred thousand times a second, it takes no memory of its own.
    One(AgencyId),
    /// Sorted.
    Some(Arc<[AgencyId]>),
    WholeCountry,
}

impl AgencyScope {
    /// To be called by `auth/policy.rs` alone; `tests/layers.rs` holds everybody else to that.
    pub fn granted_by_policy(mut agencies: Vec<AgencyId>) -> Self {
        agencies.sort_unstable();
        agencies.dedup();
        Self(Reach::Some(agencies.into()))
    }

    /// One agency; to be called by `auth/policy.rs` alone.
    pub const fn granted_by_policy_alone(agency: AgencyId) -> Self {
        Self(Reach::One(agency))
    }

    /// Every agency there is; to be called by `auth/policy.rs` alone.
    pub const fn granted_by_policy_everywhere() -> Self {
        Self(Reach::WholeCountry)
    }

    /// Whether this agency may be touched. Asked for each of a hundred thousand rows, of thousands of agencies.
    pub fn allows(&self, id: AgencyId) -> bool {
        self.is_whole_country() || self.agencies().binary_search(&id).is_ok()
    }

    /// The agencies, sorted; not listed for the whole country.
    pub fn agencies(&self) -> &[AgencyId] {
        match &self.0 {
            Reach::One(agency) => std::slice::from_ref(agency),
            Reach::Some(agencies) => agencies,
            Reach::WholeCountry => &[],
        }
    }

    /// Whether every agency may be touched.
    pub const fn is_whole_country(&self) -> bool {
        matches!(self.0, Reach::WholeCountry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_allows_what_it_was_granted_in_whatever_order() {
        let scope = AgencyScope::granted_by_policy([3, 1, 7].map(AgencyId).into());
        let allowed: Vec<i32> = (0..9).filter(|id| scope.allows(AgencyId(*id))).collect();
        assert_eq!(allowed, [1, 3, 7]);
        let alone = AgencyScope::granted_by_policy_alone(AgencyId(3));
        assert!(alone.allows(AgencyId(3)) && !alone.allows(AgencyId(1)) && !alone.is_whole_country());
    }
}
