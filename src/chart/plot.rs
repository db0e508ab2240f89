//! What every chart has around it: title and subtitle above, source below; gives the area between.

use super::canvas::{Align, Area, Canvas, GREY, INK, LINE, SMALL, Type};
use super::words::wrapped;
use super::{Caption, WIDTH};

/// Space to the paper's edges.
pub const MARGIN: i32 = 24;

const TITLE: Type = Type { size: 18, bold: true, color: INK };
const SUBTITLE: Type = Type { size: 13, bold: false, color: GREY };

/// The caption, broken into lines.
pub struct Lines {
    title: Vec<String>,
    subtitle: Vec<String>,
    source: Vec<String>,
}

impl Lines {
    /// Breaks a caption to the paper's width.
    pub fn of(caption: &Caption) -> Self {
        // Readers' fonts are up to a tenth wider than the estimate, bold ones more.
        let [bold, plain] = [88, 94].map(|percent| (WIDTH - 2 * MARGIN) * percent / 100);
        Self {
            title: wrapped(&caption.title, TITLE.size, bold, 3),
            subtitle: wrapped(&caption.subtitle, SUBTITLE.size, bold, 3),
            source: wrapped(&caption.source, SMALL.size, plain, 3),
        }
    }

    /// Pixels taken above.
    pub fn above(&self) -> i32 {
        18 + height(&self.title, 24) + 4 + height(&self.subtitle, 18) + 8
    }

    /// Pixels taken below.
    pub fn below(&self) -> i32 {
        height(&self.source, 15) + 18
    }

    /// Draws the caption; gives what is left between the margins.
    pub fn draw(&self, canvas: &mut Canvas<'_>, height: i32) -> Area {
        let mut y = 18;
        for (lines, step, look) in [(&self.title, 24, TITLE), (&self.subtitle, 18, SUBTITLE)] {
            for line in lines {
                y += step;
                canvas.text(line, MARGIN, y - 6, Align::Start, look);
            }
            y += 4;
        }
        let bottom = height - self.below();
        canvas.line((MARGIN, bottom), (WIDTH - MARGIN, bottom), LINE, 1);
        for (place, line) in (1..).zip(&self.source) {
            canvas.text(line, MARGIN, bottom + 3 + place * 15, Align::Start, SMALL);
        }
        Area { left: MARGIN, top: self.above(), right: WIDTH - MARGIN, bottom }
    }
}

fn height(lines: &[String], step: i32) -> i32 {
    i32::try_from(lines.len()).unwrap_or(0) * step
}
