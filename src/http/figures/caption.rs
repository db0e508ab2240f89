//! What files and charts of figures say about themselves.

use super::{AgencyReference, HeadBody, PeriodBody};
use crate::error::Lang;
use crate::http::provenance::Provenance;
use crate::http::reply::file_name;
use chrono::{DateTime, Utc};

impl HeadBody {
    /// Name of a file with these figures, without ending; `what` is the resource.
    pub fn file_name(&self, what: &str) -> String {
        let period = match &self.period.code {
            Some(code) => code.clone(),
            None => self.period.days().join("--"),
        };
        file_name(&[what, &self.agency.short_code(), &self.survey.code, &period, self.formula.id])
    }

    /// A title: what, about whom, when.
    pub fn title(&self, (vi, en): (&str, &str), lang: Lang) -> String {
        let what = if lang == Lang::Vi { vi } else { en };
        format!("{what}: {}, {}", self.agency.short_name(lang), self.period.short())
    }

    /// The facts above a sheet.
    pub fn lines(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let mut lines = self.provenance(lang).lines(lang);
        lines.extend(self.note_fielded(lang));
        lines
    }

    /// A line if there is nothing to count.
    pub fn note_fielded(&self, lang: Lang) -> Option<(&'static str, String)> {
        let note = match lang {
            Lang::Vi => ("Lưu ý", "đợt khảo sát không diễn ra tại đây"),
            Lang::En => ("Note", "the survey is not fielded here"),
        };
        (!self.survey.fielded).then(|| (note.0, note.1.to_owned()))
    }

    /// When the newest response arrived.
    pub fn watermark(&self) -> Option<DateTime<Utc>> {
        self.data_watermark.as_deref().and_then(|at| at.parse().ok())
    }

    /// Where the figures come from.
    pub fn provenance(&self, lang: Lang) -> Provenance {
        Provenance {
            agency: Some((self.agency.code.clone(), self.agency.name.clone())),
            scope: Some(self.scope),
            survey: Some(self.survey.code.clone()),
            sample: self.survey.sample,
            questionnaires: vec![(self.survey.questionnaire.clone(), self.survey.version)],
            period: self.period.code.clone(),
            bounds: Some((self.period.from.clone(), self.period.to.clone(), self.period.zone)),
            as_of: Some(match self.tree.on {
                Some(day) => day.to_string(),
                None => self.tree.as_of.clone(),
            }),
            formula: Some((self.formula.id, self.formula.version, self.formula.unit)),
            definition: Some(self.formula.definition.get(lang).to_owned()),
            confidence_percent: Some(self.confidence_percent),
            flagged: Some(self.flagged),
            min_n: Some(self.min_n),
            data_watermark: self.watermark(),
        }
    }
}

/// Most agencies that a title or the name of a file names; a sheet's head names all of them.
const MOST_NAMED: usize = 3;

impl AgencyReference {
    /// The codes for the name of a file: `H56-H21-H15-and-9-more`.
    fn short_code(&self) -> String {
        let codes: Vec<&str> = self.code.split(',').collect();
        match codes.get(..MOST_NAMED).filter(|_| codes.len() > MOST_NAMED) {
            Some(named) => format!("{}-and-{}-more", named.join("-"), codes.len() - MOST_NAMED),
            None => codes.join("-"),
        }
    }

    /// The names for a title: the first three, and how many others.
    pub fn short_name(&self, lang: Lang) -> String {
        let Some(named) = self.names.get(..MOST_NAMED).filter(|_| self.names.len() > MOST_NAMED) else {
            return self.name.clone();
        };
        let (named, others) = (named.join(", "), self.names.len() - MOST_NAMED);
        match lang {
            Lang::Vi => format!("{named} và {others} cơ quan khác"),
            Lang::En if others == 1 => format!("{named} and 1 other agency"),
            Lang::En => format!("{named} and {others} other agencies"),
        }
    }
}

impl PeriodBody {
    /// First day and first day after it, without the time, which is always midnight.
    fn days(&self) -> [&str; 2] {
        [&self.from, &self.to].map(|at| at.get(..10).unwrap_or_default())
    }

    /// The code, or both days as a half-open span.
    pub fn short(&self) -> String {
        let [from, to] = self.days();
        self.code.clone().unwrap_or_else(|| format!("[{from}, {to})"))
    }
}
