//! The figures of a release: from what agencies were told in each month to the bytes that are published. Pure; drafting takes
//! the months from the tallies, reproduction counts them again from the raw responses, and both come here.

use crate::domain::agency::Agency;
use crate::domain::dossiers::{DossierCount, handled};
use crate::domain::ids::AgencyId;
use crate::domain::period::{Grain, Period, ZONE_NAME, start_of};
use crate::domain::questionnaire::{Kind, Wording};
use crate::domain::subject::{COUNTRY_WORD, Subject, SubjectCode};
use crate::domain::survey::Survey;
use crate::domain::tree::{AgencyTree, AsOf, Depth, Span};
use crate::error::{Error, Result};
use crate::index::combine::{IndexValue, Question, whole_of};
use crate::index::confidence::Confidence;
use crate::index::evidence::{Evidence, withhold_alike};
use crate::index::ranking::{Standing, rank};
use crate::index::{Figures, Formula, figures};
use crate::release::manifest::{Content, FORM};
use crate::release::table::{Cell, Table};
use crate::release::{canonical, names};
use crate::service::visibility::Sight;
use crate::store::tally_shapes::Leaf;
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Everything one content is made from.
pub struct Basis {
    /// The agencies, seen from the day of the tree.
    pub tree: AgencyTree,
    /// The survey.
    pub survey: Arc<Survey>,
    /// What each agency itself was told in each month of [`years_of`].
    pub leaves: Vec<Leaf>,
    /// How many dossiers were reported.
    pub reported: HashMap<AgencyId, Vec<DossierCount>>,
    /// Fewest people a shown value is made from.
    pub min_n: u64,
}

/// What a content's words mean.
pub struct Read {
    period: Period,
    formula: Formula,
    confidence: Confidence,
    subject: SubjectCode,
}

impl Read {
    /// Reads a content that was checked when it was drafted.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`](crate::error::ErrorCode::Internal) for what no draft says.
    pub fn of(content: &Content, kind: Kind) -> Result<Self> {
        let wrong = || Error::internal(format!("a release says what no draft says: {content:?}"));
        Ok(Self {
            period: Period::parse(&content.period).map_err(|_| wrong())?,
            formula: Formula::parse(&content.formula, kind).map_err(|_| wrong())?,
            confidence: Confidence::parse(&content.confidence_percent.to_string()).map_err(|_| wrong())?,
            subject: SubjectCode::parse(&content.agency).ok_or_else(wrong)?,
        })
    }
}

/// The whole years around a period: what is withheld in a month depends on its year.
pub fn years_of(period: &Period) -> (NaiveDate, NaiveDate) {
    let last = period.to().pred_opt().unwrap_or(period.from());
    (Grain::Year.start(period.from()), Grain::Year.end(Grain::Year.start(last)))
}

/// Whose responses make up a figure, and whose name it has.
struct Place {
    agency: Option<Agency>,
    subject: Subject,
    spans: Vec<Span>,
}

impl Place {
    fn new(basis: &Basis, read: &Read, day: NaiveDate, id: Option<AgencyId>) -> Self {
        let subject = id.map_or(Subject::Country, |id| Subject::Agencies(vec![id]));
        let days = (read.period.from(), read.period.to());
        let spans = subject.spans(&basis.tree, Depth::Subtree, AsOf::On(day), day, days);
        Self { agency: id.and_then(|id| basis.tree.get(id).cloned()), subject, spans }
    }

    fn code(&self) -> &str {
        self.agency.as_ref().map_or(COUNTRY_WORD, |agency| agency.code.as_str())
    }

    fn name(&self) -> &str {
        self.agency.as_ref().map_or("Cả nước", |agency| &agency.name)
    }

    fn json(&self) -> Value {
        json!({"code": self.code(), "name": self.name()})
    }
}

/// One content with what it is made from, ready to be counted.
struct Sheet<'a> {
    content: &'a Content,
    basis: &'a Basis,
    read: Read,
    sight: Sight,
    by_agency: HashMap<AgencyId, Vec<&'a Leaf>>,
}

/// The figures of a content, as JSON and as a table.
///
/// # Errors
/// [`ErrorCode::Internal`](crate::error::ErrorCode::Internal) for what no draft says.
pub fn compute(content: &Content, basis: &Basis) -> Result<(Value, Table)> {
    let read = Read::of(content, basis.survey.questionnaire.kind)?;
    let sight = Sight::of_leaves(&basis.leaves, &basis.survey, (&basis.tree, content.tree_on), basis.min_n);
    let mut by_agency: HashMap<AgencyId, Vec<&Leaf>> = HashMap::new();
    for leaf in &basis.leaves {
        by_agency.entry(leaf.agency).or_default().push(leaf);
    }
    let sheet = Sheet { content, basis, read, sight, by_agency };
    if content.kind == super::RANKING { sheet.ranking() } else { sheet.indexes() }
}

/// All contents as the files that are published.
///
/// # Errors
/// As [`canonical`].
pub fn files(contents: &[Content], computed: &[(Value, Table)]) -> Result<Vec<(String, Vec<u8>)>> {
    let figures: Vec<&Value> = computed.iter().map(|(value, _)| value).collect();
    let mut files =
        vec![(names::FIGURES.to_owned(), canonical(&json!({"form": FORM, "contents": figures}))?)];
    for (place, (content, (_, table))) in (1..).zip(contents.iter().zip(computed)) {
        files.push((table_name(place, content), table.csv()));
    }
    Ok(files)
}

/// `content-01-index.csv`
pub fn table_name(place: usize, content: &Content) -> String {
    format!("content-{place:02}-{}.csv", content.kind)
}

impl Sheet<'_> {
    fn root(&self) -> Result<Option<AgencyId>> {
        match &self.read.subject {
            SubjectCode::Country => Ok(None),
            SubjectCode::Agencies(codes) => {
                let found = codes.first().and_then(|code| self.basis.tree.find(code));
                let missing =
                    || Error::internal(format!("a release names an agency that is none: {codes:?}"));
                found.map(|agency| Some(agency.id)).ok_or_else(missing)
            }
        }
    }

    /// The agencies right below the subject on the day of the tree, by code.
    fn children(&self) -> Result<Vec<Place>> {
        let (tree, day) = (&self.basis.tree, self.content.tree_on);
        let is_top = |id: &AgencyId| tree.exists_on(*id, day) && tree.parent_on(*id, day).is_none();
        let ids = match self.root()? {
            Some(root) => tree.children_on(root, day),
            None => tree.everybody().into_iter().filter(is_top).collect(),
        };
        let mut places: Vec<Place> =
            ids.into_iter().map(|id| Place::new(self.basis, &self.read, day, Some(id))).collect();
        places.sort_by(|one, two| one.code().cmp(two.code()));
        Ok(places)
    }

    fn evidence(&self, place: &Place) -> Evidence {
        let mut evidence = Evidence::new(&self.basis.survey.questionnaire);
        for span in &place.spans {
            for (agency, share) in &span.members {
                for leaf in self.by_agency.get(agency).into_iter().flatten() {
                    if span.from <= leaf.month && leaf.month < span.to {
                        evidence.add(&leaf.tally, *share);
                    }
                }
            }
        }
        let days = (self.read.period.from(), self.read.period.to());
        evidence.withhold(self.sight.of(&place.subject, Depth::Subtree, days, &place.spans));
        evidence
    }

    fn question(&self, population: Option<u64>) -> Question {
        let (formula, confidence, min_n) = (self.read.formula, self.read.confidence, self.basis.min_n);
        Question { formula, confidence, min_n, population }
    }

    fn head(&self) -> Value {
        let (survey, formula, period) = (&self.basis.survey, self.read.formula, &self.read.period);
        json!({
            "kind": self.content.kind,
            "survey": {
                "code": survey.code, "kind": survey.questionnaire.kind.as_str(), "sample": survey.sample,
                "questionnaire": survey.questionnaire.code, "version": survey.questionnaire.version,
            },
            "period": {
                "code": period.code(), "from": start_of(period.from()).to_rfc3339(),
                "to": start_of(period.to()).to_rfc3339(), "zone": ZONE_NAME,
            },
            "formula": {"id": formula.id(), "version": formula.version(), "unit": formula.unit()},
            "confidence_percent": self.content.confidence_percent,
            "flagged": "excluded",
            "min_n": self.basis.min_n,
            "scope": "subtree",
            "tree_on": self.content.tree_on,
        })
    }

    fn with_head(&self, fields: Value) -> Value {
        let mut all = self.head();
        if let (Some(all), Value::Object(fields)) = (all.as_object_mut(), fields) {
            all.extend(fields);
        }
        all
    }

    fn indexes(&self) -> Result<(Value, Table)> {
        let root = Place::new(self.basis, &self.read, self.content.tree_on, self.root()?);
        let below = if self.content.children == Some(true) { self.children()? } else { Vec::new() };
        let kind = self.basis.survey.questionnaire.kind;
        let mut table = Table { columns: index_columns(kind), rows: Vec::new() };
        let mut entries = Vec::new();
        for place in std::iter::once(&root).chain(&below) {
            let evidence = self.evidence(place);
            let dossiers = handled(&self.basis.tree, &place.spans, &self.basis.reported);
            // More answers than dossiers: the report cannot be right, and must not make the figure look certain.
            let dossiers = dossiers.filter(|dossiers| *dossiers >= evidence.people());
            let figures = figures(&self.basis.survey.questionnaire, &evidence, &self.question(dossiers));
            let told = dossiers.filter(|_| !figures.whole.suppressed);
            entries.push(self.entry(place, &figures, told));
            self.rows(place, &figures, told, &mut table.rows);
        }
        Ok((self.with_head(json!({"agency": root.json(), "figures": entries})), table))
    }

    fn entry(&self, place: &Place, figures: &Figures, dossiers: Option<u64>) -> Value {
        let (version, kind) = (&self.basis.survey.questionnaire, self.basis.survey.questionnaire.kind);
        let text = |wording: &Wording| json!({"vi": wording.vi, "en": wording.en});
        let element = |(element, of): (
            &crate::domain::questionnaire::Element,
            &crate::index::combine::ElementFigures,
        )| {
            let criteria =
                version.criteria.get(element.criteria.clone()).unwrap_or_default().iter().zip(&of.criteria);
            let criteria = criteria.map(|(criterion, value)| {
                let mut entry = value_json(value, kind);
                put(&mut entry, "code", json!(criterion.code));
                put(&mut entry, "text", text(&criterion.text));
                entry
            });
            let criteria: Vec<Value> = criteria.collect();
            let mut entry = value_json(&of.value, kind);
            put(&mut entry, "code", json!(element.code));
            put(&mut entry, "text", text(&element.text));
            put(&mut entry, "criteria", Value::from(criteria));
            entry
        };
        let elements: Vec<Value> = version.elements.iter().zip(&figures.elements).map(element).collect();
        json!({
            "agency": place.json(),
            "whole": value_json(&figures.whole, kind),
            "elements": elements,
            "left_out": version.codes(&figures.whole.left_out),
            "band": figures.band.map(|band| band.as_str()),
            "dossiers": dossiers,
        })
    }

    fn rows(&self, place: &Place, figures: &Figures, dossiers: Option<u64>, rows: &mut Vec<Vec<Cell>>) {
        let version = &self.basis.survey.questionnaire;
        let mut row = |part: &str, code: &str, value: &IndexValue| {
            let mut row =
                vec![Cell::text(place.code()), Cell::text(place.name()), Cell::text(part), Cell::text(code)];
            row.extend(value_cells(value, version.kind));
            row.push(Cell::count(dossiers));
            rows.push(row);
        };
        row("whole", "", &figures.whole);
        for (element, of) in version.elements.iter().zip(&figures.elements) {
            row("element", &element.code, &of.value);
            let criteria = version.criteria.get(element.criteria.clone()).unwrap_or_default();
            for (criterion, value) in criteria.iter().zip(&of.criteria) {
                row("criterion", &criterion.code, value);
            }
        }
    }

    fn ranking(&self) -> Result<(Value, Table)> {
        let root = Place::new(self.basis, &self.read, self.content.tree_on, self.root()?);
        let version = &self.basis.survey.questionnaire;
        let least = self.content.ranked_from_n.unwrap_or_default();
        let places = self.children()?;
        let mut evidences: Vec<Evidence> = places.iter().map(|place| self.evidence(place)).collect();
        withhold_alike(&mut evidences, self.basis.min_n);
        let question = self.question(None);
        let wholes: Vec<IndexValue> =
            evidences.iter().map(|evidence| whole_of(version, evidence, &question)).collect();
        let ranking = rank(&wholes, least);
        let mut entries: Vec<_> = places.iter().zip(&wholes).zip(&ranking.standings).collect();
        entries.sort_by_key(|((place, _), standing)| match standing {
            Standing::Ranked { rank, .. } => (*rank, place.code()),
            Standing::Unranked(_) => (u64::MAX, place.code()),
        });
        let columns = ["rank", "best_rank", "worst_rank", "unranked", "agency_code", "agency_name"];
        let columns =
            columns.iter().map(|name| (*name).to_owned()).chain(value_columns(version.kind)).collect();
        let mut table = Table { columns, rows: Vec::new() };
        let mut items = Vec::new();
        for ((place, value), standing) in entries {
            let (ranks, unranked) = match standing {
                Standing::Ranked { rank, best, worst } => ([Some(*rank), Some(*best), Some(*worst)], None),
                Standing::Unranked(reason) => ([None; 3], Some(reason.as_str())),
            };
            let mut row: Vec<Cell> = ranks.iter().map(|rank| Cell::count(*rank)).collect();
            row.push(unranked.map_or(Cell::Empty, Cell::text));
            row.extend([Cell::text(place.code()), Cell::text(place.name())]);
            row.extend(value_cells(value, version.kind));
            table.rows.push(row);
            let [rank, best, worst] = ranks;
            let mut item = value_json(value, version.kind);
            put(&mut item, "code", json!(place.code()));
            put(&mut item, "name", json!(place.name()));
            put(&mut item, "rank", json!(rank));
            put(&mut item, "best_rank", json!(best));
            put(&mut item, "worst_rank", json!(worst));
            put(&mut item, "unranked", json!(unranked));
            items.push(item);
        }
        let fields = json!({
            "agency": root.json(), "ranked_from_n": least, "ranked": ranking.ranked, "entries": items,
        });
        Ok((self.with_head(fields), table))
    }
}

fn put(entry: &mut Value, name: &str, value: Value) {
    if let Some(fields) = entry.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// A value in the words of the API.
fn value_json(value: &IndexValue, kind: Kind) -> Value {
    let levels = value.counts.map(|counts| {
        let pairs = kind.level_values().iter().zip(counts.levels);
        pairs.map(|(level, count)| json!({"level": level, "count": count})).collect::<Vec<_>>()
    });
    json!({
        "value": value.value.map(|value| value.to_f64()),
        "interval": value.interval.map(|i| json!({"low": i.low.to_f64(), "high": i.high.to_f64()})),
        "n": value.n,
        "numerator": value.fraction.map(|(numerator, _)| numerator),
        "denominator": value.fraction.map(|(_, denominator)| denominator),
        "levels": levels,
        "not_applicable": value.counts.map(|counts| counts.not_applicable),
        "suppressed": value.suppressed,
        "estimated": value.estimated,
    })
}

fn index_columns(kind: Kind) -> Vec<String> {
    let head = ["agency_code", "agency_name", "part", "code"].map(str::to_owned);
    head.into_iter().chain(value_columns(kind)).chain(["dossiers".to_owned()]).collect()
}

fn value_columns(kind: Kind) -> Vec<String> {
    let head = ["value", "low", "high", "n", "suppressed", "estimated"].map(str::to_owned);
    let levels = kind.level_values().iter().map(|level| format!("level_{level}"));
    head.into_iter().chain(levels).chain(["not_applicable".to_owned()]).collect()
}

fn value_cells(value: &IndexValue, kind: Kind) -> Vec<Cell> {
    let mut cells = vec![
        Cell::figure(value.value.map(|value| value.to_f64())),
        Cell::figure(value.interval.map(|interval| interval.low.to_f64())),
        Cell::figure(value.interval.map(|interval| interval.high.to_f64())),
        Cell::count(value.n),
        Cell::Truth(value.suppressed),
        Cell::Truth(value.estimated),
    ];
    let levels = 0..kind.level_values().len();
    let count = |place: usize| value.counts.and_then(|counts| counts.levels.get(place).copied());
    cells.extend(levels.map(|place| Cell::count(count(place))));
    cells.push(Cell::count(value.counts.map(|counts| counts.not_applicable)));
    cells
}
