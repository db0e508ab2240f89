//! The entry of a release in a catalogue of open data: DCAT 3 (W3C Recommendation of 2024-08-22) as JSON-LD, with the
//! properties that DCAT-AP 3 asks of a dataset and its distributions. The licence is what the publisher has set; none is made up.

use super::manifest::{Draft, FileMark};
use crate::domain::period::Period;
use serde_json::{Map, Value, json};

/// What the entry says beside the draft.
pub struct Entry<'a> {
    /// The draft.
    pub draft: &'a Draft,
    /// Series and revision.
    pub number: &'a str,
    /// Address of the service, without a slash at the end.
    pub public_url: &'a str,
    /// When it was sealed.
    pub sealed_at: &'a str,
    /// Address of the licence, if one is set.
    pub licence: Option<&'a str>,
}

impl Entry<'_> {
    /// The entry.
    pub fn json(&self) -> Value {
        let Self { draft, number, public_url, sealed_at, licence } = self;
        let address = format!("{public_url}/v1/releases/{number}");
        let mut entry = Map::new();
        let mut say = |name: &str, value: Value| entry.insert(name.to_owned(), value);
        say("@context", context());
        say("@id", json!(address));
        say("@type", json!("dcat:Dataset"));
        say("dct:identifier", json!(number));
        say("dct:title", texts(&draft.title.vi, &draft.title.en));
        say(
            "dct:description",
            texts(
                "Chỉ số hài lòng của người dân đối với dịch vụ công, kèm số người trả lời và khoảng tin cậy; bản công bố đã ký.",
                "Satisfaction of citizens with public services, with numbers of people and confidence intervals; a signed release.",
            ),
        );
        say("dct:issued", json!({"@type": "xsd:dateTime", "@value": sealed_at}));
        say("dct:language", json!([language("VIE"), language("ENG")]));
        say(
            "dct:publisher",
            json!({"@type": "foaf:Agent", "foaf:name": draft.publisher.name, "dct:identifier": draft.publisher.code}),
        );
        say(
            "dct:temporal",
            json!(draft.contents.iter().filter_map(|c| temporal(&c.period)).collect::<Vec<_>>()),
        );
        say("dcat:version", json!(number.rsplit('/').next().unwrap_or_default()));
        if let Some(corrects) = &draft.corrects {
            let before = format!("{public_url}/v1/releases/{}/{}", draft.series, corrects.revision);
            say("dct:replaces", json!({"@id": before.clone()}));
            say("dcat:previousVersion", json!({"@id": before}));
            say("adms:versionNotes", json!(corrects.reason));
        }
        if let Some(licence) = licence {
            say("dct:license", json!({"@id": licence}));
        }
        let tables = draft.files.iter().filter_map(|file| distribution(&address, file, *licence));
        say("dcat:distribution", Value::from(tables.collect::<Vec<_>>()));
        Value::Object(entry)
    }
}

fn context() -> Value {
    json!({
        "adms": "http://www.w3.org/ns/adms#",
        "dcat": "http://www.w3.org/ns/dcat#",
        "dct": "http://purl.org/dc/terms/",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "spdx": "http://spdx.org/rdf/terms#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    })
}

fn texts(vi: &str, en: &str) -> Value {
    json!([{"@language": "vi", "@value": vi}, {"@language": "en", "@value": en}])
}

fn language(code: &str) -> Value {
    json!({"@id": format!("http://publications.europa.eu/resource/authority/language/{code}")})
}

fn media_type(word: &str) -> Value {
    json!({"@id": format!("https://www.iana.org/assignments/media-types/{word}")})
}

fn temporal(period: &str) -> Option<Value> {
    let period = Period::parse(period).ok()?;
    let day = |day: chrono::NaiveDate| json!({"@type": "xsd:date", "@value": day.to_string()});
    let last = period.to().pred_opt()?;
    Some(
        json!({"@type": "dct:PeriodOfTime", "dcat:startDate": day(period.from()), "dcat:endDate": day(last)}),
    )
}

/// A file of figures, which is inside the package.
fn distribution(address: &str, file: &FileMark, licence: Option<&str>) -> Option<Value> {
    let word = match file.name.rsplit('.').next() {
        Some("csv") => "text/csv",
        Some("json") => "application/json",
        _ => return None,
    };
    let mut distribution = json!({
        "@type": "dcat:Distribution",
        "dct:title": file.name,
        "dcat:accessURL": {"@id": address},
        "dcat:downloadURL": {"@id": format!("{address}/package")},
        "dcat:mediaType": media_type(word),
        "dcat:packageFormat": media_type("application/x-tar"),
        "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": file.bytes.to_string()},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": file.sha256},
        },
    });
    if let Some((fields, licence)) = distribution.as_object_mut().zip(licence) {
        fields.insert("dct:license".into(), json!({"@id": licence}));
    }
    Some(distribution)
}
