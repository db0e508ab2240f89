//! The independent recount: random responses over HTTP, then every figure computed again from the raw rows
//! by code that shares nothing with the service (`support::recount_math`): its own decoding, its own sums in
//! SQL-free Rust over decimal digits, its own intervals. Equal to the last digit. Some responses become void, some are
//! flagged, some of those cleared. One tree that never changes; `histories` has those that do.

use crate::flags::judged;
use crate::support::recount_math::{self, Asked, Paper, Person, check_index, figure};
use crate::support::samples::{CRITERIA, id, response, with, without};
use crate::support::{Client, TestApp};
use chrono::TimeDelta;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use sipas::service::verification::verify;
use sipas::store::Db;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The questionnaire by hand: sizes of its elements, and the three last questions need no answer.
pub const PAPER: Paper = Paper { elements: &[4, 4, 5, 3, 3], required: 16 };

/// One raw row: who is rated, on which day, each answer (0 not applicable), its id.
type Row = (String, String, Vec<u8>, Uuid);

async fn raw_rows(app: &TestApp) -> Vec<Row> {
    let rows = app
        .sql()
        .await
        .query(
            "SELECT a.code, to_char(to_timestamp((('x' || left(replace(r.id::text, '-', ''), 12))::bit(48)::bigint) / 1000.0)
                    AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD'), r.answers, r.id
             FROM responses r JOIN agencies a ON a.id = r.rated_agency_id",
            &[],
        )
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
}

/// Holds a cell of an answer about this questionnaire against people of whom all counts.
pub fn check_cell(cell: &Value, formula: &str, answers: &[Vec<u8>], places: &[usize]) {
    let person = |answers: &Vec<u8>| Person { answers: answers.clone(), share: (1, 1) };
    let people: Vec<Person> = answers.iter().map(person).collect();
    let expected = figure(PAPER, &people, places, Asked { formula, confidence: 95 });
    recount_math::check_cell(cell, &expected, &format!("{formula} {places:?}"));
}

/// Ten times four at once from one device, half of them an hour late in the middle; a fifth is cleared. Gives those
/// that are flagged in the end.
async fn bursts(app: &TestApp, chance: &mut StdRng) -> BTreeSet<Uuid> {
    let (kiosk, admin) = (app.device("H56.C1", "MC-H56-C1").await, app.admin(None).await);
    let mut bodies: Vec<(Uuid, Value)> = Vec::new();
    for burst in 0..10 {
        for one in 0..4 {
            let id = id(app.now - TimeDelta::days(5 * burst) - TimeDelta::seconds(10 * one));
            let agency = ["H56.C1", "H56.C2"][chance.random_range(0..2)];
            let level = chance.random_range(1..=5_u8);
            bodies.push((id, with(response(id, level), "/rated_agency", json!(agency))));
        }
    }
    let (first, late): (Vec<_>, Vec<_>) = bodies.iter().enumerate().partition(|(place, _)| place % 2 == 0);
    for part in [first, late] {
        for (_, (_, body)) in part {
            kiosk.post("/v1/responses", body).await.expect(201);
        }
        judged(app).await;
    }
    let mut flagged: BTreeSet<Uuid> = bodies.iter().map(|(id, _)| *id).collect();
    for (id, _) in bodies.iter().step_by(5) {
        let review = json!({"decision": "lifted", "reason": "x"});
        admin.post(&format!("/v1/responses/{id}/flag-review"), &review).await.expect(200);
        flagged.remove(id);
    }
    flagged
}

/// Makes some void, of those that count and of those that are flagged.
async fn voids(app: &TestApp, first: &Client, rows: &[Row], chance: &mut StdRng) -> BTreeSet<Uuid> {
    let second = app.admin(None).await;
    let mut void = BTreeSet::new();
    for (.., id) in rows.iter().filter(|_| chance.random_range(0..8) == 0) {
        first.post(&format!("/v1/responses/{id}/void"), &json!({"reason": "x"})).await.expect(201);
        second.post(&format!("/v1/responses/{id}/void/confirm"), &json!({})).await.expect(200);
        void.insert(*id);
    }
    void
}

#[tokio::test]
async fn every_figure_equals_the_recount_from_raw_rows() {
    let rules = ["--flag-rules", "burst", "--flag-burst-most", "2", "--flag-burst-minutes", "1"];
    let app = TestApp::start_with(&rules).await;
    let system = app.system(None).await;
    let seed = rand::random::<u64>();
    let mut chance = StdRng::seed_from_u64(seed);
    let agencies = ["H56", "H56.C1", "H56.C1.X1", "H56.C2", "H21.C1"];
    for _ in 0..250 {
        let at = app.now - TimeDelta::milliseconds(chance.random_range(0..60 * 86_400_000));
        let mut body = with(
            response(id(at), 1),
            "/rated_agency",
            json!(agencies[chance.random_range(0..agencies.len())]),
        );
        body = without(body, "/service_point");
        let mood = chance.random_range(1..=5_u8);
        for code in CRITERIA {
            let level = (mood + chance.random_range(0..3)).clamp(2, 6) - 1;
            let skipped = code.starts_with("feedback") && chance.random_range(0..3) > 0;
            body["answers"][code] = if skipped { Value::Null } else { json!(level) };
        }
        let status = system.post("/v1/responses", &body).await.status;
        assert_eq!(status, 201);
        // A tenth is sent twice.
        if chance.random_range(0..10) == 0 {
            system.post("/v1/responses", &body).await.expect(200);
        }
    }
    let flagged = bursts(&app, &mut chance).await;
    let rows = raw_rows(&app).await;
    assert_eq!(rows.len(), 290);
    let admin = app.admin(None).await;
    let void = voids(&app, &admin, &rows, &mut chance).await;
    let under = |code: &str, root: &str| code == root || code.starts_with(&format!("{root}."));
    for root in ["H56", "H56.C1", "H56.C2", "H21"] {
        for (scope, period, from, to) in [
            ("subtree", "2026", "2026-01-01", "2027-01-01"),
            ("self", "2026-06", "2026-06-01", "2026-07-01"),
            ("subtree", "2026-W28", "2026-07-06", "2026-07-13"),
            ("subtree", "2026-07-10", "2026-07-10", "2026-07-11"),
        ] {
            let with_flagged = chance.random_range(0..2) == 1;
            let people: Vec<Person> = rows
                .iter()
                .filter(|(.., id)| !void.contains(id) && (with_flagged || !flagged.contains(id)))
                .filter(|(agency, day, ..)| {
                    (if scope == "self" { agency == root } else { under(agency, root) })
                        && *from <= **day
                        && **day < *to
                })
                .map(|(_, _, answers, _)| Person { answers: answers.clone(), share: (1, 1) })
                .collect();
            for formula in ["satisfied-share", "mean-normalised", "mean-rescaled"] {
                let word = if with_flagged { "included" } else { "excluded" };
                let query = format!(
                    "survey=demo-service&period={period}&scope={scope}&formula={formula}&flagged={word}"
                );
                let index = admin.index(root, &query).await;
                let context = format!("seed {seed}: {root} {query}");
                let asked = Asked { formula, confidence: 95 };
                check_index(&index, PAPER, &people, &CRITERIA, asked, &context);
            }
        }
    }
    // A wrong row of the flagged is found and repaired like any other.
    let db = Db::new(&app.database_url, 2).unwrap();
    assert_eq!(verify(&db, false).await.unwrap().differences, Vec::<String>::new(), "seed {seed}");
    let query = "survey=demo-service&period=2026&flagged=included";
    let right = admin.index("H56", query).await;
    let spoil = "DELETE FROM tallies WHERE reach = 2 AND grain > 1";
    assert!(app.sql().await.execute(spoil, &[]).await.unwrap() > 0);
    assert!(!verify(&db, false).await.unwrap().differences.is_empty());
    assert!(!verify(&db, true).await.unwrap().differences.is_empty());
    assert_eq!(verify(&db, false).await.unwrap().differences, Vec::<String>::new(), "seed {seed}");
    let repaired = admin.index("H56", query).await;
    assert_eq!(repaired["elements"], right["elements"]);
    assert_eq!(repaired["flagged_responses"], right["flagged_responses"]);
}
