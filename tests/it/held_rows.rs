//! A ranking of hundreds is read from rows that an instance holds, and is never older than what is stored.

use crate::support::app::NOW;
use crate::support::citizens::{Citizen, figure, fold, hold_folding, post, service};
use crate::support::{Client, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write;

/// More than an instance reads anew each time.
const COMMUNES: usize = 600;

const QUERY: &str = "survey=demo-service&period=2026-07&level=commune&min_n=1";

/// A service with hundreds of communes, and another instance on the same database.
async fn instances() -> (TestApp, TestApp) {
    let app = service().await;
    let mut table = String::from("code,name,level,parent,valid_from\n");
    for number in 0..COMMUNES {
        writeln!(table, "H56.T{number},Xã {number},commune,H56,2026-01-01").unwrap();
    }
    let path = "/v1/agencies/import?dry_run=false&basis=test";
    let headers = [("content-type", "text/csv")];
    app.admin(None).await.send(Method::POST, path, &headers, Some(table)).await.expect(201);
    let other = TestApp::on(app.database_url.clone(), NOW, &["--max-offline-days", "740"]).await;
    (app, other)
}

async fn ranking(admin: &Client) -> Value {
    figure(admin, "H56", "ranking", QUERY).await
}

/// People of the agencies that anybody answered about.
async fn people(admin: &Client) -> Vec<(String, u64)> {
    let ranking = ranking(admin).await;
    assert!(ranking["entries"].as_array().unwrap().len() > COMMUNES);
    let told = |entry: &Value| (entry["code"].as_str().unwrap().to_owned(), entry["n"].as_u64().unwrap());
    ranking["entries"].as_array().unwrap().iter().map(told).filter(|(_, n)| *n > 0).collect()
}

fn some(agency: &'static str, count: usize, level: u8) -> Vec<Citizen> {
    (0..count).map(|_| Citizen::alike(agency, "2026-07-01", level)).collect()
}

#[tokio::test]
async fn a_ranking_of_hundreds_follows_every_answer_fold_and_void_on_every_instance() {
    let (app, other) = instances().await;
    let (here, there) = (app.admin(None).await, other.admin(None).await);
    let both = async |expected: &[(&str, u64)]| {
        let expected: Vec<(String, u64)> = expected.iter().map(|(code, n)| ((*code).into(), *n)).collect();
        // The second time from what was held the first time.
        for admin in [&here, &there, &here, &there] {
            assert_eq!(people(admin).await, expected);
        }
    };
    let sql = hold_folding(&app).await;
    both(&[]).await;
    post(&app, &some("H56.T7", 3, 5)).await;
    both(&[("H56.T7", 3)]).await;
    fold(&sql).await;
    both(&[("H56.T7", 3)]).await;

    let sql = hold_folding(&app).await;
    post(&other, &some("H56.T7", 1, 1)).await;
    post(&app, &some("H56.T599", 2, 4)).await;
    both(&[("H56.T599", 2), ("H56.T7", 4)]).await;
    let unfolded = ranking(&here).await;
    fold(&sql).await;
    both(&[("H56.T599", 2), ("H56.T7", 4)]).await;
    assert_eq!(ranking(&here).await, unfolded);

    let list = here.get("/v1/responses?agency=H56.T599&limit=1").await.expect(200).json();
    let path = format!("/v1/responses/{}/void", list["items"][0]["id"].as_str().unwrap());
    app.admin(Some("H56")).await.post(&path, &json!({"reason": "Thử máy"})).await.expect(201);
    there.post(&format!("{path}/confirm"), &json!({})).await.expect(200);
    both(&[("H56.T599", 1), ("H56.T7", 4)]).await;
}

#[tokio::test]
async fn rows_are_read_again_when_the_tallies_changed_and_only_then() {
    let (app, _) = instances().await;
    let admin = app.admin(None).await;
    post(&app, &some("H56.T7", 3, 5)).await;
    let sql = hold_folding(&app).await;
    fold(&sql).await;
    let sevens = [("H56.T7".to_owned(), 3)];
    assert_eq!(people(&admin).await, sevens);
    // Behind the back of the trigger: whoever reads rows again sees that they are gone.
    let gone = "SET session_replication_role = replica; DELETE FROM tallies; RESET session_replication_role";
    sql.batch_execute(gone).await.unwrap();
    assert_eq!(people(&admin).await, sevens);
    sql.batch_execute("DELETE FROM tallies WHERE false").await.unwrap();
    assert_eq!(people(&admin).await, []);
}
