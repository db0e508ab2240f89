//! The faults found so far; all are told at once.

use super::{Fault, FaultKind, Place};

/// Collects faults while a request is read, so that the sender sees all of them at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Notes a fault.
    pub fn push(&mut self, place: Place, kind: FaultKind) {
        self.0.push(Fault { place, kind });
    }

    /// Notes a fault at a JSON Pointer.
    pub fn at(&mut self, pointer: impl Into<String>, kind: FaultKind) {
        self.push(Place::Pointer(pointer.into()), kind);
    }

    /// Whether something is wrong at a JSON Pointer.
    pub fn any_at(&self, pointer: &str) -> bool {
        self.0.iter().any(|fault| matches!(&fault.place, Place::Pointer(path) if path == pointer))
    }

    /// Whether something is wrong at a place.
    pub fn any_in(&self, place: &Place) -> bool {
        self.0.iter().any(|fault| fault.place == *place)
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many were noted so far.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All that was noted so far.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// A copy of all that was noted.
    pub fn to_vec(&self) -> Vec<Fault> {
        self.0.clone()
    }

    /// All that was noted.
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}
