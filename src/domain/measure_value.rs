//! Values of measures: what somebody entered from a document, and how it changed against the period before.

use super::agency::AgencyCode;
use super::amount::Amount;
use super::ids::ClientId;
use super::measure::{Break, Mark, Measure, MeasureCode};
use super::period::Period;
use super::subject::COUNTRY_WORD;
use crate::error::FaultKind;
use chrono::{DateTime, NaiveDate, Utc};
use std::fmt;

/// Most characters of the title of a document, of its number, of its link and of a reason.
pub const MAX_TITLE: usize = 300;
/// See [`MAX_TITLE`].
pub const MAX_NUMBER: usize = 100;
/// See [`MAX_TITLE`].
pub const MAX_LINK: usize = 500;
/// See [`MAX_TITLE`].
pub const MAX_REASON: usize = 500;

/// Whom values are about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Holder {
    /// The whole country.
    Country,
    /// An agency.
    Agency(AgencyCode),
}

impl Holder {
    /// Reads the code of an agency, or the word for the whole country.
    ///
    /// # Errors
    /// As [`AgencyCode::parse`].
    pub fn parse(text: &str) -> Result<Self, FaultKind> {
        if text == COUNTRY_WORD { Ok(Self::Country) } else { AgencyCode::parse(text).map(Self::Agency) }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Country => f.write_str(COUNTRY_WORD),
            Self::Agency(code) => code.fmt(f),
        }
    }
}

/// The place in a published list: `rank` of `out_of`, 1 the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    rank: i32,
    out_of: i32,
}

impl Rank {
    /// Longest list that is taken.
    pub const MOST: i64 = 100_000;

    /// The place `rank` of `out_of`; `None` unless 1 <= `rank` <= `out_of` <= [`Rank::MOST`].
    pub fn new(rank: i64, out_of: i64) -> Option<Self> {
        let fits = 1 <= rank && rank <= out_of && out_of <= Self::MOST;
        let (rank, out_of) = (i32::try_from(rank).ok()?, i32::try_from(out_of).ok()?);
        fits.then_some(Self { rank, out_of })
    }

    /// The place, from 1.
    pub const fn rank(self) -> i32 {
        self.rank
    }

    /// How many are ranked.
    pub const fn out_of(self) -> i32 {
        self.out_of
    }
}

/// The document a value was read in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDocument {
    /// What it is called.
    pub title: String,
    /// Its number, for example `QĐ 323/QĐ-BNV`.
    pub number: Option<String>,
    /// Its date.
    pub date: Option<NaiveDate>,
    /// Where it can be read, by HTTPS.
    pub link: Option<String>,
}

/// Reads an address of a document.
///
/// # Errors
/// [`FaultKind::BadFormat`] unless it begins with `https://` and a host and holds nothing that would have to be quoted;
/// [`FaultKind::TooLong`].
pub fn parse_link(text: &str) -> Result<String, FaultKind> {
    if text.chars().count() > MAX_LINK {
        return Err(FaultKind::TooLong { max: MAX_LINK });
    }
    let host = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    // No user name: it would make the address look as if it led elsewhere.
    let host = host.filter(|host| host.contains('.') && !host.contains('@') && !host.starts_with('.'));
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"\"'<>\\^`{|}".contains(c);
    let link = host.filter(|_| text.chars().all(plain)).map(|_| text.to_owned());
    link.ok_or(FaultKind::BadFormat { expected: "https://example.gov.vn/document" })
}

/// What a document says of an agency, or of the whole country: a value, a rank, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The value in the measure's unit; `None`: not published, which is not zero.
    pub value: Option<Amount>,
    /// The place; `None`: not published.
    pub rank: Option<Rank>,
    /// Where it was read.
    pub source: SourceDocument,
    /// Why it is assumed; `None`: it was read in the source.
    pub assumed_because: Option<String>,
}

impl Statement {
    /// How far it can be relied on.
    pub const fn mark(&self) -> Mark {
        if self.assumed_because.is_some() { Mark::Assumed } else { Mark::Verified }
    }
}

/// A statement as it was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasureValue {
    /// Which measure.
    pub measure: MeasureCode,
    /// By which version of its definition.
    pub version: i16,
    /// For when.
    pub period: Period,
    /// 1 for the first statement, one more for each correction.
    pub revision: i32,
    /// What is said.
    pub statement: Statement,
    /// Who entered it.
    pub entered_by: ClientId,
    /// When.
    pub entered_at: DateTime<Utc>,
}

/// What becomes of a statement that somebody enters where `newest` is what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is said already.
    Same,
    /// It is this revision.
    Revision(i32),
    /// It names another revision than the newest, or none; 0: nothing was entered.
    Conflict(i32),
}

impl Next {
    /// A correction names the revision that it replaces: whoever has not seen the newest one does not overwrite it. What
    /// is said again changes nothing, so that a request whose answer was lost can be repeated.
    pub fn of(newest: Option<&MeasureValue>, statement: &Statement, replaces: Option<i64>) -> Self {
        match (newest, replaces) {
            (None, None) => Self::Revision(1),
            (None, Some(_)) => Self::Conflict(0),
            (Some(newest), _) if newest.statement == *statement => Self::Same,
            (Some(newest), Some(replaces)) if replaces == i64::from(newest.revision) => {
                Self::Revision(newest.revision.saturating_add(1))
            }
            (Some(newest), _) => Self::Conflict(newest.revision),
        }
    }
}

/// The newest statement about each measure and period; `all` in the order of revisions.
pub fn newest(all: Vec<MeasureValue>) -> Vec<MeasureValue> {
    let mut newest: Vec<MeasureValue> = Vec::new();
    for value in all {
        match newest.last_mut().filter(|last| last.measure == value.measure && last.period == value.period) {
            Some(last) => *last = value,
            None => newest.push(value),
        }
    }
    newest
}

/// How a value stands against the period right before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The period before.
    pub before: Period,
    /// What was said of it; `None` where nothing was, or it is not comparable.
    pub statement: Option<Statement>,
    /// Value now minus value then, in ten-thousandths of the unit.
    pub value: Option<i32>,
    /// Places gained; negative: lost. Published lists may differ in length from period to period.
    pub places: Option<i32>,
    /// The break between the two; then nothing is told of a change.
    pub broken: Option<Break>,
}

impl Change {
    /// The change of a value; `all` are the newest statements about the same agency. `None` if nothing was said of the
    /// period before and the series does not break there.
    pub fn of(measure: &Measure, now: &MeasureValue, all: &[MeasureValue]) -> Option<Self> {
        let before = measure.frequency.before(&now.period)?;
        if let Some(broken) = measure.break_between(&before, &now.period) {
            return Some(Self {
                before,
                statement: None,
                value: None,
                places: None,
                broken: Some(broken.clone()),
            });
        }
        let then = all.iter().find(|value| value.measure == now.measure && value.period == before)?;
        let (now, then) = (&now.statement, &then.statement);
        Some(Self {
            before,
            value: now.value.zip(then.value).map(|(now, then)| now.minus(then)),
            places: now.rank.zip(then.rank).map(|(now, then)| then.rank() - now.rank()),
            statement: Some(then.clone()),
            broken: None,
        })
    }
}

/// Who is responsible for a measure at an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty<A> {
    /// For which measure.
    pub measure: MeasureCode,
    /// From which day on.
    pub from: NaiveDate,
    /// The unit in words, in Vietnamese.
    pub unit_vi: Option<String>,
    /// The same in English.
    pub unit_en: Option<String>,
    /// The unit, where it is an agency.
    pub agency: Option<A>,
}

impl<A> Duty<A> {
    /// Most characters of a unit's name.
    pub const MAX_UNIT: usize = 200;
}

/// The duties that hold on a day, one for each measure; `all` in the order they were recorded.
pub fn duties_on<A: Clone>(all: &[Duty<A>], day: NaiveDate) -> Vec<Duty<A>> {
    let mut held: Vec<Duty<A>> = Vec::new();
    for duty in all.iter().filter(|duty| duty.from <= day) {
        match held.iter_mut().find(|known| known.measure == duty.measure) {
            Some(known) if known.from > duty.from => {}
            Some(known) => *known = duty.clone(),
            None => held.push(duty.clone()),
        }
    }
    held
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::measure;
    use uuid::Uuid;

    fn said(code: &str, period: &str, value: Option<&str>, rank: Option<(i64, i64)>) -> MeasureValue {
        let source = SourceDocument { title: "x".into(), number: None, date: None, link: None };
        MeasureValue {
            measure: MeasureCode::parse(code).unwrap(),
            version: 1,
            period: Period::parse(period).unwrap(),
            revision: 1,
            statement: Statement {
                value: value.map(|text| Amount::parse(text).unwrap()),
                rank: rank.map(|(rank, out_of)| Rank::new(rank, out_of).unwrap()),
                source,
                assumed_because: None,
            },
            entered_by: ClientId(Uuid::nil()),
            entered_at: DateTime::UNIX_EPOCH,
        }
    }

    fn change(of: usize, all: &[MeasureValue]) -> Option<Change> {
        Change::of(measure(&all[of].measure).unwrap(), &all[of], all)
    }

    #[test]
    fn a_change_is_told_against_the_period_right_before_and_nothing_else() {
        let all = [
            said("papi", "2021", Some("40.5"), Some((50, 60))),
            said("papi", "2023", Some("42.25"), Some((19, 61))),
            said("pci", "2022", Some("60"), Some((19, 63))),
        ];
        assert_eq!(change(1, &all), None, "2021 is not right before 2023, and PCI is another measure");
        let all = [all[1].clone(), said("papi", "2022", Some("43"), Some((37, 61)))];
        let found = change(0, &all).unwrap();
        assert_eq!((found.value, found.places), (Some(-7500), Some(18)));
        let only_rank = [said("papi", "2023", None, Some((19, 61))), all[1].clone()];
        let found = change(0, &only_rank).unwrap();
        assert_eq!((found.value, found.places), (None, Some(18)), "nothing published is not zero");
    }

    #[test]
    fn nothing_is_told_across_a_break_also_where_nothing_was_said_before() {
        let all = [said("sipas", "2021", Some("87.16"), None), said("sipas", "2022", Some("80.08"), None)];
        for all in [&all[..], &all[1..]] {
            let found = change(all.len() - 1, all).unwrap();
            assert!(found.broken.is_some() && found.value.is_none() && found.statement.is_none());
        }
        assert_eq!(change(0, &all), None);
    }

    #[test]
    fn a_correction_names_what_it_replaces() {
        let one = said("par", "2023", Some("80"), None);
        let two = said("par", "2023", Some("81"), None);
        let next = |newest, replaces| Next::of(newest, &two.statement, replaces);
        assert_eq!(next(None, None), Next::Revision(1));
        assert_eq!(next(None, Some(1)), Next::Conflict(0));
        assert_eq!(next(Some(&one), None), Next::Conflict(1));
        assert_eq!(next(Some(&one), Some(2)), Next::Conflict(1));
        assert_eq!(next(Some(&one), Some(1)), Next::Revision(2));
        assert_eq!(next(Some(&two), None), Next::Same);
        assert_eq!(next(Some(&two), Some(7)), Next::Same);
    }

    #[test]
    fn a_rank_lies_in_its_list() {
        for (rank, out_of) in [(0, 63), (64, 63), (1, 0), (-1, 5), (1, 100_001)] {
            assert_eq!(Rank::new(rank, out_of), None, "{rank}/{out_of}");
        }
        assert!(Rank::new(63, 63).is_some() && Rank::new(1, 1).is_some());
    }

    #[test]
    fn a_link_leads_where_it_seems_to() {
        assert!(parse_link("https://papi.org.vn/bao-cao?nam=2023#kq").is_ok());
        for text in [
            "http://papi.org.vn",
            "https://",
            "https:///x",
            "https://local",
            "https://a.vn@b.vn/",
            "https://a.vn/ x",
            "https://a.vn/\"x",
            "javascript:alert(1)",
        ] {
            assert!(parse_link(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_latest_duty_whose_day_has_come_holds() {
        let day = |text| crate::domain::period::parse_day(text).unwrap();
        let duty = |from, unit: &str| Duty::<()> {
            measure: MeasureCode::parse("par").unwrap(),
            from: day(from),
            unit_vi: Some(unit.into()),
            unit_en: None,
            agency: None,
        };
        let all = [
            duty("2024-01-01", "a"),
            duty("2023-01-01", "b"),
            duty("2024-01-01", "c"),
            duty("2025-01-01", "d"),
        ];
        let unit = |on| duties_on(&all, day(on)).first().and_then(|duty| duty.unit_vi.clone());
        assert_eq!(unit("2022-12-31"), None);
        assert_eq!(unit("2023-06-01").as_deref(), Some("b"));
        assert_eq!(unit("2024-01-01").as_deref(), Some("c"));
        assert_eq!(unit("2026-01-01").as_deref(), Some("d"));
    }
}
