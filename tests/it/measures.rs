//! The measures there are, with what of each is verified.

use crate::support::TestApp;
use serde_json::{Value, json};

#[tokio::test]
async fn every_measure_says_what_of_it_is_verified() {
    let app = TestApp::start().await;
    let anybody = app.anonymous();
    let list = anybody.get("/v1/measures").await.expect(200).json();
    let items = list["items"].as_array().unwrap();
    let codes: Vec<&str> = items.iter().map(|item| item["code"].as_str().unwrap()).collect();
    assert_eq!(codes[..8], ["par", "sipas", "papi", "pci", "ict", "dti", "cchc-sub", "766"]);
    assert!(codes[8..].iter().all(|code| code.starts_with("766.")) && codes.len() == 14);
    for item in items {
        let marks: Vec<&str> =
            item["facts"].as_array().unwrap().iter().map(|fact| fact["mark"].as_str().unwrap()).collect();
        assert!(
            !marks.is_empty() && marks.iter().all(|mark| ["verified", "assumed"].contains(mark)),
            "{item}"
        );
    }
    // Bounds stand only where they are verified: nobody is refused by general knowledge.
    let of = |code: &str| items.iter().find(|item| item["code"] == code).unwrap().clone();
    for code in ["papi", "pci", "ict", "dti", "cchc-sub"] {
        assert_eq!(of(code)["scale"], json!({"min": null, "max": null}), "{code}");
    }
    assert_eq!(of("766.mdhl")["scale"], json!({"min": 0.0, "max": 18.0}));
    assert_eq!((&of("766.mdhl")["parent"], &of("766.mdhl")["frequency"]), (&"766".into(), &"month".into()));
    assert_eq!(of("sipas")["breaks"][0]["first_period"], "2022");
    let one = anybody.get("/v1/measures/sipas").await.expect(200);
    assert_eq!(one.json(), of("sipas"));
    let again = anybody.get_with("/v1/measures/sipas", &[("if-none-match", one.header("etag"))]).await;
    assert_eq!(again.status, 304);
    for code in ["none", "PAR", "%20"] {
        let reply = anybody.get(&format!("/v1/measures/{code}")).await.expect(404);
        assert_eq!(reply.problem(), "measure_not_found");
    }
    assert_eq!(anybody.get("/v1/measures?x=1").await.status, 422);
    assert_ne!(of("par")["breaks"], Value::Null);
}
