//! Short forms: a survey may ask a few criteria alone. Whichever way such a response comes, it is held against its form,
//! stored like one that left the rest out, and counts where it was asked and nowhere else.

use crate::flags::judged;
use crate::support::clients::faults;
use crate::support::samples::{id, response, source, with};
use crate::support::{Client, TestApp};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sipas::error::ErrorCode;
use sipas::service::catalogue::{Loaded, load};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Criteria of `demo-overall-2026`, of which the first is the short form of `demo-short`.
const CRITERIA: [&str; 5] =
    ["overall.visit", "visit.guidance", "visit.attitude", "visit.waiting", "visit.complaint"];

const YEAR: &str = "survey=demo-short&from=2020-01-01&to=2100-01-01";

/// One touch.
fn short(id: Uuid, level: u8) -> Value {
    json!({"id": id, "survey": "demo-short", "rated_agency": "H56.C1", "service_point": "MC-H56-C1", "form": "short",
           "answers": {"overall.visit": level}})
}

fn full(id: Uuid, level: u8) -> Value {
    let answers: serde_json::Map<_, _> =
        CRITERIA.iter().map(|code| ((*code).to_owned(), json!(level))).collect();
    with(with(short(id, level), "/form", json!("full")), "/answers", json!(answers))
}

/// A survey of the four indicators of the desk, none of which must be answered.
fn desk_survey(short_form: &str) -> String {
    format!(
        r#"
        [[surveys]]
        code = "short-desk"
        name = {{ vi = "Ngắn", en = "Short" }}
        questionnaire = "desk-2018"
        version = 1
        opens_on = "2026-07-01"
        agencies = ["H56"]
        short_form = {short_form}
    "#
    )
}

async fn enter(app: &TestApp, text: &str) -> Result<Loaded, sipas::error::Error> {
    let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
    load(&db, &[source("short.toml", text)]).await
}

/// n of every criterion of `demo-short`.
fn ns(index: &Value) -> Vec<Value> {
    let elements = index["elements"].as_array().unwrap().iter();
    elements.flat_map(|one| one["criteria"].as_array().unwrap()).map(|one| one["n"].clone()).collect()
}

#[tokio::test]
async fn a_survey_tells_its_short_form_and_takes_both() {
    let app = TestApp::start().await;
    let of = async |code: &str| app.anonymous().get(&format!("/v1/surveys/{code}")).await.expect(200).json();
    assert_eq!(of("demo-short").await["short_form"], json!(["overall.visit"]));
    assert_eq!(of("demo-service").await["short_form"], Value::Null);
    let (kiosk, admin) = (app.device("H56.C1", "MC-H56-C1").await, app.admin(None).await);
    let one = id(app.now - TimeDelta::minutes(3));
    kiosk.post("/v1/responses", &short(one, 5)).await.expect(201);
    assert_eq!(kiosk.post("/v1/responses", &short(one, 5)).await.expect(200).json()["replayed"], true);
    assert_eq!(kiosk.post("/v1/responses", &short(one, 1)).await.expect(409).problem(), "response_conflict");
    // What was not asked is told as not answered.
    let deadline = Instant::now() + Duration::from_secs(20);
    let item = loop {
        let items = admin.get("/v1/responses").await.expect(200).json()["items"].clone();
        if let Some(item) = items.as_array().and_then(|items| items.first()) {
            break item.clone();
        }
        assert!(Instant::now() < deadline, "nobody folds");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let answers = json!({"overall.visit": 5, "visit.guidance": null, "visit.attitude": null, "visit.waiting": null,
                         "visit.complaint": null});
    assert_eq!((&item["answers"], item.get("form")), (&answers, None));
    kiosk.post("/v1/responses", &full(id(app.now), 2)).await.expect(201);
    let index = admin.index("H56.C1", YEAR).await;
    assert_eq!(index["whole"]["n"], 2);
    assert_eq!(ns(&index), [2, 1, 1, 1, 1]);
    assert_eq!(index["elements"][1]["n"], 1);
    assert_eq!(index["elements"][1]["criteria"][0]["not_applicable"], 1);
    // The mean of the criteria, each of whoever was asked it: one in two, and four times nobody.
    assert_eq!((&index["whole"]["value"], &index["elements"][0]["value"]), (&json!(10.0), &json!(50.0)));
}

#[tokio::test]
async fn a_short_response_answers_what_its_form_asks_and_nothing_else() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let refused = async |body: &Value| kiosk.post("/v1/responses", body).await.expect(422).faults();
    let body =
        |form: Value, answers: Value| with(with(short(id(app.now), 5), "/form", form), "/answers", answers);
    let strangers = json!({"visit.guidance": 4, "visit.complaint": null, "no.such": 4});
    assert_eq!(
        refused(&body(json!("short"), strangers)).await,
        faults(&[
            ("/answers/no.such", "unknown_criterion"),
            ("/answers/overall.visit", "missing_answer"),
            ("/answers/visit.complaint", "not_in_short_form"),
            ("/answers/visit.guidance", "not_in_short_form"),
        ])
    );
    let null = json!({"overall.visit": null});
    assert_eq!(
        refused(&body(json!("short"), null)).await,
        faults(&[("/answers/overall.visit", "not_applicable_refused")])
    );
    // Without a form that is known nothing can be said about the answers.
    for form in [json!("medium"), json!(1)] {
        let fault = if form.is_string() { "not_allowed" } else { "wrong_type" };
        assert_eq!(refused(&body(form, json!({}))).await, faults(&[("/form", fault)]));
    }
    let none = with(response(id(app.now), 5), "/form", json!("short"));
    assert_eq!(refused(&none).await, faults(&[("/form", "no_short_form")]));
    kiosk.post("/v1/responses", &with(none, "/form", json!("full"))).await.expect(201);
    // Which form is meant has to be said: the answers of a short one are not enough for the full one.
    for form in [json!("full"), Value::Null] {
        let missing =
            CRITERIA[1..4].iter().map(|code| (format!("/answers/{code}"), "missing_answer".to_owned()));
        let mut missing: Vec<_> = missing.collect();
        missing.sort();
        assert_eq!(refused(&body(form, json!({"overall.visit": 5}))).await, missing);
    }
    for (language, text) in
        [("vi", "Phiếu ngắn không hỏi tiêu chí này."), ("en", "The short form does not ask this criterion.")]
    {
        let body = body(json!("short"), json!({"overall.visit": 5, "visit.waiting": 1}));
        let reply =
            kiosk.post_with("/v1/responses", &body, &[("accept-language", language)]).await.expect(422);
        assert_eq!(reply.json()["errors"][0]["detail"], text);
    }
}

#[tokio::test]
async fn the_form_is_no_content_but_what_was_answered_is() {
    let app = TestApp::start().await;
    enter(&app, &desk_survey(r#"["desk.contacts"]"#)).await.unwrap();
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let body = |id: Uuid, form: &str, answers: Value| json!({"id": id, "survey": "short-desk", "rated_agency": "H56.C1", "form": form, "answers": answers});
    let (contacts, more) = (json!({"desk.contacts": 1}), json!({"desk.contacts": 1, "desk.attitude": 2}));
    let (one, two) = (id(app.now), id(app.now));
    for (id, first, again) in [(one, "short", "full"), (two, "full", "short")] {
        kiosk.post("/v1/responses", &body(id, first, contacts.clone())).await.expect(201);
        kiosk.post("/v1/responses", &body(id, again, contacts.clone())).await.expect(200);
        let other = kiosk.post("/v1/responses", &body(id, "full", more.clone())).await.expect(409);
        assert_eq!(other.problem(), "response_conflict");
    }
}

#[tokio::test]
async fn in_bulk_and_by_visits_it_is_the_same() {
    let app = TestApp::start().await;
    let system = app.system(Some("H56")).await;
    let known = id(app.now);
    let bodies = [
        short(known, 4),
        full(id(app.now), 3),
        short(known, 4),
        full(known, 4),
        with(short(id(app.now), 4), "/answers/visit.waiting", json!(4)),
        with(short(id(app.now), 4), "/form", json!("full")),
    ];
    let reply = system.post_batch(&bodies).await.expect(200).json();
    let outcomes: Vec<&str> =
        reply["items"].as_array().unwrap().iter().map(|item| item["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["created", "created", "replayed", "conflict", "rejected", "rejected"]);
    assert_eq!(reply["items"][4]["problem"]["errors"][0]["code"], "not_in_short_form");

    let errand = json!({"survey": "demo-short", "rated_agency": "H56.C1", "service_point": "MC-H56-C1"});
    let issued = system.post("/v1/visits", &errand).await.expect(201).json();
    let citizen = app.anonymous().with_token(issued["items"][0]["token"].as_str().unwrap());
    let body = short(id(app.now), 5);
    let wrong = with(body.clone(), "/answers/visit.waiting", json!(5));
    let told = citizen.post("/v1/responses", &wrong).await.expect(422).faults();
    assert_eq!(told, faults(&[("/answers/visit.waiting", "not_in_short_form")]));
    citizen.post("/v1/responses", &body).await.expect(201);
    let index = app.admin(None).await.index("H56.C1", YEAR).await;
    assert_eq!(ns(&index), [3, 1, 1, 1, 1]);
}

#[tokio::test]
async fn a_short_form_names_criteria_of_its_questionnaire_once_and_never_changes() {
    let app = TestApp::start().await;
    let refused = async |form: &str| enter(&app, &desk_survey(form)).await.unwrap_err();
    for (form, line) in [
        ("[]", "survey short-desk: short_form: 0 criteria; 1 to 5 are possible"),
        (r#"["a", "b", "c", "d", "e", "f"]"#, "short_form: 6 criteria; 1 to 5 are possible"),
        (r#"["desk.contacts", "desk.contacts"]"#, "short_form: desk.contacts stands twice"),
    ] {
        let error = refused(form).await;
        assert_eq!(error.code, ErrorCode::ValidationFailed);
        assert!(error.detail.as_ref().unwrap().contains(line), "{:?}", error.detail);
    }
    let error = refused(r#"["desk.contacts", "access.signage", "overall.visit"]"#).await;
    assert_eq!(error.code, ErrorCode::CatalogueConflict);
    let detail = error.detail.unwrap();
    for code in ["access.signage", "overall.visit"] {
        let line =
            format!("survey short-desk: short_form: its questionnaire version has no criterion {code}");
        assert!(detail.contains(&line), "{detail}");
    }
    let order = desk_survey(r#"["desk.contacts", "desk.agencies"]"#);
    assert_eq!(enter(&app, &order).await.unwrap(), Loaded { surveys: 1, ..Loaded::default() });
    assert_eq!(enter(&app, &order).await.unwrap(), Loaded::default());
    for other in [r#"["desk.agencies", "desk.contacts"]"#, r#"["desk.contacts"]"#] {
        assert_eq!(refused(other).await.code, ErrorCode::CatalogueConflict);
    }
    let none = order.lines().filter(|line| !line.contains("short_form")).collect::<Vec<_>>().join("\n");
    assert_eq!(enter(&app, &none).await.unwrap_err().code, ErrorCode::CatalogueConflict);
    // The database has the last word.
    for form in ["'{}'", "'{a,b,c,d,e,f}'", "ARRAY['a', NULL]"] {
        let sql = format!("UPDATE surveys SET short_form = {form} WHERE code = 'short-desk'");
        let error = app.sql().await.execute(&sql, &[]).await.unwrap_err();
        assert_eq!(error.as_db_error().unwrap().constraint(), Some("surveys_short_form_check"), "{form}");
    }
}

#[tokio::test]
async fn many_who_answer_one_question_alike_and_quickly_are_not_flagged() {
    let app = TestApp::start_with(&["--flag-rules", "identical,speed", "--flag-identical-row", "3"]).await;
    let (kiosk, admin) = (app.device("H56.C1", "MC-H56-C1").await, app.admin(None).await);
    for one in 0..12 {
        kiosk
            .post("/v1/responses", &short(id(app.now - TimeDelta::seconds(100 + 4 * one)), 5))
            .await
            .expect(201);
    }
    // The full form of five criteria takes five seconds, also after a short one.
    let quick = id(app.now - TimeDelta::seconds(97));
    kiosk.post("/v1/responses", &full(quick, 5)).await.expect(201);
    judged(&app).await;
    let flags = admin.get("/v1/flags").await.expect(200).json();
    let flags: Vec<_> = flags["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["response_id"].clone(), item["rule"].clone()))
        .collect();
    assert_eq!(flags, [(json!(quick), json!("speed"))]);
}

/// Twelve in each of two communes answer the one question, in the second nine of them all the others too.
async fn communes(app: &TestApp) {
    let system: Client = app.system(Some("H56")).await;
    let mut bodies = Vec::new();
    for one in 0..24 {
        let at = id(app.now - TimeDelta::days(20) - TimeDelta::minutes(one));
        let (agency, desk) = if one < 12 { ("H56.C1", "MC-H56-C1") } else { ("H56.C2", "MC-H56-C2") };
        let body = if one < 21 { full(at, 4) } else { short(at, 4) };
        bodies.push(with(with(body, "/rated_agency", json!(agency)), "/service_point", json!(desk)));
    }
    let reply = system.post_batch(&bodies).await.expect(200).json();
    assert_eq!(reply["counts"]["created"], 24, "{reply}");
}

#[tokio::test]
async fn the_public_learns_nothing_of_too_few_who_took_the_full_form() {
    let app = TestApp::start().await;
    communes(&app).await;
    let seen = async |agency: &str| {
        let path = format!("/v1/agencies/{agency}/index?survey=demo-short&period=2026-06");
        ns(&app.anonymous().get(&path).await.expect(200).json())
    };
    let few = seen("H56.C2").await;
    assert_eq!(few, [json!(12), Value::Null, Value::Null, Value::Null, Value::Null]);
    // Twenty-one below the province less twelve in the other commune would be the nine.
    let (one, all) = (seen("H56.C1").await, seen("H56").await);
    assert_eq!((&one[0], &all[0]), (&json!(12), &json!(24)));
    for place in 1..5 {
        assert!(one[place].is_null() || all[place].is_null(), "{place}: {one:?}, {all:?}");
    }
    let admin = app.admin(None).await;
    assert_eq!(ns(&admin.index("H56", "survey=demo-short&period=2026-06").await), [24, 21, 21, 21, 21]);
}
