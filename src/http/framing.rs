//! Cuts a bulk body into its responses while it arrives: a JSON array or one JSON object a line (NDJSON), plain
//! or gzip (RFC 1952). Holds no more than one response and what came with it in the last read.

use super::fields::Node;
use crate::error::{Error, ErrorCode, Result};
use flate2::write::MultiGzDecoder;
use std::io::Write;

/// How the responses are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// A JSON array of objects.
    Array,
    /// An object a line; empty lines are skipped.
    Lines,
}

/// Longest body and response.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the body, as sent and after decompression.
    pub body: usize,
    /// Bytes of a response.
    pub item: usize,
}

/// Bytes decompressed at once: gzip makes at most a thousand times as many of them.
const SLICE: usize = 1024;

/// Where in an array the reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before `[`.
    Before,
    /// After `[`: an object or `]`.
    First,
    /// After an object: `,` or `]`.
    After,
    /// After `,`: an object.
    Next,
    /// After `]`.
    End,
}

/// A body being read.
pub struct Framer {
    framing: Framing,
    limits: Limits,
    gzip: Option<MultiGzDecoder<Vec<u8>>>,
    /// Plain bytes; those before `read` are done with.
    held: Vec<u8>,
    read: usize,
    sent: usize,
    decoded: usize,
    place: Place,
}

impl Framer {
    /// Begins to read.
    pub fn new(framing: Framing, gzip: bool, limits: Limits) -> Self {
        let gzip = gzip.then(|| MultiGzDecoder::new(Vec::new()));
        Self { framing, limits, gzip, held: Vec::new(), read: 0, sent: 0, decoded: 0, place: Place::Before }
    }

    /// Takes the next bytes of the body and gives each response that is complete to `each`, in order; one that
    /// is not JSON as an error (lines only: an array cannot be read on after it).
    ///
    /// # Errors
    /// [`ErrorCode::MalformedJson`] or [`ErrorCode::BodyTooLarge`] for the body as a whole.
    pub fn push(&mut self, bytes: &[u8], items: &mut Vec<Result<Node>>) -> Result<()> {
        self.sent += bytes.len();
        if self.sent > self.limits.body {
            return Err(self.too_large());
        }
        if self.gzip.is_none() {
            return self.plain(bytes, items);
        }
        for slice in bytes.chunks(SLICE) {
            let plain = self.inflate(|gzip| gzip.write_all(slice))?;
            self.plain(&plain, items)?;
        }
        Ok(())
    }

    /// Ends the body; gives what the last bytes held.
    ///
    /// # Errors
    /// [`ErrorCode::MalformedJson`] if it breaks off.
    pub fn finish(&mut self, items: &mut Vec<Result<Node>>) -> Result<()> {
        if self.gzip.is_some() {
            let plain = self.inflate(MultiGzDecoder::try_finish)?;
            self.plain(&plain, items)?;
        }
        match self.framing {
            Framing::Lines => {
                self.plain(b"\n", items)?;
                Ok(())
            }
            Framing::Array if self.place == Place::End => Ok(()),
            Framing::Array => Err(malformed("the array breaks off")),
        }
    }

    fn inflate(
        &mut self,
        step: impl FnOnce(&mut MultiGzDecoder<Vec<u8>>) -> std::io::Result<()>,
    ) -> Result<Vec<u8>> {
        let Some(gzip) = &mut self.gzip else { return Ok(Vec::new()) };
        step(gzip).map_err(|error| malformed("not gzip, or it breaks off").because(error))?;
        Ok(std::mem::take(gzip.get_mut()))
    }

    fn plain(&mut self, bytes: &[u8], items: &mut Vec<Result<Node>>) -> Result<()> {
        self.decoded += bytes.len();
        if self.decoded > self.limits.body.saturating_add(1) {
            return Err(self.too_large());
        }
        self.held.drain(..self.read);
        self.read = 0;
        self.held.extend_from_slice(bytes);
        match self.framing {
            Framing::Lines => self.lines(items)?,
            Framing::Array => self.array(items)?,
        }
        // What is left is a response that is not complete yet.
        self.check_item(self.held.len() - self.read)
    }

    fn check_item(&self, length: usize) -> Result<()> {
        let most = self.limits.item;
        if length <= most {
            return Ok(());
        }
        Err(Error::new(ErrorCode::BodyTooLarge).detail(format!("a response has over {most} bytes")))
    }

    fn rest(&self) -> &[u8] {
        self.held.get(self.read..).unwrap_or_default()
    }

    fn lines(&mut self, items: &mut Vec<Result<Node>>) -> Result<()> {
        while let Some(length) = self.rest().iter().position(|byte| *byte == b'\n') {
            self.check_item(length)?;
            let line = self.rest().get(..length).unwrap_or_default().trim_ascii();
            if !line.is_empty() {
                items.push(serde_json::from_slice(line).map_err(|error| column(&error)));
            }
            self.read += length + 1;
        }
        Ok(())
    }

    fn array(&mut self, items: &mut Vec<Result<Node>>) -> Result<()> {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_ascii_start().len();
            self.read += blank;
            let Some(byte) = self.rest().first() else { return Ok(()) };
            self.place = match (self.place, byte) {
                (Place::Before, b'[') => Place::First,
                (Place::First | Place::After, b']') => Place::End,
                (Place::After, b',') => Place::Next,
                (Place::First | Place::Next, b'{') => {
                    // Parsed as far as it goes: what is cut off is parsed again with the next bytes.
                    let mut parser = serde_json::Deserializer::from_slice(self.rest()).into_iter::<Node>();
                    match parser.next() {
                        Some(Ok(node)) => {
                            let length = parser.byte_offset();
                            self.check_item(length)?;
                            self.read += length;
                            items.push(Ok(node));
                        }
                        Some(Err(error)) if !error.is_eof() => return Err(column(&error)),
                        _ => return Ok(()),
                    }
                    self.place = Place::After;
                    continue;
                }
                (Place::Before, _) => return Err(malformed("expected an array")),
                (Place::End, _) => return Err(malformed("something follows the array")),
                (Place::After, _) => return Err(malformed("expected a comma or the end of the array")),
                (Place::First | Place::Next, _) => return Err(malformed("every entry has to be an object")),
            };
            self.read += 1;
        }
    }

    fn too_large(&self) -> Error {
        Error::new(ErrorCode::BodyTooLarge).detail(format!("more than {} bytes", self.limits.body))
    }
}

fn malformed(detail: &str) -> Error {
    Error::new(ErrorCode::MalformedJson).detail(detail)
}

fn column(error: &serde_json::Error) -> Error {
    // Lines and columns within the response: where the body was cut is of no interest.
    malformed(&format!("line {} column {} of a response", error.line(), error.column()))
        .because(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { body: 10_000, item: 200 };

    /// Reads a body that arrives in pieces of a size; `None` for a response that is no JSON.
    fn read(framing: Framing, gzip: bool, body: &[u8], piece: usize) -> Result<Vec<Option<Node>>> {
        let (mut framer, mut items) = (Framer::new(framing, gzip, LIMITS), Vec::new());
        for piece in body.chunks(piece.max(1)) {
            framer.push(piece, &mut items)?;
        }
        framer.finish(&mut items)?;
        Ok(items.into_iter().map(Result::ok).collect())
    }

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn object(number: i64) -> Node {
        Node::Object(vec![("a".into(), Node::Integer(number)), ("b}]\n".into(), Node::Text("],{\"".into()))])
    }

    fn text(number: i64) -> String {
        format!(r#"{{"a": {number}, "b}}]\n": "],{{\""}}"#)
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_same_responses_come_out(
            numbers in prop::collection::vec(any::<i64>(), 0..30), piece in 1..300_usize, zipped: bool, array: bool,
        ) {
            let texts: Vec<String> = numbers.iter().map(|number| text(*number)).collect();
            let (framing, body) = if array {
                (Framing::Array, format!(" [{}]\n ", texts.join(" ,\n")))
            } else {
                (Framing::Lines, texts.join("\r\n\n"))
            };
            let body = if zipped { gzip(body.as_bytes()) } else { body.into_bytes() };
            let expected: Vec<_> = numbers.iter().map(|number| Some(object(*number))).collect();
            prop_assert_eq!(read(framing, zipped, &body, piece).unwrap(), expected);
        }
    }

    #[test]
    fn a_broken_line_is_one_response_and_a_broken_array_the_whole_body() {
        let lines = read(Framing::Lines, false, b"{\"a\":1}\n{\"a\":\n\xff\n7\n", 5).unwrap();
        assert_eq!(lines.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false, true]);
        for body in
            ["", "{}", "[", "[{}", "[{},", "[{},]", "[{}]x", "[{}{}]", "[1]", "[,]", "[{\"a\"}]", "[{}]["]
        {
            let error = read(Framing::Array, false, body.as_bytes(), 2).unwrap_err();
            assert_eq!(error.code, ErrorCode::MalformedJson, "{body}");
        }
        assert_eq!(read(Framing::Array, true, b"[]", 2).unwrap_err().code, ErrorCode::MalformedJson);
        let cut = gzip(b"[]");
        assert_eq!(
            read(Framing::Array, true, &cut[..cut.len() - 9], 2).unwrap_err().code,
            ErrorCode::MalformedJson
        );
    }

    #[test]
    fn bodies_and_responses_over_the_limit_are_refused_also_when_they_are_small_before_decompression() {
        let long = format!("[{{\"a\": \"{}\"}}]", "x".repeat(300));
        let many = format!("[{}]", vec!["{}"; 5000].join(","));
        let blank = " ".repeat(20_000_000);
        for (body, zipped) in [(&long, false), (&many, false), (&long, true), (&many, true), (&blank, true)] {
            let body = if zipped { gzip(body.as_bytes()) } else { body.clone().into_bytes() };
            let error = read(Framing::Array, zipped, &body, 4096).unwrap_err();
            assert_eq!(error.code, ErrorCode::BodyTooLarge);
        }
        let nothing = gzip(b"").repeat(2000);
        assert_eq!(read(Framing::Lines, true, &nothing, 4096).unwrap_err().code, ErrorCode::BodyTooLarge);
    }
}
