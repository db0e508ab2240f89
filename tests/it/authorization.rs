//! The whole matrix: every operation of the contract x every actor x every relation to the agency, driven
//! over HTTP and compared with `authorization.txt`. A changed status shows as a diff of that file; an
//! operation nobody drove fails. `SIPAS_WRITE=1 cargo test` rewrites it.

mod drive;

pub use drive::{drive, senders};

use crate::support::issuer::{TestIssuer, TestKey};
use crate::support::{Client, TestApp};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sipas::domain::client::ClientKind;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

/// The actor's agency is H56.C1.
const RELATIONS: [(&str, &str); 6] = [
    ("own", "H56.C1"),
    ("child", "H56.C1.X1"),
    ("sibling", "H56.C2"),
    ("parent", "H56"),
    ("elsewhere", "H21"),
    ("unknown", "H98"),
];

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

/// The same token, signed by somebody who has not got the key.
fn forged(token: &str) -> String {
    let claims: Value = jsonwebtoken::dangerous::insecure_decode_claims(token).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    jsonwebtoken::encode(&header, &claims, &TestKey::ec("forged").encoding).unwrap()
}

/// A token for the same client for another audience or of another issuer.
async fn foreign(app: &TestApp, id: &str, secret: &str, flags: &[&str]) -> String {
    let other = TestApp::on(app.database_url.clone(), crate::support::app::NOW, flags).await;
    other.anonymous().token(id, secret).await
}

async fn actors(
    app: &TestApp,
    trusted: &(TestIssuer, TestKey),
    stranger: &(TestIssuer, TestKey),
) -> Vec<(&'static str, Client)> {
    let device = app.device("H56.C1", "MC-H56-C1").await;
    let visit = json!({"survey": "demo-service", "rated_agency": "H56.C1", "service_point": "MC-H56-C1"});
    let issued = app.system(Some("H56.C1")).await.post("/v1/visits", &visit).await.expect(201).json();
    let (id, secret) = app.credential(ClientKind::Device, Some("H56.C1"), Some("MC-H56-C1")).await;
    let anonymous = app.anonymous();
    let revoked = anonymous.with_token(&anonymous.token(&id, &secret).await);
    let vouched = |(issuer, key): &(TestIssuer, TestKey)| {
        anonymous.with_token(&key.sign(&issuer.claims("quan-tri", "H56.C1")))
    };
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
        ("viewer", {
            let (id, secret) = app.credential(ClientKind::Viewer, Some("H56.C1"), None).await;
            anonymous.with_token(&anonymous.token(&id, &secret).await)
        }),
        ("system", app.system(Some("H56.C1")).await),
        ("system, national", app.system(None).await),
        ("admin", app.admin(Some("H56.C1")).await),
        ("admin, national", app.admin(None).await),
        ("admin, other issuer", vouched(trusted)),
        ("admin, no such trust", vouched(stranger)),
        ("visit token", anonymous.with_token(issued["items"][0]["token"].as_str().unwrap())),
        ("revoked", revoked),
        ("expired", anonymous.with_token(&expired)),
        ("tampered", anonymous.with_token(&tampered(device.bearer()))),
        ("alg none", anonymous.with_token(&unsigned(device.bearer()))),
        ("wrong key", anonymous.with_token(&forged(device.bearer()))),
        ("wrong audience", anonymous.with_token(&wrong_audience)),
        ("wrong issuer", anonymous.with_token(&wrong_issuer)),
        ("garbage", anonymous.with_token("garbage")),
    ]
}

async fn issuer() -> (TestIssuer, TestKey) {
    let key = TestKey::ec("one");
    (TestIssuer::start(&[&key]).await, key)
}

async fn table(title: &str, operations: &[String], flags: &[&str]) -> String {
    let (trusted, stranger) = (issuer().await, issuer().await);
    let file = trusted.0.trusted(10);
    let flags: Vec<&str> = flags.iter().copied().chain(["--trusted-issuers", &file]).collect();
    let app = TestApp::start_with(&flags).await;
    let (actors, senders) = (actors(&app, &trusted, &stranger).await, senders(&app).await);
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
                let meant = [
                    "into_itself",
                    "enrol_devices",
                    "flag_not_found",
                    "void_not_found",
                    "target_not_found",
                    "undertaking_not_found",
                    "/threshold",
                    "/url",
                    "\"/contents\"",
                ];
                let meant = meant.iter().any(|code| reply.text.contains(code));
                let known = meant && !reply.text.contains("unknown_agency");
                let note = note.or(known.then_some(&("", " known")));
                write!(line, "{:<11}", format!("{}{}", reply.status, note.map_or("", |(_, note)| note)))
                    .unwrap();
            }
            writeln!(text, "{}", line.trim_end()).unwrap();
        }
    }
    text
}

/// Every operation of the contract, by name.
pub fn operations() -> BTreeSet<String> {
    let document = serde_json::to_value(sipas::app::contract()).unwrap();
    document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_matrix_is_as_checked_in() {
    let operations: Vec<String> = operations().into_iter().collect();
    let mut text = String::from(
        "# Who may do what\n\nGenerated by tests/it/authorization.rs over HTTP; `SIPAS_WRITE=1 cargo test --test it matrix` rewrites it.\n\
         The actor's agency is H56.C1; columns say how the agency named in the request stands to it. \"public\": small\n\
         cells are hidden. 422 of submit_response, list_responses, export_responses, list_comments and list_audit, \"none\" of\n\
         submit_batch: the agency named looks unknown. Receipts are those of another device at the agency. 422 of import_agencies: the parent looks\n\
         unknown; of record_agency_event, draft_release and create_client, which are wrong in themselves: so does the agency, unless\n\
         \"known\". What is voided and reviewed is a response that rates the agency; 404 \"known\": there is no flag,\n\
         nobody asked yet, no target was set, or the agency has no such undertaking. Clients are devices of the agency, whose\n\
         secrets nobody is given (403); those revoked are over already.\n\
         A bearer token is no credential for the token endpoint, and no code for enrol_device. 404 of withdraw_signing_key,\n\
         which names a key that is none: those who may are told so. \"admin, other issuer\": by a token of an issuer that\n\
         is trusted by configuration. 422 of list_devices, list_invitations, move_device and invite_device: the agency or\n\
         desk looks unknown; the child has no desk. 422 of import_measures: the agency looks unknown.\n\
         422 of create_alert_rule and create_webhook, which are wrong in themselves:\n\
         the agency looks unknown, unless \"known\". 422 of list_alerts, list_alert_rules and list_webhooks: it does.\n\
         409: the webhook was ended before, in the order of this table. Releases are drafts of the agency: 409 of review_release and\n\
         seal_release is told to those who may, of what is not as they say; sealed ones, of which there is none, are for\n\
         everybody.\n",
    );
    text += &table("Figures open to everybody (default)", &operations, &[]).await;
    let closed = [
        "get_drags",
        "get_index",
        "get_series",
        "get_breakdown",
        "get_comparison",
        "get_ranking",
        "list_targets",
        "list_undertakings",
    ]
    .map(str::to_owned);
    text +=
        &table("Figures closed (SIPAS_PUBLIC_FIGURES=false)", &closed, &["--public-figures", "false"]).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/authorization.txt");
    if std::env::var_os("SIPAS_WRITE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(checked_in, text, "stale: SIPAS_WRITE=1 cargo test --test it matrix, then read the diff");
}
