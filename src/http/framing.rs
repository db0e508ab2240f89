//! Cuts a bulk body into its responses while it arrives: a JSON array or one JSON object a line (NDJSON), plain
//! or gzip (RFC 1952). Holds no more than one response and what came with it in the last read.

use crate::error::{Error, ErrorCode, Result};
use flate2::write::MultiGzDecoder;
use serde::de::DeserializeOwned;
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
    /// Responses.
    pub items: usize,
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Bytes to give at once: gzip makes at most a thousand times as many of them, and what they hold is in memory
/// until it is taken.
pub const SLICE: usize = 1024;

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
    /// Responses found so far.
    items: usize,
    place: Place,
}

impl Framer {
    /// Begins to read.
    pub fn new(framing: Framing, gzip: bool, limits: Limits) -> Self {
        let gzip = gzip.then(|| MultiGzDecoder::new(Vec::new()));
        Self {
            framing,
            limits,
            gzip,
            held: Vec::new(),
            read: 0,
            sent: 0,
            decoded: 0,
            items: 0,
            place: Place::Before,
        }
    }

    /// Whether the body is compressed.
    pub const fn is_gzip(&self) -> bool {
        self.gzip.is_some()
    }

    /// Takes the next bytes of the body and adds each response that is complete to `items`, in order; one that is no
    /// JSON as an error.
    ///
    /// # Errors
    /// [`ErrorCode::MalformedJson`] or [`ErrorCode::BodyTooLarge`] for the body as a whole.
    pub fn push<T: DeserializeOwned>(&mut self, bytes: &[u8], items: &mut Vec<Result<T>>) -> Result<()> {
        self.sent += bytes.len();
        if self.sent > self.limits.body {
            return Err(self.too_large());
        }
        if self.gzip.is_none() {
            return self.plain(bytes, items);
        }
        let plain = self.inflate(|gzip| gzip.write_all(bytes))?;
        self.plain(&plain, items)
    }

    /// Ends the body; gives what the last bytes held.
    ///
    /// # Errors
    /// [`ErrorCode::MalformedJson`] if it breaks off.
    pub fn finish<T: DeserializeOwned>(&mut self, items: &mut Vec<Result<T>>) -> Result<()> {
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

    fn plain<T: DeserializeOwned>(&mut self, bytes: &[u8], items: &mut Vec<Result<T>>) -> Result<()> {
        self.decoded += bytes.len();
        if self.decoded > self.limits.body.saturating_add(1) {
            return Err(self.too_large());
        }
        self.held.drain(..self.read);
        self.read = 0;
        self.held.extend_from_slice(bytes);
        // Some programs begin every text with a byte order mark.
        if self.decoded == self.held.len() && self.held.starts_with(BOM) {
            self.read = BOM.len();
        }
        match self.framing {
            Framing::Lines => self.lines(items)?,
            Framing::Array => self.array(items)?,
        }
        // What is left is a response that is not complete yet.
        self.check_item(self.held.len() - self.read)
    }

    fn found<T>(&mut self, item: Result<T>, items: &mut Vec<Result<T>>) -> Result<()> {
        let most = self.limits.items;
        if self.items >= most {
            return Err(Error::new(ErrorCode::BodyTooLarge).detail(format!("more than {most} responses")));
        }
        self.items += 1;
        items.push(item);
        Ok(())
    }

    fn check_item(&self, length: usize) -> Result<()> {
        let most = self.limits.item;
        if length <= most {
            return Ok(());
        }
        let place = self.items;
        Err(Error::new(ErrorCode::BodyTooLarge)
            .detail(format!("response {place}, from 0, has over {most} bytes")))
    }

    fn rest(&self) -> &[u8] {
        self.held.get(self.read..).unwrap_or_default()
    }

    fn lines<T: DeserializeOwned>(&mut self, items: &mut Vec<Result<T>>) -> Result<()> {
        while let Some(length) = self.rest().iter().position(|byte| *byte == b'\n') {
            self.check_item(length)?;
            let line = self.rest().get(..length).unwrap_or_default().trim_ascii();
            if !line.is_empty() {
                let item = match std::str::from_utf8(line) {
                    Ok(line) => serde_json::from_str(line),
                    Err(_) => serde_json::from_slice(line),
                };
                self.found(item.map_err(|error| column(&error)), items)?;
            }
            self.read += length + 1;
        }
        Ok(())
    }

    fn array<T: DeserializeOwned>(&mut self, items: &mut Vec<Result<T>>) -> Result<()> {
        let held = std::mem::take(&mut self.held);
        let read = self.entries(&held, items);
        self.held = held;
        read
    }

    fn entries<T: DeserializeOwned>(&mut self, held: &[u8], items: &mut Vec<Result<T>>) -> Result<()> {
        let (begun, bytes) = (self.read, held.get(self.read..).unwrap_or_default());
        let text = beginning(bytes);
        loop {
            let rest = held.get(self.read..).unwrap_or_default();
            let blank = rest.len() - rest.trim_ascii_start().len();
            self.read += blank;
            let rest = rest.get(blank..).unwrap_or_default();
            let Some(byte) = rest.first() else { return Ok(()) };
            self.place = match (self.place, byte) {
                (Place::Before, b'[') => Place::First,
                (Place::First | Place::After, b']') => Place::End,
                (Place::After, b',') => Place::Next,
                (Place::Before, _) => return Err(malformed("expected an array")),
                (Place::End, _) => return Err(malformed("something follows the array")),
                (Place::After, _) => return Err(malformed("expected a comma or the end of the array")),
                (Place::First | Place::Next, b',' | b']') => return Err(malformed("an entry is missing")),
                (Place::First | Place::Next, _) => {
                    let text = text.get(self.read - begun..).unwrap_or_default();
                    let Some((length, item)) = entry(rest, text) else { return Ok(()) };
                    self.check_item(length)?;
                    self.read += length;
                    self.found(item, items)?;
                    self.place = Place::After;
                    continue;
                }
            };
            self.read += 1;
        }
    }

    fn too_large(&self) -> Error {
        Error::new(ErrorCode::BodyTooLarge).detail(format!("more than {} bytes", self.limits.body))
    }
}

/// The bytes as a text, up to where they are none. Looked at once for all entries: reading bytes as JSON looks at each
/// string again.
fn beginning(bytes: &[u8]) -> &str {
    let text = std::str::from_utf8(bytes).or_else(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        std::str::from_utf8(valid)
    });
    text.unwrap_or_default()
}

/// The entry at the beginning of the bytes and its length; `None` if it is not complete; `text` is as much of them as
/// is text. An object is parsed at once, as far as it goes; only what is no JSON is looked through for where it ends.
fn entry<T: DeserializeOwned>(bytes: &[u8], text: &str) -> Option<(usize, Result<T>)> {
    if bytes.first() == Some(&b'{') {
        let mut found = first(serde_json::Deserializer::from_str(text));
        if text.len() < bytes.len() && !matches!(found, Some(Ok(_))) {
            // Cut in the middle of a character, or not UTF-8 at all.
            found = first(serde_json::Deserializer::from_slice(bytes));
        }
        match found? {
            Ok((length, item)) => return Some((length, Ok(item))),
            Err(error) if error.is_eof() => return None,
            Err(_) => {}
        }
    }
    let length = length_of_entry(bytes)?;
    let text = bytes.get(..length)?.trim_ascii_end();
    Some((length, serde_json::from_slice(text).map_err(|error| column(&error))))
}

/// The first value and its length; `None` if there is nothing.
fn first<'de, R: serde_json::de::Read<'de>, T: DeserializeOwned>(
    parser: serde_json::Deserializer<R>,
) -> Option<serde_json::Result<(usize, T)>> {
    let mut parser = parser.into_iter();
    let value = parser.next()?;
    Some(value.map(|value| (parser.byte_offset(), value)))
}

/// Bytes up to the comma or bracket that ends the first entry, whatever is in it; `None` if that is not there yet.
fn length_of_entry(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (place, byte) in bytes.iter().enumerate() {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (true, _) => {}
            (false, b'"') => in_string = true,
            (false, b'{' | b'[') => depth += 1,
            (false, b',' | b']') if depth == 0 => return Some(place),
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (false, _) => {}
        }
    }
    None
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
    use crate::http::fields::Node;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { body: 10_000, item: 200, items: 3000 };

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
    fn what_is_no_json_is_one_response_and_a_broken_frame_the_whole_body() {
        let lines = read(Framing::Lines, false, b"{\"a\":1}\n{\"a\":\n\xff\n7\n", 5).unwrap();
        assert_eq!(lines.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false, true]);
        let array = br#"[{"a":"\ud83d"},{},null, nul ,"],{","\"",[[1],{}],{"a":1e999},{"a"},{"a":}}]"#;
        for piece in [1, 2, 7, 1000] {
            // The last bracket of what is broken ends it: such a sender cannot be understood any better.
            let found = read(Framing::Array, false, &array[..array.len() - 2], piece).unwrap_err();
            assert_eq!(found.code, ErrorCode::MalformedJson);
            let mut whole = array[..array.len() - 2].to_vec();
            whole.push(b']');
            let found = read(Framing::Array, false, &whole, piece).unwrap();
            let expected = [false, true, true, false, true, true, true, false, false, false];
            assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), expected, "{piece}");
        }
        for text in ["{\"a\":1}\n", "[{\"a\":1}]"] {
            let framing = if text.starts_with('[') { Framing::Array } else { Framing::Lines };
            let found = read(framing, false, format!("\u{feff}{text}").as_bytes(), 1000).unwrap();
            assert_eq!(found, [Some(Node::Object(vec![("a".into(), Node::Integer(1))]))]);
        }
        for body in ["", "{}", "[", "[{}", "[{},", "[{},]", "[{}]x", "[{}{}]", "[,]", "[{}][", "[{\"a\":\"]"]
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
