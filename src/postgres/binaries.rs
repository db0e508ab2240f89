//! Where PostgreSQL's programs are.

use super::failed;
use crate::error::Result;
use crate::store::migrations::OLDEST_SERVER;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs a cluster needs.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Where installations are looked for besides PATH: Debian and Ubuntu, Red Hat, Homebrew.
const PLACES: [(&str, &str); 4] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
];

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub enum Binaries {
    /// An installation; its programs are in `bin` below.
    Installed(PathBuf),
    /// None; they have to be downloaded.
    ToDownload,
}

/// Major version a cluster was made by, if there is one.
pub fn version_of_cluster(cluster: &Path) -> Option<i32> {
    std::fs::read_to_string(cluster.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Finds an installation that fits: of the cluster's version if there is a cluster, otherwise the newest.
///
/// # Errors
/// A sentence for people if installations were found but none fits.
pub fn find(given: Option<&Path>, cluster: Option<i32>) -> Result<Binaries> {
    let candidates = match given {
        Some(dir) => vec![dir.to_owned()],
        None => installations(),
    };
    let mut found: Vec<(i32, PathBuf)> =
        candidates.into_iter().filter_map(|dir| Some((version(&dir)?, dir))).collect();
    found.sort();
    let fits = |version: i32| match cluster {
        Some(made_by) => version == made_by,
        None => version >= OLDEST_SERVER,
    };
    let shown = || {
        found
            .iter()
            .map(|(version, dir)| format!("{version} in {}", dir.display()))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (found.iter().rev().find(|(version, _)| fits(*version)), cluster, given) {
        (Some((_, dir)), ..) => Ok(Binaries::Installed(dir.clone())),
        (None, _, Some(dir)) if found.is_empty() => Err(failed(format!(
            "SIPAS_POSTGRES_DIR: there is no bin/postgres with initdb and pg_ctl in {}",
            dir.display()
        ))),
        (None, Some(made_by), _) => Err(failed(format!(
            "the data directory was made by PostgreSQL {made_by}, found is {}; install version {made_by}, or upgrade the \
             cluster with pg_upgrade",
            if found.is_empty() { "none".to_owned() } else { shown() }
        ))),
        (None, None, _) if !found.is_empty() => Err(failed(format!(
            "PostgreSQL {OLDEST_SERVER} or newer is needed, found is {}; install a newer one, or set DATABASE_URL",
            shown()
        ))),
        (None, None, _) => Ok(Binaries::ToDownload),
    }
}

fn installations() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path)
        // Debian links single programs into /usr/local/bin; the installation is where they really are.
        .filter_map(|dir| dir.join("postgres").canonicalize().ok())
        .filter_map(|program| Some(program.parent()?.parent()?.to_owned()));
    let in_places = PLACES.iter().flat_map(|(dir, prefix)| {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(move |path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
        })
    });
    on_path
        .chain(in_places)
        .filter(|dir| PROGRAMS.iter().all(|program| dir.join("bin").join(program).is_file()))
        .collect()
}

/// Major version of an installation.
fn version(dir: &Path) -> Option<i32> {
    let output = Command::new(dir.join("bin/postgres")).arg("--version").output().ok()?;
    // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = text.split_whitespace().nth(2)?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
