//! The numbers of a tally as bytes: LEB128 with runs of zeros, as the migration that makes the table says; the SQL
//! function `unpack_numbers` reads the same.

use crate::domain::distribution::{Distribution, Moments};
use crate::domain::questionnaire::Scale;
use crate::domain::tally::Tally;

/// Numbers of a criterion: not applicable, and one for each ordinal.
const OF_CRITERION: usize = 1 + Scale::MAX_LEVELS;

/// Numbers of a part.
const OF_PART: usize = 9;

/// Writes the counts and sums of a tally; none of them is negative.
pub fn pack(tally: &Tally) -> Vec<u8> {
    let mut packed = Packed::default();
    for counts in &tally.counts {
        packed.push(counts.not_applicable);
        counts.levels.iter().for_each(|count| packed.push(*count));
    }
    for moments in &tally.moments {
        let Moments { respondents, m, mm, s, ss, sm, v, vv, vm } = *moments;
        for sum in [respondents, m, mm, s, ss, sm, v, vv, vm] {
            packed.push(sum.unsigned_abs());
        }
    }
    packed.finish()
}

/// Adds what [`pack`] wrote to a tally of the same version; `None` if the bytes are something else.
pub fn unpack_into(tally: &mut Tally, bytes: &[u8]) -> Option<()> {
    let mut numbers = Numbers { bytes: bytes.iter(), zeros: 0 };
    for counts in &mut tally.counts {
        let mut read = [0; OF_CRITERION];
        numbers.fill(&mut read)?;
        let [not_applicable, levels @ ..] = read;
        counts.add(&Distribution { not_applicable, levels });
    }
    for moments in &mut tally.moments {
        let mut read = [0; OF_PART];
        numbers.fill(&mut read)?;
        let mut sums = [0_i64; OF_PART];
        for (sum, number) in sums.iter_mut().zip(read) {
            *sum = i64::try_from(number).ok()?;
        }
        let [respondents, m, mm, s, ss, sm, v, vv, vm] = sums;
        moments.add(&Moments { respondents, m, mm, s, ss, sm, v, vv, vm });
    }
    (numbers.zeros == 0 && numbers.bytes.as_slice().is_empty()).then_some(())
}

#[derive(Default)]
struct Packed {
    bytes: Vec<u8>,
    zeros: u64,
}

impl Packed {
    fn push(&mut self, number: u64) {
        if number == 0 {
            self.zeros += 1;
            return;
        }
        self.end_run();
        self.word(number);
    }

    fn end_run(&mut self) {
        if self.zeros > 0 {
            let zeros = std::mem::take(&mut self.zeros);
            self.bytes.push(0);
            self.word(zeros);
        }
    }

    fn word(&mut self, mut number: u64) {
        while number > 0x7f {
            self.bytes.push(low_bits(number) | 0x80);
            number >>= 7;
        }
        self.bytes.push(low_bits(number));
    }

    fn finish(mut self) -> Vec<u8> {
        self.end_run();
        self.bytes
    }
}

fn low_bits(number: u64) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or(0)
}

struct Numbers<'b> {
    bytes: std::slice::Iter<'b, u8>,
    zeros: u64,
}

impl Numbers<'_> {
    fn fill(&mut self, numbers: &mut [u64]) -> Option<()> {
        for number in numbers {
            *number = self.next()?;
        }
        Some(())
    }

    fn next(&mut self) -> Option<u64> {
        if self.zeros == 0 {
            match self.word()? {
                0 => self.zeros = self.word()?,
                number => return Some(number),
            }
        }
        self.zeros = self.zeros.checked_sub(1)?;
        Some(0)
    }

    fn word(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0_u64, 0_u32);
        loop {
            let byte = *self.bytes.next()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte <= 0x7f {
                return Some(number);
            }
            shift += 7;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = u64> {
        prop_oneof![3 => Just(0), 2 => 0..300_u64, 1 => 0..i64::MAX.unsigned_abs()]
    }

    fn tally() -> impl Strategy<Value = Tally> {
        let counts = proptest::collection::vec((number(), proptest::array::uniform5(number())), 0..30);
        let moments = proptest::collection::vec(proptest::array::uniform9(number()), 0..8);
        (counts, moments).prop_map(|(counts, moments)| Tally {
            counts: counts
                .into_iter()
                .map(|(not_applicable, levels)| Distribution { not_applicable, levels })
                .collect(),
            moments: moments
                .into_iter()
                .map(|sums| {
                    let [respondents, m, mm, s, ss, sm, v, vv, vm] =
                        sums.map(|sum| i64::try_from(sum).unwrap());
                    Moments { respondents, m, mm, s, ss, sm, v, vv, vm }
                })
                .collect(),
            watermark: None,
        })
    }

    fn empty_like(tally: &Tally) -> Tally {
        Tally {
            counts: vec![Distribution::default(); tally.counts.len()],
            moments: vec![Moments::default(); tally.moments.len()],
            watermark: None,
        }
    }

    proptest! {
        #[test]
        fn what_is_packed_is_read_again(tally in tally()) {
            let mut read = empty_like(&tally);
            prop_assert_eq!(unpack_into(&mut read, &pack(&tally)), Some(()));
            prop_assert_eq!(read, tally);
        }

        #[test]
        fn what_was_cut_or_has_more_is_refused(tally in tally(), more in 0..=255_u8) {
            let mut bytes = pack(&tally);
            bytes.push(more);
            prop_assert_eq!(unpack_into(&mut empty_like(&tally), &bytes), None);
            bytes.pop();
            if bytes.pop().is_some() {
                prop_assert_eq!(unpack_into(&mut empty_like(&tally), &bytes), None);
            }
        }
    }
}
