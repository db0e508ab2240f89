use sipas::domain::distribution::Moments;
use sipas::domain::tally::Tally;
use sipas::domain::tree::Share;
use sipas::index::*;
use std::time::Instant;
fn main() {
    let v = sipas::catalogue::parse(&sipas::catalogue::built_in().remove(0))
        .unwrap()
        .questionnaire
        .unwrap()
        .version;
    let parts = v.parts();
    let tallies: Vec<Tally> = (0..3000u64)
        .map(|a| {
            let mut t = Tally::empty(&v);
            let n = 20 + a % 700;
            for i in 0..n {
                let ans: Vec<u8> = (0..19)
                    .map(|c| {
                        let x = (i * 31 + c * 17 + a * 7 + i * i * c) % 11;
                        if c >= 16 && (i + c * c) % 3 == 0 { 0 } else { 1 + (x % 5) as u8 }
                    })
                    .collect();
                for (c, o) in t.counts.iter_mut().zip(&ans) {
                    c.count(*o)
                }
                for (m, p) in t.moments.iter_mut().zip(&parts) {
                    m.add(&Moments::of(&v, p, &ans))
                }
            }
            t
        })
        .collect();
    for f in [Formula::SatisfiedShare, Formula::MeanNormalised] {
        let q = Question { formula: f, confidence: Confidence::P95, min_n: 10, population: Some(100_000) };
        for share in [Share::from_integer(1), Share::new(1, 3)] {
            for round in 0..3 {
                let t = Instant::now();
                let ev: Vec<Evidence> = tallies
                    .iter()
                    .map(|t| {
                        let mut e = Evidence::new(&v);
                        e.add(t, share);
                        e
                    })
                    .collect();
                let a = t.elapsed();
                let t = Instant::now();
                let w: Vec<IndexValue> = ev.iter().map(|e| whole_of(&v, e, &q)).collect();
                let b = t.elapsed();
                let t = Instant::now();
                let r = ranking::rank(&w, 30);
                let c = t.elapsed();
                let t = Instant::now();
                let k: usize = ev.iter().map(|e| figures(&v, e, &q).elements.len()).sum();
                let d = t.elapsed();
                println!(
                    "{f:?} {share} {round}: evidence {:?} whole {:?} rank all {c:?} figures {:?} {} {k}",
                    a / 3000,
                    b / 3000,
                    d / 3000,
                    r.ranked
                );
            }
        }
    }
    use statrs::distribution::*;
    for f in [100., 199., 1e3, 1e4, 1e5, 1e6, 1e7] {
        let t = Instant::now();
        let x = StudentsT::new(0., 1., f).unwrap().inverse_cdf(0.975);
        println!("{f} {x} {:?}", t.elapsed());
    }
}
