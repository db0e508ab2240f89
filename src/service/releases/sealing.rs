//! Sealing: the manifest is written, signed, packed with the files of the draft, and entered as the next revision, for good.

use super::{Release, ReleaseState, charge, not_found};
use crate::auth::Actor;
use crate::domain::audit::{Action, By};
use crate::domain::audit_chain::{Hash, instant};
use crate::domain::release::{Number, Review, Seal};
use crate::domain::webhook::EventType;
use crate::error::{Error, ErrorCode, Result};
use crate::release::archive::{Files, pack};
use crate::release::dcat;
use crate::release::key::{SealingKey, public_pem};
use crate::release::manifest::{Draft, FORM, FileMark, Manifest};
use crate::release::{canonical, digest, names};
use crate::service::Services;
use crate::service::audit::record;
use crate::service::catalogue::current;
use crate::service::outbox::{Happening, emit};
use crate::store::releases::{
    NewSeal, release_draft_fetch, release_files_fetch, release_newest, release_seal,
};
use crate::store::{AsyncConnection, Conn, SILENCE};
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

/// What releases are sealed with.
#[derive(Default)]
pub struct Sealing {
    /// The key; without one nothing is sealed here.
    pub key: Option<SealingKey>,
    /// Address of the licence that the publisher gives figures under.
    pub licence: Option<String>,
}

/// Signs and publishes an approved release, for good, as the next revision of its series.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`], [`ErrorCode::ReleaseNotFound`];
/// [`ErrorCode::ReleaseKeyMissing`]; [`ErrorCode::ReleaseConflict`] if it is not approved, is sealed, or does not name the revision
/// that is the newest by now.
pub async fn seal(services: &Services, actor: &Actor, id: Option<Uuid>) -> Result<Release> {
    let (charge, catalogue) = (charge(services, actor).await?, current(services).await?);
    let (id, now) = (id.ok_or_else(not_found)?, services.clock.now());
    let work = async |conn: &mut Conn| {
        let mut release = charge.hold(conn, id).await?;
        let conflict = || Error::new(ErrorCode::ReleaseConflict);
        let review = release.review.clone().filter(|_| release.state == ReleaseState::Approved);
        let review = review.ok_or_else(conflict)?;
        let newest = release_newest(conn, &release.series).await?;
        if release.corrects.as_ref().map_or(0, |(revision, _)| *revision) != newest {
            return Err(conflict());
        }
        let key = services.sealing.key.as_ref().ok_or_else(|| Error::new(ErrorCode::ReleaseKeyMissing))?;
        let text = release_draft_fetch(conn, id).await?;
        let files = release_files_fetch(conn, id).await?.into_iter().collect();
        let revision = newest.saturating_add(1);
        let made = Made::new(services, (&text, release.digest), files, (revision, &review, now), key)?;
        let seal = Seal { at: now, revision, kid: key.kid().to_owned(), package: digest(&made.package) };
        let new = NewSeal {
            by: charge.client.id,
            series: &release.series,
            seal: &seal,
            public: &key.public(),
            manifest: &made.manifest,
            package: &made.package,
        };
        if !release_seal(conn, id, &new).await? {
            return Err(conflict());
        }
        (release.state, release.seal) = (ReleaseState::Sealed, Some(seal));
        emit(conn, &catalogue.tree, &happening(&release, (revision, now), &made.package)).await?;
        let entry = charge.entry(&release, Action::ReleaseSealed, ("revision", revision.to_string()));
        record(conn, By::Client(charge.client), &entry, now).await?;
        Ok(release)
    };
    services.db.within(SILENCE, async |conn| conn.transaction(work).await).await
}

/// What those are told who want to know of releases: where it is, none of its figures.
fn happening(release: &Release, (revision, at): (i32, DateTime<Utc>), package: &[u8]) -> Happening {
    let number = Number { series: release.series.clone(), revision }.to_string();
    let data = json!({
        "path": format!("/v1/releases/{number}"),
        "number": number,
        "corrects": release.corrects.as_ref().map(|(revision, _)| *revision),
        "title": {"vi": release.title.vi, "en": release.title.en},
        "package_sha256": digest(package).to_string(),
    });
    Happening { kind: EventType::ReleaseSealed, agency: release.agency, at, data, except: None }
}

/// What is made when a release is sealed.
struct Made {
    manifest: String,
    package: Vec<u8>,
}

impl Made {
    fn new(
        services: &Services,
        (text, reviewed): (&str, Hash),
        mut files: Files,
        (revision, review, now): (i32, &Review, DateTime<Utc>),
        key: &SealingKey,
    ) -> Result<Self> {
        let (draft, sealed_at) = (Draft::parse(text.as_bytes())?, instant(now));
        // What is signed is what was reviewed, whatever became of the rows.
        let marks: Vec<FileMark> = draft.files.clone();
        let same =
            |mark: &FileMark| files.get(&mark.name).is_some_and(|c| FileMark::of(&mark.name, c) == *mark);
        if digest(text.as_bytes()) != reviewed || files.len() != marks.len() || !marks.iter().all(same) {
            return Err(Error::internal("a draft is stored with other content than was reviewed"));
        }
        let number = Number { series: draft.series.clone(), revision }.to_string();
        let licence = services.sealing.licence.as_deref();
        let entry = dcat::Entry {
            draft: &draft,
            number: &number,
            public_url: &services.rules.public_url,
            sealed_at: &sealed_at,
            licence,
        };
        files.insert(names::DCAT.to_owned(), canonical(&entry.json())?);
        files.insert(names::KEY.to_owned(), public_pem(&key.public()).into_bytes());
        let manifest = Manifest {
            form: FORM.into(),
            number,
            draft,
            draft_sha256: reviewed.to_string(),
            reviewed_at: instant(review.at),
            sealed_at,
            key: key.kid().to_owned(),
            licence: licence.map(str::to_owned),
            files: files.iter().map(|(name, content)| FileMark::of(name, content)).collect(),
        };
        let manifest = canonical(&manifest)?;
        files.insert(names::SIGNATURE.to_owned(), key.sign(&manifest));
        files.insert(names::MANIFEST.to_owned(), manifest.clone());
        Ok(Self { package: pack(&files)?, manifest: String::from_utf8(manifest).map_err(Error::internal)? })
    }
}
