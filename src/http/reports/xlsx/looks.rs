//! Looks of cells.

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder};

/// One format for each use; a workbook keeps each once.
pub struct Looks {
    /// Title of a sheet.
    pub title: Format,
    /// Title of a part.
    pub part: Format,
    /// Label of a fact.
    pub label: Format,
    /// A fact.
    pub fact: Format,
    /// A sentence above a table.
    pub note: Format,
    /// Head of a column of texts.
    pub head: Format,
    /// Head of a column of numbers.
    pub number_head: Format,
    /// A text, broken into lines.
    pub text: Format,
    /// A count.
    pub integer: Format,
    /// A whole number with its sign.
    pub signed: Format,
    /// A figure.
    pub decimal: Format,
    /// A figure as others published it.
    pub exact: Format,
    /// A day.
    pub day: Format,
}

impl Looks {
    /// All of them.
    pub fn new() -> Self {
        let cell = || Format::new().set_align(FormatAlign::Top).set_border_bottom(FormatBorder::Hair);
        let head = || Format::new().set_bold().set_text_wrap().set_border_bottom(FormatBorder::Thin);
        Self {
            title: Format::new().set_bold().set_font_size(14.0),
            part: Format::new().set_bold().set_font_size(12.0),
            label: Format::new().set_italic(),
            fact: Format::new().set_align(FormatAlign::Left),
            note: Format::new().set_italic().set_text_wrap().set_align(FormatAlign::Top),
            head: head().set_indent(1),
            number_head: head().set_align(FormatAlign::Right),
            text: cell().set_text_wrap().set_indent(1),
            integer: cell().set_num_format("#,##0"),
            signed: cell().set_num_format("+#,##0;-#,##0;0"),
            decimal: cell().set_num_format("0.00"),
            exact: cell(),
            day: cell().set_num_format("yyyy-mm-dd"),
        }
    }
}
