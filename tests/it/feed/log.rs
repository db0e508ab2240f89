//! The order of the feed: nothing is missed, whatever happens meanwhile.

use super::{ids, page, pull, store};
use crate::support::TestApp;
use crate::support::app::{NOW, load_catalogue};
use crate::support::cluster::{connect, database};
use crate::support::load::Load;
use crate::support::samples::{self, id, response};
use crate::support::site::Site;
use chrono::{DateTime, NaiveDate, TimeDelta};
use serde_json::{Value, json};
use sipas::service::{catalogue, partitions, verification};
use sipas::store::Db;
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::sleep;
use uuid::Uuid;

/// The folder's turn, see the migrations.
const FOLD_LOCK: &str = "SELECT pg_advisory_lock(1179601988)";

#[tokio::test]
async fn a_puller_misses_nothing_and_gets_nothing_twice_while_writers_post() {
    let one = TestApp::start().await;
    let other = TestApp::on(one.database_url.clone(), NOW, &[]).await;
    let kiosk = one.device("H56.C1", "MC-H56-C1").await;
    let mut writers = Vec::new();
    for writer in 0..4 {
        let (app, now) = (if writer % 2 == 0 { &one } else { &other }, one.now);
        let kiosk = app.anonymous().with_token(kiosk.bearer());
        writers.push(tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for round in 0..60 {
                let count = if round % 10 == 9 { 40 } else { 1 };
                // Times of answering are in no order.
                let at = || id(now - TimeDelta::seconds(rand::random_range(0..3_000_000)));
                let new: Vec<Uuid> = (0..count).map(|_| at()).collect();
                let bodies: Vec<Value> = new.iter().map(|id| response(*id, 4)).collect();
                match bodies.as_slice() {
                    [body] => drop(kiosk.post("/v1/responses", body).await.expect(201)),
                    bodies => drop(kiosk.post_batch(bodies).await.expect(200)),
                }
                acknowledged.extend(new);
                sleep(Duration::from_millis(20)).await;
            }
            acknowledged
        }));
    }
    let readers =
        [one.admin(Some("H56")).await, other.anonymous().with_token(one.admin(None).await.bearer())];
    let (mut after, mut pulled, mut pages) = (0, Vec::new(), 0);
    let mut finished_for = 0;
    while finished_for < 2 {
        // Nothing may come later than a fold after the last acknowledgement; two rounds to be sure.
        if writers.iter().all(tokio::task::JoinHandle::is_finished) {
            sleep(Duration::from_millis(2500)).await;
            finished_for += 1;
        }
        let page = page(&readers[pages % 2], &format!("limit=37&after_seq={after}")).await;
        for item in page["items"].as_array().unwrap() {
            let seq = item["seq"].as_i64().unwrap();
            assert_eq!(seq, after + 1, "without gaps");
            after = seq;
        }
        pulled.extend(ids(page["items"].as_array().unwrap()));
        assert_eq!(page["next_after_seq"], after);
        pages += 1;
        if page["complete"] == true {
            sleep(Duration::from_millis(20)).await;
        } else {
            finished_for = 0;
        }
    }
    let mut acknowledged = HashSet::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    assert_eq!(pulled.len(), acknowledged.len(), "in {pages} pages");
    assert_eq!(pulled.into_iter().collect::<HashSet<_>>(), acknowledged);
}

#[tokio::test]
async fn kill_9_of_one_of_two_instances_loses_nothing_of_the_feed() {
    let (mut site, mut service) = Site::on("feed", database().await, &[]).await;
    let mut second = site.another(&[]).await;
    let load = Load::start(&site, 6, Duration::from_millis(5));
    for _ in 0..4 {
        load.wait_for(150).await;
        sleep(Duration::from_millis(rand::random_range(0..1000))).await;
        service.kill();
        service = site.serve(&[]).await;
    }
    second.kill();
    let seen = load.finish().await;
    let stored = site.prove_nothing_lost(&seen.acknowledged).await;
    let pulled = pull(&site.admin(), "limit=211", stored.len()).await;
    let seqs: Vec<i64> = pulled.iter().map(|item| item["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=stored.len() as i64).collect::<Vec<_>>());
    assert_eq!(ids(&pulled).into_iter().collect::<HashSet<_>>(), stored);
    service.stop();
}

#[tokio::test]
async fn an_agency_that_this_instance_has_not_heard_of_is_waited_for() {
    let app = TestApp::start().await;
    let (sql, admin) = (app.sql().await, app.admin(Some("H56")).await);
    let one = id(app.now);
    app.device("H56.C1", "MC-H56-C1").await.post("/v1/responses", &response(one, 4)).await.expect(201);
    pull(&admin, "", 1).await;
    // The other instance's clock and catalogue are ahead: the agency comes into the log first.
    let next: i32 = sql.query_one("SELECT max(id) + 1 FROM agencies", &[]).await.unwrap().get(0);
    sql.batch_execute(&format!(
        "SELECT setval(pg_get_serial_sequence('agencies', 'id'), {next}, false);
         INSERT INTO response_log SELECT 2, response_ids || response_ids, survey_ids || survey_ids, ARRAY[{next}] || agency_ids
         FROM response_log WHERE first_seq = 1"
    ))
    .await
    .unwrap();
    let waits = json!({"items": [], "next_after_seq": 1, "complete": false});
    assert_eq!(page(&admin, "after_seq=1").await, waits);
    let export = tokio::spawn({
        let admin = admin.clone();
        async move { admin.get("/v1/responses/export?after_seq=1").await.expect(200).text }
    });
    sleep(Duration::from_millis(300)).await;
    let new = r#"agencies = [{ code = "H56.C1.NEW", level = "commune", name = "Mới", parent = "H56.C1", valid_from = "2025-07-01", sample = true }]"#;
    let db = Db::new(&app.database_url, 1).unwrap();
    catalogue::load(&db, &[samples::source("new.toml", new)]).await.unwrap();
    sleep(Duration::from_millis(1200)).await;
    let page = page(&admin, "after_seq=1").await;
    assert_eq!((&page["next_after_seq"], &page["complete"]), (&json!(3), &json!(true)));
    assert!(export.await.unwrap().contains("\"last_seq\":3"));
}

#[tokio::test]
async fn a_desk_that_this_instance_has_not_heard_of_is_waited_for() {
    let app = TestApp::start().await;
    let (sql, admin) = (app.sql().await, app.admin(Some("H56")).await);
    let next: i32 = sql.query_one("SELECT max(id) + 1 FROM service_points", &[]).await.unwrap().get(0);
    store(&sql, "H56.C1", app.now, 1).await;
    let (before, desk) = (pull(&admin, "", 1).await, id(app.now));
    let row = "INSERT INTO responses (id, survey_id, rated_agency_id, service_point_id, client_id, answers, commented, received_at)
         SELECT $1, survey_id, rated_agency_id, $2, client_id, answers, false, received_at FROM responses";
    sql.execute(row, &[&desk, &next]).await.unwrap();
    let logged =
        "INSERT INTO response_log SELECT 2, ARRAY[$1::uuid], survey_ids, agency_ids FROM response_log";
    sql.execute(logged, &[&desk]).await.unwrap();
    assert_eq!(page(&admin, "").await, json!({"items": before, "next_after_seq": 1, "complete": false}));
    let export = tokio::spawn({
        let admin = admin.clone();
        async move { admin.get("/v1/responses/export?after_seq=1").await.expect(200).text }
    });
    sleep(Duration::from_millis(300)).await;
    sql.batch_execute(&format!(
        "SELECT setval(pg_get_serial_sequence('service_points', 'id'), {next}, false)"
    ))
    .await
    .unwrap();
    let new = r#"service_points = [{ code = "MC-NEW", agency = "H56.C1", name = "Mới", valid_from = "2025-07-01", sample = true }]"#;
    let db = Db::new(&app.database_url, 1).unwrap();
    catalogue::load(&db, &[samples::source("new.toml", new)]).await.unwrap();
    sleep(Duration::from_millis(1200)).await;
    assert_eq!(page(&admin, "after_seq=1").await["items"][0]["service_point"], "MC-NEW");
    let text = export.await.unwrap();
    assert!(text.contains("\"MC-NEW\"") && text.contains("\"count\":1,\"last_seq\":2"), "{text}");
}

#[tokio::test]
async fn months_that_were_dropped_have_numbers_and_no_items() {
    let app = TestApp::start().await;
    let (kiosk, admin) = (app.device("H56.C1", "MC-H56-C1").await, app.admin(Some("H56")).await);
    let may = id(DateTime::parse_from_rfc3339("2026-05-31T23:59:59.999+07:00").unwrap().to_utc());
    for (count, id) in [(1, may), (2, id(app.now))] {
        kiosk.post("/v1/responses", &response(id, 4)).await.expect(201);
        pull(&admin, "", count).await;
    }
    let db = Db::new(&app.database_url, 2).unwrap();
    partitions::retire(&db, NaiveDate::from_ymd_opt(2026, 7, 15).unwrap(), app.now, 1).await.unwrap();
    assert!(partitions::drop_old(&db, app.now).await.unwrap() >= 1);
    let whole = page(&admin, "").await;
    assert_eq!((&whole["next_after_seq"], &whole["complete"]), (&json!(2), &json!(true)));
    let items = whole["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["seq"]), (1, &json!(2)));
    assert_eq!(page(&admin, "limit=1").await, json!({"items": [], "next_after_seq": 1, "complete": false}));
    let text = admin.get("/v1/responses/export").await.expect(200).text;
    assert!(text.contains("\"count\":1,\"last_seq\":2,") && !text.contains(&may.to_string()), "{text}");
}

#[tokio::test]
async fn what_a_repair_takes_out_of_the_tail_is_handed_on() {
    let url = database().await;
    load_catalogue(&url).await;
    let sql = connect(&url).await;
    let at = DateTime::parse_from_rfc3339(NOW).unwrap().to_utc();
    sql.batch_execute("SELECT ensure_response_partition('2026-07-15')").await.unwrap();
    store(&sql, "H56.C1", at, 1200).await;
    // A response that no tally knows of, so that there is something to repair.
    store(&sql, "H56.C2", at, 1).await;
    sql.batch_execute("ALTER TABLE ingest_batches DISABLE TRIGGER ingest_batches_log_folded").await.unwrap();
    sql.batch_execute("DELETE FROM ingest_batches WHERE cardinality(response_ids) = 1").await.unwrap();
    sql.batch_execute("ALTER TABLE ingest_batches ENABLE TRIGGER ingest_batches_log_folded").await.unwrap();
    let db = Db::new(&url, 2).unwrap();
    let verified = verification::verify(&db, true).await.unwrap();
    assert!(!verified.differences.is_empty());
    assert_eq!(verification::verify(&db, false).await.unwrap().differences, Vec::<String>::new());
    let app = TestApp::on(url, NOW, &[]).await;
    let admin = app.admin(Some("H56.C1")).await;
    let items = pull(&admin, "limit=1000", 1200).await;
    let seqs: Vec<i64> = items.iter().map(|item| item["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=1200).collect::<Vec<_>>());
    assert_eq!(ids(&items).into_iter().collect::<HashSet<_>>().len(), 1200);
}

/// The migration is applied to a database that has responses, folded and not.
#[tokio::test]
async fn what_was_folded_before_there_was_a_log_is_in_it() {
    let url = database().await;
    load_catalogue(&url).await;
    let sql = connect(&url).await;
    let at = DateTime::parse_from_rfc3339(NOW).unwrap().to_utc();
    let migration = |file: &str| {
        let folder =
            concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/2026-11-22-000014_create_response_log/");
        std::fs::read_to_string(folder.to_owned() + file).unwrap()
    };
    sql.batch_execute(&migration("down.sql")).await.unwrap();
    sql.batch_execute("SELECT ensure_response_partition('2026-07-15')").await.unwrap();
    store(&sql, "H56.C1", at, 2500).await;
    sql.batch_execute("DELETE FROM ingest_batches").await.unwrap();
    store(&sql, "H56.C2", at, 700).await;
    // While it is applied nobody folds, an instance of an older program neither.
    sql.batch_execute("BEGIN").await.unwrap();
    sql.batch_execute(&migration("up.sql")).await.unwrap();
    let other = connect(&url).await;
    let free = "SELECT pg_try_advisory_lock(1179601988)";
    assert!(!other.query_one(free, &[]).await.unwrap().get::<_, bool>(0));
    sql.batch_execute("COMMIT").await.unwrap();
    let logged = "SELECT l.first_seq + t.place - 1, t.id, a.code
        FROM response_log l, unnest(l.response_ids, l.agency_ids) WITH ORDINALITY AS t (id, agency, place)
        JOIN agencies a ON a.id = t.agency ORDER BY 1";
    let rows = sql.query(logged, &[]).await.unwrap();
    let read =
        |row: &tokio_postgres::Row| (row.get::<_, i64>(0), row.get::<_, Uuid>(1), row.get::<_, String>(2));
    let rows: Vec<(i64, Uuid, String)> = rows.iter().map(read).collect();
    assert_eq!(rows.len(), 2500);
    for (place, (seq, _, agency)) in rows.iter().enumerate() {
        assert_eq!((*seq, agency.as_str()), (place as i64 + 1, "H56.C1"));
    }
    assert!(rows.is_sorted_by(|one, next| one.1 < next.1), "in the order of ids");
    // The tail follows.
    let app = TestApp::on(url, NOW, &[]).await;
    let items = pull(&app.admin(None).await, "limit=1000", 3200).await;
    assert_eq!((&items[2500]["seq"], &items[2500]["rated_agency"]), (&json!(2501), &json!("H56.C2")));
    assert_eq!(ids(&items).into_iter().collect::<HashSet<_>>().len(), 3200);
}

#[tokio::test]
async fn the_log_is_never_changed_and_what_is_not_folded_is_not_in_it() {
    let app = TestApp::start().await;
    let (sql, admin) = (app.sql().await, app.admin(None).await);
    sql.batch_execute(FOLD_LOCK).await.unwrap();
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    kiosk.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
    sleep(Duration::from_millis(1500)).await;
    assert_eq!(page(&admin, "").await["items"], json!([]));
    sql.batch_execute("SELECT pg_advisory_unlock(1179601988)").await.unwrap();
    pull(&admin, "", 1).await;
    for change in
        ["UPDATE response_log SET first_seq = 5", "DELETE FROM response_log", "TRUNCATE response_log"]
    {
        assert!(sql.batch_execute(change).await.is_err(), "{change}");
    }
}
