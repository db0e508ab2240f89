//! Counting: from whose responses are wanted to what they add up to. All cells of one survey come from one statement, so
//! that no two of them are of different moments; a series of several surveys asks once for each.

mod held;

pub use held::HeldRows;

use super::Services;
use crate::domain::agency_scope::AgencyScope;
use crate::domain::facet::Facet;
use crate::domain::ids::AgencyId;
use crate::domain::period::{Grain, Unit, units};
use crate::domain::survey::Survey;
use crate::domain::tally::Tally;
use crate::domain::tree::{Share, Span};
use crate::error::Result;
use crate::store::kept_totals::digest;
use crate::store::tallies::{Fetched, Of, Reach, Tallied, TallyRow, Wanted};
use compact_str::CompactString;
use num_traits::One;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// One figure's worth of responses: whose and when.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Agencies and days.
    pub spans: Vec<Span>,
    /// The root whose kept total may stand for the members, if there is one.
    pub root: Option<i32>,
}

/// What was counted for a cell, by the share that counts of it: one entry unless agencies were split. A list and not a
/// tree, whose nodes have room for eleven: a ranking has thousands of these.
#[derive(Debug, Clone, Default)]
pub struct Counted(Vec<(Share, Arc<Tally>)>);

impl Counted {
    /// Adds responses of which `share` counts.
    pub fn add(&mut self, share: Share, tally: Arc<Tally>) {
        match self.0.binary_search_by(|(held, _)| held.cmp(&share)) {
            Ok(place) => {
                self.0.get_mut(place).into_iter().for_each(|(_, held)| Arc::make_mut(held).add(&tally));
            }
            Err(place) => self.0.insert(place, (share, tally)),
        }
    }

    /// People, each counted once whatever the share.
    pub fn people(&self) -> u64 {
        self.0.iter().map(|(_, tally)| tally.people()).sum()
    }
}

impl IntoIterator for Counted {
    type Item = (Share, Arc<Tally>);
    type IntoIter = std::vec::IntoIter<(Share, Arc<Tally>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'c> IntoIterator for &'c Counted {
    type Item = &'c (Share, Arc<Tally>);
    type IntoIter = std::slice::Iter<'c, (Share, Arc<Tally>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// What was counted for a cell by value of the facet; the value is empty if it was not told, or without facet.
pub type CountedBy = BTreeMap<CompactString, Counted>;

/// What was counted for some cells, all of one moment.
#[derive(Debug)]
pub struct Counts {
    /// Of responses that count.
    pub counted: Vec<CountedBy>,
    /// Of flagged ones; nothing unless they were asked for.
    pub flagged: Vec<CountedBy>,
}

impl Counts {
    fn none(cells: usize) -> Self {
        Self { counted: vec![CountedBy::new(); cells], flagged: vec![CountedBy::new(); cells] }
    }

    /// Both together.
    pub fn together(self) -> Vec<CountedBy> {
        let mut all = self.counted;
        for (cell, flagged) in all.iter_mut().zip(self.flagged) {
            for (value, counted) in flagged {
                let held = cell.entry(value).or_default();
                for (share, tally) in counted {
                    held.add(share, tally);
                }
            }
        }
        all
    }
}

/// Counts cells of a survey, by the values of a facet if one is given (then days are counted by their months, so
/// spans must be whole months).
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn count(
    services: &Services,
    scope: &AgencyScope,
    survey: &Survey,
    facet: Option<Facet>,
    (cells, of): (&[Cell], Of),
) -> Result<Counts> {
    // A total that was made for other members than these is no use; then all is added up from the agencies' own.
    for with_totals in [true, false] {
        let plan = Plan::new(cells, facet, with_totals);
        let wanted =
            Wanted { survey, facet, units: &plan.units, agencies: &plan.agencies, roots: &plan.roots, of };
        let fetched = services.rows.fetch(&services.db, scope, &wanted).await?;
        if plan.totals.iter().all(|(root, members)| fetched.digests.get(root) == Some(members)) {
            return Ok(plan.add_up(cells, fetched));
        }
    }
    Ok(Counts::none(cells.len()))
}

/// Which rows belong to which cells.
#[derive(Default)]
struct Plan {
    units: Vec<Unit>,
    agencies: Vec<AgencyId>,
    roots: Vec<i32>,
    /// Digests of the members that kept totals must have.
    totals: BTreeMap<i32, Vec<u8>>,
    places: HashMap<(Reach, i32, Unit), Vec<(usize, Share)>>,
}

impl Plan {
    fn new(cells: &[Cell], facet: Option<Facet>, with_totals: bool) -> Self {
        let (mut plan, mut all_units, mut agencies) = (Self::default(), BTreeSet::new(), BTreeSet::new());
        let mut digests = Digests::default();
        for (place, cell) in cells.iter().enumerate() {
            for span in &cell.spans {
                let units = units_of(span, facet);
                all_units.extend(units.iter().copied());
                let root = cell.root.filter(|_| with_totals && is_whole(span));
                if let Some(root) = root.filter(|root| plan.may_use_total(*root, digests.of(span))) {
                    for unit in &units {
                        plan.take((Reach::Kept, root, *unit), place, Share::from_integer(1));
                    }
                    continue;
                }
                for (agency, share) in &span.members {
                    agencies.insert(*agency);
                    for unit in &units {
                        plan.take((Reach::Itself, agency.0, *unit), place, *share);
                    }
                }
            }
        }
        plan.units = all_units.into_iter().collect();
        plan.agencies = agencies.into_iter().collect();
        plan.roots = plan.totals.keys().copied().collect();
        plan
    }

    /// Two spans of one root with different members cannot both be the kept ones.
    fn may_use_total(&mut self, root: i32, digest: &[u8]) -> bool {
        *self.totals.entry(root).or_insert_with(|| digest.to_vec()) == digest
    }

    fn take(&mut self, key: (Reach, i32, Unit), place: usize, share: Share) {
        self.places.entry(key).or_default().push((place, share));
    }

    fn add_up(&self, cells: &[Cell], fetched: Fetched) -> Counts {
        let mut counts = Counts::none(cells.len());
        let mut put =
            |tallied: Tallied, place: usize, value: &CompactString, share: Share, tally: Arc<Tally>| {
                let side = match tallied {
                    Tallied::Counted => &mut counts.counted,
                    Tallied::Flagged => &mut counts.flagged,
                };
                if let Some(cell) = side.get_mut(place) {
                    cell.entry(value.clone()).or_default().add(share, tally);
                }
            };
        for TallyRow { unit, reach, tallied, agency, value, tally } in fetched.rows {
            for (place, share) in self.places.get(&(reach, agency, unit)).into_iter().flatten() {
                put(tallied, *place, &value, *share, tally.clone());
            }
        }
        // Which cells each agency of the tail is in: a ranking has thousands.
        let mut held: HashMap<AgencyId, Vec<(usize, &Span)>> =
            fetched.tail.iter().map(|row| (row.agency, Vec::new())).collect();
        if !held.is_empty() {
            for (place, cell) in cells.iter().enumerate() {
                for span in &cell.spans {
                    for (agency, _) in &span.members {
                        if let Some(held) = held.get_mut(agency) {
                            held.push((place, span));
                        }
                    }
                }
            }
        }
        for row in &fetched.tail {
            for (place, span) in held.get(&row.agency).into_iter().flatten() {
                if span.from <= row.day
                    && row.day < span.to
                    && let Ok(at) = span.members.binary_search_by_key(&row.agency, |(agency, _)| *agency)
                    && let Some((_, share)) = span.members.get(at)
                {
                    // Only what is folded can be flagged.
                    put(Tallied::Counted, *place, &row.value, *share, row.tally.clone());
                }
            }
        }
        counts
    }
}

/// Whether a total of several agencies may stand for the span: all of each counts.
fn is_whole(span: &Span) -> bool {
    span.members.len() > 1 && span.members.iter().all(|(_, share)| share.is_one())
}

/// Digests of members; cells of a series have the same members, and their digest is made once.
#[derive(Default)]
struct Digests<'c> {
    members: &'c [(AgencyId, Share)],
    digest: Vec<u8>,
}

impl<'c> Digests<'c> {
    fn of(&mut self, span: &'c Span) -> &[u8] {
        if self.members != span.members.as_slice() || self.digest.is_empty() {
            self.members = &span.members;
            self.digest = digest(span.members.iter().map(|(agency, _)| *agency));
        }
        &self.digest
    }
}

/// The rows that make up a span. Facets are tallied by month only, so a year of them is its months.
fn units_of(span: &Span, facet: Option<Facet>) -> Vec<Unit> {
    let fewest = units(span.from, span.to);
    if facet.is_none() {
        return fewest;
    }
    let months = |unit: Unit| {
        let end = unit.grain.end(unit.starts_on);
        let starts = std::iter::successors(Some(unit.starts_on), |day| Some(Grain::Month.end(*day)));
        starts.take_while(move |day| *day < end).map(|starts_on| Unit { grain: Grain::Month, starts_on })
    };
    fewest.into_iter().flat_map(months).collect()
}
