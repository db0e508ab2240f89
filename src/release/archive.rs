//! The package: a tar archive (POSIX ustar) that is the same for the same files, and a reader for archives of strangers.

use crate::error::{Error, ErrorCode, Result};
use std::collections::BTreeMap;
use std::io::Read;

/// Files by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Largest package that is read, in bytes.
pub const MOST_BYTES: usize = 256 << 20;

/// Most files in one.
const MOST_FILES: usize = 200;

/// Longest name; ustar has room for 100 bytes.
const MOST_NAME: usize = 60;

/// Puts files into a package: sorted, readable for all, without times and owners.
///
/// # Errors
/// [`ErrorCode::Internal`] for a name that no file of a package may have.
pub fn pack(files: &Files) -> Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        if !is_plain(name) {
            return Err(Error::internal(format!("no file of a package may be called {name:?}")));
        }
        let mut header = tar::Header::new_ustar();
        header.set_path(name).map_err(Error::internal)?;
        header.set_size(u64::try_from(content.len()).map_err(Error::internal)?);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        builder.append(&header, content.as_slice()).map_err(Error::internal)?;
    }
    builder.into_inner().map_err(Error::internal)
}

/// Whether a file may be called so: no directory, nothing hidden, nothing a system might read in another way.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    name.len() <= MOST_NAME && name.starts_with(|c: char| c != '.' && c != '-') && name.chars().all(plain)
}

fn broken(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::ValidationFailed).detail(format!("this is no package of a release: {why}"))
}

/// Takes a package apart, in memory. Whatever a stranger may have put into it, nothing is written anywhere, and no more is read
/// than [`MOST_BYTES`].
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] with a detail for what [`pack`] would not have made of these files, to the byte.
pub fn unpack(from: impl Read) -> Result<Files> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    from.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(broken)?;
    if bytes.len() > MOST_BYTES {
        return Err(broken(format!("it is larger than {MOST_BYTES} bytes")));
    }
    let (mut files, mut archive) = (Files::new(), tar::Archive::new(bytes.as_slice()));
    // Raw: extensions that give an entry another name or size are entries of their own, and refused.
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        if entry.header().entry_type() != tar::EntryType::Regular {
            return Err(broken("it holds something that is no plain file"));
        }
        let name = String::from_utf8(entry.path_bytes().into_owned()).map_err(broken)?;
        if !is_plain(&name) {
            return Err(broken(format!("it holds a file called {name:?}")));
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(broken)?;
        if files.insert(name.clone(), content).is_some() {
            return Err(broken(format!("it holds {name} twice")));
        }
        if files.len() > MOST_FILES {
            return Err(broken(format!("it holds more than {MOST_FILES} files")));
        }
    }
    // Order, modes, times, padding, and whatever hides between or behind the files.
    if pack(&files)? != bytes {
        return Err(broken("it has the files, but not in the one form they are packed in"));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        [("b.csv", "1\r\n"), ("a.json", "{}")].map(|(n, c)| (n.to_owned(), c.as_bytes().to_vec())).into()
    }

    fn why(bytes: &[u8]) -> String {
        unpack(bytes).unwrap_err().detail.unwrap()
    }

    /// An archive with one entry under this name, whatever it is.
    fn with(name: &str, kind: tar::EntryType, size: u64) -> Vec<u8> {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(size);
        header.set_mode(0o644);
        header.set_entry_type(kind);
        header.set_cksum();
        let mut bytes = header.as_bytes().to_vec();
        bytes.extend([0; 512]);
        bytes.extend([0; 1024]);
        bytes
    }

    #[test]
    fn the_same_files_make_the_same_package_and_come_back() {
        let packed = pack(&files()).unwrap();
        assert_eq!(packed, pack(&files()).unwrap());
        assert_eq!(unpack(packed.as_slice()).unwrap(), files());
        assert!(pack(&[("../x".to_owned(), Vec::new())].into()).is_err());
    }

    #[test]
    fn what_a_stranger_packs_is_refused() {
        use tar::EntryType as T;
        for name in ["../etc", "/etc", "a/b", ".hidden", "A", "a\\b", "-x"] {
            assert!(why(&with(name, T::Regular, 1)).contains("called"), "{name}");
        }
        for kind in [T::Symlink, T::Link, T::Directory, T::GNULongName, T::XHeader, T::GNUSparse] {
            assert!(why(&with("a", kind, 1)).contains("no plain file"), "{kind:?}");
        }
        assert!(!why(&with("a", T::Regular, u64::MAX / 2)).is_empty());
        assert!(why(&with("a", T::Regular, 1)).contains("one form"), "padding of another size");
        let packed = pack(&files()).unwrap();
        let mut twice = pack(&[("a.json".to_owned(), Vec::new())].into()).unwrap();
        twice.truncate(512);
        twice.extend(&packed);
        assert!(why(&twice).contains("twice"));
        let mut longer = packed.clone();
        longer.extend([0; 512]);
        assert!(why(&longer).contains("one form"));
        assert!(!why(&packed[..700]).is_empty() && !why(b"text").is_empty());
        assert!(unpack(&[][..]).is_err(), "an empty file");
    }

    #[test]
    fn no_more_is_read_than_a_package_may_be_large() {
        let endless = std::io::repeat(0);
        assert!(unpack(endless).unwrap_err().detail.unwrap().contains("larger"));
    }
}
