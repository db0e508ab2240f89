//! QR codes (ISO/IEC 18004) of short links, as SVG and PNG. Pictures only; what they mean is the caller's.

use crate::error::{Error, Result};
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// White modules around the code that the standard asks for.
const QUIET: usize = 4;

/// Pixels of a module's side in a PNG: 8 make some 350 pixels of a link, sharp on a screen and on paper.
const SCALE: usize = 8;

/// The modules with the white around them, row by row; `true` is black.
fn modules(text: &str) -> Result<Vec<Vec<bool>>> {
    // Level M: up to 15 % may be smudged.
    let code = QrCode::with_error_correction_level(text, EcLevel::M);
    let code = code.map_err(|error| Error::internal(error.to_string()))?;
    let (width, colors) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET;
    let mut rows = vec![vec![false; side]; QUIET];
    for row in colors.chunks(width) {
        let mut line = vec![false; QUIET];
        line.extend(row.iter().map(|color| *color == Color::Dark));
        line.resize(side, false);
        rows.push(line);
    }
    rows.resize(side, vec![false; side]);
    Ok(rows)
}

/// The code of `text` as an SVG document with `caption` under it, if it is not empty; it must not need escaping.
///
/// # Errors
/// [`crate::error::ErrorCode::Internal`] for a text that is longer than any code.
pub fn svg(text: &str, caption: &str) -> Result<String> {
    let rows = modules(text)?;
    let side = rows.len();
    let mut path = String::new();
    for (y, row) in rows.iter().enumerate() {
        let mut x = 0;
        // Runs of modules, not single ones: a third of the bytes.
        for run in row.chunk_by(|one, other| one == other) {
            if run.first() == Some(&true) {
                write!(path, "M{x} {y}h{0}v1h-{0}z", run.len()).map_err(Error::internal)?;
            }
            x += run.len();
        }
    }
    let (words, height) = match caption {
        "" => (String::new(), side),
        _ => {
            let place = format!("x=\"{}\" y=\"{side}\"", side / 2);
            let looks = "font-family=\"monospace\" font-size=\"3\" text-anchor=\"middle\"";
            (format!("<text {place} {looks}>{caption}</text>"), side + 4)
        }
    };
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {height}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{side}\" height=\"{height}\" fill=\"#fff\"/><path d=\"{path}\"/>{words}</svg>"
    ))
}

/// The code of `text` as a PNG in grey.
///
/// # Errors
/// As [`svg`].
pub fn png(text: &str) -> Result<Vec<u8>> {
    let rows = modules(text)?;
    let side = u32::try_from(rows.len() * SCALE).map_err(Error::internal)?;
    let mut pixels = Vec::new();
    for row in &rows {
        let line = row.iter().flat_map(|dark| [if *dark { 0_u8 } else { 255 }; SCALE]);
        let line: Vec<u8> = line.collect();
        (0..SCALE).for_each(|_| pixels.extend_from_slice(&line));
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(Error::internal)?;
    writer.write_image_data(&pixels).map_err(Error::internal)?;
    writer.finish().map_err(Error::internal)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_corners_and_white_around_it() {
        let rows = modules("http://127.0.0.1:8080/kiosk#enrol=K7QM-2RTX-9HWB").unwrap();
        let side = rows.len();
        assert!(
            rows.iter().all(|row| row.len() == side) && (side - 2 * QUIET - 17).is_multiple_of(4),
            "{side}"
        );
        // The three finders: seven black modules along two sides of each.
        for (x, y) in [(QUIET, QUIET), (side - QUIET - 7, QUIET), (QUIET, side - QUIET - 7)] {
            assert!((0..7).all(|step| rows[y][x + step] && rows[y + step][x]), "finder at {x} {y}");
        }
        for edge in 0..QUIET {
            assert!(rows[edge].iter().chain(&rows[side - 1 - edge]).all(|dark| !dark));
            assert!(rows.iter().all(|row| !row[edge] && !row[side - 1 - edge]));
        }
    }

    #[test]
    fn the_png_is_read_back_as_the_modules() {
        let text = "K7QM-2RTX-9HWB";
        let (rows, bytes) = (modules(text).unwrap(), png(text).unwrap());
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let side = rows.len() * SCALE;
        assert_eq!((info.width, info.height), (u32::try_from(side).unwrap(), u32::try_from(side).unwrap()));
        for (y, row) in rows.iter().enumerate() {
            for (x, dark) in row.iter().enumerate() {
                assert_eq!(pixels[y * SCALE * side + x * SCALE] == 0, *dark);
            }
        }
    }

    #[test]
    fn the_link_of_a_visit_fits_a_narrow_receipt() {
        let token = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".repeat(6);
        let link = format!("https://sipas.tinh.gov.vn/kiosk#visit=V1{token}");
        let code = svg(link.get(..229).unwrap(), "").unwrap();
        // Version 9: 53 modules and the white around them.
        assert!(code.contains("viewBox=\"0 0 61 61\""), "{code:.120}");
        assert!(code.len() < 16_000, "{}", code.len());
    }
}
