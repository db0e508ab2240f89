//! Who may import whom. Reads the sources; a forbidden path fails the test, so that the one way down
//! (http -> service -> store) stays the only one.

#![expect(clippy::expect_used, reason = "a test may stop")]

use std::path::{Path, PathBuf};

/// A room of the house and the paths that may not appear in it, in code or in imports.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "error",
        &[
            "crate::domain",
            "crate::index",
            "crate::auth",
            "crate::store",
            "crate::service",
            "crate::http",
            "actix",
            "diesel",
            "utoipa",
        ],
    ),
    (
        "domain",
        &[
            "crate::index",
            "crate::auth",
            "crate::store",
            "crate::service",
            "crate::http",
            "crate::config",
            "actix",
            "diesel",
            "utoipa",
            "tokio",
            "serde",
        ],
    ),
    (
        "index",
        &[
            "crate::auth",
            "crate::store",
            "crate::service",
            "crate::http",
            "crate::config",
            "actix",
            "diesel",
            "utoipa",
            "tokio",
            "serde",
            "std::fs",
            "std::env",
        ],
    ),
    (
        "chart",
        &[
            "crate::domain",
            "crate::index",
            "crate::auth",
            "crate::store",
            "crate::service",
            "crate::http",
            "crate::config",
            "actix",
            "diesel",
            "utoipa",
            "tokio",
            "serde",
            "std::fs",
            "std::env",
        ],
    ),
    ("auth", &["crate::store", "crate::service", "crate::http", "crate::index", "actix", "diesel", "utoipa"]),
    (
        "release",
        &[
            "crate::auth",
            "crate::store",
            "crate::service",
            "crate::http",
            "crate::config",
            "actix",
            "diesel",
            "tokio",
        ],
    ),
    (
        "store",
        &["crate::auth", "crate::service", "crate::http", "crate::index", "crate::config", "actix", "utoipa"],
    ),
    (
        "catalogue",
        &[
            "crate::auth",
            "crate::store",
            "crate::service",
            "crate::http",
            "crate::index",
            "actix",
            "diesel",
            "utoipa",
        ],
    ),
    ("service", &["crate::http", "crate::config", "crate::app", "actix", "diesel", "utoipa"]),
    ("web", &["crate::", "actix", "diesel", "utoipa", "tokio", "serde"]),
    ("http", &["crate::store", "crate::index", "crate::config", "crate::app", "diesel"]),
    (
        "config",
        &["crate::domain", "crate::auth", "crate::store", "crate::service", "crate::http", "actix", "diesel"],
    ),
];

fn sources(room: &str) -> Vec<PathBuf> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![src.join(room)];
    if src.join(format!("{room}.rs")).is_file() {
        files.push(src.join(format!("{room}.rs")));
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// The lines of a file that are no comments. Grouped imports (`crate::{a, b}`) need no care here: another test
/// keeps them out.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(path).expect("sources can be read");
    let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line.to_owned()));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//")).collect()
}

/// Whether the line names the path, not a longer word that holds it. A crate's relatives (`actix_web`,
/// `diesel_async`) count as the crate.
fn names(line: &str, path: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(path).any(|(at, _)| {
        let (before, after) = (line[..at].chars().next_back(), line[at + path.len()..].chars().next());
        let begins = !before.is_some_and(is_word);
        let ends = match after {
            Some('_') => !path.contains("::"),
            Some(c) => !is_word(c),
            None => true,
        };
        begins && ends
    })
}

#[test]
fn every_room_imports_only_what_it_may() {
    let mut broken = Vec::new();
    for (room, forbidden) in FORBIDDEN {
        let files = sources(room);
        assert!(!files.is_empty(), "no sources in {room}");
        for file in files {
            for (number, line) in code(&file) {
                for path in forbidden.iter().filter(|path| names(&line, path)) {
                    broken.push(format!("{}:{number}: {room} may not know {path}", file.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn only_the_policy_grants_a_scope() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in [
        "domain",
        "index",
        "auth",
        "store",
        "service",
        "http",
        "catalogue",
        "demo",
        "postgres",
        "app",
        "main",
    ] {
        for file in sources(room) {
            let grants = code(&file).iter().any(|(_, line)| line.contains("granted_by_policy"));
            let policy = file == src.join("auth/policy.rs") || file.starts_with(src.join("auth/policy"));
            let may = policy || file == src.join("domain/agency_scope.rs");
            assert!(!grants || may, "{} makes an AgencyScope", file.display());
        }
    }
}

#[test]
fn imports_name_their_module_in_full() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in std::fs::read_dir(src).expect("src can be read").flatten() {
        let name = room.file_name().to_string_lossy().trim_end_matches(".rs").to_owned();
        for file in sources(&name) {
            for (number, line) in code(&file) {
                assert!(!line.contains("crate::{"), "{}:{number}: hides what is imported", file.display());
            }
        }
    }
}

#[test]
fn a_forbidden_path_is_seen() {
    assert!(names("use crate::store::Db;", "crate::store"));
    assert!(names("    crate::store::x()", "crate::store"));
    assert!(names("use diesel::prelude::*;", "diesel"));
    assert!(names("use diesel_async::RunQueryDsl;", "diesel"));
    assert!(names("use actix_web::web;", "actix"));
    assert!(!names("use crate::store_room::x;", "crate::store"));
    assert!(names("use crate::store as s;", "crate::store"));
    assert!(!names("let diesels = 1;", "diesel"));
}
