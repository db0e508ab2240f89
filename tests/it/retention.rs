//! Months of raw responses may be dropped; figures stay, and nothing of those months comes in again.

use crate::support::TestApp;
use crate::support::samples::{id, response, with};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use sipas::service::{partitions, verification};
use sipas::store::Db;

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

#[tokio::test]
async fn dropped_months_leave_their_figures_and_are_refused() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let admin = app.admin(None).await;
    // The last moment of May in Viet Nam, the first of June, and July.
    let may = with(response(id(at("2026-05-31T23:59:59.999+07:00")), 2), "/comment", json!("tháng năm"));
    let june = with(response(id(at("2026-06-01T00:00:00+07:00")), 4), "/comment", json!("tháng sáu"));
    for body in [&may, &june, &response(id(app.now), 5)] {
        kiosk.post("/v1/responses", body).await.expect(201);
    }
    let year = "survey=demo-service&period=2026";
    let before = admin.index("H56", year).await;
    let db = Db::new(&app.database_url, 2).unwrap();
    let today = NaiveDate::from_ymd_opt(2026, 7, 15).unwrap();

    assert_eq!(partitions::drop_old(&db, app.now).await.unwrap(), 0, "nothing was decided");
    partitions::retire(&db, today, app.now, 1).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let refused = kiosk.post("/v1/responses", &may).await.expect(422);
    assert_eq!(refused.faults(), [("/id".to_owned(), "month_dropped".to_owned())]);
    // Decided and not dropped yet: the figures are proven already.
    assert_eq!(verification::verify(&db, false).await.unwrap().differences, Vec::<String>::new());

    assert!(partitions::drop_old(&db, app.now).await.unwrap() >= 1);
    // Months ahead are made; dropped ones are not made again.
    partitions::make(&db, today, 90).await.unwrap();
    assert_eq!(partitions::drop_old(&db, app.now).await.unwrap(), 0);
    let sql = app.sql().await;
    let count = |what: &'static str| {
        let sql = &sql;
        async move { sql.query_one(what, &[]).await.unwrap().get::<_, i64>(0) }
    };
    assert_eq!(count("SELECT count(*) FROM responses").await, 2);
    assert_eq!(count("SELECT count(*) FROM comments").await, 1);
    assert_eq!(kiosk.post("/v1/responses", &may).await.expect(422).faults()[0].1, "month_dropped");
    kiosk.post("/v1/responses", &june).await.expect(200);

    let after = admin.index("H56", year).await;
    assert_eq!(after["whole"], before["whole"]);
    let verified = verification::verify(&db, false).await.unwrap();
    assert_eq!((verified.responses, verified.differences.len()), (2, 0));
    // A repair makes the kept months anew and leaves the others alone.
    sql.batch_execute("UPDATE tallies SET numbers = pack_numbers(array_prepend(n[1] + 7, n[2:])) FROM (SELECT ctid AS place, unpack_numbers(numbers) AS n FROM tallies WHERE starts_on >= '2026-06-01') t WHERE tallies.ctid = t.place").await.unwrap();
    assert!(!verification::verify(&db, true).await.unwrap().differences.is_empty());
    assert_eq!(admin.index("H56", year).await["whole"], before["whole"]);
    // The limit never moves back.
    partitions::retire(&db, today, app.now, 12).await.unwrap();
    assert_eq!(kiosk.post("/v1/responses", &may).await.expect(422).faults()[0].1, "month_dropped");
}

#[tokio::test]
async fn many_months_are_dropped_whatever_the_planner_knows() {
    let app = TestApp::start().await;
    let sql = app.sql().await;
    sql.batch_execute(
        "SELECT ensure_response_partition((date '2023-01-01' + make_interval(months => m))::date)
         FROM generate_series(0, 41) m; ANALYZE pg_class; ANALYZE pg_inherits",
    )
    .await
    .unwrap();
    let db = Db::new(&app.database_url, 2).unwrap();
    partitions::retire(&db, NaiveDate::from_ymd_opt(2026, 7, 15).unwrap(), app.now, 12).await.unwrap();
    // 2023-01 to 2025-06.
    assert_eq!(partitions::drop_old(&db, app.now).await.unwrap(), 30);
}
