//! The program itself: how it starts, what it prints, how it stops, what it says when it cannot.

use crate::support::clients::Client;
use crate::support::cluster::{connect, empty_database, run_dir};
use crate::support::program::{Running, json, postmaster, private_url, run, signal, sipas};
use crate::support::samples::{id, response};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What it says on stderr when it fails.
fn refusal(output: &Output) -> String {
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.starts_with("sipas: ") && said.trim_end().lines().count() == 1, "one sentence: {said}");
    said
}

#[tokio::test]
async fn an_empty_machine_serves_keeps_its_data_and_stops_cleanly() {
    let dir = run_dir("private");
    let mut service = Running::start(&mut sipas(&dir, &["serve"]));
    assert_eq!(
        (&service.line["event"], service.line["pid"].as_u64()),
        (&"ready".into(), Some(service.child.id().into()))
    );
    let database = service.line["database"].as_str().unwrap().to_owned();
    assert!(database.starts_with("postgresql://postgres@127.0.0.1:"), "without the password: {database}");
    let url = service.line["url"].as_str().unwrap().to_owned();
    let anonymous = Client::new(&url, None);
    anonymous.get("/health/ready").await.expect(200);

    // Other commands join the running cluster.
    let loaded = json(&run(&mut sipas(&dir, &["catalogue", "load"])));
    assert_eq!((&loaded["agencies"], &loaded["questionnaires"]), (&63.into(), &2.into()));
    let files = run_dir("files").join("survey.toml");
    let text = sipas::catalogue::demonstration().text;
    std::fs::write(&files, text).unwrap();
    json(&run(&mut sipas(&dir, &["catalogue", "load", files.to_str().unwrap()])));
    let create = [
        "client",
        "create",
        "--kind",
        "device",
        "--agency",
        "H56.C1",
        "--service-point",
        "MC-H56-C1",
        "--name",
        "kiosk",
    ];
    let credential = json(&run(&mut sipas(&dir, &create)));
    let (client, secret) =
        (credential["client_id"].as_str().unwrap(), credential["client_secret"].as_str().unwrap());
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let kiosk = anonymous.with_token(&anonymous.token(client, secret).await);
    let body = response(id(std::time::SystemTime::now().into()), 4);
    kiosk.post("/v1/responses", &body).await.expect(201);

    // The private cluster writes through to the disk, whatever its starter defaults to.
    let sql = connect(&private_url(&dir, &service)).await;
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let row = sql.query_one(&format!("SHOW {setting}"), &[]).await.unwrap();
        assert_eq!(row.get::<_, String>(0), "on", "{setting}");
    }
    service.stop();
    assert!(!dir.join("cluster/postmaster.pid").exists(), "PostgreSQL has stopped too");

    // A second start on the same directory: same data; tokens of the first are good, though its key is gone.
    let mut again = Running::start(&mut sipas(&dir, &["serve"]));
    let url = again.line["url"].as_str().unwrap().to_owned();
    Client::new(&url, None).with_token(kiosk.bearer()).post("/v1/responses", &body).await.expect(200);

    // A command that needs the cluster for a moment leaves it to those who still use it.
    let listed = run(&mut sipas(&dir, &["client", "list"]));
    assert_eq!(json(&listed)["client_id"], client);
    let mut neighbour = Running::start(&mut sipas(&dir, &["serve"]));
    neighbour.stop();
    let anonymous = Client::new(&url, None);
    anonymous.get("/health/ready").await.expect(200);

    // Its PostgreSQL killed, the service starts it again.
    signal(postmaster(&dir).unwrap(), Signal::SIGKILL);
    let (signed, deadline) = (anonymous.with_token(kiosk.bearer()), Instant::now() + Duration::from_secs(60));
    while anonymous.get("/health/ready").await.status != 200
        || signed.post("/v1/responses", &body).await.status != 200
    {
        assert!(Instant::now() < deadline, "PostgreSQL stays away");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    // Killed, it leaves its PostgreSQL behind; the next start takes it over and stops it in the end.
    again.kill();
    assert!(dir.join("cluster/postmaster.pid").exists());
    let mut third = Running::start(&mut sipas(&dir, &["serve"]));
    let url = third.line["url"].as_str().unwrap().to_owned();
    Client::new(&url, None).with_token(kiosk.bearer()).post("/v1/responses", &body).await.expect(200);
    third.stop();
    assert!(!dir.join("cluster/postmaster.pid").exists());
}

#[tokio::test]
async fn many_instances_may_start_at_once_on_an_empty_database() {
    let url = empty_database().await;
    let dir = run_dir("many");
    let start = || {
        let (url, dir) = (url.clone(), dir.clone());
        tokio::task::spawn_blocking(move || Running::start(sipas(&dir, &["serve"]).env("DATABASE_URL", url)))
    };
    for started in [start(), start(), start(), start()] {
        let service = started.await.unwrap();
        let url = service.line["url"].as_str().unwrap().to_owned();
        Client::new(&url, None).get("/health/ready").await.expect(200);
        assert!(
            !service.line["database"].as_str().unwrap().contains(':')
                || !service.line.to_string().contains("postgres:")
        );
    }
}

#[tokio::test]
async fn a_schema_newer_than_the_program_is_refused() {
    let url = empty_database().await;
    crate::support::cluster::migrate(&url);
    let insert = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000000')";
    connect(&url).await.batch_execute(insert).await.unwrap();
    let said = refusal(&run(sipas(&run_dir("newer"), &["serve"]).env("DATABASE_URL", &url)));
    assert!(said.contains("20991231000000") && said.contains("newer program"), "{said}");
}

#[test]
fn what_stands_in_the_way_is_said_with_the_way_out() {
    let dir = run_dir("obstacles");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();

    let said = refusal(&run(sipas(&dir, &["postgres"]).env("SIPAS_POSTGRES_PORT", &port)));
    assert!(said.contains(&port) && said.contains("--postgres-port"), "{said}");

    let said = refusal(&run(&mut sipas(Path::new("/proc/nothing"), &["serve"])));
    assert!(said.contains("/proc/nothing") && said.contains("SIPAS_DATA_DIR"), "{said}");

    let said =
        refusal(&run(sipas(&dir, &["migrate"]).env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")));
    assert!(said.contains("no PostgreSQL there"), "{said}");

    let lost = run_dir("lost-password");
    Running::start(&mut sipas(&lost, &["postgres"])).stop();
    std::fs::remove_file(lost.join("postgres-password")).unwrap();
    let said = refusal(&run(&mut sipas(&lost, &["postgres"])));
    assert!(said.contains("postgres-password") && said.contains("bring the file back"), "{said}");
    assert!(!lost.join("postgres-password").exists(), "no new password for an old cluster");

    let empty = run_dir("empty-postgres");
    let said = refusal(&run(sipas(&dir, &["postgres"]).env("SIPAS_POSTGRES_DIR", &empty)));
    assert!(said.contains("no bin/postgres"), "{said}");

    let old = run_dir("old-postgres");
    std::fs::create_dir_all(old.join("bin")).unwrap();
    let program = old.join("bin/postgres");
    std::fs::write(&program, "#!/bin/sh\necho 'postgres (PostgreSQL) 13.9'\n").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let said = refusal(&run(sipas(&dir, &["postgres"]).env("SIPAS_POSTGRES_DIR", &old)));
    assert!(said.contains("14 or newer is needed") && said.contains("13 in"), "{said}");
}

#[tokio::test]
async fn commands_started_together_share_one_cluster() {
    let dir = run_dir("together");
    let commands = (0..4).map(|_| {
        let dir = dir.clone();
        tokio::task::spawn_blocking(move || run(&mut sipas(&dir, &["catalogue", "load"])))
    });
    let mut entered = 0;
    for command in commands.collect::<Vec<_>>() {
        entered += json(&command.await.unwrap())["agencies"].as_u64().unwrap();
    }
    assert_eq!(entered, 63, "entered once, by whichever came first");
    assert!(!dir.join("cluster/postmaster.pid").exists(), "the last one has stopped it");
}

#[tokio::test]
async fn a_stop_while_starting_leaves_nothing_behind() {
    let dir = run_dir("early");
    for pause in [0, 50, 300, 800] {
        let mut command = sipas(&dir, &["serve"]);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(pause)).await;
        signal(child.id().try_into().unwrap(), Signal::SIGTERM);
        child.wait().unwrap();
        assert!(!dir.join("cluster/postmaster.pid").exists(), "stopped after {pause} ms");
    }
    Running::start(&mut sipas(&dir, &["serve"])).stop();
}

#[tokio::test]
async fn an_address_in_use_is_said_so() {
    let url = empty_database().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = sipas(&run_dir("taken"), &["serve"]);
    let said = refusal(&run(command.env("DATABASE_URL", &url).env("SIPAS_LISTEN", &address)));
    assert!(said.contains(&address) && said.contains("SIPAS_LISTEN"), "{said}");
}

#[tokio::test]
async fn a_demonstration_never_mixes_with_real_responses() {
    let app = crate::support::TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    kiosk.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
    let said = refusal(&run(sipas(&run_dir("mixed"), &["demo"]).env("DATABASE_URL", &app.database_url)));
    assert!(said.contains("1 real responses"), "{said}");
}

#[tokio::test]
async fn the_demonstration_shows_figures_and_lines_that_work_also_the_second_time() {
    let url = empty_database().await;
    let dir = run_dir("demo");
    for _ in 0..2 {
        let mut command = sipas(&dir, &["demo", "--responses", "300", "--seed", "7"]);
        command.env("DATABASE_URL", &url).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (mut lines, deadline) = (Vec::new(), Instant::now() + Duration::from_secs(120));
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            lines.push(line.unwrap());
            if lines.last().is_some_and(|line| line.starts_with("Ctrl-C")) {
                break;
            }
            assert!(Instant::now() < deadline);
        }
        let mut running = Running { child, line: Value::Null };
        let address =
            lines.iter().find_map(|line| line.split("invented data at ").nth(1)).unwrap().to_owned();
        let anonymous = Client::new(&address, None);
        let mut counts = Vec::new();
        for survey in ["demo-service", "demo-desk"] {
            for province in ["H56", "H21", "H15"] {
                let query = format!("survey={survey}&from=2000-01-01&to=2100-01-01");
                let index = anonymous.index(province, &query).await;
                counts.push(index["whole"]["n"].as_u64().unwrap());
                assert!(index["whole"]["value"].as_f64().is_some_and(|value| value > 0.0));
            }
        }
        assert_eq!(counts.iter().sum::<u64>(), 300, "{counts:?}");
        // What to open in a browser: the dashboard with a figure, the kiosk with a code that enrols it, once.
        let shown = |what: &str| lines.iter().find_map(|line| line.strip_prefix(what)).unwrap().trim();
        assert_eq!(shown("Dashboard "), format!("{address}/"));
        let page = anonymous.get("/").await.expect(200).text;
        assert!(page.contains("demo-service") && page.contains("Cả nước"), "{page}");
        let code = shown("Kiosk ").strip_prefix(&format!("{address}/kiosk#enrol=")).unwrap();
        let attempt = uuid::Uuid::from_u128(rand::random());
        let enrol = json!({"code": code, "attempt": attempt, "model": "Tablet", "app_version": "1"});
        anonymous.post("/v1/devices/enrol", &enrol).await.expect(201);
        // The lines are for a shell; so a shell runs them.
        let script: Vec<&str> = lines
            .iter()
            .map(String::as_str)
            .filter(|line| {
                line.starts_with("curl") || line.starts_with("TOKEN=") || line.starts_with("DEVICE=")
            })
            .collect();
        let script = script.join("\n").replace("curl ", "curl -sS -f -o /dev/null -w '%{http_code}\\n' ");
        // The posted line would add to the 300; the second round checks they are still 300.
        let script: Vec<&str> = script.lines().filter(|line| !line.contains("/v1/responses'")).collect();
        let output = Command::new("sh").args(["-e", "-c", &script.join("\n")]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "200\n200\n200\n", "{output:?}");
        running.stop();
    }
}
