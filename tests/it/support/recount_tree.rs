//! The tree of agencies over time, written a second time, from the events a test sent: who is there on a day, where
//! each agency counts, and how much of it. By the rule in words (`README.md`, "The tree over time"); nothing of
//! the service's code.

use super::recount_math::{Fraction, reduced, sum_of};
use chrono::NaiveDate;
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// An agency as far as figures depend on it.
#[derive(Debug, Clone)]
struct Agency {
    from: NaiveDate,
    to: Option<NaiveDate>,
    level: &'static str,
    /// Above it from a day on.
    parents: Vec<(NaiveDate, Option<String>)>,
    /// Who goes on with its work since it ended.
    heirs: Vec<(String, Fraction)>,
}

/// All agencies by code.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    agencies: BTreeMap<String, Agency>,
    opened: usize,
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

impl Tree {
    /// The part of the demonstration's that the histories play in.
    pub fn demonstration() -> Self {
        let mut tree = Self::default();
        for province in ["H56", "H21", "H15"] {
            tree.add(province, "province", None, day("2012-01-01"));
            for (place, level) in [
                ("D1", "department"),
                ("D2", "department"),
                ("C1", "commune"),
                ("C2", "commune"),
                ("C3", "commune"),
                ("C4", "commune"),
            ] {
                tree.add(&format!("{province}.{place}"), level, Some(province), day("2025-07-01"));
            }
        }
        tree.add("H56.C1.X1", "commune", Some("H56.C1"), day("2025-07-01"));
        tree
    }

    fn add(&mut self, code: &str, level: &'static str, parent: Option<&str>, from: NaiveDate) {
        let parents = vec![(from, parent.map(str::to_owned))];
        self.agencies.insert(code.into(), Agency { from, to: None, level, parents, heirs: vec![] });
    }

    pub fn codes(&self) -> Vec<String> {
        self.agencies.keys().cloned().collect()
    }

    pub fn exists(&self, code: &str, on: NaiveDate) -> bool {
        let agency = &self.agencies[code];
        agency.from <= on && agency.to.is_none_or(|to| on < to)
    }

    pub fn there_on(&self, on: NaiveDate) -> Vec<String> {
        self.agencies.keys().filter(|code| self.exists(code, on)).cloned().collect()
    }

    pub fn level(&self, code: &str) -> &'static str {
        self.agencies[code].level
    }

    pub fn parent(&self, code: &str, on: NaiveDate) -> Option<String> {
        self.agencies[code]
            .parents
            .iter()
            .rev()
            .find(|(from, _)| *from <= on)
            .and_then(|(_, parent)| parent.clone())
    }

    /// Whether `code` is `above` or stands below it on a day.
    pub fn is_below(&self, code: &str, above: &str, on: NaiveDate) -> bool {
        code == above || self.parent(code, on).is_some_and(|parent| self.is_below(&parent, above, on))
    }

    /// Where an agency counts on a day: as or (`false`) below whom, and how much of it.
    fn landings(&self, code: &str, on: NaiveDate) -> Vec<(String, bool, Fraction)> {
        let agency = &self.agencies[code];
        if self.exists(code, on) {
            return vec![(code.into(), true, (1, 1))];
        }
        if on < agency.from {
            return vec![];
        }
        if agency.heirs.is_empty() {
            let Some(parent) = self.parent(code, agency.to.unwrap()) else { return vec![] };
            let above = self.landings(&parent, on);
            return above.into_iter().map(|(place, _, share)| (place, false, share)).collect();
        }
        let of_heir = |(heir, share): &(String, Fraction)| {
            let (share, places) = (*share, self.landings(heir, on));
            places.into_iter().map(move |(place, itself, part)| {
                (place, itself, reduced((part.0 * share.0, part.1 * share.1)))
            })
        };
        agency.heirs.iter().flat_map(of_heir).collect()
    }

    /// How much of what an agency was told counts for some roots together, by the tree of a day.
    pub fn share(&self, code: &str, roots: &[&str], subtree: bool, on: NaiveDate) -> Fraction {
        let counts = |place: &str, itself: bool| {
            roots
                .iter()
                .filter(|root| self.exists(root, on))
                .any(|root| if subtree { self.is_below(place, root, on) } else { itself && place == *root })
        };
        let places = self.landings(code, on).into_iter().filter(|(place, itself, _)| counts(place, *itself));
        places.fold((0, 1), |sum, (_, _, share)| sum_of(sum, share))
    }

    /// A random event of a day, as it is sent; the tree is what it makes of it.
    pub fn happen(&mut self, on: NaiveDate, chance: &mut StdRng) -> Value {
        loop {
            let mut next = self.clone();
            if let Some(mut event) = next.try_event(on, chance) {
                *self = next;
                event["id"] = json!(Uuid::from_u128(chance.random()));
                event["effective_on"] = json!(on);
                event["basis"] = json!("NQ (mẫu)");
                return event;
            }
        }
    }

    fn try_event(&mut self, on: NaiveDate, chance: &mut StdRng) -> Option<Value> {
        let there = self.there_on(on);
        let older: Vec<String> =
            there.iter().filter(|code| self.agencies[*code].from < on).cloned().collect();
        let lower: Vec<String> =
            older.iter().filter(|code| self.level(code) != "province").cloned().collect();
        let leaf = |tree: &Self, code: &str| {
            tree.agencies
                .keys()
                .all(|other| !tree.exists(other, on) || tree.parent(other, on).as_deref() != Some(code))
        };
        let any = |codes: &[String], chance: &mut StdRng| {
            (!codes.is_empty()).then(|| codes[chance.random_range(0..codes.len())].clone())
        };
        match chance.random_range(0..16) {
            0..2 => {
                let parent = any(&there, chance)?;
                let open = self.open(on, &parent);
                Some(json!({ "kind": "open", "open": open }))
            }
            2 => Some(json!({ "kind": "rename", "agency": any(&there, chance)?, "name": "Tên khác" })),
            3 => Some(json!({ "kind": "recode", "agency": any(&there, chance)?, "unit_code": "14801" })),
            4..8 => {
                let (agency, parent) = (any(&lower, chance)?, any(&there, chance)?);
                (!self.is_below(&parent, &agency, on)).then(|| self.relocate(&agency, &parent, on))?;
                Some(json!({ "kind": "move", "agency": agency, "parent": parent }))
            }
            8 => {
                let agency = any(&lower, chance).filter(|agency| leaf(self, agency))?;
                self.end(&agency, on, vec![]);
                Some(json!({ "kind": "close", "agency": agency }))
            }
            9..12 => {
                // Once in a while a whole province.
                let from = if chance.random_range(0..8) == 0 { &older } else { &lower };
                let mut ending: Vec<String> =
                    (0..chance.random_range(1..=2)).filter_map(|_| any(from, chance)).collect();
                ending.dedup();
                let place = any(&there, chance)?;
                if ending.is_empty() || ending.iter().any(|code| self.is_below(&place, code, on)) {
                    return None;
                }
                let mut event = json!({ "kind": "merge", "predecessors": ending });
                let heir = if chance.random() {
                    event["open"] = self.open(on, &place);
                    event["open"]["code"].as_str().unwrap().to_owned()
                } else {
                    event["successor"] = json!(place);
                    place
                };
                for code in self.there_on(on) {
                    let above = self.parent(&code, on);
                    if above.is_some_and(|above| ending.contains(&above)) && !ending.contains(&code) {
                        self.relocate(&code, &heir, on);
                    }
                }
                ending.iter().for_each(|code| self.end(code, on, vec![(heir.clone(), (1, 1))]));
                Some(event)
            }
            _ => {
                let agency = any(&lower, chance)?;
                let shares: &[u128] =
                    [&[1, 1][..], &[1, 2], &[3, 1], &[1, 2, 2], &[1, 1, 1]][chance.random_range(0..5)];
                let all: u128 = shares.iter().sum();
                // Now and then it goes on itself.
                let stays = chance.random_range(0..5) == 0;
                let (mut heirs, mut told): (Vec<(String, Fraction)>, Vec<Value>) = (vec![], vec![]);
                for (place, share) in shares.iter().enumerate() {
                    let words = format!("{share}/{all}");
                    let other = any(&there, chance)?;
                    let heir = if stays && place == 0 {
                        told.push(json!({ "agency": agency, "share": words }));
                        agency.clone()
                    } else if other == agency || heirs.iter().any(|(heir, _)| *heir == other) {
                        return None;
                    } else if chance.random() {
                        told.push(json!({ "open": self.open(on, &other), "share": words }));
                        told[place]["open"]["code"].as_str().unwrap().to_owned()
                    } else {
                        told.push(json!({ "agency": other, "share": words }));
                        other
                    };
                    heirs.push((heir, (*share, all)));
                }
                if !stays {
                    leaf(self, &agency).then_some(())?;
                    self.end(&agency, on, heirs);
                }
                Some(json!({ "kind": "split", "agency": agency, "successors": told }))
            }
        }
    }

    fn open(&mut self, on: NaiveDate, parent: &str) -> Value {
        self.opened += 1;
        let code = format!("H56.N{}", self.opened);
        self.add(&code, "commune", Some(parent), on);
        json!({ "code": code, "level": "commune", "name": "Xã mới", "parent": parent })
    }

    fn relocate(&mut self, code: &str, parent: &str, on: NaiveDate) {
        self.agencies.get_mut(code).unwrap().parents.push((on, Some(parent.into())));
    }

    fn end(&mut self, code: &str, on: NaiveDate, heirs: Vec<(String, Fraction)>) {
        let agency = self.agencies.get_mut(code).unwrap();
        (agency.to, agency.heirs) = (Some(on), heirs);
    }
}
