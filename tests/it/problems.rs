//! Every refusal is a problem document, also those the framework makes.

use crate::support::TestApp;
use crate::support::samples::{id, response};
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn whatever_cannot_be_read_is_refused_as_a_problem() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let json = [("content-type", "application/json")];
    for body in
        ["", "{", "{\"a\":}", "nul", "{\"a\":1}}", "\u{feff}{}", "{\"a\": \"\\ud800\"}", &"[".repeat(5000)]
    {
        let reply = kiosk.send(Method::POST, "/v1/responses", &json, Some(body)).await.expect(400);
        assert_eq!(reply.problem(), "malformed_json", "{body:.20}");
    }
    for content_type in ["text/plain", "application/xml", "", "application/jsonx"] {
        let headers = [("content-type", content_type)];
        let body = Some(response(id(app.now), 4).to_string());
        let reply = kiosk.send(Method::POST, "/v1/responses", &headers, body).await.expect(415);
        assert_eq!(reply.problem(), "unsupported_media_type", "{content_type}");
    }
    let parameters = [("content-type", "Application/JSON; charset=utf-8")];
    let body = Some(response(id(app.now), 4).to_string());
    kiosk.send(Method::POST, "/v1/responses", &parameters, body).await.expect(201);
    let large = json!({"comment": "a".repeat(70_000)});
    assert_eq!(kiosk.post("/v1/responses", &large).await.expect(413).problem(), "body_too_large");
    assert_eq!(app.anonymous().get("/v1/agencies?q=%ff").await.expect(400).problem(), "malformed_query");
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_told_apart() {
    let app = TestApp::start().await;
    for path in
        ["/v1", "/v2/responses", "/v1/agencies/H56/", "/v1/agencies/H56/index/x", "/%2e%2e/etc/passwd"]
    {
        assert_eq!(app.anonymous().get(path).await.expect(404).problem(), "route_not_found", "{path}");
    }
    for (method, path, allow) in [
        (Method::GET, "/v1/responses/batch", "POST"),
        (Method::DELETE, "/v1/agencies", "GET, HEAD"),
        (Method::PUT, "/v1/agencies/H56", "GET, HEAD"),
        (Method::PATCH, "/v1/agencies/H56/index", "GET, HEAD"),
        (Method::GET, "/oauth/token", "POST"),
        (Method::POST, "/", "GET, HEAD"),
        (Method::DELETE, "/kiosk", "GET, HEAD"),
    ] {
        let reply = app.anonymous().send(method, path, &[], None::<String>).await.expect(405);
        assert_eq!(
            (reply.problem().as_str(), reply.header("allow")),
            ("method_not_allowed", allow),
            "{path}"
        );
    }
    let head = raw(&app, "HEAD /v1/agencies/H56 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(
        head.starts_with("HTTP/1.1 200") && head.contains("etag:") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
}

/// Sends bytes as they are and reads until the service closes the connection.
pub async fn raw(app: &TestApp, request: &str) -> String {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_body_is_not_read_before_the_token_and_not_waited_for_without_end() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let head =
        "POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n";
    let started = std::time::Instant::now();
    let anonymous = raw(&app, &format!("{head}\r\n{{")).await;
    assert!(anonymous.starts_with("HTTP/1.1 401") && anonymous.contains("token_missing"), "{anonymous}");
    assert!(started.elapsed().as_secs() < 10, "refused before the body came");
    let slow = raw(&app, &format!("{head}Authorization: Bearer {}\r\n\r\n{{", kiosk.bearer())).await;
    assert!(slow.starts_with("HTTP/1.1 408") && slow.contains("body_timeout"), "{slow}");
    let gzip = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let reply = kiosk.send(Method::POST, "/v1/responses", &gzip, Some("{}")).await.expect(415);
    assert_eq!(reply.problem(), "unsupported_media_type");
    let bad = app.anonymous().post("/v1/responses", &json!([])).await.expect(401);
    assert_eq!(bad.problem(), "token_missing");
}

#[tokio::test]
async fn no_words_of_the_inside_reach_the_outside() {
    let app = TestApp::start().await;
    app.sql().await.batch_execute("ALTER TABLE tallies RENAME TO gone").await.unwrap();
    let reply =
        app.anonymous().get("/v1/agencies/H56/index?survey=demo-service&period=2026").await.expect(500);
    assert_eq!(reply.problem(), "internal");
    for word in ["tallies", "relation", "SQL", "postgres"] {
        assert!(!reply.text.contains(word), "{}", reply.text);
    }
}
