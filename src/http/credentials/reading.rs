//! Reads the bodies of `/v1/clients`.

use crate::domain::agency::AgencyCode;
use crate::domain::client::{ClientKind, MAX_NETWORKS, Terms, parse_instant, parse_network};
use crate::domain::permission::Permission;
use crate::domain::text;
use crate::error::{ClientFault, FaultKind, Faults, Place};
use crate::http::fields::{Fields, Node};
use crate::service::credentials::{ClientChange, ClientDraft, DEFAULT_OVERLAP, MAX_OVERLAP};
use ipnet::IpNet;
use std::collections::BTreeSet;
use uuid::Uuid;

fn name(raw: &str) -> Result<String, FaultKind> {
    text::line(raw, 200)?.ok_or(FaultKind::Missing)
}

/// Reads a client to be made as far as it can be read, and notes every fault.
pub(super) fn read_draft(node: Node) -> (ClientDraft, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(node, Place::Pointer(String::new()), &mut faults);
    let uuid = |raw: &str| {
        let wrong = FaultKind::BadFormat { expected: "0197b8f2-3c00-7000-8000-000000000001" };
        Uuid::parse_str(raw).map_err(|_| wrong)
    };
    let draft = ClientDraft {
        id: fields.optional("id", uuid),
        kind: fields.required("kind", ClientKind::parse),
        name: fields.required("name", name),
        agency: fields.optional("agency", AgencyCode::parse),
        terms: Terms {
            expires_at: fields.optional("expires_at", parse_instant),
            permissions: permissions(&mut fields).flatten(),
            networks: networks(&mut fields).unwrap_or_default(),
        },
    };
    fields.finish();
    (draft, faults)
}

/// Reads what is to be changed of a client; `null` takes a limit away.
pub(super) fn read_change(node: Node) -> (ClientChange, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(node, Place::Pointer(String::new()), &mut faults);
    if fields.is_null("name") {
        fields.fault("name", FaultKind::Missing);
    }
    let endless = fields.is_null("expires_at").then_some(None);
    let change = ClientChange {
        name: fields.optional("name", name),
        expires_at: fields.optional("expires_at", parse_instant).map(Some).or(endless),
        permissions: permissions(&mut fields),
        networks: networks(&mut fields),
    };
    fields.finish();
    (change, faults)
}

/// Reads for how many seconds the secret before goes on.
pub(super) fn read_overlap(node: Node) -> (i64, Faults) {
    let mut faults = Faults::default();
    let mut fields = Fields::of(node, Place::Pointer(String::new()), &mut faults);
    let overlap = match fields.take("overlap_seconds") {
        None => DEFAULT_OVERLAP,
        Some(Node::Integer(seconds)) if (0..=MAX_OVERLAP).contains(&seconds) => seconds,
        Some(Node::Integer(_) | Node::Number(_)) => {
            fields.fault("overlap_seconds", FaultKind::OutOfRange { min: 0, max: MAX_OVERLAP });
            DEFAULT_OVERLAP
        }
        Some(_) => {
            fields.fault("overlap_seconds", FaultKind::WrongType { expected: "integer" });
            DEFAULT_OVERLAP
        }
    };
    fields.finish();
    (overlap, faults)
}

/// `Some(None)` where the limit is taken away.
fn permissions(fields: &mut Fields<'_>) -> Option<Option<BTreeSet<Permission>>> {
    match fields.given("permissions")? {
        Node::Null => Some(None),
        node => Some(Some(texts(fields, "permissions", node, Permission::parse)?.into_iter().collect())),
    }
}

/// None of them where the limit is taken away.
fn networks(fields: &mut Fields<'_>) -> Option<Vec<IpNet>> {
    let mut networks = match fields.given("networks")? {
        Node::Null => Vec::new(),
        node => texts(fields, "networks", node, parse_network)?,
    };
    networks.sort_unstable();
    networks.dedup();
    Some(networks)
}

/// Reads a list of texts, and notes every fault in it.
fn texts<T>(
    fields: &mut Fields<'_>,
    name: &str,
    node: Node,
    parse: impl Fn(&str) -> Result<T, FaultKind>,
) -> Option<Vec<T>> {
    let Node::List(items) = node else {
        fields.fault(name, FaultKind::WrongType { expected: "array" });
        return None;
    };
    if items.len() > MAX_NETWORKS {
        fields.fault(name, FaultKind::Client(ClientFault::TooMany));
        return None;
    }
    let place = fields.place_of(name);
    let read = |(position, item): (usize, Node)| {
        let value = match &item {
            Node::Text(text) => parse(text),
            _ => Err(FaultKind::WrongType { expected: "string" }),
        };
        value.map_err(|kind| fields.faults().push(place.member(&position.to_string()), kind)).ok()
    };
    let values: Vec<Option<T>> = items.into_iter().enumerate().map(read).collect();
    values.into_iter().collect()
}
