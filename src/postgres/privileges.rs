//! The data directory, and leaving root: PostgreSQL refuses to run as root, so the process hands the
//! directory over to an unprivileged user and becomes that user before anything else happens.

use super::failed;
use crate::config::DatabaseConfig;
use crate::error::Result;
use nix::unistd::{User, chown, geteuid, initgroups, setgid, setuid};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Users that root turns into, in order of preference.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// Names of which at least one is in every data directory of ours.
const MARKS: [&str; 2] = ["postgres.lock", "postgres-password"];

/// Makes the data directory and, if a private cluster will run and this is root, becomes an unprivileged
/// user. To be called before any thread is started.
///
/// # Errors
/// A sentence for people that names the way out.
pub fn prepare(config: &DatabaseConfig, suffix: &str) -> Result<PathBuf> {
    let is_root = geteuid().is_root();
    let dir = config.data_dir(is_root, suffix);
    make(&dir)?;
    if is_root && config.database_url.is_none() {
        become_unprivileged(&dir)?;
    }
    if let Err(error) = std::fs::read_dir(&dir).and_then(|_| probe(&dir)) {
        let user =
            User::from_uid(geteuid()).ok().flatten().map_or_else(|| geteuid().to_string(), |user| user.name);
        return Err(failed(format!(
            "user {user} cannot write to the data directory {}: {error}; choose another with --data-dir or SIPAS_DATA_DIR",
            dir.display()
        )));
    }
    Ok(dir)
}

fn make(dir: &Path) -> Result<()> {
    let cannot = |error: std::io::Error| {
        failed(format!(
            "cannot make the data directory {}: {error}; choose another with --data-dir or SIPAS_DATA_DIR",
            dir.display()
        ))
    };
    if dir.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(dir).map_err(cannot)?;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).map_err(cannot)
}

fn probe(dir: &Path) -> std::io::Result<()> {
    let path = dir.join(format!(".probe-{}", std::process::id()));
    std::fs::File::create(&path)?;
    std::fs::remove_file(&path)
}

fn become_unprivileged(dir: &Path) -> Result<()> {
    let user = match owner(dir) {
        Some(user) => user,
        None => {
            let user = USERS.iter().find_map(|name| User::from_name(name).ok().flatten()).ok_or_else(|| {
                failed(
                    "PostgreSQL does not run as root, and there is neither a user postgres nor nobody to turn into; \
                     start as another user"
                        .into(),
                )
            })?;
            hand_over(dir, &user)?;
            user
        }
    };
    let name = std::ffi::CString::new(user.name.clone()).unwrap_or_default();
    initgroups(&name, user.gid)
        .and_then(|()| setgid(user.gid))
        .and_then(|()| setuid(user.uid))
        .map_err(|error| failed(format!("cannot become user {}: {error}", user.name)))?;
    // Root's working directory may be closed to that user, and PostgreSQL's programs look where they are.
    std::env::set_current_dir(dir).map_err(|error| {
        failed(format!(
            "user {} cannot reach the data directory {}: {error}; choose one outside of closed directories with --data-dir \
             or SIPAS_DATA_DIR",
            user.name,
            dir.display()
        ))
    })
}

/// The unprivileged user a directory of ours belongs to from an earlier start.
fn owner(dir: &Path) -> Option<User> {
    let uid = std::fs::metadata(dir).ok()?.uid();
    (uid != 0).then(|| User::from_uid(uid.into()).ok().flatten())?
}

/// Gives the directory to the user. A directory with other things in it is left alone: root must not give
/// away what a typing error names.
fn hand_over(dir: &Path, user: &User) -> Result<()> {
    let is_empty = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none());
    let is_ours = MARKS.iter().any(|mark| dir.join(mark).symlink_metadata().is_ok());
    if !is_empty && !is_ours {
        return Err(failed(format!(
            "the data directory {} holds other things; choose a new or empty one with --data-dir or SIPAS_DATA_DIR",
            dir.display()
        )));
    }
    // The directory alone: nothing inside is followed or given away with root's rights.
    chown(dir, Some(user.uid), Some(user.gid))
        .map_err(|error| failed(format!("cannot give {} to user {}: {error}", dir.display(), user.name)))
}
