//! What figures need of the responses that are not in the tallies yet, added up while the batches are read: an hour's bulk
//! waits for a second, and a tally for each response of it would be more than all tallies that are kept.

use crate::domain::ids::AgencyId;
use crate::domain::survey::Survey;
use crate::domain::tally::{Counted, Tally};
use crate::error::Result;
use crate::store::ingest_batches::{Unfolded, unfolded};
use chrono::{DateTime, NaiveDate, Utc};
use compact_str::CompactString;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::Arc;

/// What an agency was told on a day and is not in the tallies yet.
#[derive(Debug)]
pub struct TailRow {
    /// The day of answering.
    pub day: NaiveDate,
    /// The rated agency.
    pub agency: AgencyId,
    /// Value of the facet; empty if not told, or without facet.
    pub value: CompactString,
    /// What it adds.
    pub tally: Arc<Tally>,
}

/// The tail of a survey while it is read.
pub struct Tail<'s> {
    survey: &'s Survey,
    parts: Vec<Vec<usize>>,
    sums: HashMap<(NaiveDate, AgencyId, CompactString), Tally, RandomState>,
}

impl<'s> Tail<'s> {
    /// Nothing yet.
    pub fn new(survey: &'s Survey) -> Self {
        Self { survey, parts: survey.questionnaire.parts(), sums: HashMap::default() }
    }

    /// Adds a batch: those of its responses to the survey that have a `value`.
    ///
    /// # Errors
    /// For a batch that cannot be read.
    pub fn add(
        &mut self,
        (packed, received_at): (Vec<u8>, DateTime<Utc>),
        value: impl Fn(&Unfolded) -> Option<CompactString>,
    ) -> Result<()> {
        let version = &self.survey.questionnaire;
        for response in unfolded(packed, received_at) {
            let response = response?;
            let Some(value) = value(&response).filter(|_| response.survey == self.survey.id) else {
                continue;
            };
            let one = Counted::new(version, &self.parts, &response.answers, received_at);
            let key = (response.day(), response.agency, value);
            self.sums.entry(key).or_insert_with(|| Tally::empty(version)).count(&one);
        }
        Ok(())
    }

    /// What came together, in no order.
    pub fn rows(self) -> Vec<TailRow> {
        let rows = self.sums.into_iter();
        let row = |((day, agency, value), tally)| TailRow { day, agency, value, tally: Arc::new(tally) };
        rows.map(row).collect()
    }
}
