//! All agencies while events are applied one after the other, before any of it is stored.

use super::agency::{AgencyCode, AgencyHistory, AgencyVersion, NewAgency};
use super::agency_plan::Plan;
use super::ids::AgencyId;
use super::tree::{AgencyTree, Succession};
use chrono::NaiveDate;
use std::collections::HashMap;

/// The agencies and who goes on with whose work.
#[derive(Debug, Clone, Default)]
pub struct Register {
    /// The agencies; those not stored yet have negative numbers.
    pub histories: Vec<AgencyHistory>,
    /// The successions.
    pub successions: Vec<Succession>,
}

impl Register {
    /// The tree they make, seen from a day.
    pub fn tree(&self, today: NaiveDate) -> AgencyTree {
        AgencyTree::dated(self.histories.iter().cloned(), self.successions.iter().cloned(), today)
    }

    /// The number of a code.
    pub fn id(&self, code: &AgencyCode) -> Option<AgencyId> {
        self.histories.iter().find(|history| history.code == *code).map(|history| history.id)
    }

    /// Enters new agencies, whatever the order of parents and children.
    pub fn open(&mut self, new: &[NewAgency]) {
        let first = self.histories.len();
        for agency in new {
            let number = i32::try_from(self.histories.len()).unwrap_or(i32::MAX);
            self.histories.push(AgencyHistory {
                id: AgencyId(-1 - number),
                code: agency.code.clone(),
                level: agency.level,
                valid: agency.valid,
                sample: agency.sample,
                note: agency.note.clone(),
                versions: Vec::new(),
            });
        }
        let ids: HashMap<AgencyCode, AgencyId> =
            self.histories.iter().map(|history| (history.code.clone(), history.id)).collect();
        for (history, agency) in self.histories.iter_mut().skip(first).zip(new) {
            history.versions.push(AgencyVersion {
                from: agency.valid.from,
                name: agency.name.clone(),
                parent: agency.parent.as_ref().and_then(|code| ids.get(code)).copied(),
                unit_code: agency.unit_code.clone(),
            });
        }
    }

    /// Adds the facts of an event of a day.
    pub fn apply(&mut self, on: NaiveDate, plan: &Plan) {
        self.open(&plan.opened);
        for planned in &plan.versions {
            let parent = planned.parent.as_ref().and_then(|code| self.id(code));
            if let Some(history) = self.histories.iter_mut().find(|history| history.code == planned.agency) {
                history.versions.push(AgencyVersion {
                    from: on,
                    name: planned.name.clone(),
                    parent,
                    unit_code: planned.unit_code.clone(),
                });
            }
        }
        for code in &plan.ended {
            if let Some(history) = self.histories.iter_mut().find(|history| history.code == *code) {
                history.valid.to = Some(on);
            }
        }
        for (before, after, share) in &plan.successions {
            if let (Some(predecessor), Some(successor)) = (self.id(before), self.id(after)) {
                self.successions.push(Succession { predecessor, successor, on, share: *share });
            }
        }
    }
}
