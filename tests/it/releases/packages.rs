//! Packages: immutable, the same bytes for everybody, and every kind of tampering is found off line.

use super::{Office, quarter};
use crate::support::program::{json as printed, run, sipas};
use serde_json::{Value, json};
use sipas::release::archive::{Files, pack, unpack};
use sipas::release::key::{SealingKey, public_pem};
use sipas::release::verification::verify;
use sipas::release::{canonical, digest};
use std::os::unix::fs::PermissionsExt;

/// Changes one file, with its mark in the manifest if `marked`, and signs anew with `key` if there is one.
fn tampered(
    files: &Files,
    name: &str,
    content: &[u8],
    (marked, key): (bool, Option<&SealingKey>),
) -> Vec<u8> {
    let mut files = files.clone();
    files.insert(name.to_owned(), content.to_vec());
    let mut manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    if marked {
        for list in ["/files", "/draft/files"] {
            for mark in manifest.pointer_mut(list).unwrap().as_array_mut().unwrap() {
                if mark["name"] == name {
                    mark["bytes"] = json!(content.len());
                    mark["sha256"] = json!(digest(content).to_string());
                }
            }
        }
        let draft = digest(&canonical(&manifest["draft"]).unwrap()).to_string();
        manifest["draft_sha256"] = json!(draft);
    }
    if let Some(key) = key {
        manifest["key"] = json!(key.kid());
        let public = public_pem(&key.public());
        for mark in manifest["files"].as_array_mut().unwrap() {
            if mark["name"] == "public-key.pem" {
                mark["bytes"] = json!(public.len());
                mark["sha256"] = json!(digest(public.as_bytes()).to_string());
            }
        }
        files.insert("public-key.pem".into(), public.into_bytes());
    }
    if marked || key.is_some() {
        let manifest = canonical(&manifest).unwrap();
        if let Some(key) = key {
            files.insert("manifest.sig".into(), key.sign(&manifest));
        }
        files.insert("manifest.json".into(), manifest);
    }
    pack(&files).unwrap()
}

fn why(package: &[u8], key: Option<&[u8]>) -> String {
    verify(package, key).unwrap_err().detail.unwrap()
}

#[tokio::test]
async fn a_package_is_verified_off_line_and_every_tampering_is_found() {
    let office = Office::open(&["--release-licence", "https://data.example.gov.vn/licence"]).await;
    office.seal(&quarter()).await;
    let anonymous = office.app.anonymous();
    let reply = anonymous.get("/v1/releases/H56_2026-Q2/1/package").await.expect(200);
    assert_eq!(reply.header("content-type"), "application/x-tar");
    assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(reply.header("content-disposition"), "attachment; filename=\"H56_2026-Q2-1.tar\"");
    assert!(reply.header("etag").starts_with('"'), "strong");
    let known = [("if-none-match", reply.header("etag"))];
    assert_eq!(anonymous.get_with("/v1/releases/H56_2026-Q2/1/package", &known).await.status, 304);
    let package = reply.bytes.clone();
    let listed = anonymous.get("/v1/releases").await.json();
    assert_eq!(listed["items"][0]["package_sha256"], digest(&package).to_string());

    let keys = anonymous.get("/v1/releases/keys").await.json();
    let public = keys["items"][0]["public_key"].as_str().unwrap().as_bytes();
    let verified = verify(package.as_slice(), Some(public)).unwrap();
    assert_eq!((verified.manifest.number.as_str(), verified.key_given), ("H56_2026-Q2/1", true));
    assert!(!verify(package.as_slice(), None).unwrap().key_given);
    let files = unpack(package.as_slice()).unwrap();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "content-01-index.csv",
            "content-02-ranking.csv",
            "dcat.jsonld",
            "figures.json",
            "manifest.json",
            "manifest.sig",
            "method.md",
            "public-key.pem",
        ]
    );
    let method = String::from_utf8(files["method.md"].clone()).unwrap();
    assert!(method.contains("# Phương pháp") && method.contains("# Method") && method.contains("Wilson"));
    let dcat: Value = serde_json::from_slice(&files["dcat.jsonld"]).unwrap();
    assert_eq!(dcat["@type"], "dcat:Dataset");
    assert_eq!(dcat["dct:license"]["@id"], "https://data.example.gov.vn/licence");
    assert_eq!(dcat["dcat:distribution"].as_array().unwrap().len(), 3);
    let table = String::from_utf8(files["content-01-index.csv"].clone()).unwrap();
    assert!(table.starts_with("\u{FEFF}\"agency_code\",") && table.contains("\r\n\"H56.C1\","));

    // The same with every byte of a file changed, taken out, put in, or signed by somebody else.
    let other = |name: &str| [&files[name], b" ".as_slice()].concat();
    for name in ["figures.json", "content-01-index.csv", "method.md", "dcat.jsonld"] {
        assert!(why(&tampered(&files, name, &other(name), (false, None)), None).contains(name), "{name}");
        let marked = tampered(&files, name, &other(name), (true, None));
        assert!(why(&marked, None).contains("signature"), "{name}");
        let mut lost = files.clone();
        lost.remove(name);
        assert!(why(&pack(&lost).unwrap(), None).contains("missing"), "{name}");
    }
    assert!(why(&tampered(&files, "extra.csv", b"x", (false, None)), None).contains("does not know"));
    assert!(
        why(&tampered(&files, "manifest.json", &other("manifest.json"), (false, None)), None)
            .contains("one form")
    );
    assert!(why(&tampered(&files, "manifest.sig", &[0; 64], (false, None)), None).contains("signature"));
    assert!(why(&tampered(&files, "manifest.sig", b"", (false, None)), None).contains("signature"));
    let forger = SealingKey::parse(SealingKey::generate().unwrap().as_bytes()).unwrap();
    let key = public_pem(&forger.public());
    assert!(why(&tampered(&files, "public-key.pem", key.as_bytes(), (false, None)), None).contains("key"));
    // A forger signs what he likes with a key of his own: seen only by whoever has the publisher's key.
    let figures = String::from_utf8(files["figures.json"].clone()).unwrap().replace("\"n\":80", "\"n\":81");
    let forged = tampered(&files, "figures.json", figures.as_bytes(), (true, Some(&forger)));
    assert_ne!(figures.as_bytes(), files["figures.json"]);
    assert!(!verify(forged.as_slice(), None).unwrap().key_given);
    assert!(why(&forged, Some(public)).contains("another key"));
    assert!(why(&package, Some(b"no key")).contains("key given"));
    // Every byte counts, wherever it is.
    for place in (0..package.len()).step_by(package.len() / 97) {
        let mut changed = package.clone();
        changed[place] ^= 1;
        assert!(verify(changed.as_slice(), Some(public)).is_err(), "byte {place}");
    }
    assert!(verify(&package[..package.len() - 512], None).is_err());
}

#[tokio::test]
async fn the_program_makes_keys_and_verifies_files_without_a_database() {
    let office = Office::open(&[]).await;
    let sealed = office.seal(&quarter()).await;
    let folder = office.folder.path().to_owned();
    let anonymous = office.app.anonymous();
    let package = anonymous.get("/v1/releases/H56_2026-Q2/1/package").await.expect(200).bytes;
    let keys = anonymous.get("/v1/releases/keys").await.json();
    let (file, key) = (folder.join("release.tar"), folder.join("public.pem"));
    std::fs::write(&file, &package).unwrap();
    std::fs::write(&key, keys["items"][0]["public_key"].as_str().unwrap()).unwrap();
    let verify = |arguments: &[&str]| {
        let arguments: Vec<&str> = ["release", "verify"].iter().chain(arguments).copied().collect();
        run(sipas(&folder, &arguments).env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"))
    };
    let (file, key) = (file.to_str().unwrap(), key.to_str().unwrap());
    let report = printed(&verify(&[file, "--key", key]));
    assert_eq!((&report["number"], &report["fingerprint"]), (&json!("H56_2026-Q2/1"), &sealed["key"]));
    assert!(report["not_checked"].to_string().contains("reproduce"));
    assert!(printed(&verify(&[file]))["checked"].to_string().contains("inside the package"));
    std::fs::write(file, &package[..package.len() - 1]).unwrap();
    let broken = verify(&[file]);
    assert!(!broken.status.success() && String::from_utf8_lossy(&broken.stderr).contains("no package"));

    let new = folder.join("new.pem");
    let make = || run(&mut sipas(&folder, &["release", "key", new.to_str().unwrap()]));
    let made = printed(&make());
    assert_eq!(made["fingerprint"].as_str().unwrap().len(), 64);
    assert_eq!(std::fs::metadata(&new).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&new).unwrap();
    assert!(!make().status.success(), "nothing is written over");
    assert_eq!(std::fs::read(&new).unwrap(), before);
}
