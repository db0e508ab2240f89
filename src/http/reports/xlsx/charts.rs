//! The charts of a workbook, on a sheet of their own: each refers to the cells of its table.

use super::{A4, Table, say};
use crate::http::reports::document::{Chart as Drawing, Document};
use crate::http::sheet::Cell;
use rust_xlsxwriter::{
    Chart, ChartErrorBars, ChartErrorBarsType, ChartFont, ChartFormat, ChartLegendPosition, ChartLine,
    ChartMarker, ChartMarkerType, ChartRange, ChartSolidFill, ChartType, ColNum, RowNum, Worksheet,
    XlsxError,
};

/// Most bars of a chart: more could not be read on a page.
const MOST_BARS: usize = 40;

/// Pixels of a chart's width, of what is around its bars, of a bar, and of a page.
const WIDTH: u32 = 620;
const AROUND: u32 = 110;
const BAR: u32 = 20;
const PAGE: u32 = 960;

/// Pixels of a row without a height of its own.
const ROW: u32 = 20;

/// Figures; differs from paper in lightness too.
const BLUE: &str = "#1F4E79";

/// Levels from the worst to the best.
const LEVELS: [&str; 5] = ["#B5442C", "#D98A4B", "#C9C2A5", "#6FA7C9", "#0B5D8F"];

/// Draws the charts of all tables below each other, as many on a page as fit.
///
/// # Errors
/// [`XlsxError`] for a range that is none.
pub fn sheet(page: &mut Worksheet, document: &Document, tables: &[Table<'_>]) -> Result<(), XlsxError> {
    page.set_name(say(document.lang, "Biểu đồ", "Charts"))?;
    page.set_paper_size(A4).set_screen_gridlines(false).set_margins(0.5, 0.5, 0.6, 0.6, 0.3, 0.3);
    page.set_footer("&L&8&A&R&8&P / &N").set_print_fit_to_pages(1, 0);
    let (mut top, mut on_page, mut breaks): (u32, u32, Vec<RowNum>) = (0, 0, Vec::new());
    for table in tables {
        for drawing in &table.part.charts {
            for (mut chart, height) in drawn(table, drawing) {
                if on_page > 0 && on_page + height > PAGE {
                    breaks.push(top / ROW);
                    on_page = 0;
                }
                chart.set_width(WIDTH).set_height(height);
                page.insert_chart(top / ROW, 0, &chart)?;
                let taken = height.div_ceil(ROW) * ROW + ROW;
                top += taken;
                on_page += taken;
            }
        }
    }
    page.set_page_breaks(&breaks)?;
    Ok(())
}

/// The charts of a drawing with their heights; many rows make several.
fn drawn(table: &Table<'_>, drawing: &Drawing) -> Vec<(Chart, u32)> {
    let rows = with_values(table, drawing);
    let pieces = (0..rows).step_by(MOST_BARS).map(|first| (first, rows.min(first + MOST_BARS)));
    match drawing {
        Drawing::Bars(columns) => {
            let pieces = pieces.filter_map(|piece| Some((bars(table, columns, piece)?, height(piece))));
            pieces.collect()
        }
        Drawing::Shares(name, levels) => {
            let pieces =
                pieces.filter_map(|piece| Some((shares(table, (name, levels), piece)?, height(piece))));
            pieces.collect()
        }
        Drawing::Line(columns) => {
            line(table, columns, (0, rows)).map(|chart| (chart, 340)).into_iter().collect()
        }
    }
}

/// The rows up to the last one that has a value: of those below, the withheld, there is nothing to draw.
fn with_values(table: &Table<'_>, drawing: &Drawing) -> usize {
    let rows = &table.part.rows;
    let value = match drawing {
        Drawing::Bars([_, value, ..]) => table.part.column(value),
        Drawing::Line(_) | Drawing::Shares(..) => None,
    };
    let Some(place) = value else { return rows.len() };
    let last = rows.iter().rposition(|row| !matches!(row.get(place), None | Some(Cell::Empty)));
    last.map_or(0, |last| last + 1)
}

fn height((first, end): (usize, usize)) -> u32 {
    AROUND + BAR * u32::try_from(end - first).unwrap_or(0).max(4)
}

/// The cells of a column in some rows.
fn range(table: &Table<'_>, column: ColNum, (first, end): (usize, usize)) -> Option<ChartRange> {
    let row = |place: usize| Some(table.header + 1 + RowNum::try_from(place).ok()?);
    Some(ChartRange::new_from_range(table.sheet, row(first)?, column, row(end.checked_sub(1)?)?, column))
}

fn named(table: &Table<'_>, name: &str, rows: (usize, usize)) -> Option<ChartRange> {
    range(table, ColNum::try_from(table.part.column(name)?).ok()?, rows)
}

/// Whether any of the rows has a number in a column: nothing is drawn of nothing.
fn has_any(table: &Table<'_>, name: &str, (first, end): (usize, usize)) -> bool {
    let Some(place) = table.part.column(name) else { return false };
    let rows = table.part.rows.get(first..end).unwrap_or_default();
    rows.iter().any(|row| !matches!(row.get(place), None | Some(Cell::Empty | Cell::Text(_))))
}

fn bars(table: &Table<'_>, [name, value, ..]: &[&'static str; 4], rows: (usize, usize)) -> Option<Chart> {
    let mut chart = framed(table, ChartType::Bar, value, rows)?;
    let series = chart.add_series();
    series.set_categories(&named(table, name, rows)?).set_values(&named(table, value, rows)?).set_gap(40);
    series.set_format(ChartFormat::new().set_solid_fill(ChartSolidFill::new().set_color(BLUE)));
    series.set_x_error_bars(&intervals(table, rows)?);
    // Lying bars: the axis of names is the upright one.
    chart.y_axis().set_reverse();
    chart.x_axis().set_min(0);
    // The pieces of one table by one scale.
    if let Some((.., most)) = table.part.bars {
        chart.x_axis().set_max(most);
    }
    chart.legend().set_hidden();
    Some(chart)
}

fn line(table: &Table<'_>, [name, value, ..]: &[&'static str; 4], rows: (usize, usize)) -> Option<Chart> {
    let mut chart = framed(table, ChartType::Line, value, rows)?;
    let series = chart.add_series();
    series.set_categories(&named(table, name, rows)?).set_values(&named(table, value, rows)?);
    series.set_format(ChartFormat::new().set_line(ChartLine::new().set_color(BLUE)));
    let (mut marker, mut look) = (ChartMarker::new(), ChartFormat::new());
    marker.set_type(ChartMarkerType::Circle).set_size(7);
    marker.set_format(look.set_solid_fill(ChartSolidFill::new().set_color(BLUE)));
    series.set_marker(&marker);
    series.set_y_error_bars(&intervals(table, rows)?);
    chart.legend().set_hidden();
    Some(chart)
}

fn shares(table: &Table<'_>, (name, levels): (&str, &[&'static str]), rows: (usize, usize)) -> Option<Chart> {
    let mut chart = framed(table, ChartType::BarPercentStacked, levels.first()?, rows)?;
    for (place, level) in levels.iter().enumerate() {
        // Three levels take the worst, the middle and the best tone.
        let tone = place * (LEVELS.len() - 1) / levels.len().saturating_sub(1).max(1);
        let header = ColNum::try_from(table.part.column(level)?).ok()?;
        let series = chart.add_series();
        series.set_name((table.sheet, table.header, header));
        series.set_categories(&named(table, name, rows)?).set_values(&named(table, level, rows)?).set_gap(40);
        series.set_format(
            ChartFormat::new().set_solid_fill(ChartSolidFill::new().set_color(*LEVELS.get(tone)?)),
        );
    }
    chart.y_axis().set_reverse();
    chart.legend().set_position(ChartLegendPosition::Bottom);
    Some(chart)
}

/// A chart with its title; nothing if no row has a number.
fn framed(table: &Table<'_>, of: ChartType, column: &str, rows: (usize, usize)) -> Option<Chart> {
    if !has_any(table, column, rows) {
        return None;
    }
    let mut chart = Chart::new(of);
    let title = match rows {
        (0, end) if end < MOST_BARS => table.part.title.clone(),
        (first, end) => format!("{} ({}–{end})", table.part.title, first + 1),
    };
    let mut font = ChartFont::new();
    font.set_size(11);
    chart.title().set_name(title.as_str()).set_font(&font);
    chart.set_alt_text(title);
    font.set_size(8);
    chart.x_axis().set_font(&font);
    chart.y_axis().set_font(&font);
    Some(chart)
}

/// The intervals, from the columns aside.
fn intervals(table: &Table<'_>, rows: (usize, usize)) -> Option<ChartErrorBars> {
    let (below, above) = (range(table, table.aside, rows)?, range(table, table.aside + 1, rows)?);
    let mut bars = ChartErrorBars::new();
    bars.set_type(ChartErrorBarsType::Custom(above, below));
    Some(bars)
}
