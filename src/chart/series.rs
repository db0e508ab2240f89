//! Figures over time: a mark with its interval for each period, joined only where neighbours can be compared.

mod axes;

use self::axes::{Axes, Key};
use super::canvas::{Align, Area, BLUE, Canvas, HATCH, INK, LABEL, LINE, PAPER, SMALL, Type, document};
use super::plot::Lines;
use super::words::{count, number, width, with_unit};
use super::{Caption, HEIGHT};
use crate::error::Lang;
use num_traits::ToPrimitive;

/// Most points that all get their value written beside them.
const MOST_TOLD: usize = 12;

/// A figure of one period.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Point {
    /// The period, short: `2026-07`.
    pub label: String,
    /// The figure; `None` if there is none or it is withheld.
    pub value: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
    /// People behind it; `None` if withheld.
    pub n: Option<u64>,
    /// Which run of comparable figures it belongs to, from 0; no line joins two runs.
    pub segment: usize,
    /// Withheld because too few people answered; drawn otherwise than a period without answers.
    pub suppressed: bool,
}

/// Where figures stop being comparable: another questionnaire version or formula.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Place of the first point after it.
    pub before_index: usize,
    /// What changed.
    pub label: String,
}

/// Figures over time.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesChart {
    /// Language of the chart's own words.
    pub lang: Lang,
    /// What stands around it.
    pub caption: Caption,
    /// Unit of the figures: `%`, `điểm`.
    pub unit: String,
    /// Between which values figures can lie at all: (0, 100) for a percentage.
    pub limits: (f64, f64),
    /// Confidence level of the intervals in percent.
    pub confidence_percent: u8,
    /// One for each period of the span in order, also for those without a figure.
    pub points: Vec<Point>,
    /// Breaks, in order.
    pub breaks: Vec<Break>,
}

impl SeriesChart {
    /// The document.
    pub fn svg(&self) -> String {
        let lines = Lines::of(&self.caption);
        let height = HEIGHT.max(lines.above() + 300 + lines.below());
        document(height, self.lang, &self.caption.title, &self.description(), |canvas| {
            let area = lines.draw(canvas, height);
            self.draw(canvas, area);
        })
    }

    /// Whether every value is written beside its mark.
    fn tells_all(&self) -> bool {
        self.points.len() <= MOST_TOLD
    }

    const fn say(&self, vi: &'static str, en: &'static str) -> &'static str {
        match self.lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }

    fn withheld(&self) -> &'static str {
        self.say("không công bố để bảo vệ người trả lời", "withheld to protect who answered")
    }

    fn missing(&self) -> &'static str {
        self.say("không có dữ liệu", "no data")
    }

    /// The same in words: every point and every break.
    fn description(&self) -> String {
        let told = self.points.iter().enumerate().map(|(place, point)| {
            let broken = self.breaks.iter().filter(|b| b.before_index == place && place > 0);
            let broken: String = broken.map(|b| format!("[{}] ", b.label)).collect();
            let figure = match point.value {
                Some(value) => self.told_in_full(point, value),
                None if point.suppressed => self.withheld().into(),
                None => self.missing().into(),
            };
            format!("{broken}{}: {figure}", point.label)
        });
        let told: Vec<String> = told.collect();
        format!("{}. {}.", self.caption.subtitle, told.join("; "))
    }

    fn told_in_full(&self, point: &Point, value: f64) -> String {
        let mut text = with_unit(value, &self.unit, self.lang);
        if let (Some(low), Some(high)) = (point.low, point.high) {
            text.push_str(&format!(" ({}–{})", number(low, 2, self.lang), number(high, 2, self.lang)));
        }
        if let Some(n) = point.n {
            text.push_str(&format!(", n = {}", count(n, self.lang)));
        }
        text
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Area) {
        let axes = Axes::of(self, area);
        self.gaps(canvas, &axes);
        axes.draw(self, canvas);
        self.draw_breaks(canvas, &axes);
        self.draw_lines(canvas, &axes);
        for (place, point) in self.points.iter().enumerate() {
            self.draw_point(canvas, &axes, place, point);
        }
        self.draw_values(canvas, &axes);
        self.legend(canvas, &axes);
        if let Some(reason) = self.reason() {
            let (x, y) = axes.middle();
            let half = width(reason, 15) / 2 + 16;
            canvas.fill(Area { left: x - half, top: y - 18, right: x + half, bottom: y + 14 }, PAPER);
            canvas.text(reason, x, y + 4, Align::Middle, Type { size: 15, ..LABEL });
        }
    }

    /// Why there is no figure at all, if so.
    fn reason(&self) -> Option<&'static str> {
        if self.points.iter().any(|point| point.value.is_some()) {
            return None;
        }
        Some(if self.points.iter().any(|point| point.suppressed) {
            self.say(
                "Không công bố kỳ nào để bảo vệ người trả lời",
                "No period is published: too few people answered",
            )
        } else {
            self.say("Không có dữ liệu trong kỳ này", "No data in this span")
        })
    }

    /// Periods without a figure as columns: hatched if withheld, otherwise marked on the axis.
    fn gaps(&self, canvas: &mut Canvas<'_>, axes: &Axes) {
        for (place, point) in self.points.iter().enumerate().filter(|(_, point)| point.value.is_none()) {
            let column = axes.column(place);
            if point.suppressed {
                canvas.hatch(column, 7, true, LINE);
            } else {
                Key::Missing.draw(canvas, axes.x(place), column.bottom - 8);
            }
        }
    }

    fn draw_breaks(&self, canvas: &mut Canvas<'_>, axes: &Axes) {
        let room = axes.column(0).left..axes.edge(self.points.len());
        let place = |broken: &Break| axes.edge(broken.before_index.min(self.points.len()));
        for (order, broken) in self.breaks.iter().enumerate() {
            canvas.dashes(place(broken), axes.break_row(order) - 10, axes.column(0).bottom, INK);
        }
        for (order, broken) in self.breaks.iter().enumerate() {
            let x = place(broken);
            let y = axes.break_row(order);
            let most = (room.end - room.start).max(120);
            let text = super::words::shortened(&broken.label, SMALL.size, most);
            // On the side where there is room; in the middle of nowhere it is moved to the left edge.
            let (at, align) = if x + 5 + width(&text, SMALL.size) <= room.end {
                (x + 5, Align::Start)
            } else if x - 5 - width(&text, SMALL.size) >= room.start {
                (x - 5, Align::End)
            } else {
                (room.start, Align::Start)
            };
            let wide = width(&text, SMALL.size);
            let left = if align == Align::End { at - wide } else { at };
            // No other break runs through the words.
            canvas.fill(Area { left, top: y - 10, right: left + wide, bottom: y + 3 }, PAPER);
            canvas.text(&text, at, y, align, Type { color: INK, ..SMALL });
        }
    }

    /// Joins neighbours of one run; a missing period and a break interrupt the line.
    fn draw_lines(&self, canvas: &mut Canvas<'_>, axes: &Axes) {
        for (place, pair) in self.points.windows(2).enumerate() {
            let [from, to] = pair else { continue };
            let broken = self.breaks.iter().any(|broken| broken.before_index == place + 1);
            if let (Some(a), Some(b), true, false) =
                (from.value, to.value, from.segment == to.segment, broken)
            {
                canvas.line((axes.x(place), axes.y(a)), (axes.x(place + 1), axes.y(b)), BLUE, 2);
            }
        }
    }

    fn draw_point(&self, canvas: &mut Canvas<'_>, axes: &Axes, place: usize, point: &Point) {
        let Some(value) = point.value else { return };
        let x = axes.x(place);
        if let (Some(low), Some(high)) = (point.low, point.high) {
            let (top, bottom, cap) = (axes.y(high), axes.y(low), axes.cap());
            canvas.line((x, top), (x, bottom), HATCH, 1);
            canvas.line((x - cap, top), (x + cap, top), HATCH, 1);
            canvas.line((x - cap, bottom), (x + cap, bottom), HATCH, 1);
        }
        Key::of_segment(point.segment).draw(canvas, x, axes.y(value));
    }

    /// Writes values beside marks: all of them where there is room, otherwise lowest, highest and last.
    fn draw_values(&self, canvas: &mut Canvas<'_>, axes: &Axes) {
        let known =
            || self.points.iter().enumerate().filter_map(|(place, point)| Some((place, point.value?)));
        let all = self.tells_all();
        let lowest = known().min_by(|a, b| a.1.total_cmp(&b.1)).map(|(place, _)| place);
        let highest = known().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(place, _)| place);
        let last = known().next_back().map(|(place, _)| place);
        for (place, value) in known() {
            let is_lowest = !all && Some(place) == lowest && Some(place) != highest;
            if !(all || is_lowest || Some(place) == highest || Some(place) == last) {
                continue;
            }
            let text = number(value, 2, self.lang);
            let look = Type { bold: true, ..LABEL };
            if !all && Some(place) == last {
                canvas.text(&text, axes.x(place) + 8, axes.y(value) + 4, Align::Start, look);
                continue;
            }
            let point = self.points.get(place);
            let (low, high) = (point.and_then(|p| p.low), point.and_then(|p| p.high));
            let (above, below) = (axes.y(high.unwrap_or(value)) - 8, axes.y(low.unwrap_or(value)) + 15);
            // An interval down to the axis leaves no room below it but that of the periods.
            let y = if is_lowest && below < axes.column(place).bottom { below } else { above };
            let half = width(&text, LABEL.size) / 2;
            let x = axes.x(place).max(axes.column(0).left + half);
            // No grid line runs through a number.
            canvas.fill(Area { left: x - half, top: y - 10, right: x + half, bottom: y + 1 }, PAPER);
            canvas.text(&text, x, y, Align::Middle, look);
        }
    }

    /// What the marks mean, of those that occur.
    fn legend(&self, canvas: &mut Canvas<'_>, axes: &Axes) {
        let mut entries = Vec::new();
        let mut segments: Vec<usize> =
            self.points.iter().filter(|point| point.value.is_some()).map(|point| point.segment).collect();
        segments.dedup();
        if let Some(first) = segments.first() {
            let percent = with_unit_of_confidence(self.confidence_percent);
            let text = if self.points.iter().any(|point| point.low.is_some()) {
                match self.lang {
                    Lang::Vi => format!("giá trị và khoảng tin cậy {percent}"),
                    Lang::En => format!("value and {percent} confidence interval"),
                }
            } else {
                self.say("giá trị", "value").into()
            };
            entries.push((Key::of_segment(*first), text));
        }
        if self.points.iter().any(|point| point.value.is_none() && !point.suppressed) {
            entries.push((Key::Missing, self.missing().into()));
        }
        if self.points.iter().any(|point| point.suppressed) {
            entries.push((Key::Withheld, self.withheld().into()));
        }
        if !self.breaks.is_empty() {
            let text = self.say("hai bên không so sánh được với nhau", "the two sides cannot be compared");
            entries.push((Key::Break, text.into()));
        }
        if axes.is_cut_above_zero() && !segments.is_empty() {
            entries.push((
                Key::None,
                self.say("trục đứng không bắt đầu từ 0", "axis does not begin at 0").into(),
            ));
        }
        axes.legend(canvas, &entries);
    }
}

fn with_unit_of_confidence(percent: u8) -> String {
    format!("{}\u{A0}%", percent.to_u32().unwrap_or_default())
}
