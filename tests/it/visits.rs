//! One visit rates once: tokens from a receipt, from the citizen's own phone or scanned at a kiosk.

use crate::support::clients::faults;
use crate::support::samples::{id, response, source, with, without};
use crate::support::{Client, TestApp};
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sipas::domain::client::ClientKind;
use std::time::Duration;

/// A visit at the desk of H56.C1.
fn errand() -> Value {
    json!({"survey": "demo-service", "rated_agency": "H56.C1", "service_point": "MC-H56-C1"})
}

async fn issue(issuer: &Client, body: &Value) -> Value {
    issuer.post("/v1/visits", body).await.expect(201).json()
}

/// One token.
async fn token(issuer: &Client) -> String {
    issue(issuer, &errand()).await["items"][0]["token"].as_str().unwrap().to_owned()
}

/// Everybody looks at the catalogue once a second.
async fn a_second() {
    tokio::time::sleep(Duration::from_millis(1200)).await;
}

#[tokio::test]
async fn a_citizen_rates_once_with_the_token_alone() {
    let app = TestApp::start_with(&["--public-url", "https://sipas.example.gov.vn/"]).await;
    let (issuer, secret) = app.credential(ClientKind::System, Some("H56"), None).await;
    let system = app.anonymous().with_token(&app.anonymous().token(&issuer, &secret).await);
    let reply = system.post("/v1/visits", &with(errand(), "/count", json!(2))).await.expect(201);
    assert_eq!(reply.header("cache-control"), "no-store");
    let issued = reply.json();
    assert_eq!(issued["expires_at"], "2026-07-18T03:00:00Z");
    let tokens: Vec<&str> =
        issued["items"].as_array().unwrap().iter().map(|item| item["token"].as_str().unwrap()).collect();
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1]);
    let link = format!("https://sipas.example.gov.vn/kiosk#visit={}", tokens[0]);
    assert_eq!(issued["items"][0]["link"], link);
    assert!(issued["items"][0]["qr_svg"].as_str().unwrap().starts_with("<svg "), "{issued}");

    let citizen = app.anonymous().with_token(tokens[0]);
    let shown = citizen.get("/v1/visits/current").await.expect(200).json();
    assert_eq!(shown["survey"], "demo-service");
    assert_eq!((&issued["used"], &shown["used"]), (&json!(false), &json!(false)));
    assert_eq!((&shown["rated_agency"], &shown["service_point"]), (&json!("H56.C1"), &json!("MC-H56-C1")));
    let (one, two) = (id(app.now), id(app.now));
    let body = without(response(one, 4), "/service_point");
    citizen.post("/v1/responses", &body).await.expect(201);
    assert_eq!(citizen.get("/v1/visits/current").await.expect(200).json()["used"], true);
    // The answer was lost.
    let again = citizen.post("/v1/responses", &body).await.expect(200).json();
    assert_eq!(again["replayed"], true);
    let refused = citizen.post("/v1/responses", &response(two, 4)).await.expect(409);
    assert_eq!(refused.problem(), "visit_used");
    let refused = citizen.post("/v1/responses", &response(one, 5)).await.expect(409);
    assert_eq!(refused.problem(), "response_conflict");
    app.anonymous().with_token(tokens[1]).post("/v1/responses", &response(two, 4)).await.expect(201);
    // Nor does a response that is stored use up another visit, or come by another.
    let third = token(&system).await;
    let refused = app.anonymous().with_token(&third).post("/v1/responses", &body).await.expect(409);
    assert_eq!(refused.problem(), "response_conflict");
    app.anonymous().with_token(&third).post("/v1/responses", &response(id(app.now), 4)).await.expect(201);

    let rows =
        app.sql().await.query("SELECT channel, client_id::text, service_point_id FROM responses", &[]).await;
    let rows = rows.unwrap();
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_eq!(row.get::<_, Option<&str>>(0), Some("own_phone"));
        assert_eq!(row.get::<_, &str>(1), issuer);
        assert!(row.get::<_, Option<i32>>(2).is_some());
    }
}

#[tokio::test]
async fn a_kiosk_scans_visits_alone_and_in_bulk() {
    let app = TestApp::start().await;
    let (system, kiosk) = (app.system(Some("H56.C1")).await, app.device("H56.C1", "MC-H56-C1").await);
    let tokens = issue(&system, &with(errand(), "/count", json!(4))).await;
    let token = |n: usize| tokens["items"][n]["token"].clone();
    let visit = |n: usize| with(response(id(app.now), 4), "/visit", token(n));
    let first = visit(0);
    kiosk.post("/v1/responses", &first).await.expect(201);
    kiosk.post("/v1/responses", &first).await.expect(200);
    assert_eq!(kiosk.post("/v1/responses", &visit(0)).await.expect(409).problem(), "visit_used");
    let bare = response(id(app.now), 4);
    kiosk.post("/v1/responses", &bare).await.expect(201);
    let refused = kiosk.post("/v1/responses", &with(bare, "/visit", token(1))).await.expect(409);
    assert_eq!(refused.problem(), "response_conflict");
    // Used before, new, again in the same request, replayed in the same request, none, no token at all.
    let second = visit(1);
    let batch = [
        visit(0),
        second.clone(),
        visit(1),
        second,
        response(id(app.now), 4),
        with(response(id(app.now), 4), "/visit", json!("V1X")),
        visit(2),
    ];
    let reply = kiosk.post_batch(&batch).await.expect(200).json();
    let items = reply["items"].as_array().unwrap();
    let outcomes: Vec<_> = items.iter().map(|item| item["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["conflict", "created", "conflict", "replayed", "created", "rejected", "created"]);
    for place in [0, 2] {
        assert_eq!(items[place]["problem"]["code"], "visit_used");
    }
    assert_eq!(items[5]["problem"]["errors"][0]["code"], "visit_invalid");
    // Also from the citizen's phone afterwards.
    let citizen = app.anonymous().with_token(token(2).as_str().unwrap());
    assert_eq!(
        citizen.post("/v1/responses", &response(id(app.now), 4)).await.expect(409).problem(),
        "visit_used"
    );
    let count = app.sql().await.query_one("SELECT count(*) FROM visit_uses", &[]).await.unwrap();
    assert_eq!(count.get::<_, i64>(0), 3);
}

#[tokio::test]
async fn a_visit_is_good_for_what_it_was_issued_for_in_its_time() {
    let app = TestApp::start().await;
    let system = app.system(Some("H56")).await;
    let issued = issue(&system, &with(errand(), "/procedure", json!("2.000815"))).await;
    let token = issued["items"][0]["token"].as_str().unwrap();
    let (citizen, kiosk) = (app.anonymous().with_token(token), app.device("H56.C1", "MC-H56-C1").await);
    let body = |at| response(id(at), 4);
    for (place, value, code) in [
        ("/rated_agency", json!("H56.C2"), "visit_mismatch"),
        ("/service_point", json!("MC-H56-C2"), "visit_mismatch"),
        ("/procedure", json!("2.000816"), "visit_mismatch"),
        ("/channel", json!("kiosk"), "not_allowed"),
        ("/device_seq", json!(1), "for_devices_only"),
        ("/visit", json!(token), "visit_mismatch"),
    ] {
        let reply = citizen.post("/v1/responses", &with(body(app.now), place, value)).await.expect(422);
        assert_eq!(reply.faults(), faults(&[(place, code)]), "{place}");
    }
    let other = crate::support::samples::desk_response(id(app.now), [Some(2); 4]);
    let reply = citizen.post("/v1/responses", &other).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/survey", "visit_mismatch")]));
    let early = app.now - TimeDelta::minutes(6);
    let reply = citizen.post("/v1/responses", &body(early)).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/id", "visit_out_of_time")]));

    // Three days later the token opens nothing any more, but a kiosk that was offline hands in what was answered in time.
    let later = TestApp::on(app.database_url.clone(), "2026-07-18T10:00:00+07:00", &[]).await;
    let at_later = |client: &Client| later.anonymous().with_token(client.bearer());
    let kiosk_later = later.device("H56.C1", "MC-H56-C1").await;
    let refused = at_later(&citizen).post("/v1/responses", &body(app.now)).await.expect(401);
    assert_eq!(refused.problem(), "token_expired");
    let show = |at| with(response(id(at), 4), "/visit", json!(token));
    let reply = kiosk_later.post("/v1/responses", &show(later.now)).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/id", "visit_out_of_time")]));
    kiosk_later.post("/v1/responses", &show(later.now - TimeDelta::milliseconds(1))).await.expect(201);
    assert_eq!(kiosk.post("/v1/responses", &show(app.now)).await.expect(409).problem(), "visit_used");
    let row = app.sql().await.query_one("SELECT procedure FROM responses", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "2.000815");
}

#[tokio::test]
async fn forged_tokens_are_none_and_real_ones_open_nothing_else() {
    let (app, elsewhere) = (TestApp::start().await, TestApp::start().await);
    let real = token(&app.system(Some("H56.C1")).await).await;
    let foreign = token(&elsewhere.system(Some("H56.C1")).await).await;
    let mut tampered = real.clone();
    tampered.replace_range(20..21, if &real[20..21] == "A" { "B" } else { "A" });
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    for forged in [tampered.as_str(), &foreign, "V1", "V1AAAA", &real.to_lowercase(), &format!("{real}A")] {
        let refused =
            app.anonymous().with_token(forged).post("/v1/responses", &response(id(app.now), 4)).await;
        assert_eq!(refused.expect(401).problem(), "token_invalid", "{forged}");
        let shown = with(response(id(app.now), 4), "/visit", json!(forged));
        let reply = kiosk.post("/v1/responses", &shown).await.expect(422);
        let code = if forged.len() > 191 { "too_long" } else { "visit_invalid" };
        assert_eq!(reply.faults(), faults(&[("/visit", code)]), "{forged}");
    }
    let citizen = app.anonymous().with_token(&real);
    assert_eq!(citizen.post_batch(&[response(id(app.now), 4)]).await.expect(401).problem(), "token_invalid");
    assert_eq!(citizen.post("/v1/visits", &errand()).await.expect(401).problem(), "token_invalid");
    assert_eq!(citizen.get("/v1/agencies").await.expect(401).problem(), "token_invalid");
    assert_eq!(kiosk.get("/v1/visits/current").await.expect(401).problem(), "token_invalid");
    assert_eq!(app.anonymous().get("/v1/visits/current").await.expect(401).problem(), "token_missing");
    citizen.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
}

#[tokio::test]
async fn what_a_revoked_client_or_a_withdrawn_key_issued_is_worth_nothing() {
    let app = TestApp::start().await;
    let (id_, secret) = app.credential(ClientKind::System, Some("H56.C1"), None).await;
    let leaked = app.anonymous().with_token(&app.anonymous().token(&id_, &secret).await);
    let (one, two) = (token(&leaked).await, token(&app.system(Some("H56.C1")).await).await);
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let by = |token: &str| app.anonymous().with_token(token);
    by(&one).get("/v1/visits/current").await.expect(200);
    let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
    sipas::service::clients::revoke(&db, id_.parse().unwrap(), app.now).await.unwrap();
    a_second().await;
    let refused = by(&one).post("/v1/responses", &response(id(app.now), 4)).await.expect(401);
    assert_eq!(refused.problem(), "client_revoked");
    let shown = |token: &str| with(response(id(app.now), 4), "/visit", json!(token));
    let reply = kiosk.post("/v1/responses", &shown(&one)).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/visit", "visit_invalid")]));
    by(&two).get("/v1/visits/current").await.expect(200);
    app.sql().await.batch_execute("UPDATE visit_keys SET withdrawn_at = now()").await.unwrap();
    a_second().await;
    assert_eq!(by(&two).get("/v1/visits/current").await.expect(401).problem(), "token_invalid");
    let reply = kiosk.post("/v1/responses", &shown(&two)).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/visit", "visit_invalid")]));
    // The instance goes on with another key.
    let fresh = token(&app.system(Some("H56.C1")).await).await;
    by(&fresh).post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
}

#[tokio::test]
async fn of_those_who_race_with_one_token_on_two_instances_one_rates() {
    let app = TestApp::start().await;
    let twin = TestApp::on(app.database_url.clone(), crate::support::app::NOW, &[]).await;
    let tokens = issue(&app.system(Some("H56.C1")).await, &with(errand(), "/count", json!(30))).await;
    let tokens: Vec<&str> =
        tokens["items"].as_array().unwrap().iter().map(|item| item["token"].as_str().unwrap()).collect();
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let races = tokens.iter().map(|token| async {
        let contenders = (0..6).map(|n| {
            let client = if n % 2 == 0 { app.anonymous() } else { twin.anonymous() }.with_token(token);
            async move { client.post("/v1/responses", &response(id(app.now), 4)).await }
        });
        // Others post at the same time and must not notice.
        let honest = response(id(app.now), 4);
        let (replies, other) =
            futures_util::future::join(join_all(contenders), kiosk.post("/v1/responses", &honest)).await;
        other.expect(201);
        let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
        assert!(
            replies.iter().filter(|reply| reply.status == 409).all(|reply| reply.problem() == "visit_used")
        );
    });
    join_all(races).await;
    // The same response at both instances is one.
    let token = token(&app.system(Some("H56.C1")).await).await;
    let body = response(id(app.now), 4);
    let both = [&app, &twin].map(|at| at.anonymous().with_token(&token));
    let replies = join_all(both.iter().map(|client| client.post("/v1/responses", &body))).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201]);
    let sql = app.sql().await;
    for (table, expected) in [("responses", 61), ("visit_uses", 31)] {
        let count = sql.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap();
        assert_eq!(count.get::<_, i64>(0), expected, "{table}");
    }
    assert_eq!(app.admin(None).await.index("H56", "survey=demo-service&period=2026").await["whole"]["n"], 61);
}

const DEMANDING: &str = r#"
[[surveys]]
code = "visitors"
name = { vi = "Chỉ người có lượt giao dịch", en = "Visitors only" }
questionnaire = "sipas-service-2022"
version = 1
opens_on = "2026-01-01"
agencies = ["H56"]
sample = true
visits = "required"
"#;

#[tokio::test]
async fn at_a_survey_that_demands_visits_nobody_rates_without_one() {
    let app = TestApp::start().await;
    let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
    for loaded in [1, 0] {
        let again =
            sipas::service::catalogue::load(&db, &[source("demanding.toml", DEMANDING)]).await.unwrap();
        assert_eq!(again.surveys, loaded);
    }
    let relaxed = DEMANDING.replace("required", "optional");
    sipas::service::catalogue::load(&db, &[source("demanding.toml", &relaxed)]).await.unwrap_err();
    let wrong = DEMANDING.replace("required", "often");
    sipas::service::catalogue::load(&db, &[source("demanding.toml", &wrong)]).await.unwrap_err();
    a_second().await;
    assert_eq!(app.anonymous().get("/v1/surveys/visitors").await.expect(200).json()["visits"], "required");
    assert_eq!(
        app.anonymous().get("/v1/surveys/demo-service").await.expect(200).json()["visits"],
        "optional"
    );
    let (system, kiosk) = (app.system(Some("H56.C1")).await, app.device("H56.C1", "MC-H56-C1").await);
    let body = || with(response(id(app.now), 4), "/survey", json!("visitors"));
    for client in [&system, &kiosk] {
        let reply = client.post("/v1/responses", &body()).await.expect(422);
        assert_eq!(reply.faults(), faults(&[("/visit", "visit_required")]));
    }
    let wanted = with(errand(), "/survey", json!("visitors"));
    // A kiosk that could issue visits would let itself in.
    assert_eq!(kiosk.post("/v1/visits", &wanted).await.expect(403).problem(), "not_permitted");
    let issued = issue(&system, &wanted).await;
    let token = &issued["items"][0]["token"];
    kiosk.post("/v1/responses", &with(body(), "/visit", token.clone())).await.expect(201);
    // A visit of another survey does not do.
    let other = json!(self::token(&system).await);
    let reply = kiosk.post("/v1/responses", &with(body(), "/visit", other)).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/survey", "visit_mismatch")]));
}

#[tokio::test]
async fn visits_are_issued_where_their_issuer_may_rate() {
    let app = TestApp::start_with(&["--visit-hours", "24"]).await;
    let system = app.system(Some("H56.C1")).await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    assert_eq!(app.anonymous().post("/v1/visits", &errand()).await.expect(401).problem(), "token_missing");
    let viewer = {
        let (id, secret) = app.credential(ClientKind::Viewer, Some("H56"), None).await;
        app.anonymous().with_token(&app.anonymous().token(&id, &secret).await)
    };
    for client in [app.admin(None).await, viewer, kiosk] {
        assert_eq!(client.post("/v1/visits", &errand()).await.expect(403).problem(), "not_permitted");
    }
    let wrong = json!({
        "survey": "none", "rated_agency": "H56.c1", "service_point": "MC-H21", "procedure": "x", "valid_hours": 25,
        "count": 101, "citizen": "x",
    });
    assert_eq!(
        system.post("/v1/visits", &wrong).await.expect(422).faults(),
        faults(&[
            ("/survey", "unknown_survey"),
            ("/rated_agency", "bad_format"),
            ("/service_point", "unknown_service_point"),
            ("/procedure", "bad_format"),
            ("/valid_hours", "out_of_range"),
            ("/count", "out_of_range"),
            ("/citizen", "unknown_field"),
        ])
    );
    for (place, value, code) in [
        ("/rated_agency", json!("H21"), "unknown_agency"),
        ("/service_point", json!("MC-H56-C2"), "unknown_service_point"),
        ("/survey", json!("closed"), "survey_not_open"),
        ("/count", json!(0), "out_of_range"),
        ("/valid_hours", json!("1"), "wrong_type"),
    ] {
        let reply = system.post("/v1/visits", &with(errand(), place, value)).await.expect(422);
        assert!(reply.faults().contains(&(place.to_owned(), code.to_owned())), "{place}: {}", reply.text);
    }
    let reply = system.post("/v1/visits", &without(errand(), "/service_point")).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/service_point", "missing_field")]));
    // The default is no longer than what is allowed.
    let issued = issue(&system, &errand()).await;
    assert_eq!(issued["expires_at"], "2026-07-16T03:00:00Z");
    let hundred = issue(&system, &with(errand(), "/count", json!(100))).await;
    assert_eq!(hundred["items"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn a_visit_is_forgotten_when_its_token_could_not_be_used_any_more() {
    let app = TestApp::start().await;
    let token = token(&app.system(Some("H56.C1")).await).await;
    app.anonymous().with_token(&token).post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
    let sql = app.sql().await;
    let count = async || {
        let row =
            sql.query_one("SELECT (SELECT count(*) FROM visit_uses), (SELECT count(*) FROM visit_keys)", &[]);
        let row = row.await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    // 30 days is the longest validity, 90 the longest time a kiosk may be offline.
    let _soon = TestApp::on(app.database_url.clone(), "2026-11-12T10:00:00+07:00", &[]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(count().await, (1, 1));
    let _later = TestApp::on(app.database_url.clone(), "2026-11-16T10:00:00+07:00", &[]).await;
    for _ in 0..100 {
        if count().await == (0, 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{:?}", count().await);
}
