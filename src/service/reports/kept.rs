//! Reports that were made by a schedule: for whoever may read figures of the agency.

use crate::auth::Actor;
use crate::auth::policy::read_figures;
use crate::domain::agency::AgencyCode;
use crate::domain::ids::AgencyId;
use crate::domain::report::Report;
use crate::domain::subject::Subject;
use crate::error::{Error, ErrorCode, Result};
use crate::service::Services;
use crate::service::catalogue::{Catalogue, current};
use crate::service::report_schedules::survey_code;
use crate::store::paging::Page;
pub use crate::store::paging::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::store::reports::{report_find, reports_list};
use crate::store::{Conn, SILENCE};
use std::sync::Arc;
use uuid::Uuid;

/// Which reports are asked for.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Most reports of a page.
    pub limit: i64,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// One page, each report with the code of its survey.
#[derive(Debug)]
pub struct KeptReports {
    /// The reports, the newest first.
    pub items: Vec<(Report, String)>,
    /// The cursor of the next page.
    pub next_cursor: Option<String>,
}

/// A page of the reports of an agency.
///
/// # Errors
/// [`ErrorCode::AgencyNotFound`]; [`ErrorCode::TokenMissing`] where figures are not public; [`ErrorCode::InvalidCursor`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    code: Option<&AgencyCode>,
    query: &ListQuery,
) -> Result<KeptReports> {
    let (catalogue, agency) = readable(services, actor, code).await?;
    let page = Page::new(query.limit, query.cursor.as_deref(), &format!("reports {agency:?}"))?;
    let read = async |conn: &mut Conn| reports_list(conn, agency, &page).await;
    let (reports, next_cursor) = services.db.within(SILENCE, read).await?;
    let told = |report: Report| {
        let survey = survey_code(&catalogue, report.survey).unwrap_or_default();
        (report, survey)
    };
    Ok(KeptReports { items: reports.into_iter().map(told).collect(), next_cursor })
}

/// A report as it was made, with the code of its survey.
///
/// # Errors
/// As [`list`]; [`ErrorCode::ReportNotFound`].
pub async fn fetch(
    services: &Services,
    actor: &Actor,
    code: Option<&AgencyCode>,
    id: Option<Uuid>,
) -> Result<(Report, String, Vec<u8>)> {
    let (catalogue, agency) = readable(services, actor, code).await?;
    let id = id.ok_or_else(|| Error::new(ErrorCode::ReportNotFound))?;
    let found = services.db.within(SILENCE, async |conn| report_find(conn, agency, id).await).await?;
    let (report, content) = found.ok_or_else(|| Error::new(ErrorCode::ReportNotFound))?;
    let survey = survey_code(&catalogue, report.survey).unwrap_or_default();
    Ok((report, survey, content))
}

/// The agency, if the actor may read its figures.
async fn readable(
    services: &Services,
    actor: &Actor,
    code: Option<&AgencyCode>,
) -> Result<(Arc<Catalogue>, AgencyId)> {
    let (catalogue, public) = (current(services).await?, services.rules.public_figures);
    let agency = code.and_then(|code| catalogue.tree.find(code)).map(|agency| agency.id);
    let agency = agency.ok_or_else(|| match (actor, public) {
        // Who may not read learns nothing about which agencies exist.
        (Actor::Anonymous, false) => Error::new(ErrorCode::TokenMissing),
        _ => Error::new(ErrorCode::AgencyNotFound),
    })?;
    read_figures(actor, &catalogue.tree, &Subject::Agencies(vec![agency]), public)?;
    Ok((catalogue, agency))
}
