//! Settings of releases.

use super::absolute;
use clap::Args;
use std::path::PathBuf;

/// What releases are sealed with.
#[derive(Debug, Clone, Args)]
pub struct ReleaseConfig {
    /// File of the key that seals releases (Ed25519, PKCS #8 in PEM), as `sipas release key FILE` makes it. The same for all instances, kept
    /// beside the database and longer than it. Without it nothing can be sealed here; drafts and reviews go on.
    #[arg(long, env = "SIPAS_RELEASE_KEY", value_name = "FILE", value_parser = absolute)]
    pub release_key: Option<PathBuf>,

    /// Address of the licence that sealed figures are given under, for catalogues of open data. Without it none is named.
    #[arg(long, env = "SIPAS_RELEASE_LICENCE", value_name = "URL", value_parser = super::public_url)]
    pub release_licence: Option<String>,
}
