//! Settings of alerts and webhooks.

use clap::Args;

/// How often rules are evaluated, and where events may be sent.
#[derive(Debug, Clone, Args)]
pub struct TellingConfig {
    /// Seconds between two evaluations of the rules of alerts.
    #[arg(long, env = "SIPAS_ALERT_SECONDS", value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub alert_seconds: u16,

    /// Seconds in which the receiver of a webhook has to answer.
    #[arg(long, env = "SIPAS_WEBHOOK_SECONDS", value_name = "SECONDS", default_value_t = 15,
          value_parser = clap::value_parser!(u16).range(1..=60))]
    pub webhook_seconds: u16,

    /// Lets webhooks lead to internal addresses and over plain HTTP. For tests and closed networks: whoever may make
    /// webhooks can then have the service post to whatever it reaches.
    #[arg(long, env = "SIPAS_WEBHOOK_ALLOW_PRIVATE", value_name = "BOOL", default_value_t = false,
          action = clap::ArgAction::Set)]
    pub webhook_allow_private: bool,
}
