//! The paper: pixels, strokes and words on an SVG document, over `plotters`. Everything drawn here is escaped
//! by the backend; what is written past it (title and description) is escaped in [`document`].

use super::WIDTH;
use super::words::clean;
use crate::error::Lang;
use plotters::prelude::{DrawingBackend, RGBColor, SVGBackend, ShapeStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontFamily, FontStyle, IntoFont, TextStyle};
use sha2::{Digest, Sha256};

/// Fonts that have all Vietnamese letters, then whatever the machine has without serifs.
const FONTS: &str =
    "'Be Vietnam Pro','Noto Sans','Segoe UI',Roboto,Arial,'Liberation Sans','DejaVu Sans',sans-serif";

/// Colours; each differs from the others in lightness too.
pub const INK: RGBColor = RGBColor(0x1A, 0x1A, 0x1A);
/// Secondary text.
pub const GREY: RGBColor = RGBColor(0x59, 0x59, 0x59);
/// Rules and ticks.
pub const LINE: RGBColor = RGBColor(0xD4, 0xD4, 0xD4);
/// Hatching.
pub const HATCH: RGBColor = RGBColor(0x8C, 0x8C, 0x8C);
/// Figures.
pub const BLUE: RGBColor = RGBColor(0x1F, 0x4E, 0x79);
/// Ground.
pub const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);

/// plotters writes a font's size divided by this.
const PLOTTERS_FONT_SCALE: f64 = 1.24;

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub struct Type {
    /// Size in pixels.
    pub size: i32,
    /// Bold.
    pub bold: bool,
    /// Its colour.
    pub color: RGBColor,
}

/// Text of labels.
pub const LABEL: Type = Type { size: 12, bold: false, color: INK };
/// Text of secondary labels.
pub const SMALL: Type = Type { size: 11, bold: false, color: GREY };

/// A rectangle in pixels, right and bottom not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// Left edge.
    pub left: i32,
    /// Upper edge.
    pub top: i32,
    /// Right edge.
    pub right: i32,
    /// Lower edge.
    pub bottom: i32,
}

/// A document being drawn. Drawing into a text cannot fail, so what the backend returns is dropped.
pub struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

impl<'a> Canvas<'a> {
    /// A white sheet.
    pub fn new(text: &'a mut String, height: i32) -> Self {
        let size = (WIDTH.unsigned_abs(), height.unsigned_abs());
        let mut canvas = Self { backend: SVGBackend::with_string(text, size) };
        canvas.fill(Area { left: 0, top: 0, right: WIDTH, bottom: height }, PAPER);
        canvas
    }

    /// A text whose base line is at `y`.
    pub fn text(&mut self, text: &str, x: i32, y: i32, align: Align, look: Type) {
        let style = if look.bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = (FontFamily::Name(FONTS), f64::from(look.size) * PLOTTERS_FONT_SCALE, style).into_font();
        let h_pos = match align {
            Align::Start => HPos::Left,
            Align::Middle => HPos::Center,
            Align::End => HPos::Right,
        };
        // "Bottom" lifts the text by half the height of an x; that much is given back.
        let style = TextStyle::from(font).color(&look.color).pos(Pos::new(h_pos, VPos::Bottom));
        let _ = self.backend.draw_text(&clean(text), &style, (x, y + look.size / 4));
    }

    /// A straight line.
    pub fn line(&mut self, from: (i32, i32), to: (i32, i32), color: RGBColor, width: u32) {
        let style = ShapeStyle::from(&color).stroke_width(width);
        let _ = self.backend.draw_line(from, to, &style);
    }

    /// A broken line straight down.
    pub fn dashes(&mut self, x: i32, top: i32, bottom: i32, color: RGBColor) {
        let mut y = top;
        while y < bottom {
            self.line((x, y), (x, (y + 5).min(bottom)), color, 1);
            y += 8;
        }
    }

    /// A line through points.
    pub fn path(&mut self, points: &[(i32, i32)], color: RGBColor, width: u32) {
        let style = ShapeStyle::from(&color).stroke_width(width);
        let _ = self.backend.draw_path(points.iter().copied(), &style);
    }

    /// A filled rectangle.
    pub fn fill(&mut self, area: Area, color: RGBColor) {
        let style = ShapeStyle::from(&color).filled();
        let _ = self.backend.draw_rect((area.left, area.top), (area.right, area.bottom), &style, true);
    }

    /// The outline of a rectangle.
    pub fn frame(&mut self, area: Area, color: RGBColor) {
        let style = ShapeStyle::from(&color).stroke_width(1);
        let _ = self.backend.draw_rect((area.left, area.top), (area.right, area.bottom), &style, false);
    }

    /// Diagonal lines within a rectangle, `step` pixels apart; upwards if `rising`.
    pub fn hatch(&mut self, area: Area, step: i32, rising: bool, color: RGBColor) {
        let (width, height) = (area.right - area.left, area.bottom - area.top);
        let mut shift = step / 2;
        while shift < width + height {
            // From the left or lower edge to the upper or right one, along x - left + bottom - y = shift.
            let (x0, y0) = if shift <= height { (0, shift) } else { (shift - height, height) };
            let (x1, y1) = if shift <= width { (shift, 0) } else { (width, shift - width) };
            let at = |x: i32, y: i32| (area.left + x, if rising { area.top + y } else { area.bottom - y });
            self.line(at(x0, y0), at(x1, y1), color, 1);
            shift += step.max(1);
        }
    }

    /// A disc, or a ring on white.
    pub fn circle(&mut self, at: (i32, i32), radius: u32, filled: bool, color: RGBColor) {
        let inside = if filled { color } else { PAPER };
        let _ = self.backend.draw_circle(at, radius, &ShapeStyle::from(&inside).filled(), true);
        let _ = self.backend.draw_circle(at, radius, &ShapeStyle::from(&color).stroke_width(2), false);
    }

    /// A closed shape, filled with its colour or white.
    pub fn polygon(&mut self, points: &[(i32, i32)], filled: bool, color: RGBColor) {
        let inside = if filled { color } else { PAPER };
        let _ = self.backend.fill_polygon(points.iter().copied(), &ShapeStyle::from(&inside).filled());
        let closed: Vec<(i32, i32)> = points.iter().chain(points.iter().take(2)).copied().collect();
        self.path(&closed, color, 2);
    }
}

/// Draws a document: `draw` puts the strokes on a sheet of this height; `title` and `description` are what a
/// screen reader says.
pub fn document(
    height: i32,
    lang: Lang,
    title: &str,
    description: &str,
    draw: impl FnOnce(&mut Canvas<'_>),
) -> String {
    let mut text = String::new();
    let mut canvas = Canvas::new(&mut text, height);
    draw(&mut canvas);
    let _ = canvas.backend.present();
    drop(canvas);
    // The backend's own root says neither role nor language.
    let strokes = text.split_once('>').map_or("", |(_, strokes)| strokes);
    let lang = match lang {
        Lang::Vi => "vi",
        Lang::En => "en",
    };
    let (title, description) = (escaped(&clean(title)), escaped(&clean(description)));
    // Several charts may stand in one page; their names must differ.
    let digest = Sha256::digest([title.as_bytes(), strokes.as_bytes()].concat());
    let id: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" lang=\"{lang}\" xml:lang=\"{lang}\" \
         aria-labelledby=\"t{id} d{id}\">\n<title id=\"t{id}\">{title}</title>\n\
         <desc id=\"d{id}\">{description}</desc>{strokes}"
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out
}
