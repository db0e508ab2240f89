//! The files that pages for people are made of, embedded in the program: no build step, no other host. A file under
//! `web/public/` is served at the same path (`kiosk/index.html` at `/kiosk`). `http::pages` hands them out and writes the
//! pages that hold figures. No rule of the service lives in a file: what it shows or sends goes through the same API as
//! everybody's.

use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "src/web/public/"]
struct Public;

/// A file of a page.
#[derive(Debug)]
pub struct File {
    /// Its media type.
    pub media_type: &'static str,
    /// What it holds.
    pub content: Cow<'static, [u8]>,
    /// SHA-256 of it.
    pub digest: [u8; 32],
}

/// The page of the kiosk, and the service worker that keeps it.
const KIOSK: (&str, &str) = ("/kiosk", "/kiosk/sw.js");

static FILES: LazyLock<BTreeMap<String, File>> = LazyLock::new(|| {
    let mut files: BTreeMap<String, File> = Public::iter().filter_map(|name| named(&name)).collect();
    let kept: Vec<&str> = kept(&files).collect();
    let mut all = Sha256::new();
    for path in &kept {
        all.update(path);
        files.get(*path).into_iter().for_each(|file| all.update(file.digest));
    }
    let (parts, version) = (kept.join(" "), format!("{:x}", all.finalize()));
    if let Some(worker) = files.get_mut(KIOSK.1) {
        let text = String::from_utf8_lossy(&worker.content);
        let text = text.replace("{{version}}", &version).replace("{{parts}}", &parts);
        *worker = File::new(worker.media_type, text.into_bytes().into());
    }
    files
});

/// Every file by the path it is served at.
pub fn files() -> &'static BTreeMap<String, File> {
    &FILES
}

/// The pages that a service worker may answer for, if the file is one: `/kiosk` lies above the folder of its worker, so
/// browsers want to be told (`Service-Worker-Allowed`, W3C Service Workers).
pub fn worker_scope(path: &str) -> Option<&'static str> {
    (path == KIOSK.1).then_some(KIOSK.0)
}

/// The address of a file that changes with its content, so that it may be kept for ever. An unknown path stays as it is.
pub fn address(path: &str) -> String {
    match files().get(path) {
        Some(file) => format!("{path}?v={}", file.version()),
        None => path.to_owned(),
    }
}

impl File {
    fn new(media_type: &'static str, content: Cow<'static, [u8]>) -> Self {
        Self { media_type, digest: Sha256::digest(&content).into(), content }
    }

    /// What its address ends with: 40 bits of the digest.
    pub fn version(&self) -> String {
        self.digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn named(name: &str) -> Option<(String, File)> {
    let path = format!("/{}", name.strip_suffix("/index.html").unwrap_or(name));
    Some((path, File::new(media_type(name)?, Public::get(name)?.data)))
}

/// `None` for what is no part of a page.
fn media_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webmanifest" => "application/manifest+json",
        _ => return None,
    })
}

/// What the kiosk needs without a network: all of its files but the worker itself, and the looks that pages share.
fn kept(files: &BTreeMap<String, File>) -> impl Iterator<Item = &str> {
    let is_kept =
        |path: &&str| (path.starts_with(KIOSK.0) && *path != KIOSK.1) || *path == "/assets/base.css";
    files.keys().map(String::as_str).filter(is_kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str) -> String {
        String::from_utf8(files()[path].content.to_vec()).unwrap()
    }

    #[test]
    fn the_service_worker_keeps_every_part_but_itself() {
        let worker = text(KIOSK.1);
        assert!(!worker.contains("{{"));
        let listed = worker.lines().find(|line| line.starts_with("const PARTS")).unwrap().to_owned();
        let listed: Vec<&str> = listed.split('"').nth(1).unwrap().split(' ').collect();
        assert_eq!(listed, kept(files()).collect::<Vec<_>>());
        assert!(listed.contains(&"/kiosk") && listed.contains(&"/assets/base.css"));
        assert!(!listed.contains(&KIOSK.1));
    }

    #[test]
    fn what_a_script_imports_is_served() {
        for (path, file) in files().iter().filter(|(_, file)| file.media_type.starts_with("text/javascript"))
        {
            let text = String::from_utf8(file.content.to_vec()).unwrap();
            for line in text.lines().filter(|line| line.starts_with("import ")) {
                let name = line.split('"').nth(1).unwrap().trim_start_matches('.');
                let folder = path.rsplit_once('/').unwrap().0;
                assert!(files().contains_key(&format!("{folder}{name}")), "{path}: {line}");
            }
        }
    }

    #[test]
    fn every_file_under_public_has_a_known_type() {
        assert!(Public::iter().all(|name| media_type(&name).is_some()));
    }

    #[test]
    fn an_address_changes_with_the_content() {
        let one = File::new("text/css", b"a".as_slice().into());
        let other = File::new("text/css", b"b".as_slice().into());
        assert_ne!(one.version(), other.version());
        assert!(address("/assets/base.css").starts_with("/assets/base.css?v="));
    }
}
