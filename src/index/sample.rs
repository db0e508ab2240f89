//! The official sample rule: how many people have to be asked among so many.
//!
//! n = N / (1 + N e²) with e = 5 %, as the Ministry of Home Affairs (MOHA) taught it in 2013; known from a
//! secondary source, so assumed. Its example: 10,000 -> 385, hence rounded up.

/// Fewest people to ask where `population` dossiers were handled; with e = 1/20 this is 400 N / (400 + N).
pub fn required(population: u64) -> u64 {
    // 400 = 1/e². Never more than the population, so it fits.
    let n = u128::from(population);
    u64::try_from((400 * n).div_ceil(400 + n)).unwrap_or(population)
}

/// Whether `n` people are enough by the rule; `None` where nobody could have been asked.
pub fn sufficient(n: u64, population: u64) -> Option<bool> {
    (population > 0).then(|| n >= required(population))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_that_is_taught() {
        assert_eq!(required(10_000), 385);
        assert_eq!((required(0), required(1), required(400)), (0, 1, 200));
        assert_eq!(required(u64::MAX), 400);
        assert_eq!(sufficient(384, 10_000), Some(false));
        assert_eq!(sufficient(385, 10_000), Some(true));
        assert_eq!(sufficient(0, 0), None);
    }

    proptest! {
        #[test]
        fn the_rule_holds_and_grows(population in 1..1_000_000_000_u64) {
            let n = required(population);
            prop_assert!(n <= population && n <= required(population + 1) && n <= 400);
            // n is the smallest whole number with n (400 + N) >= 400 N.
            prop_assert!(n * (400 + population) >= 400 * population);
            prop_assert!((n - 1) * (400 + population) < 400 * population);
        }
    }
}
