//! Releases on the wire.

use crate::domain::agency::AgencyCode;
use crate::error::Error;
use crate::release::key::public_pem;
use crate::release::manifest::{Corrects, Draft, Manifest, Title};
use crate::service::releases::{Number, Release, ReleaseKey, Releases, Whole};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

fn micros(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The series of an agency's name; without an agency one of the whole country.
pub(super) fn series_of(agency: Option<&AgencyCode>, name: &str) -> String {
    crate::domain::release::series_of(agency.map_or("VN", AgencyCode::as_str), name)
}

/// A release without its figures.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReleaseBody {
    /// Its id.
    pub(in crate::http) id: Uuid,
    /// Series and revision; `null` until it is sealed.
    #[schema(example = "H56_2026-Q2/1")]
    pub(in crate::http) number: Option<String>,
    /// Its series: the agency's code (`VN`: the whole country) and a name.
    #[schema(example = "H56_2026-Q2")]
    pub(in crate::http) series: String,
    /// What it is called.
    pub(in crate::http) title: Title,
    /// `draft`, `approved`, `rejected` or `sealed`.
    #[schema(example = "sealed")]
    pub(in crate::http) state: &'static str,
    /// What it corrects; `null`: the first of its series.
    pub(in crate::http) corrects: Option<Corrects>,
    /// SHA-256 of the draft, which a reviewer names.
    pub(in crate::http) digest: String,
    /// When its figures were made.
    pub(in crate::http) drafted_at: String,
    /// When it was reviewed.
    pub(in crate::http) reviewed_at: Option<String>,
    /// Why it was approved or rejected; `null` once it is sealed.
    pub(in crate::http) review_reason: Option<String>,
    /// When it was sealed.
    pub(in crate::http) sealed_at: Option<String>,
    /// The key that signed it: SHA-256 of its public half.
    pub(in crate::http) key: Option<String>,
    /// SHA-256 of the package.
    pub(in crate::http) package_sha256: Option<String>,
}

impl ReleaseBody {
    /// Of a release.
    pub(in crate::http) fn new(release: &Release) -> Self {
        let seal = release.seal.as_ref();
        let number = |revision| Number { series: release.series.clone(), revision }.to_string();
        let corrects = release.corrects.clone().map(|(revision, reason)| Corrects { revision, reason });
        // What administrators say to each other is no part of what is published.
        let reason = release.review.as_ref().filter(|_| seal.is_none()).map(|review| review.reason.clone());
        Self {
            id: release.id,
            number: seal.map(|seal| number(seal.revision)),
            series: release.series.clone(),
            title: Title { vi: release.title.vi.clone(), en: release.title.en.clone() },
            state: release.state.as_str(),
            corrects,
            digest: release.digest.to_string(),
            drafted_at: micros(release.drafted_at),
            reviewed_at: release.review.as_ref().map(|review| micros(review.at)),
            review_reason: reason,
            sealed_at: seal.map(|seal| micros(seal.at)),
            key: seal.map(|seal| seal.kid.clone()),
            package_sha256: seal.map(|seal| seal.package.to_string()),
        }
    }
}

/// One page of releases, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReleasePage {
    pub(in crate::http) items: Vec<ReleaseBody>,
    /// Pass it as `cursor` for the next page; `null` at the end.
    pub(in crate::http) next_cursor: Option<String>,
}

impl From<Releases> for ReleasePage {
    fn from(releases: Releases) -> Self {
        let items = releases.items.iter().map(ReleaseBody::new).collect();
        Self { items, next_cursor: releases.next_cursor }
    }
}

/// A release with its figures.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeBody {
    #[serde(flatten)]
    pub(in crate::http) release: ReleaseBody,
    /// What was fixed when it was drafted.
    pub(in crate::http) draft: Draft,
    /// What was signed; `null` until it is sealed.
    pub(in crate::http) manifest: Option<Manifest>,
    /// `figures.json` as it was made.
    #[schema(value_type = Object)]
    pub(in crate::http) figures: Box<RawValue>,
}

impl TryFrom<Whole> for WholeBody {
    type Error = Error;

    fn try_from(whole: Whole) -> Result<Self, Error> {
        let Whole { release, draft, manifest, figures } = whole;
        let figures = RawValue::from_string(figures.trim_end().to_owned()).map_err(Error::internal)?;
        Ok(Self { release: ReleaseBody::new(&release), draft, manifest, figures })
    }
}

/// A key that ever sealed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReleaseKeyBody {
    /// SHA-256 of the 32 bytes of its public half, in hexadecimal.
    pub(in crate::http) fingerprint: String,
    /// Its public half (Ed25519) as PEM.
    pub(in crate::http) public_key: String,
    /// When it sealed first.
    pub(in crate::http) first_used_at: String,
}

/// Every key that ever sealed, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReleaseKeys {
    pub(in crate::http) items: Vec<ReleaseKeyBody>,
}

impl From<Vec<ReleaseKey>> for ReleaseKeys {
    fn from(keys: Vec<ReleaseKey>) -> Self {
        let body = |key: ReleaseKey| ReleaseKeyBody {
            public_key: public_pem(&key.public),
            fingerprint: key.kid,
            first_used_at: micros(key.first_used_at),
        };
        Self { items: keys.into_iter().map(body).collect() }
    }
}

/// A review.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewBody {
    /// `approved` or `rejected`.
    #[schema(example = "approved")]
    pub decision: String,
    /// `digest` of the draft that was read.
    pub digest: String,
    /// Why.
    #[schema(max_length = 500, example = "Đã đối chiếu với số liệu của tỉnh")]
    pub reason: String,
}
