//! Making a draft: what is asked for is checked, then everything is read in one snapshot in which nothing that is counted waits
//! to be folded, and figured out as the public may see it.

use super::computing::{Basis, compute, files, years_of};
use super::{Corrects, INDEX, MOST_CONTENTS, NewRelease, Question, RANKING};
use crate::auth::{Actor, policy};
use crate::domain::audit::{Action, By, Entry};
use crate::domain::audit_chain::instant;
use crate::domain::client::Client;
use crate::domain::ids::{AgencyId, uuid_v7};
use crate::domain::period::{Period, day_of};
use crate::domain::redaction::redact;
use crate::domain::release::{Release, series_of};
use crate::domain::subject::{COUNTRY_WORD, SubjectCode};
use crate::domain::tree::{AgencyTree, AsOf, Depth};
use crate::error::{Error, ErrorCode, FaultKind, Faults, FigureFault, Place, Result};
use crate::index::suppression::Unit;
use crate::release::manifest::{
    self, Content, Draft, FORM, FileMark, FormulaMark, Publisher, QuestionnaireMark, Title, Watermark,
};
use crate::release::{digest, method, names};
use crate::service::Services;
use crate::service::audit::record;
use crate::service::catalogue::{Catalogue, current};
use crate::service::figures::{formula, survey};
use crate::service::folding::{by_number, fold_once};
use crate::store::dossier_counts::dossier_counts_upto;
use crate::store::ingest_batches::{fold_resume, fold_suspend};
use crate::store::questionnaires::version_find;
use crate::store::releases::{self as store, release_find, release_insert, release_newest};
use crate::store::tallies::tallies_of_leaves;
use crate::store::tally_shapes::Leaf;
use crate::store::watermarks::{reports_hold, tree_as_known, watermark_fetch};
use crate::store::{AsyncConnection, Conn, surveys::surveys_all, take_your_time};
use chrono::NaiveDate;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// How long a draft may take: everything an agency was told in a year is read.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a draft is about, checked.
struct Plan {
    agency: Option<AgencyId>,
    series: String,
    publisher: Publisher,
    contents: Vec<Content>,
}

/// Makes a draft. `faults` are those the reader of the request found.
///
/// # Errors
/// [`ErrorCode::TokenMissing`], [`ErrorCode::NotPermitted`]; [`ErrorCode::ValidationFailed`] with all faults, also for agencies
/// outside the subtree and for a correction that is missing or names another revision than the newest.
pub async fn draft(services: &Services, actor: &Actor, new: NewRelease, faults: Faults) -> Result<Release> {
    let client = policy::publisher(actor)?;
    let catalogue = current(services).await?;
    let plan = plan(services, client, &catalogue, &new, faults).await?;
    let (mark, computed) = snapshot(services, &catalogue, &plan.contents).await?;
    let now = services.clock.now();
    let (title, min_n) = (new.title.ok_or_else(missing)?, services.rules.min_n_public);
    let method = method::text(&plan.contents, &computed.formulas, min_n);
    let mut files = computed.files;
    files.push((names::METHOD.to_owned(), method.into_bytes()));
    let draft = Draft {
        form: FORM.into(),
        series: plan.series,
        title: Title { vi: title.vi.clone(), en: title.en.clone() },
        publisher: plan.publisher,
        contents: plan.contents,
        corrects: new.corrects.map(|corrects| manifest::Corrects {
            revision: corrects.revision,
            reason: redact(&corrects.reason),
        }),
        drafted_at: instant(now),
        min_n,
        watermark: mark,
        questionnaires: computed.questionnaires,
        formulas: computed.formulas,
        program: format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        files: files.iter().map(|(name, content)| FileMark::of(name, content)).collect(),
    };
    let text = draft.text()?;
    let (digest, text) = (digest(&text), String::from_utf8(text).map_err(Error::internal)?);
    let entry = Entry {
        action: Action::ReleaseDrafted,
        agency: plan.agency,
        object: uuid_v7(now).to_string(),
        details: vec![("series", draft.series.clone()), ("digest", digest.to_string())],
    };
    let new = store::NewRelease {
        id: entry.object.parse().map_err(Error::internal)?,
        agency: plan.agency,
        series: &draft.series,
        title: &title,
        corrects: draft.corrects.as_ref().map(|corrects| (corrects.revision, corrects.reason.as_str())),
        draft: &text,
        digest,
        by: client.id,
        at: now,
        files: &files,
    };
    let scope = policy::releases_in_charge(actor, &catalogue.tree);
    let scope = scope.ok_or_else(|| Error::new(ErrorCode::NotPermitted))?;
    let work = async |conn: &mut Conn| {
        release_insert(conn, &scope, &new).await?;
        let release = release_find(conn, Some(&scope), new.id).await?;
        record(conn, By::Client(client), &entry, now).await?;
        release.ok_or_else(|| Error::internal("the draft was just entered"))
    };
    services.db.within(PATIENCE, async |conn| conn.transaction(work).await).await
}

fn missing() -> Error {
    Error::internal("a draft without faults lacks a field")
}

/// Holds everything that is asked for against the catalogue.
async fn plan(
    services: &Services,
    client: &Client,
    catalogue: &Catalogue,
    new: &NewRelease,
    mut faults: Faults,
) -> Result<Plan> {
    let today = day_of(services.clock.now());
    let agency = new.agency.as_ref().and_then(|code| find(catalogue, code));
    let agency = agency.filter(|agency| policy::may_publish_for(client, &catalogue.tree, *agency));
    if new.agency.is_some() && agency.is_none() {
        faults.at("/agency", FaultKind::UnknownAgency);
    }
    let root = agency.flatten();
    let mut contents = Vec::new();
    for (place, question) in new.contents.iter().enumerate() {
        let at = format!("/contents/{place}");
        contents.extend(content(catalogue, (root, today), question, (&at, &mut faults)));
    }
    if new.contents.len() > MOST_CONTENTS {
        faults.at(
            "/contents",
            FaultKind::OutOfRange { min: 1, max: i64::try_from(MOST_CONTENTS).unwrap_or(i64::MAX) },
        );
    }
    let code = new.agency.as_ref().map(code_of).unwrap_or_default();
    let series = new.name.as_ref().map(|name| series_of(&code, name));
    if let Some(series) = series.as_ref().filter(|_| agency.is_some()) {
        let newest = services.db.within(PATIENCE, async |conn| release_newest(conn, series).await).await?;
        check_correction(new.corrects.as_ref(), newest, &mut faults);
    }
    let (Some(_), Some(series), true) = (&new.title, series, faults.is_empty()) else {
        return Err(Error::invalid(faults.into_vec(), services.clock.now()));
    };
    let name = root.and_then(|root| catalogue.tree.get(root)).map_or("Cả nước", |agency| &agency.name);
    let publisher = Publisher { code, name: name.to_owned() };
    Ok(Plan { agency: root, series, publisher, contents })
}

/// The first of a series corrects nothing; each further one the newest.
fn check_correction(corrects: Option<&Corrects>, newest: i32, faults: &mut Faults) {
    match (corrects, newest) {
        (None, 0) => {}
        (None, _) => faults.at("/corrects", FaultKind::Missing),
        (Some(_), 0) => {
            let expected = "absent: nothing of this series is sealed yet";
            faults.at("/corrects", FaultKind::Unreadable { expected });
        }
        (Some(corrects), newest) if corrects.revision != newest => {
            let newest = i64::from(newest);
            faults.at("/corrects/revision", FaultKind::OutOfRange { min: newest, max: newest });
        }
        (Some(_), _) => {}
    }
}

/// `None`: there is none of this code; `Some(None)`: the whole country.
fn find(catalogue: &Catalogue, code: &SubjectCode) -> Option<Option<AgencyId>> {
    match code {
        SubjectCode::Country => Some(None),
        SubjectCode::Agencies(codes) => match codes.as_slice() {
            [code] => catalogue.tree.find(code).map(|agency| Some(agency.id)),
            _ => None,
        },
    }
}

fn code_of(code: &SubjectCode) -> String {
    match code {
        SubjectCode::Country => COUNTRY_WORD.to_owned(),
        SubjectCode::Agencies(codes) => codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    }
}

/// One question as the draft will say it.
fn content(
    catalogue: &Catalogue,
    (root, today): (Option<AgencyId>, NaiveDate),
    question: &Question,
    (at, faults): (&str, &mut Faults),
) -> Option<Content> {
    let place = |name: &str| format!("{at}/{name}");
    let tree_on = question.tree_on.unwrap_or(today);
    if tree_on > today {
        faults.at(place("tree_on"), FaultKind::PeriodNotBegun);
    }
    let inside = |id: &Option<AgencyId>| match (root, id) {
        (None, _) => true,
        (Some(root), Some(id)) => catalogue.tree.contains(root, *id),
        (Some(_), None) => false,
    };
    let agency = question.agency.as_ref().map(|code| find(catalogue, code).filter(inside));
    if agency == Some(None) {
        faults.at(place("agency"), FaultKind::UnknownAgency);
    } else if let Some(Some(Some(id))) = agency
        && !catalogue.tree.exists_on(id, tree_on)
    {
        let kind = FaultKind::Figure(FigureFault::NotInTree { successors: Vec::new() });
        faults.at(place("tree_on"), kind);
    }
    if let Some(period) = &question.period {
        check_period(period, today, (&place("period"), faults));
    }
    let mut named = Faults::default();
    let survey = question.survey.as_ref().and_then(|code| survey(catalogue, code, "survey", &mut named));
    let formula = survey.as_ref().and_then(|survey| formula(survey, question.formula.as_deref(), &mut named));
    for fault in named.into_vec() {
        if let Place::Parameter(name) = &fault.place {
            faults.at(place(name), fault.kind);
        }
    }
    let (kind, code) = (question.kind?, code_of(question.agency.as_ref()?));
    Some(Content {
        kind: kind.to_owned(),
        agency: code,
        survey: survey?.code.clone(),
        period: question.period.as_ref()?.code()?.to_owned(),
        formula: formula?.id().to_owned(),
        confidence_percent: question.confidence.percent(),
        tree_on,
        children: (kind == INDEX).then_some(question.children),
        ranked_from_n: (kind == RANKING).then_some(question.min_n),
    })
}

fn check_period(period: &Period, today: NaiveDate, (at, faults): (&str, &mut Faults)) {
    if period.code().is_none() || Unit::covering(period.from(), period.to()).is_none() {
        faults.at(at, FaultKind::Figure(FigureFault::MonthsForPublic));
    } else if period.from() > today {
        faults.at(at, FaultKind::PeriodNotBegun);
    }
}

/// What was figured out.
struct Computed {
    files: Vec<(String, Vec<u8>)>,
    questionnaires: Vec<QuestionnaireMark>,
    formulas: Vec<FormulaMark>,
}

/// Folds what waits, keeps everybody from folding, and reads everything as of one moment. What is taken in meanwhile waits in
/// the tail, has no number yet and is not in it.
async fn snapshot(
    services: &Services,
    catalogue: &Catalogue,
    contents: &[Content],
) -> Result<(Watermark, Computed)> {
    let surveys = by_number(&catalogue.surveys);
    let min_n = services.rules.min_n_public;
    let work = async |conn: &mut Conn| {
        fold_suspend(conn).await?;
        let read = async |conn: &mut Conn| {
            while conn.transaction(async |conn| fold_once(conn, &surveys).await).await?.more {}
            let read = async |conn: &mut Conn| {
                reports_hold(conn).await?;
                take_your_time(conn).await?;
                let mark = watermark_fetch(conn).await?;
                let bases = bases(conn, contents, &mark, min_n).await?;
                let marks = questionnaire_marks(conn, &bases).await?;
                Ok::<_, Error>((mark, bases, marks))
            };
            conn.build_transaction().repeatable_read().run(read).await
        };
        let result = read(conn).await;
        fold_resume(conn).await?;
        result
    };
    let (mark, bases, questionnaires) = services.db.within(PATIENCE, work).await?;
    let asked = contents.to_vec();
    let work = move || {
        let computed: Result<Vec<_>> =
            asked.iter().zip(&bases).map(|(content, basis)| compute(content, basis)).collect();
        files(&asked, &computed?)
    };
    let files = tokio::task::spawn_blocking(work).await.map_err(Error::internal)??;
    let formulas: BTreeSet<FormulaMark> = contents.iter().map(formula_mark).collect();
    Ok((mark, Computed { files, questionnaires, formulas: formulas.into_iter().collect() }))
}

fn formula_mark(content: &Content) -> FormulaMark {
    let known = crate::index::Formula::ALL.into_iter().find(|formula| formula.id() == content.formula);
    FormulaMark { id: content.formula.clone(), version: known.map_or(0, crate::index::Formula::version) }
}

/// What each content is made from, by the tallies.
async fn bases(conn: &mut Conn, contents: &[Content], mark: &Watermark, min_n: u64) -> Result<Vec<Basis>> {
    let surveys = surveys_all(conn).await?;
    let mut bases = Vec::with_capacity(contents.len());
    for content in contents {
        let survey = surveys.get(&content.survey).cloned().ok_or_else(missing)?;
        let period = Period::parse(&content.period).map_err(|_| missing())?;
        let leaves = tallies_of_leaves(conn, &survey, years_of(&period)).await?;
        bases.push(basis(conn, (content, survey, &period), (mark, min_n), leaves).await?);
    }
    Ok(bases)
}

/// Puts together what a content is made from, as it was known at the watermark.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn basis(
    conn: &mut Conn,
    (content, survey, period): (&Content, Arc<crate::domain::survey::Survey>, &Period),
    (mark, min_n): (&Watermark, u64),
    leaves: Vec<Leaf>,
) -> Result<Basis> {
    let tree: AgencyTree = tree_as_known(conn, mark, content.tree_on).await?;
    let days = (period.from(), period.to());
    let mut members: BTreeSet<AgencyId> = BTreeSet::new();
    if content.kind == INDEX {
        match SubjectCode::parse(&content.agency) {
            Some(SubjectCode::Agencies(codes)) => {
                let root = codes.first().and_then(|code| tree.find(code)).ok_or_else(missing)?.id;
                let spans =
                    tree.spans(root, Depth::Subtree, AsOf::On(content.tree_on), content.tree_on, days);
                members.extend(spans.iter().flat_map(|span| &span.members).map(|(agency, _)| *agency));
            }
            _ => members.extend(tree.everybody()),
        }
    }
    let members: Vec<AgencyId> = members.into_iter().collect();
    let mut reported: HashMap<AgencyId, Vec<_>> = HashMap::new();
    for (agency, count) in dossier_counts_upto(conn, &members, days, mark.dossier_counts).await? {
        reported.entry(agency).or_default().push(count);
    }
    Ok(Basis { tree, survey, leaves, reported, min_n })
}

/// The questionnaires with the digests they were published with.
async fn questionnaire_marks(conn: &mut Conn, bases: &[Basis]) -> Result<Vec<QuestionnaireMark>> {
    let mut marks = BTreeSet::new();
    for basis in bases {
        let version = &basis.survey.questionnaire;
        marks.insert(questionnaire_mark(conn, &version.code, version.version).await?);
    }
    Ok(marks.into_iter().collect())
}

/// A questionnaire version with the digest it was published with.
///
/// # Errors
/// [`ErrorCode::Unavailable`] if the database is away.
pub async fn questionnaire_mark(conn: &mut Conn, code: &str, version: i16) -> Result<QuestionnaireMark> {
    let (_, digest) = version_find(conn, code, version).await?.ok_or_else(missing)?;
    let mut sha256 = String::new();
    for byte in digest {
        let _ = write!(sha256, "{byte:02x}");
    }
    Ok(QuestionnaireMark { code: code.to_owned(), version, sha256 })
}
