//! The dashboard's pages: they say what the API says, in the reader's notation, and nothing that it withholds.

use crate::support::TestApp;
use crate::support::citizens::{self, alike, fold, hold_folding};
use crate::support::clients::{Client, Reply};
use crate::support::samples::{desk_response, id};
use serde_json::Value;
use std::collections::BTreeSet;

const MAY: &str = "2026-05-12";
const JULY: &str = "2026-07-02";

/// Bytes of the first view with all of its files, before compression.
const MOST_BYTES: usize = 100 * 1024;

/// Answers of two communes and a province's own, of two months, some of them few.
async fn filled() -> TestApp {
    let app = citizens::service().await;
    let mut people = alike("H56.C1", JULY, &[(1, 3), (2, 5), (3, 7), (4, 40), (5, 25)]);
    people.extend(alike("H56.C2", JULY, &[(2, 11), (4, 14), (5, 9)]));
    people.extend(alike("H56.C2", MAY, &[(3, 12), (5, 20)]));
    people.extend(alike("H21.C1", JULY, &[(1, 4), (5, 30)]));
    // Nobody but fifteen had a complaint to be handled.
    for person in people.iter_mut().skip(15) {
        person.answers.iter_mut().skip(16).for_each(|answer| *answer = 0);
    }
    citizens::post(&app, &people).await;
    app
}

async fn page(client: &Client, path: &str) -> Reply {
    let reply = client.get(path).await;
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8", "{path}: {reply:?}");
    reply
}

/// What a reader sees and hears: no tags, no attributes.
fn text(html: &str) -> String {
    let body = html.split_once("<main").unwrap().1;
    let mut text = String::new();
    for part in body.split('<') {
        text.push(' ');
        text.push_str(part.split_once('>').map_or("", |(_, words)| words));
    }
    text.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
}

/// A number with two decimals as Vietnamese write it.
fn decimal(value: f64) -> String {
    format!("{value:.2}").replace('.', ",")
}

/// A count as Vietnamese write it.
fn count(value: u64) -> String {
    if value < 1000 { value.to_string() } else { format!("{}.{:03}", value / 1000, value % 1000) }
}

/// Every number that an answer of the API has, as the page may write it; shares of levels among them.
fn told(answer: &Value, into: &mut BTreeSet<String>) {
    match answer {
        Value::Number(number) => {
            into.insert(decimal(number.as_f64().unwrap()));
            into.extend(number.as_u64().map(count));
        }
        Value::Array(items) => items.iter().for_each(|item| told(item, into)),
        Value::Object(fields) => {
            fields.values().for_each(|field| told(field, into));
            let levels = fields.get("levels").and_then(Value::as_array).into_iter().flatten();
            let counts: Vec<u64> = levels.map(|level| level["count"].as_u64().unwrap()).collect();
            let sum: u64 = counts.iter().sum();
            into.insert(count(sum));
            if sum > 0 {
                into.extend(counts.iter().map(|part| decimal(100.0 * *part as f64 / sum as f64)));
            }
        }
        _ => {}
    }
}

/// Numbers with decimals in a text.
fn decimals(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_digit() || c == ','));
    let is_decimal = |word: &&str| word.split_once(',').is_some_and(|(a, b)| !a.is_empty() && b.len() == 2);
    words.filter(is_decimal).map(str::to_owned).collect()
}

/// A value, its interval and its people stand in the page.
fn stands(text: &str, value: &Value, what: &str) {
    let Some(at) = value["value"].as_f64() else { return };
    assert!(text.contains(&decimal(at)), "{what}: {at} in {text}");
    for bound in ["low", "high"] {
        if let Some(bound) = value["interval"][bound].as_f64() {
            assert!(text.contains(&decimal(bound)), "{what}: {bound}");
        }
    }
    let n = value["n"].as_u64().unwrap();
    assert!(text.contains(&format!(" {} ", count(n))), "{what}: {n} in {text}");
}

#[tokio::test]
async fn a_page_says_what_the_api_says_and_no_other_number() {
    let app = filled().await;
    let system = app.system(None).await;
    for _ in 0..12 {
        system
            .post("/v1/responses", &desk_response(id(app.now), [Some(2), Some(1), Some(0), Some(2)]))
            .await
            .expect(201);
    }
    let anonymous = app.anonymous();
    for (agency, query) in [
        ("H56", "survey=demo-service&period=2026"),
        ("H56", "survey=demo-service&period=2026&formula=mean-normalised&confidence=99"),
        ("H56", "survey=demo-service&from=2026-05-01&to=2026-08-01&formula=mean-rescaled&confidence=90"),
        ("H56", "survey=demo-service&period=2026-Q2&as_of=then"),
        ("H56.C2", "survey=demo-service&period=2026-07&scope=self"),
        ("H56.C1,H21", "survey=demo-service&period=2026&as_of=2026-07-01"),
        ("VN", "survey=demo-service&period=2026"),
        ("H56", "survey=demo-desk&period=2026"),
        ("H56", "survey=demo-desk&period=2026&formula=desk-points-rescaled"),
    ] {
        let index = anonymous.index(agency, query).await;
        assert!(index["whole"]["value"].as_f64().is_some(), "{agency} {query}: {index}");
        let shown = text(&page(&anonymous, &format!("/?agency={agency}&{query}")).await.expect(200).text);
        stands(&shown, &index["whole"], "the whole");
        for other in index["by_formula"].as_array().unwrap() {
            assert!(shown.contains(&decimal(other["value"].as_f64().unwrap())), "{other}");
        }
        for element in index["elements"].as_array().unwrap() {
            assert!(shown.contains(element["text"]["vi"].as_str().unwrap()));
            stands(&shown, element, "an element");
            for criterion in element["criteria"].as_array().unwrap() {
                assert!(shown.contains(criterion["text"]["vi"].as_str().unwrap()));
                stands(&shown, criterion, "a criterion");
            }
        }
        for level in index["whole"]["levels"].as_array().unwrap() {
            assert!(shown.contains(&format!(" {} ", count(level["count"].as_u64().unwrap()))), "{level}");
        }
        let mut known = BTreeSet::new();
        told(&index, &mut known);
        let strange: Vec<String> =
            decimals(&shown).into_iter().filter(|word| !known.contains(word)).collect();
        assert_eq!(strange, Vec::<String>::new(), "{agency} {query}");
    }
}

/// Pages about fewer than ten people are the same to the letter, whatever they answered and whether one or nine did; also
/// for somebody who brings a token.
#[tokio::test]
async fn what_is_withheld_cannot_be_told_from_the_page() {
    let mut pages = Vec::new();
    for levels in [&[(1_u8, 1_usize)][..], &[(5, 9)], &[(2, 3), (4, 4)]] {
        let app = citizens::service().await;
        citizens::post(&app, &alike("H56.C1", JULY, levels)).await;
        let path = "/?agency=H56.C1&survey=demo-service&period=2026";
        let shown = page(&app.anonymous(), path).await.expect(200).text;
        let seen = text(&shown);
        assert!(seen.contains("ít hơn 10 người"), "{seen}");
        assert_eq!(decimals(&seen), Vec::<String>::new());
        assert_eq!(page(&app.admin(None).await, path).await.expect(200).text, shown);
        let english = text(&page(&app.anonymous(), &format!("{path}&lang=en")).await.expect(200).text);
        assert!(english.contains("fewer than 10 people"), "{english}");
        pages.push(shown);
    }
    assert!(pages.windows(2).all(|two| two[0] == two[1]));
}

#[tokio::test]
async fn nobody_and_not_here_are_said_in_words() {
    let app = filled().await;
    let seen = async |path: &str| text(&page(&app.anonymous(), path).await.expect(200).text);
    let nobody = seen("/?agency=H56&survey=demo-service&period=2026-02").await;
    assert!(nobody.contains("Chưa có ai trả lời") && decimals(&nobody).is_empty(), "{nobody}");
    let elsewhere = seen("/?agency=H42&survey=demo-service&period=2026").await;
    assert!(elsewhere.contains("không diễn ra tại đây"), "{elsewhere}");
    // By the tree of a day before the rated were there.
    let before = seen("/?agency=H56&survey=demo-service&period=2026&as_of=2025-06-30").await;
    assert!(before.contains("chưa có ai đánh giá các cơ quan như vào ngày 30/06/2025"), "{before}");
}

#[tokio::test]
async fn without_parameters_the_country_this_year_and_the_survey_that_has_answers_are_shown() {
    let app = citizens::service().await;
    let lock = hold_folding(&app).await;
    fold(&lock).await;
    let shown = async |path: &str| text(&page(&app.anonymous(), path).await.expect(200).text);
    let first = shown("/").await;
    assert!(first.contains("Cả nước") && first.contains("Năm 2026") && first.contains("chọn sẵn"), "{first}");
    assert!(
        first.contains("Đợt khảo sát:  Khảo sát mẫu tại bộ phận một cửa") || first.contains("Đợt khảo sát: "),
        "{first}"
    );
    let mut people = alike("H56.C1", JULY, &[(4, 12)]);
    people.iter_mut().for_each(|person| person.survey = "late");
    let lock = hold_folding(&app).await;
    citizens::post(&app, &people).await;
    fold(&lock).await;
    let second = shown("/?agency=H56").await;
    assert!(second.contains("Đợt khảo sát: late"), "{second}");
    assert!(second.contains("100,00"), "{second}");
    let named = shown("/?agency=H56&survey=demo-service").await;
    assert!(named.contains("Khảo sát mẫu tại bộ phận một cửa") && !named.contains("chọn sẵn"), "{named}");
}

#[tokio::test]
async fn what_cannot_be_answered_is_a_page_that_says_why_and_where_to_go() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    for good in [
        "/?lang=en",
        "/?agency=VN&period=2026-Q3&lang=vi",
        "/?agency=H56,H21&survey=demo-desk&formula=desk-points",
        "/?from=2026-01-01&to=2026-03-01",
        // A form sends all its fields.
        "/?agency=&survey=&period=&formula=&confidence=&scope=&as_of=&lang=",
        "/?flagged=excluded&as_of=then&scope=subtree&confidence=90",
        "/agencies",
        "/method?lang=en",
    ] {
        page(&anonymous, good).await.expect(200);
    }
    for (bad, names) in [
        ("/?survey=none", &["survey"][..]),
        ("/?period=2026-13&confidence=80&zz=1", &["period", "confidence", "zz"]),
        ("/?period=2026&from=2026-01-01", &["period"]),
        ("/?from=2026-02-01&to=2026-01-01", &["to"]),
        ("/?from=2026-02-01", &["to"]),
        ("/?survey=demo-desk&formula=satisfied-share&scope=x", &["formula", "scope"]),
        ("/?survey=none&as_of=never", &["survey", "as_of"]),
        ("/?lang=fr", &["lang"]),
        ("/?lang=en&lang=vi", &["lang"]),
        ("/?period=2026-07-01", &["period"]),
        ("/?flagged=included", &["flagged"]),
        ("/?agency=H08", &["as_of"]),
        ("/agencies?q=a&cursor=x&y=1", &["y"]),
        ("/method?x=1", &["x"]),
    ] {
        let refused = page(&anonymous, bad).await.expect(422);
        let seen = text(&refused.text);
        for name in names {
            assert!(seen.contains(&format!("{name}: ")), "{bad}: {seen}");
        }
        assert_eq!(refused.header("cache-control"), "no-store");
    }
    // The agency that goes on with the work is a link away.
    let over = page(&anonymous, "/?agency=H08&lang=en").await.expect(422).text;
    assert!(over.contains("href=\"/?agency=H21&amp;lang=en\""), "{over}");
    for unknown in ["/?agency=H99", "/?agency=nowhere", "/?agency=H56,H99"] {
        let lost = page(&anonymous, unknown).await.expect(404).text;
        assert!(
            lost.contains("action=\"/agencies\"") && text(&lost).contains("Không có cơ quan này"),
            "{lost}"
        );
    }
    let malformed = anonymous.get("/?agency=%FF").await;
    assert_eq!(malformed.status, 400);
}

#[tokio::test]
async fn figures_that_are_not_public_are_not_on_pages_either() {
    let app = TestApp::start_with(&["--public-figures", "false"]).await;
    for path in ["/", "/?agency=H56", "/?agency=H99"] {
        for client in [app.anonymous(), app.admin(None).await] {
            let closed = page(&client, path).await.expect(401);
            assert!(text(&closed.text).contains("Số liệu chưa được công khai"), "{path}");
            assert_eq!(closed.header("www-authenticate"), "Bearer realm=\"sipas\"");
        }
    }
    page(&app.anonymous(), "/method").await.expect(200);
}

#[tokio::test]
async fn an_installation_without_surveys_greets_its_visitor() {
    let app = TestApp::on(crate::support::cluster::database().await, crate::support::app::NOW, &[]).await;
    let empty = page(&app.anonymous(), "/").await.expect(200).text;
    assert!(text(&empty).contains("Chưa có đợt khảo sát nào"), "{empty}");
}

/// Addresses that a page leads to, as a browser reads them.
fn links(html: &str) -> BTreeSet<String> {
    let parts = html.split("href=\"").skip(1);
    parts.map(|part| part.split('"').next().unwrap().replace("&amp;", "&")).collect()
}

#[tokio::test]
async fn every_link_leads_somewhere_and_keeps_the_question() {
    let app = filled().await;
    let anonymous = app.anonymous();
    let start = "/?agency=H56&survey=demo-service&period=2026-06&confidence=99&lang=en";
    let shown = page(&anonymous, start).await.expect(200).text;
    let found = links(&shown);
    // Another measurement has other formulas: the one that was chosen does not go along.
    let rescaled = page(&anonymous, &format!("{start}&formula=mean-rescaled")).await.expect(200).text;
    let desk = "/?agency=H56&period=2026-06&confidence=99&lang=en&survey=demo-desk";
    assert!(links(&rescaled).contains(desk), "{:#?}", links(&rescaled));
    for wanted in [
        "/?agency=H56&survey=demo-service&confidence=99&lang=en&period=2026-05",
        "/?survey=demo-service&period=2026-06&confidence=99&lang=en&agency=H56.C1",
        "/?survey=demo-service&period=2026-06&confidence=99&lang=en",
        "/?agency=H56&survey=demo-service&period=2026-06&confidence=99&lang=vi",
        "/v1/agencies/H56/index?survey=demo-service&period=2026-06&confidence=99&format=csv",
        "/v1/agencies/H56/index?survey=demo-service&period=2026-06&confidence=99&format=xlsx",
        "/v1/agencies/H56/index?survey=demo-service&period=2026-06&confidence=99&format=svg",
        "/method?lang=en#satisfied-share",
    ] {
        assert!(found.contains(wanted), "{wanted} in {found:#?}");
    }
    let others = ["/series", "/ranking", "/breakdown", "/comparison"];
    for link in found.iter().filter(|link| !others.iter().any(|other| link.starts_with(other))) {
        let reply = anonymous.get(link.split('#').next().unwrap()).await;
        assert_eq!(reply.status, 200, "{link}: {}", reply.text);
    }
    let method = page(&anonymous, "/method?lang=en").await.expect(200).text;
    for formula in
        ["satisfied-share", "mean-normalised", "mean-rescaled", "desk-points", "desk-points-rescaled"]
    {
        assert!(method.contains(&format!("id=\"{formula}\"")), "{formula}");
    }
}

#[tokio::test]
async fn an_agency_is_found_by_name_without_diacritics_and_by_code() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    let found = async |q: &str| page(&anonymous, &format!("/agencies?q={q}")).await.expect(200).text;
    for q in ["dak+lak", "%C4%90%E1%BA%AFk+L%E1%BA%AFk", "DAK", "H15", "h15"] {
        let html = found(q).await;
        assert!(html.contains("href=\"/?agency=H15\"") && html.contains("Đắk Lắk"), "{q}: {html}");
    }
    let communes = found("tan").await;
    assert!(text(&communes).contains("thuộc  Thanh Hóa"), "communes of one name are told apart: {communes}");
    let none = text(&found("xyzxyz").await);
    assert!(none.contains("Không tìm thấy"), "{none}");
    let marked = found("%3Cscript%3E").await;
    assert!(marked.contains("value=\"&lt;script&gt;\"") && !marked.contains("<script"), "{marked}");
    page(&anonymous, &format!("/agencies?q={}", "a".repeat(101))).await.expect(422);
    // Page after page there is everybody who exists today.
    let (mut path, mut all) = ("/agencies".to_owned(), BTreeSet::new());
    // Not the same page in English.
    let is_next = |link: &String| link.starts_with("/agencies?cursor=") && !link.contains("lang=");
    loop {
        let html = page(&anonymous, &path).await.expect(200).text;
        all.extend(links(&html).into_iter().filter(|link| link.starts_with("/?agency=")));
        match links(&html).into_iter().find(is_next) {
            Some(next) => path = next,
            None => break,
        }
    }
    let api = anonymous.get("/v1/agencies?limit=1000").await.expect(200).json();
    assert_eq!(all.len(), api["items"].as_array().unwrap().len());
}

#[tokio::test]
async fn a_first_view_is_light_runs_nothing_inline_and_is_kept_for_a_minute() {
    let app = filled().await;
    let anonymous = app.anonymous();
    for path in ["/", "/?agency=H56&survey=demo-service", "/?agency=VN&lang=en", "/method", "/agencies"] {
        let shown = page(&anonymous, path).await.expect(200);
        let html = &shown.text;
        let lower = html.to_lowercase();
        for inline in
            ["<style", " style=", "<script", " onclick=", " onload=", "javascript:", "http://", "https://"]
        {
            assert!(!lower.contains(inline), "{path} has {inline}");
        }
        assert!(html.contains("<title>") && html.contains("name=\"description\""), "{path}");
        assert_eq!(html.matches("<h1").count(), 1, "{path}");
        let policy = shown.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let mut bytes = html.len();
        for file in links(html).iter().filter(|link| link.contains("/assets/") || link.ends_with(".svg")) {
            bytes += anonymous.get(file).await.expect(200).text.len();
        }
        assert!(bytes < MOST_BYTES, "{path}: {bytes} bytes");
        assert_eq!(shown.header("cache-control"), "public, max-age=60");
        let tag = shown.header("etag");
        assert_eq!(anonymous.get_with(path, &[("if-none-match", tag)]).await.status, 304, "{path}");
    }
}

#[tokio::test]
async fn names_in_the_other_language_are_marked_and_the_title_says_what_of_whom_and_when() {
    let app = filled().await;
    let anonymous = app.anonymous();
    let english = page(&anonymous, "/?agency=H56&survey=demo-service&lang=en").await.expect(200).text;
    assert!(english.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{english}");
    assert!(english.contains("<title>Satisfaction index: Thanh Hóa, 2026 – SIPAS</title>"), "{english}");
    assert!(english.contains("<span lang=\"vi\">Thanh Hóa</span>"), "{english}");
    let vietnamese =
        page(&anonymous, "/?agency=H56&survey=demo-service&period=2026-Q2").await.expect(200).text;
    assert!(
        vietnamese.contains("<title>Chỉ số hài lòng: Thanh Hóa, Quý II/2026 – SIPAS</title>"),
        "{vietnamese}"
    );
}
