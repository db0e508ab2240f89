//! Credentials: a secret becomes a token, a token can be checked by others and ends when it has to.

use crate::support::TestApp;
use crate::support::samples::{id, response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use sipas::domain::client::ClientKind;

#[tokio::test]
async fn a_token_can_be_checked_by_others_with_the_published_keys() {
    let app = TestApp::start().await;
    let (client, secret) = app.credential(ClientKind::System, Some("H56"), None).await;
    let token = app.anonymous().token(&client, &secret).await;
    let keys = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    assert!(!keys.text.contains("\"d\""), "no private part is published");
    let keys: JwkSet = serde_json::from_str(&keys.text).unwrap();
    let header = jsonwebtoken::decode_header(&token).unwrap();
    let key = DecodingKey::from_jwk(keys.find(header.kid.as_deref().unwrap()).unwrap()).unwrap();
    let mut rules = Validation::new(header.alg);
    rules.set_audience(&["sipas"]);
    rules.validate_exp = false;
    let claims = jsonwebtoken::decode::<serde_json::Value>(&token, &key, &rules).unwrap().claims;
    assert_eq!((&claims["sub"], &claims["iss"]), (&client.into(), &"sipas".into()));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
}

#[tokio::test]
async fn the_token_endpoint_speaks_oauth() {
    let app = TestApp::start().await;
    let (client, secret) = app.credential(ClientKind::Device, Some("H56"), None).await;
    let basic = STANDARD.encode(format!("{client}:{secret}"));
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("authorization", &*format!("Basic {basic}")),
    ];
    let body = Some("grant_type=client_credentials&scope=submit_response&unknown=ignored".to_owned());
    let reply = app.anonymous().send(reqwest::Method::POST, "/oauth/token", &headers, body).await.expect(200);
    assert_eq!((&reply.json()["token_type"], &reply.json()["expires_in"]), (&"Bearer".into(), &3600.into()));
    assert_eq!(reply.header("cache-control"), "no-store");
    for (form, status, error) in [
        ("grant_type=password", 400, "unsupported_grant_type"),
        ("client_id=x&client_secret=y", 400, "invalid_request"),
        ("grant_type=client_credentials", 400, "invalid_request"),
        ("grant_type=client_credentials&client_id=x&client_secret=y", 401, "invalid_client"),
        (
            &format!("grant_type=client_credentials&client_id={client}&client_secret=wrong"),
            401,
            "invalid_client",
        ),
        (
            "grant_type=client_credentials&client_id=01900000-0000-7000-8000-000000000000&client_secret=y",
            401,
            "invalid_client",
        ),
    ] {
        let reply = app.anonymous().form("/oauth/token", form).await.expect(status);
        reply.problem();
        assert_eq!(reply.json()["error"], error, "{form}");
    }
    let twice = Some(format!("grant_type=client_credentials&client_id={client}&client_secret={secret}"));
    let both = app.anonymous().send(reqwest::Method::POST, "/oauth/token", &headers, twice).await.expect(400);
    assert_eq!(both.json()["error"], "invalid_request");
    let doubled =
        app.anonymous().form("/oauth/token", "grant_type=client_credentials&grant_type=x").await.expect(400);
    assert_eq!(doubled.json()["error"], "invalid_request");
    let json = app.anonymous().post("/oauth/token", &serde_json::json!({})).await.expect(415);
    assert_eq!(json.problem(), "unsupported_media_type");
}

#[tokio::test]
async fn a_revoked_client_gets_nothing_any_more() {
    let app = TestApp::start().await;
    let (client, secret) = app.credential(ClientKind::System, Some("H56"), None).await;
    let token = app.anonymous().token(&client, &secret).await;
    let system = app.anonymous().with_token(&token);
    system.post("/v1/responses", &response(id(app.now), 4)).await.expect(201);
    let db = sipas::store::Db::new(&app.database_url, 1).unwrap();
    sipas::service::clients::revoke(&db, client.parse().unwrap(), app.now).await.unwrap();
    // Refused within the second that a catalogue in memory may be old; margin for a slow machine.
    let deadline = std::time::Instant::now() + std::time::Duration::from_millis(2500);
    loop {
        let reply = system.post("/v1/responses", &response(id(app.now), 4)).await;
        if reply.status == 401 {
            assert_eq!(reply.problem(), "client_revoked");
            break;
        }
        assert!(std::time::Instant::now() < deadline, "still trusted: {}", reply.text);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let form = format!("grant_type=client_credentials&client_id={client}&client_secret={secret}");
    assert_eq!(app.anonymous().form("/oauth/token", &form).await.expect(401).problem(), "invalid_client");
}

#[tokio::test]
async fn a_token_ends_with_its_time() {
    let app = TestApp::start().await;
    let device = app.device("H56.C1", "MC-H56-C1").await;
    let later = TestApp::on(app.database_url.clone(), "2026-07-15T11:00:00+07:00", &[]).await;
    let reply = later.anonymous().with_token(device.bearer()).get("/v1/surveys").await.expect(401);
    assert_eq!(reply.problem(), "token_expired");
    assert!(reply.header("www-authenticate").contains("invalid_token"));
}

#[tokio::test]
async fn secrets_are_kept_as_argon2id_hashes() {
    let app = TestApp::start().await;
    let (_, secret) = app.credential(ClientKind::Admin, None, None).await;
    let hash: String =
        app.sql().await.query_one("SELECT secret_hash FROM clients", &[]).await.unwrap().get(0);
    assert!(hash.starts_with("$argon2id$") && !hash.contains(&secret));
}
