//! What `sipas audit verify` has to find.

use super::*;
use crate::domain::audit_chain::instant;
use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

/// A file of `count` entries after number `after`.
fn file(after: i64, count: i64) -> Vec<Value> {
    let mut place = Place { seq: after, hash: Hash([u8::from(after > 0); 32]) };
    let mut lines = vec![serde_json::to_value(begin(place)).unwrap()];
    for seq in after + 1..=after + count {
        let record = Record {
            seq,
            at: instant(DateTime::UNIX_EPOCH + TimeDelta::seconds(seq)),
            actor: "command-line".into(),
            action: "client_created".into(),
            agency: (seq % 2 == 0).then(|| "H56".into()),
            object: format!("object {seq}"),
            details: [("kind".to_owned(), "device".to_owned())].into(),
        };
        let hash = record.hash(place.hash);
        place = Place { seq, hash };
        lines.push(serde_json::to_value(EntryLine::from((record, hash))).unwrap());
    }
    lines.push(serde_json::to_value(end(place)).unwrap());
    lines
}

fn read(lines: &[Value], pinned: Option<&Value>) -> std::result::Result<Verified, String> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let pinned = pinned.map(|hash| Hash::parse(hash.as_str().unwrap()).unwrap());
    verify(text.as_bytes(), pinned).map_err(|error| error.detail.unwrap())
}

#[test]
fn a_whole_file_holds_wherever_it_begins() {
    for (after, count) in [(0, 0), (0, 5), (7, 5)] {
        let verified = read(&file(after, count), None).unwrap();
        assert_eq!((verified.after.seq, verified.head.seq), (after, after + count));
        assert_eq!(i64::try_from(verified.entries).unwrap(), count);
    }
}

#[test]
fn a_change_of_any_field_is_found_where_it_was_made() {
    let whole = file(0, 5);
    let other_hash = whole[1]["hash"].clone();
    for (field, value) in [
        ("at", json!("1970-01-01T00:00:04.000000Z")),
        ("actor", json!("service")),
        ("action", json!("client_revoked")),
        ("agency", Value::Null),
        ("agency", json!("H21")),
        ("object", json!("object 2 ")),
        ("details", json!({})),
        ("details", json!({"kind": "admin"})),
        ("details", json!({"kind": "device", "more": ""})),
        ("hash", other_hash),
    ] {
        // An entry with an agency, in the middle.
        let mut lines = whole.clone();
        assert_ne!(lines[2][field], value);
        lines[2][field] = value;
        let found = read(&lines, None).unwrap_err();
        assert!(found.contains("line 3") && found.contains("entry 2"), "{field}: {found}");
    }
    let mut lines = whole.clone();
    lines[2]["seq"] = json!(3);
    assert!(read(&lines, None).unwrap_err().contains("entry 2 was to come, found 3"));
    lines[2]["note"] = json!("unknown fields are not sealed");
    assert!(read(&lines, None).unwrap_err().contains("line 3"));
}

#[test]
fn entries_that_are_missing_moved_or_added_are_found() {
    let whole = file(0, 5);
    let changed = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut lines = whole.clone();
        change(&mut lines);
        read(&lines, None).unwrap_err()
    };
    assert!(changed(&|lines| drop(lines.remove(3))).contains("entry 3 was to come, found 4"));
    assert!(changed(&|lines| drop(lines.remove(1))).contains("entry 1 was to come, found 2"));
    assert!(changed(&|lines| lines.swap(2, 3)).contains("entry 2 was to come, found 3"));
    assert!(changed(&|lines| lines.insert(3, lines[2].clone())).contains("entry 3 was to come, found 2"));
    assert!(changed(&|lines| drop(lines.remove(5))).contains("ends with entry 4"));
    assert!(changed(&|lines| lines.truncate(4)).contains("without its last line"));
    assert!(changed(&|lines| drop(lines.remove(0))).contains("begins"));
    assert!(changed(&|lines| lines.push(lines[1].clone())).contains("follows the last line"));
    assert!(changed(&|lines| lines[0]["after"]["hash"] = lines[1]["hash"].clone()).contains("entry 1"));
    assert!(changed(&|lines| lines.clear()).contains("empty"));
    // Numbers that were mended do not help: the hash is of another place.
    let renumbered = changed(&|lines| {
        lines.remove(2);
        for (seq, line) in lines.iter_mut().enumerate().take(5).skip(2) {
            line["seq"] = json!(seq);
        }
    });
    assert!(renumbered.contains("entry 2"), "{renumbered}");
}

#[test]
fn a_cut_end_and_a_chain_made_anew_are_found_with_a_hash_from_outside_alone() {
    let whole = file(0, 5);
    let head = whole[5]["hash"].clone();
    read(&whole, Some(&head)).unwrap();
    read(&whole, Some(&whole[2]["hash"].clone())).unwrap();
    // Whoever cuts the end also writes a new last line.
    let cut = file(0, 3);
    read(&cut, None).unwrap();
    assert!(read(&cut, Some(&head)).unwrap_err().contains("cut off"));
    // The same numbers over other entries: a chain that holds in itself.
    let mut anew = file(7, 5);
    read(&anew, None).unwrap();
    assert!(read(&anew, Some(&head)).is_err());
    anew.truncate(3);
    assert!(read(&anew, Some(&head)).is_err());
}
