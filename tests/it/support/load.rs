//! Load: kiosks that post one response after the other, each until it is acknowledged.

use super::samples::{id, response};
use super::site::Site;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

/// No answer after this is a hang.
const HANG: Duration = Duration::from_secs(60);

/// How long a kiosk waits before it tries again: less than it is told, so that more tries hit the fault.
const AGAIN: Duration = Duration::from_millis(100);

/// What became of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 201, or 200 if it had been stored before.
    Acknowledged,
    /// 503 with Retry-After.
    Refused,
    /// The connection broke: nobody knows.
    Unknown,
}

/// Somebody who posts; knows where the service is now.
#[derive(Clone)]
pub struct Sender {
    http: reqwest::Client,
    address: watch::Receiver<String>,
    token: String,
}

impl Sender {
    pub fn new(site: &Site) -> Self {
        let http = reqwest::Client::builder().timeout(HANG).build().unwrap();
        Self { http, address: site.address.subscribe(), token: site.kiosk.clone() }
    }

    /// The same, at another instance.
    pub fn at(self, address: &watch::Sender<String>) -> Self {
        Self { address: address.subscribe(), ..self }
    }

    /// Posts a response of this id, whose content is always the same. Anything but an acknowledgement, a
    /// refusal that says when to come back, or a broken connection is a defect.
    pub async fn post(&self, id: Uuid) -> Answer {
        let url = format!("{}/v1/responses", self.address.borrow().as_str());
        let level = u8::try_from(id.as_u128() % 5).unwrap() + 1;
        let body = response(id, level);
        let answer = async {
            let reply = self.http.post(url).bearer_auth(&self.token).json(&body).send().await?;
            let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
            Ok::<_, reqwest::Error>((status, headers, reply.text().await?))
        };
        match answer.await {
            Ok((200 | 201, _, text)) => {
                assert!(text.contains(&id.to_string()), "{text}");
                Answer::Acknowledged
            }
            Ok((503, headers, text)) => {
                assert_eq!(headers["retry-after"], "2", "{text}");
                assert_eq!(headers["content-type"], "application/problem+json", "{text}");
                Answer::Refused
            }
            Ok((status, _, text)) => panic!("{status}: {text}"),
            Err(error) if error.is_timeout() => panic!("no answer in {HANG:?}"),
            Err(_) => Answer::Unknown,
        }
    }
}

/// What the kiosks saw.
#[derive(Debug, Default)]
pub struct Seen {
    pub acknowledged: Vec<Uuid>,
    pub refused: usize,
    pub unknown: usize,
    /// Longest time between a request and its answer.
    pub slowest: Duration,
}

impl Seen {
    /// The figures, for people; the test runner shows them with `--nocapture` or when the test fails.
    #[expect(clippy::print_stdout, reason = "a long run is for its figures")]
    pub fn tell(&self, what: &str) {
        let Self { acknowledged, refused, unknown, slowest } = self;
        let acknowledged = acknowledged.len();
        println!(
            "{what}: {acknowledged} acknowledged, {refused} refused, {unknown} unknown, slowest {slowest:?}"
        );
    }
}

/// Kiosks at work.
pub struct Load {
    kiosks: Vec<JoinHandle<Seen>>,
    acknowledged: Arc<AtomicU64>,
    enough: watch::Sender<bool>,
}

impl Load {
    /// Starts so many kiosks, each with a pause between two responses.
    pub fn start(site: &Site, kiosks: usize, pause: Duration) -> Self {
        let (enough, told) = watch::channel(false);
        let acknowledged = Arc::new(AtomicU64::new(0));
        let kiosk =
            |_| tokio::spawn(post_until_told(Sender::new(site), pause, told.clone(), acknowledged.clone()));
        Self { kiosks: (0..kiosks).map(kiosk).collect(), acknowledged, enough }
    }

    /// Waits until so many more have been acknowledged: the load goes on.
    pub async fn wait_for(&self, more: u64) {
        let (begun, goal) = (Instant::now(), self.acknowledged.load(Ordering::Relaxed) + more);
        while self.acknowledged.load(Ordering::Relaxed) < goal {
            assert!(begun.elapsed() < HANG, "the load stands still");
            assert!(!self.kiosks.iter().all(JoinHandle::is_finished), "every kiosk has failed");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Lets each kiosk finish the response it is at.
    pub async fn finish(self) -> Seen {
        self.enough.send_replace(true);
        let mut all = Seen::default();
        for kiosk in self.kiosks {
            let seen = kiosk.await.unwrap();
            all.acknowledged.extend(seen.acknowledged);
            all.refused += seen.refused;
            all.unknown += seen.unknown;
            all.slowest = all.slowest.max(seen.slowest);
        }
        all
    }
}

async fn post_until_told(
    sender: Sender,
    pause: Duration,
    told: watch::Receiver<bool>,
    acknowledged: Arc<AtomicU64>,
) -> Seen {
    let mut seen = Seen::default();
    while !*told.borrow() {
        let id = id(std::time::SystemTime::now().into());
        loop {
            let begun = Instant::now();
            let answer = sender.post(id).await;
            seen.slowest = seen.slowest.max(begun.elapsed());
            match answer {
                Answer::Acknowledged => break,
                Answer::Refused => seen.refused += 1,
                Answer::Unknown => seen.unknown += 1,
            }
            sleep(AGAIN).await;
        }
        acknowledged.fetch_add(1, Ordering::Relaxed);
        seen.acknowledged.push(id);
        sleep(pause).await;
    }
    seen
}
