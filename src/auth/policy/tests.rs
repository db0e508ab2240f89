//! The table and what narrows it.

use super::*;
use crate::domain::client::{Terms, parse_network};
use crate::domain::device::Posting;
use crate::domain::ids::ClientId;
use chrono::{DateTime, TimeDelta};

fn admin(terms: Terms) -> Client {
    let id = ClientId(uuid::Uuid::nil());
    let kind = ClientKind::Admin;
    Client {
        id,
        kind,
        name: String::new(),
        agency: None,
        service_point: None,
        revoked_at: None,
        terms,
        posting: Posting::default(),
    }
}

#[test]
fn the_table_names_every_permission_once() {
    let named: Vec<Permission> = TABLE.iter().map(|(permission, _)| *permission).collect();
    assert_eq!(named.len(), Permission::ALL.len());
    assert!(Permission::ALL.iter().all(|permission| named.contains(permission)));
}

#[test]
fn what_the_terms_leave_out_is_as_for_everybody() {
    let narrow = |permissions: &[Permission]| {
        admin(Terms { permissions: Some(permissions.iter().copied().collect()), ..Terms::default() })
    };
    for permission in Permission::ALL.iter().copied() {
        assert_eq!(granted(&narrow(&[]), permission), grant(None, permission));
        assert_eq!(granted(&narrow(&[permission]), permission), grant(Some(ClientKind::Admin), permission));
    }
    // A word that the kind has not is worth nothing.
    assert!(permissions_of(&narrow(&[Permission::SubmitResponse])).is_empty());
}

#[test]
fn a_narrowed_keeper_hands_out_no_more_than_it_holds() {
    let end = DateTime::UNIX_EPOCH;
    let office = Terms {
        expires_at: Some(end),
        permissions: Some([Permission::ManageClients, Permission::ReadFigures].into()),
        networks: vec![parse_network("203.0.113.0/24").unwrap()],
    };
    let keeper = admin(office.clone());
    let nothing = Excess { permissions: false, life: false, networks: false };
    assert_eq!(excess(&admin(Terms::default()), ClientKind::System, &Terms::default()), nothing);
    assert_eq!(excess(&keeper, ClientKind::Admin, &office), nothing);
    assert_eq!(excess(&keeper, ClientKind::Viewer, &Terms { permissions: None, ..office.clone() }), nothing);
    let all = Excess { permissions: true, life: true, networks: true };
    assert_eq!(excess(&keeper, ClientKind::System, &Terms::default()), all);
    let later = Terms { expires_at: Some(end + TimeDelta::microseconds(1)), ..office.clone() };
    assert_eq!(excess(&keeper, ClientKind::Viewer, &later), Excess { life: true, ..nothing });
    let wider = Terms { networks: vec![parse_network("203.0.112.0/23").unwrap()], ..office };
    assert_eq!(excess(&keeper, ClientKind::Viewer, &wider), Excess { networks: true, ..nothing });
}
