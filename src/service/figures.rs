//! What all questions about figures have in common: who asks, about whom, by which survey, formula and tree.
//! The questions themselves are in `indexes`, `series`, `breakdowns`, `comparisons` and `rankings`.

mod naming;

pub use naming::{fielded, formula, survey};

use super::Services;
use super::catalogue::{Catalogue, current};
use super::counting::{Cell, Counted, CountedBy, Counts, count};
use super::visibility::{Sight, Withheld, sight};
use crate::auth::Actor;
use crate::auth::policy::{Audience, FigureReader, read_figures};
use crate::domain::agency::Agency;
use crate::domain::agency_scope::AgencyScope;
use crate::domain::dossiers::may_be_known;
use crate::domain::facet::Facet;
use crate::domain::ids::AgencyId;
use crate::domain::period::{Period, day_of};
pub use crate::domain::standing::Flagged;
use crate::domain::subject::{Subject, SubjectCode};
use crate::domain::survey::Survey;
use crate::domain::tree::{AgencyTree, AsOf, Depth, Span};
use crate::error::{Error, ErrorCode, FaultKind, Faults, FigureFault, Place, Result};
pub use crate::index::Formula;
pub use crate::index::IndexValue;
use crate::index::combine::Question;
pub use crate::index::confidence::Confidence;
use crate::index::evidence::Evidence;
pub use crate::index::interval::Interval;
use crate::index::{Figures, figures};
use crate::store::dossier_counts::dossiers_sums;
use crate::store::kept_totals::COUNTRY;
use crate::store::tallies::Of;
use crate::store::{Conn, SILENCE};
use chrono::{DateTime, NaiveDate, Utc};
use naming::subject;
use std::sync::Arc;

/// What is asked of any figure. A parameter that is absent or was faulty is `None`; the reader has reported what
/// was wrong.
#[derive(Debug, Clone)]
pub struct Asked {
    /// About whom.
    pub subject: SubjectCode,
    /// Alone or with everything below.
    pub depth: Depth,
    /// Code of the survey.
    pub survey: Option<String>,
    /// The period.
    pub period: Option<Period>,
    /// Formula id; the first of the survey's kind if absent.
    pub formula: Option<String>,
    /// By which tree.
    pub as_of: AsOf,
    /// Of every interval.
    pub confidence: Confidence,
    /// Whether flagged responses count.
    pub flagged: Flagged,
}

/// What every answer echoes.
#[derive(Debug, Clone)]
pub struct Head {
    /// The agencies; empty for the whole country.
    pub agencies: Vec<Agency>,
    /// Alone or with everything below.
    pub depth: Depth,
    /// By which tree.
    pub as_of: AsOf,
    /// Today, which is what `AsOf::Now` means.
    pub today: NaiveDate,
    /// The survey.
    pub survey: Arc<Survey>,
    /// Whether it is fielded at one of the agencies or somewhere below; if not, there is nothing to count.
    pub fielded: bool,
    /// The period.
    pub period: Period,
    /// The rule.
    pub formula: Formula,
    /// Of every interval.
    pub confidence: Confidence,
    /// Whether flagged responses count.
    pub flagged: Flagged,
    /// Fewest people a shown value is made from; 0 for those in charge.
    pub min_n: u64,
}

/// A question that may be answered.
pub struct Setting<'s> {
    services: &'s Services,
    reader: FigureReader,
    /// The catalogue it is answered by.
    pub catalogue: Arc<Catalogue>,
    /// About whom.
    pub subject: Subject,
    /// What the answer echoes.
    pub head: Head,
}

impl Head {
    /// The day whose tree says what is below what: for `as_of=then` the period's last one, if that is over.
    pub fn tree_day(&self) -> NaiveDate {
        match self.as_of {
            AsOf::Now => self.today,
            AsOf::On(day) => day,
            AsOf::Then => self.period.to().pred_opt().unwrap_or(self.today).min(self.today),
        }
    }
}

impl<'s> Setting<'s> {
    /// Checks who asks, then what. `faults` are those the reader of the request found already.
    ///
    /// # Errors
    /// [`ErrorCode::AgencyNotFound`]; [`ErrorCode::TokenMissing`] where figures are not public;
    /// [`ErrorCode::ValidationFailed`] for an unknown survey, a formula of another kind, or a tree without the agency.
    pub async fn new(
        services: &'s Services,
        actor: &Actor,
        asked: &Asked,
        mut faults: Faults,
    ) -> Result<Self> {
        let catalogue = current(services).await?;
        let public = services.rules.public_figures;
        let (subject, agencies) = subject(&catalogue, asked).ok_or_else(|| match (actor, public) {
            // Who may not read learns nothing about which agencies exist.
            (Actor::Anonymous, false) => Error::new(ErrorCode::TokenMissing),
            _ => Error::new(ErrorCode::AgencyNotFound),
        })?;
        let reader = read_figures(actor, &catalogue.tree, &subject, public)?;
        if asked.flagged == Flagged::Included && reader.audience() == Audience::Public {
            let kind = FaultKind::Figure(FigureFault::FlaggedInCharge);
            faults.push(Place::Parameter("flagged".into()), kind);
        }
        let today = day_of(services.clock.now());
        let survey = asked.survey.as_ref().and_then(|code| survey(&catalogue, code, "survey", &mut faults));
        let formula =
            survey.as_ref().and_then(|survey| formula(survey, asked.formula.as_deref(), &mut faults));
        let (Some(survey), Some(formula), Some(period), true) =
            (survey, formula, asked.period.clone(), faults.is_empty())
        else {
            return Err(Error::invalid(faults.into_vec(), services.clock.now()));
        };
        let tree = &catalogue.tree;
        let spans = subject.spans(tree, asked.depth, asked.as_of, today, (period.from(), period.to()));
        if spans.iter().all(|span| span.members.is_empty()) {
            return Err(not_in_tree(services, tree, &agencies));
        }
        let roots: Vec<AgencyId> = agencies.iter().map(|agency| agency.id).collect();
        let head = Head {
            fielded: fielded(&catalogue, &survey, &roots),
            agencies,
            // The whole country is no agency that could be alone.
            depth: if subject == Subject::Country { Depth::Subtree } else { asked.depth },
            as_of: asked.as_of,
            today,
            survey,
            period,
            formula,
            confidence: asked.confidence,
            flagged: asked.flagged,
            min_n: match reader.audience() {
                Audience::Public => services.rules.min_n_public,
                Audience::InCharge => 0,
            },
        };
        Ok(Self { services, reader, catalogue, subject, head })
    }

    /// A refusal that names a fault of a parameter.
    pub fn refuse(&self, parameter: &str, kind: FaultKind) -> Error {
        let mut faults = Faults::default();
        faults.push(Place::Parameter(parameter.into()), kind);
        self.refuse_all(faults)
    }

    /// A refusal that names all faults.
    pub fn refuse_all(&self, faults: Faults) -> Error {
        Error::invalid(faults.into_vec(), self.services.clock.now())
    }

    /// Two questions as one, answered for whom both may be answered: to be counted at one moment.
    pub fn together(one: &Self, two: &Self) -> Self {
        Self {
            services: one.services,
            reader: one.reader.and(two.reader),
            catalogue: one.catalogue.clone(),
            subject: one.subject.clone(),
            head: Head { min_n: one.head.min_n.max(two.head.min_n), ..one.head.clone() },
        }
    }

    /// For whom the answer is made.
    pub fn audience(&self) -> Audience {
        self.reader.audience()
    }

    /// The subject's responses on some days.
    pub fn cell(&self, days: (NaiveDate, NaiveDate)) -> Cell {
        self.cell_of(&self.subject, days)
    }

    /// Another subject's responses on some days, by the same tree.
    pub fn cell_of(&self, subject: &Subject, days: (NaiveDate, NaiveDate)) -> Cell {
        let Head { depth, as_of, today, .. } = self.head;
        let root = match (subject, depth) {
            (Subject::Country, _) => Some(COUNTRY),
            (_, Depth::Subtree) => subject.only().map(|agency| agency.0),
            (_, Depth::SelfOnly) => None,
        };
        Cell { spans: subject.spans(&self.catalogue.tree, depth, as_of, today, days), root }
    }

    /// Counts cells, with or without the flagged as it was asked.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if the database is away.
    pub async fn count(
        &self,
        survey: &Survey,
        facet: Option<Facet>,
        cells: &[Cell],
    ) -> Result<Vec<CountedBy>> {
        let of = match self.head.flagged {
            Flagged::Excluded => Of::Counted,
            Flagged::Included => Of::Both,
        };
        Ok(self.count_of(survey, facet, (cells, of)).await?.together())
    }

    /// Counts a cell, for those in charge the flagged beside it.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if the database is away.
    pub async fn count_beside(&self, survey: &Survey, cell: &Cell) -> Result<Counts> {
        let of = match self.audience() {
            Audience::Public => Of::Counted,
            Audience::InCharge => Of::Both,
        };
        self.count_of(survey, None, (std::slice::from_ref(cell), of)).await
    }

    async fn count_of(
        &self,
        survey: &Survey,
        facet: Option<Facet>,
        (cells, of): (&[Cell], Of),
    ) -> Result<Counts> {
        let scope = self.scope(cells);
        count(self.services, &scope, survey, facet, (cells, of)).await
    }

    /// Those whose responses some cells are made from.
    pub fn scope(&self, cells: &[Cell]) -> AgencyScope {
        let members = cells.iter().flat_map(|cell| &cell.spans).flat_map(|span| &span.members);
        self.reader.scope(members.map(|(agency, _)| *agency))
    }

    /// What is asked of a cell's evidence.
    pub fn question(&self, population: Option<u64>) -> Question {
        let Head { formula, confidence, min_n, .. } = self.head;
        Question { formula, confidence, min_n, population }
    }

    /// What the audience may see of a survey in some spans of days; to be asked for after they were counted.
    ///
    /// # Errors
    /// As [`sight`].
    pub async fn sight(&self, survey: &Survey, days: &[(NaiveDate, NaiveDate)]) -> Result<Sight> {
        sight(self.services, self, survey, days).await
    }

    /// What has to be withheld of the subject's figure.
    pub fn withheld(&self, sight: &Sight, days: (NaiveDate, NaiveDate), cell: &Cell) -> Withheld {
        sight.of(&self.subject, self.head.depth, days, &cell.spans)
    }

    /// Dossiers handled by those of each cell, where that is known completely.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] if the database is away.
    pub async fn dossiers(&self, cells: &[Cell]) -> Result<Vec<Option<u64>>> {
        let tree = &self.catalogue.tree;
        // Most figures of most countries: nobody has reported anything, and a statement over thousands of agencies
        // would cost as much as the figure itself.
        let known = |cell: &&Cell| may_be_known(tree, &cell.spans, &self.catalogue.dossier_reporters);
        let spans: Vec<&[Span]> = cells.iter().filter(known).map(|cell| cell.spans.as_slice()).collect();
        if spans.is_empty() {
            return Ok(vec![None; cells.len()]);
        }
        let sums = async |conn: &mut Conn| dossiers_sums(conn, tree, &spans).await;
        let mut sums = self.services.db.within(SILENCE, sums).await?.into_iter();
        Ok(cells.iter().map(|cell| if known(&cell) { sums.next().flatten() } else { None }).collect())
    }

    /// Every figure of a cell.
    pub fn figures(&self, counted: Option<&Counted>, withheld: Withheld) -> (Figures, Option<DateTime<Utc>>) {
        let mut evidence = evidence(&self.head.survey, counted);
        evidence.withhold(withheld);
        self.figures_of(&evidence, None)
    }

    /// Every figure of some evidence; `population` is the number of dossiers, if known.
    pub fn figures_of(
        &self,
        evidence: &Evidence,
        population: Option<u64>,
    ) -> (Figures, Option<DateTime<Utc>>) {
        let figures = figures(&self.head.survey.questionnaire, evidence, &self.question(population));
        // When the only few answered is theirs to know.
        let watermark = evidence.watermark().filter(|_| !figures.whole.suppressed);
        (figures, watermark)
    }
}

/// A refusal: agencies did not exist in the tree asked for; names what they became part of.
pub fn not_in_tree(services: &Services, tree: &AgencyTree, agencies: &[Agency]) -> Error {
    let successors = agencies.iter().flat_map(|agency| tree.successors(agency.id));
    let successors = successors.filter_map(|succession| tree.get(succession.successor));
    let successors = successors.map(|agency| agency.code.to_string()).collect();
    let mut faults = Faults::default();
    let kind = FaultKind::Figure(FigureFault::NotInTree { successors });
    faults.push(Place::Parameter("as_of".into()), kind);
    Error::invalid(faults.into_vec(), services.clock.now())
}

/// What was counted, as the mathematics take it.
pub fn evidence(survey: &Survey, counted: Option<&Counted>) -> Evidence {
    let mut evidence = Evidence::new(&survey.questionnaire);
    for (share, tally) in counted.into_iter().flatten() {
        evidence.add(tally, *share);
    }
    evidence
}
