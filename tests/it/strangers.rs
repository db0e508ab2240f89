//! What strangers send in `Authorization`: anything, and tokens that were right before they were changed.

use crate::support::TestApp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";

/// `POST /oauth/token` with these bytes as `Authorization`.
async fn ask(app: &TestApp, authorization: &str) -> u16 {
    let headers = [("authorization", authorization), ("content-type", "application/x-www-form-urlencoded")];
    let body = Some("grant_type=client_credentials".to_owned());
    app.anonymous().send(Method::POST, "/oauth/token", &headers, body).await.status
}

#[tokio::test]
async fn a_token_with_any_character_changed_is_no_token() {
    let app = TestApp::start().await;
    let (id, secret) = app.credential(sipas::domain::client::ClientKind::Admin, None, None).await;
    let token = app.anonymous().token(&id, &secret).await;
    let with = |text: String| app.anonymous().with_token(&text);
    with(token.clone()).get("/v1/responses").await.expect(200);
    let mut chance = StdRng::seed_from_u64(5);
    // Every character of the signature's end, whose unused bits a lenient decoder would pass over, and some of all others.
    let length = token.len();
    let places = (0..length).filter(|place| place % 7 == 0 || place + 4 > length).collect::<Vec<_>>();
    for place in places {
        let other = loop {
            let other = ALPHABET[chance.random_range(0..ALPHABET.len())];
            if other != token.as_bytes()[place] {
                break char::from(other);
            }
        };
        for changed in [
            format!("{}{other}{}", &token[..place], &token[place + 1..]),
            format!("{}{}", &token[..place], &token[place + 1..]),
            format!("{}{other}{}", &token[..place], &token[place..]),
        ] {
            if changed != token {
                let reply = with(changed.clone()).get("/v1/responses").await;
                assert_eq!((reply.status, reply.problem().as_str()), (401, "token_invalid"), "{changed}");
            }
        }
    }
    for text in ["", ".", "..", "...", "e30.e30.e30", &token[..length - 1], &format!("{token}.{token}")] {
        assert_eq!(with(text.to_owned()).get("/v1/responses").await.status, 401, "{text:?}");
    }
}

#[tokio::test]
async fn whatever_stands_for_a_credential_is_refused_in_words() {
    let app = TestApp::start().await;
    let mut chance = StdRng::seed_from_u64(6);
    for round in 0..200 {
        let bytes: Vec<u8> =
            (0..chance.random_range(0..60)).map(|_| chance.random_range(0x20..0x7f_u8)).collect();
        let text = String::from_utf8(bytes.clone()).unwrap();
        let value = match round % 4 {
            0 => text,
            1 => format!("Basic {text}"),
            2 => format!("Basic {}", STANDARD.encode(bytes)),
            _ => format!("Basic {}", STANDARD.encode(format!("{text}:{text}"))),
        };
        let status = ask(&app, &value).await;
        assert!(matches!(status, 400 | 401), "{status} for {value:?}");
        let headers = [("authorization", value.as_str())];
        let reply = app.anonymous().send(Method::GET, "/v1/formulas", &headers, None::<String>).await;
        assert_eq!(reply.status, 401, "{value:?}: {}", reply.text);
    }
}
