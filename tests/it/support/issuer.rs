//! A little OpenID Connect issuer in the test's process: discovery, keys, tokens of any kind, and bad days.

use super::cluster::run_dir;
use actix_web::{App, HttpResponse, HttpServer, web};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use chrono::DateTime;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A key pair of somebody who signs tokens.
#[derive(Clone)]
pub struct TestKey {
    pub kid: String,
    pub algorithm: Algorithm,
    pub encoding: EncodingKey,
    pub jwk: Value,
}

impl TestKey {
    /// A key on P-256, for ES256.
    pub fn ec(kid: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let encoding = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
        Self::new(kid, Algorithm::ES256, encoding)
    }

    /// An RSA key, for RS256.
    pub fn rsa(kid: &str) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        // PKCS#8 wraps the PKCS#1 key that is wanted in 26 bytes, always the same for 2048 bits.
        Self::new(kid, Algorithm::RS256, EncodingKey::from_rsa_der(&der.as_ref()[26..]))
    }

    fn new(kid: &str, algorithm: Algorithm, encoding: EncodingKey) -> Self {
        let mut jwk = Jwk::from_encoding_key(&encoding, algorithm).unwrap();
        jwk.common.key_id = Some(kid.into());
        Self { kid: kid.into(), algorithm, encoding, jwk: serde_json::to_value(jwk).unwrap() }
    }

    /// The head of a token signed with it.
    pub fn header(&self) -> Header {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.kid.clone());
        header
    }

    /// Signs claims as they are.
    pub fn sign(&self, claims: &Value) -> String {
        jsonwebtoken::encode(&self.header(), claims, &self.encoding).unwrap()
    }
}

#[derive(Default)]
struct State {
    keys: Mutex<Vec<Value>>,
    fetches: AtomicUsize,
    away: AtomicBool,
}

/// A running issuer.
pub struct TestIssuer {
    /// What its tokens say in `iss`.
    pub url: String,
    state: Arc<State>,
    handle: actix_web::dev::ServerHandle,
}

impl TestIssuer {
    /// Starts one that publishes these keys.
    pub async fn start(keys: &[&TestKey]) -> Self {
        let state = Arc::new(State::default());
        let (started, start) = tokio::sync::oneshot::channel();
        let shared = web::Data::from(state.clone());
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let server = HttpServer::new(move || {
                    App::new()
                        .app_data(shared.clone())
                        .route("/.well-known/openid-configuration", web::get().to(discovery))
                        .route("/keys", web::get().to(published))
                });
                let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
                let url = format!("http://{}", server.addrs()[0]);
                let server = server.run();
                let _ = started.send((url, server.handle()));
                server.await.unwrap();
            });
        });
        let (url, handle) = start.await.unwrap();
        let issuer = Self { url, state, handle };
        issuer.publish(keys);
        issuer
    }

    /// Publishes these keys and no others from now on.
    pub fn publish(&self, keys: &[&TestKey]) {
        *self.state.keys.lock().unwrap() = keys.iter().map(|key| key.jwk.clone()).collect();
    }

    /// Answers nothing useful, or again.
    pub fn go_away(&self, away: bool) {
        self.state.away.store(away, Ordering::SeqCst);
    }

    /// How often its keys were asked for.
    pub fn fetches(&self) -> usize {
        self.state.fetches.load(Ordering::SeqCst)
    }

    /// A file in which it is trusted; `refetch_seconds` is the least time between two fetches.
    pub fn trusted(&self, refetch_seconds: u32) -> String {
        let text = format!(
            "[[issuer]]\nurl = \"{}\"\naudience = \"sipas\"\nalgorithms = [\"ES256\"]\n\
             refetch_seconds = {refetch_seconds}\nrole_claim = \"role\"\n\
             roles = {{ admin = [\"quan-tri\"], viewer = [\"xem\"], system = [\"he-thong\"] }}\n\
             agency_claim = \"agency\"\nwhole_country = \"VN\"\n",
            self.url
        );
        let port = self.url.rsplit(':').next().unwrap();
        let path = run_dir("issuers").join(format!("{port}.toml"));
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What a good token of it says at [`super::app::NOW`].
    pub fn claims(&self, role: &str, agency: &str) -> Value {
        let now = DateTime::parse_from_rfc3339(super::app::NOW).unwrap().timestamp();
        json!({
            "iss": self.url, "aud": "sipas", "sub": format!("{role}@{agency}"), "iat": now, "exp": now + 600,
            "role": role, "agency": agency,
        })
    }
}

impl Drop for TestIssuer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn discovery(state: web::Data<State>, request: actix_web::HttpRequest) -> HttpResponse {
    if state.away.load(Ordering::SeqCst) {
        return HttpResponse::BadGateway().finish();
    }
    let url = format!("http://{}", request.connection_info().host());
    HttpResponse::Ok().json(json!({"issuer": url, "jwks_uri": format!("{url}/keys")}))
}

async fn published(state: web::Data<State>) -> HttpResponse {
    state.fetches.fetch_add(1, Ordering::SeqCst);
    HttpResponse::Ok().json(json!({"keys": *state.keys.lock().unwrap()}))
}
