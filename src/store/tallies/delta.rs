//! What some responses add to the tallies.

use super::{Reach, Tallied, TallyKey};
use crate::domain::facet::Facet;
use crate::domain::ids::{AgencyId, SurveyId};
use crate::domain::period::Grain;
use crate::domain::questionnaire::QuestionnaireVersion;
use crate::domain::survey::Survey;
use crate::domain::tally::{Counted, Tally};
use crate::store::ingest_batches::Unfolded;
use crate::store::kept_totals::KeptTotals;
use chrono::NaiveDate;
use foldhash::fast::RandomState;
use indexmap::IndexMap;
use std::collections::{BTreeMap, HashMap};

/// What some responses add to the tallies: days, and months by facet, of the agencies themselves. Everything else
/// follows from that.
#[derive(Debug, Default)]
pub struct TallyDelta {
    finest: IndexMap<TallyKey, Tally, RandomState>,
    /// The response before, and where it was counted by facet and as a whole: what a kiosk sends after an outage is mostly of
    /// the same agency, day and desk, and then nothing has to be looked up.
    before: Option<Before>,
    places: [usize; Facet::ALL.len() + 1],
    /// Parts of the surveys' questionnaires, made once and not for each response.
    parts: HashMap<SurveyId, Vec<Vec<usize>>, RandomState>,
}

#[derive(Debug)]
struct Before {
    tallied: Tallied,
    day: NaiveDate,
    response: Unfolded,
}

/// What is counted in at once.
enum More<'a> {
    /// A single response.
    One(Counted<'a>),
    /// Several that are alike, added up once and not for each facet.
    Several(Tally),
}

impl<'r> More<'r> {
    fn of(version: &QuestionnaireVersion, parts: &[Vec<usize>], alike: &'r [Unfolded]) -> Self {
        let counted = |one: &'r Unfolded| Counted::new(version, parts, &one.answers, one.received_at);
        match alike {
            [one] => Self::One(counted(one)),
            several => {
                let mut sum = Tally::empty(version);
                several.iter().for_each(|one| sum.count(&counted(one)));
                Self::Several(sum)
            }
        }
    }

    fn add_to(&self, tally: &mut Tally) {
        match self {
            Self::One(one) => tally.count(one),
            Self::Several(sum) => tally.add(sum),
        }
    }
}

impl TallyDelta {
    /// Counts responses to the survey in, with those that are `tallied` like them; they [are alike](Unfolded::is_like).
    pub fn count(&mut self, survey: &Survey, alike: &[Unfolded], tallied: Tallied) {
        let Some(response) = alike.first() else { return };
        let version = &survey.questionnaire;
        let parts = self.parts.entry(survey.id).or_insert_with(|| version.parts());
        let more = More::of(version, parts, alike);
        let day = response.day();
        let like = self.before.as_ref().filter(|before| {
            let was = &before.response;
            (before.tallied, before.day, was.survey, was.agency)
                == (tallied, day, response.survey, response.agency)
        });
        let rows = Facet::ALL.map(Some).into_iter().chain([None]).enumerate();
        for (place, (row, facet)) in self.places.iter_mut().zip(rows) {
            let value = response.values.get(row);
            if like.is_none_or(|before| before.response.values.get(row) != value) {
                let grain = if facet.is_some() { Grain::Month } else { Grain::Day };
                let entry = self.finest.entry(TallyKey {
                    survey: survey.id,
                    facet,
                    grain,
                    reach: Reach::Itself,
                    tallied,
                    starts_on: grain.start(day),
                    agency: response.agency.0,
                    value: value.cloned().flatten().unwrap_or_default(),
                });
                *place = entry.index();
                entry.or_insert_with(|| Tally::empty(version));
            }
            if let Some((_, tally)) = self.finest.get_index_mut(*place) {
                more.add_to(tally);
            }
        }
        self.before = Some(Before { tallied, day, response: response.clone() });
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
        let mut totals = IndexMap::default();
        for (key, tally) in &all {
            for root in kept.roots_of(AgencyId(key.agency)) {
                add(&mut totals, TallyKey { reach: Reach::Kept, agency: *root, ..key.clone() }, tally);
            }
        }
        all.into_iter().chain(totals).collect()
    }
}

fn add(tallies: &mut IndexMap<TallyKey, Tally, RandomState>, key: TallyKey, more: &Tally) {
    match tallies.get_mut(&key) {
        Some(tally) => tally.add(more),
        None => {
            tallies.insert(key, more.clone());
        }
    }
}
