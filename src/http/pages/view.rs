//! What a page is about, read from its address. The address is the whole state: a link shows everybody the same, and
//! nothing is kept in a cookie. Parameters are those of the API, with defaults for what people do not want to type.

use crate::auth::Actor;
use crate::domain::period::Period;
use crate::domain::subject::COUNTRY_WORD;
use crate::domain::survey::Survey;
use crate::error::{Error, ErrorCode, Faults, Lang};
use crate::http::extract::{App, Query};
use crate::http::fields::Fields;
use crate::http::figures;
use crate::http::problem::Problem;
use crate::service::figures::{Asked, formula};
use crate::service::surroundings::{self, Surroundings};
use chrono::Datelike;
use std::fmt::Write;
use std::sync::Arc;

/// Parameters that go along from page to page; a page may have others of its own.
const SHARED: [&str; 11] = [
    "agency",
    "survey",
    "period",
    "from",
    "to",
    "scope",
    "formula",
    "confidence",
    "as_of",
    "flagged",
    "lang",
];

/// What a page is about.
pub struct View {
    /// Language of the page.
    pub lang: Lang,
    /// Who asks: nobody in particular, whatever token or cookie comes along. Pages are public.
    pub actor: Actor,
    /// The question, as the API would read it; survey and period are never absent.
    pub asked: Asked,
    /// Codes of the agencies, as the API takes them in its path: `VN`, `H56`, `H56,H21`.
    pub agency: String,
    /// The survey.
    pub survey: Arc<Survey>,
    /// Whether the address names the survey; otherwise it was chosen for the reader, who has to be told.
    pub survey_named: bool,
    /// The period.
    pub period: Period,
    /// Agencies above and below, and surveys.
    pub around: Surroundings,
    path: &'static str,
    said: Vec<(String, String)>,
}

/// What became of an address: the language is known also where nothing else is.
pub type Read<T> = (Lang, Result<(View, T), Problem>);

impl View {
    /// Reads the address of the page at `path`; `own` takes the parameters that only this page has.
    ///
    /// # Errors
    /// [`ErrorCode::AgencyNotFound`], [`ErrorCode::TokenMissing`] where figures are not public,
    /// [`ErrorCode::SurveyNotFound`] if there is no survey at all, [`ErrorCode::ValidationFailed`] for everything that is
    /// wrong with the parameters.
    pub async fn read<T>(
        app: &App,
        path: &'static str,
        query: Query,
        own: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> Read<T> {
        // Also a page that says what is wrong is in the reader's language.
        let lang = if value(&query, "lang") == Some("en") { Lang::En } else { Lang::Vi };
        (lang, Self::understood(app, path, query, own).await)
    }

    async fn understood<T>(
        app: &App,
        path: &'static str,
        query: Query,
        own: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> Result<(Self, T), Problem> {
        let said: Vec<(String, String)> =
            query.given().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let agency = value(&query, "agency").unwrap_or(COUNTRY_WORD).to_owned();
        let subject = figures::subject(&agency)?;
        let around = surroundings::fetch(app, &subject).await?;
        let survey_named = value(&query, "survey").is_some();
        let usual = around.usual.clone().ok_or_else(|| Error::new(ErrorCode::SurveyNotFound))?;
        let query = with_defaults(query, &usual.code, around.today.year());
        let ((lang, asked, own), mut faults) = query.draft(|fields| {
            fields.take("agency");
            (super::layout::lang(fields), figures::asked(subject, fields), own(fields))
        });
        let survey = found(&around, &asked, &mut faults);
        match (survey, asked.period.clone(), faults.is_empty()) {
            (Some(survey), Some(period), true) => {
                let actor = Actor::Anonymous;
                let view =
                    Self { lang, actor, asked, agency, survey, survey_named, period, around, path, said };
                Ok((view, own))
            }
            _ => Err(Problem(Error::invalid(faults.into_vec(), app.clock.now()))),
        }
    }

    /// The one of two texts that is in the reader's language.
    pub fn say<'t>(&self, vi: &'t str, en: &'t str) -> &'t str {
        super::layout::say(self.lang, vi, en)
    }

    /// Address of this page with changes; `None` takes a parameter out.
    pub fn link(&self, changes: &[(&str, Option<&str>)]) -> String {
        self.link_to(self.path, changes)
    }

    /// Address of a page about the same question, with changes. What only this page has does not go along to another.
    pub fn link_to(&self, path: &str, changes: &[(&str, Option<&str>)]) -> String {
        let kept = |name: &str| path == self.path || SHARED.contains(&name);
        let mut pairs: Vec<(&str, &str)> = self.kept(changes).filter(|(name, _)| kept(name)).collect();
        pairs.extend(changes.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
        address(path, &pairs)
    }

    /// What a form on this page sends along unseen, beside the fields it asks for itself.
    pub fn unseen(&self, asked: &[&str]) -> Vec<(&str, &str)> {
        self.said().filter(|(name, _)| !asked.contains(name)).collect()
    }

    /// Address at which the API answers the same question: `what` is empty for the index, `/series` for a series. A
    /// series may be of more surveys, which `extra` then names.
    pub fn api(&self, what: &str, extra: &[(&str, &str)]) -> String {
        let path = format!("/v1/agencies/{}/index{what}", self.agency);
        let year = self.around.today.year().to_string();
        let several = extra.iter().any(|(name, _)| *name == "survey");
        let mut pairs = if several { Vec::new() } else { vec![("survey", self.survey.code.as_str())] };
        if !self.said().any(|(name, _)| matches!(name, "period" | "from" | "to")) {
            pairs.push(("period", &year));
        }
        let rest = |name: &str| SHARED.contains(&name) && !matches!(name, "agency" | "survey" | "lang");
        pairs.extend(self.said().filter(|(name, _)| rest(name)));
        pairs.extend(extra);
        address(&path, &pairs)
    }

    /// The path of the page.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    fn said(&self) -> impl Iterator<Item = (&str, &str)> {
        self.said.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn kept(&self, changes: &[(&str, Option<&str>)]) -> impl Iterator<Item = (&str, &str)> {
        self.said().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name))
    }
}

fn value<'q>(query: &'q Query, name: &str) -> Option<&'q str> {
    query.given().find(|(given, _)| *given == name).map(|(_, value)| value)
}

/// The usual survey and the current year, where the address does not say which.
fn with_defaults(query: Query, survey: &str, year: i32) -> Query {
    let has = |names: &[&str]| query.given().any(|(name, _)| names.contains(&name));
    let (survey_said, period_said) = (has(&["survey"]), has(&["period", "from", "to"]));
    let query = if survey_said { query } else { query.with("survey", survey) };
    if period_said { query } else { query.with("period", &year.to_string()) }
}

/// The survey of the question; a fault if it or its formula does not exist.
fn found(around: &Surroundings, asked: &Asked, faults: &mut Faults) -> Option<Arc<Survey>> {
    let code = asked.survey.as_ref()?;
    let nearby = around.surveys.iter().find(|nearby| nearby.survey.code == *code);
    match nearby {
        Some(nearby) => {
            formula(&nearby.survey, asked.formula.as_deref(), faults);
            Some(nearby.survey.clone())
        }
        None => {
            let place = crate::error::Place::Parameter("survey".into());
            faults.push(place, crate::error::FaultKind::UnknownSurvey);
            None
        }
    }
}

/// A path with parameters.
pub fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut text = path.to_owned();
    for (place, (name, value)) in pairs.iter().enumerate() {
        text.push(if place == 0 { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' => {
                    text.push(char::from(byte));
                }
                _ => {
                    // Writing to a text cannot fail.
                    let _ = write!(text, "%{byte:02X}");
                }
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_every_text() {
        assert_eq!(address("/", &[]), "/");
        assert_eq!(
            address("/a", &[("q", "đắk & lắk"), ("x", "H56,H21")]),
            "/a?q=%C4%91%E1%BA%AFk%20%26%20l%E1%BA%AFk&x=H56,H21"
        );
    }
}
