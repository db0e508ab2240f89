//! What some responses add to the tallies.

use super::{Reach, Tallied, TallyKey};
use crate::domain::facet::Facet;
use crate::domain::ids::AgencyId;
use crate::domain::period::{Grain, day_of};
use crate::domain::survey::Survey;
use crate::domain::tally::Tally;
use crate::store::ingest_batches::Unfolded;
use crate::store::kept_totals::KeptTotals;
use compact_str::CompactString;
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, HashMap};

/// What some responses add to the tallies: days, and months by facet, of the agencies themselves. Everything else
/// follows from that.
#[derive(Debug, Default)]
pub struct TallyDelta {
    finest: HashMap<TallyKey, Tally, RandomState>,
}

impl TallyDelta {
    /// Counts one response of the survey in, with those that are `tallied` like it.
    pub fn count(&mut self, survey: &Survey, response: &Unfolded, tallied: Tallied) {
        let one = Tally::of(&survey.questionnaire, &response.answers, response.received_at);
        let day = day_of(response.id.answered_at());
        let key = TallyKey {
            survey: survey.id,
            facet: None,
            grain: Grain::Day,
            reach: Reach::Itself,
            tallied,
            starts_on: day,
            agency: response.agency.0,
            value: CompactString::default(),
        };
        for facet in Facet::ALL {
            let key = TallyKey {
                facet: Some(facet),
                grain: Grain::Month,
                starts_on: Grain::Month.start(day),
                value: response.value(facet),
                ..key.clone()
            };
            add(&mut self.finest, key, &one);
        }
        add(&mut self.finest, key, &one);
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.finest.is_empty()
    }

    /// With months and years made from the days, and with the totals that are kept. Sorted by key: every writer
    /// takes the rows' locks in the same order, so that no two can wait for each other.
    pub fn complete(self, kept: &KeptTotals) -> BTreeMap<TallyKey, Tally> {
        let mut all = self.finest;
        let days: Vec<(TallyKey, Tally)> = all
            .iter()
            .filter(|(key, _)| key.grain == Grain::Day)
            .map(|(k, t)| (k.clone(), t.clone()))
            .collect();
        for (key, tally) in days {
            for grain in [Grain::Month, Grain::Year] {
                let key = TallyKey { grain, starts_on: grain.start(key.starts_on), ..key.clone() };
                add(&mut all, key, &tally);
            }
        }
        let mut totals = HashMap::default();
        for (key, tally) in &all {
            for root in kept.roots_of(AgencyId(key.agency)) {
                add(&mut totals, TallyKey { reach: Reach::Kept, agency: *root, ..key.clone() }, tally);
            }
        }
        all.into_iter().chain(totals).collect()
    }
}

fn add(tallies: &mut HashMap<TallyKey, Tally, RandomState>, key: TallyKey, more: &Tally) {
    match tallies.get_mut(&key) {
        Some(tally) => tally.add(more),
        None => {
            tallies.insert(key, more.clone());
        }
    }
}
