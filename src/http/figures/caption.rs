//! What files and charts of figures say about themselves.

use super::HeadBody;
use crate::error::Lang;
use crate::http::provenance::Provenance;
use crate::http::reply::file_name;
use chrono::{DateTime, Utc};

impl HeadBody {
    /// Name of a file with these figures, without ending; `what` is the resource.
    pub fn file_name(&self, what: &str) -> String {
        let period = match &self.period.code {
            Some(code) => code.clone(),
            // Days without the time, which is always midnight.
            None => {
                [&self.period.from, &self.period.to].map(|at| at.get(..10).unwrap_or_default()).join("--")
            }
        };
        file_name(&[what, &self.agency.code, &self.survey.code, &period, self.formula.id])
    }

    /// A title: what, about whom, when.
    pub fn title(&self, (vi, en): (&str, &str), lang: Lang) -> String {
        let what = if lang == Lang::Vi { vi } else { en };
        let (from, to) = (self.period.from.get(..10), self.period.to.get(..10));
        let days = || format!("[{}, {})", from.unwrap_or_default(), to.unwrap_or_default());
        format!("{what}: {}, {}", self.agency.name, self.period.code.clone().unwrap_or_else(days))
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
            min_n: Some(self.min_n),
            data_watermark: self.watermark(),
        }
    }
}
