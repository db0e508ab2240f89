//! Checking a package off line: the signature, every digest, the one form of everything, and that nothing else is in it.

use super::archive::{Files, unpack};
use super::manifest::{FORM, FileMark, Manifest};
use super::{digest, is_canonical, key, names};
use crate::error::{Error, ErrorCode, Result};
use std::collections::BTreeSet;
use std::io::Read;

/// What a package that holds was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What it says about itself.
    pub manifest: Manifest,
    /// How many files were checked.
    pub files: usize,
    /// Whether the key was given from outside; otherwise it is the one in the package, which a forger would have put there.
    pub key_given: bool,
}

impl Verified {
    /// What was checked and what was not, for whoever ran the check.
    pub fn report(&self) -> serde_json::Value {
        let Manifest { number, draft, key, sealed_at, draft_sha256, .. } = &self.manifest;
        let key_note = if self.key_given {
            "signed with the key that was given"
        } else {
            "signed with the key inside the package; compare its fingerprint with the publisher's (GET /v1/releases/keys), or give it with --key"
        };
        serde_json::json!({
            "number": number,
            "title": draft.title,
            "publisher": draft.publisher,
            "corrects": draft.corrects,
            "sealed_at": sealed_at,
            "draft_sha256": draft_sha256,
            "files": self.files,
            "fingerprint": key,
            "checked": ["signature of the manifest", "size and SHA-256 of every file", "that nothing else is in the package",
                        "that it holds what was reviewed", "that everything has its one form", key_note],
            "not_checked": ["that the figures follow from the responses: `sipas release reproduce`, beside the database",
                            "whether a later revision corrects it: GET /v1/releases"],
        })
    }
}

fn broken(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::ValidationFailed).detail(format!("this release does not hold: {why}"))
}

/// Checks a package. `trusted` is the public half of the key it has to be signed with, as PEM.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`] with a detail that names the first thing that is wrong.
pub fn verify(package: impl Read, trusted: Option<&[u8]>) -> Result<Verified> {
    let files = unpack(package)?;
    let file = |name: &str| files.get(name).ok_or_else(|| broken(format!("{name} is missing")));
    let text = file(names::MANIFEST)?;
    if !is_canonical(text) {
        return Err(broken(format!("{} is not in its one form", names::MANIFEST)));
    }
    let manifest: Manifest =
        serde_json::from_slice(text).map_err(|why| broken(format!("{}: {why}", names::MANIFEST)))?;
    if manifest.form != FORM || manifest.draft.form != FORM {
        return Err(broken(format!("its form is not {FORM}")));
    }
    let own = key::parse_public(file(names::KEY)?).ok_or_else(|| broken("its key is none of Ed25519"))?;
    if key::kid_of(&own) != manifest.key {
        return Err(broken("its key is not the one that the manifest names"));
    }
    if let Some(trusted) = trusted {
        let trusted =
            key::parse_public(trusted).ok_or_else(|| broken("the key given is none of Ed25519 in PEM"))?;
        if trusted != own {
            return Err(broken("it is signed with another key than the one given"));
        }
    }
    if !key::is_signed(&own, text, file(names::SIGNATURE)?) {
        return Err(broken("the signature is not that of this manifest"));
    }
    contents(&files, &manifest)?;
    Ok(Verified { manifest, files: files.len(), key_given: trusted.is_some() })
}

/// Whether the files are those of the manifest, and no others.
fn contents(files: &Files, manifest: &Manifest) -> Result<()> {
    let named: Vec<&str> = manifest.files.iter().map(|mark| mark.name.as_str()).collect();
    if !named.is_sorted_by(|one, two| one < two) {
        return Err(broken("the manifest does not name its files once and in order"));
    }
    let beside = [names::MANIFEST, names::SIGNATURE];
    let all: BTreeSet<&str> = named.iter().chain(&beside).copied().collect();
    if let Some(other) = files.keys().find(|name| !all.contains(name.as_str())) {
        return Err(broken(format!("the manifest does not know {other}")));
    }
    for mark in &manifest.files {
        let content = files.get(&mark.name).ok_or_else(|| broken(format!("{} is missing", mark.name)))?;
        if FileMark::of(&mark.name, content) != *mark {
            return Err(broken(format!("{} is not what was sealed", mark.name)));
        }
        let is_json = mark.name.ends_with(".json") || mark.name.ends_with(".jsonld");
        if is_json && !is_canonical(content) {
            return Err(broken(format!("{} is not in its one form", mark.name)));
        }
    }
    if let Some(lost) = manifest.draft.files.iter().find(|mark| !manifest.files.contains(mark)) {
        return Err(broken(format!("{} is not what was reviewed", lost.name)));
    }
    if digest(&manifest.draft.text()?).to_string() != manifest.draft_sha256 {
        return Err(broken("the draft in it is not the one that was reviewed"));
    }
    let revision = manifest.number.strip_prefix(&format!("{}/", manifest.draft.series));
    let before = manifest.draft.corrects.as_ref().map_or(0, |corrects| corrects.revision);
    if revision.and_then(|text| text.parse().ok()) != before.checked_add(1) {
        return Err(broken("its number does not follow from what it corrects"));
    }
    Ok(())
}
