//! Taking in a response: stored once, durable, every fault told.

use crate::support::TestApp;
use crate::support::clients::faults;
use crate::support::samples::{CRITERIA, id, response, with, without};
use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

async fn count(app: &TestApp) -> i64 {
    app.sql().await.query_one("SELECT count(*) FROM responses", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_kiosk_posts_and_may_repeat_itself() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let id = id(app.now - TimeDelta::minutes(3));
    let body = response(id, 4);
    let first = kiosk.post("/v1/responses", &body).await.expect(201).json();
    assert_eq!(first, json!({"id": id, "answered_at": "2026-07-15T02:57:00.000Z", "replayed": false}));
    let again = kiosk.post("/v1/responses", &body).await.expect(200).json();
    assert_eq!(again, json!({"id": id, "answered_at": "2026-07-15T02:57:00.000Z", "replayed": true}));
    let changed =
        kiosk.post("/v1/responses", &with(body, "/answers/access.signage", json!(1))).await.expect(409);
    assert_eq!(changed.problem(), "response_conflict");
    assert_eq!(count(&app).await, 1);
    let index = app.admin(None).await.index("H56.C1", "survey=demo-service&period=2026-07-15").await;
    assert_eq!((&index["whole"]["n"], &index["whole"]["value"]), (&1.into(), &100.0.into()));
}

#[tokio::test]
async fn what_is_said_is_what_is_stored() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let mut body = response(id(app.now), 5);
    for (pointer, value) in [
        ("/rated_agency", json!("H56.D1")),
        ("/answers/access.signage", json!(1)),
        ("/answers/feedback.channel", Value::Null),
        ("/channel", json!("own_phone")),
        ("/procedure", json!("2.000815")),
        ("/gender", json!("female")),
        ("/age_band", json!("over-60")),
        ("/assisted_by_staff", json!(true)),
        ("/comment", json!("  Ca\u{301}n bo\u{323}\u{302} tận tình \n")),
    ] {
        body = with(body, pointer, value);
    }
    // An optional criterion may be left out instead of being null.
    body = without(body, "/answers/feedback.notified");
    kiosk.post("/v1/responses", &body).await.expect(201);
    let row = app
        .sql()
        .await
        .query_one(
            "SELECT s.code, a.code, p.code, r.answers, r.channel, r.procedure, r.gender, r.age_band, r.assisted_by_staff,
                    c.body, r.received_at
             FROM responses r JOIN surveys s ON s.id = survey_id JOIN agencies a ON a.id = rated_agency_id
             JOIN service_points p ON p.id = service_point_id JOIN comments c ON c.response_id = r.id",
            &[],
        )
        .await
        .unwrap();
    let text = |column: usize| row.get::<_, String>(column);
    assert_eq!([text(0), text(1), text(2)], ["demo-service", "H56.D1", "MC-H56-C1"]);
    let mut answers = vec![5; 19];
    (answers[1], answers[16], answers[18]) = (1, 0, 0);
    assert_eq!(row.get::<_, Vec<u8>>(3), answers);
    assert_eq!([text(4), text(5), text(6), text(7)], ["own_phone", "2.000815", "female", "over-60"]);
    assert!(row.get::<_, bool>(8));
    assert_eq!(text(9), "Cán bộ tận tình", "in NFC, without outer white space");
    assert_eq!(row.get::<_, chrono::DateTime<chrono::Utc>>(10), app.now);
    // The same, once with null and once left out, is the same content.
    kiosk.post("/v1/responses", &with(body, "/answers/feedback.notified", Value::Null)).await.expect(200);
}

#[tokio::test]
async fn any_change_of_content_is_a_conflict() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let body = with(response(id(app.now), 4), "/comment", json!("tốt"));
    kiosk.post("/v1/responses", &body).await.expect(201);
    for (pointer, value) in [
        ("/survey", json!("closed")),
        ("/rated_agency", json!("H56.C2")),
        ("/answers/feedback.channel", Value::Null),
        ("/channel", json!("kiosk")),
        ("/procedure", json!("2.000815")),
        ("/gender", json!("male")),
        ("/age_band", json!("18-24")),
        ("/assisted_by_staff", json!(false)),
        ("/comment", json!("xấu")),
        ("/comment", Value::Null),
    ] {
        let reply = kiosk.post("/v1/responses", &with(body.clone(), pointer, value)).await;
        // The closed survey is refused for its own reason; nothing is stored either way.
        assert_eq!(reply.status, if pointer == "/survey" { 422 } else { 409 }, "{pointer}: {}", reply.text);
    }
    kiosk.post("/v1/responses", &body).await.expect(200);
    assert_eq!(count(&app).await, 1);
}

#[tokio::test]
async fn every_fault_is_told_at_once_in_the_readers_language() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let mut body = response(Uuid::nil(), 4);
    for (pointer, value) in [
        ("/rated_agency", json!("nowhere")),
        ("/service_point", json!("MC-H21-C1")),
        ("/answers/access.signage", json!(6)),
        ("/answers/access.premises", json!("4")),
        ("/answers/access.equipment", json!(4.5)),
        ("/answers/access.information", json!(5.0)),
        ("/answers/official.polite", Value::Null),
        ("/answers/no.such", json!(4)),
        ("/channel", json!("fax")),
        ("/procedure", json!("2000815")),
        ("/gender", json!(1)),
        ("/age_band", json!("30")),
        ("/assisted_by_staff", json!("yes")),
        ("/comment", json!("a".repeat(2001))),
        ("/mood", json!("good")),
    ] {
        body = with(body, pointer, value);
    }
    body = without(body, "/answers/result.fair");
    let reply = kiosk.post("/v1/responses", &body).await.expect(422);
    assert_eq!(reply.problem(), "validation_failed");
    assert_eq!(
        reply.faults(),
        faults(&[
            ("/id", "not_uuid_v7"),
            ("/rated_agency", "bad_format"),
            ("/service_point", "unknown_service_point"),
            ("/answers/access.signage", "level_off_scale"),
            ("/answers/access.premises", "wrong_type"),
            ("/answers/access.equipment", "wrong_type"),
            ("/answers/official.polite", "not_applicable_refused"),
            ("/answers/no.such", "unknown_criterion"),
            ("/answers/result.fair", "missing_answer"),
            ("/channel", "not_allowed"),
            ("/procedure", "bad_format"),
            ("/gender", "wrong_type"),
            ("/age_band", "not_allowed"),
            ("/assisted_by_staff", "wrong_type"),
            ("/comment", "too_long"),
            ("/mood", "unknown_field"),
        ])
    );
    assert_eq!(reply.header("content-language"), "vi");
    assert_eq!(reply.json()["title"], "Dữ liệu vi phạm một hoặc nhiều quy tắc.");
    for (accept, language) in
        [("en", "en"), ("en-GB,vi;q=0.5", "en"), ("fr, vi;q=0.4, en;q=0.3", "vi"), ("de", "vi")]
    {
        let reply = kiosk.post_with("/v1/responses", &body, &[("accept-language", accept)]).await.expect(422);
        assert_eq!(reply.header("content-language"), language, "{accept}");
        let detail = reply.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
        assert_eq!(detail.is_ascii(), language == "en", "{detail}");
    }
    assert_eq!(count(&app).await, 0);
}

#[tokio::test]
async fn an_empty_object_is_told_what_it_lacks() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let reply = kiosk.post("/v1/responses", &json!({})).await.expect(422);
    let missing =
        [("/answers", "missing_field"), ("/rated_agency", "missing_field"), ("/survey", "missing_field")];
    assert_eq!(reply.faults(), faults(&missing));
    let reply = kiosk.post("/v1/responses?dry_run=1", &response(id(app.now), 4)).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("dry_run", "unknown_field")]));
    let reply = kiosk.post("/v1/responses", &json!([])).await.expect(422);
    assert_eq!(reply.faults()[0], (String::new(), "wrong_type".into()));
}

#[tokio::test]
async fn time_is_held_against_the_servers_clock() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let at = async |ago: TimeDelta| kiosk.post("/v1/responses", &response(id(app.now - ago), 4)).await;
    at(TimeDelta::minutes(-5)).await.expect(201);
    at(TimeDelta::days(90)).await.expect(201);
    let early = at(TimeDelta::milliseconds(-300_001)).await.expect(422);
    assert_eq!(early.problem(), "answered_in_future");
    assert_eq!(early.json()["server_time"], "2026-07-15T03:00:00Z");
    assert_eq!(early.faults(), faults(&[("/id", "answered_in_future")]));
    let late = at(TimeDelta::milliseconds(90 * 86_400_000 + 1)).await.expect(422);
    assert_eq!(late.problem(), "answered_too_long_ago");
    assert_eq!(late.json()["server_time"], "2026-07-15T03:00:00Z");
}

#[tokio::test]
async fn a_response_counts_where_and_when_it_was_given() {
    let app = TestApp::start().await;
    let system = app.system(None).await;
    let answered = |days: i64| id(app.now - TimeDelta::days(days));
    let body = |days: i64, survey: &str, agency: &str| {
        let body = without(response(answered(days), 4), "/service_point");
        with(with(body, "/survey", json!(survey)), "/rated_agency", json!(agency))
    };
    // Answered while the survey was open, sent after it closed.
    system.post("/v1/responses", &body(20, "closed", "H56.C1")).await.expect(201);
    system.post("/v1/responses", &body(20, "closed", "H90")).await.expect(201);
    for (days, survey, agency, fault) in [
        (1, "closed", "H56.C1", ("/survey", "survey_not_open")),
        (1, "planned", "H56.C2", ("/survey", "survey_not_open")),
        (1, "none", "H56.C1", ("/survey", "unknown_survey")),
        (1, "demo-service", "H98", ("/rated_agency", "unknown_agency")),
        (1, "demo-service", "H90", ("/rated_agency", "agency_not_valid")),
        (1, "demo-service", "H26", ("/rated_agency", "agency_outside_survey")),
    ] {
        let reply = system.post("/v1/responses", &body(days, survey, agency)).await.expect(422);
        assert_eq!(reply.faults(), faults(&[fault]), "{survey} {agency}");
    }
    let gone = with(response(answered(1), 4), "/service_point", json!("MC-OLD"));
    let reply = system.post("/v1/responses", &gone).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/service_point", "unknown_service_point")]));
}

#[tokio::test]
async fn a_kiosk_need_not_name_its_own_desk_and_may_use_no_other() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    kiosk.post("/v1/responses", &without(response(id(app.now), 4), "/service_point")).await.expect(201);
    let sql = app.sql().await;
    let desk = "SELECT p.code FROM responses r JOIN service_points p ON p.id = r.service_point_id";
    assert_eq!(sql.query_one(desk, &[]).await.unwrap().get::<_, String>(0), "MC-H56-C1");
    // Desks take files for every agency of their province, and of no other.
    for (agency, status) in [("H56", 201), ("H56.D1", 201), ("H56.C2", 201), ("H21", 422), ("H21.C1", 422)] {
        let body = with(response(id(app.now), 4), "/rated_agency", json!(agency));
        let reply = kiosk.post("/v1/responses", &body).await.expect(status);
        if status == 422 {
            assert_eq!(reply.faults(), faults(&[("/rated_agency", "unknown_agency")]));
        }
    }
    // A kiosk whose desk has ended is told so, whether it names the desk or not.
    let ended = app.device("H56.C2", "MC-OLD").await;
    let reply =
        ended.post("/v1/responses", &without(response(id(app.now), 4), "/service_point")).await.expect(422);
    assert_eq!(
        reply.faults(),
        faults(&[("/service_point", "unknown_service_point"), ("/rated_agency", "unknown_agency")])
    );
    let other = with(response(id(app.now), 4), "/service_point", json!("MC-H56-C2"));
    let reply = kiosk.post("/v1/responses", &other).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/service_point", "unknown_service_point")]));
}

#[tokio::test]
async fn without_an_id_the_service_makes_one() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let body = without(response(id(app.now), 4), "/id");
    let made: Uuid =
        kiosk.post("/v1/responses", &body).await.expect(201).json()["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(made.get_version_num(), 7);
    kiosk.post("/v1/responses", &body).await.expect(201);
    assert_eq!(count(&app).await, 2);
}

#[tokio::test]
async fn nothing_answered_is_no_response() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let empty = crate::support::samples::desk_response(id(app.now), [None; 4]);
    let reply = kiosk.post("/v1/responses", &empty).await.expect(422);
    assert_eq!(reply.faults(), faults(&[("/answers", "nothing_answered")]));
}

#[tokio::test]
async fn a_hundred_copies_at_once_are_one_response() {
    let app = TestApp::start().await;
    let other = TestApp::on(app.database_url.clone(), crate::support::app::NOW, &[]).await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let there = other.anonymous().with_token(kiosk.bearer());
    let body = response(id(app.now), 4);
    let twin = with(body.clone(), "/answers/access.signage", json!(5));
    let posts = (0..100).map(|i| {
        let client = if i % 2 == 0 { kiosk.clone() } else { there.clone() };
        let body = if i % 5 == 4 { twin.clone() } else { body.clone() };
        tokio::spawn(async move { client.post("/v1/responses", &body).await.status })
    });
    let mut statuses = Vec::new();
    for post in posts.collect::<Vec<_>>() {
        statuses.push(post.await.unwrap());
    }
    let times = |status| statuses.iter().filter(|s| **s == status).count();
    assert_eq!((times(201), times(200) + times(409)), (1, 99), "{statuses:?}");
    assert!(matches!((times(200), times(409)), (79, 20) | (19, 80)), "{statuses:?}");
    assert_eq!(count(&app).await, 1);
    let index = app.admin(None).await.index("H56.C1", "survey=demo-service&period=2026").await;
    assert_eq!(index["whole"]["n"], 1);
}

#[tokio::test]
async fn a_response_is_stored_also_if_its_sender_hangs_up() {
    use tokio::io::AsyncWriteExt;
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let sql = app.sql().await;
    let address = app.url.trim_start_matches("http://");
    for _ in 0..30 {
        let body = response(id(app.now), 4).to_string();
        let head = format!(
            "POST /v1/responses HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            kiosk.bearer(),
            body.len()
        );
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    }
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let stuck = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    loop {
        let open: i64 = sql.query_one(stuck, &[]).await.unwrap().get(0);
        let index = app.admin(None).await.index("H56.C1", "survey=demo-service&period=2026").await;
        // Each was sent whole before its sender left: all are stored and counted, none is left half done.
        if open == 0 && count(&app).await == 30 && index["whole"]["n"] == 30 {
            break;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "{open} open, {} stored: {}",
            count(&app).await,
            index["whole"]
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    kiosk.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
}

#[tokio::test]
async fn stored_responses_cannot_be_changed_even_in_the_database() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    kiosk.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
    let sql = app.sql().await;
    for statement in [
        "UPDATE responses SET answers = '\\x01'",
        "DELETE FROM responses",
        "UPDATE criteria SET text_vi = 'khác'",
        "DELETE FROM agencies WHERE code = 'H57'",
        "DELETE FROM clients",
        "TRUNCATE responses",
        "TRUNCATE agencies CASCADE",
    ] {
        let error = sql.execute(statement, &[]).await.unwrap_err();
        assert_eq!(error.code().map(|code| code.code()), Some("23001"), "{statement}: {error}");
    }
}

#[test]
fn the_samples_know_every_criterion() {
    assert_eq!(response(Uuid::nil(), 4)["answers"].as_object().unwrap().len(), CRITERIA.len());
}
