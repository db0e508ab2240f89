//! Every reason to refuse an event.

use super::{event, opening};
use crate::support::TestApp;
use crate::support::clients::faults;
use crate::support::samples::with;
use serde_json::json;

#[tokio::test]
async fn every_fault_is_named_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin(Some("H56")).await;
    for (body, expected) in [
        (
            json!({}),
            vec![
                ("/basis", "missing_field"),
                ("/effective_on", "missing_field"),
                ("/id", "missing_field"),
                ("/kind", "missing_field"),
            ],
        ),
        (json!([]), vec![("", "wrong_type")]),
        (
            json!({ "id": "x", "kind": "rename", "effective_on": "2026-02-30", "basis": " ", "name": "a\u{0}", "agency": "H98", "parent": "H56" }),
            vec![
                ("/agency", "unknown_agency"),
                ("/basis", "missing_field"),
                ("/effective_on", "bad_format"),
                ("/id", "bad_format"),
                ("/name", "forbidden_character"),
                ("/parent", "unknown_field"),
            ],
        ),
        (event("dissolve", json!({})), vec![("/kind", "not_allowed")]),
        (event("open", json!({})), vec![("/open", "missing_field")]),
        (
            event(
                "open",
                json!({ "open": { "code": "H56.C1", "level": "city", "name": "", "unit_code": "1", "x": 1 } }),
            ),
            vec![
                ("/open/code", "code_taken"),
                ("/open/level", "not_allowed"),
                ("/open/name", "missing_field"),
                ("/open/parent", "missing_field"),
                ("/open/unit_code", "bad_format"),
                ("/open/x", "unknown_field"),
            ],
        ),
        (
            event("open", json!({ "open": opening("H56.C9", "H21") })),
            vec![("/open/parent", "unknown_agency")],
        ),
        (event("rename", json!({ "agency": "H21", "name": "x" })), vec![("/agency", "unknown_agency")]),
        (
            event("recode", json!({ "agency": "H56.C1", "unit_code": null })),
            vec![("/unit_code", "missing_field")],
        ),
        (event("move", json!({ "agency": "H56.C1" })), vec![("/parent", "missing_field")]),
        (event("move", json!({ "agency": "H56.C1", "parent": "H21" })), vec![("/parent", "unknown_agency")]),
        (event("move", json!({ "agency": "H56.C1", "parent": "H56.C1.X1" })), vec![("/parent", "circle")]),
        (event("move", json!({ "agency": "H56.C1", "parent": "H56.C1" })), vec![("/parent", "circle")]),
        (event("close", json!({ "agency": "H56.C1" })), vec![("/agency", "has_children")]),
        (
            event(
                "merge",
                json!({ "predecessors": ["H56.C2", "H56.C2", "H56.C3", 7, "H21"], "successor": "H56.C3" }),
            ),
            vec![
                ("/predecessors/1", "duplicate_field"),
                ("/predecessors/2", "into_itself"),
                ("/predecessors/3", "wrong_type"),
                ("/predecessors/4", "unknown_agency"),
            ],
        ),
        (
            event("merge", json!({ "predecessors": [], "successor": "H56.C3" })),
            vec![("/predecessors", "out_of_range")],
        ),
        (
            event("merge", json!({ "predecessors": "H56.C2" })),
            vec![("/predecessors", "wrong_type"), ("/successor", "missing_field")],
        ),
        (
            event("merge", json!({ "predecessors": ["H56.C1"], "successor": "H56.C1.X1" })),
            vec![("/successor", "circle")],
        ),
        (
            event(
                "merge",
                json!({ "predecessors": ["H56.C2"], "open": opening("H56.C9", "H56.C2"), "successor": "H56.C3" }),
            ),
            vec![("/open/parent", "circle"), ("/successor", "unknown_field")],
        ),
        (
            // What is below the merged moves below the new one, which cannot be below it.
            event("merge", json!({ "predecessors": ["H56.C1"], "open": opening("H56.C9", "H56.C1.X1") })),
            vec![("/open/parent", "circle")],
        ),
        (
            event(
                "split",
                json!({ "agency": "H56.C2", "successors": [{ "agency": "H56.C3", "share": "1/2" }, { "agency": "H56.C3", "share": "1/3" }] }),
            ),
            vec![("/successors", "shares_not_whole"), ("/successors/1", "duplicate_field")],
        ),
        (
            event(
                "split",
                json!({ "agency": "H56.C1", "successors": [{ "agency": "H56.C3", "share": "0.5", "x": 1 }] }),
            ),
            vec![
                ("/agency", "has_children"),
                ("/successors", "out_of_range"),
                ("/successors/0/share", "bad_format"),
                ("/successors/0/x", "unknown_field"),
            ],
        ),
        (
            event("split", json!({ "agency": "H56.C2", "successors": [1, {}] })),
            vec![
                ("/successors/0", "wrong_type"),
                ("/successors/1/agency", "missing_field"),
                ("/successors/1/share", "missing_field"),
            ],
        ),
        (
            with(
                event("rename", json!({ "agency": "H56.C2", "name": "x" })),
                "/effective_on",
                json!("2020-01-01"),
            ),
            vec![("/agency", "agency_not_there")],
        ),
    ] {
        let reply = admin.post("/v1/agency-events", &body).await.expect(422);
        assert_eq!(reply.faults(), faults(&expected), "{body}");
    }
    let count = app
        .sql()
        .await
        .query_one("SELECT count(*) FROM agency_events WHERE client_id IS NOT NULL", &[])
        .await
        .unwrap();
    assert_eq!(count.get::<_, i64>(0), 0, "nothing of what was refused is stored");
    let top = json!({ "open": { "code": "H99", "level": "province", "name": "Tỉnh Mới" } });
    assert_eq!(
        admin.post("/v1/agency-events", &event("open", top.clone())).await.expect(422).faults(),
        faults(&[("/open/parent", "missing_field")])
    );
    app.admin(None).await.post("/v1/agency-events", &event("open", top)).await.expect(201);
}
