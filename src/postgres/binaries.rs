//! Where PostgreSQL's programs are.

use super::failed;
use crate::error::Result;
use crate::store::migrations::OLDEST_SERVER;
use postgresql_embedded::VersionReq;
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
    /// None that fits; this version has to be downloaded.
    ToDownload(VersionReq),
}

/// Major version a cluster was made by, if there is one.
pub fn version_of_cluster(cluster: &Path) -> Option<i32> {
    std::fs::read_to_string(cluster.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Finds an installation that fits: of the cluster's version if there is a cluster, otherwise the newest.
/// `downloads` holds what earlier starts have downloaded.
///
/// # Errors
/// A sentence for people if installations were found but none fits.
pub fn find(given: Option<&Path>, cluster: Option<i32>, downloads: &Path) -> Result<Binaries> {
    let candidates = match given {
        Some(dir) => vec![dir.to_owned()],
        None => installations(downloads),
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
        (None, Some(made_by), Some(_)) => Err(failed(format!(
            "the data directory was made by PostgreSQL {made_by}, SIPAS_POSTGRES_DIR has {}; name one of version \
             {made_by}, or upgrade the cluster with pg_upgrade",
            shown()
        ))),
        (None, Some(made_by), None) => Ok(Binaries::ToDownload(of_major(made_by))),
        (None, None, _) if !found.is_empty() => Err(failed(format!(
            "PostgreSQL {OLDEST_SERVER} or newer is needed, found is {}; install a newer one, or set DATABASE_URL",
            shown()
        ))),
        (None, None, _) => Ok(Binaries::ToDownload(VersionReq::STAR)),
    }
}

fn installations(downloads: &Path) -> Vec<PathBuf> {
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
    let downloaded = std::fs::read_dir(downloads).into_iter().flatten().flatten().map(|entry| entry.path());
    on_path
        .chain(in_places)
        .chain(downloaded)
        .filter(|dir| PROGRAMS.iter().all(|program| dir.join("bin").join(program).is_file()))
        .collect()
}

fn of_major(version: i32) -> VersionReq {
    VersionReq::parse(&format!("={version}")).unwrap_or(VersionReq::STAR)
}

/// Major version of an installation.
fn version(dir: &Path) -> Option<i32> {
    let output = Command::new(dir.join("bin/postgres")).arg("--version").output().ok()?;
    // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = text.split_whitespace().nth(2)?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An installation that says which version it is.
    fn installation(dir: &Path, version: &str) {
        std::fs::create_dir_all(dir.join("bin")).unwrap();
        for program in PROGRAMS {
            let path = dir.join("bin").join(program);
            std::fs::write(&path, format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn what_was_downloaded_before_is_found_again() {
        let downloads = tempfile::tempdir().unwrap();
        let dir = downloads.path().join("99.1.0");
        installation(&dir, "99.1");
        assert_eq!(find(None, Some(99), downloads.path()).unwrap(), Binaries::Installed(dir));
    }

    #[test]
    fn a_cluster_gets_programs_of_its_own_version() {
        let nothing = tempfile::tempdir().unwrap();
        let Binaries::ToDownload(version) = find(None, Some(98), nothing.path()).unwrap() else {
            panic!("nobody has version 98")
        };
        assert!(version.matches(&postgresql_embedded::Version::new(98, 3, 0)));
        assert!(!version.matches(&postgresql_embedded::Version::new(99, 0, 0)));
        let other = nothing.path().join("other");
        installation(&other, "97.0");
        assert!(find(Some(&other), Some(98), nothing.path()).is_err());
    }
}
