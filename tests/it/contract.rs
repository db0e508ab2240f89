//! The contract is what the code says, and what is checked in.

use crate::support::TestApp;
use crate::support::samples::{id, response, with};
use serde_json::{Value, json};
use sipas::{app, http};
use std::path::Path;

fn checked_in(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi").join(name))
        .unwrap_or_default()
}

fn document() -> Value {
    serde_json::to_value(app::contract()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(|(method, operation)| (method.clone(), path.clone(), operation.clone()))
        })
        .collect()
}

#[test]
fn the_checked_in_contract_is_current() {
    let fresh = app::contract().to_pretty_json().unwrap() + "\n";
    assert_eq!(checked_in("sipas.json"), fresh, "stale: run `cargo contract`");
    assert_eq!(checked_in("errors.md"), http::openapi::errors_markdown(), "stale: run `cargo contract`");
}

#[test]
fn every_operation_is_described() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    for (method, path, operation) in operations(&document) {
        let name = format!("{method} {path}");
        for field in ["operationId", "summary", "tags"] {
            assert!(!operation[field].is_null(), "{name} has no {field}");
        }
        for (status, reply) in operation["responses"].as_object().unwrap() {
            assert!(!reply["description"].as_str().unwrap_or_default().is_empty(), "{name} {status}");
            if ["204", "304"].contains(&status.as_str()) {
                continue;
            }
            let content =
                reply["content"].as_object().unwrap_or_else(|| panic!("{name} {status} has no content"));
            let expected = match status.starts_with('2') {
                true if path == "/metrics" => "text/plain",
                true if path.ends_with("/export") => "application/x-ndjson",
                true if path.ends_with("/package") => "application/x-tar",
                true if path.ends_with("/report") || path.ends_with("/reports/{id}") => "text/html",
                true => "application/json",
                false => "application/problem+json",
            };
            assert!(content.contains_key(expected), "{name} {status}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let described = parameter["in"] == "path" || !parameter["description"].is_null();
            assert!(described, "{name}: {parameter}");
        }
    }
}

#[test]
fn every_reference_of_the_contract_leads_somewhere() {
    fn references(node: &Value, found: &mut Vec<String>) {
        match node {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| match value.as_str() {
                Some(target) if name == "$ref" => found.push(target.to_owned()),
                _ => references(value, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let (document, mut found) = (document(), Vec::new());
    references(&document, &mut found);
    assert!(found.iter().any(|target| target.ends_with("/ProblemBody")));
    for target in found {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{target}");
    }
}

#[tokio::test]
async fn the_served_contract_is_the_same_and_its_page_needs_no_other_host() {
    let app = TestApp::start().await;
    assert_eq!(app.anonymous().get("/openapi.json").await.expect(200).json(), document());
    let page = app.anonymous().get("/docs").await.expect(200);
    assert!(page.text.contains("swagger-ui"));
    assert!(!page.text.contains("https://") && !page.text.contains("//cdn"), "{}", page.text);
    for part in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        let part = app.anonymous().get(&format!("/docs/{part}")).await.expect(200);
        assert!(!part.text.is_empty());
    }
}

/// The documented body and the reader of bodies are two pieces of code; here they meet.
#[tokio::test]
async fn every_documented_field_is_read_and_every_read_field_documented() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let document = document();
    let schema = &document["components"]["schemas"]["ResponseBody"];
    let properties = schema["properties"].as_object().unwrap();
    assert_eq!(schema["additionalProperties"], false);
    for name in properties.keys() {
        let body = with(response(id(app.now), 4), &format!("/{name}"), json!([]));
        let reply = kiosk.post("/v1/responses", &body).await.expect(422);
        let fault = (format!("/{name}"), "wrong_type".to_owned());
        assert!(reply.faults().contains(&fault), "{name}: {}", reply.text);
    }
    let read = [
        "id",
        "survey",
        "rated_agency",
        "service_point",
        "device_seq",
        "visit",
        "form",
        "answers",
        "channel",
        "procedure",
        "gender",
        "age_band",
        "assisted_by_staff",
        "comment",
    ];
    assert_eq!(properties.keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(), read.into());
    let required: Vec<_> =
        schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(required, ["survey", "rated_agency", "answers"]);
}

#[tokio::test]
async fn what_the_contract_shows_as_a_body_is_accepted() {
    let app = TestApp::start().await;
    let example = |name: &str| document()["components"]["schemas"][name]["example"].clone();
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    kiosk.post("/v1/responses", &example("ResponseBody")).await.expect(201);
    app.admin(None).await.post("/v1/agency-events", &example("AgencyEventBody")).await.expect(201);
}

#[tokio::test]
async fn every_documented_parameter_is_known_and_no_other() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    for (method, path, operation) in operations(&document()) {
        if method != "get" || !path.starts_with("/v1") {
            continue;
        }
        let url = path
            .replace("/agencies/{code}", "/agencies/H56")
            .replace("/formulas/{id}", "/formulas/satisfied-share")
            .replace("/surveys/{code}", "/surveys/demo-service");
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let names = parameters.iter().filter(|parameter| parameter["in"] == "query");
        let names: Vec<String> =
            names.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect();
        let query: Vec<String> = names.iter().map(|name| format!("{name}=%01")).collect();
        let reply = admin.get(&format!("{url}?{}&surely_unknown=1", query.join("&"))).await.expect(422);
        let unknown: Vec<_> =
            reply.faults().into_iter().filter(|(_, code)| code == "unknown_field").collect();
        assert_eq!(unknown, [("surely_unknown".to_owned(), "unknown_field".to_owned())], "{path}");
    }
}
