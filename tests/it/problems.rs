//! Every refusal is a problem document, also those the framework makes.

use crate::support::TestApp;
use crate::support::samples::{id, response};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn whatever_cannot_be_read_is_refused_as_a_problem() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let json = [("content-type", "application/json")];
    for body in
        ["", "{", "{\"a\":}", "nul", "{\"a\":1}}", "\u{feff}{}", "{\"a\": \"\\ud800\"}", &"[".repeat(5000)]
    {
        let reply = kiosk.send(Method::POST, "/v1/responses", &json, Some(body.into())).await.expect(400);
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
        ["/", "/v1", "/v2/responses", "/v1/agencies/H56/", "/v1/agencies/H56/index/x", "/%2e%2e/etc/passwd"]
    {
        assert_eq!(app.anonymous().get(path).await.expect(404).problem(), "route_not_found", "{path}");
    }
    for (method, path, allow) in [
        (Method::GET, "/v1/responses", "POST"),
        (Method::DELETE, "/v1/agencies", "GET, HEAD"),
        (Method::PUT, "/v1/agencies/H56", "GET, HEAD"),
        (Method::PATCH, "/v1/agencies/H56/index", "GET, HEAD"),
        (Method::GET, "/oauth/token", "POST"),
    ] {
        let reply = app.anonymous().send(method, path, &[], None).await.expect(405);
        assert_eq!(
            (reply.problem().as_str(), reply.header("allow")),
            ("method_not_allowed", allow),
            "{path}"
        );
    }
    let head = app.anonymous().send(Method::HEAD, "/v1/agencies/H56", &[], None).await.expect(200);
    assert!(head.text.is_empty() && !head.header("etag").is_empty());
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
