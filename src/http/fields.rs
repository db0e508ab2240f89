//! Reading objects field by field, so that one answer names every fault: missing, unknown, doubled and
//! ill-typed fields alike. A derived deserialiser stops at the first, and takes the last of two equal keys.
//! Bodies and query strings are read the same way; but responses, which are many, by `scalar`.

mod replay;

use crate::domain::amount::Amount;
use crate::error::{FaultKind, Faults, Place};
use compact_str::CompactString;
use num_traits::ToPrimitive;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// A JSON value that keeps doubled keys.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number without a fraction that fits 64 bits.
    Integer(i64),
    /// Any other number, as near as a double comes.
    Number(f64),
    /// A string.
    Text(String),
    /// An array; of more than [`MAX_FIELDS`] items the rest is dropped, and whoever reads it refuses that many.
    List(Vec<Node>),
    /// An object in the order it was written.
    Object(Vec<(Name, Node)>),
}

/// Name of a field; short ones take no memory of their own.
pub type Name = CompactString;

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(i64::try_from(value)
            .map_or_else(|_| Node::Number(value.to_f64().unwrap_or(f64::MAX)), Node::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(whole(value).map_or(Node::Number(value), Node::Integer))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() <= MAX_FIELDS {
                items.push(item);
            }
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
            if fields.len() > MAX_FIELDS {
                return Err(A::Error::custom("too many fields"));
            }
        }
        Ok(Node::Object(fields))
    }
}

/// A number as an integer, if it has no fraction: 4.0 is an integer to JSON Schema, and so to the contract.
pub fn whole(value: f64) -> Option<i64> {
    let whole = Some(value).filter(|value| value.fract() == 0.0 && value.abs() < 1e15);
    whole.and_then(|value| value.to_i64())
}

/// Most fields of one object; keeps the list of faults in a bound that can be sent.
pub const MAX_FIELDS: usize = 1000;

/// Positions of fields whose name was there before.
fn doubled(fields: &[(Name, Node)]) -> HashSet<usize> {
    let mut names: Vec<(&str, usize)> =
        fields.iter().enumerate().map(|(position, (name, _))| (name.as_str(), position)).collect();
    names.sort_unstable();
    let again = |pair: &[(&str, usize)]| match pair {
        [(before, _), (name, position)] if before == name => Some(*position),
        _ => None,
    };
    names.windows(2).filter_map(again).collect()
}

/// An object being read. Each field is taken by name; what is left at the end is unknown.
pub struct Fields<'f> {
    /// Whether this is an object at all; of another type nothing further is said to be missing.
    is_object: bool,
    place: Place,
    fields: Vec<(Name, Node)>,
    faults: &'f mut Faults,
}

impl<'f> Fields<'f> {
    /// Begins to read an object; another type is a fault and reads as an empty object.
    pub fn of(node: Node, place: Place, faults: &'f mut Faults) -> Self {
        let is_object = matches!(node, Node::Object(_));
        let fields = match node {
            Node::Object(fields) => fields,
            _ => {
                faults.push(place.clone(), FaultKind::WrongType { expected: "object" });
                Vec::new()
            }
        };
        let doubled = doubled(&fields);
        let mut kept = fields;
        if !doubled.is_empty() {
            let mut position = 0;
            kept.retain(|(name, _)| {
                let doubled = doubled.contains(&position);
                if doubled {
                    faults.push(place.member(name), FaultKind::Duplicate);
                }
                position += 1;
                !doubled
            });
        }
        Self { is_object, place, fields: kept, faults }
    }

    /// Whether a field is there and not `null`.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, node)| field == name && *node != Node::Null)
    }

    /// Takes a field if it is there and not `null`.
    pub fn take(&mut self, name: &str) -> Option<Node> {
        let found = self.fields.iter().position(|(field, _)| field == name)?;
        match self.fields.swap_remove(found).1 {
            Node::Null => None,
            node => Some(node),
        }
    }

    /// Takes a field if it is there, also `null`.
    pub fn given(&mut self, name: &str) -> Option<Node> {
        let found = self.fields.iter().position(|(field, _)| field == name)?;
        Some(self.fields.swap_remove(found).1)
    }

    /// Whether a field is there and `null`.
    pub fn is_null(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, node)| field == name && *node == Node::Null)
    }

    /// Takes a text and parses it; absent is `None`.
    pub fn optional<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, FaultKind>) -> Option<T> {
        let node = self.take(name)?;
        self.parse(name, &node, parse)
    }

    /// Takes a text and parses it; absent is a fault.
    pub fn required<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, FaultKind>) -> Option<T> {
        let node = self.required_node(name)?;
        self.parse(name, &node, parse)
    }

    /// Takes a field of any type; absent is a fault.
    pub fn required_node(&mut self, name: &str) -> Option<Node> {
        let node = self.take(name);
        if node.is_none() && self.is_object {
            self.fault(name, FaultKind::Missing);
        }
        node
    }

    /// Takes a list; absent is a fault.
    pub fn required_list(&mut self, name: &str) -> Option<Vec<Node>> {
        match self.required_node(name)? {
            Node::List(items) => Some(items),
            _ => {
                self.fault(name, FaultKind::WrongType { expected: "array" });
                None
            }
        }
    }

    /// Takes a truth value.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        match self.take(name)? {
            Node::Bool(value) => Some(value),
            _ => {
                self.fault(name, FaultKind::WrongType { expected: "boolean" });
                None
            }
        }
    }

    /// Takes a number from 0 to 9999.9999 with at most four decimals.
    pub fn amount(&mut self, name: &str) -> Option<Amount> {
        let read = match self.take(name)? {
            Node::Integer(whole) => whole.to_f64().map_or(Amount::of_float(f64::NAN), Amount::of_float),
            Node::Number(number) => Amount::of_float(number),
            _ => Err(FaultKind::WrongType { expected: "number" }),
        };
        read.map_err(|kind| self.fault(name, kind)).ok()
    }

    /// Takes a whole number within bounds.
    pub fn integer(&mut self, name: &str, (min, max): (i64, i64)) -> Option<i64> {
        let kind = match self.take(name)? {
            Node::Integer(number) if (min..=max).contains(&number) => return Some(number),
            Node::Integer(_) => FaultKind::OutOfRange { min, max },
            _ => FaultKind::WrongType { expected: "integer" },
        };
        self.fault(name, kind);
        None
    }

    /// Notes a fault of a field.
    pub fn fault(&mut self, name: &str, kind: FaultKind) {
        self.faults.push(self.place.member(name), kind);
    }

    /// The place of a field.
    pub fn place_of(&self, name: &str) -> Place {
        self.place.member(name)
    }

    /// The collector of faults, for reading a field further.
    pub fn faults(&mut self) -> &mut Faults {
        self.faults
    }

    /// The remaining fields, for an object whose keys are data.
    pub fn into_rest(self) -> Vec<(Name, Node)> {
        self.fields
    }

    /// Ends reading; whatever was not taken is unknown.
    pub fn finish(self) {
        for (name, _) in self.fields {
            self.faults.push(self.place.member(&name), FaultKind::Unknown);
        }
    }

    fn parse<T>(
        &mut self,
        name: &str,
        node: &Node,
        parse: impl FnOnce(&str) -> Result<T, FaultKind>,
    ) -> Option<T> {
        let result = match node {
            Node::Text(text) => parse(text),
            _ => Err(FaultKind::WrongType { expected: "string" }),
        };
        result.map_err(|kind| self.fault(name, kind)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(json: &str, read: impl FnOnce(&mut Fields<'_>)) -> Vec<(Place, &'static str)> {
        let mut faults = Faults::default();
        let node = serde_json::from_str(json).unwrap();
        let mut fields = Fields::of(node, Place::Pointer(String::new()), &mut faults);
        read(&mut fields);
        fields.finish();
        faults.into_vec().into_iter().map(|fault| (fault.place, fault.kind.name())).collect()
    }

    #[test]
    fn every_fault_is_told_with_its_pointer() {
        let found = faults(r#"{"a": 1, "a": 2, "b": true, "x/y~z": null, "c": "C"}"#, |fields| {
            fields.required("a", |text| Ok(text.to_owned()));
            fields.boolean("b");
            fields.optional("c", |_| Err::<(), _>(FaultKind::NotUuidV7));
            fields.required("d", |text| Ok(text.to_owned()));
        });
        let at = |path: &str| Place::Pointer(path.into());
        assert_eq!(
            found,
            [
                (at("/a"), "duplicate_field"),
                (at("/a"), "wrong_type"),
                (at("/c"), "not_uuid_v7"),
                (at("/d"), "missing_field"),
                (at("/x~1y~0z"), "unknown_field"),
            ]
        );
    }

    #[test]
    fn another_type_than_an_object_is_one_fault() {
        for json in ["[]", "1", "\"text\"", "null", "1.5"] {
            assert_eq!(faults(json, |_| ()), [(Place::Pointer(String::new()), "wrong_type")], "{json}");
        }
    }
}
