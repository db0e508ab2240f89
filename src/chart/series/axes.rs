//! Where a period and a value are on the paper; ticks, grid, legend.

use super::SeriesChart;
use crate::chart::canvas::{Align, Area, BLUE, Canvas, HATCH, INK, LINE, SMALL};
use crate::chart::plot::MARGIN;
use crate::chart::scale::Scale;
use crate::chart::words::{count, number, shortened, width};
use num_traits::ToPrimitive;

/// Lines the legend may take, and their height.
const LEGEND_ROWS: i32 = 2;
const LEGEND_ROW: i32 = 18;
/// Rows for labels of breaks; more breaks begin at the first row again.
const BREAK_ROWS: usize = 3;

/// A mark and its place in the legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A disc.
    Disc,
    /// A white square.
    Square,
    /// A filled triangle.
    Triangle,
    /// A white diamond.
    Diamond,
    /// A period without answers.
    Missing,
    /// A withheld period.
    Withheld,
    /// A break.
    Break,
    /// No mark.
    None,
}

impl Key {
    /// Each run has a shape of its own, four in turn.
    pub const fn of_segment(segment: usize) -> Self {
        match segment % 4 {
            0 => Self::Disc,
            1 => Self::Square,
            2 => Self::Triangle,
            _ => Self::Diamond,
        }
    }

    /// Draws it around a point.
    pub fn draw(self, canvas: &mut Canvas<'_>, x: i32, y: i32) {
        match self {
            Self::Disc => canvas.circle((x, y), 4, true, BLUE),
            Self::Square => {
                canvas.polygon(
                    &[(x - 4, y - 4), (x + 4, y - 4), (x + 4, y + 4), (x - 4, y + 4)],
                    false,
                    BLUE,
                );
            }
            Self::Triangle => canvas.polygon(&[(x, y - 5), (x + 5, y + 4), (x - 5, y + 4)], true, BLUE),
            Self::Diamond => {
                canvas.polygon(&[(x, y - 5), (x + 5, y), (x, y + 5), (x - 5, y)], false, BLUE);
            }
            Self::Missing => {
                canvas.line((x - 3, y - 3), (x + 3, y + 3), HATCH, 2);
                canvas.line((x - 3, y + 3), (x + 3, y - 3), HATCH, 2);
            }
            Self::Withheld => {
                let area = Area { left: x - 7, top: y - 6, right: x + 7, bottom: y + 6 };
                canvas.hatch(area, 5, true, HATCH);
                canvas.frame(area, LINE);
            }
            Self::Break => canvas.dashes(x, y - 8, y + 8, INK),
            Self::None => {}
        }
    }
}

/// The two axes.
pub struct Axes {
    plot: Area,
    points: usize,
    scale: Scale,
    legend_top: i32,
    break_top: i32,
}

impl Axes {
    /// Fits the axes of a chart into an area.
    pub fn of(chart: &SeriesChart, area: Area) -> Self {
        let scale = scale(chart);
        let text = |value| number(value, scale.decimals(), chart.lang);
        let widest = [scale.low, scale.high].map(|value| width(&text(value), SMALL.size));
        let rows = i32::try_from(chart.breaks.len().min(BREAK_ROWS)).unwrap_or(0);
        // A value at the top of the axis is written above it, below the labels of breaks.
        let values = if rows > 0 { 14 } else { 0 };
        let left = area.left + widest.into_iter().max().unwrap_or(0) + 10;
        // In a crowded chart the last value stands to the right of its mark.
        let right = if chart.tells_all() { 6 } else { 48 };
        let legend_top = area.bottom - LEGEND_ROWS * LEGEND_ROW - 4;
        Self {
            plot: Area {
                left,
                top: area.top + 22 + rows * 15 + values,
                right: area.right - right,
                bottom: legend_top - 40,
            },
            points: chart.points.len(),
            scale,
            legend_top,
            break_top: area.top + 22,
        }
    }

    /// Edge before the column of a place; the right end for the number of points.
    pub fn edge(&self, place: usize) -> i32 {
        let share = place.to_f64().unwrap_or(0.0) / self.points.max(1).to_f64().unwrap_or(1.0);
        self.plot.left + (share * f64::from(self.plot.right - self.plot.left)).round().to_i32().unwrap_or(0)
    }

    /// Middle of a column.
    pub fn x(&self, place: usize) -> i32 {
        (self.edge(place) + self.edge(place + 1)) / 2
    }

    /// Height of a value.
    pub fn y(&self, value: f64) -> i32 {
        let share = self.scale.share(value);
        let height = f64::from(self.plot.bottom - self.plot.top);
        self.plot.bottom - (share * height).round().to_i32().unwrap_or(0)
    }

    /// The column of a place.
    pub fn column(&self, place: usize) -> Area {
        Area { left: self.edge(place), right: self.edge(place + 1), ..self.plot }
    }

    /// Half the width of a whisker's cap.
    pub fn cap(&self) -> i32 {
        ((self.edge(1) - self.edge(0)) / 3).clamp(1, 5)
    }

    /// Base line of the label of a break.
    pub fn break_row(&self, order: usize) -> i32 {
        self.break_top + 4 + 15 * i32::try_from(order % BREAK_ROWS).unwrap_or(0)
    }

    /// Middle of the plot.
    pub fn middle(&self) -> (i32, i32) {
        ((self.plot.left + self.plot.right) / 2, (self.plot.top + self.plot.bottom) / 2)
    }

    /// Whether the value axis leaves out a part above zero.
    pub fn is_cut_above_zero(&self) -> bool {
        self.scale.low > 0.0
    }

    /// Grid, ticks and their labels.
    pub fn draw(&self, chart: &SeriesChart, canvas: &mut Canvas<'_>) {
        for value in self.scale.ticks() {
            let y = self.y(value);
            canvas.line((self.plot.left, y), (self.plot.right, y), LINE, 1);
            let text = number(value, self.scale.decimals(), chart.lang);
            canvas.text(&text, self.plot.left - 8, y + 4, Align::End, SMALL);
        }
        // A long unit reaches into the plot rather than over the paper's edge.
        let right = (self.plot.left - 8).max(MARGIN + width(&chart.unit, SMALL.size));
        canvas.text(&chart.unit, right, self.break_top - 10, Align::End, SMALL);
        canvas.line((self.plot.left, self.plot.bottom), (self.plot.right, self.plot.bottom), INK, 1);
        self.draw_periods(chart, canvas);
    }

    /// Labels of periods, as many as fit; below them the number of people if all fit.
    fn draw_periods(&self, chart: &SeriesChart, canvas: &mut Canvas<'_>) {
        let column = (self.edge(1) - self.edge(0)).max(1);
        let told = |point: &super::Point| point.n.map(|n| format!("n = {}", count(n, chart.lang)));
        let labels =
            chart.points.iter().map(|point| width(&point.label, SMALL.size)).max().unwrap_or(0).min(120);
        let people = chart.points.iter().filter_map(told).map(|n| width(&n, SMALL.size)).max().unwrap_or(0);
        let every = usize::try_from((labels + 10) / column + 1).unwrap_or(1);
        for (place, point) in chart.points.iter().enumerate() {
            let x = self.x(place);
            canvas.line((x, self.plot.bottom), (x, self.plot.bottom + 4), INK, 1);
            if place % every == 0 {
                let text = shortened(&point.label, SMALL.size, 120);
                canvas.text(&text, x, self.plot.bottom + 18, Align::Middle, SMALL);
            }
            if let (Some(n), true) = (told(point), every == 1 && people + 6 <= column) {
                canvas.text(&n, x, self.plot.bottom + 33, Align::Middle, SMALL);
            }
        }
    }

    /// The legend, in lines below the plot.
    pub fn legend(&self, canvas: &mut Canvas<'_>, entries: &[(Key, String)]) {
        let (mut x, mut y) = (self.plot.left, self.legend_top + 12);
        for (key, text) in entries {
            let mark = if *key == Key::None { 0 } else { 22 };
            let entry = mark + width(text, SMALL.size) + 18;
            if x > self.plot.left && x + entry > self.plot.right + 18 {
                x = self.plot.left;
                y += LEGEND_ROW;
            }
            key.draw(canvas, x + 8, y - 4);
            canvas.text(text, x + mark, y, Align::Start, SMALL);
            x += entry;
        }
    }
}

/// Round numbers around all values and intervals.
fn scale(chart: &SeriesChart) -> Scale {
    let values = chart.points.iter().filter(|point| point.value.is_some());
    Scale::around(values.flat_map(|point| [point.value, point.low, point.high]).flatten(), chart.limits)
}
