//! Charts as SVG for portals and printed reports: figures in, a document out. Pure, like [`crate::index`]: no
//! IO, no clock, no fonts of the machine. Text stays text in the document; its fonts are named, with ones that
//! have Vietnamese letters first, and the reader's machine sets them.
//!
//! Everything can be told apart without colour: by shape, hatching or a label beside it. What is missing is
//! drawn as missing, never as zero and never bridged by a line.
//!
//! [`series`] draws figures over time, [`distribution`] answers per level; `canvas` is the paper they share,
//! [`words`] numbers and line breaks in the reader's language, [`scale`] the value axis.

mod canvas;
pub mod distribution;
mod plot;
pub mod scale;
pub mod series;
#[cfg(test)]
mod tests;
pub mod words;

/// Width of every chart in pixels; the view box lets it grow without loss.
pub const WIDTH: i32 = 800;
/// Least height of a chart in pixels; long titles and many bars need more.
pub const HEIGHT: i32 = 450;

/// What stands around a chart, in the reader's language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caption {
    /// What is shown, of whom, when.
    pub title: String,
    /// How it was computed: formula, confidence, number of people.
    pub subtitle: String,
    /// Where the data come from and how new they are.
    pub source: String,
}
