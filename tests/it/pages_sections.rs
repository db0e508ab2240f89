//! The dashboard's sections, read as a browser without a script gets them: every figure is the API's, nothing that is
//! withheld shows in text or picture, every link leads somewhere, and every parameter is checked.

use crate::support::Client;
use crate::support::citizens::{Citizen, alike, figure, post, service};
use serde_json::Value;

const SURVEY: &str = "survey=demo-service";

/// Text between tags, with blanks of all sorts as one space.
fn text(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        out.push(' ');
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    let out = out.replace("&amp;", "&").replace("&quot;", "\"").replace(['\u{a0}', '\u{2060}'], " ");
    out.split_whitespace().collect::<Vec<_>>().join(" ").replace(" – ", "–")
}

/// Cells of every row of the body of the only table.
fn rows(html: &str) -> Vec<Vec<String>> {
    let Some((_, body)) = html.split_once("<tbody>") else { return Vec::new() };
    let body = body.split_once("</tbody>").unwrap().0;
    let row = |row: &str| -> Vec<String> {
        let cells = row.split_inclusive("</td>").flat_map(|part| part.split_inclusive("</th>"));
        cells.map(text).filter(|cell| !cell.is_empty()).collect()
    };
    body.split("</tr>").filter(|row| row.contains("<tr>")).map(row).collect()
}

/// A value as a Vietnamese reader writes it.
fn percent(value: &Value) -> String {
    format!("{:.2} %", value.as_f64().unwrap()).replace('.', ",")
}

fn bounds(interval: &Value) -> String {
    let bound = |name: &str| format!("{:.2}", interval[name].as_f64().unwrap()).replace('.', ",");
    format!("{} – {}", bound("low"), bound("high")).replace(" – ", "–")
}

async fn page(anybody: &Client, address: &str) -> String {
    let reply = anybody.get(address).await.expect(200);
    assert!(reply.header("content-type").starts_with("text/html"), "{address}");
    // With the style sheets less than 100 KiB, and nothing that the policy would forbid.
    assert!(
        reply.text.len() < 50 * 1024 || address.contains("step=month"),
        "{address}: {}",
        reply.text.len()
    );
    assert!(![" style=", "<style", "<script"].iter().any(|part| reply.text.contains(part)), "{address}");
    reply.text
}

/// Addresses of the links within `main`, as a browser reads them.
fn links(html: &str) -> Vec<String> {
    let main = html.split_once("<main").unwrap().1;
    main.split("href=\"").skip(1).map(|part| part.split_once('"').unwrap().0.replace("&amp;", "&")).collect()
}

/// Enough people for every number to be public but those of H56.C2, of whom there are seven.
fn people() -> Vec<Citizen> {
    let mut people = alike("H56.C1", "2026-06-10", &[(5, 30), (1, 5)]);
    people.extend(alike("H56.C1", "2026-07-01", &[(4, 25), (3, 15)]));
    people.extend(alike("H56.C3", "2026-07-01", &[(4, 20), (2, 20)]));
    people.extend(alike("H21.C1", "2026-07-02", &[(5, 40), (3, 2)]));
    people.extend(alike("H15.C1", "2026-07-02", &[(5, 20), (3, 21)]));
    people.extend(alike("H56.C2", "2026-07-02", &[(4, 4), (2, 3)]));
    for (place, citizen) in people.iter_mut().enumerate() {
        citizen.told.push(("channel", ["kiosk", "web"][place % 2]));
        citizen.told.push(("gender", ["female", "male"][place / 2 % 2]));
    }
    people
}

#[tokio::test]
async fn sections_show_the_figures_of_the_api_and_nothing_that_is_withheld() {
    let app = service().await;
    post(&app, &people()).await;
    let anybody = app.anonymous();
    series(&anybody).await;
    ranking(&anybody).await;
    breakdown(&anybody).await;
    comparison(&anybody).await;
    withheld(&anybody).await;
    for address in [
        format!("/series?{SURVEY}&agency=H56"),
        format!("/ranking?{SURVEY}&period=2026-07&against=2026-06&level=commune"),
        format!("/breakdown?{SURVEY}"),
        format!("/comparison?{SURVEY}&agency=H56&with=H21"),
        format!("/comparison?{SURVEY}&agency=H56&with=gia&lang=en"),
        format!("/comparison?{SURVEY}&agency=H56&period=2026-07&with_period=2026-06"),
    ] {
        for link in links(&page(&anybody, &address).await) {
            let reply = anybody.get(&link).await;
            // What the documentation page loads is its own affair.
            assert!(reply.status == 200 || link.starts_with("/docs"), "{address}: {link}: {}", reply.status);
        }
    }
}

async fn series(anybody: &Client) {
    let query = format!("{SURVEY}&period=2026");
    let html = page(anybody, &format!("/series?{query}&agency=H56")).await;
    let report = figure(anybody, "H56", "series", &format!("{query}&step=month")).await;
    let shown: Vec<Vec<String>> = rows(&html);
    let valued = report["points"].as_array().unwrap().iter().filter(|point| !point["value"].is_null());
    let expected: Vec<Vec<String>> = valued
        .map(|point| {
            let month = point["code"].as_str().unwrap()[5..].trim_start_matches('0');
            let n = point["n"].to_string();
            vec![format!("Tháng {month}/2026"), percent(&point["value"]), bounds(&point["interval"]), n]
        })
        .collect();
    assert_eq!(expected.len(), 2);
    let valued: Vec<Vec<String>> = shown.iter().filter(|row| row.len() == 4).cloned().collect();
    assert_eq!(valued, expected);
    // Months before that share a line, and so do those to come.
    assert_eq!(shown[0], ["Tháng 1/2026–Tháng 5/2026", "chưa có người trả lời"]);
    assert_eq!(shown[3], ["Tháng 8/2026–Tháng 12/2026", "chưa đến"]);
    assert_eq!(shown.len(), 4);
    // One line joins the two; nothing crosses a month without answers.
    assert_eq!(html.matches("class=\"join\"").count(), 1);
    let english = page(anybody, &format!("/series?{query}&agency=H56&lang=en&step=quarter")).await;
    let quarter = &figure(anybody, "H56", "series", &format!("{query}&step=quarter")).await["points"][1];
    let value = format!("{:.2}%", quarter["value"].as_f64().unwrap());
    assert!(rows(&english).iter().any(|row| row[1] == value && row[0].contains("2026")), "{value}");
}

async fn ranking(anybody: &Client) {
    let query = format!("{SURVEY}&period=2026-07");
    let html = page(anybody, &format!("/ranking?{query}")).await;
    let report = figure(anybody, "VN", "ranking", &query).await;
    let entries = report["entries"].as_array().unwrap();
    let ranked: Vec<&Value> = entries.iter().filter(|entry| !entry["rank"].is_null()).collect();
    assert_eq!(ranked.len(), 3);
    let expected = ranked.iter().map(|entry| {
        let [rank, best, worst] = ["rank", "best_rank", "worst_rank"].map(|name| &entry[name]);
        let range =
            if best == worst { String::new() } else { format!(" có thể từ {best} đến {worst}") };
        let figure = format!("{} {}", percent(&entry["value"]), bounds(&entry["interval"]));
        let name = entry["name"].as_str().unwrap().to_owned();
        vec![format!("{rank}{range}"), name, figure, format!("{} người", entry["n"])]
    });
    assert_eq!(rows(&html), expected.collect::<Vec<_>>());
    let text = text(&html);
    assert!(text.contains(&format!("3 trong {} cơ quan được xếp hạng", entries.len())), "{text}");
    assert!(
        text.contains("Chưa có người trả lời : Hà Nội") || text.contains("Chưa có người trả lời: An Giang")
    );
    // From the second on.
    let second = page(anybody, &format!("/ranking?{query}&rank_from=2")).await;
    assert_eq!(rows(&second), rows(&html)[1..]);
    let beyond = page(anybody, &format!("/ranking?{query}&rank_from=9000")).await;
    assert!(rows(&beyond).is_empty());
    assert!(
        links(&beyond).iter().any(|link| link.starts_with("/ranking?") && link.contains("rank_from=8950"))
    );
    let change = page(anybody, &format!("/ranking?{query}&agency=H56&against=2026-06")).await;
    let report = figure(anybody, "H56", "ranking", &format!("{query}&against=2026-06")).await;
    let difference = report["entries"].as_array().unwrap().iter().find(|entry| entry["code"] == "H56.C1");
    let difference = difference.unwrap()["before"]["difference"].as_f64().unwrap();
    let shown = format!("\u{2212}{:.2}", difference.abs()).replace('.', ",");
    assert!(difference < 0.0 && rows(&change).iter().any(|row| row[4].starts_with(&shown)), "{shown}");
}

async fn breakdown(anybody: &Client) {
    for (by, names) in [("channel", ["Máy đặt tại quầy", "Cổng thông tin"]), ("gender", ["Nữ", "Nam"])]
    {
        let query = format!("{SURVEY}&period=2026-07&by={by}");
        let report = figure(anybody, "VN", "breakdown", &query).await;
        let html = page(anybody, &format!("/breakdown?{query}")).await;
        let slices = report["slices"].as_array().unwrap().iter().zip(names);
        let expected = slices.map(|(slice, name)| {
            let figure = format!("{} {}", percent(&slice["value"]), bounds(&slice["interval"]));
            vec![name.to_owned(), figure, slice["n"].to_string()]
        });
        assert_eq!(rows(&html), expected.collect::<Vec<_>>());
        // Some criteria may be skipped, so the groups' figures are not made as everybody's is.
        assert!(text(&html).contains(&format!("Tất cả mọi người: {}", percent(&report["all"]["value"]))));
    }
}

async fn comparison(anybody: &Client) {
    let query = format!("{SURVEY}&period=2026-07");
    let report = figure(anybody, "H21", "comparison", &format!("{query}&with=H15")).await;
    for with in ["H15", "h15"] {
        let html = page(anybody, &format!("/comparison?{query}&agency=H21&with={with}")).await;
        let shown = text(&html);
        let [first, second] = ["first", "second"].map(|name| percent(&report[name]["value"]));
        let difference = percent(&report["difference"]).replace(" %", "");
        let sentence = format!("Gia Lai ({first}) cao hơn Đắk Lắk ({second}) {difference} điểm phần trăm.");
        assert!(shown.contains(&sentence), "{sentence}");
        assert_eq!(report["distinguishable"], true);
        let [low, high] = ["low", "high"].map(|end| percent(&report["interval"][end]).replace(" %", ""));
        assert!(
            shown.contains(&format!("khó là ngẫu nhiên: khoảng tin cậy 95 % của nó, từ {low} đến {high}"))
        );
    }
    let found = page(anybody, &format!("/comparison?{query}&agency=H21&with=dak+lak")).await;
    assert!(links(&found).iter().any(|link| link.starts_with("/comparison?") && link.contains("with=H15")));
    let none = text(&page(anybody, &format!("/comparison?{query}&agency=H21&with=xyz%3Cb%3E")).await);
    assert!(none.contains("Không tìm thấy cơ quan nào có tên “xyz&lt;b&gt;”"), "{none}");
}

/// Seven people of H56.C2 answered; four of them were satisfied, which is 57.14 percent.
async fn withheld(anybody: &Client) {
    let query = format!("{SURVEY}&period=2026-07");
    for address in [
        format!("/series?{query}&agency=H56.C2"),
        format!("/ranking?{query}&agency=H56"),
        format!("/comparison?{query}&agency=H56.C2&with=H21"),
        format!("/comparison?{query}&agency=H21&with=H56.C2"),
    ] {
        let html = page(anybody, &address).await;
        assert!(html.contains("H\u{f2}a S\u{1a1}n") || html.contains("H56.C2"), "{address}");
        for secret in ["57,14", "57.14", ">7<", ">7 "] {
            assert!(!html.contains(secret), "{address}: {secret}");
        }
        let shown = text(&html).to_lowercase();
        assert!(shown.contains("không công bố*"), "{address}: {shown}");
        assert!(shown.contains("có ít hơn 10 người trả lời"), "{address}");
    }
    // Read by whoever is in charge, the API tells the secret that the page must not.
    let html = page(anybody, &format!("/series?{query}&agency=H56.C2")).await;
    assert!(!html.contains("class=\"mark\"") && !html.contains("class=\"spread\""));
}

#[tokio::test]
async fn a_line_ends_where_the_questionnaire_changes_and_the_page_says_so() {
    let app = service().await;
    let of = |survey: &'static str, day: &str| {
        let people = alike("H56.C1", day, &[(5, 12), (3, 8)]).into_iter();
        // Version 2 asks one question less.
        let asked = if survey == "summer" { 18 } else { 19 };
        let told = |mut citizen: Citizen| {
            citizen.answers.truncate(asked);
            Citizen { survey, ..citizen }
        };
        people.map(told).collect::<Vec<_>>()
    };
    let days = [("spring", "2026-02-10"), ("spring", "2026-03-10"), ("summer", "2026-04-10")];
    for (survey, day) in days.into_iter().chain([("summer", "2026-05-10"), ("late", "2026-06-10")]) {
        post(&app, &of(survey, day)).await;
    }
    let anybody = app.anonymous();
    let query = "agency=H56&period=2026&survey=spring";
    let alone = page(&anybody, &format!("/series?{query}")).await;
    assert!(!alone.contains("class=\"break\""));
    let also = links(&alone).into_iter().find(|link| link.contains("also=summer")).unwrap();
    let html = page(&anybody, &format!("{also},late")).await;
    // Two of three changes of the survey change the version: 1, 2, 1.
    assert_eq!(html.matches("<line class=\"break\"").count(), 2);
    let shown = text(&html);
    assert!(shown.contains("Không so sánh được: từ 01/04/2026: phiếu phiên bản 2"), "{shown}");
    // Neighbours within spring and within summer, and no others.
    assert_eq!(html.matches("class=\"join\"").count(), 2);
    let valued = rows(&html).into_iter().filter(|row| row.len() == 5);
    let versions: Vec<String> = valued.map(|row| row[4].clone()).collect();
    let named = |version: u8| format!("sipas-service-2022 {version}, satisfied-share");
    assert_eq!(versions, [1, 1, 2, 2, 1].map(named));
    let file = links(&html).into_iter().find(|link| link.contains("format=json")).unwrap();
    let report = anybody.get(&file).await.expect(200).json();
    assert_eq!(report["segments"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_the_public_may_not_ask_is_said_with_a_way_on() {
    let app = service().await;
    let anybody = app.anonymous();
    for (address, words) in [
        ("/series?period=2026-07-15", "tháng trọn vẹn"),
        ("/series?from=1990-01-01&to=2990-01-01&step=month", "Quá nhiều"),
        ("/ranking?from=2026-01-01&to=2026-02-03", "tháng trọn vẹn"),
        ("/ranking?period=2026&against=2026-07", "chung người trả lời"),
        ("/breakdown?period=2026-W20", "tháng trọn vẹn"),
        ("/breakdown?agency=H56.C1", "cấp cao nhất"),
        ("/breakdown?by=service_point", "dành cho người phụ trách"),
        ("/breakdown?by=procedure&agency=H56", "dành cho người phụ trách"),
        ("/breakdown?from=2019-01-01&to=2027-01-01", "tối đa năm năm"),
        ("/comparison?agency=H56&with=H56.C1", "chung người trả lời"),
        ("/comparison?agency=H56&with=VN", "chung người trả lời"),
        ("/comparison?agency=H56&period=2026&with_period=2026-07", "chung người trả lời"),
        ("/comparison?agency=H56&period=2026-07&with_period=2026-06-30", "tháng trọn vẹn"),
    ] {
        let address = format!("{address}&{SURVEY}");
        let html = page(&anybody, &address).await;
        let notice = html.split_once("<div class=\"notice\"").unwrap_or_else(|| panic!("{address}")).1;
        let notice = notice.split_once("</div>").unwrap().0;
        assert!(text(notice).contains(words), "{address}: {}", text(notice));
        let ways = links(&format!("<main{notice}"));
        assert!(!ways.is_empty());
        for way in ways {
            let next = page(&anybody, &way).await;
            assert!(!next.contains("<div class=\"notice\""), "{address}: {way}");
        }
    }
}

#[tokio::test]
async fn every_parameter_is_checked() {
    let app = service().await;
    let anybody = app.anonymous();
    let good = [
        "/series?step=month&also=spring",
        "/series?step=quarter",
        "/series?step=year&lang=en",
        "/ranking?level=commune&against=2025&rank_from=1",
        "/ranking?level=&against=&rank_from=10000",
        "/breakdown?by=age_band&lang=vi",
        "/comparison?with=&with_period=",
        "/comparison?with_period=2025&agency=H56",
        "/comparison?with=H21,H15&agency=H56",
    ];
    for address in good {
        page(&anybody, address).await;
    }
    for (address, parameter) in [
        ("/series?step=day", "step"),
        ("/series?step=week", "step"),
        ("/series?step=x", "step"),
        ("/series?also=nowhere", "also"),
        ("/series?also=demo-service&survey=demo-service", "also"),
        ("/series?also=demo-desk&survey=demo-service", "also"),
        ("/series?step=year&step=month", "step"),
        ("/series?by=channel", "by"),
        ("/series?period=x", "period"),
        ("/ranking?level=village", "level"),
        ("/ranking?against=2026-13", "against"),
        ("/ranking?rank_from=0", "rank_from"),
        ("/ranking?rank_from=10001", "rank_from"),
        ("/ranking?rank_from=x", "rank_from"),
        ("/ranking?min_n=1", "min_n"),
        ("/breakdown?by=name", "by"),
        ("/breakdown?step=month", "step"),
        ("/comparison?with=H21&with_period=2025", "with"),
        ("/comparison?with_period=x", "with_period"),
        ("/comparison?formula=x", "formula"),
        ("/comparison?lang=fr", "lang"),
    ] {
        let reply = anybody.get(address).await.expect(422);
        assert!(reply.header("content-type").starts_with("text/html"), "{address}");
        assert!(text(&reply.text).contains(&format!("{parameter}: ")), "{address}: {}", text(&reply.text));
    }
    for path in ["series", "ranking", "breakdown", "comparison"] {
        anybody.get(&format!("/{path}?agency=H99")).await.expect(404);
        let with = if path == "comparison" { "&with=H21" } else { "" };
        anybody.get(&format!("/{path}?agency=H56&flagged=included{with}")).await.expect(422);
    }
}
