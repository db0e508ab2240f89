//! Which format an answer with figures takes: the parameter `format`, or else `Accept` (RFC 9110 section
//! 12.5.1). What a resource does not come in is refused, not silently sent as something else.

use super::fields::Fields;
use crate::error::{Error, ErrorCode, FaultKind};
use actix_web::HttpMessage;
use actix_web::http::header::{Accept, Header, Quality};
use utoipa::IntoParams;

/// A format of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Everything there is to say; for programs.
    Json,
    /// Rows and columns (RFC 4180).
    Csv,
    /// Rows and columns for spreadsheets (ECMA-376).
    Xlsx,
    /// A chart, or a QR code.
    Svg,
    /// A QR code as pixels (ISO/IEC 15948).
    Png,
}

/// What a resource comes in that is a table and can be drawn too. One without a chart gives a list of its own.
pub const CHARTS: &[Format] = &[Format::Json, Format::Csv, Format::Xlsx, Format::Svg];

/// What a resource comes in that is a table only.
pub const TABLES: &[Format] = &[Format::Json, Format::Csv, Format::Xlsx];

/// What a QR code comes in.
pub const CODES: &[Format] = &[Format::Json, Format::Svg, Format::Png];

/// The format of figures that can be drawn.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `parameter` takes; a test compares the two")]
pub struct ChartParams {
    /// `json`, `csv`, `xlsx` or `svg`; without it `Accept` decides.
    format: Option<String>,
}

/// The format of figures that are a table only.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation of what `parameter` takes; a test compares the two")]
pub struct TableParams {
    /// `json`, `csv` or `xlsx`; without it `Accept` decides.
    format: Option<String>,
}

impl Format {
    /// Every word of the parameter.
    const WORDS: [&'static str; 4] = ["json", "csv", "xlsx", "svg"];

    /// The word of the parameter, which is the ending of a file's name too.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }

    /// Type and subtype, as registered.
    const fn media_type(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::Csv => ("text", "csv"),
            Self::Xlsx => ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            Self::Svg => ("image", "svg+xml"),
            Self::Png => ("image", "png"),
        }
    }

    /// Value of `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
        }
    }

    /// Reads a word.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse(raw: &str) -> Result<Self, FaultKind> {
        let known = CHARTS.iter().copied().find(|format| format.word() == raw);
        known.ok_or(FaultKind::NotAllowed { allowed: &Self::WORDS })
    }

    /// Reads a word that a QR code comes in.
    ///
    /// # Errors
    /// [`FaultKind::NotAllowed`] for another word.
    pub fn parse_code(raw: &str) -> Result<Self, FaultKind> {
        let known = CODES.iter().copied().find(|format| format.word() == raw);
        known.ok_or(FaultKind::NotAllowed { allowed: &["json", "svg", "png"] })
    }
}

/// Takes the parameter `format`.
pub fn parameter(fields: &mut Fields<'_>) -> Option<Format> {
    fields.optional("format", Format::parse)
}

/// Chooses among what the resource is `offered` in; the first is what somebody gets who does not mind.
///
/// # Errors
/// [`ErrorCode::NotAcceptable`] with the list.
pub fn choose(
    request: &impl HttpMessage,
    parameter: Option<Format>,
    offered: &[Format],
) -> Result<Format, Error> {
    let chosen = match parameter {
        Some(format) => Some(format).filter(|format| offered.contains(format)),
        None => accepted(request, offered),
    };
    chosen.ok_or_else(|| {
        let words: Vec<&str> = offered.iter().map(|format| format.word()).collect();
        Error::new(ErrorCode::NotAcceptable).detail(format!("this comes as {}", words.join(", ")))
    })
}

/// The best by `Accept`; the first without the header or if nobody can read it.
fn accepted(request: &impl HttpMessage, offered: &[Format]) -> Option<Format> {
    let ranges = Accept::parse(request).map(|accept| accept.0).unwrap_or_default();
    if ranges.is_empty() {
        return offered.first().copied();
    }
    // The most specific range that fits a format tells its quality.
    let quality = |format: &Format| {
        let (kind, subtype) = format.media_type();
        let fitting = ranges.iter().filter_map(|range| {
            let (a, b, suffix) =
                (range.item.type_().as_str(), range.item.subtype().as_str(), range.item.suffix());
            let b = suffix.map_or_else(|| b.to_owned(), |suffix| format!("{b}+{suffix}"));
            let specific = match (a, b.as_str()) {
                ("*", "*") => 0,
                (a, "*") if a == kind => 1,
                (a, b) if a == kind && b == subtype => 2,
                _ => return None,
            };
            Some((specific, range.quality))
        });
        fitting.max().map_or(Quality::ZERO, |(_, quality)| quality)
    };
    let mut best = None;
    for format in offered {
        let quality = quality(format);
        if quality > best.map_or(Quality::ZERO, |(_, quality)| quality) {
            best = Some((*format, quality));
        }
    }
    best.map(|(format, _)| format)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn by(accept: &str) -> Option<Format> {
        choose(&TestRequest::get().insert_header(("accept", accept)).to_http_request(), None, CHARTS).ok()
    }

    #[test]
    fn the_most_wanted_is_chosen() {
        assert_eq!(by("*/*"), Some(Format::Json));
        assert_eq!(by(""), Some(Format::Json));
        assert_eq!(by("text/csv"), Some(Format::Csv));
        assert_eq!(by("text/csv;q=0.5, image/svg+xml;q=0.6"), Some(Format::Svg));
        assert_eq!(by("application/json;q=0, */*;q=0.1"), Some(Format::Csv));
        assert_eq!(by("text/*, application/json;q=0.9"), Some(Format::Csv));
        // A browser's address line, then its <img>.
        assert_eq!(by("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), Some(Format::Json));
        assert_eq!(by("image/avif,image/webp,image/svg+xml,image/*,*/*;q=0.8"), Some(Format::Svg));
        // Specificity, not order or quality, tells which range counts.
        assert_eq!(by("application/*;q=0.9, application/json;q=0.1, text/csv;q=0.5"), Some(Format::Xlsx));
        assert_eq!(by("TEXT/CSV; charset=utf-8"), Some(Format::Csv));
    }

    #[test]
    fn what_is_not_there_is_refused_and_the_parameter_wins() {
        assert_eq!(by("text/html"), None);
        assert_eq!(by("application/json;q=0"), None);
        let request = TestRequest::get().insert_header(("accept", "text/csv")).to_http_request();
        assert_eq!(choose(&request, Some(Format::Svg), CHARTS).ok(), Some(Format::Svg));
        let refused = choose(&request, Some(Format::Svg), &[Format::Json, Format::Csv]).unwrap_err();
        assert_eq!(refused.code, ErrorCode::NotAcceptable);
        assert_eq!(refused.detail.as_deref(), Some("this comes as json, csv"));
    }
}
