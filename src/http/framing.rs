//! Cuts a bulk body into its responses while it arrives: a JSON array or one JSON object a line (NDJSON), plain
//! or gzip (RFC 1952). Holds no more than one response and what came with it in the last read.

use crate::error::{Error, ErrorCode, Result};
use flate2::write::MultiGzDecoder;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::io::Write;

#[cfg(test)]
mod tests;

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

/// Bytes to complete a response with that was cut; nearly all are complete with that many.
const BRIDGE: usize = 1024;

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
    /// Plain bytes of a response that is not complete yet.
    held: Vec<u8>,
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
        Self { framing, limits, gzip, held: Vec::new(), sent: 0, decoded: 0, items: 0, place: Place::Before }
    }

    /// Whether the body is compressed.
    pub const fn is_gzip(&self) -> bool {
        self.gzip.is_some()
    }

    /// Takes the next bytes of the body and gives each response that is complete to `found`, in order and as soon as it is
    /// read: all of a piece together are more than a processor keeps at hand. One that is no JSON is given as an error.
    ///
    /// # Errors
    /// [`ErrorCode::MalformedJson`] or [`ErrorCode::BodyTooLarge`] for the body as a whole.
    pub fn push<T: DeserializeOwned>(
        &mut self,
        bytes: &[u8],
        found: &mut impl FnMut(Result<T>),
    ) -> Result<()> {
        self.sent += bytes.len();
        if self.sent > self.limits.body {
            return Err(self.too_large());
        }
        if self.gzip.is_none() {
            return self.plain(bytes, found);
        }
        let plain = self.inflate(|gzip| gzip.write_all(bytes))?;
        self.plain(&plain, found)
    }

    /// Ends the body; gives what the last bytes held to `found`.
    ///
    /// # Errors
    /// [`ErrorCode::MalformedJson`] if it breaks off.
    pub fn finish<T: DeserializeOwned>(&mut self, found: &mut impl FnMut(Result<T>)) -> Result<()> {
        if self.gzip.is_some() {
            let plain = self.inflate(MultiGzDecoder::try_finish)?;
            self.plain(&plain, found)?;
        }
        match self.framing {
            Framing::Lines => {
                self.plain(b"\n", found)?;
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

    fn plain<T: DeserializeOwned>(&mut self, bytes: &[u8], found: &mut impl FnMut(Result<T>)) -> Result<()> {
        self.decoded += bytes.len();
        if self.decoded > self.limits.body.saturating_add(1) {
            return Err(self.too_large());
        }
        let Some(text) = self.past_mark(bytes) else { return Ok(()) };
        let mut bytes = text.as_ref();
        let mut held = std::mem::take(&mut self.held);
        let before = held.len();
        if before > 0 {
            // Only the response that was cut is put together; the others are read where they came.
            let (bridge, rest) = bytes.split_at(bytes.len().min(BRIDGE));
            held.extend_from_slice(bridge);
            let mut read = self.responses(&held, found)?;
            if read < before && !rest.is_empty() {
                held.extend_from_slice(rest);
                read += self.responses(held.get(read..).unwrap_or_default(), found)?;
            }
            let Some(of_these) = read.checked_sub(before) else {
                held.drain(..read);
                self.held = held;
                return self.check_item(self.held.len());
            };
            bytes = bytes.get(of_these..).unwrap_or_default();
            held.clear();
        }
        let read = self.responses(bytes, found)?;
        held.extend_from_slice(bytes.get(read..).unwrap_or_default());
        self.held = held;
        self.check_item(self.held.len())
    }

    /// The bytes without the byte order mark that some programs begin every text with; `None` while it is not known whether
    /// they are one.
    fn past_mark<'b>(&mut self, bytes: &'b [u8]) -> Option<Cow<'b, [u8]>> {
        let before = self.decoded - bytes.len();
        if before >= BOM.len() || self.held.len() < before {
            return Some(Cow::Borrowed(bytes));
        }
        let mut text = match before {
            0 => Cow::Borrowed(bytes),
            _ => Cow::Owned([std::mem::take(&mut self.held).as_slice(), bytes].concat()),
        };
        if text.len() < BOM.len() && BOM.starts_with(&text) {
            self.held = text.into_owned();
            return None;
        }
        if text.starts_with(BOM) {
            match &mut text {
                Cow::Borrowed(text) => *text = text.get(BOM.len()..).unwrap_or_default(),
                Cow::Owned(text) => drop(text.drain(..BOM.len())),
            }
        }
        Some(text)
    }

    /// Gives away the responses that are complete; tells how many bytes are done with.
    fn responses<T: DeserializeOwned>(
        &mut self,
        bytes: &[u8],
        found: &mut impl FnMut(Result<T>),
    ) -> Result<usize> {
        match self.framing {
            Framing::Lines => self.lines(bytes, found),
            Framing::Array => self.entries(bytes, found),
        }
    }

    /// Counts a further response.
    fn one_more(&mut self) -> Result<()> {
        let most = self.limits.items;
        if self.items >= most {
            return Err(Error::new(ErrorCode::BodyTooLarge).detail(format!("more than {most} responses")));
        }
        self.items += 1;
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

    fn lines<T: DeserializeOwned>(
        &mut self,
        bytes: &[u8],
        found: &mut impl FnMut(Result<T>),
    ) -> Result<usize> {
        let mut rest = bytes;
        while let Some(length) = rest.iter().position(|byte| *byte == b'\n') {
            self.check_item(length)?;
            let line = rest.get(..length).unwrap_or_default().trim_ascii();
            if !line.is_empty() {
                let item = match std::str::from_utf8(line) {
                    Ok(line) => serde_json::from_str(line),
                    Err(_) => serde_json::from_slice(line),
                };
                self.one_more()?;
                found(item.map_err(|error| column(&error)));
            }
            rest = rest.get(length + 1..).unwrap_or_default();
        }
        Ok(bytes.len() - rest.len())
    }

    fn entries<T: DeserializeOwned>(
        &mut self,
        bytes: &[u8],
        found: &mut impl FnMut(Result<T>),
    ) -> Result<usize> {
        let (text, mut read) = (beginning(bytes), 0);
        loop {
            let rest = bytes.get(read..).unwrap_or_default();
            let blank = rest.len() - rest.trim_ascii_start().len();
            read += blank;
            let rest = rest.get(blank..).unwrap_or_default();
            let Some(byte) = rest.first() else { return Ok(read) };
            self.place = match (self.place, byte) {
                (Place::Before, b'[') => Place::First,
                (Place::First | Place::After, b']') => Place::End,
                (Place::After, b',') => Place::Next,
                (Place::Before, _) => return Err(malformed("expected an array")),
                (Place::End, _) => return Err(malformed("something follows the array")),
                (Place::After, _) => return Err(malformed("expected a comma or the end of the array")),
                (Place::First | Place::Next, b',' | b']') => return Err(malformed("an entry is missing")),
                (Place::First | Place::Next, _) => {
                    let Some((length, item)) = entry(rest, text.get(read..).unwrap_or_default()) else {
                        return Ok(read);
                    };
                    self.check_item(length)?;
                    read += length;
                    self.one_more()?;
                    found(item);
                    self.place = Place::After;
                    continue;
                }
            };
            read += 1;
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
