//! Two blocks in one questionnaire: the published figures of SIPAS 2024 out of a synthetic data set.

use crate::support::TestApp;
use crate::support::app::{NOW, load_catalogue};
use crate::support::cluster::database;
use crate::support::samples::{id, source};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::fmt::Write;

/// Items of the policy and of the service block. How the 51 satisfaction items of 2024 were split is not known; this
/// split is assumed, because the published figures fit it.
const ITEMS: [(&str, usize); 2] = [("policy", 32), ("service", 19)];

const PEOPLE: usize = 100;

/// Sums of all levels of a block over all people: 13415/3200/5 = 83.84 %, 7989/1900/5 = 84.09 %.
const SUMS: [usize; 2] = [13_415, 7_989];

fn questionnaire() -> String {
    let mut text = String::from(
        r#"[questionnaire]
code = "blocks"
version = 1
kind = "sipas"
name = { vi = "Hai khối (mẫu)", en = "Two blocks (sample)" }
source = "Invented for a test; the split 32 + 19 is assumed."

[[scales]]
code = "satisfaction"
levels = [
    { value = 1, satisfied = false, text = { vi = "1", en = "1" } },
    { value = 2, satisfied = false, text = { vi = "2", en = "2" } },
    { value = 3, satisfied = false, text = { vi = "3", en = "3" } },
    { value = 4, satisfied = true, text = { vi = "4", en = "4" } },
    { value = 5, satisfied = true, text = { vi = "5", en = "5" } },
]
"#,
    );
    for (block, items) in ITEMS {
        write!(text, "\n[[elements]]\ncode = \"{block}\"\ntext = {{ vi = \"{block}\", en = \"{block}\" }}\ncriteria = [\n").unwrap();
        for item in 1..=items {
            writeln!(text, "    {{ number = \"{item}\", code = \"{block}.i{item}\", scale = \"satisfaction\", text = {{ vi = \"{item}\", en = \"{item}\" }} }},").unwrap();
        }
        text.push_str("]\n");
    }
    text + "\n[[surveys]]\ncode = \"blocks\"\nname = { vi = \"Hai khối\", en = \"Two blocks\" }\nquestionnaire = \"blocks\"\nversion = 1\nopens_on = \"2025-07-01\"\nagencies = [\"H56\"]\nsample = true\n"
}

/// Level of an item in a person's form: everybody says 4 or 5, the 5s spread evenly until the sum is reached.
fn level(person: usize, item: usize, items: usize, sum: usize) -> usize {
    let (all, fives, place) = (PEOPLE * items, sum - 4 * PEOPLE * items, person * items + item);
    4 + (place + 1) * fives / all - place * fives / all
}

#[tokio::test]
async fn the_published_blocks_of_2024_come_out_of_a_data_set() {
    let database_url = database().await;
    load_catalogue(&database_url).await;
    let db = sipas::store::Db::new(&database_url, 1).unwrap();
    sipas::service::catalogue::load(&db, &[source("blocks.toml", &questionnaire())]).await.unwrap();
    let app = TestApp::on(database_url, NOW, &[]).await;
    let form = |person: usize| {
        let mut answers = serde_json::Map::new();
        for ((block, items), sum) in ITEMS.into_iter().zip(SUMS) {
            for item in 0..items {
                answers.insert(format!("{block}.i{}", item + 1), json!(level(person, item, items, sum)));
            }
        }
        json!({"id": id(app.now - TimeDelta::hours(1)), "survey": "blocks", "rated_agency": "H56.C1", "answers": answers})
    };
    let forms: Vec<Value> = (0..PEOPLE).map(form).collect();
    let sum = |block: &str| -> i64 {
        let all = forms.iter().flat_map(|form| form["answers"].as_object().unwrap());
        all.filter(|(code, _)| code.starts_with(block)).map(|(_, level)| level.as_i64().unwrap()).sum()
    };
    assert_eq!([sum("policy"), sum("service")], [13_415, 7_989]);
    let reply = app.system(None).await.post_batch(&forms).await.expect(200).json();
    assert_eq!(reply["counts"]["created"], 100, "{reply}");

    let index = app.anonymous().index("H56", "survey=blocks&period=2026&formula=mean-normalised").await;
    let elements = index["elements"].as_array().unwrap();
    assert_eq!((&elements[0]["value"], &elements[1]["value"]), (&json!(83.84), &json!(84.09)));
    assert_eq!(index["whole"]["value"], 83.94, "the mean over all 51 items");
    assert_eq!(index["whole"]["n"], 100);
    // The plain mean of the two blocks would be 83.97.
    assert!(index["formula"]["definition"]["en"].as_str().unwrap().contains("assumed"));
    let formula = app.anonymous().get("/v1/formulas/mean-normalised").await.expect(200).json();
    assert!(formula["combination"]["en"].as_str().unwrap().contains("assumed: with 32 and 19"), "{formula}");
}
