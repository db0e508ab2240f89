//! Settings that keep the service standing: limits, deadlines, who is believed, who may call from a browser, TLS.

use super::absolute;
use clap::Args;
use governor::Quota;
use ipnet::IpNet;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// How much somebody may ask for; `None` is without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit(pub Option<Quota>);

/// Limits, deadlines, proxies, browsers, TLS.
#[derive(Debug, Clone, Args)]
pub struct GuardConfig {
    /// What a device may send, as requests a second, a colon, and how many at once after a pause; 0 is no limit.
    /// In a bulk request every response counts. The default takes the backlog of a month at once.
    #[arg(long, env = "SIPAS_LIMIT_DEVICE", value_name = "RATE:BURST", default_value = "10:10000", value_parser = rate)]
    pub limit_device: RateLimit,

    /// The same for a system.
    #[arg(long, env = "SIPAS_LIMIT_SYSTEM", value_name = "RATE:BURST", default_value = "500:50000", value_parser = rate)]
    pub limit_system: RateLimit,

    /// The same for an administrator.
    #[arg(long, env = "SIPAS_LIMIT_ADMIN", value_name = "RATE:BURST", default_value = "50:5000", value_parser = rate)]
    pub limit_admin: RateLimit,

    /// The same for everybody without a token, by IPv4 address or /64 of IPv6. Requests with a good token are never
    /// limited by address.
    #[arg(long, env = "SIPAS_LIMIT_ANONYMOUS", value_name = "RATE:BURST", default_value = "50:2000", value_parser = rate)]
    pub limit_anonymous: RateLimit,

    /// Token requests of an address; one that fails counts as ten.
    #[arg(long, env = "SIPAS_LIMIT_TOKENS", value_name = "RATE:BURST", default_value = "10:600", value_parser = rate)]
    pub limit_tokens: RateLimit,

    /// Token requests of an address for one client id; one that fails counts as five. Other addresses are not
    /// affected, so nobody can lock a client out.
    #[arg(long, env = "SIPAS_LIMIT_SECRETS", value_name = "RATE:BURST", default_value = "1:60", value_parser = rate)]
    pub limit_secrets: RateLimit,

    /// Longest time of a request in seconds; its statement is then cancelled. Bulk requests and imports have limits
    /// of their own, and no statement runs for more than 15 seconds.
    #[arg(long, env = "SIPAS_REQUEST_SECONDS", value_name = "SECONDS", default_value_t = 30,
          value_parser = clap::value_parser!(u16).range(1..=600))]
    pub request_seconds: u16,

    /// Networks of the proxies in front, for example 10.0.0.0/8,2001:db8::/48: they are believed when they say whose
    /// request it is.
    #[arg(long, env = "SIPAS_TRUSTED_PROXIES", value_name = "CIDR,...", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,

    /// The header that those proxies write; no other is read, for they pass it on as the client wrote it.
    #[arg(long, env = "SIPAS_PROXY_HEADER", value_name = "NAME", default_value = "x-forwarded-for",
          value_parser = ["x-forwarded-for", "forwarded"])]
    pub proxy_header: String,

    /// Web pages that may call from a browser: exact origins such as `https://portal.example.vn` for every request,
    /// * for reading without a token from anywhere (open data, NĐ 47/2020/NĐ-CP), none for nobody.
    #[arg(long, env = "SIPAS_CORS_ORIGINS", value_name = "ORIGIN,...", value_delimiter = ',', default_value = "*",
          value_parser = origin)]
    pub cors_origins: Vec<String>,

    /// Certificate chain, PEM, the service's own first: serves TLS 1.2 and 1.3 instead of plain HTTP. A renewed
    /// file is taken within a minute.
    #[arg(long, env = "SIPAS_TLS_CERT", value_name = "FILE", value_parser = absolute, requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// Private key to it, PEM.
    #[arg(long, env = "SIPAS_TLS_KEY", value_name = "FILE", value_parser = absolute, requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

fn rate(text: &str) -> Result<RateLimit, String> {
    if text == "0" {
        return Ok(RateLimit(None));
    }
    let numbers = text.split_once(':').and_then(|(rate, burst)| {
        let number = |text: &str| text.parse().ok().filter(|number: &NonZeroU32| number.get() <= 1_000_000);
        number(rate).zip(number(burst))
    });
    let (rate, burst) = numbers.ok_or("0, or two numbers from 1 to 1000000 as in 10:600")?;
    Ok(RateLimit(Some(Quota::per_second(rate).allow_burst(burst))))
}

/// A network, or a single address.
fn network(text: &str) -> Result<IpNet, String> {
    let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or_else(single).ok_or_else(|| "a network such as 10.0.0.0/8, or an address".to_owned())
}

fn origin(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]".contains(c);
    let is_origin = host.is_some_and(|host| !host.is_empty() && host.chars().all(plain));
    match text {
        "*" | "none" => Ok(text.to_owned()),
        _ if is_origin => Ok(text.to_owned()),
        _ => {
            Err("*, none, or an origin in lower case without a path, such as https://portal.example.vn"
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_two_numbers_or_none() {
        assert_eq!(rate("0"), Ok(RateLimit(None)));
        let quota = rate("10:600").unwrap().0.unwrap();
        assert_eq!(quota.burst_size().get(), 600);
        assert_eq!(quota.replenish_interval().as_millis(), 100);
        for wrong in ["", "10", "10:", ":5", "0:5", "5:0", "-1:5", "1.5:3", "1:2:3", "2000000:1"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_origin_has_no_path_and_a_network_may_be_one_address() {
        for right in ["*", "none", "https://portal.example.vn", "http://localhost:3000", "http://[::1]:8080"]
        {
            assert!(origin(right).is_ok(), "{right}");
        }
        for wrong in
            ["", "portal.example.vn", "https://", "https://a.vn/", "https://A.vn", "null", "https://*.vn"]
        {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
        assert_eq!(network("10.1.2.3").unwrap().to_string(), "10.1.2.3/32");
        assert_eq!(network("2001:db8::/32").unwrap().to_string(), "2001:db8::/32");
        assert!(network("proxy.example").is_err() && network("10.0.0.0/33").is_err());
    }
}
