//! Targets as a sheet: one row for each target in force.

use super::{TargetList, TargetStanding};
use crate::error::Lang;
use crate::http::provenance::{Provenance, unit_words};
use crate::http::sheet::{Cell, Column, Sheet};

const TEXTS: [&str; 8] =
    ["subject", "name", "kind", "unit", "set_for", "inherited", "target_period", "basis"];

impl TargetList {
    /// The sheet in a language.
    pub fn sheet(&self, lang: Lang) -> Sheet {
        let mut columns = TEXTS.map(Column::new).to_vec();
        columns.extend(["at_least", "rank_at_most", "value", "low", "high"].map(Column::new));
        columns.push(Column::of("n", unit_words("people", lang)));
        columns.extend(["rank", "out_of", "distance", "places", "state"].map(Column::new));
        let rows: Vec<Vec<Cell>> = self.items.iter().map(|item| row(item, lang)).collect();
        let what = if lang == Lang::Vi { "Mục tiêu" } else { "Targets" };
        let figures = || self.items.iter().filter_map(|item| item.figure.as_ref());
        let watermarks = figures().filter_map(|figure| figure.data_watermark.as_deref());
        let watermark = watermarks.filter_map(|at| at.parse().ok()).max();
        let provenance = Provenance {
            agency: Some((self.agency.code.clone(), self.agency.name.clone())),
            scope: Some("subtree"),
            sample: figures().any(|figure| figure.sample),
            period: self.period.code.clone(),
            bounds: Some((self.period.from.clone(), self.period.to.clone(), self.period.zone)),
            as_of: Some(match self.tree.on {
                Some(day) => day.to_string(),
                None => self.tree.as_of.clone(),
            }),
            confidence_percent: Some(self.confidence_percent),
            min_n: figures().map(|figure| figure.min_n).max(),
            data_watermark: watermark,
            ..Provenance::default()
        };
        Sheet {
            title: format!("{what}: {}, {}", self.agency.short_name(lang), self.period.short()),
            head: provenance.lines(lang),
            columns,
            rows: Box::new(rows.into_iter()),
            watermark,
            lang,
        }
    }
}

fn row(item: &TargetStanding, lang: Lang) -> Vec<Cell> {
    let (target, whole) = (&item.target, item.figure.as_ref().map(|figure| &figure.whole));
    let interval = whole.and_then(|whole| whole.interval.as_ref());
    let index = item.index.as_ref();
    let value = whole.and_then(|whole| whole.value).or_else(|| index.and_then(|index| index.value));
    let rank = |rank: Option<u32>| Cell::from(rank.map(u64::from));
    vec![
        target.subject.as_str().into(),
        item.name.get(lang).into(),
        item.kind.into(),
        unit_words(item.unit, lang).into(),
        item.set_for.code.as_str().into(),
        item.inherited.into(),
        target.period.as_str().into(),
        target.basis.as_deref().into(),
        target.at_least.into(),
        rank(target.rank_at_most),
        value.into(),
        interval.map(|interval| interval.low).into(),
        interval.map(|interval| interval.high).into(),
        whole.and_then(|whole| whole.n).into(),
        rank(index.and_then(|index| index.rank)),
        rank(index.and_then(|index| index.out_of)),
        item.distance.into(),
        item.places.into(),
        item.state.into(),
    ]
}
