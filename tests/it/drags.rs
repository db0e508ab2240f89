//! Drags: counted again from what people said, and again from nothing but the index, which is all that they may tell.

use crate::support::citizens::{Citizen, figure, post, records};
use crate::support::clients::faults;
use crate::support::samples::{CRITERIA, desk_response, id};
use crate::support::{Client, TestApp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

/// Half up, to hundredths: of a ratio of whole numbers, below zero too.
fn hundredths(numerator: i128, denominator: i128) -> i128 {
    (200 * numerator + denominator).div_euclid(2 * denominator)
}

fn shown(value: &Value) -> i128 {
    (value.as_f64().unwrap() * 100.0).round() as i128
}

/// Codes with contributions, in the order of the answer.
fn contributions(list: &Value) -> Vec<(String, Option<i128>)> {
    let of = |drag: &Value| {
        let part = &drag["contribution"];
        (drag["code"].as_str().unwrap().to_owned(), part.as_f64().map(|_| shown(part)))
    };
    list.as_array().unwrap().iter().map(of).collect()
}

/// What is expected: code, contribution times `denominator`; ordered, what counts nowhere last.
fn expected(mut parts: Vec<(String, Option<i128>)>, denominator: i128) -> Vec<(String, Option<i128>)> {
    // A stable sort: equals stay as they come in the questionnaire.
    parts.sort_by_key(|(_, part)| (part.is_none(), part.map(|part| -part)));
    parts.into_iter().map(|(code, part)| (code, part.map(|part| hundredths(part, denominator)))).collect()
}

/// What the contributions have to be by the index alone: numerators, denominators and which criteria are left out.
fn by_the_index(index: &Value, drags: &Value, at_least: i128) {
    assert_eq!(index["formula"]["unit"], "percent");
    let elements = index["elements"].as_array().unwrap();
    let criteria: Vec<&Value> =
        elements.iter().flat_map(|element| element["criteria"].as_array().unwrap()).collect();
    let left_out: Vec<&str> =
        index["left_out"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
    let code = |part: &Value| part["code"].as_str().unwrap().to_owned();
    let is_shown = !index["whole"]["value"].is_null();
    let counts = |criterion: &&Value| is_shown && !left_out.contains(&criterion["code"].as_str().unwrap());
    let k = criteria.iter().copied().filter(|criterion| counts(criterion)).count() as i128;
    // A common denominator of all values, so that everything is a whole number.
    let denominators =
        criteria.iter().filter(|c| counts(c)).map(|c| i128::from(c["denominator"].as_u64().unwrap()));
    let common = denominators.fold(1, num_integer::lcm);
    // Contribution = (target - value) / k, in units of 1/(100 common k).
    let part = |criterion: &Value| {
        let (n, d) = (criterion["numerator"].as_u64().unwrap(), criterion["denominator"].as_u64().unwrap());
        at_least * common - 100 * 100 * i128::from(n) * (common / i128::from(d))
    };
    let unit = 100 * common * k.max(1);
    let parts = criteria.iter().map(|c| (code(c), counts(c).then(|| part(c)))).collect();
    assert_eq!(contributions(&drags["criteria"]), expected(parts, unit));
    let of_element = |element: &Value| {
        let own = element["criteria"].as_array().unwrap().iter().filter(|c| counts(c));
        let own: Vec<i128> = own.map(|c| part(c)).collect();
        (code(element), (!own.is_empty()).then(|| own.iter().sum()))
    };
    assert_eq!(contributions(&drags["elements"]), expected(elements.iter().map(of_element).collect(), unit));
    assert_eq!(drags["criteria_counted"], json!(k));
    assert_eq!(drags["whole"], index["whole"]);
    // Each value is the index's own, with its interval and counts.
    for drag in drags["criteria"].as_array().unwrap() {
        let same = criteria.iter().find(|c| c["code"] == drag["code"]).unwrap();
        for (name, value) in same.as_object().unwrap() {
            assert_eq!(drag[name], *value, "{name} of {}", drag["code"]);
        }
        let low = drag["interval"]["low"].as_f64().map(|_| shown(&drag["interval"]["low"]));
        let high = drag["interval"]["high"].as_f64().map(|_| shown(&drag["interval"]["high"]));
        let state = match (drag["suppressed"] == true, drag["value"].is_null(), low.zip(high)) {
            (true, ..) => "suppressed",
            (_, true, _) => "no_value",
            (.., Some((low, _))) if low >= at_least => "met",
            (.., Some((_, high))) if high < at_least => "missed",
            _ => "not_distinguishable",
        };
        assert_eq!(drag["state"], state);
    }
    let gap = (!index["whole"]["value"].is_null()).then(|| at_least - shown(&index["whole"]["value"]));
    assert_eq!(drags["gap"].as_f64().map(|_| shown(&drags["gap"])), gap);
    for (list, remainder) in [("criteria", "criteria_remainder"), ("elements", "elements_remainder")] {
        let sum: i128 = contributions(&drags[list]).iter().filter_map(|(_, part)| *part).sum();
        match gap {
            Some(gap) => assert_eq!(sum + shown(&drags[remainder]), gap, "{list}"),
            None => assert!(drags[remainder].is_null() && sum == 0),
        }
    }
}

async fn compare(client: &Client, agency: &str, query: &str, at_least: i128) -> Value {
    let index = client.index(agency, query).await;
    let target = format!("{query}&target={}.{:02}", at_least / 100, at_least % 100);
    let drags = figure(client, agency, "drags", &target).await;
    by_the_index(&index, &drags, at_least);
    drags
}

fn crowd() -> Vec<Citizen> {
    let mut chance = StdRng::seed_from_u64(7);
    let mut people: Vec<Citizen> =
        (0..40).map(|_| Citizen::random("H56.C1", "2026-05-05", &mut chance)).collect();
    people.extend((0..12).map(|_| Citizen::random("H56.C2", "2026-05-06", &mut chance)));
    people.extend((0..5).map(|_| Citizen::random("H56.C3", "2026-06-06", &mut chance)));
    people
}

#[tokio::test]
async fn contributions_are_what_people_said_and_add_up_to_the_gap() {
    let app = TestApp::start().await;
    let (admin, people) = (app.admin(None).await, crowd());
    post(&app, &people).await;
    for (formula, at_least) in [
        ("satisfied-share", 9000),
        ("satisfied-share", 2500),
        ("mean-normalised", 8137),
        ("mean-rescaled", 6667),
    ] {
        for agency in ["H56", "H56.C1", "H56.C3", "H56.C4"] {
            let query = format!("survey=demo-service&period=2026-Q2&formula={formula}");
            compare(&admin, agency, &query, at_least).await;
        }
    }
    // And from the answers themselves, without the service's own counting.
    let drags = figure(&admin, "H56", "drags", "survey=demo-service&period=2026-Q2&target=90").await;
    let answered = |place: usize| people.iter().filter(move |citizen| citizen.answers[place] > 0);
    let k = (0..CRITERIA.len()).filter(|place| answered(*place).count() > 0).count() as i128;
    assert_eq!(k, 19, "somebody had a case of feedback");
    for drag in drags["criteria"].as_array().unwrap() {
        let place = CRITERIA.iter().position(|code| drag["code"] == **code).unwrap();
        let n = answered(place).count() as i128;
        let satisfied = answered(place).filter(|citizen| citizen.answers[place] >= 4).count() as i128;
        assert_eq!(drag["n"], json!(n));
        assert_eq!(
            shown(&drag["contribution"]),
            hundredths(90 * n - 100 * satisfied, k * n),
            "{}",
            drag["code"]
        );
        assert_eq!((&drag["weight_percent"], &drag["goal"]), (&json!(5.26), &json!(90.0)));
    }
}

#[tokio::test]
async fn drags_tell_the_public_nothing_that_the_index_does_not() {
    let app = TestApp::start().await;
    let (admin, public) = (app.admin(None).await, app.anonymous());
    let mut people = crowd();
    // Three people alone had a case of feedback at H56.C2.
    for (place, citizen) in people.iter_mut().filter(|citizen| citizen.agency == "H56.C2").enumerate() {
        citizen.answers[16..].fill(if place < 3 { 1 } else { 0 });
    }
    post(&app, &people).await;
    for agency in ["VN", "H56", "H56.C1", "H56.C2", "H56.C3", "H56.C1,H56.C2"] {
        for period in ["2026-Q2", "2026-05", "2026-06"] {
            for scope in ["subtree", "self"] {
                let query = format!("survey=demo-service&period={period}&scope={scope}");
                compare(&public, agency, &query, 9000).await;
            }
        }
    }
    let query = "survey=demo-service&period=2026-05";
    let drags = compare(&public, "H56.C2", query, 9000).await;
    let hidden: Vec<&Value> =
        drags["criteria"].as_array().unwrap().iter().filter(|d| d["suppressed"] == true).collect();
    assert_eq!(hidden.len(), 3, "those that three people answered");
    for drag in hidden {
        for name in ["value", "interval", "n", "contribution", "goal", "weight_percent"] {
            assert!(drag[name].is_null(), "{name}");
        }
        assert_eq!((&drag["state"], &drag["criteria_counted"]), (&json!("suppressed"), &json!(0)));
    }
    // Those in charge see them, and another whole.
    let all = compare(&admin, "H56.C2", query, 9000).await;
    assert_eq!((&drags["criteria_counted"], &all["criteria_counted"]), (&json!(16), &json!(19)));
    assert_ne!(drags["gap"], all["gap"]);
    let few = compare(&public, "H56.C3", "survey=demo-service&period=2026-06", 9000).await;
    assert_eq!(
        (&few["gap"], &few["state"], &few["criteria_counted"]),
        (&Value::Null, &json!("suppressed"), &json!(0))
    );
}

#[tokio::test]
async fn the_target_in_force_is_meant_unless_one_is_named() {
    let app = TestApp::start().await;
    let (admin, public) = (app.admin(None).await, app.anonymous());
    post(&app, &crowd()).await;
    let refused = async |query: &str| {
        public.get(&format!("/v1/agencies/H56.C1/index/drags?{query}")).await.expect(422).faults()
    };
    let query = "survey=demo-service&period=2026-Q2";
    assert_eq!(refused(query).await, faults(&[("target", "no_target")]));
    let put = async |subject: &str, at_least: f64| {
        let path = format!("/v1/agencies/H56/targets/{subject}/2026");
        admin.put(&path, &json!({"at_least": at_least})).await.expect(200);
    };
    put("demo-service:satisfied-share", 88.0).await;
    let drags = figure(&public, "H56.C1", "drags", query).await;
    assert_eq!((&drags["at_least"], &drags["target"]["inherited"]), (&json!(88.0), &json!(true)));
    assert_eq!(
        (&drags["target"]["set_for"]["code"], &drags["target"]["period"]),
        (&json!("H56"), &json!("2026"))
    );
    by_the_index(&public.index("H56.C1", query).await, &drags, 8800);
    // It is about the very formula.
    assert_eq!(refused(&format!("{query}&formula=mean-rescaled")).await, faults(&[("target", "no_target")]));
    assert_eq!(refused("survey=demo-service&period=2025").await, faults(&[("target", "no_target")]));
    let named = figure(&public, "H56.C1", "drags", &format!("{query}&target=70")).await;
    assert_eq!((&named["at_least"], &named["target"]), (&json!(70.0), &Value::Null));
    for (target, code) in
        [("100.01", "out_of_range"), ("90.125", "two_decimals"), ("-1", "bad_format"), ("9,5", "bad_format")]
    {
        assert_eq!(
            refused(&format!("{query}&target={target}")).await,
            faults(&[("target", code)]),
            "{target}"
        );
    }
    // For several together there is none in force, but any may be named.
    let path = format!("/v1/agencies/H56.C1,H56.C2/index/drags?{query}");
    assert_eq!(public.get(&path).await.expect(422).faults(), faults(&[("target", "no_target")]));
    public.get(&format!("{path}&target=90")).await.expect(200);

    let csv =
        public.get(&format!("/v1/agencies/H56.C1/index/drags?{query}&format=csv")).await.expect(200).text;
    let rows = records(&csv);
    assert_eq!(rows.len(), 1 + 5 + 19);
    assert_eq!(rows[0]["contribution"].parse::<f64>().unwrap(), drags["gap"].as_f64().unwrap());
    for (row, drag) in rows[6..].iter().zip(drags["criteria"].as_array().unwrap()) {
        assert_eq!((&*row["part"], &*row["code"]), ("criterion", drag["code"].as_str().unwrap()));
        assert_eq!(row["contribution"].parse::<f64>().ok(), drag["contribution"].as_f64());
    }
}

#[tokio::test]
async fn desk_indicators_are_held_against_their_share_of_the_points() {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    for _ in 0..12 {
        kiosk
            .post("/v1/responses", &desk_response(id(app.now), [Some(2), Some(1), Some(0), Some(2)]))
            .await
            .expect(201);
    }
    let public = app.anonymous();
    let drags = figure(&public, "H56.C1", "drags", "survey=demo-desk&period=2026-07&target=8").await;
    assert_eq!((&drags["gap"], &drags["criteria_counted"]), (&json!(3.0), &json!(4)));
    let parts = contributions(&drags["criteria"]);
    assert_eq!(
        parts[..2],
        [("desk.agencies".to_owned(), Some(200)), ("desk.contacts".to_owned(), Some(100))]
    );
    assert!(drags["criteria"].as_array().unwrap().iter().all(|drag| drag["goal"] == 2.0));
    let scaled = figure(
        &public,
        "H56.C1",
        "drags",
        "survey=demo-desk&period=2026-07&formula=desk-points-rescaled&target=18",
    )
    .await;
    // 5 of 8 points are 11.25 of 18; each point that lacks counts 9/4.
    assert_eq!((&scaled["gap"], &scaled["criteria"][0]["contribution"]), (&json!(6.75), &json!(4.5)));
}

#[tokio::test]
async fn the_page_of_an_agency_says_what_to_change_first_where_a_target_holds() {
    let app = TestApp::start().await;
    let (admin, public) = (app.admin(None).await, app.anonymous());
    post(&app, &crowd()).await;
    let page = async |agency: &str, more: &str| {
        let path = format!("/?agency={agency}&survey=demo-service&period=2026-05{more}");
        public.get(&path).await.expect(200).text
    };
    assert!(!page("H56.C1", "").await.contains("id=\"targets\""), "no target, no section");
    let path = "/v1/agencies/H56/targets/demo-service:satisfied-share/2026";
    admin.put(path, &json!({"at_least": 88.5})).await.expect(200);
    let html = page("H56.C1", "").await;
    let query = "survey=demo-service&period=2026-05";
    let drags = figure(&public, "H56.C1", "drags", query).await;
    let comma = |value: &Value| format!("{:.2}", value.as_f64().unwrap()).replace('.', ",");
    let section = html.split_once("id=\"drags\"").unwrap().1;
    let first = section.split_once("<details>").unwrap().0;
    let mut at = 0;
    let all = drags["criteria"].as_array().unwrap();
    assert!(all.iter().any(|drag| drag["suppressed"] == true), "few had a case of feedback");
    for (place, drag) in all.iter().filter(|drag| !drag["contribution"].is_null()).enumerate() {
        let text = drag["text"]["vi"].as_str().unwrap();
        assert_eq!(first.contains(text), place < 5, "{text}");
        // In the order of contributions, each with its part of the gap.
        let found = section[at..].find(text).unwrap();
        at += found;
        assert!(section[at..].contains(&comma(&drag["contribution"])));
    }
    assert!(
        html.contains("id=\"targets\"")
            && html.contains("88,50")
            && html.contains(&comma(&drags["gap"]).replace('-', ""))
    );
    assert!(html.contains("Năm 2026") && html.contains("Thanh Hóa"), "whose target, and of when");
    assert!(page("H56.C1", "&lang=en").await.contains("What to change first"));
    // About another formula the target is told, but not what to change.
    let other = page("H56.C1", "&formula=mean-rescaled").await;
    assert!(other.contains("id=\"targets\"") && !other.contains("id=\"drags\""));
    let few = page("H56.C3", "").await;
    assert!(few.contains("id=\"targets\"") && !few.contains("id=\"drags\""), "nobody answered there in May");
    assert!(!page("H56.C1,H56.C2", "").await.contains("id=\"targets\""));
}
