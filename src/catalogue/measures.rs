//! The measures that are part of the program: `measures.toml`, read once and held against every rule. No table holds
//! them: nobody may change them while it runs, values name code and version, and a test holds the text of each version.

use super::rules::Rules;
use super::shape::WordingBody;
use crate::domain::amount::Amount;
use crate::domain::measure::{Break, Fact, Frequency, Mark, Measure, MeasureCode, MeasureUnit};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::LazyLock;
use validator::Validate;

const FILE: &str = include_str!("measures.toml");

/// Every measure, groups after the measure they are part of. The file is part of the program and a test reads it, so
/// what could not be read would be no measures at all rather than a service that does not start.
static MEASURES: LazyLock<Vec<Measure>> = LazyLock::new(|| parse("measures.toml", FILE).unwrap_or_default());

/// Every measure, in the order of the file.
pub fn measures() -> &'static [Measure] {
    &MEASURES
}

/// The newest version of a measure.
pub fn measure(code: &MeasureCode) -> Option<&'static Measure> {
    measures().iter().filter(|measure| measure.code == *code).max_by_key(|measure| measure.version)
}

#[derive(Debug, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
struct FileBody {
    #[validate(nested, length(min = 1))]
    measures: Vec<MeasureBody>,
}

#[derive(Debug, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
struct MeasureBody {
    code: String,
    #[validate(range(min = 1))]
    version: i16,
    parent: Option<String>,
    #[validate(nested)]
    name: WordingBody,
    #[validate(nested)]
    owner: WordingBody,
    unit: String,
    min: Option<String>,
    max: Option<String>,
    frequency: String,
    higher_is_better: bool,
    #[validate(nested)]
    source: WordingBody,
    #[validate(nested, length(min = 1))]
    facts: Vec<FactBody>,
    #[serde(default)]
    #[validate(nested)]
    breaks: Vec<BreakBody>,
}

#[derive(Debug, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
struct FactBody {
    about: String,
    mark: String,
    #[validate(nested)]
    text: WordingBody,
}

#[derive(Debug, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
struct BreakBody {
    first: String,
    mark: String,
    #[validate(nested)]
    reason: WordingBody,
}

/// Reads a file of measures.
///
/// # Errors
/// One line for each broken rule, as [`super::parse`].
fn parse(name: &str, text: &str) -> Result<Vec<Measure>, Vec<String>> {
    let body: FileBody =
        toml::from_str(text).map_err(|error| vec![format!("{name}: {}", error.to_string().trim())])?;
    let mut rules = Rules::of(name);
    if let Err(errors) = body.validate() {
        errors.to_string().lines().for_each(|line| rules.broken("measures", line));
    }
    let measures: Vec<Measure> = body.measures.iter().filter_map(|body| rules.measure(body)).collect();
    let mut seen = HashSet::new();
    for measure in &measures {
        if !seen.insert((&measure.code, measure.version)) {
            rules.broken(measure.code.as_str(), "stands twice");
        }
        let known = |parent: &MeasureCode| {
            measures.iter().any(|other| other.code == *parent && other.parent.is_none())
        };
        if !measure.parent.as_ref().is_none_or(known) {
            rules.broken(measure.code.as_str(), "is a group of no measure in this file");
        }
    }
    rules.end(measures)
}

impl Rules<'_> {
    fn measure(&mut self, body: &MeasureBody) -> Option<Measure> {
        let place = format!("measure {}", body.code);
        let parent = match &body.parent {
            Some(parent) => Some(self.keep(&place, MeasureCode::parse(parent))?),
            None => None,
        };
        let frequency = self.keep(&place, Frequency::parse(&body.frequency))?;
        let scale = (self.bound(&place, body.min.as_deref()), self.bound(&place, body.max.as_deref()));
        if scale.0.zip(scale.1).is_some_and(|(least, most)| least >= most) {
            self.broken(&place, "min has to be below max");
        }
        let breaks: Vec<Break> =
            body.breaks.iter().filter_map(|broken| self.series_break(&place, frequency, broken)).collect();
        if !breaks.is_sorted_by(|one, two| one.first.from() < two.first.from()) {
            self.broken(&place, "breaks have to stand in order");
        }
        Some(Measure {
            code: self.keep(&place, MeasureCode::parse(&body.code))?,
            version: body.version,
            parent,
            name: self.wording(&place, &body.name),
            owner: self.wording(&place, &body.owner),
            unit: self.keep(&place, MeasureUnit::parse(&body.unit))?,
            scale,
            frequency,
            higher_is_better: body.higher_is_better,
            source: self.wording(&place, &body.source),
            facts: body.facts.iter().filter_map(|fact| self.fact(&place, fact)).collect(),
            breaks,
        })
    }

    fn bound(&mut self, place: &str, text: Option<&str>) -> Option<Amount> {
        self.keep(place, Amount::parse(text?))
    }

    fn fact(&mut self, place: &str, body: &FactBody) -> Option<Fact> {
        let Some(about) = Fact::ABOUT.into_iter().find(|word| *word == body.about) else {
            self.broken(place, format!("a fact is about one of {}", Fact::ABOUT.join(", ")));
            return None;
        };
        Some(Fact {
            about,
            mark: self.keep(place, Mark::parse(&body.mark))?,
            text: self.wording(place, &body.text),
        })
    }

    fn series_break(&mut self, place: &str, frequency: Frequency, body: &BreakBody) -> Option<Break> {
        Some(Break {
            first: self.keep(place, frequency.parse_period(&body.first))?,
            reason: self.wording(place, &body.reason),
            mark: self.keep(place, Mark::parse(&body.mark))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::period::Period;

    #[test]
    fn the_shipped_file_keeps_every_rule() {
        let read = parse("measures.toml", FILE).unwrap_or_else(|lines| panic!("{lines:#?}"));
        assert_eq!(read.as_slice(), measures());
        let codes: Vec<&str> = measures().iter().map(|measure| measure.code.as_str()).collect();
        assert_eq!(codes[..8], ["par", "sipas", "papi", "pci", "ict", "dti", "cchc-sub", "766"]);
    }

    #[test]
    fn the_groups_of_766_sum_to_its_hundred_points() {
        let groups = measures().iter().filter(|measure| measure.code.as_str().starts_with("766."));
        let most: Vec<f64> = groups.map(|group| group.scale.1.unwrap().to_f64()).collect();
        assert_eq!(most, [18.0, 20.0, 12.0, 10.0, 22.0, 18.0]);
        assert_eq!(most.iter().sum::<f64>(), 100.0);
    }

    #[test]
    fn sipas_breaks_between_2021_and_2022_only() {
        let sipas = measure(&MeasureCode::parse("sipas").unwrap()).unwrap();
        let breaks = |one, two| {
            sipas.break_between(&Period::parse(one).unwrap(), &Period::parse(two).unwrap()).is_some()
        };
        assert!(breaks("2021", "2022") && breaks("2018", "2024"));
        assert!(!breaks("2020", "2021") && !breaks("2022", "2023"));
    }

    /// What values were entered by must not change under them: whoever changes a definition gives it a new version.
    /// A new measure or version is a new line here: code, version, digest of what values depend on.
    #[test]
    fn published_versions_are_frozen() {
        use sha2::{Digest, Sha256};
        let digest = |measure: &Measure| {
            let essence = format!(
                "{:?}",
                (
                    &measure.parent,
                    measure.unit,
                    measure.scale,
                    measure.frequency,
                    measure.higher_is_better,
                    &measure.breaks
                )
            );
            let digest = Sha256::digest(essence);
            format!("{} {} {:02x}{:02x}", measure.code, measure.version, digest[0], digest[1])
        };
        let digests: Vec<String> = measures().iter().map(digest).collect();
        assert_eq!(digests, FROZEN);
    }

    const FROZEN: [&str; 14] = [
        "par 1 53e6",
        "sipas 1 ff0d",
        "papi 1 86e6",
        "pci 1 86e6",
        "ict 1 86e6",
        "dti 1 86e6",
        "cchc-sub 1 86e6",
        "766 1 04cd",
        "766.ckmb 1 8704",
        "766.tdgq 1 11bc",
        "766.online 1 aa45",
        "766.payment 1 58ae",
        "766.mdsh 1 9f5a",
        "766.mdhl 1 8704",
    ];

    #[test]
    fn what_breaks_a_rule_is_named() {
        let file = |text: &str| FILE.replacen("max = \"100\"", text, 1);
        for (text, part) in [
            ("max = \"0\"", "min has to be below max"),
            ("max = \"1e3\"", "87.16"),
            ("max = 100", "expected a string"),
            ("most = \"100\"", "most"),
        ] {
            let broken = parse("x", &file(text)).unwrap_err().join("\n");
            assert!(broken.contains(part), "{text}: {broken}");
        }
        let twice = FILE.replacen("code = \"papi\"", "code = \"par\"", 1);
        assert!(parse("x", &twice).unwrap_err().join("\n").contains("stands twice"));
        let orphan = FILE.replacen("parent = \"766\"", "parent = \"767\"", 1);
        assert!(parse("x", &orphan).unwrap_err().join("\n").contains("group of no measure"));
    }
}
