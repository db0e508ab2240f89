//! Signing keys: every instance has its own, all trust each other's, and one in wrong hands ends at once.

use crate::support::app::NOW;
use crate::support::cluster::{connect, database, run_dir};
use crate::support::issuer::TestKey;
use crate::support::program::{Running, run, sipas};
use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use sipas::domain::client::ClientKind;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const KEYS: &str = "/v1/signing-keys";

fn kid(client: &Client) -> String {
    jsonwebtoken::decode_header(client.bearer()).unwrap().kid.unwrap()
}

async fn published(app: &TestApp) -> BTreeSet<String> {
    let set = app.anonymous().get("/.well-known/jwks.json").await.expect(200).json();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn state(list: &Value, kid: &str) -> String {
    let items = list["items"].as_array().unwrap();
    let key = items.iter().find(|key| key["kid"] == kid).unwrap_or_else(|| panic!("no {kid} in {list}"));
    key["state"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn instances_share_no_key_and_trust_each_other() {
    let one = TestApp::start().await;
    let two = TestApp::on(one.database_url.clone(), NOW, &[]).await;
    let (first, second) = (one.admin(None).await, two.admin(None).await);
    assert_ne!(kid(&first), kid(&second));
    for app in [&one, &two] {
        for client in [&first, &second] {
            app.anonymous().with_token(client.bearer()).get(KEYS).await.expect(200);
        }
        assert_eq!(published(app).await, BTreeSet::from([kid(&first), kid(&second)]));
    }
    // The database can check signatures and make none: it holds 64 bytes of a public point, and no other column does.
    let sql = one.sql().await;
    let columns = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'signing_keys' AND data_type = 'bytea'";
    assert_eq!(sql.query_one(columns, &[]).await.unwrap().get::<_, i64>(0), 1);
    let set = one.anonymous().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(set.header("cache-control"), "public, max-age=300");
    for row in sql.query("SELECT kid, public_key FROM signing_keys", &[]).await.unwrap() {
        let (kid, point): (String, Vec<u8>) = (row.get(0), row.get(1));
        let json = set.json();
        let jwk = json["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap();
        let decode = |part: &str| {
            use base64::Engine;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(jwk[part].as_str().unwrap()).unwrap()
        };
        assert_eq!([decode("x"), decode("y")].concat(), point);
    }
}

#[tokio::test]
async fn after_a_rotation_old_tokens_stay_good_and_new_ones_have_another_key() {
    let one = TestApp::start().await;
    let two = TestApp::on(one.database_url.clone(), NOW, &[]).await;
    let (admin, other) = (one.admin(None).await, two.admin(None).await);
    let stopped = admin.post(&format!("{KEYS}/rotate"), &json!(null)).await.expect(200).json();
    let stopped: BTreeSet<String> = serde_json::from_value(stopped["stopped"].clone()).unwrap();
    assert_eq!(stopped, BTreeSet::from([kid(&admin), kid(&other)]));
    let list = admin.get(KEYS).await.expect(200).json();
    assert_eq!(
        (state(&list, &kid(&admin)), state(&list, &kid(&other))),
        ("trusted".into(), "trusted".into())
    );
    // The instance that was asked knows at once, the other within a second; margin for a slow machine.
    assert!(!stopped.contains(&kid(&one.admin(None).await)));
    let deadline = Instant::now() + Duration::from_millis(2500);
    while stopped.contains(&kid(&two.admin(None).await)) {
        assert!(Instant::now() < deadline, "still signs with the old key");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for app in [&one, &two] {
        app.anonymous().with_token(admin.bearer()).get(KEYS).await.expect(200);
        assert!(published(app).await.is_superset(&stopped));
        assert_eq!(published(app).await.len(), 4);
    }
    let again = admin.post(&format!("{KEYS}/rotate"), &json!(null)).await.expect(200).json();
    assert_eq!(
        again["stopped"].as_array().unwrap().len(),
        2,
        "those that stopped before are not stopped again"
    );
}

#[tokio::test]
async fn a_key_that_is_withdrawn_ends_with_all_it_signed_on_every_instance() {
    let one = TestApp::start().await;
    let two = TestApp::on(one.database_url.clone(), NOW, &[]).await;
    let (id, secret) = one.credential(ClientKind::Admin, None, None).await;
    let keeper = one.anonymous().with_token(&one.anonymous().token(&id, &secret).await);
    let lost = two.anonymous().with_token(&two.anonymous().token(&id, &secret).await);
    let both = async || {
        let elsewhere = one.anonymous().with_token(lost.bearer());
        [lost.get(KEYS).await.status, elsewhere.get(KEYS).await.status]
    };
    assert_eq!(both().await, [200, 200]);
    let path = format!("{KEYS}/{}/withdraw", kid(&lost));
    let withdrawn = keeper.post(&path, &json!(null)).await.expect(200).json();
    assert_eq!(withdrawn["state"], "withdrawn");
    let deadline = Instant::now() + Duration::from_millis(2500);
    while both().await != [401, 401] {
        assert!(Instant::now() < deadline, "still trusted: {:?}", both().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(lost.get(KEYS).await.expect(401).problem(), "token_invalid");
    // The credential is as good as before: the instance that lost its key has made another.
    let fresh = two.anonymous().with_token(&two.anonymous().token(&id, &secret).await);
    assert_ne!(kid(&fresh), kid(&lost));
    let list = fresh.get(KEYS).await.expect(200).json();
    assert_eq!(state(&list, &kid(&lost)), "withdrawn");
    assert_eq!(state(&list, &kid(&keeper)), "signing");
    for app in [&one, &two] {
        assert_eq!(published(app).await, BTreeSet::from([kid(&keeper), kid(&fresh)]));
    }
    let again = keeper.post(&path, &json!(null)).await.expect(200).json();
    assert_eq!(again, withdrawn, "once is for good");
    let nobody = keeper.post(&format!("{KEYS}/nobody/withdraw"), &json!(null)).await.expect(404);
    assert_eq!(nobody.problem(), "signing_key_not_found");
    let sql = one.sql().await;
    let entry = "SELECT actor, action FROM audit_entries WHERE object = $1";
    let rows = sql.query(entry, &[&kid(&lost)]).await.unwrap();
    let rows: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(rows, [(format!("client:{id}"), "key_withdrawn".to_owned())]);
}

#[tokio::test]
async fn a_key_signs_for_a_day_and_is_forgotten_when_its_tokens_are_over() {
    let app = TestApp::start().await;
    let old = app.admin(None).await;
    let next = TestApp::on(app.database_url.clone(), "2026-07-16T10:00:00+07:00", &[]).await;
    let admin = next.admin(None).await;
    let list = admin.get(KEYS).await.expect(200).json();
    assert_eq!(state(&list, &kid(&old)), "trusted");
    assert!(published(&next).await.contains(&kid(&old)));
    let later = TestApp::on(app.database_url.clone(), "2026-07-16T11:01:00+07:00", &[]).await;
    let list = later.admin(None).await.get(KEYS).await.expect(200).json();
    assert_eq!(state(&list, &kid(&old)), "retired");
    assert!(!published(&later).await.contains(&kid(&old)));
    let reply = later.anonymous().with_token(old.bearer()).get(KEYS).await.expect(401);
    assert_eq!(reply.problem(), "token_expired");
}

#[tokio::test]
async fn a_token_names_its_key_and_its_type() {
    let app = TestApp::start().await;
    let admin = app.admin(None).await;
    let header = jsonwebtoken::decode_header(admin.bearer()).unwrap();
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    let claims: Value = jsonwebtoken::dangerous::insecure_decode_claims(admin.bearer()).unwrap();
    assert_eq!(claims["client_id"], claims["sub"]);
    // Everything right but the key.
    let forger = TestKey { kid: kid(&admin), ..TestKey::ec("forged") };
    let mut header = forger.header();
    header.typ = Some("at+jwt".into());
    for name in [Some(kid(&admin)), Some("unknown".into()), None] {
        header.kid = name;
        let token = jsonwebtoken::encode(&header, &claims, &forger.encoding).unwrap();
        let reply = app.anonymous().with_token(&token).get(KEYS).await.expect(401);
        assert_eq!(reply.problem(), "token_invalid");
    }
}

#[tokio::test]
async fn whoever_holds_the_machine_can_do_the_same() {
    let (url, dir) = (database().await, run_dir("keys-by-hand"));
    let command = |arguments: &[&str]| {
        let mut command = sipas(&dir, arguments);
        command.env("DATABASE_URL", &url);
        command
    };
    let by_hand = |arguments: &[&str]| -> Vec<Value> {
        let output = run(&mut command(arguments));
        assert!(output.status.success(), "{output:?}");
        let lines = String::from_utf8(output.stdout).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let service = Running::start_aside(command(&["serve"])).await;
    let made = &by_hand(&["client", "create", "--kind", "admin", "--name", "x"])[0];
    let anonymous = Client::new(service.url(), None);
    let (id, secret) = (made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    let admin = anonymous.with_token(&anonymous.token(id, secret).await);
    let name = kid(&admin);
    let listed = |state: &str| {
        let keys = by_hand(&["key", "list"]);
        let key = keys.iter().find(|key| key["kid"] == *name).unwrap();
        assert_eq!(key["state"], state, "{key}");
    };
    listed("signing");
    assert_eq!(by_hand(&["key", "rotate"]), [json!({"stopped": [name]})]);
    listed("trusted");
    admin.get(KEYS).await.expect(200);
    assert_eq!(by_hand(&["key", "withdraw", &name]), Vec::<Value>::new());
    listed("withdrawn");
    let deadline = Instant::now() + Duration::from_millis(2500);
    while admin.get(KEYS).await.status != 401 {
        assert!(Instant::now() < deadline, "still trusted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!run(&mut command(&["key", "withdraw", "nobody"])).status.success());
    let sql = connect(&url).await;
    let entries =
        "SELECT action FROM audit_entries WHERE actor = 'command-line' AND object = $1 ORDER BY seq";
    let entries = sql.query(entries, &[&name]).await.unwrap();
    let entries: Vec<String> = entries.iter().map(|row| row.get(0)).collect();
    assert_eq!(entries, ["key_rotated", "key_withdrawn"]);
}
