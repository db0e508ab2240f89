//! The third satisfaction ratio of index set 766 (QĐ 766/QĐ-TTg, group MDHL), as near as questionnaires come to it.
//!
//! Verified is the form of the second ratio: (all minus those answered "not satisfied") over all. That the third, about
//! receiving and processing procedures, has the same form is assumed; its text was not recovered, nor how the group's 18
//! points follow from the ratios. So a share is given and no points. It is made of answers, several of each person, which
//! are not independent of each other: there is no interval.

use super::rounding::Rounded;
use super::{Exact, ratio};
use crate::domain::distribution::Distribution;

/// Answers that are not at the two lowest of five levels ("dissatisfied", "very dissatisfied"), in percent of all that
/// have a level; `None` if nobody answered.
pub fn share(counts: &Distribution) -> Option<Rounded> {
    let answered = counts.answered();
    let dissatisfied: u64 = counts.levels.iter().take(2).sum();
    let percent = || ratio(answered - dissatisfied, answered) * Exact::from_integer(100.into());
    (answered > 0).then(|| Rounded::half_up(&percent()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neutral_is_not_dissatisfied_and_nobody_is_not_zero() {
        let of = |levels| share(&Distribution { not_applicable: 9, levels }).map(Rounded::to_f64);
        assert_eq!(of([10, 20, 70, 500, 400]), Some(97.0));
        assert_eq!(of([1, 0, 0, 0, 0]), Some(0.0));
        assert_eq!(of([0, 1, 2, 0, 0]), Some(66.67));
        assert_eq!(of([0; 5]), None);
    }
}
