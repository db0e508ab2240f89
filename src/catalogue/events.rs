//! Events of agencies in a catalogue file. Whether they fit the tree is `domain::agency_plan`'s business.

use super::rules::Rules;
use super::shape::AgencyEventBody;
use crate::domain::agency::{AgencyCode, parse_unit_code};
use crate::domain::agency_event::{Change, EventDraft, Heir, parse_share};
use crate::domain::period::parse_day;
use crate::error::FaultKind;

impl Rules<'_> {
    pub(super) fn event(&mut self, body: &AgencyEventBody) -> Option<EventDraft> {
        let subject =
            body.agency.as_ref().or(body.successor.as_ref()).map(String::as_str).unwrap_or_default();
        let place = format!("agency event {} {} {subject}", body.effective_on, body.kind);
        let given = [
            ("agency", body.agency.is_some()),
            ("name", body.name.is_some()),
            ("parent", body.parent.is_some()),
            ("unit_code", body.unit_code.is_some()),
            ("predecessors", body.predecessors.is_some()),
            ("successor", body.successor.is_some()),
            ("successors", body.successors.is_some()),
        ];
        let (needed, optional): (&[&str], &[&str]) = match body.kind.as_str() {
            "rename" => (&["agency", "name"], &[]),
            "move" => (&["agency"], &["parent"]),
            "close" => (&["agency"], &[]),
            "recode" => (&["agency", "unit_code"], &[]),
            "merge" => (&["predecessors", "successor"], &[]),
            "split" => (&["agency", "successors"], &[]),
            _ => {
                const KINDS: &[&str] = &["rename", "move", "close", "merge", "split", "recode"];
                self.keep::<()>(&place, Err(FaultKind::NotAllowed { allowed: KINDS }));
                return None;
            }
        };
        for (name, given) in given {
            if needed.contains(&name) && !given {
                self.broken(&place, format!("{name} is missing"));
            } else if given && !needed.contains(&name) && !optional.contains(&name) {
                self.broken(&place, format!("{name} has no meaning here"));
            }
        }
        Some(EventDraft {
            id: None,
            effective_on: Some(self.keep(&place, parse_day(&body.effective_on))?),
            basis: Some(self.text(&place, &body.basis)),
            change: self.change(&place, body)?,
        })
    }

    fn change(&mut self, place: &str, body: &AgencyEventBody) -> Option<Change> {
        let agency = self.code(place, body.agency.as_ref());
        Some(match body.kind.as_str() {
            "rename" => Change::Rename(agency, body.name.as_ref().map(|name| self.text(place, name))),
            "move" => Change::Move(agency, self.code(place, body.parent.as_ref())),
            "close" => Change::Close(agency),
            "recode" => {
                let unit_code = body.unit_code.as_ref().map(|code| self.keep(place, parse_unit_code(code)));
                Change::Recode(agency, unit_code.flatten())
            }
            "merge" => {
                let before = body.predecessors.iter().flatten().map(|code| self.code(place, Some(code)));
                let before = before.collect();
                Change::Merge(before, Heir::Existing(self.code(place, body.successor.as_ref())))
            }
            _ => {
                let heirs = body.successors.iter().flatten().map(|heir| {
                    let share = self.keep(place, parse_share(&heir.share));
                    (Heir::Existing(self.code(place, Some(&heir.agency))), share)
                });
                Change::Split(agency, heirs.collect())
            }
        })
    }

    fn code(&mut self, place: &str, text: Option<&String>) -> Option<AgencyCode> {
        text.and_then(|text| self.keep(place, AgencyCode::parse(text)))
    }
}
