//! Releases, their files, reviews and seals, and the public halves of the keys that sealed them. Rows are only added. What is sealed is open to everybody; everything else demands a scope.

use super::paging::Page;
use super::schema::releases::{self, self as r};
use super::schema::{release_files, release_keys, release_reviews, release_seals};
use super::{Conn, corrupt};
use crate::domain::agency_scope::AgencyScope;
use crate::domain::audit_chain::Hash;
use crate::domain::ids::{AgencyId, ClientId};
use crate::domain::questionnaire::Wording;
use crate::domain::release::{Number, Release, ReleaseKey, ReleaseState, Review, Seal};
use crate::error::{Error, ErrorCode, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = releases, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: Uuid,
    seq: i64,
    agency_id: Option<i32>,
    series: String,
    title_vi: String,
    title_en: String,
    corrects: Option<i32>,
    correction_reason: Option<String>,
    digest: Vec<u8>,
    drafted_by: Uuid,
    drafted_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = release_reviews, check_for_backend(diesel::pg::Pg))]
struct ReviewRow {
    decision: String,
    reason: String,
    client_id: Uuid,
    reviewed_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = release_seals, check_for_backend(diesel::pg::Pg))]
struct SealRow {
    revision: i32,
    kid: String,
    sealed_at: DateTime<Utc>,
    package_digest: Vec<u8>,
}

type Rows = (Row, Option<ReviewRow>, Option<SealRow>);

fn release((row, review, seal): Rows) -> Result<Release> {
    let state = match (&review, &seal) {
        (_, Some(_)) => ReleaseState::Sealed,
        (None, None) => ReleaseState::Draft,
        (Some(review), None) => {
            ReleaseState::parse_decision(&review.decision).map_err(|_| corrupt("release_reviews.decision"))?
        }
    };
    let seal = seal.map(|seal| {
        let package =
            Hash::of_bytes(&seal.package_digest).ok_or_else(|| corrupt("release_seals.package_digest"))?;
        Ok::<_, Error>(Seal { at: seal.sealed_at, revision: seal.revision, kid: seal.kid, package })
    });
    let review = review.map(|review| Review {
        by: ClientId(review.client_id),
        at: review.reviewed_at,
        reason: review.reason,
    });
    Ok(Release {
        id: row.id,
        seq: row.seq,
        agency: row.agency_id.map(AgencyId),
        series: row.series,
        title: Wording { vi: row.title_vi, en: row.title_en },
        corrects: row.corrects.zip(row.correction_reason),
        digest: Hash::of_bytes(&row.digest).ok_or_else(|| corrupt("releases.digest"))?,
        state,
        drafted_by: ClientId(row.drafted_by),
        drafted_at: row.drafted_at,
        review,
        seal: seal.transpose()?,
    })
}

/// Releases with what became of them.
macro_rules! joined {
    () => {
        releases::table.left_join(release_reviews::table).left_join(release_seals::table).select((
            Row::as_select(),
            Option::<ReviewRow>::as_select(),
            Option::<SealRow>::as_select(),
        ))
    };
}

/// A draft to be entered.
#[derive(Debug)]
pub struct NewRelease<'a> {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub agency: Option<AgencyId>,
    /// Its series.
    pub series: &'a str,
    /// What it is called.
    pub title: &'a Wording,
    /// What it corrects, and why.
    pub corrects: Option<(i32, &'a str)>,
    /// The draft's canonical JSON.
    pub draft: &'a str,
    /// Its SHA-256.
    pub digest: Hash,
    /// Who drafted it.
    pub by: ClientId,
    /// When.
    pub at: DateTime<Utc>,
    /// Its files.
    pub files: &'a [(String, Vec<u8>)],
}

/// Whether releases of this agency are in the scope; those of the whole country are in the widest alone.
fn allows(scope: &AgencyScope, agency: Option<AgencyId>) -> bool {
    agency.map_or(scope.is_whole_country(), |agency| scope.allows(agency))
}

/// Enters a draft with its files, in a transaction.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`] for an agency outside the scope.
pub async fn release_insert(conn: &mut Conn, scope: &AgencyScope, new: &NewRelease<'_>) -> Result<()> {
    if !allows(scope, new.agency) {
        return Err(Error::new(ErrorCode::AgencyNotFound));
    }
    diesel::insert_into(releases::table)
        .values((
            r::id.eq(new.id),
            r::agency_id.eq(new.agency.map(|agency| agency.0)),
            r::series.eq(new.series),
            r::title_vi.eq(&new.title.vi),
            r::title_en.eq(&new.title.en),
            r::corrects.eq(new.corrects.map(|(revision, _)| revision)),
            r::correction_reason.eq(new.corrects.map(|(_, reason)| reason)),
            r::draft.eq(new.draft),
            r::digest.eq(new.digest.0.as_slice()),
            r::drafted_by.eq(new.by.0),
            r::drafted_at.eq(new.at),
        ))
        .execute(conn)
        .await?;
    for (name, content) in new.files {
        diesel::insert_into(release_files::table)
            .values((
                release_files::release_id.eq(new.id),
                release_files::name.eq(name),
                release_files::content.eq(content),
            ))
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Lets nobody else bring a release on until the transaction ends.
pub async fn release_hold(conn: &mut Conn, id: Uuid) -> Result<()> {
    releases::table.find(id).select(r::id).for_update().first::<Uuid>(conn).await.optional()?;
    Ok(())
}

/// A release of this id that is sealed or in the scope.
pub async fn release_find(conn: &mut Conn, scope: Option<&AgencyScope>, id: Uuid) -> Result<Option<Release>> {
    let row: Option<Rows> = joined!().filter(r::id.eq(id)).first(conn).await.optional()?;
    let found = row.map(release).transpose()?;
    let may_see = |release: &Release| {
        release.state == ReleaseState::Sealed || scope.is_some_and(|scope| allows(scope, release.agency))
    };
    Ok(found.filter(may_see))
}

/// The sealed release of this number.
pub async fn release_of_number(conn: &mut Conn, number: &Number) -> Result<Option<Release>> {
    let same = release_seals::series.eq(&number.series).and(release_seals::revision.eq(number.revision));
    let row: Option<Rows> = joined!().filter(same).first(conn).await.optional()?;
    row.map(release).transpose()
}

/// The newest revision of a series; 0 if there is none.
pub async fn release_newest(conn: &mut Conn, series: &str) -> Result<i32> {
    let sealed = release_seals::table.filter(release_seals::series.eq(series));
    let newest = sealed.select(diesel::dsl::max(release_seals::revision));
    Ok(newest.first::<Option<i32>>(conn).await?.unwrap_or(0))
}

/// The canonical JSON of a draft.
pub async fn release_draft_fetch(conn: &mut Conn, id: Uuid) -> Result<String> {
    Ok(releases::table.find(id).select(r::draft).first(conn).await?)
}

/// The signed manifest of a release, if it is sealed.
pub async fn release_manifest_find(conn: &mut Conn, id: Uuid) -> Result<Option<String>> {
    Ok(release_seals::table.find(id).select(release_seals::manifest).first(conn).await.optional()?)
}

/// The package of a release, if it is sealed.
pub async fn release_package_find(conn: &mut Conn, id: Uuid) -> Result<Option<Vec<u8>>> {
    Ok(release_seals::table.find(id).select(release_seals::package).first(conn).await.optional()?)
}

/// The files of a draft by name.
pub async fn release_files_fetch(conn: &mut Conn, id: Uuid) -> Result<Vec<(String, Vec<u8>)>> {
    let files = release_files::table.filter(release_files::release_id.eq(id)).order(release_files::name);
    Ok(files.select((release_files::name, release_files::content)).load(conn).await?)
}

/// One file of a draft.
pub async fn release_file_find(conn: &mut Conn, id: Uuid, name: &str) -> Result<Option<Vec<u8>>> {
    let file = release_files::table.find((id, name)).select(release_files::content);
    Ok(file.first(conn).await.optional()?)
}

/// Writes down a review of a draft that is held.
pub async fn release_review(
    conn: &mut Conn,
    id: Uuid,
    decision: ReleaseState,
    review: &Review,
) -> Result<()> {
    diesel::insert_into(release_reviews::table)
        .values((
            release_reviews::release_id.eq(id),
            release_reviews::decision.eq(decision.as_str()),
            release_reviews::reason.eq(&review.reason),
            release_reviews::client_id.eq(review.by.0),
            release_reviews::reviewed_at.eq(review.at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// What is written down of a sealing.
#[derive(Debug)]
pub struct NewSeal<'a> {
    /// Who.
    pub by: ClientId,
    /// The series of the release.
    pub series: &'a str,
    /// When, as what, by which key.
    pub seal: &'a Seal,
    /// The public half of the key.
    pub public: &'a [u8],
    /// The signed text.
    pub manifest: &'a str,
    /// The package.
    pub package: &'a [u8],
}

/// Seals an approved release that is held. False if the number was given to another in between.
pub async fn release_seal(conn: &mut Conn, id: Uuid, new: &NewSeal<'_>) -> Result<bool> {
    use diesel::result::{DatabaseErrorKind, Error as DieselError};
    diesel::insert_into(release_keys::table)
        .values((
            release_keys::kid.eq(&new.seal.kid),
            release_keys::public_key.eq(new.public),
            release_keys::first_used_at.eq(new.seal.at),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    let sealed = diesel::insert_into(release_seals::table)
        .values((
            release_seals::release_id.eq(id),
            release_seals::series.eq(new.series),
            release_seals::revision.eq(new.seal.revision),
            release_seals::kid.eq(&new.seal.kid),
            release_seals::client_id.eq(new.by.0),
            release_seals::sealed_at.eq(new.seal.at),
            release_seals::manifest.eq(new.manifest),
            release_seals::package.eq(new.package),
            release_seals::package_digest.eq(new.seal.package.0.as_slice()),
        ))
        .execute(conn)
        .await;
    match sealed {
        Ok(_) => Ok(true),
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What a list of releases is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct ReleaseFilter {
    /// In this state.
    pub state: Option<ReleaseState>,
    /// Of this series.
    pub series: Option<String>,
}

/// A page of releases, the newest first: sealed ones, and in the scope all; of these agencies, if some are named.
pub async fn releases_list(
    conn: &mut Conn,
    scope: Option<&AgencyScope>,
    (agencies, filter): (Option<&[AgencyId]>, &ReleaseFilter),
    page: &Page,
) -> Result<Vec<Release>> {
    let numbers = |agencies: &[AgencyId]| agencies.iter().map(|agency| agency.0).collect::<Vec<i32>>();
    let mut query = joined!().order(r::seq.desc()).limit(page.limit_and_one()).into_boxed();
    let sealed = || release_seals::kid.nullable().is_not_null();
    match scope {
        Some(scope) if scope.is_whole_country() => {}
        Some(scope) => {
            let own = r::agency_id.eq_any(numbers(scope.agencies())).assume_not_null();
            query = query.filter(sealed().or(r::agency_id.is_not_null().and(own)));
        }
        None => query = query.filter(sealed()),
    }
    if let Some(agencies) = agencies {
        query = query.filter(r::agency_id.eq_any(numbers(agencies)));
    }
    let reviewed = |word: &'static str| release_reviews::decision.nullable().is_not_distinct_from(word);
    match filter.state {
        None => {}
        Some(ReleaseState::Sealed) => query = query.filter(sealed()),
        Some(ReleaseState::Draft) => query = query.filter(release_reviews::decision.nullable().is_null()),
        Some(state) => {
            query = query.filter(reviewed(state.as_str()).and(release_seals::kid.nullable().is_null()));
        }
    }
    if let Some(series) = &filter.series {
        query = query.filter(r::series.eq(series));
    }
    if let Some(after) = &page.after {
        let after: i64 = after.parse().map_err(|_| Error::new(ErrorCode::InvalidCursor))?;
        query = query.filter(r::seq.lt(after));
    }
    let rows: Vec<Rows> = query.load(conn).await?;
    rows.into_iter().map(release).collect()
}

/// Every key that ever sealed, the newest first.
pub async fn release_keys_all(conn: &mut Conn) -> Result<Vec<ReleaseKey>> {
    let rows: Vec<(String, Vec<u8>, DateTime<Utc>)> = release_keys::table
        .order((release_keys::first_used_at.desc(), release_keys::kid))
        .select(release_keys::all_columns)
        .load(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(kid, public, first_used_at)| ReleaseKey { kid, public, first_used_at })
        .collect())
}
