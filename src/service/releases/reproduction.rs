//! Making the figures of a sealed release again, years later, from the raw responses: those up to the watermark's number, with
//! the standing each had then, by the tree, the questionnaire and the numbers of dossiers that were known then. The tallies are
//! not looked at. The mathematics and the writer of bytes are the same as in a draft; where figures come from is not.

use super::computing::{Basis, compute, files, years_of};
use super::drafting::{basis, questionnaire_mark};
use super::not_found;
use crate::domain::ids::{AgencyId, ResponseId};
use crate::domain::period::{Grain, Period, day_of};
use crate::domain::release::Number;
use crate::domain::standing::Standing;
use crate::domain::survey::Survey;
use crate::domain::tally::Tally;
use crate::error::{Error, Result};
use crate::release::manifest::{Content, Draft, FileMark, Watermark};
use crate::release::names;
use crate::store::installation::kept_from_find;
use crate::store::partitions::partitions_hold;
use crate::store::releases::{release_draft_fetch, release_files_fetch, release_of_number};
use crate::store::standings::{Standings, responses_unfolded};
use crate::store::surveys::surveys_all;
use crate::store::tally_shapes::Leaf;
use crate::store::watermarks::{logged_after, standings_as_known};
use crate::store::{Conn, Db, take_your_time};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reproduction {
    /// Raw responses that were counted, those that are in several contents once for each.
    pub responses: u64,
    /// Files that are the same to the byte.
    pub same: Vec<String>,
    /// What differs.
    pub differences: Vec<String>,
    /// Months whose raw responses were dropped, and which some content needs; what needs them is not compared.
    pub lost_months: BTreeSet<NaiveDate>,
}

impl Reproduction {
    /// Whether every table and figure was made again and is the same.
    pub fn is_complete(&self) -> bool {
        self.differences.is_empty() && self.lost_months.is_empty()
    }
}

/// Makes the figures of a sealed release again and compares them with what was sealed, byte for byte.
///
/// # Errors
/// [`ErrorCode::ReleaseNotFound`](crate::error::ErrorCode::ReleaseNotFound);
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn reproduce(db: &Db, number: &Number) -> Result<Reproduction> {
    let mut conn = db.conn().await?;
    let work = async |conn: &mut Conn| {
        // Before the snapshot: no month is dropped in between.
        partitions_hold(conn).await?;
        take_your_time(conn).await?;
        let release = release_of_number(conn, number).await?.ok_or_else(not_found)?;
        let draft = Draft::parse(release_draft_fetch(conn, release.id).await?.as_bytes())?;
        let stored = release_files_fetch(conn, release.id).await?.into_iter().collect();
        let mut again = Again::begin(conn, draft).await?;
        let bases = again.bases(conn).await?;
        Ok::<_, Error>((again, bases, stored))
    };
    let (again, bases, stored) = conn.build_transaction().read_only().repeatable_read().run(work).await?;
    // Afterwards: a connection that waits within a transaction for long is ended.
    again.compare(&bases, &stored)
}

/// A reproduction in one snapshot.
struct Again {
    draft: Draft,
    standings: Standings,
    surveys: HashMap<String, Arc<Survey>>,
    kept_from: NaiveDate,
    found: Reproduction,
}

impl Again {
    async fn begin(conn: &mut Conn, draft: Draft) -> Result<Self> {
        let found = Reproduction {
            responses: 0,
            same: Vec::new(),
            differences: Vec::new(),
            lost_months: BTreeSet::new(),
        };
        let mut again = Self {
            standings: standings_as_known(conn, &draft.watermark).await?,
            surveys: surveys_all(conn).await?,
            // Where nothing was dropped: 1970, before which no UUIDv7 is.
            kept_from: kept_from_find(conn).await?.unwrap_or_default(),
            draft,
            found,
        };
        for mark in &again.draft.questionnaires {
            if questionnaire_mark(conn, &mark.code, mark.version).await? != *mark {
                let what = format!("questionnaire {} {} is not the one of then", mark.code, mark.version);
                again.found.differences.push(what);
            }
        }
        Ok(again)
    }

    /// What each content is made from; `None` where months are gone.
    async fn bases(&mut self, conn: &mut Conn) -> Result<Vec<Option<Basis>>> {
        let mut bases = Vec::new();
        for content in &self.draft.contents.clone() {
            bases.push(self.basis(conn, content).await?);
        }
        Ok(bases)
    }

    fn compare(
        mut self,
        bases: &[Option<Basis>],
        stored: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Reproduction> {
        let contents = self.draft.contents.clone();
        let mut computed = Vec::new();
        for (content, basis) in contents.iter().zip(bases) {
            computed.push(basis.as_ref().map(|basis| compute(content, basis)).transpose()?);
        }
        for (place, (content, computed)) in (1..).zip(contents.iter().zip(&computed)) {
            if let Some((_, table)) = computed {
                self.hold_against(stored, &super::computing::table_name(place, content), &table.csv());
            }
        }
        let all: Option<Vec<_>> = computed.into_iter().collect();
        if let Some(all) = all {
            let again = files(&contents, &all)?.into_iter().find(|(name, _)| name == names::FIGURES);
            self.hold_against(stored, names::FIGURES, &again.map(|(_, content)| content).unwrap_or_default());
        }
        Ok(self.found)
    }

    fn hold_against(&mut self, stored: &BTreeMap<String, Vec<u8>>, name: &str, again: &[u8]) {
        let sealed = self.draft.files.iter().find(|mark| mark.name == name);
        if sealed != Some(&FileMark::of(name, again)) {
            let stored = stored.get(name).map(Vec::as_slice).unwrap_or_default();
            let at = stored.iter().zip(again).take_while(|(one, two)| one == two).count();
            self.found.differences.push(format!("{name} differs from byte {at} on"));
        } else {
            self.found.same.push(name.to_owned());
        }
    }

    /// What a content is made from, counted again; `None` if months of it are gone.
    async fn basis(&mut self, conn: &mut Conn, content: &Content) -> Result<Option<Basis>> {
        let wrong = || Error::internal(format!("a release says what no draft says: {content:?}"));
        let survey = self.surveys.get(&content.survey).cloned().ok_or_else(wrong)?;
        let period = Period::parse(&content.period).map_err(|_| wrong())?;
        let Some(leaves) = self.leaves(conn, &survey, years_of(&period)).await? else { return Ok(None) };
        let (mark, min_n) = (self.draft.watermark.clone(), self.draft.min_n);
        Ok(Some(basis(conn, (content, survey, &period), (&mark, min_n), leaves).await?))
    }

    /// What each agency was told in each month of some years, from the log and the raw responses.
    async fn leaves(
        &mut self,
        conn: &mut Conn,
        survey: &Survey,
        (from, to): (NaiveDate, NaiveDate),
    ) -> Result<Option<Vec<Leaf>>> {
        let Watermark { response_log: last, .. } = self.draft.watermark;
        let mut counted: BTreeMap<(AgencyId, NaiveDate), Tally> = BTreeMap::new();
        let (mut after, mut lost) = (0, BTreeSet::new());
        while after < last {
            let logged = logged_after(conn, after).await?;
            let Some(end) = logged.last().map(|entry| entry.seq) else { break };
            after = end;
            let of_survey = logged.into_iter().filter(|entry| entry.seq <= last && entry.survey == survey.id);
            let wanted =
                of_survey.map(|entry| entry.id).filter(|id| (from..to).contains(&day_of(id.answered_at())));
            let (gone, here): (Vec<ResponseId>, Vec<ResponseId>) =
                wanted.partition(|id| day_of(id.answered_at()) < self.kept_from);
            lost.extend(gone.iter().map(|id| Grain::Month.start(day_of(id.answered_at()))));
            let ids: Vec<Uuid> = here.iter().map(|id| id.uuid()).collect();
            let responses = responses_unfolded(conn, &ids).await?;
            if responses.len() != ids.len() {
                let missing = ids.len().saturating_sub(responses.len());
                self.found
                    .differences
                    .push(format!("{missing} responses of the log are not stored any more"));
            }
            for response in responses {
                self.found.responses += 1;
                let standing = self.standings.get(&response.id.uuid()).copied().unwrap_or(Standing::Counted);
                if standing == Standing::Counted {
                    let key = (response.agency, Grain::Month.start(response.day()));
                    let one = Tally::of(&survey.questionnaire, &response.answers, response.received_at);
                    counted.entry(key).and_modify(|tally| tally.add(&one)).or_insert(one);
                }
            }
        }
        let complete = lost.is_empty();
        self.found.lost_months.extend(lost);
        let leaf = |((agency, month), tally): (_, Tally)| Leaf { agency, month, tally: tally.into() };
        Ok(complete.then(|| counted.into_iter().map(leaf).collect()))
    }
}
