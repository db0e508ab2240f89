//! A figure over time. Points that belong to different questionnaire versions or formulas are in different
//! segments: there is no one line through them.

use super::Services;
use super::catalogue::{Catalogue, current};
use super::figures::{Asked, Head, IndexValue, Setting, formula, survey};
use super::participation::Participation;
use crate::auth::Actor;
use crate::domain::bucket::{Bucket, Step, buckets};
use crate::domain::questionnaire::QuestionnaireVersion;
use crate::domain::survey::Survey;
use crate::error::{Error, FaultKind, Faults, FigureFault, Place, Result};
use crate::index::Formula;
use crate::index::combine::{Question, figures};
use crate::index::evidence::{Evidence, Withheld, withhold_alike};
use chrono::{DateTime, NaiveDate, Utc};
use std::sync::Arc;

/// Most points of a series.
pub const MOST_POINTS: usize = 1000;

/// Most surveys of a series.
pub const MOST_SURVEYS: usize = 20;

/// What a series is of.
#[derive(Debug, Clone)]
pub struct SeriesQuery {
    /// As of any figure; `survey` may name several, split by commas, and `formula` one for all or one for each.
    pub asked: Asked,
    /// How long each point is.
    pub step: Option<Step>,
    /// `whole`, or the code of an element or criterion. Codes are stable across versions.
    pub part: String,
}

/// A series.
#[derive(Debug, Clone)]
pub struct SeriesReport {
    /// What was asked; its survey is the one that opened first, its formula that of the first segment.
    pub head: Head,
    /// How long each point is.
    pub step: Step,
    /// What the values are of.
    pub part: String,
    /// The stretches that can be compared with each other, in order.
    pub segments: Vec<Segment>,
    /// The points, in order; gaps are points without a value.
    pub points: Vec<Point>,
    /// When the newest response in it arrived.
    pub watermark: Option<DateTime<Utc>>,
}

/// Surveys of one questionnaire version and formula.
#[derive(Debug, Clone)]
pub struct Segment {
    /// The surveys whose responses are counted together.
    pub surveys: Vec<Arc<Survey>>,
    /// The rule.
    pub formula: Formula,
    /// Whether the version has the part at all.
    pub has_part: bool,
}

/// One point.
#[derive(Debug, Clone)]
pub struct Point {
    /// Which days.
    pub bucket: Bucket,
    /// Place of its segment.
    pub segment: usize,
    /// The value.
    pub value: IndexValue,
    /// How many of those who could have answered did, whatever the part; `None` where nobody knows how many there were.
    pub participation: Option<Participation>,
}

/// Where figures stop being comparable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// First day of what comes after it.
    pub on: NaiveDate,
    /// Place of the segment that comes after it.
    pub segment: usize,
    /// What changed: `questionnaire_version`, `formula`.
    pub reasons: Vec<&'static str>,
}

impl SeriesReport {
    /// The breaks in order: wherever a survey opens that is of another segment than the one before. A segment may
    /// come back, when an old version is used again.
    pub fn breaks(&self) -> Vec<Break> {
        let mut openings: Vec<(NaiveDate, usize)> = (self.segments.iter().enumerate())
            .flat_map(|(place, segment)| {
                segment.surveys.iter().map(move |survey| (survey.window.from, place))
            })
            .collect();
        openings.sort_unstable();
        let pairs = openings.iter().zip(openings.iter().skip(1));
        let breaks = pairs.filter(|((_, before), (_, after))| before != after).filter_map(
            |((_, before), (on, after))| {
                let reasons = reasons(self.segments.get(*before)?, self.segments.get(*after)?);
                Some(Break { on: *on, segment: *after, reasons })
            },
        );
        breaks.collect()
    }
}

/// Why two segments cannot be one line.
fn reasons(before: &Segment, after: &Segment) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    if before.version().map(|v| (&v.code, v.version)) != after.version().map(|v| (&v.code, v.version)) {
        reasons.push("questionnaire_version");
    }
    if before.formula != after.formula {
        reasons.push("formula");
    }
    reasons
}

impl Segment {
    /// What was asked in it.
    pub fn version(&self) -> Option<&QuestionnaireVersion> {
        self.surveys.first().map(|survey| &*survey.questionnaire)
    }

    /// First day of the first of its surveys that was open in a bucket.
    fn opens_in(&self, bucket: &Bucket) -> Option<NaiveDate> {
        let open = self.surveys.iter().filter(|survey| open_in(survey, bucket));
        open.map(|survey| survey.window.from).min()
    }

    /// First day on which one of its surveys was open.
    fn opens(&self) -> Option<NaiveDate> {
        self.surveys.iter().map(|survey| survey.window.from).min()
    }
}

/// Reads a series.
///
/// # Errors
/// As [`Setting::new`]; [`ErrorCode::ValidationFailed`](crate::error::ErrorCode::ValidationFailed) for too many
/// points or surveys of different kinds.
pub async fn read(
    services: &Services,
    actor: &Actor,
    query: &SeriesQuery,
    mut faults: Faults,
) -> Result<SeriesReport> {
    let catalogue = current(services).await?;
    let segments = segments(&catalogue, query, &mut faults);
    let points = query.asked.period.as_ref().zip(query.step);
    let points = points.and_then(|(period, step)| {
        let points = buckets(period, step, MOST_POINTS);
        if points.is_none() {
            let kind = FaultKind::Figure(FigureFault::TooMany { max: MOST_POINTS });
            faults.push(Place::Parameter("step".into()), kind);
        }
        points
    });
    // What is wrong with surveys and formulas has been said for all of them; the first may stand for the rest.
    let first = segments.first().and_then(|segment| Some((segment.surveys.first()?, segment.formula)));
    let asked = Asked {
        survey: first.map(|(survey, _)| survey.code.clone()),
        formula: first.map(|(_, formula)| formula.id().to_owned()),
        ..query.asked.clone()
    };
    let setting = Setting::new(services, actor, &asked, faults).await?;
    let (Some(buckets), Some(step)) = (points, query.step) else { return Err(Error::internal("no points")) };
    let mut report = SeriesReport {
        step,
        part: query.part.clone(),
        points: Vec::new(),
        watermark: None,
        head: setting.head.clone(),
        segments,
    };
    for place in 0..report.segments.len() {
        add_points(&setting, &mut report, place, &buckets).await?;
    }
    add_gaps(&mut report, &buckets);
    let SeriesReport { points, segments, .. } = &mut report;
    points.sort_by_key(|point| {
        // Of two segments in one bucket the one that opened first.
        let segment = segments.get(point.segment);
        (point.bucket.from, segment.and_then(|segment| segment.opens_in(&point.bucket)), point.segment)
    });
    Ok(report)
}

/// The surveys by questionnaire version and formula, in the order of their opening; what is wrong with any of them
/// goes to `faults`.
fn segments(catalogue: &Catalogue, query: &SeriesQuery, faults: &mut Faults) -> Vec<Segment> {
    let list = |text: &Option<String>| -> Vec<String> {
        text.iter().flat_map(|words| words.split(',')).map(str::to_owned).collect()
    };
    let (codes, formulas) = (list(&query.asked.survey), list(&query.asked.formula));
    let known = named(catalogue, &codes, faults);
    let mut fault = |name: &str, kind| faults.push(Place::Parameter(name.into()), FaultKind::Figure(kind));
    if formulas.len() > 1 && formulas.len() != codes.len() {
        fault("formula", FigureFault::OneForEach);
    }
    let parts = || known.iter().filter(|(_, survey)| places(&survey.questionnaire, &query.part).is_some());
    if known.len() == codes.len() && !known.is_empty() && parts().next().is_none() {
        fault("part", FigureFault::UnknownPart);
    }
    let mut segments: Vec<Segment> = Vec::new();
    for (place, survey) in known {
        let id = if formulas.len() > 1 { formulas.get(place) } else { formulas.first() };
        let Some(formula) = formula(&survey, id.map(String::as_str), faults) else {
            // One for all is said to be wrong once.
            if formulas.len() > 1 { continue } else { break }
        };
        let version = &survey.questionnaire;
        let same = |segment: &&mut Segment| {
            segment.formula == formula
                && segment.version().is_some_and(|v| (&v.code, v.version) == (&version.code, version.version))
        };
        match segments.iter_mut().find(same) {
            Some(segment) => segment.surveys.push(survey),
            None => {
                let has_part = places(version, &query.part).is_some();
                segments.push(Segment { formula, has_part, surveys: vec![survey] });
            }
        }
    }
    segments.iter_mut().for_each(|segment| segment.surveys.sort_by_key(|survey| survey.window.from));
    segments.sort_by_key(Segment::opens);
    segments
}

/// The surveys of the codes that are known and of the kind of the first, each with its place in the list.
fn named(catalogue: &Catalogue, codes: &[String], faults: &mut Faults) -> Vec<(usize, Arc<Survey>)> {
    let mut fault = |kind| faults.push(Place::Parameter("survey".into()), FaultKind::Figure(kind));
    if codes.len() > MOST_SURVEYS {
        fault(FigureFault::TooMany { max: MOST_SURVEYS });
        return Vec::new();
    }
    // Its responses would count twice.
    if codes.iter().enumerate().any(|(place, code)| codes.iter().take(place).any(|other| other == code)) {
        fault(FigureFault::NamedTwice);
    }
    let mut known: Vec<(usize, Arc<Survey>)> = Vec::new();
    for (place, code) in codes.iter().enumerate() {
        let Some(survey) = survey(catalogue, code, "survey", faults) else { continue };
        let kind = known.first().map_or(survey.questionnaire.kind, |(_, first)| first.questionnaire.kind);
        if survey.questionnaire.kind == kind {
            known.push((place, survey));
        } else {
            faults.push(Place::Parameter("survey".into()), FaultKind::Figure(FigureFault::OfOneKind));
        }
    }
    known
}

/// What a part is in a version.
enum Part {
    Whole,
    Element(usize),
    Criterion(usize, usize),
}

fn places(version: &QuestionnaireVersion, part: &str) -> Option<Part> {
    if part == "whole" {
        return Some(Part::Whole);
    }
    let element = version.elements.iter().position(|element| element.code == part).map(Part::Element);
    element.or_else(|| {
        let place = version.place_of(part, 0)?;
        let element = version.elements.iter().position(|element| element.criteria.contains(&place))?;
        let first = version.elements.get(element)?.criteria.start;
        Some(Part::Criterion(element, place - first))
    })
}

/// The points of one segment: those buckets in which one of its surveys was open.
async fn add_points(
    setting: &Setting<'_>,
    report: &mut SeriesReport,
    place: usize,
    buckets: &[Bucket],
) -> Result<()> {
    let Some(segment) = report.segments.get(place) else { return Ok(()) };
    let Some((version, part)) = segment.version().and_then(|v| Some((v, places(v, &report.part)?))) else {
        return Ok(());
    };
    let open = |bucket: &&Bucket| segment.surveys.iter().any(|survey| open_in(survey, bucket));
    let buckets: Vec<&Bucket> = buckets.iter().filter(open).collect();
    let cells: Vec<_> = buckets.iter().map(|bucket| setting.cell((bucket.from, bucket.to))).collect();
    let days: Vec<_> = buckets.iter().map(|bucket| (bucket.from, bucket.to)).collect();
    let mut evidences = vec![Evidence::new(version); cells.len()];
    let mut withheld = vec![Withheld::default(); cells.len()];
    for survey in &segment.surveys {
        let counted = setting.count(survey, None, &cells).await?;
        let sight = setting.sight(survey, &days).await?;
        for ((sum, by), (withheld, place)) in
            evidences.iter_mut().zip(&counted).zip(withheld.iter_mut().zip(cells.iter().zip(&days)))
        {
            for (share, tally) in by.values().flatten() {
                sum.add(tally, *share);
            }
            // Surveys counted together can each be asked for alone: together they tell no more than each.
            withheld.and(setting.withheld(&sight, *place.1, place.0));
        }
    }
    for (evidence, withheld) in evidences.iter_mut().zip(withheld) {
        evidence.withhold(withheld);
    }
    if !matches!(part, Part::Criterion(..)) {
        withhold_alike(&mut evidences, setting.head.min_n);
    }
    let dossiers = setting.dossiers(&cells).await?;
    let mut points = Vec::new();
    for ((bucket, evidence), dossiers) in buckets.into_iter().zip(&evidences).zip(dossiers) {
        let participation = Participation::of(evidence, dossiers);
        let population = participation.map(|found| found.dossiers);
        let question = Question { formula: segment.formula, ..setting.question(population) };
        let all = figures(version, evidence, &question);
        let value = match part {
            Part::Whole => Some(&all.whole),
            Part::Element(element) => all.elements.get(element).map(|element| &element.value),
            Part::Criterion(element, criterion) => {
                all.elements.get(element).and_then(|element| element.criteria.get(criterion))
            }
        };
        let value = value.cloned().unwrap_or_default();
        if !value.suppressed {
            report.watermark = report.watermark.max(evidence.watermark());
        }
        let participation = participation.and_then(|found| found.beside(&all.whole, evidence));
        points.push(Point { bucket: bucket.clone(), segment: place, value, participation });
    }
    report.points.extend(points);
    Ok(())
}

fn open_in(survey: &Survey, bucket: &Bucket) -> bool {
    survey.window.from < bucket.to && survey.window.to.is_none_or(|to| bucket.from < to)
}

/// Buckets without a point are gaps: of the segment whose survey was open, though its version has not got the part,
/// or of the one before them.
fn add_gaps(report: &mut SeriesReport, buckets: &[Bucket]) {
    for bucket in buckets {
        if report.points.iter().any(|point| point.bucket == *bucket) {
            continue;
        }
        let open = |segment: &Segment| segment.surveys.iter().any(|survey| open_in(survey, bucket));
        let segment = report.segments.iter().rposition(open).unwrap_or_else(|| {
            let before = report.points.iter().filter(|point| point.bucket.from < bucket.from);
            before.max_by_key(|point| point.bucket.from).map_or(0, |point| point.segment)
        });
        let value = IndexValue { n: Some(0), ..IndexValue::default() };
        report.points.push(Point { bucket: bucket.clone(), segment, value, participation: None });
    }
}
