//! From an event to the facts it adds: every rule is held against the tree, every fault told.
//!
//! Facts name agencies by code, since those that the event opens have no number yet. Pure: who may touch which
//! agency comes in as a question, the tree as it is.

use super::agency::{AgencyCode, AgencyHistory, NewAgency, Validity};
use super::agency_event::{Change, EventDraft, Heir, MOST_PARTIES, Opening, Role};
use super::ids::AgencyId;
use super::tree::{AgencyTree, Share};
use crate::error::{FaultKind, Faults, TreeFault};
use chrono::NaiveDate;
use num_traits::ToPrimitive;
use std::collections::BTreeSet;

/// Whose agencies an event may touch.
pub struct Reach<'r> {
    /// Whether this agency.
    pub owns: &'r dyn Fn(AgencyId) -> bool,
    /// Whether the top of the tree: agencies without a parent.
    pub national: bool,
}

/// What an agency is from the event's day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedVersion {
    /// Which.
    pub agency: AgencyCode,
    /// Its name.
    pub name: String,
    /// Its parent.
    pub parent: Option<AgencyCode>,
    /// Its administrative unit code.
    pub unit_code: Option<String>,
}

/// The facts an event adds, all of its day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Agencies that begin.
    pub opened: Vec<NewAgency>,
    /// Agencies that are something else from now on.
    pub versions: Vec<PlannedVersion>,
    /// Agencies that end.
    pub ended: Vec<AgencyCode>,
    /// Who goes on with whose work, and how much of it.
    pub successions: Vec<(AgencyCode, AgencyCode, Share)>,
}

impl Plan {
    /// What is done to which agency, each once.
    pub fn parties(&self) -> BTreeSet<(AgencyCode, Role)> {
        let opened = self.opened.iter().map(|new| (new.code.clone(), Role::Opened));
        let changed = self.versions.iter().map(|version| (version.agency.clone(), Role::Changed));
        let ended = self.ended.iter().map(|code| (code.clone(), Role::Ended));
        let before = self.successions.iter().map(|(code, ..)| (code.clone(), Role::Predecessor));
        let after = self.successions.iter().map(|(_, code, _)| (code.clone(), Role::Successor));
        opened.chain(changed).chain(ended).chain(before).chain(after).collect()
    }
}

/// Why an event is refused.
#[derive(Debug)]
pub enum Refusal {
    /// It breaks these rules.
    Faults(Faults),
    /// It comes before what happened to these agencies already, and on which day.
    OutOfOrder(Vec<(AgencyCode, NaiveDate)>),
}

/// Works out the facts an event adds. `faults` are those its reader found already.
///
/// # Errors
/// [`Refusal`] with all faults, or else with all agencies to which something happened later.
pub fn plan(
    draft: &EventDraft,
    tree: &AgencyTree,
    reach: &Reach<'_>,
    faults: Faults,
) -> Result<Plan, Refusal> {
    let on = draft.effective_on;
    let mut planner = Planner { tree, reach, on, faults, late: Vec::new(), plan: Plan::default() };
    match &draft.change {
        Change::Open(opening) => {
            planner.open("/open", opening, &[]);
        }
        Change::Rename(agency, name) => planner.change("/agency", agency, |version| {
            version.name = name.clone()?;
            Some(())
        }),
        Change::Recode(agency, unit_code) => planner.change("/agency", agency, |version| {
            version.unit_code = Some(unit_code.clone()?);
            Some(())
        }),
        Change::Move(agency, parent) => planner.relocate(agency, parent.as_ref()),
        Change::Close(agency) => {
            if let Some(history) = planner.subject("/agency", agency) {
                planner.end("/agency", history);
            }
        }
        Change::Merge(predecessors, successor) => planner.merge(predecessors, successor),
        Change::Split(predecessor, successors) => planner.split(predecessor, successors),
    }
    if !planner.faults.is_empty() {
        return Err(Refusal::Faults(planner.faults));
    }
    if !planner.late.is_empty() {
        return Err(Refusal::OutOfOrder(planner.late));
    }
    Ok(planner.plan)
}

struct Planner<'t> {
    tree: &'t AgencyTree,
    reach: &'t Reach<'t>,
    on: Option<NaiveDate>,
    faults: Faults,
    late: Vec<(AgencyCode, NaiveDate)>,
    plan: Plan,
}

impl<'t> Planner<'t> {
    /// The agency of this code, if the sender may know of it.
    fn known(&mut self, place: &str, code: &AgencyCode) -> Option<&'t AgencyHistory> {
        let found = self.tree.find(code).filter(|agency| (self.reach.owns)(agency.id));
        let found = found.and_then(|agency| self.tree.history(agency.id));
        if found.is_none() {
            self.faults.at(place, FaultKind::UnknownAgency);
        }
        found
    }

    /// An agency that the event changes: it has to be there on the day, and nothing may have happened to it later.
    fn subject(&mut self, place: &str, code: &Option<AgencyCode>) -> Option<&'t AgencyHistory> {
        let history = self.known(place, code.as_ref()?)?;
        let on = self.on?;
        let last = self.last_change(history);
        if !history.valid.covers(on) {
            self.faults.at(place, FaultKind::Tree(TreeFault::AgencyNotThere { on }));
            return None;
        }
        if last > on {
            self.late.push((history.code.clone(), last));
        }
        Some(history)
    }

    fn last_change(&self, history: &AgencyHistory) -> NaiveDate {
        let own = self.tree.successors(history.id).iter().chain(self.tree.predecessors(history.id));
        let days =
            history.versions.iter().map(|version| version.from).chain(own.map(|succession| succession.on));
        days.chain(history.valid.to).max().unwrap_or(history.valid.from)
    }

    /// An agency to stand below: there on the day, with no end in sight.
    fn parent(&mut self, place: &str, code: Option<&AgencyCode>) -> Option<&'t AgencyHistory> {
        let Some(code) = code else {
            // Not where one was given that could not be read, or the object it belongs to was not there.
            let told = self.faults.any_at(place)
                || place.rsplit_once('/').is_some_and(|(above, _)| self.faults.any_at(above));
            if !self.reach.national && !told {
                self.faults.at(place, FaultKind::Missing);
            }
            return None;
        };
        let parent = self.known(place, code)?;
        let on = self.on?;
        if parent.valid.from > on || parent.valid.to.is_some() {
            self.faults.at(place, FaultKind::Tree(TreeFault::AgencyNotThere { on }));
        }
        Some(parent)
    }

    /// Notes a new agency; gives its code. It cannot stand below one that ends by the same event, nor below what stands
    /// there: that moves below the new one.
    fn open(&mut self, place: &str, opening: &Opening, ending: &[&AgencyCode]) -> Option<AgencyCode> {
        let parent = self.parent(&format!("{place}/parent"), opening.parent.as_ref());
        let ending = ending.iter().filter_map(|code| self.tree.find(code));
        let mut ending = ending.filter(|agency| (self.reach.owns)(agency.id));
        if let (Some(parent), Some(on)) = (parent, self.on)
            && ending.any(|agency| self.tree.ever_below(parent.id, agency.id, on))
        {
            self.faults.at(format!("{place}/parent"), FaultKind::Tree(TreeFault::Circle));
        }
        let code = opening.code.clone()?;
        if self.tree.find(&code).is_some() || self.plan.opened.iter().any(|new| new.code == code) {
            self.faults.at(format!("{place}/code"), FaultKind::Tree(TreeFault::CodeTaken));
        }
        self.plan.opened.push(NewAgency {
            code: code.clone(),
            unit_code: opening.unit_code.clone(),
            level: opening.level?,
            name: opening.name.clone()?,
            parent: opening.parent.clone(),
            valid: Validity { from: self.on?, to: None },
            // What is invented cannot have real parts.
            sample: parent.is_some_and(|parent| parent.sample),
            note: opening.note.clone(),
        });
        Some(code)
    }

    /// What the agency is on the day, to be changed in a part.
    fn version(&self, history: &AgencyHistory) -> Option<PlannedVersion> {
        let version = history.version_on(self.on?)?;
        let parent = version.parent.and_then(|id| self.tree.get(id));
        Some(PlannedVersion {
            agency: history.code.clone(),
            name: version.name.clone(),
            parent: parent.map(|parent| parent.code.clone()),
            unit_code: version.unit_code.clone(),
        })
    }

    fn change(
        &mut self,
        place: &str,
        code: &Option<AgencyCode>,
        change: impl FnOnce(&mut PlannedVersion) -> Option<()>,
    ) {
        let history = self.subject(place, code);
        if let Some(mut version) = history.and_then(|history| self.version(history))
            && change(&mut version).is_some()
        {
            self.plan.versions.push(version);
        }
    }

    fn relocate(&mut self, agency: &Option<AgencyCode>, parent: Option<&AgencyCode>) {
        let below = self.parent("/parent", parent);
        let subject = self.subject("/agency", agency);
        if let (Some(history), Some(below), Some(on)) = (subject, below, self.on)
            && self.tree.ever_below(below.id, history.id, on)
        {
            self.faults.at("/parent", FaultKind::Tree(TreeFault::Circle));
        }
        if let Some(mut version) = subject.and_then(|history| self.version(history)) {
            version.parent = parent.cloned();
            self.plan.versions.push(version);
        }
    }

    /// Notes an end; nothing may stand below it.
    fn end(&mut self, place: &str, history: &AgencyHistory) {
        if !self.below(history).is_empty() {
            self.faults.at(place, FaultKind::Tree(TreeFault::HasChildren));
        }
        self.finish(history);
    }

    fn finish(&mut self, history: &AgencyHistory) {
        // It would end before its first day is over.
        if self.on.is_some_and(|on| on <= history.valid.from) {
            self.late.push((history.code.clone(), history.valid.from));
        }
        self.plan.ended.push(history.code.clone());
    }

    /// Agencies below it now or later.
    fn below(&self, history: &AgencyHistory) -> Vec<&'t AgencyHistory> {
        let Some(on) = self.on else { return Vec::new() };
        let stays = |child: &&AgencyHistory| {
            let open = child.valid.to.is_none_or(|to| to > on);
            let later = child.versions.iter().filter(|version| version.from > on);
            open && child
                .version_on(on)
                .into_iter()
                .chain(later)
                .any(|version| version.parent == Some(history.id))
        };
        self.tree.histories().filter(stays).collect()
    }

    fn merge(&mut self, predecessors: &[Option<AgencyCode>], successor: &Heir) {
        if !(1..=MOST_PARTIES).contains(&predecessors.len()) {
            let max = MOST_PARTIES.to_i64().unwrap_or(i64::MAX);
            if !self.faults.any_at("/predecessors") {
                self.faults.at("/predecessors", FaultKind::OutOfRange { min: 1, max });
            }
            return;
        }
        let ending: Vec<&AgencyCode> = predecessors.iter().flatten().collect();
        let (heir, heir_id) = match successor {
            Heir::Opened(opening) => (self.open("/open", opening, &ending), None),
            Heir::Existing(code) => {
                let history = self.subject("/successor", code);
                if history.is_some_and(|history| history.valid.to.is_some()) {
                    self.faults.at("/successor", FaultKind::Tree(TreeFault::AgencyEnds));
                }
                (code.clone(), history.map(|history| history.id))
            }
        };
        let mut before: Vec<&AgencyHistory> = Vec::new();
        for (position, code) in predecessors.iter().enumerate() {
            let place = format!("/predecessors/{position}");
            if code.is_some() && *code == heir {
                self.faults.at(place, FaultKind::Tree(TreeFault::IntoItself));
            } else if let Some(history) = self.subject(&place, code) {
                if before.iter().any(|other| other.id == history.id) {
                    self.faults.at(place, FaultKind::Duplicate);
                    continue;
                }
                if let (Some(heir), Some(on)) = (heir_id, self.on)
                    && self.tree.ever_below(heir, history.id, on)
                {
                    self.faults.at("/successor", FaultKind::Tree(TreeFault::Circle));
                }
                before.push(history);
            }
        }
        let Some(heir) = heir else { return };
        for history in &before {
            self.finish(history);
            self.plan.successions.push((history.code.clone(), heir.clone(), Share::from_integer(1)));
            for child in self.below(history) {
                if before.iter().all(|other| other.id != child.id) {
                    self.adopt(child, &heir);
                }
            }
        }
    }

    /// Puts an agency whose parent ends below the successor.
    fn adopt(&mut self, child: &AgencyHistory, heir: &AgencyCode) {
        let (Some(on), last) = (self.on, self.last_change(child)) else { return };
        if last > on {
            self.late.push((child.code.clone(), last));
        }
        if let Some(mut version) = self.version(child) {
            version.parent = Some(heir.clone());
            self.plan.versions.push(version);
        }
    }

    fn split(&mut self, predecessor: &Option<AgencyCode>, successors: &[(Heir, Option<Share>)]) {
        if !(2..=MOST_PARTIES).contains(&successors.len()) && !self.faults.any_at("/successors") {
            let max = MOST_PARTIES.to_i64().unwrap_or(i64::MAX);
            self.faults.at("/successors", FaultKind::OutOfRange { min: 2, max });
        }
        let subject = self.subject("/agency", predecessor);
        let goes_on = |(heir, _): &(Heir, _)| matches!(heir, Heir::Existing(code) if code == predecessor);
        let ends = !successors.iter().any(goes_on);
        let ending: Vec<&AgencyCode> = predecessor.iter().filter(|_| ends).collect();
        let mut heirs: Vec<(AgencyCode, Share)> = Vec::new();
        for (position, (heir, share)) in successors.iter().enumerate() {
            let place = format!("/successors/{position}");
            let code = match heir {
                Heir::Opened(opening) => self.open(&format!("{place}/open"), opening, &ending),
                Heir::Existing(code) if code == predecessor => code.clone(),
                Heir::Existing(code) => {
                    let place = format!("{place}/agency");
                    let history = self.subject(&place, code);
                    if history.is_some_and(|history| history.valid.to.is_some()) {
                        self.faults.at(place, FaultKind::Tree(TreeFault::AgencyEnds));
                    }
                    code.clone()
                }
            };
            let (Some(code), Some(share)) = (code, share) else { continue };
            if heirs.iter().any(|(known, _)| *known == code) {
                self.faults.at(place, FaultKind::Duplicate);
            }
            heirs.push((code, *share));
        }
        if heirs.len() == successors.len() && !adds_up(heirs.iter().map(|(_, share)| *share)) {
            self.faults.at("/successors", FaultKind::Tree(TreeFault::SharesNotWhole));
        }
        let Some(history) = subject else { return };
        if ends {
            self.end("/agency", history);
        }
        let facts = heirs.into_iter().map(|(code, share)| (history.code.clone(), code, share));
        self.plan.successions.extend(facts);
    }
}

/// Whether shares add up to 1; a hundred different denominators are more than 64 bits hold.
fn adds_up(shares: impl Iterator<Item = Share>) -> bool {
    let wide =
        |share: Share| num_rational::BigRational::new((*share.numer()).into(), (*share.denom()).into());
    shares.map(wide).sum::<num_rational::BigRational>() == num_rational::BigRational::from_integer(1.into())
}
