//! From counts of people to what may be shown.

use super::shield::Shield;
use super::table::{EVERYBODY, Nodes, Table};
use super::{Cell, Unit, Value};
use crate::domain::ids::AgencyId;
use crate::domain::tree::Depth;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Those of a facet who have none of its values, if that facet's values do not add up to everybody: what is left can
/// be computed, so it is guarded like a value.
type Named = (u8, Option<u32>);

/// Of a year; (agency alone, month 0..12) -> people by value.
type Leaves = BTreeMap<(AgencyId, usize), BTreeMap<Option<Value>, u64>>;

/// People who answered, by agency alone, month and value: what a [`Mask`] is made from.
#[derive(Debug, Default)]
pub struct PeopleCounts {
    parents: BTreeMap<AgencyId, Option<AgencyId>>,
    years: BTreeMap<i32, Leaves>,
}

impl PeopleCounts {
    /// Of these agencies with their parents. A parent that is not among them is none.
    pub fn new(parents: impl IntoIterator<Item = (AgencyId, Option<AgencyId>)>) -> Self {
        Self { parents: parents.into_iter().collect(), ..Self::default() }
    }

    /// Adds people who answered about the agency itself in a month, all of them (`value` none) or those with a value.
    /// All facets whose figures are published have to be given, also those that hardly anybody asks for: they share
    /// the cells of everybody. Units other than months, and nobody, are passed over.
    pub fn add(&mut self, agency: AgencyId, month: Unit, value: Option<Value>, people: u64) {
        if month.place < 12 && people > 0 {
            self.parents.entry(agency).or_default();
            let leaf = self.years.entry(month.year).or_default().entry((agency, month.place)).or_default();
            *leaf.entry(value).or_default() += people;
        }
    }

    /// What may be shown if no figure may be about fewer than `min_n` people. Deterministic: the order of the calls of
    /// [`Self::add`] does not matter. Years are independent, since no unit is in two.
    pub fn mask(&self, min_n: u64) -> Mask {
        let agencies = self.in_order();
        let places: HashMap<_, _> =
            agencies.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
        let parents: Vec<_> =
            agencies.iter().map(|(_, parent)| parent.and_then(|id| places.get(&id).copied())).collect();
        let nodes = Nodes::new(&parents);
        let years =
            self.years.iter().map(|(year, leaves)| (*year, Year::new(&nodes, &places, leaves, min_n)));
        Mask { years: years.collect(), places }
    }

    /// Agencies, parents first; whoever is in a circle, or below one, has no parent.
    fn in_order(&self) -> Vec<(AgencyId, Option<AgencyId>)> {
        let mut children: HashMap<AgencyId, Vec<AgencyId>> = HashMap::new();
        let mut order = Vec::with_capacity(self.parents.len());
        for (id, parent) in &self.parents {
            match parent.filter(|parent| self.parents.contains_key(parent)) {
                Some(parent) => children.entry(parent).or_default().push(*id),
                None => order.push((*id, None)),
            }
        }
        let mut next = 0;
        while let Some((id, _)) = order.get(next).copied() {
            order.extend(children.remove(&id).unwrap_or_default().into_iter().map(|child| (child, Some(id))));
            next += 1;
        }
        let known: HashSet<_> = order.iter().map(|(id, _)| *id).collect();
        order.extend(self.parents.keys().filter(|id| !known.contains(id)).map(|id| (*id, None)));
        order
    }
}

/// What may be shown to the public.
///
/// While counts only grow, a mask stays right until somebody answers where nobody had: its proof rests on which leaves
/// are empty, not on how many people are in the others, and a cell that is small later was small before. Ask
/// [`Mask::knows`] of each new response; only if it says no, the mask has to be made anew.
#[derive(Debug, Default)]
pub struct Mask {
    places: HashMap<AgencyId, usize>,
    years: HashMap<i32, Year>,
}

impl Mask {
    /// Whether the cell's figures may be shown. Cells where nobody had answered are shown: nobody is no secret.
    pub fn shows(&self, cell: &Cell) -> bool {
        self.year(cell).is_none_or(|(year, id)| !year.hidden.get(id).copied().unwrap_or(false))
    }

    /// Whether somebody had answered about the agency itself in this month, and with this value, when the mask was made.
    pub fn knows(&self, agency: AgencyId, month: Unit, value: Option<Value>) -> bool {
        self.year(&Cell { agency, depth: Depth::SelfOnly, unit: month, value }).is_some()
    }

    /// How many cells that are not empty there are, and how many of them are hidden.
    pub fn size(&self) -> (usize, usize) {
        let sizes =
            self.years.values().map(|y| (y.hidden.len(), y.hidden.iter().filter(|hidden| **hidden).count()));
        sizes.fold((0, 0), |sum, year| (sum.0 + year.0, sum.1 + year.1))
    }

    fn year(&self, cell: &Cell) -> Option<(&Year, usize)> {
        let year = self.years.get(&cell.unit.year)?;
        let node = 2 * self.places.get(&cell.agency)? + usize::from(cell.depth == Depth::SelfOnly);
        let column = match cell.value {
            None => EVERYBODY,
            Some(value) => *year.columns.get(&(value.facet, Some(value.value)))?,
        };
        Some((year, year.table.cell(node, cell.unit.place, column)?))
    }
}

/// The mask of a year.
#[derive(Debug)]
struct Year {
    columns: HashMap<Named, usize>,
    table: Table,
    hidden: Vec<bool>,
}

impl Year {
    fn new(nodes: &Nodes, places: &HashMap<AgencyId, usize>, leaves: &Leaves, min_n: u64) -> Self {
        let mut facets: Vec<u8> = leaves
            .values()
            .flat_map(BTreeMap::keys)
            .filter_map(|value| value.map(|value| value.facet))
            .collect();
        facets.sort_unstable();
        facets.dedup();
        let mut named: BTreeMap<Named, Vec<(usize, usize, u64)>> = BTreeMap::new();
        let mut counts = Vec::new();
        for ((agency, month), values) in leaves {
            let Some(place) = places.get(agency) else { continue };
            let leaf = (2 * place + 1, *month);
            let sum = |facet: u8| -> u64 {
                values
                    .iter()
                    .filter(|(value, _)| value.is_some_and(|value| value.facet == facet))
                    .map(|(_, n)| n)
                    .sum()
            };
            let everybody =
                facets.iter().map(|facet| sum(*facet)).chain(values.get(&None).copied()).max().unwrap_or(0);
            counts.push(((leaf.0, leaf.1, EVERYBODY), everybody));
            for (value, people) in values.iter().filter_map(|(value, people)| Some(((*value)?, *people))) {
                named.entry((value.facet, Some(value.value))).or_default().push((leaf.0, leaf.1, people));
            }
            for facet in facets.iter().filter(|facet| sum(**facet) < everybody) {
                named.entry((*facet, None)).or_default().push((leaf.0, leaf.1, everybody - sum(*facet)));
            }
        }
        let mut of_facet = vec![0];
        let mut columns = HashMap::with_capacity(named.len());
        for (column, (name, cells)) in named.into_iter().enumerate() {
            of_facet.push(facets.iter().position(|facet| *facet == name.0).map_or(0, |place| place + 1));
            counts.extend(cells.into_iter().map(|(node, month, people)| ((node, month, column + 1), people)));
            columns.insert(name, column + 1);
        }
        counts.sort_unstable();
        let table = Table::new(nodes, &counts, of_facet.len());
        let hidden = Shield::hide(nodes, &table, &of_facet, min_n);
        Self { columns, table, hidden }
    }
}
