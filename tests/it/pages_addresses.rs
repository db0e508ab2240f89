//! What stands in the address of a page: parameters of others, and addresses where nothing is.

use crate::support::TestApp;
use crate::support::clients::faults;

#[tokio::test]
async fn pages_ignore_where_a_reader_came_from_and_the_api_does_not() {
    let app = TestApp::start().await;
    let anybody = app.anonymous();
    let from = "fbclid=IwAR0&gclid=1&utm_source=zalo&utm_medium=social&utm_campaign=x";
    for path in ["/", "/series", "/ranking", "/agencies", "/method"] {
        let page = anybody.get(&format!("{path}?{from}")).await.expect(200).text;
        assert!(!page.contains("fbclid") && !page.contains("utm_"), "{path}: {page}");
        anybody.get(&format!("{path}?fbclidx=1")).await.expect(422);
    }
    let refused = anybody.get("/v1/agencies?fbclid=x&utm_source=y").await.expect(422);
    assert_eq!(refused.faults(), faults(&[("fbclid", "unknown_field"), ("utm_source", "unknown_field")]));
}

#[tokio::test]
async fn a_browser_gets_a_page_where_there_is_none_and_a_program_a_problem() {
    let app = TestApp::start().await;
    let anybody = app.anonymous();
    let long = format!("/?q={}", "x".repeat(9000));
    let browser = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    for (path, status, code) in [
        ("/khong-co", 404, "route_not_found"),
        ("/agencies?q=%ff", 400, "malformed_query"),
        (long.as_str(), 414, "uri_too_long"),
    ] {
        let page = anybody.get_with(path, &[browser]).await.expect(status);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{page:?}");
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(
            page.text.contains("<html lang=\"vi\">") && page.text.contains("Về trang đầu"),
            "{}",
            page.text
        );
        let english = anybody.get_with(path, &[browser, ("accept-language", "en-GB")]).await.expect(status);
        assert!(english.text.contains("<html lang=\"en\">"), "{}", english.text);
        assert_eq!(anybody.get(path).await.expect(status).problem(), code);
    }
    // What programs ask for is answered to a browser as to them.
    for path in ["/v1/none", "/oauth/none", "/health/none"] {
        assert_eq!(anybody.get_with(path, &[browser]).await.expect(404).problem(), "route_not_found");
    }
}
