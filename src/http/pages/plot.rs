//! Values over time as a picture: a mark with its interval for each point, joined only where neighbours can be
//! compared. Not the SVG of `crate::chart`, which is a document for print: 800 pixels wide its text could not be read on a
//! phone, and black on white it would blind a reader in the dark.

use super::codes::tick;
use super::layout::say;
use super::view::View;
use crate::chart::scale::Scale;
use crate::chart::words::number;
use crate::error::Lang;
use crate::http::series::{PointBody, SeriesBody};
use chrono::{Datelike, NaiveDate};
use maud::{Markup, html};
use num_traits::ToPrimitive;

/// Labels below the axis that fit on a phone, and on a wide screen.
const LABELS: (usize, usize) = (8, 26);

/// Points whose values are written beside them on every screen, on a tablet, and on a wide screen.
const TOLD: (usize, usize, usize) = (5, 14, 24);

/// Part of the height above and below the outermost ticks.
const MARGIN: f64 = 0.06;

/// Marks of segments in turn, so that they can be told apart without colour: disc, square, triangle, diamond.
const MARKS: [&str; 4] = [
    "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0 -5 0Z",
    "M-4.5 -4.5H4.5V4.5H-4.5Z",
    "M0 -6L5.5 4.5H-5.5Z",
    "M0 -6.5L6.5 0L0 6.5L-6.5 0Z",
];

/// A series being drawn.
pub struct Plot<'b> {
    points: Vec<&'b PointBody>,
    breaks: Vec<usize>,
    scale: Scale,
    step: &'static str,
    unit: &'static str,
    today: NaiveDate,
    lang: Lang,
}

impl<'b> Plot<'b> {
    /// The picture of a series whose values lie within `limits`.
    pub fn of(body: &'b SeriesBody, limits: (f64, f64), view: &View) -> Self {
        let points = body.shown();
        let breaks = body.broken(&points).into_iter().map(|(place, _)| place).collect();
        let values = points.iter().flat_map(|point| {
            let bounds = point.value.interval.as_ref().map(|interval| [interval.low, interval.high]);
            point.value.value.into_iter().chain(bounds.into_iter().flatten())
        });
        Self {
            scale: Scale::around(values, limits),
            points,
            breaks,
            step: body.step,
            unit: body.head.formula.unit,
            today: view.around.today,
            lang: view.lang,
        }
    }

    /// Whether the axis leaves out a part above zero, which has to be said.
    pub fn is_cut(&self) -> bool {
        self.scale.low > 0.0
    }

    /// The picture.
    pub fn draw(&self) -> Markup {
        html! {
            div.plot aria-hidden="true" {
                svg.scale focusable="false" { @for value in self.scale.ticks() { (self.tick(value)) } }
                svg.lines focusable="false" {
                    @for value in self.scale.ticks() {
                        @let y = percent(self.y(value));
                        line.grid x2="100%" y1=(y) y2=(y) {}
                    }
                    @for place in 0..self.points.len() { (self.gap(place)) }
                    @for place in &self.breaks {
                        @let x = percent(self.edge(*place));
                        line.break x1=(x) x2=(x) y2="100%" {}
                    }
                    @for place in 1..self.points.len() { (self.join(place)) }
                    @for place in 0..self.points.len() { (self.point(place)) }
                }
                svg.periods focusable="false" { @for place in 0..self.points.len() { (self.label(place)) } }
            }
        }
    }

    /// Edge before the column of a place, from 0 (left) to 1.
    fn edge(&self, place: usize) -> f64 {
        place.to_f64().unwrap_or(0.0) / self.points.len().max(1).to_f64().unwrap_or(1.0)
    }

    fn x(&self, place: usize) -> f64 {
        f64::midpoint(self.edge(place), self.edge(place + 1))
    }

    /// From 0 (top) to 1.
    fn y(&self, value: f64) -> f64 {
        1.0 - MARGIN - self.scale.share(value) * (1.0 - 2.0 * MARGIN)
    }

    fn tick(&self, value: f64) -> Markup {
        let sign = if self.unit == "percent" { "\u{a0}%" } else { "" };
        let text = number(value, self.scale.decimals(), self.lang) + sign;
        html! { text x="100%" y=(percent(self.y(value))) dx="-8" dy="0.35em" text-anchor="end" { (text) } }
    }

    /// A period without a figure: hatched if it is withheld, otherwise a cross on the axis.
    fn gap(&self, place: usize) -> Markup {
        let Some(point) = self.points.get(place).filter(|point| point.value.value.is_none()) else {
            return html! {};
        };
        let (x, width) = (percent(self.edge(place)), percent(self.edge(1)));
        html! {
            @if point.value.suppressed {
                rect.withheld x=(x) width=(width) height="100%" {}
            } @else if point.from <= self.today {
                (mark(self.x(place), 1.0 - MARGIN, "missing", "M-3 -3L3 3M-3 3L3 -3"))
            }
        }
    }

    /// The line from the place before, unless something is missing or not comparable.
    fn join(&self, place: usize) -> Markup {
        let (before, here) = (place.checked_sub(1).and_then(|p| self.points.get(p)), self.points.get(place));
        let (Some(before), Some(here)) = (before, here) else { return html! {} };
        let comparable = before.segment == here.segment && !self.breaks.contains(&place);
        let values = before.value.value.zip(here.value.value).filter(|_| comparable);
        html! {
            @if let Some((from, to)) = values {
                line.join x1=(percent(self.x(place - 1))) y1=(percent(self.y(from)))
                    x2=(percent(self.x(place))) y2=(percent(self.y(to))) {}
            }
        }
    }

    fn point(&self, place: usize) -> Markup {
        let Some(point) = self.points.get(place) else { return html! {} };
        let Some(value) = point.value.value else { return html! {} };
        let (x, y) = (self.x(place), self.y(value));
        let shape = MARKS.get(point.segment % MARKS.len()).copied().unwrap_or_default();
        let interval = point.value.interval.as_ref();
        let top = self.y(interval.map_or(value, |interval| interval.high));
        html! {
            @if let Some(interval) = interval {
                line.spread x1=(percent(x)) x2=(percent(x)) y1=(percent(self.y(interval.high)))
                    y2=(percent(self.y(interval.low))) {}
                (mark(x, self.y(interval.high), "cap", "M-5 0H5"))
                (mark(x, self.y(interval.low), "cap", "M-5 0H5"))
            }
            (mark(x, y, if point.segment.is_multiple_of(2) { "mark" } else { "mark hollow" }, shape))
            @if self.points.len() <= TOLD.2 {
                text class=(told(self.points.len())) x=(percent(x)) y=(percent(top)) dy="-0.6em" text-anchor="middle" { (number(value, 2, self.lang)) }
            }
        }
    }

    /// The period below a column where there is room; the year below the first of it.
    fn label(&self, place: usize) -> Markup {
        let Some(point) = self.points.get(place) else { return html! {} };
        let every = |most: usize| self.points.len().div_ceil(most);
        let class = match place {
            place if place.is_multiple_of(every(LABELS.0)) => "",
            place if place.is_multiple_of(every(LABELS.1)) => "wide",
            _ => return html! {},
        };
        let year = |place: usize| self.points.get(place).map(|point| point.from.year());
        let is_first = place == 0 || year(place) != year(place - 1);
        let star = if point.partial { "*" } else { "" };
        html! {
            text class=(class) x=(percent(self.x(place))) y="1.1em" text-anchor="middle" {
                (tick(self.step, point.from, self.lang)) (star)
            }
            @if is_first && self.step != "year" {
                text class=(class) x=(percent(self.x(place))) y="2.4em" text-anchor="middle" { (point.from.year()) }
            }
        }
    }
}

const fn told(points: usize) -> &'static str {
    match points {
        points if points <= TOLD.0 => "told",
        points if points <= TOLD.1 => "told wide",
        _ => "told widest",
    }
}

/// A share, 0 to 1, as SVG writes it.
fn percent(share: f64) -> String {
    super::bars::percent(share, 1.0)
}

/// Something drawn in pixels around a place.
fn mark(x: f64, y: f64, class: &str, path: &str) -> Markup {
    html! { svg x=(percent(x)) y=(percent(y)) overflow="visible" { path class=(class) d=(path) {} } }
}

/// What the marks mean, in words.
pub fn legend(plot: &Plot<'_>, lang: Lang) -> Markup {
    let has = |is: fn(&PointBody) -> bool| {
        plot.points.iter().filter(|point| point.from <= plot.today).any(|point| is(point))
    };
    html! {
        p.hint {
            (say(lang, "Điểm: giá trị; vạch đứng: khoảng tin cậy. ", "Mark: value; upright line: confidence interval. "))
            @if has(|point| point.value.value.is_none() && !point.value.suppressed) {
                (say(lang, "Dấu ×: không có người trả lời. ", "×: nobody answered. "))
            }
            @if has(|point| point.value.suppressed) {
                (say(lang, "Ô viền đứt: không công bố. ", "Dashed box: withheld. "))
            }
            @if !plot.breaks.is_empty() {
                (say(lang, "Đường đứt nét: hai bên không so sánh được với nhau. ", "Dashed line: the two sides cannot be compared. "))
            }
            @if plot.is_cut() { (say(lang, "Trục đứng không bắt đầu từ 0. ", "The axis does not begin at 0. ")) }
            @if has(|point| point.partial) { (say(lang, "* Kỳ không trọn.", "* Only a part of this period.")) }
        }
    }
}
