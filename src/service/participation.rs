//! Answers held against dossiers handled (tỷ lệ tham gia), beside every figure about agencies whose dossiers are known.
//! How dossiers of several agencies and months add up is [`crate::domain::dossiers`]'s rule.

use crate::index::rounding::Rounded;
use crate::index::{Evidence, Exact, IndexValue, sample};

/// Answers held against dossiers handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Participation {
    /// Dossiers handled.
    pub dossiers: u64,
    /// People who answered, in percent of them; `None` without dossiers.
    pub rate: Option<Rounded>,
    /// Fewest people the official sample rule asks for, see [`crate::index::sample`].
    pub required: u64,
    /// Whether so many answered; `None` without dossiers.
    pub sufficient: Option<bool>,
}

impl Participation {
    /// People who count with a share count with that share here too, as their dossiers do. `None` where nobody knows how
    /// many dossiers there were, or knows it wrongly.
    pub fn of(evidence: &Evidence, dossiers: Option<u64>) -> Option<Self> {
        // More answers than dossiers: the report cannot be right, and must not make the figure look certain.
        let dossiers = dossiers.filter(|dossiers| *dossiers >= evidence.people())?;
        let percent = || evidence.weighted_people() * Exact::new(100.into(), dossiers.into());
        Some(Self {
            dossiers,
            rate: (dossiers > 0).then(|| Rounded::half_up(&percent())),
            required: sample::required(dossiers),
            sufficient: sample::sufficient(evidence.people(), dossiers),
        })
    }

    /// The same, if it may be told beside `whole`, which is made of the evidence: where that does not say how many
    /// answered, since too few of them answered some criterion, the rate would.
    pub fn beside(self, whole: &IndexValue, evidence: &Evidence) -> Option<Self> {
        (whole.n == Some(evidence.people())).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{built_in, parse};
    use crate::domain::tally::Tally;
    use crate::domain::tree::Share;
    use chrono::DateTime;

    #[test]
    fn the_rate_is_told_only_beside_a_number_of_people_that_is() {
        let version = parse(&built_in().remove(0)).unwrap().questionnaire.unwrap().version;
        let mut evidence = Evidence::new(&version);
        for _ in 0..21 {
            let one = Tally::of(&version, &[4; 19], DateTime::UNIX_EPOCH);
            evidence.add(&one.into(), Share::from_integer(1));
        }
        let found = Participation::of(&evidence, Some(42)).unwrap();
        assert_eq!(
            (found.rate, found.required),
            (Some(Rounded::half_up(&Exact::from_integer(50.into()))), 39)
        );
        let whole = |n| IndexValue { n, ..IndexValue::default() };
        assert_eq!(found.beside(&whole(Some(21)), &evidence), Some(found));
        // Of everybody but one, who answered nothing but what is withheld; and of nobody knows how many.
        assert_eq!(found.beside(&whole(Some(20)), &evidence), None);
        assert_eq!(found.beside(&whole(None), &evidence), None);
        assert_eq!(Participation::of(&evidence, Some(20)), None, "more answers than dossiers");
    }
}
