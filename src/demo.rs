//! The demonstration: invented agencies, simulated responses posted through the service's own HTTP API, and
//! lines to paste. Never on a database that holds real responses.

mod citizens;
mod undertakings;

use crate::app::{self, Stop};
use crate::catalogue::{built_in, demonstration};
use crate::config::{RateLimit, ServeConfig};
use crate::domain::agency::AgencyCode;
use crate::domain::client::ClientKind;
use crate::domain::period::{Grain, day_of};
use crate::error::{Error, ErrorCode, Result};
use crate::postgres::Database;
use crate::service::clients::{self, NewClient};
use crate::service::clock::Clock;
use crate::service::{catalogue, installation};
use crate::store::{Db, migrations};
use chrono::Datelike;
use citizens::{Citizens, Desk};
use clap::Args;
use futures_util::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Settings of a demonstration.
#[derive(Debug, Clone, Args)]
pub struct DemoConfig {
    /// Settings of the service.
    #[command(flatten)]
    pub serve: ServeConfig,
    /// How many responses there shall be.
    #[arg(long, value_name = "N", default_value_t = 3000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub responses: u32,
    /// Seed of the simulation: the same seed makes the same citizens.
    #[arg(long, value_name = "N", default_value_t = 2026)]
    pub seed: u64,
}

/// Responses on their way at once.
const CONCURRENCY: usize = 16;

/// With more responses its fifteen devices would have to be quicker than people; then nothing is flagged.
const MOST_JUDGED: u32 = 10_000;

/// A token for a whole day of trying out.
const TOKEN_SECONDS: u32 = 86_400;

/// The link of a kiosk is good as long as the token.
const INVITATION_MINUTES: u32 = TOKEN_SECONDS / 60;

/// Runs the demonstration until it shall stop.
///
/// # Errors
/// [`ErrorCode::CatalogueConflict`] with a detail if the database holds real responses; otherwise as for
/// serving.
pub async fn run(mut config: DemoConfig, dir: PathBuf, stop: Stop) -> Result<()> {
    config.serve.token_seconds = TOKEN_SECONDS;
    // Its citizens answer a thousand times faster than people do.
    config.serve.guard.limit_device = RateLimit(None);
    if config.serve.guard.tls_cert.is_some() {
        return Err(
            Error::new(ErrorCode::Internal).detail("the demonstration speaks plain HTTP only; see `serve`")
        );
    }
    config.serve.max_offline_days = config.serve.max_offline_days.max(citizens::OLDEST_DAYS);
    if config.responses > MOST_JUDGED {
        config.serve.flagging.rules = "none".into();
    }
    let database = Database::open(&config.serve.database, &dir).await?;
    let result = run_on(&config, &dir, &database, &stop).await;
    result.and(database.close().await)
}

async fn run_on(config: &DemoConfig, dir: &Path, database: &Database, stop: &Stop) -> Result<()> {
    let Some((built, stored, secrets)) = stop.or(prepare(config, &database.url)).await? else {
        return Ok(());
    };
    let url = format!("http://{}", built.address);
    let show = async {
        simulate(&url, config, stored, &secrets).await?;
        let http = reqwest::Client::new();
        let token = token(&http, &url, &secrets.admin).await?;
        target(&http, &url, &token).await?;
        enter_published(&http, &url, &token).await?;
        let device = secrets.desks.first().ok_or_else(|| Error::internal("the demonstration has desks"))?;
        let device_token = self::token(&http, &url, &device.1).await?;
        let kiosk = invitation(&http, &url, &token, &device.0).await?;
        introduce(&url, dir, (&token, &device_token), &kiosk)?;
        undertakings::publish(&http, &url, &token, &citizens::desks()).await?;
        std::future::pending().await
    };
    tokio::select! {
        result = app::run(built, stop.wished()) => result,
        result = show => result,
        () = database.keep_running() => Ok(()),
    }
}

/// Claims and fills the database; gives the service, the number of responses there are, and credentials.
async fn prepare(config: &DemoConfig, url: &str) -> Result<(app::Built, u64, Secrets)> {
    migrations::migrate(url).await?;
    let db = Db::new(url, 2)?;
    let stored = installation::claim_for_demonstration(&db).await?;
    let mut sources = built_in();
    sources.push(demonstration());
    catalogue::load(&db, &sources).await?;
    let built = app::build(&config.serve, url, Clock::System).await?;
    Ok((built, u64::try_from(stored).unwrap_or(0), credentials(&db).await?))
}

/// Id and secret of a client.
type Credential = (String, String);

struct Secrets {
    admin: Credential,
    /// One device for each desk.
    desks: Vec<(Desk, Credential)>,
}

async fn credentials(db: &Db) -> Result<Secrets> {
    let now = Clock::System.now();
    let make = async |kind, name: &str, agency: Option<&str>, desk: Option<&str>| -> Result<Credential> {
        let agency = agency.and_then(|code| AgencyCode::parse(code).ok());
        let new = NewClient { kind, name: name.into(), agency, service_point: desk.map(str::to_owned) };
        let (client, secret) = clients::create(db, new, now).await?;
        Ok((client.id.0.to_string(), secret))
    };
    let admin = make(ClientKind::Admin, "demonstration", None, None).await?;
    let mut desks = Vec::new();
    for desk in citizens::desks() {
        let credential =
            make(ClientKind::Device, "demonstration kiosk", Some(&desk.agency), Some(&desk.code)).await?;
        desks.push((desk, credential));
    }
    Ok(Secrets { admin, desks })
}

async fn simulate(url: &str, config: &DemoConfig, stored: u64, secrets: &Secrets) -> Result<()> {
    let missing = u64::from(config.responses).saturating_sub(stored);
    let http = reqwest::Client::new();
    let mut tokens = HashMap::new();
    for (desk, credential) in secrets.desks.iter().filter(|_| missing > 0) {
        tokens.insert(desk.code.clone(), token(&http, url, credential).await?);
    }
    let bar = ProgressBar::new(missing);
    if let Ok(style) =
        ProgressStyle::with_template("simulating citizens {bar:40} {pos}/{len} {per_sec} {eta}")
    {
        bar.set_style(style);
    }
    // What is stored already was made by the same seed: go on with other citizens.
    let citizens = Citizens::new(config.seed.wrapping_add(stored), Clock::System.now());
    let posts = citizens.take(usize::try_from(missing).unwrap_or(usize::MAX)).map(|response| {
        let token =
            response.service_point.as_ref().and_then(|desk| tokens.get(desk)).cloned().unwrap_or_default();
        let request = http.post(format!("{url}/v1/responses")).bearer_auth(token).json(&response);
        let bar = bar.clone();
        async move {
            let reply = request.send().await.map_err(Error::internal)?;
            bar.inc(1);
            if reply.status().is_success() {
                return Ok(());
            }
            Err(Error::internal(format!("{}: {}", reply.status(), reply.text().await.unwrap_or_default())))
        }
    });
    let results: Vec<Result<()>> =
        futures_util::stream::iter(posts).buffer_unordered(CONCURRENCY).collect().await;
    bar.finish_and_clear();
    results.into_iter().collect()
}

async fn token(http: &reqwest::Client, url: &str, (id, secret): &Credential) -> Result<String> {
    #[derive(serde::Deserialize)]
    struct Body {
        access_token: String,
    }
    let reply = http
        .post(format!("{url}/oauth/token"))
        .basic_auth(id, Some(secret))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials")
        .send()
        .await
        .map_err(Error::internal)?;
    if !reply.status().is_success() {
        return Err(Error::new(ErrorCode::Internal).detail(format!("no token: {}", reply.status())));
    }
    Ok(reply.json::<Body>().await.map_err(Error::internal)?.access_token)
}

/// Sets a target of the year for a province, so that a visitor sees one: invented like everything here.
async fn target(http: &reqwest::Client, url: &str, token: &str) -> Result<()> {
    let year = day_of(Clock::System.now()).year();
    let path = format!("{url}/v1/agencies/H56/targets/demo-service:satisfied-share/{year}");
    // What a visitor changed since stays as it is.
    if http.get(&path).send().await.map_err(Error::internal)?.status().is_success() {
        return Ok(());
    }
    let wanted = serde_json::json!({ "at_least": 90, "basis": "Kế hoạch minh họa, không có thật" });
    let reply = http.put(path).bearer_auth(token).json(&wanted).send().await.map_err(Error::internal)?;
    if !reply.status().is_success() {
        return Err(Error::internal(format!("no target: {}", reply.status())));
    }
    Ok(())
}

/// What others published of Bình Định (2023) and of the whole country (SIPAS 2018-2024), each row with its source and how
/// far it is verified.
const PUBLISHED: &str = include_str!("demo/published.csv");

/// Enters it, unless it is there already. What a visitor corrected since stays as it is.
async fn enter_published(http: &reqwest::Client, url: &str, token: &str) -> Result<()> {
    let post = http.post(format!("{url}/v1/measure-imports?dry_run=false")).bearer_auth(token);
    let reply =
        post.header("content-type", "text/csv").body(PUBLISHED).send().await.map_err(Error::internal)?;
    if reply.status().is_success() || reply.status() == reqwest::StatusCode::UNPROCESSABLE_ENTITY {
        return Ok(());
    }
    Err(Error::new(ErrorCode::Internal).detail(format!("published values not entered: {}", reply.status())))
}

/// A link that enrols whatever opens it as a kiosk of a desk.
async fn invitation(http: &reqwest::Client, url: &str, token: &str, desk: &Desk) -> Result<String> {
    #[derive(serde::Deserialize)]
    struct Body {
        link: String,
    }
    let wanted = serde_json::json!({
        "service_point": desk.code, "survey": "demo-service", "name": "demonstration kiosk",
        "expires_in_minutes": INVITATION_MINUTES,
    });
    let post = http.post(format!("{url}/v1/devices/invitations")).bearer_auth(token).json(&wanted);
    let reply = post.send().await.map_err(Error::internal)?;
    if !reply.status().is_success() {
        return Err(Error::new(ErrorCode::Internal).detail(format!("no invitation: {}", reply.status())));
    }
    Ok(reply.json::<Body>().await.map_err(Error::internal)?.link)
}

fn introduce(url: &str, dir: &Path, (token, device_token): (&str, &str), kiosk: &str) -> Result<()> {
    // From when the oldest can have been answered: at the turn of a year one year would not show them.
    // The public asks for whole months.
    let first = day_of(Clock::System.now()) - chrono::Days::new(citizens::OLDEST_DAYS.into());
    let first = Grain::Month.start(first);
    let period = format!("from={first}&to=2100-01-01");
    let body = serde_json::to_string(&citizens::example()).map_err(Error::internal)?;
    let text = format!(
        "\nSIPAS demonstration with invented data at {url}\n\n\
         Dashboard           {url}/\n\
         Published indices   {url}/tracker?agency=H08&period=2023\n\
         Kiosk               {kiosk}\n\
         API documentation   {url}/docs\n\
         Data directory      {dir}\n\n\
         # How satisfied are people with Thanh Hóa? (open to everybody)\n\
         curl '{url}/v1/agencies/H56/index?survey=demo-service&{period}'\n\n\
         # The same for an administrator: nothing hidden\n\
         TOKEN={token}\n\
         curl -H \"Authorization: Bearer $TOKEN\" '{url}/v1/agencies/H56.C1/index?survey=demo-service&{period}&formula=mean-normalised'\n\n\
         # What a kiosk downloads, and a response as it posts it\n\
         curl '{url}/v1/surveys/demo-service'\n\
         DEVICE={device_token}\n\
         curl -H \"Authorization: Bearer $DEVICE\" -H 'Content-Type: application/json' '{url}/v1/responses' -d '{body}'\n\n\
         Ctrl-C stops it; the data stay for the next time.\n",
        dir = dir.display(),
    );
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::internal)
}
