//! Agencies, surveys and responses that are valid unless a test spoils them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sipas::catalogue::{Source, built_in, demonstration};
use uuid::Uuid;

/// Codes of the 19 criteria of `sipas-service-2022`, written out: a test must not learn them from the service.
pub const CRITERIA: [&str; 19] = [
    "access.information",
    "access.signage",
    "access.premises",
    "access.equipment",
    "procedure.published",
    "procedure.documents",
    "procedure.fees",
    "procedure.time_limit",
    "official.polite",
    "official.answers",
    "official.guidance",
    "official.rules",
    "official.dedicated",
    "result.on_time",
    "result.accurate",
    "result.fair",
    "feedback.channel",
    "feedback.handled",
    "feedback.notified",
];

/// Codes of the criteria of `desk-2018`.
pub const DESK_CRITERIA: [&str; 4] = ["desk.total_time", "desk.contacts", "desk.agencies", "desk.attitude"];

const EXTRA: &str = r#"
agencies = [
    { code = "H56.C1.X1", level = "commune", name = "Đội mẫu", parent = "H56.C1", valid_from = "2025-07-01", sample = true },
    { code = "H90", level = "province", name = "Tỉnh đã sáp nhập (mẫu)", valid_from = "2020-01-01", valid_to = "2026-07-01", sample = true },
]
service_points = [
    { code = "MC-OLD", agency = "H56.C2", name = "Điểm cũ (mẫu)", valid_from = "2025-07-01", valid_to = "2026-01-01", sample = true },
]

[[surveys]]
code = "closed"
name = { vi = "Đã đóng", en = "Closed" }
questionnaire = "sipas-service-2022"
version = 1
opens_on = "2026-01-01"
closes_on = "2026-07-01"
agencies = ["H56", "H90"]
sample = true

[[surveys]]
code = "planned"
name = { vi = "Chưa mở", en = "Planned" }
questionnaire = "sipas-service-2022"
version = 1
opens_on = "2026-08-01"
agencies = ["H56.C2"]
sample = true
"#;

/// The catalogue of every test.
pub fn catalogue() -> Vec<Source> {
    let mut sources = built_in();
    sources.extend([demonstration(), source("extra.toml", EXTRA)]);
    sources
}

pub fn source(name: &str, text: &str) -> Source {
    Source { name: name.into(), text: text.into() }
}

/// A UUIDv7 of an instant, made by other means than the service's own.
pub fn id(at: DateTime<Utc>) -> Uuid {
    let tail = u128::from(rand::random::<u64>()) >> 2 | 1 << 63;
    let middle = u128::from(rand::random::<u16>()) & 0x0fff | 0x7000;
    Uuid::from_u128((at.timestamp_millis() as u128) << 80 | middle << 64 | tail)
}

/// A response to `demo-service` that rates H56.C1 at its own desk, every criterion at `level`.
pub fn response(id: Uuid, level: u8) -> Value {
    let answers: serde_json::Map<_, _> =
        CRITERIA.iter().map(|code| ((*code).to_owned(), json!(level))).collect();
    json!({
        "id": id, "survey": "demo-service", "rated_agency": "H56.C1", "service_point": "MC-H56-C1", "answers": answers,
    })
}

/// A response to `demo-desk` that rates H56.C1, every indicator with the same points.
pub fn desk_response(id: Uuid, points: [Option<u8>; 4]) -> Value {
    let answers: serde_json::Map<_, _> =
        DESK_CRITERIA.iter().zip(points).map(|(code, points)| ((*code).to_owned(), json!(points))).collect();
    json!({
        "id": id, "survey": "demo-desk", "rated_agency": "H56.C1", "service_point": "MC-H56-C1", "answers": answers,
    })
}

/// Spoils or extends a response.
pub fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[key] = value;
    body
}

/// Takes a field out of a response.
pub fn without(mut body: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).expect("the field was there");
    body
}
