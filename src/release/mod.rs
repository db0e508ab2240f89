//! The file form of a release: the bytes that are published, and how they are checked without a database. Here belong the
//! manifest, the package, the signature, the tables and what is written about the method; which figures are in them is worked
//! out in `service/releases`. Knows neither store nor service nor HTTP.
//!
//! A package is a tar archive that is the same whenever it is made: plain files, sorted, no times, no owners. `manifest.json`
//! names every other file but the signature with its size and SHA-256, and is what `manifest.sig` signs (Ed25519, RFC 8032, 64
//! bytes). The signature proves that whoever holds the key published exactly this; that the figures are right is for
//! `sipas release reproduce` to show, beside the database.

pub mod archive;
pub mod dcat;
pub mod key;
pub mod manifest;
pub mod method;
pub mod table;
pub mod verification;

use crate::error::{Error, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Names of the files of a package that are not tables.
pub mod names {
    /// What the release is, with the digests of all other files.
    pub const MANIFEST: &str = "manifest.json";
    /// The signature of the manifest.
    pub const SIGNATURE: &str = "manifest.sig";
    /// The public half of the key.
    pub const KEY: &str = "public-key.pem";
    /// All figures.
    pub const FIGURES: &str = "figures.json";
    /// How they were made.
    pub const METHOD: &str = "method.md";
    /// The entry in a catalogue of open data.
    pub const DCAT: &str = "dcat.jsonld";
}

/// JSON in the one form that is published: keys of objects sorted by code point, no white space, UTF-8, numbers and texts as
/// `serde_json` writes them (decimals as in the API's answers), a line feed at the end.
///
/// # Errors
/// [`ErrorCode::Internal`](crate::error::ErrorCode::Internal) for what is no JSON.
pub fn canonical(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    write(&serde_json::to_value(value).map_err(Error::internal)?, &mut text)?;
    text.push(b'\n');
    Ok(text)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<()> {
    match value {
        Value::Object(fields) => {
            // Whatever order the map has.
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            for (place, (name, value)) in fields.into_iter().enumerate() {
                out.push(if place == 0 { b'{' } else { b',' });
                serde_json::to_writer(&mut *out, name).map_err(Error::internal)?;
                out.push(b':');
                write(value, out)?;
            }
            if value.as_object().is_some_and(serde_json::Map::is_empty) {
                out.push(b'{');
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        scalar => serde_json::to_writer(&mut *out, scalar).map_err(Error::internal)?,
    }
    Ok(())
}

/// Whether a text is JSON in the published form.
pub fn is_canonical(text: &[u8]) -> bool {
    let read: Option<Value> = serde_json::from_slice(text).ok();
    read.and_then(|value| canonical(&value).ok()).is_some_and(|again| again == text)
}

/// SHA-256 of some bytes.
pub fn digest(bytes: &[u8]) -> crate::domain::audit_chain::Hash {
    crate::domain::audit_chain::Hash(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_written_in_one_form_and_any_other_is_found() {
        let value = json!({"b": [1, 87.5, 100.0, null, true], "a": {"é": "x\ny", "Z": {}, "z": []}});
        let text = canonical(&value).unwrap();
        let expected = "{\"a\":{\"Z\":{},\"z\":[],\"é\":\"x\\ny\"},\"b\":[1,87.5,100.0,null,true]}\n";
        assert_eq!(String::from_utf8(text.clone()).unwrap(), expected);
        assert!(is_canonical(&text));
        for other in
            ["{\"b\":1,\"a\":2}\n", "{ \"a\":1}\n", "{\"a\":1}", "{\"a\":1.50}\n", "{\"a\":1,\"a\":1}\n", "x"]
        {
            assert!(!is_canonical(other.as_bytes()), "{other}");
        }
    }
}
