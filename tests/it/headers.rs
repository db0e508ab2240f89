//! What browsers are told on every answer.

use crate::support::TestApp;

const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful() {
    let app = TestApp::start().await;
    for (path, status) in [
        ("/v1/surveys", 200),
        ("/v1/agencies?limit=x", 422),
        ("/nowhere", 404),
        ("/health/live", 200),
        ("/openapi.json", 200),
        ("/v1/agencies/H56/index?survey=demo-service&period=2026&format=csv", 200),
    ] {
        let reply = app.anonymous().get(path).await.expect(status);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("content-security-policy", NOTHING),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", ""),
        ] {
            assert_eq!(reply.header(name), value, "{path} {name}");
        }
    }
}

#[tokio::test]
async fn a_chart_may_be_embedded_and_the_documentation_runs_its_own_scripts_only() {
    let app = TestApp::start().await;
    let chart = "/v1/agencies/H56/index?survey=demo-service&period=2026&format=svg";
    let chart = app.anonymous().get(chart).await.expect(200);
    assert!(chart.header("content-type").starts_with("image/svg+xml"));
    assert_eq!(chart.header("cross-origin-resource-policy"), "cross-origin");
    let page = app.anonymous().get("/docs/").await.expect(200);
    let policy = page.header("content-security-policy").to_owned();
    assert!(policy.contains("script-src 'self';") && policy.contains("connect-src 'self'"), "{policy}");
    // What that policy would block is not in the page.
    for tag in page.text.split('<').filter(|tag| tag.starts_with("script")) {
        assert!(tag.contains("src=\"./"), "an inline script: {tag}");
    }
    assert!(!page.text.contains(" onload=") && !page.text.contains("<base"), "{}", page.text);
}
