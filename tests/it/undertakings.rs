//! What agencies make of comments: public, in words of their own, about months that are over, with the time it took.

mod telling;

use crate::support::citizens::{fold, hold_folding};
use crate::support::clients::faults;
use crate::support::samples::{id, response, with};
use crate::support::{Client, TestApp};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use sipas::domain::client::ClientKind;
use sipas::service::undertakings::note_months;
use sipas::store::Db;
use uuid::Uuid;

const PATH: &str = "/v1/agencies/H56.C1/undertakings";
const JUNE: &str = "/v1/comments?agency=H56.C1&survey=demo-service&month=2026-06";

/// A comment that says more than eight words.
const LONG: &str = "Tôi đến từ bảy giờ sáng mà đến trưa vẫn chưa ai gọi số, gọi 0912345678 cũng không được";

/// Stores responses that rate an agency on a day, with these comments, one a minute, and waits until they are counted.
async fn store(app: &TestApp, agency: &str, day: &str, comments: &[Option<&str>]) {
    let sql = hold_folding(app).await;
    let begin: DateTime<Utc> = format!("{day}T03:00:00Z").parse().unwrap();
    let body = |(minute, comment): (usize, &Option<&str>)| {
        let body =
            with(response(id(begin + Duration::minutes(minute as i64)), 4), "/rated_agency", json!(agency));
        let body = with(body, "/service_point", Value::Null);
        match comment {
            Some(comment) => with(body, "/comment", json!(comment)),
            None => body,
        }
    };
    let bodies: Vec<Value> = comments.iter().enumerate().map(body).collect();
    let reply = app.system(None).await.post_batch(&bodies).await.expect(200).json();
    assert_eq!(reply["counts"]["created"], bodies.len(), "{reply}");
    fold(&sql).await;
}

/// Twelve people in June, of whom all but one wrote a few words.
async fn june(app: &TestApp) {
    let mut comments = vec![Some("Chờ lâu"); 11];
    comments.push(Some(LONG));
    store(app, "H56.C1", "2026-06-10", &comments).await;
}

fn undertaking(number: u128) -> Value {
    json!({
        "id": Uuid::from_u128(number), "survey": "demo-service", "month": "2026-06", "topic": "official.guidance",
        "you_said": {"vi": "Nhiều người phải chờ lâu vào buổi sáng.", "en": "Many people wait long in the morning."},
        "we_did": {"vi": "Chúng tôi sẽ mở thêm hai quầy từ tháng Tám."},
        "state": "promised", "day": "2026-08-15",
    })
}

async fn handles(admin: &Client, query: &str) -> Vec<Value> {
    let page = admin.get(&format!("{JUNE}{query}")).await.expect(200).json();
    assert_eq!(page["suppressed"], false);
    page["items"].as_array().unwrap().iter().map(|item| item["handle"].clone()).collect()
}

async fn list(client: &Client, query: &str) -> Value {
    client.get(&format!("{PATH}?{query}")).await.expect(200).json()
}

#[tokio::test]
async fn everybody_reads_what_was_said_and_nobody_who_had_said_it() {
    let app = TestApp::start().await;
    june(&app).await;
    let (admin, anybody) = (app.admin(Some("H56.C1")).await, app.anonymous());
    let all = handles(&admin, "").await;
    assert_eq!(all.len(), 12);
    let first = with(undertaking(1), "/comments", json!(all[..2]));
    let told = admin.post(PATH, &first).await.expect(201).json();
    assert_eq!((&told["replayed"], &told["revision"]), (&json!(false), &json!(1)));
    let again = admin.post(PATH, &first).await.expect(200).json();
    assert_eq!(again["replayed"], true);
    let many = with(undertaking(2), "/comments", json!(all[2..]));
    admin.post(PATH, &many).await.expect(201);
    admin.post(PATH, &undertaking(3)).await.expect(201);
    let page = list(&anybody, "").await;
    let ids: Vec<Value> = page["items"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert_eq!(ids, [3, 2, 1].map(|number| json!(Uuid::from_u128(number))));
    let one = &page["items"][2];
    assert_eq!(one["agency"]["code"], "H56.C1");
    assert_eq!(one["you_said"], undertaking(1)["you_said"]);
    assert_eq!(one["we_did"], json!({"vi": "Chúng tôi sẽ mở thêm hai quầy từ tháng Tám.", "en": null}));
    assert_eq!(
        (&one["state"], &one["day"], &one["overdue"]),
        (&json!("promised"), &json!("2026-08-15"), &json!(false))
    );
    assert!(one["topic_text"]["vi"].as_str().unwrap().len() > 5);
    // Two are few, ten are not.
    assert_eq!(one["comments"], json!({"count": null, "few": true}));
    assert_eq!(page["items"][1]["comments"], json!({"count": 10, "few": false}));
    assert_eq!(page["items"][0]["comments"], json!({"count": 0, "few": false}));
    let text = page.to_string();
    assert!(all.iter().all(|handle| !text.contains(handle.as_str().unwrap())), "{text}");
    // The same everywhere above, and not beside.
    assert_eq!(anybody.get("/v1/agencies/H56/undertakings").await.json()["items"], page["items"]);
    let own = anybody.get("/v1/agencies/H56/undertakings?scope=self").await.expect(200).json();
    assert_eq!(own["items"], json!([]));
    assert_eq!(anybody.get("/v1/agencies/H21/undertakings").await.json()["items"], json!([]));
    // Pages.
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = list(&anybody, &format!("limit=2&cursor={cursor}")).await;
        paged.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = next.to_owned();
    }
    assert_eq!(json!(paged), page["items"]);
    assert_eq!(list(&anybody, "state=done").await["items"], json!([]));
    assert_eq!(list(&anybody, "month=2026-05").await["items"], json!([]));
    assert_eq!(
        list(&anybody, "survey=demo-service&month=2026-06&state=promised").await["items"],
        page["items"]
    );
    // As a file.
    let csv = anybody.get(&format!("{PATH}?format=csv")).await.expect(200).text;
    assert!(csv.contains("\"promised\",\"official.guidance\""), "{csv}");
    assert_eq!(csv.lines().filter(|line| line.contains("2026-06")).count(), 3, "{csv}");
}

#[tokio::test]
async fn a_text_that_repeats_or_would_name_somebody_is_not_published() {
    let app = TestApp::start().await;
    june(&app).await;
    store(
        &app,
        "H56.C1.X1",
        "2026-06-11",
        &[Some("Cán bộ ở đội nói với tôi rất khó nghe và không giải thích")],
    )
    .await;
    let admin = app.admin(Some("H56.C1")).await;
    let refused = |place: &'static str| faults(&[(place, "quotes_comment")]);
    let eight = "Một người viết: tôi ĐẾN từ bảy, giờ sáng mà đến.";
    for place in ["/you_said/vi", "/you_said/en", "/we_did/vi", "/we_did/en"] {
        let body = with(undertaking(1), place, json!(eight));
        assert_eq!(admin.post(PATH, &body).await.expect(422).faults(), refused(place), "{place}");
    }
    // Without diacritics it is the same; a comment of an agency below is one too.
    let plain = with(undertaking(1), "/you_said/vi", json!("Co nguoi toi den tu bay gio sang ma den"));
    assert_eq!(admin.post(PATH, &plain).await.expect(422).faults(), refused("/you_said/vi"));
    let below = with(undertaking(1), "/we_did/vi", json!("Cán bộ ở đội nói với tôi rất khó chịu"));
    assert_eq!(admin.post(PATH, &below).await.expect(422).faults(), refused("/we_did/vi"));
    // Seven words are nobody's; numbers are replaced, whoever wrote them.
    let body = with(undertaking(1), "/you_said/vi", json!("Có người đến từ bảy giờ sáng mà phải chờ"));
    let body =
        with(body, "/we_did/vi", json!("Xin gọi 0912 345 678 hoặc a.b@gmail.com, hồ sơ H56.14-240823-0001"));
    let told = admin.post(PATH, &body).await.expect(201).json();
    assert_eq!(told["we_did"]["vi"], "Xin gọi [điện thoại] hoặc [thư điện tử], hồ sơ [mã hồ sơ]");
    // Neither may a reason.
    let path = format!("{PATH}/{}/withdrawal", Uuid::from_u128(1));
    let reason = json!({"reason": eight});
    assert_eq!(admin.post(&path, &reason).await.expect(422).faults(), refused("/reason"));
    let correction = correction(2, eight);
    let path = format!("{PATH}/{}/correction", Uuid::from_u128(1));
    assert_eq!(admin.post(&path, &correction).await.expect(422).faults(), refused("/reason"));
    assert_eq!(list(&app.anonymous(), "").await["items"][0]["revision"], 1);
}

#[tokio::test]
async fn whatever_is_wrong_with_an_undertaking_is_told_at_once() {
    let app = TestApp::start_with(&["--max-offline-days", "365"]).await;
    june(&app).await;
    store(&app, "H56.C1", "2026-07-02", &[Some("Chờ lâu"); 12]).await;
    store(&app, "H56.C1", "2026-05-12", &[None; 12]).await;
    store(&app, "H56.C1", "2026-04-12", &[Some("Chờ lâu"); 3]).await;
    let admin = app.admin(Some("H56")).await;
    let empty = faults(&[
        ("/id", "missing_field"),
        ("/survey", "missing_field"),
        ("/month", "missing_field"),
        ("/topic", "missing_field"),
        ("/you_said", "missing_field"),
        ("/we_did", "missing_field"),
        ("/state", "missing_field"),
        ("/day", "missing_field"),
        ("/x", "unknown_field"),
    ]);
    assert_eq!(admin.post(PATH, &json!({"x": 1})).await.expect(422).faults(), empty);
    let handle = handles(&admin, "").await[0].clone();
    let mut wrong = undertaking(1);
    for (place, value) in [
        ("/topic", json!("access.nothing")),
        ("/you_said", json!({"vi": "Đã sửa", "fr": "x"})),
        ("/we_did/en", json!(7)),
        ("/state", json!("withdrawn")),
        ("/comments", json!([handle, handle, "00", "0".repeat(64)])),
    ] {
        wrong = with(wrong, place, value);
    }
    let expected = faults(&[
        ("/topic", "unknown_topic"),
        ("/you_said/vi", "too_few_words"),
        ("/you_said/fr", "unknown_field"),
        ("/we_did/en", "wrong_type"),
        ("/state", "not_allowed"),
        ("/comments/1", "duplicate_field"),
        ("/comments/2", "unknown_comment"),
        ("/comments/3", "unknown_comment"),
    ]);
    assert_eq!(admin.post(PATH, &wrong).await.expect(422).faults(), expected);
    for (place, value, at, code) in [
        ("/month", json!("2026-07"), "/month", "month_not_over"),
        ("/month", json!("2026-Q2"), "/month", "bad_format"),
        // Nobody wrote, and too few answered: not told apart.
        ("/month", json!("2026-05"), "/month", "no_comments"),
        ("/month", json!("2026-04"), "/month", "no_comments"),
        ("/survey", json!("none"), "/survey", "unknown_survey"),
        ("/comments", json!(["0".repeat(64)]), "/comments/0", "unknown_comment"),
        ("/day", json!("2026-07-14"), "/day", "day_out_of_range"),
        ("/day", json!("2031-07-16"), "/day", "day_out_of_range"),
        ("/comments", json!("x"), "/comments", "wrong_type"),
    ] {
        let reply = admin.post(PATH, &with(undertaking(1), place, value.clone())).await.expect(422);
        assert_eq!(reply.faults(), faults(&[(at, code)]), "{place} {value}");
    }
    let done = with(undertaking(1), "/state", json!("done"));
    for day in ["2026-07-16", "2026-05-31"] {
        let reply = admin.post(PATH, &with(done.clone(), "/day", json!(day))).await.expect(422);
        assert_eq!(reply.faults(), faults(&[("/day", "day_out_of_range")]), "{day}");
    }
    admin.post(PATH, &with(done, "/day", json!("2026-07-15"))).await.expect(201);
    let query =
        admin.get(&format!("{PATH}?scope=all&month=2026&state=x&limit=0&survey=none&x=1")).await.expect(422);
    let places = [
        ("scope", "not_allowed"),
        ("month", "bad_format"),
        ("state", "not_allowed"),
        ("limit", "out_of_range"),
        ("survey", "unknown_survey"),
        ("x", "unknown_field"),
    ];
    assert_eq!(query.faults(), faults(&places));
    assert_eq!(
        admin.get(&format!("{JUNE}&answered=x")).await.expect(422).faults(),
        faults(&[("answered", "not_allowed")])
    );
}

#[tokio::test]
async fn only_administrators_of_the_agency_publish_and_elsewhere_it_looks_unknown() {
    let app = TestApp::start().await;
    june(&app).await;
    let viewer = {
        let (id, secret) = app.credential(ClientKind::Viewer, Some("H56.C1"), None).await;
        app.anonymous().with_token(&app.anonymous().token(&id, &secret).await)
    };
    let path = |what: &str| format!("{PATH}/{}/{what}", Uuid::from_u128(1));
    for (client, status) in [
        (app.anonymous(), 401),
        (app.device("H56.C1", "MC-H56-C1").await, 403),
        (app.system(Some("H56.C1")).await, 403),
        (viewer, 403),
        (app.admin(Some("H56.C2")).await, 404),
        (app.admin(Some("H56.C1.X1")).await, 404),
    ] {
        let reply = client.post(PATH, &undertaking(1)).await.expect(status);
        assert!(status != 404 || reply.problem() == "agency_not_found");
        client.post(&path("correction"), &correction(2, "x")).await.expect(status);
        client.post(&path("withdrawal"), &json!({"reason": "x"})).await.expect(status);
    }
    let admin = app.admin(Some("H56")).await;
    admin.post(PATH, &undertaking(1)).await.expect(201);
    // Known by its id elsewhere, it is still not the other agency's.
    let elsewhere = format!("/v1/agencies/H56.C2/undertakings/{}/withdrawal", Uuid::from_u128(1));
    let reply = admin.post(&elsewhere, &json!({"reason": "x"})).await.expect(404);
    assert_eq!(reply.problem(), "undertaking_not_found");
    // Where figures are not public, neither is this.
    let closed =
        TestApp::on(app.database_url.clone(), "2026-07-15T10:00:00+07:00", &["--public-figures", "false"])
            .await;
    closed.anonymous().get(PATH).await.expect(401);
    closed.admin(Some("H56.C2")).await.get(PATH).await.expect(404);
    closed.admin(Some("H56.C1")).await.get(PATH).await.expect(200);
}

fn correction(revision: i16, reason: &str) -> Value {
    json!({
        "revision": revision, "reason": reason, "topic": "other",
        "you_said": {"vi": "Nhiều người phải chờ lâu vào thứ Hai."},
        "we_did": {"vi": "Chúng tôi đã mở thêm hai quầy tiếp nhận."},
        "state": "done", "day": "2026-07-14",
    })
}

#[tokio::test]
async fn a_correction_names_its_reason_and_a_withdrawal_leaves_a_line() {
    let app = TestApp::start().await;
    june(&app).await;
    let (admin, anybody) = (app.admin(Some("H56.C1")).await, app.anonymous());
    let all = handles(&admin, "").await;
    admin.post(PATH, &with(undertaking(1), "/comments", json!(all[..11]))).await.expect(201);
    assert_eq!(handles(&admin, "&answered=no").await, all[11..]);
    assert_eq!(handles(&admin, "&answered=yes").await, all[..11]);
    let path = |what: &str| format!("{PATH}/{}/{what}", Uuid::from_u128(1));
    let conflict = admin.post(&path("correction"), &correction(3, "x")).await.expect(409);
    assert_eq!(conflict.problem(), "undertaking_conflict");
    let next = with(correction(2, "Đã xong sớm"), "/comments", json!(all[..1]));
    let told = admin.post(&path("correction"), &next).await.expect(201).json();
    assert_eq!((&told["revision"], &told["replayed"]), (&json!(2), &json!(false)));
    assert_eq!(admin.post(&path("correction"), &next).await.expect(200).json()["replayed"], true);
    admin.post(&path("correction"), &correction(2, "Khác")).await.expect(409);
    assert_eq!(handles(&admin, "&answered=yes").await, all[..1]);
    let page = list(&anybody, "").await;
    let one = &page["items"][0];
    assert_eq!(
        (&one["state"], &one["reason"], &one["topic"]),
        (&json!("done"), &json!("Đã xong sớm"), &json!("other"))
    );
    assert!(!page.to_string().contains("tháng Tám"), "{page}");
    // The first request once more: what was published stands, corrected as it is.
    let again =
        admin.post(PATH, &with(undertaking(1), "/comments", json!(all[..11]))).await.expect(200).json();
    assert_eq!(again["revision"], 2);
    admin.post(PATH, &undertaking(1)).await.expect(409);
    assert_eq!(page["answering"], json!({"months": 1, "answered": 1, "median_days": 14.0, "overdue": 0}));
    admin.post(&path("withdrawal"), &json!({"reason": "Đăng nhầm"})).await.expect(201);
    assert_eq!(
        admin.post(&path("withdrawal"), &json!({"reason": "Đăng nhầm"})).await.expect(200).json()["replayed"],
        true
    );
    admin.post(&path("withdrawal"), &json!({"reason": "Khác"})).await.expect(409);
    admin.post(&path("correction"), &correction(4, "x")).await.expect(409);
    let page = list(&anybody, "").await;
    let one = &page["items"][0];
    assert_eq!(
        (&one["state"], &one["reason"], &one["revision"]),
        (&json!("withdrawn"), &json!("Đăng nhầm"), &json!(3))
    );
    for gone in ["topic", "topic_text", "you_said", "we_did", "day"] {
        assert_eq!(one[gone], Value::Null, "{gone}");
    }
    assert!(!page.to_string().contains("hai quầy"), "{page}");
    // What was taken back answers nothing.
    assert_eq!(page["answering"], json!({"months": 1, "answered": 0, "median_days": null, "overdue": 0}));
    assert_eq!(handles(&admin, "&answered=no").await, all);
    // Not even the database forgets what was published.
    let sql = app.sql().await;
    for statement in [
        "UPDATE undertaking_revisions SET we_did_vi = 'x' WHERE revision = 1",
        "DELETE FROM undertaking_comments",
        "UPDATE undertakings SET published_at = now()",
        "TRUNCATE undertakings CASCADE",
    ] {
        assert!(sql.batch_execute(statement).await.is_err(), "{statement}");
    }
    // The log has it all, and none of the words.
    let log = admin.get("/v1/audit").await.expect(200).json();
    let entries: Vec<&Value> = log["items"].as_array().unwrap().iter().collect();
    let of: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry["action"].as_str().unwrap().starts_with("undertaking_"))
        .copied()
        .collect();
    let actions: Vec<&str> = of.iter().rev().map(|entry| entry["action"].as_str().unwrap()).collect();
    let mut expected = ["undertaking_published", "undertaking_corrected", "undertaking_withdrawn"];
    if actions[0] != expected[0] {
        expected.reverse();
    }
    assert_eq!(actions, expected);
    for entry in of {
        let names: Vec<&String> = entry["details"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["month", "revision", "state", "survey"]);
        assert!(!entry.to_string().contains("Đăng nhầm"), "{entry}");
    }
}
