//! Figures as JSON, CSV, XLSX and SVG: asked for by header or parameter, the same figures in each.

use crate::support::TestApp;
use crate::support::clients::{Client, Reply, faults};
use crate::support::samples::{CRITERIA, id, response};
use calamine::{Data, Reader, Xlsx};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::io::{Cursor, Read};

const PATH: &str = "/v1/agencies/H56/index?survey=demo-service&period=2026";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// An agency that so many people have rated, three of four with 5 and the others with 2.
async fn rated(people: usize) -> TestApp {
    let app = TestApp::start().await;
    let kiosk = app.device("H56.C1", "MC-H56-C1").await;
    let bodies: Vec<Value> =
        (0..people).map(|person| response(id(app.now), if person % 4 == 0 { 2 } else { 5 })).collect();
    kiosk.post_batch(&bodies).await.expect(200);
    app
}

async fn accepting(client: &Client, accept: &str) -> Reply {
    client.get_with(PATH, &[("accept", accept)]).await
}

/// Lines of data by column name, as a program reads them.
fn records(csv: &str) -> Vec<std::collections::HashMap<String, String>> {
    let rest = csv.split_once('\n').unwrap().1;
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(rest.as_bytes());
    reader.deserialize().map(|record| record.unwrap()).collect()
}

#[tokio::test]
async fn header_and_parameter_choose_and_the_parameter_wins() {
    let app = rated(12).await;
    let anybody = app.anonymous();
    for (accept, kind) in [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/csv;q=0.1, image/svg+xml", "image/svg+xml"),
        (XLSX, XLSX),
        ("text/html, */*;q=0.1", "application/json"),
    ] {
        let reply = accepting(&anybody, accept).await.expect(200);
        assert_eq!(reply.header("content-type"), kind, "{accept}");
        assert_eq!(reply.header("vary"), "Accept, Accept-Encoding, Accept-Language, Authorization");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
    }
    let both = anybody.get_with(&format!("{PATH}&format=svg"), &[("accept", "text/csv")]).await.expect(200);
    assert_eq!(both.header("content-type"), "image/svg+xml");
    let refused = accepting(&anybody, "text/html").await.expect(406);
    assert_eq!(refused.problem(), "not_acceptable");
    assert_eq!(refused.json()["detail"], "this comes as json, csv, xlsx, svg");
    let unknown = anybody.get(&format!("{PATH}&format=pdf&sort=up")).await.expect(422);
    assert_eq!(unknown.faults(), faults(&[("format", "not_allowed"), ("sort", "unknown_field")]));
}

#[tokio::test]
async fn csv_has_the_figures_of_json_and_its_digest_can_be_recomputed() {
    let app = rated(40).await;
    let json = app.anonymous().get(PATH).await.expect(200).json();
    let reply = accepting(&app.anonymous(), "text/csv").await.expect(200);
    assert_eq!(
        reply.header("content-disposition"),
        "attachment; filename=\"sipas_index_H56_demo-service_2026_satisfied-share.csv\""
    );
    assert_eq!(reply.header("content-language"), "vi");
    let records = records(&reply.text);
    assert_eq!(records.len(), 1 + json["elements"].as_array().unwrap().len() + CRITERIA.len());
    let whole = &records[0];
    assert_eq!((&whole["part"][..], &whole["text"][..]), ("whole", "Toàn phiếu"));
    assert_eq!(whole["value"].parse::<f64>().unwrap(), json["whole"]["value"].as_f64().unwrap());
    assert_eq!((&whole["n"][..], &whole["level_5"][..], &whole["level_2"][..]), ("40", "570", "190"));
    let criterion = records.iter().find(|record| record["part"] == "criterion").unwrap();
    assert_eq!((&criterion["value"][..], &criterion["suppressed"][..]), ("75.00", "false"));
    assert_eq!((&criterion["numerator"][..], &criterion["denominator"][..]), ("30", "40"));
    let low = json["elements"][0]["criteria"][0]["interval"]["low"].as_f64().unwrap();
    assert_eq!(criterion["low"], format!("{low:.2}"));
    let watermark = json["data_watermark"].as_str().unwrap();
    for line in [
        "# Công thức,\"satisfied-share phiên bản 1\"",
        "# Kỳ,\"2026\"",
        "# Múi giờ,\"Asia/Ho_Chi_Minh\"",
        watermark,
    ] {
        assert!(reply.text.contains(line), "{line} is not in {}", reply.text);
    }
    // As the documentation says, with the tools of any Unix.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), &reply.bytes).unwrap();
    let run = "tail -n +2 f | grep -v '^#' | sha256sum | cut -c1-64";
    let digest =
        std::process::Command::new("sh").args(["-c", run]).current_dir(folder.path()).output().unwrap();
    let digest = String::from_utf8(digest.stdout).unwrap();
    let trailer = format!("# rows,{},\"sha256\",\"{}\"", records.len(), digest.trim());
    assert!(reply.text.lines().last().unwrap().starts_with(&trailer), "{}", reply.text);
    let english = app.anonymous().get_with(&format!("{PATH}&format=csv"), &[("accept-language", "en")]).await;
    let column_row = |text: &str| text.lines().find(|line| line.starts_with('"')).unwrap().to_owned();
    assert_eq!(column_row(&english.text), column_row(&reply.text));
    assert!(english.text.contains("# Formula,\"satisfied-share version 1\""), "{}", english.text);
}

#[tokio::test]
async fn xlsx_opens_and_has_real_numbers() {
    let app = rated(40).await;
    let reply = app.anonymous().get(&format!("{PATH}&format=xlsx")).await.expect(200);
    assert!(reply.header("content-disposition").ends_with("satisfied-share.xlsx\""));
    assert_eq!(reply.header("content-length"), reply.bytes.len().to_string());
    let mut book = Xlsx::new(Cursor::new(reply.bytes)).unwrap();
    let range = book.worksheet_range("SIPAS").unwrap();
    let columns = range.rows().position(|row| row[0] == Data::String("part".into())).unwrap();
    let rows: Vec<&[Data]> = range.rows().collect();
    let place =
        |name: &str| rows[columns].iter().position(|cell| *cell == Data::String(name.into())).unwrap();
    assert_eq!(rows[columns + 1][place("value")], Data::Float(75.0));
    assert_eq!(rows[columns + 1][place("n")], Data::Float(40.0));
    assert_eq!(rows[columns + 1][place("suppressed")], Data::Bool(false));
    assert_eq!(rows[columns - 1][place("value")], Data::String("%".into()));
}

#[tokio::test]
async fn what_is_withheld_is_withheld_in_every_format() {
    let app = rated(9).await;
    let anybody = app.anonymous();
    for record in records(&accepting(&anybody, "text/csv").await.expect(200).text) {
        assert_eq!(record["suppressed"], "true");
        for (name, value) in &record {
            let told =
                ["part", "code", "text", "suppressed", "estimated", "left_out"].contains(&name.as_str());
            assert!(told || value.is_empty(), "{name} = {value}");
        }
    }
    let svg = accepting(&anybody, "image/svg+xml").await.expect(200).text;
    assert!(svg.contains("Không công bố để bảo vệ người trả lời"), "{svg}");
    assert!(!svg.contains("n = "), "{svg}");
    let admin = app.admin(Some("H56")).await;
    let records = records(&accepting(&admin, "text/csv").await.expect(200).text);
    assert_eq!((&records[0]["n"][..], &records[0]["suppressed"][..]), ("9", "false"));
}

#[tokio::test]
async fn the_chart_names_levels_and_figures_in_the_readers_language() {
    let app = rated(40).await;
    let reply = accepting(&app.anonymous(), "image/svg+xml").await.expect(200);
    assert!(reply.header("content-disposition").starts_with("inline; "));
    assert!(reply.header("content-security-policy").starts_with("default-src 'none'"));
    for words in ["Rất hài lòng", "570 (75,00\u{A0}%)", "75,00\u{A0}%", "khoảng tin cậy 95", "role=\"img\""]
    {
        assert!(reply.text.contains(words), "{words} is not in {}", reply.text);
    }
    let english = app.anonymous().get_with(&format!("{PATH}&format=svg"), &[("accept-language", "en")]).await;
    for words in ["Very satisfied", "570 (75.00\u{A0}%)", "confidence interval"] {
        assert!(english.text.contains(words), "{words} is not in {}", english.text);
    }
    assert_eq!(english.header("content-language"), "en");
}

#[tokio::test]
async fn every_format_has_its_tag_and_only_public_figures_may_be_shared() {
    let app = rated(12).await;
    let (anybody, admin) = (app.anonymous(), app.admin(Some("H56")).await);
    let mut tags = Vec::new();
    for format in ["json", "csv", "xlsx", "svg"] {
        let path = format!("{PATH}&format={format}");
        let public = anybody.get(&path).await.expect(200);
        assert_eq!(public.header("cache-control"), "public, max-age=60, stale-while-revalidate=300");
        let tag = public.header("etag").to_owned();
        assert!(tag.starts_with('"'), "{tag}");
        let same = anybody.get_with(&path, &[("if-none-match", &tag)]).await.expect(304);
        assert!(same.bytes.is_empty());
        assert_eq!((same.header("etag"), same.header("vary")), (&tag[..], public.header("vary")));
        tags.push(tag);
        assert_eq!(admin.get(&path).await.expect(200).header("cache-control"), "private, no-cache");
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
}

#[tokio::test]
async fn large_answers_come_as_gzip_to_whoever_takes_it() {
    let app = rated(12).await;
    let admin = app.admin(Some("H56")).await;
    let large = "/v1/agencies/H56/index/series?survey=demo-service&from=2025-07-01&to=2026-07-01&step=day";
    let plain = admin.get(large).await.expect(200);
    assert!(plain.headers.get("content-encoding").is_none());
    for accepted in ["gzip", "deflate, gzip;q=1.0", "gzip, deflate, br, zstd"] {
        let packed = admin.get_with(large, &[("accept-encoding", accepted)]).await.expect(200);
        assert_eq!(packed.header("content-encoding"), "gzip", "{accepted}");
        assert!(
            packed.bytes.len() * 5 < plain.bytes.len(),
            "{} of {}",
            packed.bytes.len(),
            plain.bytes.len()
        );
        let mut text = String::new();
        GzDecoder::new(&packed.bytes[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, plain.text);
        // Other bytes, another strong tag (RFC 9110 section 8.8.3.3); each is known again.
        let tag = packed.header("etag");
        assert_ne!(tag, plain.header("etag"));
        admin.get_with(large, &[("accept-encoding", accepted), ("if-none-match", tag)]).await.expect(304);
        admin.get_with(large, &[("if-none-match", tag)]).await.expect(200);
        assert_eq!(packed.header("vary"), plain.header("vary"));
    }
    for refused in ["identity", "gzip;q=0", "br", "identity, gzip;q=0.5"] {
        let reply = admin.get_with(large, &[("accept-encoding", refused)]).await.expect(200);
        assert!(reply.headers.get("content-encoding").is_none(), "{refused}");
        assert_eq!(reply.bytes, plain.bytes);
    }
    let small = admin.get_with(PATH, &[("accept-encoding", "gzip")]).await.expect(200);
    assert!(
        small.headers.get("content-encoding").is_none(),
        "what fits into a packet or a few is sent as it is"
    );
}

#[tokio::test]
async fn all_figures_are_cached_alike_and_come_in_their_formats() {
    let app = rated(12).await;
    let admin = app.admin(Some("H56")).await;
    let figures = "survey=demo-service&period=2026";
    for (what, more, drawn) in [
        ("series", "&step=quarter", true),
        ("breakdown", "&by=channel", false),
        ("comparison", "&with_period=2025", false),
        ("ranking", "&against=2025", false),
    ] {
        let mut tags = Vec::new();
        for format in ["json", "csv", "xlsx", "svg"] {
            let path = format!("/v1/agencies/H56/index/{what}?{figures}{more}&format={format}");
            if format == "svg" && !drawn {
                assert_eq!(admin.get(&path).await.expect(406).problem(), "not_acceptable", "{path}");
                continue;
            }
            let reply = admin.get(&path).await.expect(200);
            assert_eq!(reply.header("cache-control"), "private, no-cache", "{path}");
            assert_eq!(
                reply.header("vary"),
                "Accept, Accept-Encoding, Accept-Language, Authorization",
                "{path}"
            );
            assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
            let named = reply.header("content-disposition").contains(&format!("\"sipas_{what}"));
            assert_eq!(named, format != "json", "{path}");
            let tag = reply.header("etag").to_owned();
            admin.get_with(&path, &[("if-none-match", &tag)]).await.expect(304);
            tags.push(tag);
        }
        let all = tags.len();
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), all, "{what}");
    }
}
