//! Rows of tallies that are asked for again and again, held as long as they are what is stored.
//!
//! Tallies change about once a second, when the tail is folded; between two folds a ranking of thousands needs nothing
//! but the tail. Whether they changed is seen in the statement that reads the tail, so what is held makes no answer
//! older, whichever instance folds. Few rows are read as quickly as that is found out and are not held.

use crate::domain::agency_scope::AgencyScope;
use crate::domain::facet::Facet;
use crate::domain::ids::{AgencyId, SurveyId};
use crate::domain::period::Unit;
use crate::error::Result;
use crate::store::tallies::{Fetched, Of, TallyRow, Wanted, tallies_fetch, tallies_tail_fetch};
use crate::store::{Db, SILENCE};
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// Fewest agencies whose rows are held.
const FEWEST: usize = 500;

/// Most rows that are held, about 2 kB each: two rankings of every commune of the country.
const MOST: usize = 8_000;

/// Rows that are held, those used last at the end.
#[derive(Debug, Default)]
pub struct HeldRows {
    held: Mutex<Vec<Held>>,
}

/// What was asked for, and what there was.
#[derive(Debug, Clone)]
struct Held {
    asked: Arc<Key>,
    state: Uuid,
    rows: Arc<[TallyRow]>,
}

/// Everything that says which rows.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    survey: SurveyId,
    facet: Option<Facet>,
    of: Of,
    units: Vec<Unit>,
    agencies: Vec<AgencyId>,
    roots: Vec<i32>,
}

impl Key {
    fn new(scope: &AgencyScope, wanted: &Wanted<'_>) -> Self {
        Self {
            survey: wanted.survey.id,
            facet: wanted.facet,
            of: wanted.of,
            units: wanted.units.to_vec(),
            agencies: wanted.agencies.iter().copied().filter(|id| scope.allows(*id)).collect(),
            roots: wanted.roots.to_vec(),
        }
    }
}

impl HeldRows {
    /// As [`tallies_fetch`], without reading again what is held.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
    pub async fn fetch(&self, db: &Db, scope: &AgencyScope, wanted: &Wanted<'_>) -> Result<Fetched> {
        let all = async || db.within(SILENCE, async |conn| tallies_fetch(conn, scope, wanted).await).await;
        if wanted.agencies.len() < FEWEST {
            return all().await;
        }
        let asked = Key::new(scope, wanted);
        if let Some(held) = self.find(&asked) {
            let tail = db.within(SILENCE, async |conn| tallies_tail_fetch(conn, scope, wanted).await).await?;
            if tail.state == Some(held.state) {
                return Ok(Fetched { rows: held.rows.to_vec(), ..tail });
            }
        }
        let fetched = all().await?;
        self.hold(asked, &fetched);
        Ok(fetched)
    }

    fn find(&self, asked: &Key) -> Option<Held> {
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let place = all.iter().position(|held| *held.asked == *asked)?;
        let held = all.remove(place);
        all.push(held.clone());
        Some(held)
    }

    fn hold(&self, asked: Key, fetched: &Fetched) {
        let mut all = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // What was read of another state would be read again anyway, whoever asks for it.
        all.retain(|held| *held.asked != asked && Some(held.state) == fetched.state);
        let Some(state) = fetched.state.filter(|_| fetched.rows.len() <= MOST) else { return };
        all.push(Held { asked: asked.into(), state, rows: fetched.rows.as_slice().into() });
        let mut rows = all.iter().map(|held| held.rows.len()).sum::<usize>();
        while rows > MOST && !all.is_empty() {
            rows -= all.remove(0).rows.len();
        }
    }
}
