//! The clients: one task for each keep-alive connection, bytes made once, ids patched in place, answers read no
//! further than status, length and count. Whatever these cost is missing from the service: they share its
//! processors.

use crate::Result;
use crate::stage::Client;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

/// Stands where each request's id goes.
pub const NO_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Length of an id as text.
const ID: usize = NO_ID.len();

/// How many responses an answer acknowledges.
type Count = fn(u16, &[u8]) -> u32;

/// A request, ready to send but for its ids.
#[derive(Clone)]
pub struct Request {
    bytes: Vec<u8>,
    ids: Vec<usize>,
    count: Count,
}

impl Request {
    pub fn get(path: &str, count: Count) -> Self {
        Self::new(format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n"), count)
    }

    /// With a token.
    pub fn get_as(token: &str, path: &str, count: Count) -> Self {
        let head = format!("GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n");
        Self::new(head, count)
    }

    /// The same, and a large answer may come as gzip.
    pub fn takes_gzip(self) -> Self {
        let text =
            String::from_utf8_lossy(&self.bytes).replacen("\r\n\r\n", "\r\nAccept-Encoding: gzip\r\n\r\n", 1);
        Self::new(text, self.count)
    }

    pub fn post(path: &str, token: &str, body: &str, count: Count) -> Self {
        let length = body.len();
        let text = format!(
            "POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        Self::new(text, count)
    }

    fn new(text: String, count: Count) -> Self {
        let ids = text.match_indices(NO_ID).map(|(at, _)| at).collect();
        Self { bytes: text.into_bytes(), ids, count }
    }

    /// Whether it makes rows.
    pub fn stores(&self) -> bool {
        !self.ids.is_empty()
    }

    fn renew(&mut self) {
        for at in &self.ids {
            if let Some(place) = self.bytes.get_mut(*at..at + ID) {
                id().hyphenated().encode_lower(place);
            }
        }
    }
}

/// A UUIDv7 of now.
pub fn id() -> Uuid {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    uuid::Builder::from_unix_timestamp_millis(now.try_into().unwrap_or(u64::MAX), &rand::random()).into_uuid()
}

/// Responses that a bulk answer calls created.
pub fn created(status: u16, body: &[u8]) -> u32 {
    // Found, not parsed: the clients share the processors with what they measure.
    let counted = || {
        let text = std::str::from_utf8(body).ok()?;
        let (_, number) = text.split_once("\"created\":")?;
        number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    if status == 200 { counted().unwrap_or(0) } else { 0 }
}

/// What came of one measurement.
#[derive(Default)]
pub struct Load {
    /// Responses acknowledged; for requests that store nothing, good answers.
    pub acknowledged: u64,
    /// Answers that acknowledged nothing.
    pub refused: u64,
    /// From the first request to the last answer.
    pub took: Duration,
    /// Of each request.
    pub latencies: Vec<Duration>,
}

impl Load {
    pub fn rate(&self) -> f64 {
        let acknowledged = u32::try_from(self.acknowledged).unwrap_or(u32::MAX);
        f64::from(acknowledged) / self.took.as_secs_f64()
    }

    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// Latency that so many in a hundred requests do not exceed.
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        sorted.get((last * percent).div_ceil(100)).copied().unwrap_or_default()
    }
}

/// Sends as fast as answers come, on each connection for this long and at least once; what is under way then is
/// waited for and counted. Connections are spread evenly over the addresses.
pub async fn run(
    addresses: &[SocketAddr],
    connections: usize,
    time: Duration,
    request: &Request,
) -> Result<Load> {
    let mut open = Vec::with_capacity(connections);
    for address in addresses.iter().cycle().take(connections) {
        open.push(Connection::open(*address).await?);
    }
    let begun = Instant::now();
    let running: Vec<_> = open
        .into_iter()
        .map(|connection| tokio::spawn(connection.repeat(request.clone(), begun, time)))
        .collect();
    let mut all = Load::default();
    for connection in running {
        let one = connection.await??;
        all.acknowledged += one.acknowledged;
        all.refused += one.refused;
        all.latencies.extend(one.latencies);
    }
    all.took = begun.elapsed();
    Ok(all)
}

/// Sends the requests one after the other, again and again, so many a second however long answers take, until
/// told to stop; what the connections cannot keep up with is sent as soon as they can.
pub async fn steadily(
    address: SocketAddr,
    connections: u32,
    per_second: u32,
    time: Duration,
    requests: &[Request],
) -> Result<Load> {
    let begun = Instant::now();
    let mut sending = Vec::new();
    for place in 0..connections {
        let mut connection = Connection::open(address).await?;
        let mut requests = requests.to_vec();
        let pause = Duration::from_secs(1) * connections / per_second;
        sending.push(tokio::spawn(async move {
            let mut load = Load::default();
            let mut due = begun + pause * place / connections;
            for turn in 0.. {
                if begun.elapsed() >= time {
                    break;
                }
                tokio::time::sleep_until(due.into()).await;
                due += pause;
                let (at, step) = (usize::try_from(place)?, usize::try_from(connections)?);
                let length = requests.len();
                let request = requests.get_mut((turn * step + at) % length).ok_or("nothing to send")?;
                request.renew();
                let sent = Instant::now();
                let answer = connection.exchange(&request.bytes).await?;
                load.latencies.push(sent.elapsed());
                match (request.count)(answer.status, connection.body(&answer)) {
                    0 => return Err(format!("{}", String::from_utf8_lossy(&connection.read)).into()),
                    count => load.acknowledged += u64::from(count),
                }
            }
            Ok::<Load, Box<dyn std::error::Error + Send + Sync>>(load)
        }));
    }
    let mut all = Load::default();
    for connection in sending {
        let one = connection.await??;
        all.acknowledged += one.acknowledged;
        all.latencies.extend(one.latencies);
    }
    all.took = begun.elapsed();
    Ok(all)
}

/// The body of one answer; anything but 200 is an error.
pub async fn body(address: SocketAddr, request: &Request) -> Result<serde_json::Value> {
    let mut connection = Connection::open(address).await?;
    let answer = connection.exchange(&request.bytes).await?;
    if answer.status != 200 {
        return Err(format!("{}", String::from_utf8_lossy(&connection.read)).into());
    }
    Ok(serde_json::from_slice(connection.body(&answer))?)
}

/// An access token for the client.
pub async fn token(address: SocketAddr, client: &Client) -> Result<String> {
    let credential = STANDARD.encode(format!("{}:{}", client.id, client.secret));
    let body = "grant_type=client_credentials";
    let request = format!(
        "POST /oauth/token HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic {credential}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = Connection::open(address).await?;
    let answer = connection.exchange(request.as_bytes()).await?;
    let body: serde_json::Value = serde_json::from_slice(connection.body(&answer))?;
    let token = body.get("access_token").and_then(serde_json::Value::as_str);
    token.map(str::to_owned).ok_or_else(|| format!("no token: {body}").into())
}

struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// An answer that has been read; its body starts there.
struct Answer {
    status: u16,
    body: usize,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(8192) })
    }

    fn body(&self, answer: &Answer) -> &[u8] {
        self.read.get(answer.body..).unwrap_or_default()
    }

    async fn repeat(mut self, mut request: Request, begun: Instant, time: Duration) -> Result<Load> {
        let mut load = Load::default();
        loop {
            request.renew();
            let sent = Instant::now();
            let answer = self.exchange(&request.bytes).await?;
            load.latencies.push(sent.elapsed());
            match (request.count)(answer.status, self.body(&answer)) {
                0 if answer.status == 503 && self.says_when_to_come_back(&answer) => load.refused += 1,
                0 => return Err(format!("{}", String::from_utf8_lossy(&self.read)).into()),
                count => load.acknowledged += u64::from(count),
            }
            if begun.elapsed() >= time {
                return Ok(load);
            }
        }
    }

    fn says_when_to_come_back(&self, answer: &Answer) -> bool {
        let head = String::from_utf8_lossy(self.read.get(..answer.body).unwrap_or_default());
        head.to_ascii_lowercase().contains("\r\nretry-after: ")
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.read.clear();
        loop {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err("the service has hung up".into());
            }
            if let Some(answer) = whole(&self.read) {
                return Ok(answer);
            }
        }
    }
}

/// The answer, once all of it is there.
fn whole(read: &[u8]) -> Option<Answer> {
    let body = read.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(read.get(..body)?).ok()?;
    let length: usize = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())?;
    let status = head.get(9..12)?.parse().ok()?;
    (read.len() >= body + length).then_some(Answer { status, body })
}
