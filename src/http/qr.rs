//! Links as QR codes (ISO/IEC 18004), drawn as SVG. Knows nothing of what the links lead to.

use crate::error::{Error, Result};
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// Light modules around the code that readers need (ISO/IEC 18004 section 6.3.8).
const MARGIN: usize = 4;

/// The text as a QR code of error correction M, which survives a crease in a receipt. One unit of the drawing is one
/// module; the smallest version that holds the text is taken.
///
/// # Errors
/// [`ErrorCode::Internal`](crate::error::ErrorCode::Internal) if the text is longer than a code can hold.
pub fn svg(text: &str) -> Result<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(Error::internal)?;
    let (width, colors) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        // Runs of modules, not single ones: a third of the bytes.
        for run in row.chunk_by(|one, other| one == other) {
            if run.first() == Some(&Color::Dark) {
                write!(path, "M{} {}h{}v1h-{}z", x + MARGIN, y + MARGIN, run.len(), run.len())
                    .map_err(Error::internal)?;
            }
            x += run.len();
        }
    }
    let side = width + 2 * MARGIN;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_the_size_of_its_version_and_a_margin() {
        // Version 1 with M holds 14 small letters.
        assert!(svg("abcdefghijklmn").unwrap().contains("viewBox=\"0 0 29 29\""));
        assert!(svg("abcdefghijklmno").unwrap().contains("viewBox=\"0 0 33 33\""));
        assert!(svg(&"x".repeat(3000)).is_err());
    }

    #[test]
    fn the_link_of_a_visit_fits_a_narrow_receipt() {
        let link = format!(
            "https://sipas.tinh.gov.vn/kiosk#visit=V1{}",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".repeat(6)
        );
        let code = svg(&link.chars().take(38 + 191).collect::<String>()).unwrap();
        // Version 9: 53 modules and the margin.
        assert!(code.contains("viewBox=\"0 0 61 61\""), "{code:.120}");
        assert!(code.len() < 16_000, "{}", code.len());
    }
}
