//! Tokens of other issuers: taken where they are trusted, for what was agreed and no more.

use crate::support::app::NOW;
use crate::support::clients::Reply;
use crate::support::issuer::{TestIssuer, TestKey};
use crate::support::program::sipas;
use crate::support::samples::{id, response};
use crate::support::{Client, TestApp};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use clap::Parser;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sipas::config::ServeConfig;
use sipas::error::ErrorCode;
use sipas::service::clients::authenticate;
use sipas::service::clock::Clock;
use sipas::service::issuers;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// Where these requests come from; nobody here is bound to a network.
fn here() -> IpAddr {
    IpAddr::V4(Ipv4Addr::LOCALHOST)
}

const FIGURE: &str = "survey=demo-service&period=2026";

/// Asks for single responses of H56.C1, which an administrator may see.
async fn ask(app: &TestApp, token: &str) -> Reply {
    app.anonymous().with_token(token).get("/v1/responses?agency=H56.C1").await
}

#[tokio::test]
async fn whom_a_trusted_issuer_vouches_for_may_do_what_was_agreed() {
    let key = TestKey::ec("one");
    let issuer = TestIssuer::start(&[&key]).await;
    let app = TestApp::start_with(&["--trusted-issuers", &issuer.trusted(10)]).await;
    let visitor = |role: &str, agency: &str| -> Client {
        app.anonymous().with_token(&key.sign(&issuer.claims(role, agency)))
    };
    let admin = visitor("quan-tri", "H56.C1");
    admin.get("/v1/responses?agency=H56.C1").await.expect(200);
    admin.get("/v1/responses?agency=H56.C2").await.expect(422);
    let national = visitor("quan-tri", "VN");
    national.get("/v1/responses?agency=H21").await.expect(200);
    // What they do is recorded under an id of theirs, as everybody's is.
    let system = visitor("he-thong", "H56.C1");
    system.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
    let count = json!({"count": 7, "source": "x"});
    system.put("/v1/agencies/H56.C1/dossier-counts/2026-Q2", &count).await.expect(200);
    let viewer = visitor("xem", "H56");
    assert_eq!(viewer.get("/v1/responses?agency=H56").await.expect(403).problem(), "not_permitted");
    let seen = viewer.index("H56", FIGURE).await;
    assert_eq!((&seen["whole"]["n"], &seen["whole"]["suppressed"]), (&1.into(), &false.into()));

    let sql = app.sql().await;
    let named = "SELECT c.name FROM clients c JOIN dossier_counts d ON d.client_id = c.id";
    let name: String = sql.query_one(named, &[]).await.unwrap().get(0);
    assert_eq!(name, format!("{}|he-thong@H56.C1", issuer.url));
    let entry = "SELECT count(*) FROM foreign_subjects WHERE issuer = $1";
    assert_eq!(sql.query_one(entry, &[&issuer.url]).await.unwrap().get::<_, i64>(0), 4);
}

#[tokio::test]
async fn what_was_not_agreed_is_refused() {
    let (key, rsa) = (TestKey::ec("one"), TestKey::rsa("two"));
    let issuer = TestIssuer::start(&[&key, &rsa]).await;
    let other = TestIssuer::start(&[&key]).await;
    let app = TestApp::start_with(&["--trusted-issuers", &issuer.trusted(10)]).await;
    let good = issuer.claims("quan-tri", "H56.C1");
    ask(&app, &key.sign(&good)).await.expect(200);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        key.sign(&claims)
    };
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        key.sign(&claims)
    };
    let headed = |change: &dyn Fn(&mut Header)| {
        let mut header = key.header();
        change(&mut header);
        jsonwebtoken::encode(&header, &good, &key.encoding).unwrap()
    };
    let signed_with_public_key = {
        let secret = EncodingKey::from_secret(key.jwk["x"].as_str().unwrap().as_bytes());
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key.kid.clone());
        jsonwebtoken::encode(&header, &good, &secret).unwrap()
    };
    let unsigned = {
        let head = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none","kid":"one"}"#);
        format!("{head}.{}.", key.sign(&good).split('.').nth(1).unwrap())
    };
    let tampered = {
        let (token, claims) = (key.sign(&good), issuer.claims("quan-tri", "VN"));
        let mut parts: Vec<&str> = token.split('.').collect();
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        parts[1] = &claims;
        parts.join(".")
    };
    let forged = TestKey { kid: "one".into(), ..TestKey::ec("three") };
    let (iat, exp) = (good["iat"].as_i64().unwrap(), good["exp"].as_i64().unwrap());
    for (what, token, code) in [
        ("audience", with("aud", "elsewhere".into()), "token_invalid"),
        ("no audience", without("aud"), "token_invalid"),
        ("RS256 where ES256 is pinned", rsa.sign(&good), "token_invalid"),
        ("HS256 with the public key", signed_with_public_key, "token_invalid"),
        ("alg none", unsigned, "token_invalid"),
        ("claims changed", tampered, "token_invalid"),
        ("signed by somebody else", forged.sign(&good), "token_invalid"),
        ("no kid", headed(&|header| header.kid = None), "token_invalid"),
        ("another type", headed(&|header| header.typ = Some("logout+jwt".into())), "token_invalid"),
        ("critical extension", headed(&|header| header.crit = Some(vec!["x".into()])), "token_invalid"),
        ("expired", with("exp", (iat - 31).into()), "token_expired"),
        ("too old for us", with("iat", (iat - 3700).into()), "token_expired"),
        ("not valid yet", with("nbf", (iat + 60).into()), "token_invalid"),
        ("issued in the future", with("iat", (iat + 60).into()), "token_invalid"),
        ("no time of issue", without("iat"), "token_invalid"),
        ("no end", without("exp"), "token_invalid"),
        ("end is no number", with("exp", exp.to_string().into()), "token_invalid"),
        ("unmapped role", with("role", "admin".into()), "token_invalid"),
        ("two roles", with("role", json!(["quan-tri", "xem"])), "token_invalid"),
        ("no role", without("role"), "token_invalid"),
        ("unknown agency", with("agency", "H98".into()), "token_invalid"),
        ("no agency", without("agency"), "token_invalid"),
        ("agency is no code", with("agency", json!(["H56.C1"])), "token_invalid"),
        ("no subject", without("sub"), "token_invalid"),
        ("empty subject", with("sub", "".into()), "token_invalid"),
        ("issuer nobody trusts", key.sign(&other.claims("quan-tri", "H56.C1")), "token_invalid"),
        ("as if it were ours", with("iss", "sipas".into()), "token_invalid"),
    ] {
        let reply = ask(&app, &token).await;
        assert_eq!((reply.status, reply.problem()), (401, code.to_owned()), "{what}");
    }
    // A minute either way would be ours to refuse; half of it is the clocks'.
    ask(&app, &with("exp", (iat - 20).into())).await.expect(200);
    assert_eq!(other.fetches(), 0, "keys of a stranger are not even looked at");
    // Nobody who was refused is a client now.
    let clients = "SELECT count(*) FROM clients";
    assert_eq!(app.sql().await.query_one(clients, &[]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test]
async fn keys_that_change_are_followed() {
    let (old, new) = (TestKey::ec("old"), TestKey::ec("new"));
    let issuer = TestIssuer::start(&[&old]).await;
    let app = TestApp::start_with(&["--trusted-issuers", &issuer.trusted(1)]).await;
    let claims = issuer.claims("quan-tri", "H56.C1");
    ask(&app, &old.sign(&claims)).await.expect(200);
    issuer.publish(&[&new]);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    ask(&app, &new.sign(&claims)).await.expect(200);
    // The old key is not published any more, so what it signs from now on is nothing.
    let again = old.sign(&issuer.claims("quan-tri", "H56"));
    assert_eq!(ask(&app, &again).await.expect(401).problem(), "token_invalid");
}

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    serve: ServeConfig,
}

#[tokio::test]
async fn a_key_that_is_taken_back_ends_also_if_no_other_is_asked_for() {
    let (stolen, kept) = (TestKey::ec("stolen"), TestKey::ec("kept"));
    let issuer = TestIssuer::start(&[&stolen, &kept]).await;
    let flags =
        ["test", "--listen", "127.0.0.1:0", "--workers", "1", "--trusted-issuers", &issuer.trusted(1)];
    let url = crate::support::cluster::database().await;
    crate::support::app::load_catalogue(&url).await;
    let now = DateTime::parse_from_rfc3339(NOW).unwrap().to_utc();
    let config = Arguments::parse_from(flags).serve;
    let services = sipas::app::build(&config, &url, Clock::Fixed(now)).await.unwrap().services;
    // Nothing is held yet, so there is nothing to follow.
    issuers::refresh(&services).await;
    assert_eq!(issuer.fetches(), 0);
    let token = |key: &TestKey, agency: &str| key.sign(&issuer.claims("quan-tri", agency));
    authenticate(&services, &token(&stolen, "H56"), here).await.unwrap();
    issuer.publish(&[&kept]);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    issuers::refresh(&services).await;
    let refused = authenticate(&services, &token(&stolen, "H56.C1"), here).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::TokenInvalid);
    authenticate(&services, &token(&kept, "H56.C1"), here).await.unwrap();
    // What cannot be fetched is kept.
    issuer.go_away(true);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    issuers::refresh(&services).await;
    authenticate(&services, &token(&kept, "H56.C2"), here).await.unwrap();
}

#[tokio::test]
async fn an_issuer_that_is_away_holds_up_only_those_it_alone_can_vouch_for() {
    let (key, late) = (TestKey::ec("one"), TestKey::ec("late"));
    let issuer = TestIssuer::start(&[&key]).await;
    let app = TestApp::start_with(&["--trusted-issuers", &issuer.trusted(1)]).await;
    issuer.go_away(true);
    let first = key.sign(&issuer.claims("quan-tri", "H56.C1"));
    let reply = ask(&app, &first).await.expect(503);
    assert_eq!((reply.problem().as_str(), reply.header("retry-after")), ("unavailable", "2"));
    let ours = app.admin(Some("H56.C1")).await;
    ours.get("/v1/responses?agency=H56.C1").await.expect(200);
    issuer.go_away(false);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    ask(&app, &first).await.expect(200);
    issuer.go_away(true);
    issuer.publish(&[&key, &late]);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    ask(&app, &late.sign(&issuer.claims("quan-tri", "H56.C1"))).await.expect(503);
    // A token that was never seen, signed with a key that is held.
    ask(&app, &key.sign(&issuer.claims("quan-tri", "H56"))).await.expect(200);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_is_no_flood_at_the_issuer() {
    let key = TestKey::ec("one");
    let issuer = TestIssuer::start(&[&key]).await;
    let app = TestApp::start_with(&["--trusted-issuers", &issuer.trusted(10)]).await;
    let claims = issuer.claims("quan-tri", "H56.C1");
    let began = Instant::now();
    let garbage = (0..300).map(|number| {
        let token = TestKey { kid: format!("garbage-{number}"), ..key.clone() }.sign(&claims);
        let app = &app;
        async move { ask(app, &token).await.status }
    });
    let statuses = futures_util::future::join_all(garbage).await;
    assert!(statuses.iter().all(|status| *status == 401), "{statuses:?}");
    ask(&app, &key.sign(&claims)).await.expect(200);
    let allowed = 1 + usize::try_from(began.elapsed().as_secs() / 10).unwrap();
    assert!((1..=allowed).contains(&issuer.fetches()), "{} fetches", issuer.fetches());
}

#[tokio::test]
async fn a_visitor_can_be_revoked_here_and_is_listed_where_the_issuer_puts_them() {
    let key = TestKey::ec("one");
    let issuer = TestIssuer::start(&[&key]).await;
    let app = TestApp::start_with(&["--trusted-issuers", &issuer.trusted(10)]).await;
    let claims = |role: &str, agency: &str| {
        let mut claims = issuer.claims(role, agency);
        claims["sub"] = "nguyen.van.a".into();
        claims
    };
    ask(&app, &key.sign(&claims("quan-tri", "H56.C1"))).await.expect(200);
    ask(&app, &key.sign(&claims("xem", "H21"))).await.expect(403);
    let sql = app.sql().await;
    let found = "SELECT c.id::text, c.kind, a.code FROM clients c JOIN agencies a ON a.id = c.agency_id";
    let row = sql.query_one(found, &[]).await.unwrap();
    let (client, kind, agency): (String, String, String) = (row.get(0), row.get(1), row.get(2));
    assert_eq!((kind.as_str(), agency.as_str()), ("viewer", "H21"));
    let actions = "SELECT action FROM audit_entries WHERE actor LIKE 'client:%' ORDER BY seq";
    let actions: Vec<String> = sql.query(actions, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(actions, ["client_created", "client_changed"]);
    // The client has no secret that could be guessed.
    let form = format!("grant_type=client_credentials&client_id={client}&client_secret=x");
    app.anonymous().form("/oauth/token", &form).await.expect(401);
    // Nor can it be given one: it would go on here after its issuer had taken back its word.
    let rotated = format!("/v1/clients/{client}/rotate");
    let refused = app.admin(None).await.post(&rotated, &json!({"overlap_seconds": 0})).await.expect(403);
    assert_eq!(refused.problem(), "not_permitted");

    let token = key.sign(&claims("quan-tri", "H56.C1"));
    ask(&app, &token).await.expect(200);
    let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
    sipas::service::clients::revoke(&db, client.parse().unwrap(), app.now).await.unwrap();
    // Within the second that a catalogue in memory may be old; margin for a slow machine.
    let deadline = Instant::now() + Duration::from_millis(2500);
    while ask(&app, &token).await.status == 200 {
        assert!(Instant::now() < deadline, "still trusted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(ask(&app, &token).await.expect(401).problem(), "client_revoked");
    let fresh = key.sign(&claims("quan-tri", "H56"));
    assert_eq!(ask(&app, &fresh).await.expect(401).problem(), "client_revoked");
}

#[tokio::test]
async fn a_file_that_trusts_too_much_stops_the_start() {
    let dir = crate::support::cluster::run_dir("trust-too-much");
    let file = dir.join("issuers.toml");
    let text = "[[issuer]]\nurl = \"http://sso.example\"\naudience = \"sipas\"\nalgorithms = [\"HS256\"]\n\
                role_claim = \"role\"\nroles = { device = [\"x\"] }\nagency_claim = \"agency\"\n";
    std::fs::write(&file, text).unwrap();
    let url = crate::support::cluster::database().await;
    let output =
        sipas(&dir, &["serve", "--listen", "127.0.0.1:0", "--trusted-issuers", file.to_str().unwrap()])
            .env("DATABASE_URL", url)
            .output()
            .unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in ["https://", "HS256", "devices"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
