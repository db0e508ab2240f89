//! The service with a certificate of its own.

use crate::support::TestApp;
use crate::support::cluster::{empty_database, run_dir};
use crate::support::program::{Running, run, sipas};
use reqwest::tls::Version;
use std::path::{Path, PathBuf};

/// Writes a self-signed certificate for 127.0.0.1; gives the files and the certificate.
fn certificate(name: &str) -> (PathBuf, PathBuf, reqwest::Certificate) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let dir = run_dir(name);
    let (chain, key) = (dir.join("chain.pem"), dir.join("key.pem"));
    std::fs::write(&chain, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (chain, key, reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap())
}

fn flags<'a>(chain: &'a Path, key: &'a Path) -> [&'a str; 4] {
    ["--tls-cert", chain.to_str().unwrap(), "--tls-key", key.to_str().unwrap()]
}

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_1_2_and_1_3_and_nothing_else() {
    let (chain, key, certificate) = certificate("tls");
    let app = TestApp::start_with(&flags(&chain, &key)).await;
    assert!(app.url.starts_with("https://127.0.0.1:"), "{}", app.url);
    for version in [Version::TLS_1_2, Version::TLS_1_3] {
        let client = reqwest::Client::builder()
            .tls_certs_only([certificate.clone()])
            .tls_version_min(version)
            .tls_version_max(version)
            .build()
            .unwrap();
        let reply = client.get(format!("{}/v1/surveys", app.url)).send().await.unwrap();
        assert_eq!(reply.status(), 200);
        assert_eq!(reply.headers()["strict-transport-security"], "max-age=31536000");
        let missing = client.get(format!("{}/nowhere", app.url)).send().await.unwrap();
        assert_eq!(missing.headers()["content-type"], "application/problem+json");
    }
    let stranger = reqwest::Client::builder().build().unwrap();
    assert!(stranger.get(format!("{}/v1/surveys", app.url)).send().await.is_err(), "nobody signed it");
    let plain = app.url.replace("https://", "http://");
    assert!(stranger.get(format!("{plain}/v1/surveys")).send().await.is_err(), "no plain HTTP");
}

#[tokio::test]
async fn the_program_says_where_it_is_and_stops_as_ever() {
    let (chain, key, certificate) = certificate("tls-program");
    let mut command = sipas(&run_dir("tls-program"), &["serve"]);
    command.args(flags(&chain, &key)).env("DATABASE_URL", empty_database().await);
    let mut service = Running::start_aside(command).await;
    assert!(service.url().starts_with("https://"), "{}", service.line);
    let client = reqwest::Client::builder().tls_certs_only([certificate]).build().unwrap();
    assert_eq!(client.get(format!("{}/health/live", service.url())).send().await.unwrap().status(), 200);
    service.stop();
}

#[tokio::test]
async fn files_that_are_no_certificate_and_key_stop_it_at_the_start() {
    let (dir, url) = (run_dir("tls-wrong"), empty_database().await);
    let ((chain, key, _), (_, other, _)) = (certificate("tls-one"), certificate("tls-other"));
    let empty = dir.join("empty.pem");
    std::fs::write(&empty, "nothing").unwrap();
    for (chain, key, word) in [
        (&dir.join("missing.pem"), &key, "missing.pem"),
        (&empty, &key, "empty.pem"),
        (&chain, &empty, "empty.pem"),
        (&chain, &chain, "chain.pem"),
        (&chain, &other, "chain.pem"),
    ] {
        let mut command = sipas(&dir, &["serve"]);
        let output = run(command.args(flags(chain, key)).env("DATABASE_URL", &url));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && output.stdout.is_empty(), "{said}");
        assert!(said.starts_with("sipas: cannot use the ") && said.contains(word), "{said}");
    }
    let alone = run(sipas(&dir, &["serve", "--tls-cert", "chain.pem"]).env("DATABASE_URL", &url));
    assert!(String::from_utf8_lossy(&alone.stderr).contains("--tls-key"));
}
