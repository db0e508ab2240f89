//! The whole matrix: every operation of the contract x every actor x every relation to the agency, driven
//! over HTTP and compared with `authorization.txt`. A changed status shows as a diff of that file; an
//! operation nobody drove fails. `SIPAS_WRITE=1 cargo test` rewrites it.

use crate::support::samples::{id, response, with, without};
use crate::support::{Client, Reply, TestApp};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sipas::domain::client::ClientKind;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use uuid::Uuid;

/// The actor's agency is H56.C1.
const RELATIONS: [(&str, &str); 6] = [
    ("own", "H56.C1"),
    ("child", "H56.C1.X1"),
    ("sibling", "H56.C2"),
    ("parent", "H56"),
    ("elsewhere", "H21"),
    ("unknown", "H98"),
];

/// What is asked of any figure.
const FIGURE: &str = "survey=demo-service&period=2026";

/// A device at each agency, the receipt of what it sent, and a response that rates the agency.
type Senders = BTreeMap<&'static str, (String, String, String)>;

async fn senders(app: &TestApp) -> Senders {
    let (mut senders, system) = (Senders::new(), app.system(None).await);
    for (relation, agency) in RELATIONS {
        if relation != "unknown" {
            let (id, secret) = app.credential(ClientKind::Device, Some(agency), None).await;
            let device = app.anonymous().with_token(&app.anonymous().token(&id, &secret).await);
            let reply = device.post_batch(&[]).await.expect(200).json();
            let rating = crate::support::samples::id(app.now);
            let body = with(without(response(rating, 4), "/service_point"), "/rated_agency", json!(agency));
            system.post("/v1/responses", &body).await.expect(201);
            senders.insert(agency, (id, reply["receipt"].as_str().unwrap().to_owned(), rating.to_string()));
        }
    }
    senders
}

/// Operations whose answer depends on the agency named, and on the settings.
async fn drive(operation: &str, app: &TestApp, senders: &Senders, client: &Client, agency: &str) -> Reply {
    let unknown = || (Uuid::nil().to_string(), Uuid::nil().to_string(), Uuid::nil().to_string());
    let (device, receipt, rating) = senders.get(agency).cloned().unwrap_or_else(unknown);
    match operation {
        "list_device_receipts" => client.get(&format!("/v1/devices/{device}/receipts")).await,
        "list_flags" => client.get(&format!("/v1/flags?agency={agency}")).await,
        "list_voids" => client.get(&format!("/v1/voids?agency={agency}")).await,
        // Nothing is flagged and, in the order of the table, nobody has asked yet: who may decide learns that.
        "review_flags" => {
            let body = json!({"decision": "lifted", "reason": "x"});
            client.post(&format!("/v1/responses/{rating}/flag-review"), &body).await
        }
        "confirm_void" => client.post(&format!("/v1/responses/{rating}/void/confirm"), &json!({})).await,
        "refuse_void" => client.post(&format!("/v1/responses/{rating}/void/refuse"), &json!({})).await,
        "request_void" => client.post(&format!("/v1/responses/{rating}/void"), &json!({"reason": "x"})).await,
        "get_receipt" => client.get(&format!("/v1/receipts/{receipt}")).await,
        "submit_response" => {
            let body =
                with(without(response(id(app.now), 4), "/service_point"), "/rated_agency", json!(agency));
            client.post("/v1/responses", &body).await
        }
        "submit_batch" => {
            let body =
                with(without(response(id(app.now), 4), "/service_point"), "/rated_agency", json!(agency));
            client.post_batch(&[body]).await
        }
        "get_index" => client.get(&format!("/v1/agencies/{agency}/index?{FIGURE}")).await,
        "get_series" => client.get(&format!("/v1/agencies/{agency}/index/series?{FIGURE}")).await,
        "get_breakdown" => {
            client.get(&format!("/v1/agencies/{agency}/index/breakdown?{FIGURE}&by=channel")).await
        }
        "record_agency_event" => {
            // Wrong in itself, so that driving it changes nothing: who may not know of the agency is told that it is
            // unknown, who may that it cannot be merged into itself.
            let body = json!({
                "id": id(app.now), "kind": "merge", "effective_on": "2026-07-01", "basis": "x",
                "predecessors": [agency], "successor": agency,
            });
            client.post("/v1/agency-events", &body).await
        }
        "list_agency_events" => client.get(&format!("/v1/agency-events?agency={agency}")).await,
        "import_agencies" => {
            let table = format!("code,level,name,valid_from,parent\nH99.1,commune,x,2026-07-01,{agency}\n");
            let headers = [("content-type", "text/csv")];
            let path = "/v1/agencies/import?dry_run=true";
            client.send(reqwest::Method::POST, path, &headers, Some(table)).await
        }
        "get_comparison" => {
            let path = format!("/v1/agencies/{agency}/index/comparison?{FIGURE}&with_period=2025");
            client.get(&path).await
        }
        "get_ranking" => client.get(&format!("/v1/agencies/{agency}/index/ranking?{FIGURE}")).await,
        "list_responses" => client.get(&format!("/v1/responses?agency={agency}")).await,
        "export_responses" => client.get(&format!("/v1/responses/export?agency={agency}")).await,
        "put_dossier_count" => {
            let body = json!({"count": 1234, "source": "test"});
            client.put(&format!("/v1/agencies/{agency}/dossier-counts/2026-Q2"), &body).await
        }
        "list_dossier_counts" => client.get(&format!("/v1/agencies/{agency}/dossier-counts")).await,
        "list_formulas" => client.get("/v1/formulas").await,
        "get_formula" => client.get("/v1/formulas/satisfied-share").await,
        "get_agency" => client.get(&format!("/v1/agencies/{agency}")).await,
        "list_agencies" => client.get(&format!("/v1/agencies?parent={agency}")).await,
        "list_surveys" => client.get("/v1/surveys").await,
        "get_survey" => client.get("/v1/surveys/demo-service").await,
        "issue_token" => client.form("/oauth/token", "grant_type=client_credentials").await,
        "list_keys" => client.get("/.well-known/jwks.json").await,
        "live" => client.get("/health/live").await,
        "get_metrics" => client.get("/metrics").await,
        "ready" => client.get("/health/ready").await,
        other => panic!("nobody drives {other}: add it here"),
    }
}

fn tampered(token: &str) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let claims = URL_SAFE_NO_PAD.decode(&parts[1]).unwrap();
    let claims = String::from_utf8(claims).unwrap().replace("device", "admin");
    parts[1] = URL_SAFE_NO_PAD.encode(claims);
    parts.join(".")
}

fn unsigned(token: &str) -> String {
    let claims = token.split('.').nth(1).unwrap();
    format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#))
}

/// A token for the same client, signed with another key or for another audience.
async fn foreign(app: &TestApp, id: &str, secret: &str, flags: &[&str]) -> String {
    let other = TestApp::on(app.database_url.clone(), crate::support::app::NOW, flags).await;
    other.anonymous().token(id, secret).await
}

async fn actors(app: &TestApp) -> Vec<(&'static str, Client)> {
    let device = app.device("H56.C1", "MC-H56-C1").await;
    let (id, secret) = app.credential(ClientKind::Device, Some("H56.C1"), Some("MC-H56-C1")).await;
    let anonymous = app.anonymous();
    let revoked = anonymous.with_token(&anonymous.token(&id, &secret).await);
    let key = crate::support::cluster::run_dir("keys").join("wrong.pem");
    let wrong_key = foreign(app, &id, &secret, &["--signing-key-file", key.to_str().unwrap()]).await;
    let wrong_audience = foreign(app, &id, &secret, &["--token-audience", "elsewhere"]).await;
    let wrong_issuer = foreign(app, &id, &secret, &["--token-issuer", "elsewhere"]).await;
    let expired = TestApp::on(app.database_url.clone(), "2026-07-15T08:00:00+07:00", &[]).await;
    let expired = expired.anonymous().token(&id, &secret).await;
    let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
    sipas::service::clients::revoke(&db, id.parse().unwrap(), app.now).await.unwrap();
    vec![
        ("anonymous", anonymous.clone()),
        ("device", device.clone()),
        ("device without desk", {
            let (id, secret) = app.credential(ClientKind::Device, Some("H56.C1"), None).await;
            anonymous.with_token(&anonymous.token(&id, &secret).await)
        }),
        ("system", app.system(Some("H56.C1")).await),
        ("system, national", app.system(None).await),
        ("admin", app.admin(Some("H56.C1")).await),
        ("admin, national", app.admin(None).await),
        ("revoked", revoked),
        ("expired", anonymous.with_token(&expired)),
        ("tampered", anonymous.with_token(&tampered(device.bearer()))),
        ("alg none", anonymous.with_token(&unsigned(device.bearer()))),
        ("wrong key", anonymous.with_token(&wrong_key)),
        ("wrong audience", anonymous.with_token(&wrong_audience)),
        ("wrong issuer", anonymous.with_token(&wrong_issuer)),
        ("garbage", anonymous.with_token("garbage")),
    ]
}

async fn table(title: &str, operations: &[String], flags: &[&str]) -> String {
    let app = TestApp::start_with(flags).await;
    let (actors, senders) = (actors(&app).await, senders(&app).await);
    let mut text = format!("\n## {title}\n\n{:<22}{:<22}", "operation", "actor");
    for (relation, _) in RELATIONS {
        write!(text, "{relation:<11}").unwrap();
    }
    text = text.trim_end().to_owned() + "\n";
    for operation in operations {
        for (actor, client) in &actors {
            let mut line = format!("{operation:<22}{actor:<22}");
            for (_, agency) in RELATIONS {
                let reply = drive(operation, &app, &senders, client, agency).await;
                let notes = [("\"min_n\":10", " public"), ("\"rejected\":1", " none")];
                let note = notes.iter().find(|(text, _)| reply.status == 200 && reply.text.contains(text));
                let known = reply.text.contains("into_itself") && !reply.text.contains("unknown_agency");
                let known = known
                    || ["flag_not_found", "void_not_found"].iter().any(|code| reply.text.contains(code));
                let note = note.or(known.then_some(&("", " known")));
                write!(line, "{:<11}", format!("{}{}", reply.status, note.map_or("", |(_, note)| note)))
                    .unwrap();
            }
            writeln!(text, "{}", line.trim_end()).unwrap();
        }
    }
    text
}

#[tokio::test]
async fn the_matrix_is_as_checked_in() {
    let document = serde_json::to_value(sipas::app::contract()).unwrap();
    let operations: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    let operations: Vec<String> = operations.into_iter().collect();
    let mut text = String::from(
        "# Who may do what\n\nGenerated by tests/it/authorization.rs over HTTP; `SIPAS_WRITE=1 cargo test --test it matrix` rewrites it.\n\
         The actor's agency is H56.C1; columns say how the agency named in the request stands to it. \"public\": small\n\
         cells are hidden. 422 of submit_response, list_responses and export_responses, \"none\" of submit_batch: the agency\n\
         named looks unknown. Receipts are those of another device at the agency. 422 of import_agencies: the parent looks\n\
         unknown; of record_agency_event, whose event is wrong in itself: so does the agency, unless \"known\". What is voided and\n\
         reviewed is a response that rates the agency; 404 \"known\": there is no flag, or nobody asked yet. A bearer\n\
         token is no credential for the token endpoint.\n",
    );
    text += &table("Figures open to everybody (default)", &operations, &[]).await;
    let closed =
        ["get_index", "get_series", "get_breakdown", "get_comparison", "get_ranking"].map(str::to_owned);
    text +=
        &table("Figures closed (SIPAS_PUBLIC_FIGURES=false)", &closed, &["--public-figures", "false"]).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/authorization.txt");
    if std::env::var_os("SIPAS_WRITE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(checked_in, text, "stale: SIPAS_WRITE=1 cargo test --test it matrix, then read the diff");
}
