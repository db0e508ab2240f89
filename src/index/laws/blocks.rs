//! How the two blocks of SIPAS combine. 2024: policy 83.84, service 84.09, overall 83.94. An unweighted mean over
//! all items gives it with 32 policy and 19 service items; the plain mean of the blocks, 83.97, does not. The
//! split is a hypothesis: nothing says how the 51 items of 2024 were divided.

use super::*;
use crate::domain::questionnaire::{Criterion, Element};

const POLICY: usize = 32;
const SERVICE: usize = 19;

/// A questionnaire whose elements are the two blocks.
fn two_blocks() -> QuestionnaireVersion {
    let mut version = version(0);
    let like = version.criteria[0].clone();
    let criterion = |place: usize| Criterion { code: format!("i{place}"), ..like.clone() };
    version.criteria = (0..POLICY + SERVICE).map(criterion).collect();
    let text = version.elements[0].text.clone();
    let element = |code: &str, criteria| Element { code: code.into(), text: text.clone(), criteria };
    version.elements = vec![element("policy", 0..POLICY), element("service", POLICY..POLICY + SERVICE)];
    version
}

/// A hundred people who say 4 or 5; over all of them the levels of the blocks add up to these sums.
fn a_hundred(sums: [usize; 2]) -> Vec<Vec<u8>> {
    let fives = [(POLICY, sums[0]), (SERVICE, sums[1])].map(|(items, sum)| sum - 400 * items);
    let level = |person: usize, place: usize| {
        let (items, item, fives) =
            if place < POLICY { (POLICY, place, fives[0]) } else { (SERVICE, place - POLICY, fives[1]) };
        if person * items + item < fives { 5 } else { 4 }
    };
    (0..100).map(|person| (0..POLICY + SERVICE).map(|place| level(person, place)).collect()).collect()
}

#[test]
fn the_published_blocks_of_2024_combine_as_a_mean_over_items() {
    // 13415 / (32·100·5) = 83.84 %, 7989 / (19·100·5) = 84.09 %.
    let found = computed(Formula::MeanNormalised, &two_blocks(), &a_hundred([13_415, 7_989]));
    let hundredths = |value: &IndexValue| value.value.map(Rounded::hundredths);
    assert_eq!(
        found.elements.iter().map(|block| hundredths(&block.value)).collect::<Vec<_>>(),
        [Some(8384), Some(8409)]
    );
    assert_eq!(hundredths(&found.whole), Some(8394));
}

#[test]
fn the_plain_mean_of_the_blocks_does_not_give_the_published_overall() {
    let blocks = [ratio(8384, 100), ratio(8409, 100)];
    let plain = Formula::MeanNormalised.combined(&blocks).unwrap();
    assert_eq!(Rounded::half_up(&plain).hundredths(), 8397);
    // Not even with blocks at the lower ends of what rounds to them.
    let least = Formula::MeanNormalised.combined(&[ratio(83_835, 1000), ratio(84_085, 1000)]).unwrap();
    assert!(Rounded::half_up(&least).hundredths() > 8394);
}
