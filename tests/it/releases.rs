//! Releases: drafted, reviewed by a second client, sealed for good; what is refused on the way.

mod packages;
mod reproduction;

use crate::support::citizens::{self, alike};
use crate::support::clients::faults;
use crate::support::samples::{with, without};
use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A service that can seal, with answers of May and June: of C3 too few to be shown.
pub struct Office {
    pub app: TestApp,
    pub drafter: Client,
    pub reviewer: Client,
    pub folder: TempDir,
}

impl Office {
    pub async fn open(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.pem");
        sipas::release::key::write(&key).unwrap();
        let key = ["--release-key", key.to_str().unwrap()];
        let all: Vec<&str> = key.into_iter().chain(flags.iter().copied()).collect();
        let app = TestApp::start_with(&all).await;
        let mut people = alike("H56.C1", "2026-05-12", &[(1, 3), (2, 5), (3, 7), (4, 40), (5, 25)]);
        people.extend(alike("H56.C2", "2026-06-02", &[(2, 11), (4, 14), (5, 9)]));
        people.extend(alike("H56.C3", "2026-06-02", &[(5, 4)]));
        people.extend(alike("H56.C4", "2026-05-20", &[(3, 12), (5, 20)]));
        people.extend(alike("H21.C1", "2026-05-12", &[(1, 4), (5, 30)]));
        // Few had a complaint to be handled.
        for person in people.iter_mut().skip(15) {
            person.answers.iter_mut().skip(16).for_each(|answer| *answer = 0);
        }
        citizens::post(&app, &people).await;
        let (drafter, reviewer) = (app.admin(Some("H56")).await, app.admin(Some("H56")).await);
        Self { app, drafter, reviewer, folder }
    }

    /// Drafts, has it approved and seals it.
    pub async fn seal(&self, body: &Value) -> Value {
        let draft = self.drafter.post("/v1/releases", body).await.expect(201).json();
        self.approve(&draft).await.expect(200);
        self.drafter.post(&path(&draft, "/seal"), &json!({})).await.expect(200).json()
    }

    pub async fn approve(&self, draft: &Value) -> crate::support::Reply {
        self.reviewer.post(&path(draft, "/review"), &review("approved", draft)).await
    }
}

pub fn path(release: &Value, what: &str) -> String {
    format!("/v1/releases/{}{what}", release["id"].as_str().unwrap())
}

fn review(decision: &str, draft: &Value) -> Value {
    json!({"decision": decision, "digest": draft["digest"], "reason": "Đã đối chiếu"})
}

/// The second quarter of a province.
pub fn quarter() -> Value {
    let question =
        |kind: &str| json!({"kind": kind, "agency": "H56", "survey": "demo-service", "period": "2026-Q2"});
    json!({
        "agency": "H56", "series": "2026-Q2", "title": {"vi": "Quý II/2026", "en": "Second quarter of 2026"},
        "contents": [question("index"), question("ranking")],
    })
}

#[tokio::test]
async fn who_wants_to_know_is_told_of_a_sealed_release_and_of_nothing_before() {
    let office = Office::open(&[]).await;
    let hook = async |client: &Client, agency: &str| {
        let body = json!({"name": "Cổng", "agency": agency, "url": "https://8.8.8.8/x", "events": ["release.sealed"]});
        let made = client.post("/v1/webhooks", &body).await.expect(201).json();
        format!("/v1/webhooks/{}/deliveries", made["id"].as_str().unwrap())
    };
    let elsewhere = office.app.admin(Some("H21")).await;
    let (ours, theirs) = (hook(&office.drafter, "H56").await, hook(&elsewhere, "H21").await);
    let draft = office.drafter.post("/v1/releases", &quarter()).await.expect(201).json();
    office.approve(&draft).await.expect(200);
    assert_eq!(office.drafter.get(&ours).await.expect(200).json()["items"], json!([]));
    office.drafter.post(&path(&draft, "/seal"), &json!({})).await.expect(200);
    let told = office.drafter.get(&ours).await.expect(200).json();
    assert_eq!(told["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&told["items"][0]["type"], &told["items"][0]["agency"]),
        (&json!("release.sealed"), &json!("H56"))
    );
    assert_eq!(elsewhere.get(&theirs).await.expect(200).json()["items"], json!([]));
    let row = office.app.sql().await.query_one("SELECT payload FROM webhook_events", &[]).await.unwrap();
    let payload: Value = serde_json::from_slice(row.get(0)).unwrap();
    let data = &payload["data"];
    let package = office.app.anonymous().get("/v1/releases/H56_2026-Q2/1/package").await.expect(200);
    let digest: String = Sha256::digest(&package.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((&data["number"], &data["package_sha256"]), (&json!("H56_2026-Q2/1"), &json!(digest)));
    office.app.anonymous().get(data["path"].as_str().unwrap()).await.expect(200);
}

fn correction(revision: i32) -> Value {
    let mut body = quarter();
    body["corrects"] = json!({"revision": revision, "reason": "Thiếu phiếu"});
    body
}

#[tokio::test]
async fn a_release_is_drafted_reviewed_by_another_and_sealed() {
    let office = Office::open(&[]).await;
    let Office { app, drafter, reviewer, .. } = &office;
    let draft = drafter.post("/v1/releases", &quarter()).await.expect(201).json();
    assert_eq!((&draft["state"], &draft["series"]), (&json!("draft"), &json!("H56_2026-Q2")));
    let anonymous = app.anonymous();
    assert_eq!(anonymous.get(&path(&draft, "")).await.expect(404).problem(), "release_not_found");
    assert_eq!(anonymous.get("/v1/releases").await.json()["items"], json!([]));
    let whole = reviewer.get(&path(&draft, "")).await.expect(200).json();
    assert_eq!((&whole["manifest"], &whole["digest"]), (&Value::Null, &draft["digest"]));

    // Not by who drafted it, nor by one made later, nor of something else, nor from elsewhere.
    let seal = path(&draft, "/seal");
    let to = path(&draft, "/review");
    assert_eq!(drafter.post(&seal, &json!({})).await.expect(409).problem(), "release_conflict");
    let own = drafter.post(&to, &review("approved", &draft)).await.expect(403);
    assert_eq!(own.problem(), "second_person_needed");
    let other = with(review("approved", &draft), "/digest", json!("0".repeat(64)));
    assert_eq!(reviewer.post(&to, &other).await.expect(409).problem(), "release_digest_conflict");
    let elsewhere = app.admin(Some("H21")).await;
    assert_eq!(elsewhere.post(&to, &review("approved", &draft)).await.problem(), "release_not_found");
    assert_eq!(elsewhere.post(&seal, &json!({})).await.problem(), "release_not_found");
    let wrong =
        reviewer.post(&to, &json!({"decision": "sealed", "digest": "x", "more": 1})).await.expect(422);
    let expected = [
        ("/decision", "not_allowed"),
        ("/digest", "bad_format"),
        ("/more", "unknown_field"),
        ("/reason", "missing_field"),
    ];
    assert_eq!(wrong.faults(), faults(&expected));

    assert_eq!(office.approve(&draft).await.expect(200).json()["state"], "approved");
    assert_eq!(office.approve(&draft).await.expect(409).problem(), "release_conflict");
    let sealed = drafter.post(&seal, &json!({})).await.expect(200).json();
    assert_eq!((&sealed["state"], &sealed["number"]), (&json!("sealed"), &json!("H56_2026-Q2/1")));
    assert_eq!(drafter.post(&seal, &json!({})).await.expect(409).problem(), "release_conflict");

    let listed =
        anonymous.get("/v1/releases?agency=H56&series=2026-Q2&state=sealed").await.expect(200).json();
    assert_eq!(listed["items"], json!([sealed]));
    let read = anonymous.get("/v1/releases/H56_2026-Q2/1").await.expect(200);
    assert_eq!(read.header("cache-control"), "public, max-age=31536000, immutable");
    let release = read.json();
    assert_eq!(release["figures"], whole["figures"], "nothing is made again");
    assert_eq!(release["manifest"]["draft"], whole["draft"]);
    let tag = read.header("etag").to_owned();
    let again = anonymous.get_with("/v1/releases/H56_2026-Q2/1", &[("if-none-match", &tag)]).await;
    assert_eq!(again.status, 304);
    assert_eq!(anonymous.get(&path(&draft, "")).await.expect(200).json()["number"], sealed["number"]);
    for missing in ["H56_2026-Q2/2", "H56_2026-Q2/01", "H56_x/1", "x/y"] {
        assert_eq!(
            anonymous.get(&format!("/v1/releases/{missing}")).await.expect(404).problem(),
            "release_not_found"
        );
    }
    let keys = anonymous.get("/v1/releases/keys").await.expect(200).json();
    assert_eq!(keys["items"][0]["fingerprint"], sealed["key"]);
    let national = app.admin(None).await;
    let actions = national.get("/v1/audit?limit=1000").await.expect(200).text;
    for action in ["release_drafted", "release_reviewed", "release_sealed"] {
        assert_eq!(actions.matches(&format!("\"{action}\"")).count(), 1, "{action}");
    }
}

#[tokio::test]
async fn the_figures_are_those_of_the_public_api_at_that_moment() {
    let office = Office::open(&[]).await;
    let draft = office.drafter.post("/v1/releases", &quarter()).await.expect(201).json();
    let figures = office.reviewer.get(&path(&draft, "")).await.expect(200).json()["figures"].clone();
    let (anonymous, query) = (office.app.anonymous(), "survey=demo-service&period=2026-Q2");
    let entries = figures["contents"][0]["figures"].as_array().unwrap();
    let codes: Vec<&str> = entries.iter().map(|entry| entry["agency"]["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["H56", "H56.C1", "H56.C2", "H56.C3", "H56.C4", "H56.D1", "H56.D2"]);
    for entry in entries {
        let index = anonymous.index(entry["agency"]["code"].as_str().unwrap(), query).await;
        assert_eq!(entry["whole"], index["whole"]);
        assert_eq!(entry["left_out"], index["left_out"]);
        assert_eq!(entry["agency"]["name"], index["agency"]["name"]);
        let elements =
            entry["elements"].as_array().unwrap().iter().zip(index["elements"].as_array().unwrap());
        for (sealed, live) in elements {
            for field in ["code", "value", "interval", "n", "levels", "suppressed"] {
                assert_eq!(sealed[field], live[field], "{field}");
            }
            let criteria =
                sealed["criteria"].as_array().unwrap().iter().zip(live["criteria"].as_array().unwrap());
            for (sealed, live) in criteria {
                for field in ["code", "value", "interval", "n", "numerator", "denominator", "not_applicable"]
                {
                    assert_eq!(sealed[field], live[field], "{field}");
                }
            }
        }
    }
    assert_eq!(entries[3]["whole"]["suppressed"], true, "four people");
    assert_eq!(entries[3]["whole"]["n"], Value::Null);
    let live = anonymous.get(&format!("/v1/agencies/H56/index/ranking?{query}")).await.expect(200).json();
    let ranking = &figures["contents"][1];
    assert_eq!(ranking["ranked"], live["ranked"]);
    for (sealed, live) in
        ranking["entries"].as_array().unwrap().iter().zip(live["entries"].as_array().unwrap())
    {
        for field in ["code", "name", "rank", "best_rank", "worst_rank", "unranked", "value", "interval", "n"]
        {
            assert_eq!(sealed[field], live[field], "{field}");
        }
    }
}

#[tokio::test]
async fn a_correction_is_the_next_revision_and_names_the_newest() {
    let office = Office::open(&[]).await;
    let Office { app, drafter, reviewer, .. } = &office;
    let first = drafter.post("/v1/releases", &correction(1)).await.expect(422);
    assert_eq!(first.faults(), faults(&[("/corrects", "unreadable")]));
    // Two drafts of one series: only one can be the first.
    let slow = drafter.post("/v1/releases", &quarter()).await.expect(201).json();
    office.approve(&slow).await.expect(200);
    let sealed = office.seal(&quarter()).await;
    assert_eq!(sealed["number"], "H56_2026-Q2/1");
    assert_eq!(
        drafter.post(&path(&slow, "/seal"), &json!({})).await.expect(409).problem(),
        "release_conflict"
    );
    let without = drafter.post("/v1/releases", &quarter()).await.expect(422);
    assert_eq!(without.faults(), faults(&[("/corrects", "missing_field")]));
    let wrong = drafter.post("/v1/releases", &correction(2)).await.expect(422);
    assert_eq!(wrong.faults(), faults(&[("/corrects/revision", "out_of_range")]));
    let before = app.anonymous().get("/v1/releases/H56_2026-Q2/1").await.text;
    citizens::post(app, &alike("H56.C2", "2026-06-03", &[(1, 30)])).await;
    let second = office.seal(&correction(1)).await;
    assert_eq!(second["number"], "H56_2026-Q2/2");
    assert_eq!(second["corrects"], json!({"revision": 1, "reason": "Thiếu phiếu"}));
    assert_eq!(
        app.anonymous().get("/v1/releases/H56_2026-Q2/1").await.text,
        before,
        "the first is as it was"
    );
    let newest = app.anonymous().get("/v1/releases/H56_2026-Q2/2").await.json();
    assert_ne!(newest["figures"], serde_json::from_str::<Value>(&before).unwrap()["figures"]);

    let draft = drafter.post("/v1/releases", &correction(2)).await.expect(201).json();
    reviewer.post(&path(&draft, "/review"), &review("rejected", &draft)).await.expect(200);
    assert_eq!(
        drafter.post(&path(&draft, "/seal"), &json!({})).await.expect(409).problem(),
        "release_conflict"
    );
    let rejected = drafter.get("/v1/releases?state=rejected").await.expect(200).json();
    assert_eq!(rejected["items"][0]["id"], draft["id"], "stays listed");
    assert_eq!(app.anonymous().get("/v1/releases?state=rejected").await.json()["items"], json!([]));
    let page = app.anonymous().get("/v1/releases?limit=1").await.json();
    let next = format!("/v1/releases?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(app.anonymous().get(&next).await.json()["items"][0]["number"], "H56_2026-Q2/1");
}

#[tokio::test]
async fn every_fault_of_a_draft_is_told_at_once_and_nobody_publishes_for_others() {
    let office = Office::open(&[]).await;
    let bad = json!({
        "agency": "H21", "series": "a b", "title": {"vi": "x"}, "more": 1, "corrects": {"revision": 0},
        "contents": [
            {"kind": "index", "agency": "H21.C1", "survey": "none", "period": "2026-07-15", "min_n": 1},
            {"kind": "ranking", "agency": "H56,H21", "survey": "demo-service", "period": "2027", "children": true},
            {"kind": "other", "agency": "H56", "survey": "demo-service", "period": "2026", "tree_on": "2026-07-16", "formula": "desk-points"},
        ],
    });
    let told = office.drafter.post("/v1/releases", &bad).await.expect(422).faults();
    let expected = [
        ("/agency", "unknown_agency"),
        ("/contents/0/min_n", "unknown_field"),
        ("/contents/0/period", "months_for_public"),
        ("/contents/0/survey", "unknown_survey"),
        ("/contents/1/agency", "bad_format"),
        ("/contents/1/children", "unknown_field"),
        ("/contents/1/period", "period_not_begun"),
        ("/contents/2/kind", "not_allowed"),
        ("/contents/2/tree_on", "period_not_begun"),
        ("/corrects/reason", "missing_field"),
        ("/corrects/revision", "out_of_range"),
        ("/more", "unknown_field"),
        ("/series", "bad_format"),
        ("/title/en", "missing_field"),
    ];
    for (place, code) in expected {
        assert!(told.contains(&(place.to_owned(), code.to_owned())), "{place} {code} is not in {told:?}");
    }
    let outside = with(quarter(), "/contents/0/agency", json!("H21.C1"));
    let told = office.drafter.post("/v1/releases", &outside).await.expect(422).faults();
    assert_eq!(told, faults(&[("/contents/0/agency", "unknown_agency")]));
    for contents in [json!([]), json!(vec![quarter()["contents"][0].clone(); 21])] {
        let told =
            office.drafter.post("/v1/releases", &with(quarter(), "/contents", contents)).await.expect(422);
        assert_eq!(told.faults(), faults(&[("/contents", "out_of_range")]));
    }
    let system = office.app.system(Some("H56")).await;
    assert_eq!(system.post("/v1/releases", &quarter()).await.expect(403).problem(), "not_permitted");
    let country = with(quarter(), "/agency", json!("VN"));
    let told = office.drafter.post("/v1/releases", &country).await.expect(422).faults();
    assert_eq!(told, faults(&[("/agency", "unknown_agency")]));
    let national = office.app.admin(None).await;
    let drafted = national.post("/v1/releases", &country).await.expect(201).json();
    assert_eq!(drafted["series"], "VN_2026-Q2");
    assert_eq!(office.drafter.get(&path(&drafted, "")).await.problem(), "release_not_found");
    let empty = without(quarter(), "/contents");
    assert_eq!(
        national.post("/v1/releases", &empty).await.expect(422).faults(),
        faults(&[("/contents", "missing_field")])
    );
}

#[tokio::test]
async fn without_a_key_nothing_is_sealed_and_the_database_lets_nobody_change_a_release() {
    let office = Office::open(&[]).await;
    let draft = office.drafter.post("/v1/releases", &quarter()).await.expect(201).json();
    let sql = office.app.sql().await;
    let id = draft["id"].as_str().unwrap();
    // Not even in the database: sealed without a review, or reviewed by who drafted it.
    let client = "(SELECT drafted_by FROM releases LIMIT 1)";
    let own = format!("INSERT INTO release_reviews VALUES ('{id}', 'approved', 'x', {client}, now())");
    assert!(sql.batch_execute(&own).await.is_err());
    sql.batch_execute("INSERT INTO release_keys VALUES ('x', decode(repeat('00', 32), 'hex'), now())")
        .await
        .unwrap();
    let seal = format!(
        "INSERT INTO release_seals VALUES ('{id}', 'H56_2026-Q2', 1, 'x', {client}, now(), '', '', decode(repeat('00', 32), 'hex'))"
    );
    assert!(sql.batch_execute(&seal).await.is_err());
    let file = format!("INSERT INTO release_files VALUES ('{id}', 'more.csv', '')");
    assert!(sql.batch_execute(&file).await.is_err());

    office.approve(&draft).await.expect(200);
    let keyless = TestApp::on(office.app.database_url.clone(), crate::support::app::NOW, &[]).await;
    let sealer = keyless.admin(Some("H56")).await;
    assert_eq!(
        sealer.post(&path(&draft, "/seal"), &json!({})).await.expect(409).problem(),
        "release_key_missing"
    );
    office.drafter.post(&path(&draft, "/seal"), &json!({})).await.expect(200);
    for (table, column) in [
        ("releases", "draft = draft"),
        ("release_files", "content = content"),
        ("release_reviews", "reason = 'y'"),
        ("release_seals", "manifest = 'y'"),
        ("release_keys", "kid = kid"),
        ("standing_log", "standing = standing"),
    ] {
        let fill = "INSERT INTO standing_log (response_id, standing) VALUES (gen_random_uuid(), 'flagged')";
        if table == "standing_log" {
            sql.batch_execute(fill).await.unwrap();
        }
        for statement in [
            format!("UPDATE {table} SET {column}"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
        ] {
            assert!(sql.batch_execute(&statement).await.is_err(), "{statement}");
        }
    }
}

#[tokio::test]
async fn the_page_shows_what_was_sealed_and_how_to_check_it() {
    let office = Office::open(&[]).await;
    let anonymous = office.app.anonymous();
    let none = anonymous.get("/releases?lang=en").await.expect(200).text;
    assert!(none.contains("Nothing has been published yet."));
    let sealed = office.seal(&quarter()).await;
    office.seal(&correction(1)).await;
    let listed = anonymous.get("/releases").await.expect(200).text;
    assert!(
        listed.contains("/releases?number=H56_2026-Q2%2F1") && listed.contains("Quý II/2026"),
        "{listed}"
    );
    let page = anonymous.get("/releases?number=H56_2026-Q2%2F2&lang=en").await.expect(200).text;
    let release = anonymous.get("/v1/releases/H56_2026-Q2/2").await.json();
    let value = release["figures"]["contents"][0]["figures"][0]["whole"]["value"].as_f64().unwrap();
    for part in [
        &format!("{value:.2}%"),
        "Thiếu phiếu",
        "/v1/releases/H56_2026-Q2/2/package",
        "withheld",
        sealed["key"].as_str().unwrap(),
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("style=") && !page.contains("<script"));
    anonymous.get("/releases?number=x").await.expect(422);
    anonymous.get("/releases?number=H56_2026-Q2%2F9").await.expect(404);
}
