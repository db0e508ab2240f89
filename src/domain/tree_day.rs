//! The tree of one day: where every agency there is, was or will be counts on it. See [`super::tree`] for the rule.
//!
//! Made in one pass over the agencies; what belongs here knows one day only.

use super::agency::AgencyHistory;
use super::ids::AgencyId;
use super::tree::{Share, Succession};
use chrono::NaiveDate;
use num_traits::{CheckedAdd, CheckedMul};
use std::collections::HashMap;

/// Where an agency's responses count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// As this agency itself.
    At(AgencyId),
    /// Below this agency.
    Below(AgencyId),
}

impl Place {
    const fn agency(self) -> AgencyId {
        match self {
            Self::At(id) | Self::Below(id) => id,
        }
    }
}

/// One day's tree.
#[derive(Debug)]
pub(super) struct DayTree {
    parents: HashMap<AgencyId, AgencyId>,
    children: HashMap<AgencyId, Vec<AgencyId>>,
    /// Those that are over; all others count as themselves.
    counted: HashMap<Place, Vec<(AgencyId, Share)>>,
    exact: bool,
}

impl DayTree {
    pub(super) fn new(
        day: NaiveDate,
        histories: &HashMap<AgencyId, AgencyHistory>,
        successors: &HashMap<AgencyId, Vec<Succession>>,
    ) -> Self {
        let mut making = Making { day, histories, successors, places: HashMap::new(), exact: true };
        let mut tree =
            Self { parents: HashMap::new(), children: HashMap::new(), counted: HashMap::new(), exact: true };
        for (id, history) in histories {
            if !history.valid.covers(day) {
                for (place, share) in making.places(*id) {
                    tree.counted.entry(place).or_default().push((*id, share));
                }
                continue;
            }
            let Some(parent) = history.version_on(day).and_then(|version| version.parent) else { continue };
            let above = match histories.get(&parent) {
                Some(above) if above.valid.covers(day) => Some(parent),
                // The rare one is over: whoever goes on with its work, the first if they are several.
                _ => making.places(parent).first().map(|(place, _)| place.agency()),
            };
            if let Some(above) = above.filter(|above| above != id) {
                tree.parents.insert(*id, above);
                tree.children.entry(above).or_default().push(*id);
            }
        }
        tree.children.values_mut().for_each(|children| children.sort_unstable());
        tree.exact = making.exact;
        tree
    }

    /// Whether all shares fit 64 bits.
    pub(super) const fn is_exact(&self) -> bool {
        self.exact
    }

    pub(super) fn parent(&self, id: AgencyId) -> Option<AgencyId> {
        self.parents.get(&id).copied()
    }

    pub(super) fn children(&self, id: AgencyId) -> &[AgencyId] {
        self.children.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whose responses count at a place beside those of the agency itself, and how much of each.
    pub(super) fn counted_at(&self, place: Place) -> &[(AgencyId, Share)] {
        self.counted.get(&place).map(Vec::as_slice).unwrap_or_default()
    }
}

struct Making<'t> {
    day: NaiveDate,
    histories: &'t HashMap<AgencyId, AgencyHistory>,
    successors: &'t HashMap<AgencyId, Vec<Succession>>,
    places: HashMap<AgencyId, Vec<(Place, Share)>>,
    exact: bool,
}

impl Making<'_> {
    /// Where the agency counts; worked out once for each.
    fn places(&mut self, id: AgencyId) -> Vec<(Place, Share)> {
        if self.histories.get(&id).is_some_and(|history| history.valid.covers(self.day)) {
            return vec![(Place::At(id), Share::from_integer(1))];
        }
        if let Some(known) = self.places.get(&id) {
            return known.clone();
        }
        // While it is being worked out it counts nowhere: a circle in the data ends here.
        self.places.insert(id, Vec::new());
        let found = self.find(id);
        self.places.insert(id, found.clone());
        found
    }

    fn find(&mut self, id: AgencyId) -> Vec<(Place, Share)> {
        let Some(history) = self.histories.get(&id) else { return Vec::new() };
        // It is not there: it is over, or yet to begin.
        let Some(end) = history.valid.to.filter(|to| *to <= self.day) else { return Vec::new() };
        let heirs = self.successors.get(&id).map(Vec::as_slice).unwrap_or_default();
        let heirs: Vec<&Succession> =
            heirs.iter().filter(|heir| heir.on == end && heir.successor != id).collect();
        if heirs.is_empty() {
            let parent = history.version_on(end).and_then(|version| version.parent);
            let above = parent.map(|parent| self.places(parent)).unwrap_or_default();
            return above.into_iter().map(|(place, share)| (Place::Below(place.agency()), share)).collect();
        }
        let mut found: Vec<(Place, Share)> = Vec::new();
        for heir in heirs {
            for (place, share) in self.places(heir.successor) {
                let known = found.iter_mut().find(|(known, _)| *known == place);
                let before = known.as_ref().map(|(_, sum)| *sum).unwrap_or_default();
                let sum = share.checked_mul(&heir.share).and_then(|part| before.checked_add(&part));
                let Some(sum) = sum else {
                    self.exact = false;
                    continue;
                };
                match known {
                    Some((_, known)) => *known = sum,
                    None => found.push((place, sum)),
                }
            }
        }
        found
    }
}
