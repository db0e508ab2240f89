//! How an agency answers what citizens write: of how many months, and after how many days. The one place that computes it.

/// How months with comments were answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answering {
    /// Months in which people commented, each of one survey at one agency.
    pub months: usize,
    /// How many of them were answered.
    pub answered: usize,
    /// Median over the answered months of the whole days from the end of the month to the first answer; of an even number
    /// the mean of the middle two. `None` if none was answered: no answer is not an answer in no time.
    pub median_days: Option<f64>,
}

impl Answering {
    /// Of `months`, where `days` are those that passed until each answered one was.
    pub fn of(months: usize, mut days: Vec<u32>) -> Self {
        days.sort_unstable();
        let upper = days.get(days.len() / 2).copied();
        let lower = days.len().checked_sub(1).and_then(|last| days.get(last / 2)).copied();
        let median_days = lower.zip(upper).map(|(lower, upper)| f64::midpoint(lower.into(), upper.into()));
        Self { months, answered: days.len(), median_days }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_answered_has_no_time() {
        assert_eq!(Answering::of(3, vec![]), Answering { months: 3, answered: 0, median_days: None });
        assert_eq!(Answering::of(3, vec![0]).median_days, Some(0.0));
        assert_eq!(Answering::of(3, vec![9, 4]).median_days, Some(6.5));
        assert_eq!(Answering::of(3, vec![30, 1, 4]).median_days, Some(4.0));
    }

    proptest! {
        #[test]
        fn as_many_answers_are_quicker_as_are_slower(days in prop::collection::vec(0_u32..400, 1..50)) {
            let median = Answering::of(50, days.clone()).median_days.unwrap();
            let quicker = days.iter().filter(|day| f64::from(**day) < median).count();
            let slower = days.iter().filter(|day| f64::from(**day) > median).count();
            prop_assert!(quicker * 2 <= days.len() && slower * 2 <= days.len());
        }
    }
}
