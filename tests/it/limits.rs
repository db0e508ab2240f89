//! Who asks too often, or too much at once, is told so, and nobody else has to suffer for it.

use crate::problems::raw;
use crate::support::TestApp;
use crate::support::clients::{Client, Reply};
use crate::support::samples::{id, response};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sipas::domain::client::ClientKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Asks so often at once; gives how often it was answered, and the refusals.
async fn ask(client: &Client, path: &str, headers: &[(&str, &str)], times: usize) -> (usize, Vec<Reply>) {
    let all = join_all((0..times).map(|_| client.get_with(path, headers))).await;
    let (refused, other): (Vec<_>, Vec<_>) = all.into_iter().partition(|reply| reply.status == 429);
    (other.len(), refused)
}

fn responses(app: &TestApp, count: usize) -> Vec<Value> {
    (0..count).map(|_| response(id(app.now), 4)).collect()
}

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_when_to_come_back_and_no_other_is() {
    let app = TestApp::start_with(&["--bulk-items", "3", "--limit-device", "1:5"]).await;
    let (kiosk, other) = (app.device("H56.C1", "MC-H56-C1").await, app.device("H56.C1", "MC-H56-C1").await);
    let (passed, mut refused) = ask(&kiosk, "/v1/surveys", &[], 30).await;
    // Some seconds may have gone by; in each one more becomes free.
    assert!((5..=15).contains(&passed), "{passed}");
    let refused = refused.remove(0);
    assert_eq!(refused.problem(), "rate_limited");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("ratelimit-policy"), "\"device\";q=5;w=5");
    assert_eq!(refused.header("ratelimit"), "\"device\";r=0;t=1");
    other.get("/v1/surveys").await.expect(200);
    app.admin(None).await.get("/v1/surveys").await.expect(200);
    app.anonymous().get("/v1/surveys").await.expect(200);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    kiosk.get("/v1/surveys").await.expect(200);
}

#[tokio::test]
async fn in_bulk_every_response_counts_and_the_wait_lets_all_of_it_through() {
    let app = TestApp::start_with(&["--bulk-items", "3", "--limit-device", "1:6"]).await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let batches: Vec<_> = (0..6).map(|_| responses(&app, 3)).collect();
    let replies = join_all(batches.iter().map(|batch| kiosk.post_batch(batch))).await;
    assert!(replies.iter().any(|reply| reply.status == 200), "{replies:?}");
    let cut_short = |reply: &&Reply| reply.status == 429 && reply.header("retry-after") == "4";
    assert_eq!(replies.iter().find(cut_short).expect("one is cut short").problem(), "rate_limited");
    tokio::time::sleep(std::time::Duration::from_millis(4100)).await;
    kiosk.post_batch(&batches[5]).await.expect(200);
}

#[tokio::test]
async fn a_backlog_in_bulk_is_not_held_up_by_the_default() {
    let app = TestApp::start_with(&["--limit-device", "10:10000"]).await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    for _ in 0..3 {
        let reply = kiosk.post_batch(&responses(&app, 1000)).await.expect(200);
        assert_eq!(reply.json()["counts"]["created"], 1000);
    }
}

#[tokio::test]
async fn a_hall_of_kiosks_behind_one_address_is_not_limited_by_it() {
    let app = TestApp::start_with(&["--limit-anonymous", "1:4", "--limit-device", "10:2000"]).await;
    let mut kiosks = Vec::new();
    for _ in 0..6 {
        kiosks.push(app.device("H56.C1", "MC-H56-C1").await);
    }
    for kiosk in &kiosks {
        assert_eq!(ask(kiosk, "/v1/surveys", &[], 20).await.0, 20);
    }
    let (passed, refused) = ask(&app.anonymous(), "/v1/surveys", &[], 30).await;
    assert!((4..=14).contains(&passed), "{passed}");
    assert!(refused[0].header("ratelimit-policy").starts_with("\"anonymous\""));
    kiosks[0].get("/v1/surveys").await.expect(200);
    // Whoever decides whether this instance is alive is not refused.
    assert_eq!(ask(&app.anonymous(), "/health/live", &[], 20).await.0, 20);
}

#[tokio::test]
async fn words_in_place_of_a_token_are_no_way_past_the_limit() {
    let app = TestApp::start_with(&["--limit-anonymous", "1:4"]).await;
    for (path, authorization, status) in [
        ("/v1/surveys", "Bearer made-up", 401),
        ("/nowhere", "Bearer made-up", 404),
        ("/openapi.json", "Basic eDp5", 200),
        ("/.well-known/jwks.json", "Bearer made-up", 200),
    ] {
        let headers = [("authorization", authorization)];
        app.anonymous().get_with(path, &headers).await.expect(status);
    }
    let headers = [("authorization", "Bearer made-up")];
    let mut refused = Vec::new();
    for path in ["/v1/surveys", "/nowhere", "/openapi.json"] {
        let (_, more) = ask(&app.anonymous(), path, &headers, 15).await;
        assert!(!more.is_empty(), "{path}");
        refused.extend(more);
    }
    assert!(refused.iter().all(|reply| reply.problem() == "rate_limited"));
}

#[tokio::test]
async fn a_trusted_proxy_says_whose_request_it_is_and_nobody_else_does() {
    let limits = ["--limit-anonymous", "1:3", "--trusted-proxies", "127.0.0.1,10.0.0.0/8"];
    let app = TestApp::start_with(&limits).await;
    let from = async |addresses: String| {
        app.anonymous().get_with("/v1/surveys", &[("x-forwarded-for", &*addresses)]).await.status
    };
    let seen = join_all((0..15).map(|n| from(format!("192.0.2.{n}, 198.51.100.1, 10.1.1.1")))).await;
    assert!(seen.contains(&429), "what stands on the left is the client's invention: {seen:?}");
    assert_eq!(from("198.51.100.2".into()).await, 200);
    let seen = join_all((0..15).map(|n| from(format!("2001:db8:1:1::{n}")))).await;
    assert!(seen.contains(&429), "one subscriber has a whole /64: {seen:?}");
    assert_eq!(from("2001:db8:1:2::1".into()).await, 200);

    let app = TestApp::start_with(&["--limit-anonymous", "1:3"]).await;
    let invented = async |n: u8| {
        let (address, element) = (format!("198.51.100.{n}"), format!("for=198.51.100.{n}"));
        let headers = [("x-forwarded-for", &*address), ("forwarded", &*element)];
        app.anonymous().get_with("/v1/surveys", &headers).await.status
    };
    let seen = join_all((0..15).map(invented)).await;
    assert!(seen.contains(&429), "nobody is trusted: {seen:?}");
}

#[tokio::test]
async fn guessing_a_secret_is_slow_and_does_not_lock_its_owner_out() {
    let app = TestApp::start_with(&["--limit-secrets", "1:5", "--trusted-proxies", "127.0.0.1"]).await;
    let (client, secret) = app.credential(ClientKind::Admin, None, None).await;
    let attempt = async |address: &str, id: &str, secret: &str| {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-forwarded-for", address)];
        app.anonymous().send(Method::POST, "/oauth/token", &headers, Some(form)).await
    };
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(attempt("198.51.100.1", &client, "wrong").await.status);
    }
    assert_eq!(statuses[0], 401);
    assert!(statuses.iter().filter(|status| **status == 429).count() >= 3, "{statuses:?}");
    attempt("198.51.100.2", &client, &secret).await.expect(200);
    for _ in 0..4 {
        attempt("198.51.100.3", &client, &secret).await.expect(200);
    }

    let app = TestApp::start_with(&["--limit-tokens", "1:20"]).await;
    let mut statuses = Vec::new();
    for n in 0..6 {
        let form = format!("grant_type=client_credentials&client_id=made-up-{n}&client_secret=x");
        statuses.push(app.anonymous().form("/oauth/token", &form).await.status);
    }
    assert_eq!(statuses[..2], [401, 401]);
    assert!(statuses.contains(&429), "one address, many ids: {statuses:?}");
    app.anonymous().get("/v1/surveys").await.expect(200);
}

#[tokio::test]
async fn what_could_never_pass_is_refused_at_the_start() {
    let dir = crate::support::cluster::run_dir("limits");
    let url = crate::support::cluster::empty_database().await;
    let mut command = crate::support::program::sipas(&dir, &["serve", "--limit-device", "10:500"]);
    let output = crate::support::program::run(command.env("DATABASE_URL", url));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("--limit-device") && said.contains("1000"), "{said}");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_a_problem_and_not_a_failure() {
    let app = TestApp::start().await;
    let long = "a".repeat(9000);
    let headers: String = (0..70).map(|n| format!("X-{n}: 1\r\n")).collect();
    for (path, headers, status, code) in [
        (format!("/v1/agencies?q={long}"), String::new(), 414, "uri_too_long"),
        (format!("/{long}"), String::new(), 414, "uri_too_long"),
        ("/v1/agencies".into(), headers, 431, "headers_too_large"),
        ("/v1/agencies".into(), format!("X: {long}\r\nY: {long}\r\n"), 431, "headers_too_large"),
        ("/v1/agencies".into(), format!("Authorization: Bearer {long}{long}\r\n"), 431, "headers_too_large"),
    ] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
        let answer = raw(&app, &head).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.contains("application/problem+json") && answer.contains(code), "{answer}");
    }
    // Beyond what the framework reads at all it says no in its own words, and reads no further.
    for head in [
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(70_000)),
        format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}", "a".repeat(1_000_000)),
        format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: 1\r\n".repeat(200)),
    ] {
        let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
        // It may hang up before everything is written.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    app.anonymous().get("/health/ready").await.expect(200);
}

#[tokio::test]
async fn json_that_is_too_deep_is_no_json_and_takes_nothing_else_down() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let json = [("content-type", "application/json")];
    for depth in [200, 20_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let reply = kiosk.send(Method::POST, "/v1/responses", &json, Some(deep.clone())).await;
            // So deep an object is over the size of a body as well.
            assert!(matches!(reply.status, 400 | 413), "{reply:?}");
            reply.problem();
            let batch = format!("[{{\"id\":{deep}}},{}]", response(id(app.now), 4));
            let reply = kiosk.send(Method::POST, "/v1/responses/batch", &json, Some(batch)).await;
            if depth < 1000 {
                let items = reply.expect(200).json()["items"].clone();
                assert_eq!(
                    (&items[0]["outcome"], &items[1]["outcome"]),
                    (&json!("rejected"), &json!("created"))
                );
            } else {
                assert!(matches!(reply.status, 200 | 413), "{reply:?}");
            }
        }
    }
}
