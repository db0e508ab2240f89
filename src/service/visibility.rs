//! What the public may see. The rule is [`crate::index::suppression`]; here it is held against the tallies as they are
//! at the moment of the question.
//!
//! A mask is made from where anybody answered (agency alone x month), and for each criterion that may be left out, and for
//! those together that a short form does not ask, another one from where anybody answered that: what is shown of it tells nothing of how many answered at all, nor the other way
//! round, since how many did not have a case of it is told only where it is shown. A mask stays right while only counts grow, so it is kept until somebody answers where
//! nobody had. It is made by the tree the question is asked by; what subtracting figures of different trees tells is
//! not covered, nor is what a figure tells that is read before and after one more response.

pub mod slices;

use super::Services;
use super::figures::Setting;
use crate::auth::policy::Audience;
use crate::domain::distribution::Distribution;
use crate::domain::ids::{AgencyId, SurveyId};
use crate::domain::period::Grain;
use crate::domain::subject::Subject;
use crate::domain::survey::Survey;
use crate::domain::tree::{AgencyTree, Depth, Share, Span};
use crate::error::{FaultKind, FigureFault, Result};
pub use crate::index::evidence::Withheld;
use crate::index::suppression::{Cell, Mask, PeopleCounts, Unit};
use crate::store::kept_totals;
use crate::store::tally_shapes::{Leaf, Shape, leaves_fetch, shape_fetch};
use crate::store::{Conn, SILENCE};
use chrono::{Datelike, NaiveDate};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most masks that are kept: surveys times days of trees that are asked for at the same time.
const MOST_HELD: usize = 16;

/// Leaves that a mask is made of in a few milliseconds; of more it may stay for a while although there are more answers:
/// it then hides what it need not hide any more, never less than it has to.
const FEW_LEAVES: usize = 3000;

/// How long a mask of more leaves may stay.
const MOST_AGE: Duration = Duration::from_secs(10);

/// The whole country in a mask, above every agency.
pub const COUNTRY: AgencyId = AgencyId(kept_totals::COUNTRY);

/// What a mask was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Subjects {
    survey: SurveyId,
    tree: i64,
    day: NaiveDate,
    min_n: u64,
}

/// A mask and what it was made from.
struct Held {
    shape: Shape,
    leaves: usize,
    made: Instant,
    years: (NaiveDate, NaiveDate),
    seen: Arc<Seen>,
}

/// What the public may see.
struct Seen {
    /// Of everybody.
    mask: Mask,
    /// Of those who answered the criteria that may lack an answer, see [`Survey::lacking`].
    criteria: Vec<(Vec<usize>, Mask)>,
}

impl Seen {
    fn of(
        leaves: &[Leaf],
        lacking: Vec<Vec<usize>>,
        parents: &[(AgencyId, Option<AgencyId>)],
        min_n: u64,
    ) -> Self {
        let mask = |people: &dyn Fn(&Leaf) -> u64| {
            let mut counts = PeopleCounts::new(parents.iter().copied());
            for leaf in leaves {
                if let Some(month) = Unit::month(leaf.month.year(), leaf.month.month()) {
                    counts.add(leaf.agency, month, None, people(leaf));
                }
            }
            counts.mask(min_n)
        };
        let mut criteria = Vec::new();
        for places in lacking {
            let mask = mask(&|leaf| answered(leaf, &places));
            criteria.push((places, mask));
        }
        Self { mask: mask(&|leaf| leaf.tally.people()), criteria }
    }
}

impl Held {
    /// Whether the mask is right for what has been answered by now.
    fn covers(&self, shape: &Shape, years: (NaiveDate, NaiveDate)) -> bool {
        let within = |leaf: &&Leaf| self.years.0 <= leaf.month && leaf.month < self.years.1;
        let known = |leaf: &Leaf| {
            let Some(month) = Unit::month(leaf.month.year(), leaf.month.month()) else { return false };
            let knows = |mask: &Mask, people: u64| people == 0 || mask.knows(leaf.agency, month, None);
            knows(&self.seen.mask, leaf.tally.people())
                && self.seen.criteria.iter().all(|(places, mask)| knows(mask, answered(leaf, places)))
        };
        let fresh = self.shape.taken_in == shape.taken_in
            || (self.leaves > FEW_LEAVES && self.made.elapsed() < MOST_AGE);
        fresh
            && self.shape.revision == shape.revision
            && self.years.0 <= years.0
            && years.1 <= self.years.1
            && shape.tail.iter().filter(within).all(known)
    }
}

/// The masks that are kept.
#[derive(Default)]
pub struct Masks {
    held: Mutex<HashMap<Subjects, Arc<Held>>>,
    /// Held by the one request that makes a mask; the others wait for it instead of making it as well.
    making: tokio::sync::Mutex<()>,
}

/// What the audience of a question may see of a survey.
pub struct Sight {
    seen: Option<Arc<Seen>>,
}

/// What the audience may see of a survey in some spans of days, to be asked for after they were counted: whoever
/// answered in between is known to the mask then.
///
/// # Errors
/// [`ErrorCode::ValidationFailed`](crate::error::ErrorCode::ValidationFailed) if the public asks for anything but
/// whole months; [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn sight(
    services: &Services,
    setting: &Setting<'_>,
    survey: &Survey,
    days: &[(NaiveDate, NaiveDate)],
) -> Result<Sight> {
    if setting.audience() == Audience::InCharge {
        return Ok(Sight { seen: None });
    }
    if days.iter().any(|(from, to)| Unit::covering(*from, *to).is_none()) {
        return Err(setting.refuse("period", FaultKind::Figure(FigureFault::MonthsForPublic)));
    }
    let from = days.iter().map(|(from, _)| *from).min().unwrap_or_default();
    let to = days.iter().map(|(_, to)| *to).max().unwrap_or_default();
    let years = (Grain::Year.start(from), Grain::Year.end(Grain::Year.start(to.pred_opt().unwrap_or(to))));
    let held = current(services, setting, survey, years).await?;
    Ok(Sight { seen: Some(held.seen.clone()) })
}

async fn current(
    services: &Services,
    setting: &Setting<'_>,
    survey: &Survey,
    years: (NaiveDate, NaiveDate),
) -> Result<Arc<Held>> {
    let day = setting.head.tree_day();
    let tree = setting.catalogue.revision();
    let key = Subjects { survey: survey.id, tree, day, min_n: setting.head.min_n };
    let masks = &services.masks;
    let held = || masks.held.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    let shape =
        async || services.db.within(SILENCE, async |conn: &mut Conn| shape_fetch(conn, survey).await).await;
    let now = shape().await?;
    if let Some(held) = held().filter(|held| held.covers(&now, years)) {
        return Ok(held);
    }
    let _making = masks.making.lock().await;
    let now = shape().await?;
    let before = held();
    if let Some(held) = before.as_ref().filter(|held| held.covers(&now, years)) {
        return Ok(held.clone());
    }
    // Years that were asked for before are asked for again.
    let years = before.map_or(years, |held| (held.years.0.min(years.0), held.years.1.max(years.1)));
    let fetch = async |conn: &mut Conn| leaves_fetch(conn, survey, years).await;
    let (shape, leaves) = services.db.within(SILENCE, fetch).await?;
    let (min_n, made, count) = (key.min_n, Instant::now(), leaves.len());
    let (lacking, parents) = (survey.lacking(), parents(&setting.catalogue.tree, day));
    let masks_of = move || Seen::of(&leaves, lacking, &parents, min_n);
    let made_of = tokio::task::spawn_blocking(masks_of).await;
    let seen = Arc::new(made_of.map_err(crate::error::Error::internal)?);
    let fresh = Arc::new(Held { shape, leaves: count, made, years, seen });
    let mut held = masks.held.lock().unwrap_or_else(PoisonError::into_inner);
    if held.len() >= MOST_HELD {
        held.clear();
    }
    held.insert(key, fresh.clone());
    Ok(fresh)
}

/// How many answered criteria that are all answered by the same people.
fn answered(leaf: &Leaf, places: &[usize]) -> u64 {
    let counts = places.first().and_then(|place| leaf.tally.counts.get(*place));
    counts.map_or(0, Distribution::answered)
}

/// What is below what on a day: who ended counts below the first who goes on, everything below the country.
pub fn parents(tree: &AgencyTree, day: NaiveDate) -> Vec<(AgencyId, Option<AgencyId>)> {
    let parent = |id: AgencyId| {
        let valid = tree.get(id).map(|agency| agency.valid)?;
        let ended = valid.to.filter(|to| *to <= day);
        match ended {
            None => tree.parent_on(id, day),
            Some(to) => tree
                .successors(id)
                .first()
                .map(|succession| succession.successor)
                .or_else(|| tree.parent_on(id, to.pred_opt()?)),
        }
    };
    let below = |id: AgencyId| (id, Some(parent(id).unwrap_or(COUNTRY)));
    std::iter::once((COUNTRY, None)).chain(tree.everybody().into_iter().map(below)).collect()
}

impl Sight {
    /// What the public may see of answers that are all at hand, of whole years and every agency: for figures that are made
    /// once, by the tree of a day.
    pub fn of_leaves(
        leaves: &[Leaf],
        survey: &Survey,
        (tree, day): (&AgencyTree, NaiveDate),
        min_n: u64,
    ) -> Self {
        Self { seen: Some(Arc::new(Seen::of(leaves, survey.lacking(), &parents(tree, day), min_n))) }
    }

    /// Whether a cell is shown.
    pub fn shows(&self, cell: &Cell) -> bool {
        self.seen.as_ref().is_none_or(|seen| seen.mask.shows(cell))
    }

    /// What has to be withheld of a subject's figure about some days; `spans` are whose responses it is made from.
    pub fn of(
        &self,
        subject: &Subject,
        depth: Depth,
        days: (NaiveDate, NaiveDate),
        spans: &[Span],
    ) -> Withheld {
        let Some(seen) = &self.seen else { return Withheld::default() };
        let units = Unit::covering(days.0, days.1).unwrap_or_default();
        let nodes = nodes(subject, depth, spans);
        let shows = |mask: &Mask| {
            units.iter().all(|unit| {
                nodes.iter().all(|(agency, depth)| {
                    mask.shows(&Cell { agency: *agency, depth: *depth, unit: *unit, value: None })
                })
            })
        };
        let hidden = seen.criteria.iter().filter(|(_, mask)| !shows(mask));
        Withheld {
            everything: !shows(&seen.mask),
            criteria: hidden.flat_map(|(places, _)| places.iter().copied()).collect(),
        }
    }
}

/// The cells of a mask that a figure is made of: a figure is shown if each of them is. What counts with a share is asked
/// for by itself: two successors' figures would tell it.
fn nodes(subject: &Subject, depth: Depth, spans: &[Span]) -> Vec<(AgencyId, Depth)> {
    let members = spans.iter().flat_map(|span| &span.members);
    let alone = |(agency, _): &(AgencyId, Share)| (*agency, Depth::SelfOnly);
    let mut nodes: Vec<(AgencyId, Depth)> = match (subject, depth) {
        (Subject::Country, _) => vec![(COUNTRY, Depth::Subtree)],
        (Subject::Agencies(roots), Depth::Subtree) => {
            roots.iter().map(|root| (*root, Depth::Subtree)).collect()
        }
        (Subject::Agencies(_), Depth::SelfOnly) => members.clone().map(alone).collect(),
    };
    nodes.extend(members.filter(|(_, share)| *share != Share::from_integer(1)).map(alone));
    nodes.sort_unstable_by_key(|(agency, depth)| (*agency, *depth == Depth::SelfOnly));
    nodes.dedup();
    nodes
}
