//! Who is first: the agencies below a subject, ranked, with how sure that is and how it changed.

use super::Services;
use super::catalogue::current;
use super::figures::{Asked, Head, IndexValue, Setting};
use super::participation::Participation;
use crate::auth::Actor;
use crate::domain::agency::{Agency, AgencyLevel};
use crate::domain::ids::AgencyId;
use crate::domain::period::Period;
use crate::domain::subject::{Subject, SubjectCode};
use crate::error::{FaultKind, Faults, FigureFault, Place, Result};
use crate::index::combine::{Question, whole_of};
use crate::index::evidence::{Evidence, withhold_alike};
pub use crate::index::ranking::Standing;
use crate::index::ranking::{Change, Ranking, change, rank};
use chrono::{DateTime, NaiveDate, Utc};

/// Most agencies that are ranked at once.
pub const MOST_RANKED: usize = 10_000;

/// Figures of which half are worked out in a thread of their own.
const WORTH_A_THREAD: usize = 500;

/// Most levels of a tree; a circle in the data must not hang a request.
const MOST_STEPS: usize = 20;

/// Which agencies are ranked, and against what.
#[derive(Debug, Clone)]
pub struct RankingQuery {
    /// As of any figure; the subject is what the ranked are below.
    pub asked: Asked,
    /// This level, however deep; absent: the next below.
    pub level: Option<AgencyLevel>,
    /// Fewest people a ranked figure is made from.
    pub min_n: u64,
    /// An earlier period to show the change against.
    pub against: Option<Period>,
}

/// A ranking.
#[derive(Debug, Clone)]
pub struct RankingReport {
    /// What was asked.
    pub head: Head,
    /// Which level; absent: the next below the subject.
    pub level: Option<AgencyLevel>,
    /// Fewest people a ranked figure is made from.
    pub min_n: u64,
    /// The earlier period.
    pub against: Option<Period>,
    /// How many are ranked, now and then.
    pub ranked: (u64, Option<u64>),
    /// The agencies: the ranked by rank, then the others by code.
    pub entries: Vec<Entry>,
    /// When the newest response in it arrived.
    pub watermark: Option<DateTime<Utc>>,
}

/// One agency in a ranking.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which.
    pub agency: Agency,
    /// Its whole.
    pub whole: IndexValue,
    /// How many of those who could have answered did; `None` where nobody knows how many there were.
    pub participation: Option<Participation>,
    /// Where it stands.
    pub standing: Standing,
    /// Its whole in the earlier period, where it stood, and the change.
    pub before: Option<(IndexValue, Standing, Change)>,
}

/// Ranks agencies.
///
/// # Errors
/// As [`Setting::new`]; [`ErrorCode::ValidationFailed`](crate::error::ErrorCode::ValidationFailed) if there are too
/// many.
pub async fn read(
    services: &Services,
    actor: &Actor,
    query: &RankingQuery,
    mut faults: Faults,
) -> Result<RankingReport> {
    if let Some((period, against)) = query.asked.period.as_ref().zip(query.against.as_ref()) {
        let mut fault = |kind| faults.push(Place::Parameter("against".into()), FaultKind::Figure(kind));
        // The change since then has an interval only if different people answered.
        if period.overlaps(against) {
            fault(FigureFault::Overlapping);
        } else if against.from() > period.from() {
            fault(FigureFault::NotEarlier);
        }
    }
    let setting = Setting::new(services, actor, &query.asked, faults).await?;
    let day = setting.head.tree_day();
    let agencies = ranked(&setting, query.level, day);
    if agencies.len() > MOST_RANKED {
        return Err(setting.refuse("level", FaultKind::Figure(FigureFault::TooMany { max: MOST_RANKED })));
    }
    let periods: Vec<&Period> =
        [Some(&setting.head.period), query.against.as_ref()].into_iter().flatten().collect();
    let subjects: Vec<Subject> = agencies.iter().map(|agency| Subject::Agencies(vec![agency.id])).collect();
    let cells: Vec<_> = periods
        .iter()
        .flat_map(|period| {
            subjects.iter().map(|subject| setting.cell_of(subject, (period.from(), period.to())))
        })
        .collect();
    let survey = setting.head.survey.clone();
    let counted = setting.count(&survey, None, &cells).await?;
    let dossiers = setting.dossiers(&cells).await?;
    let days: Vec<_> = periods.iter().map(|period| (period.from(), period.to())).collect();
    let sight = setting.sight(&survey, &days).await?;
    let whose = days.iter().flat_map(|days| subjects.iter().map(move |subject| (days, subject)));
    let blank = Evidence::new(&survey.questionnaire);
    // Consumed, so that thousands of tallies go as soon as they have been used.
    let mut evidences = Vec::with_capacity(cells.len());
    for ((by, cell), (days, subject)) in counted.into_iter().zip(&cells).zip(whose) {
        let mut evidence = blank.clone();
        let counted = by.into_values().next().unwrap_or_default();
        counted.into_iter().for_each(|(share, tally)| evidence.add(&tally, share));
        evidence.withhold(sight.of(subject, setting.head.depth, *days, &cell.spans));
        evidences.push(evidence);
    }
    withhold_alike(&mut evidences, setting.head.min_n);
    let question = setting.question(None);
    let figure = |(evidence, dossiers): (Evidence, Option<u64>)| {
        let found = Participation::of(&evidence, dossiers);
        let question = Question { population: found.map(|found| found.dossiers), ..question };
        let whole = whole_of(&survey.questionnaire, &evidence, &question);
        let participation = found.and_then(|found| found.beside(&whole, &evidence));
        let watermark = evidence.watermark().filter(|_| !whole.suppressed);
        (whole, (participation, watermark))
    };
    let figures = in_halves(evidences.into_iter().zip(dossiers).collect(), figure);
    let (mut now, beside): (Vec<IndexValue>, Vec<_>) = figures.into_iter().unzip();
    let watermark = beside.iter().filter_map(|(_, watermark)| *watermark).max();
    let before = now.split_off(agencies.len().min(now.len()));
    let ranking = rank(&now, query.min_n);
    let earlier = query.against.as_ref().map(|_| rank(&before, query.min_n));
    let participation = beside.into_iter().map(|(participation, _)| participation);
    let agencies = agencies.into_iter().zip(participation);
    let entries = entries(agencies, (now, &ranking), earlier.as_ref().map(|ranking| (before, ranking)));
    Ok(RankingReport {
        level: query.level,
        min_n: query.min_n,
        against: query.against.clone(),
        ranked: (ranking.ranked, earlier.map(|ranking| ranking.ranked)),
        entries,
        watermark,
        head: setting.head,
    })
}

/// The agencies to be ranked, as they are on the day.
fn ranked(setting: &Setting<'_>, level: Option<AgencyLevel>, day: NaiveDate) -> Vec<Agency> {
    let tree = &setting.catalogue.tree;
    let below = |root: AgencyId, id: AgencyId| {
        let above = std::iter::successors(tree.parent_on(id, day), |step| tree.parent_on(*step, day));
        above.take(MOST_STEPS).any(|step| step == root)
    };
    let top = |id: &AgencyId| tree.exists_on(*id, day) && tree.parent_on(*id, day).is_none();
    let mut found: Vec<AgencyId> = match (&setting.subject, level) {
        (Subject::Country, None) => tree.everybody().into_iter().filter(top).collect(),
        (Subject::Country, Some(level)) => tree.of_level_on(level, day),
        (Subject::Agencies(roots), None) => {
            roots.iter().flat_map(|root| tree.children_on(*root, day)).collect()
        }
        (Subject::Agencies(roots), Some(level)) => {
            let of_level = tree.of_level_on(level, day).into_iter();
            of_level.filter(|id| roots.iter().any(|root| below(*root, *id))).collect()
        }
    };
    found.sort_unstable();
    found.dedup();
    found.into_iter().filter_map(|id| tree.get(id).cloned()).collect()
}

/// Levels of which there are agencies below a subject today; nothing for one that is unknown.
///
/// # Errors
/// [`ErrorCode::Unavailable`](crate::error::ErrorCode::Unavailable) if the database is away.
pub async fn levels_below(services: &Services, code: &SubjectCode) -> Result<Vec<AgencyLevel>> {
    let catalogue = current(services).await?;
    let (tree, today) = (&catalogue.tree, catalogue.tree.today());
    let roots: Option<Vec<AgencyId>> = match code {
        SubjectCode::Country => None,
        SubjectCode::Agencies(codes) => {
            Some(codes.iter().filter_map(|code| Some(tree.find(code)?.id)).collect())
        }
    };
    let is_below = |id: &AgencyId| match &roots {
        None => true,
        Some(roots) => roots.iter().any(|root| root != id && tree.contains(*root, *id)),
    };
    let words = AgencyLevel::WORDS.iter().filter_map(|word| AgencyLevel::parse(word).ok());
    Ok(words.filter(|level| tree.of_level_on(*level, today).iter().any(is_below)).collect())
}

/// Works on both halves of a long list at the same time: figures of thousands take milliseconds for which others wait.
fn in_halves<T: Send, R: Send>(mut items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let later = items.split_off(if items.len() < WORTH_A_THREAD { items.len() } else { items.len() / 2 });
    let all = |items: Vec<T>| items.into_iter().map(&work).collect::<Vec<R>>();
    std::thread::scope(|scope| {
        let later = (!later.is_empty()).then(|| scope.spawn(|| all(later)));
        let mut done = all(items);
        let later = later.map(|later| later.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        done.extend(later.into_iter().flatten());
        done
    })
}

fn entries(
    agencies: impl Iterator<Item = (Agency, Option<Participation>)>,
    (now, ranking): (Vec<IndexValue>, &Ranking),
    earlier: Option<(Vec<IndexValue>, &Ranking)>,
) -> Vec<Entry> {
    let standings = ranking.standings.iter().copied();
    let mut before =
        earlier.map(|(figures, ranking)| figures.into_iter().zip(ranking.standings.iter().copied()));
    let mut entries: Vec<Entry> = agencies
        .zip(now.into_iter().zip(standings))
        .map(|((agency, participation), (whole, standing))| {
            let before = before.as_mut().and_then(Iterator::next).map(|(then, stood)| {
                let change = change((&whole, standing), (&then, stood));
                (then, stood, change)
            });
            Entry { agency, whole, participation, standing, before }
        })
        .collect();
    // By what they are sorted is taken out: thousands of entries are moved once instead of at each step.
    entries.sort_by_cached_key(|entry| {
        let rank = match entry.standing {
            Standing::Ranked { rank, .. } => rank,
            Standing::Unranked(_) => u64::MAX,
        };
        (rank, entry.agency.code.clone())
    });
    entries
}
