//! One of the two databases, with the service on it.

use super::load::{self, Load, NO_ID, Request};
use super::questions::Question;
use super::stage::{self, Cluster, Service};
use super::{Result, ground};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How a database was made.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Made {
    pub responses: u32,
    /// Storing the raw responses; counting tallies from them and the memory of it in MiB; verifying the same.
    pub filled: Duration,
    pub repaired: (Duration, u64),
    pub verified: (Duration, u64),
    /// From the start of the service until all totals were kept.
    pub totals: Duration,
    pub gigabytes: f64,
}

pub struct Side {
    pub url: String,
    pub sql: tokio_postgres::Client,
    pub made: Made,
    service: Service,
    /// Of an administrator of the whole country, who sees exact figures, and of a system that posts.
    admin: String,
    system: String,
}

impl Side {
    /// Fills the database, unless that was done before, and starts the service.
    pub async fn prepare(cluster: &Cluster, database: &str, responses: u32) -> Result<Self> {
        let server = stage::connect(&cluster.url).await?;
        let known = server.query_opt("SELECT FROM pg_database WHERE datname = $1", &[&database]).await?;
        let url = cluster.url_of(database);
        let mut made = Made {
            responses,
            filled: Duration::ZERO,
            repaired: Default::default(),
            verified: Default::default(),
            totals: Duration::ZERO,
            gigabytes: 0.0,
        };
        let note = cluster.scratch().join(format!("{database}.json"));
        if known.is_none() {
            server.batch_execute(&format!("CREATE DATABASE {database}")).await?;
            fill(cluster, &url, &mut made).await?;
        }
        let sql = stage::connect(&url).await?;
        let begun = Instant::now();
        let service = Service::start_on(cluster, &url, &[])?;
        totals_are_kept(&sql).await?;
        made.totals = begun.elapsed();
        if known.is_none() {
            std::fs::write(&note, serde_json::to_vec(&made)?)?;
        } else if let Ok(text) = std::fs::read(&note) {
            made = serde_json::from_slice(&text)?;
        }
        sql.batch_execute("VACUUM ANALYZE").await?;
        sql.batch_execute("CHECKPOINT").await?;
        let bytes: i64 = sql.query_one("SELECT pg_database_size(current_database())", &[]).await?.get(0);
        made.gigabytes = f64::from(u32::try_from(bytes / 1_000_000)?) / 1e3;
        let mut tokens = Vec::new();
        for kind in ["admin", "system"] {
            let client = cluster.client(&format!("--kind {kind} --name bench"), &url)?;
            tokens.push(load::token(service.address, &client).await?);
        }
        let [admin, system] = <[String; 2]>::try_from(tokens).map_err(|_| "two tokens")?;
        Ok(Self { url, sql, made, service, admin, system })
    }

    pub fn address(&self) -> SocketAddr {
        self.service.address
    }

    pub fn peak_memory(&self) -> Result<u64> {
        self.service.peak_memory()
    }

    fn request(&self, question: &Question) -> Request {
        Request::get_as(&self.admin, &question.path, |status, _| u32::from(status == 200))
    }

    /// The answer to a question.
    pub async fn body(&self, question: &Question) -> Result<Value> {
        load::body(self.service.address, &self.request(question)).await
    }

    /// Asks again and again, as browsers and libraries do: a large answer may come as gzip.
    pub async fn ask(&self, question: &Question, connections: usize, time: Duration) -> Result<Load> {
        load::run(&[self.service.address], connections, time, &self.request(question).takes_gzip()).await
    }

    /// Responses about every seventh commune.
    pub fn posts(&self) -> Result<Vec<Request>> {
        let mut body: Value = serde_json::from_str(include_str!("../../tests/it/response.json"))?;
        let fields = body.as_object_mut().ok_or("no response")?;
        fields.remove("comment");
        fields.remove("service_point");
        fields.insert("id".into(), json!(NO_ID));
        fields.insert("survey".into(), json!(ground::SURVEY));
        let mut posts = Vec::new();
        for code in ground::communes().into_iter().step_by(7) {
            fields_of(&mut body).insert("rated_agency".into(), json!(code));
            let stored = |status, _: &[u8]| u32::from(status == 201);
            posts.push(Request::post("/v1/responses", &self.system, &body.to_string(), stored));
        }
        Ok(posts)
    }
}

fn fields_of(body: &mut Value) -> &mut serde_json::Map<String, Value> {
    match body {
        Value::Object(fields) => fields,
        other => {
            *other = json!({});
            fields_of(other)
        }
    }
}

async fn fill(cluster: &Cluster, url: &str, made: &mut Made) -> Result<()> {
    let file = cluster.scratch().join("bench.toml");
    std::fs::write(&file, ground::catalogue())?;
    cluster.run(&["catalogue", "load"], url)?;
    cluster.run(&["catalogue", "load", &file.display().to_string()], url)?;
    cluster.client("--kind system --name devices", url)?;
    let sql = stage::connect(url).await?;
    let begun = Instant::now();
    ground::fill(&sql, made.responses).await?;
    sql.batch_execute("ANALYZE").await?;
    made.filled = begun.elapsed();
    let (_, took, memory) = cluster.run_measured(&["verify", "--repair"], url).await?;
    made.repaired = (took, memory);
    sql.batch_execute("ANALYZE").await?;
    let (_, took, memory) = cluster.run_measured(&["verify"], url).await?;
    made.verified = (took, memory);
    Ok(())
}

/// Waits until the service has made its totals.
async fn totals_are_kept(sql: &tokio_postgres::Client) -> Result<()> {
    let begun = Instant::now();
    // The country and the 34 provinces.
    while sql.query_one("SELECT count(*) FROM kept_totals", &[]).await?.get::<_, i64>(0) < 35 {
        if begun.elapsed() > Duration::from_secs(600) {
            return Err("no totals after ten minutes".into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
