//! Series of several surveys: segments, breaks between them, and how files and charts tell both.

use super::field;
use crate::support::citizens::{Citizen, NORMAL, alike, figure, path, post, records, service, wilson};
use crate::support::clients::faults;
use crate::support::{Client, TestApp};
use serde_json::{Value, json};

/// Version 1 in the first quarter, version 2 in April and May, version 1 again from June on.
async fn two_versions() -> (TestApp, Client) {
    let app = service().await;
    let of = |survey: &'static str, day: &str, levels: &[(u8, usize)]| -> Vec<Citizen> {
        let people = alike("H56.C1", day, levels).into_iter();
        let cut = if survey == "summer" { 18 } else { 19 };
        people
            .map(|citizen| Citizen { survey, answers: citizen.answers[..cut].to_vec(), ..citizen })
            .collect()
    };
    let mut people = of("spring", "2026-02-10", &[(4, 3), (2, 1)]);
    people.extend(of("spring", "2026-03-31", &[(5, 1), (3, 1)]));
    people.extend(of("summer", "2026-04-01", &[(5, 4), (1, 4)]));
    people.extend(of("late", "2026-06-30", &[(4, 5)]));
    post(&app, &people).await;
    let admin = app.admin(None).await;
    (app, admin)
}

#[tokio::test]
async fn versions_and_formulas_are_segments_with_breaks_between() {
    let (_app, admin) = two_versions().await;
    let series = async |query: &str| figure(&admin, "H56", "series", &format!("period=2026&{query}")).await;
    let told = |report: &Value| -> Vec<Value> {
        let points = report["points"].as_array().unwrap().iter();
        points.map(|point| json!([point["code"], point["segment"], point["value"], point["n"]])).collect()
    };
    let gap = |month: &str, segment: usize| json!([month, segment, null, 0]);
    // Named out of order: they stand in the order of time.
    let report = series("survey=summer,spring").await;
    assert_eq!(
        report["segments"],
        json!([
            {"surveys": ["spring"], "questionnaire": "sipas-service-2022", "version": 1,
             "formula": "satisfied-share", "has_part": true},
            {"surveys": ["summer"], "questionnaire": "sipas-service-2022", "version": 2,
             "formula": "satisfied-share", "has_part": true},
        ])
    );
    assert_eq!(
        report["breaks"],
        json!([
            {"on": "2026-04-01", "segment": 1, "reasons": ["questionnaire_version"]},
        ])
    );
    assert_eq!((&report["survey"]["code"], &report["survey"]["version"]), (&json!("spring"), &json!(1)));
    let mut expected =
        vec![gap("2026-01", 0), json!(["2026-02", 0, 75.0, 4]), json!(["2026-03", 0, 50.0, 2])];
    expected.extend([json!(["2026-04", 1, 50.0, 8]), gap("2026-05", 1)]);
    expected.extend(["06", "07", "08", "09", "10", "11", "12"].map(|month| gap(&format!("2026-{month}"), 1)));
    assert_eq!(told(&report), expected);
    // The old version comes back: a break each time, one segment for both stretches.
    let back = series("survey=spring,summer,late&step=quarter").await;
    assert_eq!(field(&back, "segments", "surveys"), [&json!(["spring", "late"]), &json!(["summer"])]);
    assert_eq!(
        back["breaks"],
        json!([
            {"on": "2026-04-01", "segment": 1, "reasons": ["questionnaire_version"]},
            {"on": "2026-06-01", "segment": 0, "reasons": ["questionnaire_version"]},
        ])
    );
    // In the second quarter both were open; what one asked is never added to what the other did.
    assert_eq!(
        told(&back),
        [
            json!(["2026-Q1", 0, 66.67, 6]),
            json!(["2026-Q2", 1, 50.0, 8]),
            json!(["2026-Q2", 0, 100.0, 5]),
            gap("2026-Q3", 0),
            gap("2026-Q4", 0),
        ]
    );
    // Both formulas and versions, in the order of the surveys as they were named.
    let mixed = series("survey=summer,spring&formula=mean-rescaled,mean-normalised&step=quarter").await;
    assert_eq!(field(&mixed, "segments", "formula"), ["mean-normalised", "mean-rescaled"]);
    assert_eq!(mixed["formula"]["id"], "mean-normalised");
    assert_eq!(mixed["breaks"][0]["reasons"], json!(["questionnaire_version", "formula"]));
    // (3·4 + 2 + 5 + 3)/6/5 = 22/30; (4·4 + 4·0)/8/4 = 1/2.
    assert_eq!(told(&mixed)[..2], [json!(["2026-Q1", 0, 73.33, 6]), json!(["2026-Q2", 1, 50.0, 8])]);
    // Same version, other formula.
    let formulas = series("survey=spring,late&formula=satisfied-share,mean-rescaled&step=quarter").await;
    assert_eq!(formulas["breaks"], json!([{"on": "2026-06-01", "segment": 1, "reasons": ["formula"]}]));
    assert_eq!(told(&formulas)[..2], [json!(["2026-Q1", 0, 66.67, 6]), json!(["2026-Q2", 1, 75.0, 5])]);
    // Only the first version asks this: in the second one nobody could answer.
    let part = series("survey=spring,summer&part=feedback.notified").await;
    assert_eq!(field(&part, "segments", "has_part"), [true, false]);
    assert_eq!(
        told(&part)[1..4],
        [json!(["2026-02", 0, 75.0, 4]), json!(["2026-03", 0, 50.0, 2]), gap("2026-04", 1)]
    );
    let element = series("survey=spring,summer&part=feedback").await;
    assert_eq!(
        (&element["points"][1]["levels"][3]["count"], &element["points"][3]["levels"][4]["count"]),
        (&json!(9), &json!(8))
    );
    let refused = admin.get(&path("H56", "series", "survey=summer&period=2026&part=feedback.notified")).await;
    assert_eq!(refused.expect(422).faults(), faults(&[("part", "unknown_part")]));
}

#[tokio::test]
async fn sheets_and_charts_of_a_series_tell_its_breaks() {
    let (_app, admin) = two_versions().await;
    let query = "survey=spring,summer&from=2026-02-01&to=2026-04-11";
    let csv = admin.get(&path("H56,H21,H15,H26", "series", &format!("{query}&format=csv"))).await.expect(200);
    let name = "filename=\"sipas_series-month_H56-H21-H15-and-1-more_spring_2026-02-01--2026-04-11_satisfied-share.csv\"";
    assert!(csv.header("content-disposition").ends_with(name), "{}", csv.header("content-disposition"));
    for line in [
        "và 1 cơ quan khác, [2026-02-01, 2026-04-11)",
        "# Phiếu khảo sát,\"sipas-service-2022 phiên bản 1\"",
        "# Phiếu khảo sát,\"sipas-service-2022 phiên bản 2\"",
        "# Đợt khảo sát,\"spring, summer\"",
        "# Không so sánh được qua ngày,\"2026-04-01: questionnaire_version\"",
    ] {
        assert!(csv.text.contains(line), "{line} is not in {}", csv.text);
    }
    let rows = records(&csv.text);
    let columns =
        ["point", "from", "to", "partial", "segment", "version", "value", "n", "level_5", "estimated"];
    let told: Vec<_> = rows.iter().map(|row| columns.map(|name| row[name].clone())).collect();
    assert_eq!(
        told,
        [
            ["2026-02", "2026-02-01", "2026-03-01", "false", "0", "1", "75.00", "4", "0", "false"],
            ["2026-03", "2026-03-01", "2026-04-01", "false", "0", "1", "50.00", "2", "19", "false"],
            ["2026-04", "2026-04-01", "2026-04-11", "true", "1", "2", "50.00", "8", "72", "false"],
        ]
    );
    let (low, high) = wilson(3, 4, NORMAL[1].1);
    assert_eq!(
        (&rows[0]["low"], &rows[0]["high"]),
        (&format!("{:.2}", low * 100.0), &format!("{:.2}", high * 100.0))
    );
    let xlsx = admin.get(&path("H56", "series", &format!("{query}&format=xlsx"))).await.expect(200);
    assert!(xlsx.bytes.starts_with(b"PK"));
    let svg = async |query: &str, lang: &str| {
        let path = path("H56", "series", &format!("{query}&format=svg"));
        admin.get_with(&path, &[("accept-language", lang)]).await.expect(200).text
    };
    let chart = svg(query, "vi").await;
    for words in ["[từ 01/04/2026: phiếu phiên bản 2] 2026-04*: 50,00", "* kỳ không trọn", "75,00"]
    {
        assert!(chart.contains(words), "{words} is not in {chart}");
    }
    let english = svg(&format!("{query}&part=access"), "en").await;
    for words in ["from 2026-04-01: questionnaire version 2", "Access to the service", "by month"] {
        assert!(english.contains(words), "{words} is not in {english}");
    }
}
