//! The right to touch the data of some agencies.

use super::ids::AgencyId;
use std::sync::Arc;

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
    use super::*;

    #[test]
    fn a_scope_allows_what_it_was_granted_in_whatever_order() {
        let scope = AgencyScope::granted_by_policy([3, 1, 7].map(AgencyId).into());
        let allowed: Vec<i32> = (0..9).filter(|id| scope.allows(AgencyId(*id))).collect();
        assert_eq!(allowed, [1, 3, 7]);
    }
}
