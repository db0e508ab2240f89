//! A receiver of webhooks in the test's process: keeps what arrives, answers as it is told, and verifies signatures with
//! code of its own.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How the receiver answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// At once, with a status.
    Status(u16),
    /// With a redirection to itself.
    Redirect,
    /// After longer than anybody waits.
    Slow,
    /// With 200 and a body without end.
    Endless,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub path: String,
    pub id: String,
    pub timestamp: i64,
    pub signatures: Vec<String>,
    pub body: Vec<u8>,
    /// Whether it was answered with 200.
    pub taken: bool,
}

impl Arrived {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether one of the signatures is by this secret.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signed = [format!("{}.{}.", self.id, self.timestamp).as_bytes(), &self.body].concat();
        let expected = format!("v1,{}", STANDARD.encode(hmac(&key, &signed)));
        self.signatures.contains(&expected)
    }
}

/// HMAC-SHA256 by RFC 2104, from the hash alone.
pub fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    assert!(key.len() <= 64);
    let pad = |byte: u8| (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ byte).collect::<Vec<u8>>();
    let inner = Sha256::digest([&pad(0x36)[..], text].concat());
    Sha256::digest([&pad(0x5c)[..], &inner[..]].concat()).to_vec()
}

struct State {
    manner: Mutex<Manner>,
    arrived: Mutex<Vec<Arrived>>,
}

/// A running receiver.
pub struct Receiver {
    pub url: String,
    state: Arc<State>,
    handle: actix_web::dev::ServerHandle,
}

impl Receiver {
    pub async fn start(manner: Manner) -> Self {
        let state = Arc::new(State { manner: Mutex::new(manner), arrived: Mutex::default() });
        let (started, start) = tokio::sync::oneshot::channel();
        let shared = web::Data::from(state.clone());
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let server = HttpServer::new(move || {
                    App::new().app_data(shared.clone()).default_service(web::to(take))
                });
                let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
                let url = format!("http://{}", server.addrs()[0]);
                let server = server.run();
                let _ = started.send((url, server.handle()));
                server.await.unwrap();
            });
        });
        let (url, handle) = start.await.unwrap();
        Self { url, state, handle }
    }

    pub fn answer(&self, manner: Manner) {
        *self.state.manner.lock().unwrap() = manner;
    }

    /// Everything that arrived so far.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.state.arrived.lock().unwrap().clone()
    }

    /// What was answered with 200.
    pub fn taken(&self) -> Vec<Arrived> {
        self.arrived().into_iter().filter(|arrived| arrived.taken).collect()
    }

    /// Waits until so many were answered with 200.
    #[track_caller]
    pub fn wait(&self, count: usize) -> impl Future<Output = Vec<Arrived>> + '_ {
        let deadline = Instant::now() + Duration::from_secs(60);
        async move {
            loop {
                let taken = self.taken();
                if taken.len() >= count {
                    return taken;
                }
                assert!(
                    Instant::now() < deadline,
                    "{} of {count} arrived: {:?}",
                    taken.len(),
                    self.arrived()
                );
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn take(state: web::Data<State>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let header =
        |name: &str| request.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let manner = *state.manner.lock().unwrap();
    let taken = matches!(manner, Manner::Status(200) | Manner::Endless);
    assert_eq!(header("content-type"), "application/json");
    state.arrived.lock().unwrap().push(Arrived {
        path: request.path().to_owned(),
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().unwrap(),
        signatures: header("webhook-signature").split(' ').map(str::to_owned).collect(),
        body: body.to_vec(),
        taken,
    });
    match manner {
        Manner::Status(status) => {
            HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).finish()
        }
        Manner::Redirect => {
            HttpResponse::TemporaryRedirect().insert_header(("location", "/elsewhere")).finish()
        }
        Manner::Slow => {
            tokio::time::sleep(Duration::from_secs(20)).await;
            HttpResponse::Ok().finish()
        }
        Manner::Endless => {
            let block = || Ok::<_, actix_web::Error>(web::Bytes::from_static(&[b'x'; 4096]));
            HttpResponse::Ok().streaming(futures_util::stream::repeat_with(block))
        }
    }
}

#[test]
fn the_hash_of_the_test_is_that_of_the_rfc() {
    // RFC 4231, test case 2.
    let hex: String =
        hmac(b"Jefe", b"what do ya want for nothing?").iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
