//! Entering surveys from catalogue files; the rest of a load is in [`super::catalogue`].

use crate::catalogue::Catalogue as Entries;
use crate::domain::agency::AgencyCode;
use crate::domain::ids::AgencyId;
use crate::domain::survey::{NewSurvey, Survey};
use crate::error::Result;
use crate::store::{Conn, questionnaires, surveys};
use std::collections::HashMap;

/// Enters the surveys that are not there yet; gives how many, and a line for each that cannot be entered. Agencies are
/// found in `agencies`, questionnaires in the database. To be called in a transaction.
pub(super) async fn enter_surveys(
    conn: &mut Conn,
    files: &[Entries],
    agencies: &HashMap<AgencyCode, AgencyId>,
) -> Result<(usize, Vec<String>)> {
    let mut known = surveys::surveys_all(conn).await?;
    let (mut entered, mut conflicts) = (0, Vec::new());
    for new in files.iter().flat_map(|file| &file.surveys) {
        let mut roots: Vec<AgencyId> =
            new.agencies.iter().filter_map(|code| agencies.get(code)).copied().collect();
        roots.sort_unstable();
        if let Some(survey) = known.get(&new.code) {
            if !is_same(survey, new, &roots) {
                conflicts.push(format!("survey {} is in the catalogue with other content", new.code));
            }
            continue;
        }
        let version = questionnaires::version_find(conn, &new.questionnaire, new.version).await?;
        let Some((version, _)) = version.filter(|_| roots.len() == new.agencies.len()) else {
            conflicts.push(format!(
                "survey {}: its questionnaire version or one of its agencies is not in the catalogue",
                new.code
            ));
            continue;
        };
        let criteria = questionnaires::criteria_codes(conn, version).await?;
        let asked = new.short_form.iter().flatten();
        let unknown: Vec<&String> = asked.filter(|code| !criteria.contains(code)).collect();
        if unknown.is_empty() {
            surveys::survey_insert(conn, new, version, &roots).await?;
            known = surveys::surveys_all(conn).await?;
            entered += 1;
        }
        conflicts.extend(unknown.into_iter().map(|code| {
            format!("survey {}: short_form: its questionnaire version has no criterion {code}", new.code)
        }));
    }
    Ok((entered, conflicts))
}

/// Whether a survey is there as it is to be entered; `roots` are its agencies that were found.
fn is_same(known: &Survey, new: &NewSurvey, roots: &[AgencyId]) -> bool {
    known.name == new.name
        && known.questionnaire.code == new.questionnaire
        && known.questionnaire.version == new.version
        && known.window == new.window
        && known.sample == new.sample
        && known.visits == new.visits
        && known.short_form_codes()
            == new.short_form.as_ref().map(|codes| codes.iter().map(String::as_str).collect())
        && known.agencies == roots
        && roots.len() == new.agencies.len()
}
