//! Answers per level as bars: darker hatching for better levels, count and share beside each bar.

use super::canvas::{Align, Area, BLUE, Canvas, HATCH, INK, LABEL, LINE, SMALL, document};
use super::plot::Lines;
use super::words::{clean, count, number, shortened, width, wrapped};
use super::{Caption, HEIGHT};
use crate::error::Lang;
use num_traits::ToPrimitive;

/// One level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Its words.
    pub label: String,
    /// Answers; `None` if withheld.
    pub count: Option<u64>,
}

/// Answers per level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistributionChart {
    /// Language of the chart's own words.
    pub lang: Lang,
    /// What stands around it.
    pub caption: Caption,
    /// What is counted, above the bars.
    pub heading: String,
    /// The levels from the worst to the best; drawn with the best on top. Empty: nothing to draw.
    pub bars: Vec<Bar>,
    /// Counts that belong to no level, such as "not applicable": told, not drawn, not part of the shares.
    pub aside: Vec<(String, u64)>,
    /// Everything is withheld because too few people answered.
    pub suppressed: bool,
}

/// Least and greatest height of a level; a few levels spread over the paper.
const ROW: i32 = 44;
const MOST_ROW: i32 = 68;

impl DistributionChart {
    /// The document.
    pub fn svg(&self) -> String {
        let lines = Lines::of(&self.caption);
        let rows = i32::try_from(self.bars.len()).unwrap_or(0);
        let aside = i32::try_from(self.aside.len()).unwrap_or(0) * 18;
        let height = (lines.above() + 30 + rows * ROW + aside + 20 + lines.below()).max(HEIGHT);
        document(height, self.lang, &self.caption.title, &self.description(), |canvas| {
            let area = lines.draw(canvas, height);
            self.draw(canvas, area);
        })
    }

    fn total(&self) -> u64 {
        self.bars.iter().filter_map(|bar| bar.count).sum()
    }

    /// Whether shares can be told: with a withheld level its share would give it away.
    fn has_shares(&self) -> bool {
        self.total() > 0 && self.bars.iter().all(|bar| bar.count.is_some())
    }

    /// `12.345 (45,67 %)`, or why there is nothing to tell.
    fn told(&self, bar: &Bar) -> String {
        let Some(answers) = bar.count else { return self.withheld().into() };
        let share = answers.to_f64().zip(self.total().to_f64()).filter(|_| self.has_shares());
        match share {
            Some((part, all)) => {
                let share = number(100.0 * part / all, 2, self.lang);
                format!("{} ({share}\u{A0}%)", count(answers, self.lang))
            }
            None => count(answers, self.lang),
        }
    }

    const fn withheld(&self) -> &'static str {
        match self.lang {
            Lang::Vi => "không công bố để bảo vệ người trả lời",
            Lang::En => "withheld to protect who answered",
        }
    }

    const fn nothing(&self) -> &'static str {
        match self.lang {
            Lang::Vi => "Chưa có câu trả lời",
            Lang::En => "No answers",
        }
    }

    /// Why there are no bars, if so.
    fn reason(&self) -> Option<&'static str> {
        if self.suppressed {
            return Some(match self.lang {
                Lang::Vi => "Không công bố để bảo vệ người trả lời",
                Lang::En => "Withheld to protect who answered",
            });
        }
        let any = self.bars.iter().any(|bar| bar.count != Some(0));
        (!any).then(|| self.nothing())
    }

    fn description(&self) -> String {
        if let Some(reason) = self.reason() {
            return format!("{}. {reason}.", self.caption.subtitle);
        }
        let bars = self.bars.iter().rev().map(|bar| format!("{}: {}", bar.label, self.told(bar)));
        let aside =
            self.aside.iter().map(|(label, answers)| format!("{label}: {}", count(*answers, self.lang)));
        let told: Vec<String> = bars.chain(aside).collect();
        format!("{}. {}: {}.", self.caption.subtitle, self.heading, told.join("; "))
    }

    fn draw(&self, canvas: &mut Canvas<'_>, area: Area) {
        if let Some(reason) = self.reason() {
            let place = Area { top: area.top + 8, bottom: area.bottom - 16, ..area };
            if self.suppressed {
                canvas.hatch(place, 12, true, LINE);
            }
            canvas.frame(place, LINE);
            let (x, y) = ((area.left + area.right) / 2, (place.top + place.bottom) / 2);
            let half = width(reason, 15) / 2 + 16;
            canvas.fill(
                Area { left: x - half, top: y - 18, right: x + half, bottom: y + 14 },
                super::canvas::PAPER,
            );
            canvas.text(reason, x, y + 4, Align::Middle, super::canvas::Type { size: 15, ..LABEL });
            return;
        }
        canvas.text(
            &shortened(&self.heading, 12, area.right - area.left),
            area.left,
            area.top + 12,
            Align::Start,
            LABEL,
        );
        let labels = self.bars.iter().map(|bar| width(&clean(&bar.label), LABEL.size)).max().unwrap_or(0);
        let left = area.left + (labels + 14).clamp(60, 230);
        let told = self.bars.iter().map(|bar| width(&self.told(bar), LABEL.size)).max().unwrap_or(0);
        let room = Area { left, top: area.top + 24, right: area.right - told - 12, bottom: area.bottom };
        let rows = i32::try_from(self.bars.len()).unwrap_or(1).max(1);
        let aside = i32::try_from(self.aside.len()).unwrap_or(0) * 18;
        let row = ((room.bottom - room.top - aside - 16) / rows).clamp(ROW, MOST_ROW);
        let mut y = room.top;
        for (place, bar) in self.bars.iter().enumerate().rev() {
            self.bar(canvas, Area { top: y, bottom: y + row, ..room }, place, bar);
            y += row;
        }
        canvas.line((left, room.top), (left, y), INK, 1);
        for (label, answers) in &self.aside {
            y += 18;
            let text = format!("{label}: {}", count(*answers, self.lang));
            canvas.text(&shortened(&text, SMALL.size, area.right - left), left, y, Align::Start, SMALL);
        }
    }

    fn bar(&self, canvas: &mut Canvas<'_>, room: Area, place: usize, bar: &Bar) {
        let (middle, half) = ((room.top + room.bottom) / 2, 3 * (room.bottom - room.top) / 10);
        let label = wrapped(&bar.label, LABEL.size, 216, 2);
        let first = middle + 4 - 7 * (i32::try_from(label.len()).unwrap_or(1) - 1);
        for (line, text) in (0..).zip(&label) {
            canvas.text(text, room.left - 10, first + 14 * line, Align::End, LABEL);
        }
        let most = self.bars.iter().filter_map(|bar| bar.count).max().unwrap_or(0).max(1);
        let length = match bar.count {
            Some(answers) => {
                let share = answers.to_f64().unwrap_or(0.0) / most.to_f64().unwrap_or(1.0);
                (share * f64::from(room.right - room.left)).round().to_i32().unwrap_or(0)
            }
            None => 24,
        };
        let length = if bar.count.is_some_and(|answers| answers > 0) { length.max(2) } else { length };
        let area =
            Area { left: room.left, right: room.left + length, top: middle - half, bottom: middle + half };
        match bar.count {
            Some(_) if length > 0 => self.ink(canvas, area, place),
            None => {
                canvas.hatch(area, 6, false, HATCH);
                canvas.dashes(area.right, area.top, area.bottom, HATCH);
            }
            Some(_) => {}
        }
        canvas.text(&self.told(bar), area.right + 8, middle + 4, Align::Start, LABEL);
    }

    /// Darker from the worst level to the best, in strokes rather than colours.
    fn ink(&self, canvas: &mut Canvas<'_>, area: Area, place: usize) {
        // Five tones; fewer levels take them further apart.
        let last = self.bars.len().saturating_sub(1).max(1);
        match (4 * place + last / 2) / last {
            0 => {}
            1 => canvas.hatch(area, 9, true, BLUE),
            2 => canvas.hatch(area, 5, true, BLUE),
            3 => {
                canvas.hatch(area, 4, true, BLUE);
                canvas.hatch(area, 4, false, BLUE);
            }
            _ => canvas.fill(area, BLUE),
        }
        canvas.frame(area, BLUE);
    }
}
