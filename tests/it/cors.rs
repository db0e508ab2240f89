//! Web pages of other origins, as browsers ask for them.

use crate::support::TestApp;
use crate::support::clients::Reply;
use reqwest::Method;

const PORTAL: &str = "https://portal.example.vn";
const STRANGER: &str = "https://stranger.example";

async fn preflight(app: &TestApp, origin: &str, method: &str) -> Reply {
    let headers = [("origin", origin), ("access-control-request-method", method)];
    app.anonymous().send(Method::OPTIONS, "/v1/responses", &headers, None::<String>).await
}

fn allowed(reply: &Reply) -> &str {
    assert_eq!(reply.header("access-control-allow-credentials"), "", "never with cookies");
    reply.header("access-control-allow-origin")
}

#[tokio::test]
async fn anybody_may_read_public_figures_and_nothing_else() {
    let app = TestApp::start().await;
    let reply = app.anonymous().get_with("/v1/surveys", &[("origin", STRANGER)]).await.expect(200);
    assert_eq!(allowed(&reply), "*");
    assert!(reply.header("access-control-expose-headers").contains("ETag"));
    let refused = app.anonymous().get_with("/v1/surveys?x=1", &[("origin", STRANGER)]).await.expect(422);
    assert_eq!(allowed(&refused), "*", "also a refusal can be read");
    let read = preflight(&app, STRANGER, "GET").await.expect(204);
    assert_eq!((allowed(&read), read.header("access-control-allow-methods")), ("*", "GET, HEAD"));
    assert!(!read.header("access-control-allow-headers").contains("Authorization"));
    assert_eq!(allowed(&preflight(&app, STRANGER, "POST").await.expect(204)), "");
    let admin = app.admin(None).await;
    let reply = admin.get_with("/v1/surveys", &[("origin", STRANGER)]).await.expect(200);
    assert_eq!(allowed(&reply), "");
    // Without the question of a browser it is a method like any other.
    let options = app.anonymous().send(Method::OPTIONS, "/v1/surveys", &[], None::<String>).await;
    assert_eq!(options.expect(405).problem(), "method_not_allowed");
}

#[tokio::test]
async fn configured_origins_may_do_everything() {
    let app = TestApp::start_with(&["--cors-origins", PORTAL]).await;
    let admin = app.admin(None).await;
    let reply = admin.get_with("/v1/surveys", &[("origin", PORTAL)]).await.expect(200);
    assert_eq!(allowed(&reply), PORTAL);
    let vary: Vec<_> = reply.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(vary.iter().any(|value| value.contains("Origin")), "{vary:?}");
    let write = preflight(&app, PORTAL, "POST").await.expect(204);
    assert_eq!(allowed(&write), PORTAL);
    assert!(write.header("access-control-allow-headers").contains("Authorization"));
    assert_eq!(write.header("access-control-allow-methods"), "GET, HEAD, PATCH, POST, PUT");
    for stranger in
        [STRANGER, "null", "https://portal.example.vn.stranger.example", "http://portal.example.vn"]
    {
        assert_eq!(allowed(&preflight(&app, stranger, "GET").await.expect(204)), "", "{stranger}");
        let reply = app.anonymous().get_with("/v1/surveys", &[("origin", stranger)]).await.expect(200);
        assert_eq!(allowed(&reply), "", "{stranger}");
    }
}
