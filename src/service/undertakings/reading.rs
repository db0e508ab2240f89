//! Undertakings as everybody reads them, beside the agency's figures and as open as these; and how long answering takes.

use crate::auth::{Actor, policy};
use crate::domain::agency::AgencyCode;
use crate::domain::agency_scope::AgencyScope;
use crate::domain::period::{Grain, Period, day_of};
use crate::domain::subject::Subject;
use crate::domain::tree::Depth;
use crate::domain::undertaking::{Undertaking, UndertakingState};
use crate::error::{Error, ErrorCode, FaultKind, Faults, Place, Result};
use crate::index::answering::Answering;
use crate::service::Services;
use crate::service::catalogue::{Catalogue, current};
use crate::store::commented_months::{
    commented_month_note, commented_months, comments_oldest_day, months_first_answered, promises_overdue,
};
use crate::store::paging::Page;
use crate::store::undertakings::{UndertakingFilter, undertakings_counts, undertakings_list};
use crate::store::{Conn, Db, SILENCE};
use chrono::NaiveDate;
use std::sync::Arc;

/// What a list is narrowed to. A field that was faulty is `None`.
#[derive(Debug, Clone)]
pub struct UndertakingQuery {
    /// The agency alone, or with those below it.
    pub depth: Depth,
    /// About comments to this survey.
    pub survey: Option<String>,
    /// About comments of this calendar month.
    pub month: Option<Period>,
    /// In this state.
    pub state: Option<UndertakingState>,
    /// Most rows.
    pub limit: i64,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// One undertaking of a list.
#[derive(Debug)]
pub struct Listed {
    /// As it stands.
    pub undertaking: Undertaking,
    /// How many comments it answers.
    pub comments: u64,
}

/// One page, and how the agencies answer in all.
#[derive(Debug)]
pub struct UndertakingPage {
    /// The undertakings, the last published first.
    pub items: Vec<Listed>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
    /// How months with comments were answered; whatever the list is narrowed to.
    pub answering: Answering,
    /// Promises whose day has passed.
    pub overdue: i64,
    /// What the rows name.
    pub catalogue: Arc<Catalogue>,
}

/// One page of what an agency undertakes. `faults` are those the reader of the request found.
///
/// # Errors
/// Of [`ErrorCode`]: `AgencyNotFound`; `TokenMissing` where figures are not public; `ValidationFailed`; `InvalidCursor`.
pub async fn list(
    services: &Services,
    actor: &Actor,
    code: Option<&AgencyCode>,
    query: &UndertakingQuery,
    mut faults: Faults,
) -> Result<UndertakingPage> {
    let (catalogue, now) = (current(services).await?, services.clock.now());
    let agency = code.and_then(|code| catalogue.tree.find(code)).map(|agency| agency.id);
    // Who may not read learns nothing about which agencies exist.
    let subject = agency.map_or(Subject::Country, |agency| Subject::Agencies(vec![agency]));
    let reader = policy::read_figures(actor, &catalogue.tree, &subject, services.rules.public_figures)?;
    let agency = agency.ok_or_else(|| Error::new(ErrorCode::AgencyNotFound))?;
    let survey = query.survey.as_ref().map(|code| catalogue.surveys.get(code).map(|survey| survey.id));
    if survey == Some(None) {
        faults.push(Place::Parameter("survey".into()), FaultKind::UnknownSurvey);
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults.into_vec(), now));
    }
    let scope = reader.scope(match query.depth {
        Depth::Subtree => catalogue.tree.subtree(agency),
        Depth::SelfOnly => vec![agency],
    });
    let month = query.month.as_ref().map(Period::from);
    let filter = UndertakingFilter { survey: survey.flatten(), month, state: query.state };
    let of = format!("undertakings {agency:?} {:?} {filter:?}", query.depth);
    let page = Page::new(query.limit, query.cursor.as_deref(), &of)?;
    let read = async |conn: &mut Conn| {
        let mut items = undertakings_list(conn, &scope, &filter, &page).await?;
        let next_cursor = page.cut(&mut items, |undertaking| undertaking.seq.to_string());
        let counts = undertakings_counts(conn, &items).await?;
        let count = |one: &Undertaking| counts.get(&one.seq).copied().unwrap_or(0);
        Ok(UndertakingPage {
            items: items.into_iter().map(|one| Listed { comments: count(&one), undertaking: one }).collect(),
            next_cursor,
            answering: answering(services, conn, &scope).await?,
            overdue: promises_overdue(conn, &scope, day_of(now)).await?,
            catalogue: catalogue.clone(),
        })
    };
    services.db.within(SILENCE, read).await
}

/// How the months with comments were answered, of those in which enough people answered for anything to be shown.
async fn answering(services: &Services, conn: &mut Conn, scope: &AgencyScope) -> Result<Answering> {
    let least = services.rules.min_n_public.max(services.rules.min_n_comments);
    let months = commented_months(conn, scope, i64::try_from(least).unwrap_or(i64::MAX)).await?;
    let first = months_first_answered(conn, scope).await?;
    let days = months.iter().filter_map(|month| {
        let after = Grain::Month.end(month.2);
        let passed = day_of(*first.get(month)?).signed_duration_since(after).num_days();
        // Nothing is published before the month is over.
        u32::try_from(passed).ok()
    });
    let days = days.collect();
    Ok(Answering::of(months.len(), days))
}

/// Notes in which months that are over people commented, from that of `since` on, by default all; also on whom nothing was
/// ever published. What arrives late is found by the next round.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn note_months(db: &Db, today: NaiveDate, since: Option<NaiveDate>) -> Result<()> {
    let oldest = db.within(SILENCE, async |conn: &mut Conn| comments_oldest_day(conn).await).await?;
    let Some(oldest) = oldest else { return Ok(()) };
    let mut month = Grain::Month.start(since.map_or(oldest, |since| since.max(oldest)));
    while Grain::Month.end(month) <= today {
        let days = (month, Grain::Month.end(month));
        db.within(SILENCE, async |conn: &mut Conn| commented_month_note(conn, days).await).await?;
        month = days.1;
    }
    Ok(())
}
