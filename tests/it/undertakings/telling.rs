//! What everybody is told: how soon it was answered, and the page.

use super::*;

#[tokio::test]
async fn time_to_answer_goes_from_the_end_of_the_month_to_the_first_answer_that_stands() {
    let app = TestApp::start_with(&["--max-offline-days", "365"]).await;
    let people = vec![Some("Chờ lâu"); 10];
    for day in ["2026-04-10", "2026-05-10", "2026-06-10", "2026-07-10"] {
        store(&app, "H56.C1", day, &people).await;
    }
    // Too few people for anything to be shown: the month is not counted either.
    store(&app, "H56.C2", "2026-06-10", &people[..9]).await;
    let anybody = app.anonymous();
    let answering = async |path: &str| anybody.get(path).await.expect(200).json()["answering"].clone();
    assert_eq!(answering(PATH).await, json!({"months": 0, "answered": 0, "median_days": null, "overdue": 0}));
    let db = Db::new(&app.database_url, 1).unwrap();
    note_months(&db, "2026-07-15".parse().unwrap(), None).await.unwrap();
    note_months(&db, "2026-07-15".parse().unwrap(), Some("2026-06-20".parse().unwrap())).await.unwrap();
    assert_eq!(answering(PATH).await, json!({"months": 3, "answered": 0, "median_days": null, "overdue": 0}));
    let at = async |now: &str| TestApp::on(app.database_url.clone(), now, &[]).await;
    // June on the 15th of July, May on its last possible day of zero, and April twice: the first counts.
    let promise = |number, month: &str, day: &str| {
        with(with(undertaking(number), "/month", json!(month)), "/day", json!(day))
    };
    app.admin(Some("H56.C1")).await.post(PATH, &promise(1, "2026-06", "2026-07-20")).await.expect(201);
    let early = at("2026-06-01T00:00:00+07:00").await;
    early.admin(Some("H56.C1")).await.post(PATH, &promise(2, "2026-05", "2026-06-02")).await.expect(201);
    let page = answering(PATH).await;
    assert_eq!(page, json!({"months": 3, "answered": 2, "median_days": 7.0, "overdue": 1}));
    let spring = at("2026-05-04T23:59:59+07:00").await;
    spring.admin(Some("H56.C1")).await.post(PATH, &promise(3, "2026-04", "2026-09-01")).await.expect(201);
    early.admin(Some("H56.C1")).await.post(PATH, &promise(4, "2026-04", "2026-09-01")).await.expect(201);
    assert_eq!(answering(PATH).await, json!({"months": 3, "answered": 3, "median_days": 3.0, "overdue": 1}));
    assert_eq!(answering("/v1/agencies/H56/undertakings").await["months"], 3);
    let own = answering("/v1/agencies/H56/undertakings?scope=self").await;
    assert_eq!(own, json!({"months": 0, "answered": 0, "median_days": null, "overdue": 0}));
    // A month is counted also when its comments are deleted.
    app.sql().await.batch_execute("DELETE FROM comments").await.unwrap();
    assert_eq!(answering(PATH).await["months"], 3);
    // The first of those about April is taken back: the second counts, 31 days after the month.
    let path = format!("{PATH}/{}/withdrawal", Uuid::from_u128(3));
    app.admin(Some("H56.C1")).await.post(&path, &json!({"reason": "x"})).await.expect(201);
    assert_eq!(answering(PATH).await["median_days"], 14.0);
}

#[tokio::test]
async fn the_page_of_an_agency_shows_what_it_makes_of_comments() {
    let app = TestApp::start().await;
    june(&app).await;
    let (admin, anybody) = (app.admin(Some("H56.C1")).await, app.anonymous());
    let home = anybody.get("/?agency=H56.C1").await.expect(200).text;
    assert!(!home.contains("Bà con nói"), "nothing can have been said yet");
    let marked = with(undertaking(1), "/we_did/vi", json!("Chúng tôi <b>sẽ mở</b> thêm hai quầy."));
    admin.post(PATH, &marked).await.expect(201);
    for number in 2..=7 {
        admin.post(PATH, &undertaking(number)).await.expect(201);
    }
    let path = |what: &str| format!("{PATH}/{}/{what}", Uuid::from_u128(7));
    admin.post(&path("withdrawal"), &json!({"reason": "Đăng nhầm"})).await.expect(201);
    let home = anybody.get("/?agency=H56.C1").await.expect(200).text;
    assert!(
        home.contains("Bà con nói, cơ quan làm") && home.contains("một nửa trong vòng 14,0 ngày"),
        "{home}"
    );
    assert_eq!(home.matches("Cơ quan làm: ").count(), 4);
    assert!(home.contains("Cơ quan đã rút lại nội dung này") && home.contains("Đăng nhầm"));
    assert!(home.contains("href=\"/answers?agency=H56.C1\""));
    let all = anybody.get("/answers?agency=H56.C1&fbclid=x&utm_source=zalo").await.expect(200);
    assert_eq!(all.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(all.text.matches("Cơ quan làm: ").count(), 6);
    assert!(all.text.contains("Chúng tôi &lt;b&gt;sẽ mở&lt;/b&gt; thêm"), "{}", all.text);
    assert!(all.text.contains("Hứa làm trước hết ngày 15/08/2026"));
    let english = anybody.get("/answers?agency=H56&lang=en").await.expect(200).text;
    assert!(english.contains("You said: ") && english.contains("Many people wait long in the morning."));
    anybody.get("/answers").await.expect(422);
    anybody.get("/answers?agency=H99").await.expect(404);
    anybody.get("/answers?agency=H56&x=1").await.expect(422);
}
