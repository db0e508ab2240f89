//! What makes a response doubtful. Nobody has measured what a desk can bring, so every limit is assumed and can be set.

use clap::Args;

/// Rules that flag responses of devices, and the time to decide about a void.
#[derive(Debug, Clone, Args)]
pub struct FlaggingConfig {
    /// Rules that flag responses of devices, split by commas: burst, identical, speed, out_of_hours; or none. When
    /// offices are open is not known to us, so out_of_hours is off until it is named. All limits below are assumed.
    #[arg(
        long = "flag-rules",
        env = "SIPAS_FLAG_RULES",
        value_name = "RULES",
        default_value = "burst,identical,speed"
    )]
    pub rules: String,

    /// burst: more responses of a device than this within `--flag-burst-minutes` are flagged (assumed: one every 20 seconds
    /// for ten minutes is more than a queue can bring).
    #[arg(long = "flag-burst-most", env = "SIPAS_FLAG_BURST_MOST", value_name = "N", default_value_t = 30,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub burst_most: u32,

    /// burst: length of the window in minutes.
    #[arg(long = "flag-burst-minutes", env = "SIPAS_FLAG_BURST_MINUTES", value_name = "MINUTES", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub burst_minutes: u32,

    /// identical: fewest responses of a device in a row with the very same answers that are flagged (assumed: if even seven
    /// of ten people answer alike, 30 in a row come by chance about once in 75 years of a device with 2,000 responses a
    /// year; 20 in a row every other year).
    #[arg(long = "flag-identical-row", env = "SIPAS_FLAG_IDENTICAL_ROW", value_name = "N", default_value_t = 30,
          value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub identical_row: u32,

    /// identical: fewest answered criteria of a response that is judged; few are answered alike by many. More than a
    /// survey's short form may have, which is so never judged by this rule.
    #[arg(long = "flag-identical-answered", env = "SIPAS_FLAG_IDENTICAL_ANSWERED", value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u16).range(6..=200))]
    pub identical_answered: u16,

    /// speed: least time between two responses of a device, in milliseconds for each answered criterion of the second
    /// (assumed: nobody reads and answers in less than a second).
    #[arg(long = "flag-speed-milliseconds", env = "SIPAS_FLAG_SPEED_MILLISECONDS", value_name = "MS", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub speed_milliseconds: u32,

    /// Days in which a second person decides about a request that a response be void; then it expires (assumed).
    #[arg(long, env = "SIPAS_VOID_DAYS", value_name = "DAYS", default_value_t = 14,
          value_parser = clap::value_parser!(u16).range(1..=365))]
    pub void_days: u16,
}
