//! An attack on what is withheld, over HTTP as anybody can do it: read everything the public may read of random
//! responses (agencies alone and with their subtrees, together, the country; months, quarters, years; breakdowns), take
//! each shown number of people as an equation over the finest cells, and see by elimination whether a number below
//! ten follows from them.

use crate::support::citizens::records;
use crate::support::samples::{id, response, with, without};
use crate::support::{Client, TestApp};
use chrono::{DateTime, Utc};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const AGENCIES: [&str; 8] = ["H56", "H56.D1", "H56.C1", "H56.C2", "H56.C3", "H21", "H21.C1", "H21.C2"];
const MONTHS: [&str; 3] = ["2026-05", "2026-06", "2026-07"];
const CHANNELS: [Option<&str>; 3] = [Some("kiosk"), Some("tablet"), None];

/// A finest cell: an agency alone, a month, a channel.
type Leaf = (usize, usize, usize);

/// A prime; whoever subtracts whole numbers can be followed modulo it.
const P: i128 = 2_305_843_009_213_693_951;

/// Equations in echelon form, by leading place.
#[derive(Default)]
struct Known(BTreeMap<usize, Vec<i128>>);

impl Known {
    /// What is left of an equation after everything known is subtracted from it.
    fn reduce(&self, mut row: Vec<i128>) -> Vec<i128> {
        for (lead, known) in &self.0 {
            let factor = row[*lead];
            if factor != 0 {
                row.iter_mut().zip(known).for_each(|(x, y)| *x = (*x - factor * y).rem_euclid(P));
            }
        }
        row
    }

    fn learn(&mut self, row: Vec<i128>) {
        let mut row = self.reduce(row);
        let Some(lead) = row.iter().position(|x| *x != 0) else { return };
        let inverse = power(row[lead], P - 2);
        row.iter_mut().for_each(|x| *x = *x * inverse % P);
        for known in self.0.values_mut() {
            let factor = known[lead];
            if factor != 0 {
                known.iter_mut().zip(&row).for_each(|(x, y)| *x = (*x - factor * y).rem_euclid(P));
            }
        }
        self.0.insert(lead, row);
    }

    fn tells(&self, row: Vec<i128>) -> bool {
        self.reduce(row).iter().all(|x| *x == 0)
    }
}

fn power(mut base: i128, mut exponent: i128) -> i128 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % P;
        }
        base = base * base % P;
        exponent >>= 1;
    }
    result
}

/// Random responses: agencies of very different size, so that some cells are small and most are not.
async fn post(app: &TestApp, chance: &mut StdRng) -> BTreeMap<Leaf, i128> {
    let system = app.system(None).await;
    let (mut counts, mut bodies) = (BTreeMap::new(), Vec::new());
    for (agency, code) in AGENCIES.iter().enumerate() {
        let size = [0, 2, 6, 14, 30][chance.random_range(0..5)];
        for (month, name) in MONTHS.iter().enumerate() {
            for _ in 0..chance.random_range(0..=size) {
                let at = format!("{name}-{:02}T03:00:00Z", chance.random_range(1..=14));
                let at: DateTime<Utc> = at.parse().unwrap();
                let channel = chance.random_range(0..CHANNELS.len());
                let mut body =
                    with(without(response(id(at), 4), "/service_point"), "/rated_agency", json!(code));
                if let Some(word) = CHANNELS[channel] {
                    body["channel"] = json!(word);
                }
                bodies.push(body);
                *counts.entry((agency, month, channel)).or_insert(0) += 1;
            }
        }
    }
    for bodies in bodies.chunks(200) {
        let outcomes = system.post_batch(bodies).await.expect(200).json();
        assert_eq!(outcomes["counts"]["created"], bodies.len());
    }
    counts
}

/// The months of each period anybody may ask for.
fn periods() -> Vec<(&'static str, Vec<usize>)> {
    vec![
        ("period=2026-05", vec![0]),
        ("period=2026-06", vec![1]),
        ("period=2026-07", vec![2]),
        ("period=2026-Q2", vec![0, 1]),
        ("period=2026-Q3", vec![2]),
        ("period=2026", vec![0, 1, 2]),
        ("from=2026-06-01&to=2026-08-01", vec![1, 2]),
    ]
}

/// Whose responses each subject's figure is made of.
fn subjects() -> Vec<(String, &'static str, Vec<usize>)> {
    let mut subjects = Vec::new();
    for (place, code) in AGENCIES.iter().enumerate() {
        let below = |other: &str| other == *code || other.starts_with(&format!("{code}."));
        let subtree = AGENCIES.iter().enumerate().filter(|(_, other)| below(other)).map(|(place, _)| place);
        subjects.push(((*code).to_owned(), "subtree", subtree.collect()));
        subjects.push(((*code).to_owned(), "self", vec![place]));
    }
    subjects.push(("H56,H21".into(), "subtree", (0..AGENCIES.len()).collect()));
    subjects.push(("H56.C1,H56.C2".into(), "subtree", vec![2, 3]));
    subjects.push(("VN".into(), "subtree", (0..AGENCIES.len()).collect()));
    subjects
}

/// The equations that anybody can read, and how many figures were hidden.
async fn read(public: &Client, leaves: &[Leaf], counts: &BTreeMap<Leaf, i128>) -> (Known, usize) {
    let (mut known, mut hidden) = (Known::default(), 0);
    let sum = |of: &dyn Fn(&Leaf) -> bool| -> i128 {
        counts.iter().filter(|(leaf, _)| of(leaf)).map(|(_, n)| n).sum()
    };
    let row = |of: &dyn Fn(&Leaf) -> bool| leaves.iter().map(|leaf| i128::from(of(leaf))).collect::<Vec<_>>();
    for (code, scope, agencies) in subjects() {
        for (period, months) in periods() {
            let of = |leaf: &Leaf| agencies.contains(&leaf.0) && months.contains(&leaf.1);
            let index = public.index(&code, &format!("survey=demo-service&scope={scope}&{period}")).await;
            match index["whole"]["n"].as_i64() {
                Some(n) => {
                    assert_eq!(i128::from(n), sum(&of), "{code} {scope} {period}");
                    known.learn(row(&of));
                }
                None => hidden += 1,
            }
            let top = ["VN", "H56", "H21"].contains(&code.as_str()) && scope == "subtree";
            if !top {
                continue;
            }
            let path = format!("/v1/agencies/{code}/index/breakdown?survey=demo-service&by=channel&{period}");
            for slice in public.get(&path).await.expect(200).json()["slices"].as_array().unwrap() {
                let channel = CHANNELS.iter().position(|word| slice["value_code"] == json!(word)).unwrap();
                let of = |leaf: &Leaf| of(leaf) && leaf.2 == channel;
                match slice["n"].as_i64() {
                    Some(n) => {
                        assert_eq!(i128::from(n), sum(&of), "{path}: {slice}");
                        known.learn(row(&of));
                    }
                    None => hidden += 1,
                }
            }
        }
    }
    (known, hidden)
}

/// A table from which June and July together followed, parts of the year and of different quarters.
const ACROSS_QUARTERS: u64 = 14_101_860_381_558_840_953;

#[tokio::test]
async fn nothing_small_follows_from_what_everybody_may_read() {
    for seed in [ACROSS_QUARTERS, rand::random()] {
        attack(seed).await;
    }
}

async fn attack(seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    let app = TestApp::start().await;
    let counts = post(&app, &mut chance).await;
    // That nobody answered is no secret, so only the others are unknown.
    let leaves: Vec<Leaf> = counts.keys().copied().collect();
    let (known, hidden) = read(&app.anonymous(), &leaves, &counts).await;
    let mut small = 0;
    for (code, scope, agencies) in subjects() {
        for (period, months) in periods() {
            for channels in
                [BTreeSet::from([0, 1, 2]), BTreeSet::from([0]), BTreeSet::from([1]), BTreeSet::from([2])]
            {
                let of = |leaf: &Leaf| {
                    agencies.contains(&leaf.0) && months.contains(&leaf.1) && channels.contains(&leaf.2)
                };
                let n: i128 = counts.iter().filter(|(leaf, _)| of(leaf)).map(|(_, n)| n).sum();
                if (1..10).contains(&n) {
                    small += 1;
                    let row = leaves.iter().map(|leaf| i128::from(of(leaf))).collect();
                    assert!(!known.tells(row), "seed {seed}: {code} {scope} {period} {channels:?} has {n}");
                }
            }
        }
    }
    assert!(small == 0 || hidden > 0, "seed {seed}: {small} small cells, nothing withheld");
}

#[tokio::test]
async fn a_small_commune_takes_a_neighbour_with_it_and_no_total() {
    let app = TestApp::start().await;
    let system = app.system(None).await;
    for (code, people) in [("H56.C1", 4), ("H56.C2", 12), ("H56.C3", 40)] {
        let body =
            |_| with(without(response(id(app.now), 4), "/service_point"), "/rated_agency", json!(code));
        system.post_batch(&(0..people).map(body).collect::<Vec<_>>()).await.expect(200);
    }
    let n = async |client: &Client, code: &str| -> Value {
        client.index(code, "survey=demo-service&period=2026").await["whole"]["n"].clone()
    };
    let public = app.anonymous();
    assert_eq!(n(&public, "H56").await, 56);
    assert_eq!(n(&public, "VN").await, 56);
    assert_eq!(n(&public, "H56.C3").await, 40);
    for code in ["H56.C1", "H56.C2", "H56.C1,H56.C2", "H56.C1,H56.C3"] {
        assert_eq!(n(&public, code).await, Value::Null, "{code}");
    }
    let ranking = "/v1/agencies/H56/index/ranking?survey=demo-service&period=2026";
    let ranking = public.get(ranking).await.expect(200).json();
    let standing = |code: &str| {
        let entries = ranking["entries"].as_array().unwrap();
        entries.iter().find(|entry| entry["code"] == code).unwrap()["unranked"].clone()
    };
    assert_eq!((standing("H56.C2"), standing("H56.C3")), (json!("suppressed"), Value::Null));
    assert_eq!(n(&app.admin(Some("H56")).await, "H56.C1").await, 4);
    assert_eq!(n(&app.admin(Some("H56.C2")).await, "H56.C1").await, Value::Null);
}

#[tokio::test]
async fn the_public_asks_for_whole_months_and_breakdowns_at_the_top() {
    let app = TestApp::start().await;
    let public = app.anonymous();
    let refusal = async |path: &str| {
        public.get(&format!("/v1/agencies/{path}")).await.expect(422).faults()[0].1.clone()
    };
    for period in ["period=2026-07-10", "period=2026-W28", "from=2026-07-02&to=2026-08-01"] {
        assert_eq!(refusal(&format!("H56/index?survey=demo-service&{period}")).await, "months_for_public");
    }
    assert_eq!(
        refusal("H56/index/series?survey=demo-service&period=2026-07&step=day").await,
        "months_for_public"
    );
    for question in ["H56.C1/index/breakdown?by=gender", "H56/index/breakdown?by=procedure"] {
        let path = format!("{question}&survey=demo-service&period=2026");
        assert_eq!(refusal(&path).await, "breakdown_in_charge");
    }
    public
        .get("/v1/agencies/H56/index/breakdown?by=gender&survey=demo-service&period=2026")
        .await
        .expect(200);
}

#[tokio::test]
async fn slices_of_months_add_up_to_those_of_both() {
    let app = TestApp::start().await;
    let system = app.system(None).await;
    for (month, people, asked) in [("2026-05", 30, 4), ("2026-06", 40, 30)] {
        let body = |n: usize| {
            let at: DateTime<Utc> = format!("{month}-10T03:00:00Z").parse().unwrap();
            let mut body = without(response(id(at), if n < asked { 2 } else { 5 }), "/service_point");
            body["channel"] = json!(if n.is_multiple_of(2) { "kiosk" } else { "tablet" });
            if n >= asked {
                for criterion in ["feedback.channel", "feedback.handled", "feedback.notified"] {
                    body["answers"][criterion] = Value::Null;
                }
            }
            body
        };
        system.post_batch(&(0..people).map(body).collect::<Vec<_>>()).await.expect(200);
    }
    let public = app.anonymous();
    // What two told of feedback in May, by kiosk, would be left over if it were in one sum and not in the others.
    let levels = async |period: &str| -> Vec<i64> {
        let path = format!("/v1/agencies/H56/index/breakdown?survey=demo-service&by=channel&{period}");
        let slices = public.get(&path).await.expect(200).json();
        let kiosk = slices["slices"].as_array().unwrap().iter().find(|slice| slice["value_code"] == "kiosk");
        let levels = kiosk.unwrap()["levels"].as_array().unwrap().clone();
        levels.iter().map(|level| level["count"].as_i64().unwrap()).collect()
    };
    let [may, june] = [levels("period=2026-05").await, levels("period=2026-06").await];
    let both = levels("from=2026-05-01&to=2026-07-01").await;
    let sum: Vec<i64> = may.iter().zip(&june).map(|(a, b)| a + b).collect();
    assert_eq!(both, sum);
    assert!(both.iter().sum::<i64>() > 0);
}

#[tokio::test]
async fn figures_beside_each_other_are_made_of_the_same_criteria_and_say_of_which() {
    let app = TestApp::start().await;
    let system = app.system(None).await;
    // Of C1's people three had feedback handled, of the others' all.
    for (code, asked) in [("H56.C1", 3), ("H56.C2", 20), ("H56.C3", 20)] {
        let body = |n: usize| {
            let mut body =
                with(without(response(id(app.now), 4), "/service_point"), "/rated_agency", json!(code));
            body["channel"] = json!("kiosk");
            if n >= asked {
                body["answers"]["feedback.handled"] = Value::Null;
            }
            body
        };
        system.post_batch(&(0..20).map(body).collect::<Vec<_>>()).await.expect(200);
    }
    let query = "survey=demo-service&period=2026";
    let get = async |client: &Client, what: &str| {
        client.get(&format!("/v1/agencies/{what}&{query}")).await.expect(200)
    };
    let (public, admin) = (app.anonymous(), app.admin(None).await);
    let (handled, nothing) = (json!(["feedback.handled"]), json!([]));
    assert_eq!(public.index("H56.C1", query).await["left_out"], handled);
    // One of the neighbours is left alone, until it stands beside C1.
    let [c2, c3] = [public.index("H56.C2", query).await, public.index("H56.C3", query).await];
    assert_eq!([&c2["left_out"], &c3["left_out"]].iter().filter(|codes| ***codes == nothing).count(), 1);
    for (client, expected) in [(&public, &handled), (&admin, &nothing)] {
        let ranking = get(client, "H56/index/ranking?against=2025").await.json();
        for entry in ranking["entries"].as_array().unwrap() {
            let has_value = entry["value"] != Value::Null;
            assert_eq!(&entry["left_out"], if has_value { expected } else { &nothing }, "{entry}");
            assert_eq!(entry["before"]["left_out"], nothing);
        }
        assert_eq!(ranking["ranked"], 3);
        let compared = get(client, "H56.C2/index/comparison?with=H56.C1").await.json();
        assert_eq!([&compared["first_left_out"], &compared["second_left_out"]], [expected, expected]);
        for (part, expected) in [
            ("whole", expected),
            ("feedback", expected),
            ("access", &nothing),
            ("feedback.handled", &nothing),
        ] {
            let series = get(client, &format!("H56.C1/index/series?step=year&part={part}")).await.json();
            assert_eq!(&series["points"][0]["left_out"], expected, "{part}");
        }
    }
    // Everybody together answered enough; a slice shows the public no criterion that may be left out.
    let optional = json!(["feedback.channel", "feedback.handled", "feedback.notified"]);
    for (client, expected) in [(&public, &optional), (&admin, &nothing)] {
        let by_channel = get(client, "H56/index/breakdown?by=channel").await.json();
        assert_eq!(by_channel["left_out"], nothing);
        let slices = by_channel["slices"].as_array().unwrap();
        assert!(
            slices.iter().all(|slice| &slice["left_out"] == expected) && !slices.is_empty(),
            "{slices:?}"
        );
    }
    for what in ["ranking?", "comparison?with=H56.C1", "breakdown?by=channel", "series?step=year"] {
        let agency = if what.starts_with("comparison") { "H56.C2" } else { "H56" };
        let sheet = get(&public, &format!("{agency}/index/{what}&format=csv")).await.text;
        let column = |name: &str| records(&sheet).iter().map(|row| row[name].clone()).collect::<Vec<_>>();
        let told = column("criteria_left_out");
        let expected = match what {
            "ranking?" | "comparison?with=H56.C1" => "feedback.handled",
            "breakdown?by=channel" => "feedback.channel feedback.handled feedback.notified",
            _ => "",
        };
        assert!(told.iter().any(|codes| codes == expected), "{what}: {told:?}");
    }
}
