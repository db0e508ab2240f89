//! A table of new agencies: every row is held against the tree and the other rows, every fault told by row and column.

use super::agency::{AgencyCode, NewAgency, Validity};
use super::agency_event::Opening;
use super::agency_plan::{Plan, Reach};
use super::tree::AgencyTree;
use crate::error::{FaultKind, Faults, Place, TreeFault};
use chrono::NaiveDate;
use std::collections::HashMap;

/// Most rows of a table; there are 3,321 communes.
pub const MOST_ROWS: usize = 10_000;

/// One row, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDraft {
    /// Its number as a spreadsheet counts: the head is row 1.
    pub row: usize,
    /// The agency; its parent may stand in another row, before or after.
    pub opening: Opening,
    /// First day of its existence.
    pub valid_from: Option<NaiveDate>,
}

impl RowDraft {
    /// The place of one of its cells.
    pub fn cell(&self, column: &str) -> Place {
        Place::Cell { row: self.row, column: column.to_owned() }
    }
}

/// Works out which agencies the table opens. `faults` are those its reader found already.
///
/// # Errors
/// All faults, in the order of the rows.
pub fn plan_rows(
    rows: &[RowDraft],
    tree: &AgencyTree,
    reach: &Reach<'_>,
    mut faults: Faults,
) -> Result<Plan, Faults> {
    let mut by_code: HashMap<&AgencyCode, usize> = HashMap::with_capacity(rows.len());
    for (position, draft) in rows.iter().enumerate() {
        let Some(code) = &draft.opening.code else { continue };
        if tree.find(code).is_some() {
            faults.push(draft.cell("code"), FaultKind::Tree(TreeFault::CodeTaken));
        } else if by_code.contains_key(code) {
            faults.push(draft.cell("code"), FaultKind::Duplicate);
        } else {
            by_code.insert(code, position);
        }
    }
    let in_circle = circles(rows, &by_code);
    let mut plan = Plan::default();
    for (draft, in_circle) in rows.iter().zip(in_circle) {
        if in_circle {
            faults.push(draft.cell("parent"), FaultKind::Tree(TreeFault::Circle));
        } else {
            check_parent(draft, rows, &by_code, tree, reach, &mut faults);
        }
        plan.opened.extend(new_agency(draft));
    }
    if !faults.is_empty() {
        let row = |place: &Place| match place {
            Place::Cell { row, .. } => *row,
            Place::Pointer(_) | Place::Parameter(_) => 0,
        };
        let mut all = faults.into_vec();
        all.sort_by_key(|fault| row(&fault.place));
        let mut faults = Faults::default();
        all.into_iter().for_each(|fault| faults.push(fault.place, fault.kind));
        return Err(faults);
    }
    // What is invented cannot have real parts.
    let sample = |code: &AgencyCode| tree.find(code).is_some_and(|agency| agency.sample);
    let top = |draft: &RowDraft| {
        let above =
            |code: &AgencyCode| by_code.get(code).and_then(|at| rows.get(*at)?.opening.parent.as_ref());
        std::iter::successors(draft.opening.parent.as_ref(), |code| above(code)).last().is_some_and(sample)
    };
    let samples: Vec<bool> = rows.iter().map(top).collect();
    plan.opened.iter_mut().zip(samples).for_each(|(new, sample)| new.sample = sample);
    Ok(plan)
}

/// A parent has to be there on the row's first day, with no end in sight, or begin by then in the same table.
fn check_parent(
    draft: &RowDraft,
    rows: &[RowDraft],
    by_code: &HashMap<&AgencyCode, usize>,
    tree: &AgencyTree,
    reach: &Reach<'_>,
    faults: &mut Faults,
) {
    let Some(parent) = &draft.opening.parent else {
        if !reach.national && !faults.any_in(&draft.cell("parent")) {
            faults.push(draft.cell("parent"), FaultKind::Missing);
        }
        return;
    };
    let there = if let Some(above) = by_code.get(parent).and_then(|at| rows.get(*at)) {
        Some(Validity { from: above.valid_from.unwrap_or(NaiveDate::MIN), to: None })
    } else {
        tree.find(parent).filter(|agency| (reach.owns)(agency.id)).map(|agency| agency.valid)
    };
    match (there, draft.valid_from) {
        (None, _) => faults.push(draft.cell("parent"), FaultKind::UnknownAgency),
        (Some(valid), Some(on)) if valid.from > on || valid.to.is_some() => {
            faults.push(draft.cell("parent"), FaultKind::Tree(TreeFault::AgencyNotThere { on }));
        }
        _ => {}
    }
}

/// Which rows stand below themselves, or below one that does.
fn circles(rows: &[RowDraft], by_code: &HashMap<&AgencyCode, usize>) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum Way {
        Unknown,
        Begun,
        Ends,
        Circles,
    }
    let mut ways = vec![Way::Unknown; rows.len()];
    for start in 0..rows.len() {
        let (mut path, mut step) = (Vec::new(), Some(start));
        let end = loop {
            let Some(at) = step else { break Way::Ends };
            match ways.get_mut(at) {
                Some(way @ Way::Unknown) => *way = Way::Begun,
                Some(Way::Begun | Way::Circles) => break Way::Circles,
                Some(Way::Ends) | None => break Way::Ends,
            }
            path.push(at);
            let parent = rows.get(at).and_then(|draft| draft.opening.parent.as_ref());
            step = parent.and_then(|parent| by_code.get(parent)).copied();
        };
        for at in path {
            if let Some(way) = ways.get_mut(at) {
                *way = end;
            }
        }
    }
    ways.into_iter().map(|way| way == Way::Circles).collect()
}

fn new_agency(draft: &RowDraft) -> Option<NewAgency> {
    let opening = &draft.opening;
    Some(NewAgency {
        code: opening.code.clone()?,
        unit_code: opening.unit_code.clone(),
        level: opening.level?,
        name: opening.name.clone()?,
        parent: opening.parent.clone(),
        valid: Validity { from: draft.valid_from?, to: None },
        sample: false,
        note: opening.note.clone(),
    })
}
