//! Files of past responses, imported with the real program: each row once, rejected rows with their reasons,
//! stopped and gone on with at any point.

use crate::support::TestApp;
use crate::support::cluster::{PROGRAM, run_dir};
use crate::support::samples::{CRITERIA, source};
use serde_json::{Value, json};
use sipas::domain::client::ClientKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A survey of the past, at agencies of then.
const PAST: &str = r#"
agencies = [
    { code = "G99", level = "province", name = "Tỉnh cũ (mẫu)", valid_from = "2020-01-01", valid_to = "2025-07-01", sample = true },
    { code = "G99.1", level = "district", name = "Huyện cũ (mẫu)", parent = "G99", valid_from = "2020-01-01", valid_to = "2025-07-01", sample = true },
]

[[surveys]]
code = "past"
name = { vi = "Khảo sát 2024", en = "Survey of 2024" }
questionnaire = "sipas-service-2022"
version = 1
opens_on = "2024-01-01"
closes_on = "2025-01-01"
agencies = ["G99"]
sample = true
"#;

async fn start() -> (TestApp, String) {
    let app = TestApp::start().await;
    let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
    sipas::service::catalogue::load(&db, &[source("past.toml", PAST)]).await.unwrap();
    let (client, _) = app.credential(ClientKind::System, Some("G99"), None).await;
    (app, client)
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = run_dir("imports").join(format!("{:016x}-{name}", rand::random::<u64>()));
    std::fs::write(&path, text).unwrap();
    path
}

fn command(app: &TestApp, path: &Path, client: &str, more: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(["import", "responses", path.to_str().unwrap(), "--client", client, "--source", "G99"])
        .args(more);
    command.env("DATABASE_URL", &app.database_url).env("SIPAS_DATA_DIR", run_dir("import"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(app: &TestApp, path: &Path, client: &str, more: &[&str]) -> Output {
    command(app, path, client, more).output().unwrap()
}

fn report(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn rejects(report: &Value) -> Vec<Value> {
    let path = report["rejects"].as_str().expect("some were rejected");
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn csv(rows: &[(&str, &str, &str)]) -> String {
    let mut text = format!("answered_at,rated_agency,channel,comment,{}\n", CRITERIA.join(","));
    for (at, agency, level) in rows {
        let answers = vec![*level; CRITERIA.len()].join(",");
        text += &format!("{at},{agency},paper,\"tốt, \"\"rất\"\" tốt\",{answers}\n");
    }
    text
}

async fn figure(app: &TestApp, query: &str) -> Value {
    app.admin(None).await.index("G99", &format!("survey=past&as_of=then&{query}")).await["whole"].clone()
}

#[tokio::test]
async fn a_file_is_imported_once_and_bad_rows_are_put_aside() {
    let (app, client) = start().await;
    let rows = [
        ("2024-05-06T09:30:00+07:00", "G99", "5"),
        ("2024-05-06 09:30", "G99.1", "4"),
        // Two people who said the same on the same day.
        ("2024-12-31", "G99", "3"),
        ("2024-12-31", "G99", "3"),
        ("2024-02-30", "G99", "3"),
        ("2025-01-01", "G99", "3"),
        ("2024-03-01", "H56", "6"),
    ];
    let path = file("old.csv", &csv(&rows));
    let first = report(&run(&app, &path, &client, &["--survey", "past"]));
    assert_eq!(
        (&first["rows"], &first["created"], &first["replayed"], &first["rejected"]),
        (&json!(7), &json!(4), &json!(0), &json!(3))
    );
    let aside = rejects(&first);
    let row = |place: usize| (aside[place]["row"].clone(), aside[place]["errors"][0].clone());
    assert_eq!(row(0).0, 5);
    assert_eq!(
        (row(0).1["pointer"].clone(), row(0).1["code"].clone()),
        (json!("/answered_at"), json!("bad_format"))
    );
    assert_eq!((row(1).0, row(1).1["code"].clone()), (json!(6), json!("survey_not_open")));
    let codes: Vec<_> = aside[2]["errors"].as_array().unwrap().iter().map(|fault| &fault["code"]).collect();
    assert_eq!(codes[..2], ["unknown_agency", "level_off_scale"]);
    assert_eq!(aside[2]["content"]["answered_at"], "2024-03-01");
    // Nineteen levels off the scale and the agency.
    assert_eq!(codes.len(), 1 + CRITERIA.len());

    assert_eq!(figure(&app, "period=2024").await["n"], 4);
    assert_eq!(figure(&app, "period=2024-05-06").await["n"], 2);
    assert_eq!(figure(&app, "period=2024-12-31").await["n"], 2);

    // Again: everything is known; what was rejected is tried anew. With one row mended that row is new.
    let again = report(&run(&app, &path, &client, &["--survey", "past"]));
    assert_eq!(
        (&again["created"], &again["replayed"], &again["rejected"], &again["done_before"]),
        (&json!(0), &json!(4), &json!(3), &json!(0))
    );
    assert_eq!(rejects(&again), aside);
    let mended = file("mended.csv", &csv(&rows).replace("2024-02-30", "2024-02-29"));
    let mended = report(&run(&app, &mended, &client, &["--survey", "past"]));
    assert_eq!(
        (&mended["created"], &mended["replayed"], &mended["rejected"]),
        (&json!(1), &json!(4), &json!(2))
    );
    assert_eq!(figure(&app, "period=2024").await["n"], 5);
}

#[tokio::test]
async fn lines_of_json_are_as_good_as_csv() {
    let (app, client) = start().await;
    let answers: Value =
        CRITERIA.iter().map(|code| ((*code).to_owned(), json!(4))).collect::<serde_json::Map<_, _>>().into();
    let row = |more: Value| {
        let mut row = json!({"survey": "past", "rated_agency": "G99", "answers": answers});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row.to_string()
    };
    let at = chrono::DateTime::parse_from_rfc3339("2024-06-01T08:00:00+07:00").unwrap().to_utc();
    let id = crate::support::samples::id(at);
    let text = [
        row(json!({"id": id})),
        row(json!({"id": id, "answered_at": "2024-06-01T08:00:00+07:00"})),
        row(json!({"id": id, "answered_at": "2024-06-02"})),
        row(json!({"answered_at": "2024-06-01", "device_seq": 1})),
        row(json!({})),
        "not json".into(),
        "x".repeat(70_000),
        String::new(),
        row(json!({"answered_at": "2024-06-01", "gender": "female"})),
    ]
    .join("\n");
    let done = report(&run(&app, &file("old.ndjson", &text), &client, &[]));
    assert_eq!(
        (&done["rows"], &done["created"], &done["replayed"], &done["rejected"]),
        (&json!(8), &json!(2), &json!(1), &json!(5))
    );
    let reasons: Vec<_> =
        rejects(&done).iter().map(|line| (line["row"].clone(), line["errors"][0]["code"].clone())).collect();
    let expected = [
        (3, "unreadable"),
        (4, "for_devices_only"),
        (5, "missing_field"),
        (6, "unreadable"),
        (7, "too_long"),
    ];
    assert_eq!(reasons, expected.map(|(row, code)| (json!(row), json!(code))));
    // The same row as CSV is the same response.
    let head = format!("survey,answered_at,gender,rated_agency,{}", CRITERIA.join(";")).replace(',', ";");
    let text =
        format!("\u{feff}{head}\npast;2024-06-01;female;G99;{}\n", vec!["4"; CRITERIA.len()].join(";"));
    let done = report(&run(&app, &file("old.txt", &text), &client, &["--format", "csv", "--delimiter", ";"]));
    assert_eq!((&done["created"], &done["replayed"]), (&json!(0), &json!(1)));
}

#[tokio::test]
async fn what_cannot_be_imported_is_said_in_one_sentence() {
    let (app, client) = start().await;
    let (device, _) = app.credential(ClientKind::Device, Some("H56.C1"), None).await;
    let good = file("good.csv", &csv(&[]));
    let refused = |path: &Path, client: &str, more: &[&str], part: &str| {
        let output = run(&app, path, client, more);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(part) && said.lines().count() == 1, "{said}");
    };
    refused(&good, &device, &[], "has to be of kind system");
    refused(&good, "00000000-0000-7000-8000-000000000000", &[], "there is no");
    refused(&file("x.csv", "answered_at,colour\n"), &client, &[], "\"colour\"");
    refused(&file("y.csv", "survey,survey\n"), &client, &[], "twice");
    refused(&file("z.csv", "answered_at;survey\n"), &client, &[], "delimiter");
    refused(&file("w.txt", ""), &client, &[], "--format");
    refused(Path::new("/nowhere/a.csv"), &client, &[], "cannot read");
    refused(&good, &client, &["--rejects", "/nowhere/a"], "cannot write");
    refused(&good, &client, &["--rejects", good.to_str().unwrap()], "the file itself");
    let precious = file("precious.txt", "not ours");
    refused(&good, &client, &["--rejects", precious.to_str().unwrap()], "something else");
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "not ours");
    refused(Path::new("/dev/null"), &client, &["--format", "csv"], "not a regular file");
    assert_eq!(report(&run(&app, &good, &client, &[]))["rows"], 0);
}

#[tokio::test]
async fn an_import_that_is_killed_goes_on_where_it_was() {
    let (app, client) = start().await;
    // Every tenth row is rejected; equal rows are many.
    let rows: Vec<(String, &str, &str)> = (0..12_000)
        .map(|i| {
            (format!("2024-{:02}-{:02}", i % 12 + 1, i % 28 + 1), "G99", if i % 10 == 0 { "9" } else { "4" })
        })
        .collect();
    let rows: Vec<(&str, &str, &str)> =
        rows.iter().map(|(at, agency, level)| (at.as_str(), *agency, *level)).collect();
    let path = file("many.csv", &csv(&rows));
    let sql = app.sql().await;
    let count = async || sql.query_one("SELECT count(*) FROM responses", &[]).await.unwrap().get::<_, i64>(0);
    let (mut kills, mut before) = (0, 0);
    let done = loop {
        let mut import = command(&app, &path, &client, &["--survey", "past"]).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        let ended = loop {
            if import.try_wait().unwrap().is_some() {
                break true;
            }
            if count().await > before + 1500 {
                break false;
            }
            assert!(Instant::now() < deadline, "nothing goes on");
            tokio::time::sleep(Duration::from_millis(3)).await;
        };
        if ended {
            break report(&import.wait_with_output().unwrap());
        }
        import.kill().unwrap();
        import.wait().unwrap();
        (kills, before) = (kills + 1, count().await);
    };
    assert!(kills >= 2, "killed {kills} times");
    assert_eq!((&done["rows"], &done["rejected"]), (&json!(12_000), &json!(1200)));
    assert!(done["done_before"].as_i64().unwrap() > 1000, "{done}");
    assert_eq!(done["created"].as_i64().unwrap() + done["replayed"].as_i64().unwrap(), 10_800);
    assert_eq!(count().await, 10_800);
    let numbers: Vec<i64> = rejects(&done).iter().map(|line| line["row"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (0..1200).map(|i| i * 10 + 1).collect::<Vec<_>>());
    assert_eq!(figure(&app, "period=2024").await["n"], 10_800);
    let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
    assert_eq!(
        sipas::service::verification::verify(&db, false).await.unwrap().differences,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn the_same_words_are_the_same_person_only_from_the_same_source() {
    let (app, client) = start().await;
    let rows = |count: usize| csv(&vec![("2024-04-10", "G99", "5"); count]);
    let (one, two) = (file("one.csv", &rows(3)), file("two.csv", &rows(4)));
    let import = |path: &Path, source: &str| {
        let mut command = Command::new(PROGRAM);
        command.args([
            "import",
            "responses",
            path.to_str().unwrap(),
            "--client",
            &client,
            "--survey",
            "past",
        ]);
        command.args(["--source", source]).env("DATABASE_URL", &app.database_url);
        let done = report(&command.env("SIPAS_DATA_DIR", run_dir("import")).output().unwrap());
        (done["created"].clone(), done["replayed"].clone())
    };
    assert_eq!(import(&one, "desk 1"), (json!(3), json!(0)));
    assert_eq!(import(&two, "desk 2"), (json!(4), json!(0)));
    assert_eq!(import(&two, "desk 1"), (json!(1), json!(3)));
    assert_eq!(figure(&app, "period=2024").await["n"], 8);
}

#[tokio::test]
async fn a_mended_row_makes_no_other_row_new() {
    let (app, client) = start().await;
    let head = format!("answered_at,rated_agency,gender,{}\n", CRITERIA.join(","));
    let row = |gender: &str| format!("2024-05-01,G99,{gender},{}\n", vec!["4"; CRITERIA.len()].join(","));
    let broken = file("broken.csv", &format!("{head}{}{}", row("Nam"), row("")));
    let done = report(&run(&app, &broken, &client, &["--survey", "past"]));
    assert_eq!((&done["created"], &done["rejected"]), (&json!(1), &json!(1)));
    let mended = file("mended.csv", &format!("{head}{}{}", row("male"), row("")));
    let done = report(&run(&app, &mended, &client, &["--survey", "past"]));
    assert_eq!((&done["created"], &done["replayed"]), (&json!(1), &json!(1)));
    assert_eq!(figure(&app, "period=2024").await["n"], 2);
}
