//! Charts as documents: nothing breaks out of a label, nothing is joined that cannot be compared, everything is
//! said in words too. How they look has to be looked at.

use super::distribution::{Bar, DistributionChart};
use super::series::{Break, Point, SeriesChart};
use super::*;
use crate::error::Lang;

const HOSTILE: &str = "<script>alert(1)</script> & \"Sở\" 'Nội vụ' ]]> \u{0}\u{1F}";

fn caption(title: &str) -> Caption {
    Caption { title: title.into(), subtitle: title.into(), source: title.into() }
}

fn point(label: usize, value: Option<f64>, segment: usize) -> Point {
    let low = value.map(|value| value - 2.0);
    let high = value.map(|value| value + 2.0);
    Point { label: format!("2026-{label:02}"), value, low, high, n: Some(1200), segment, suppressed: false }
}

fn series(points: Vec<Point>, breaks: Vec<Break>, lang: Lang) -> String {
    let (caption, unit) = (caption("Huế"), "%".into());
    SeriesChart { lang, caption, unit, limits: (0.0, 100.0), confidence_percent: 95, points, breaks }.svg()
}

fn distribution(counts: &[Option<u64>], suppressed: bool, lang: Lang) -> String {
    let bars = counts
        .iter()
        .enumerate()
        .map(|(place, count)| Bar { label: format!("Mức {place}"), count: *count });
    DistributionChart {
        lang,
        caption: caption("Huế"),
        heading: "Câu trả lời".into(),
        bars: bars.collect(),
        aside: vec![("Không áp dụng".into(), 7)],
        suppressed,
    }
    .svg()
}

/// Lines of the data: the only ones two pixels wide and blue.
fn joins(svg: &str) -> usize {
    svg.matches("<line opacity=\"1\" stroke=\"#1F4E79\" stroke-width=\"2\"").count()
}

/// The words on the paper and in its description.
fn words(svg: &str) -> String {
    let parts = svg.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim());
    parts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("|")
}

/// Every element is closed in the order it was opened, every `&` begins a known entity.
fn is_well_formed(svg: &str) -> bool {
    let mut open = Vec::new();
    for part in svg.split('<').skip(1) {
        let Some((tag, _)) = part.split_once('>') else { return false };
        let name = tag.split([' ', '/', '\n']).find(|word| !word.is_empty()).unwrap_or_default();
        if tag.starts_with('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    let entities = ["amp;", "lt;", "gt;", "quot;", "apos;"];
    let escaped = svg.split('&').skip(1).all(|rest| entities.iter().any(|entity| rest.starts_with(entity)));
    open.is_empty() && escaped && !svg.chars().any(|c| c.is_control() && c != '\n')
}

#[test]
fn no_label_breaks_out() {
    let hostile = || HOSTILE.to_owned();
    let mut chart = SeriesChart {
        lang: Lang::Vi,
        caption: caption(HOSTILE),
        unit: hostile(),
        limits: (0.0, 100.0),
        confidence_percent: 95,
        points: vec![Point { label: hostile(), value: Some(50.0), ..Point::default() }; 3],
        breaks: vec![Break { before_index: 1, label: hostile() }],
    };
    let bar = Bar { label: hostile(), count: Some(1) };
    let bars = DistributionChart {
        lang: Lang::En,
        caption: caption(HOSTILE),
        heading: hostile(),
        bars: vec![bar.clone(), bar],
        aside: vec![(hostile(), 1)],
        suppressed: false,
    };
    for svg in [chart.svg(), bars.svg()] {
        assert!(is_well_formed(&svg), "{svg}");
        assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;"), "{svg}");
    }
    // Places beyond the points, values that are none: still a document.
    chart.breaks = vec![Break { before_index: 99, label: "x".repeat(500) }];
    chart.points = vec![point(1, Some(f64::NAN), 0), point(2, Some(f64::INFINITY), 0)];
    assert!(is_well_formed(&chart.svg()));
    chart.points.clear();
    assert!(is_well_formed(&chart.svg()));
}

#[test]
fn a_line_joins_neighbours_of_one_run_only() {
    let figures =
        |segments: [usize; 6]| (1..).zip(segments).map(|(n, s)| point(n, Some(80.0), s)).collect::<Vec<_>>();
    assert_eq!(joins(&series(figures([0; 6]), vec![], Lang::Vi)), 5);
    assert_eq!(joins(&series(figures([0, 0, 0, 1, 1, 1]), vec![], Lang::Vi)), 4);
    let broken = || vec![Break { before_index: 3, label: "phiên bản 2".into() }];
    let svg = series(figures([0; 6]), broken(), Lang::Vi);
    assert_eq!(joins(&svg), 4);
    assert!(words(&svg).contains("phiên bản 2"));
    let mut gap = figures([0; 6]);
    gap[2] = point(3, None, 0);
    assert_eq!(joins(&series(gap.clone(), vec![], Lang::Vi)), 3);
    gap[2].suppressed = true;
    let svg = series(gap, vec![], Lang::Vi);
    assert_eq!(joins(&svg), 3);
    assert!(words(&svg).contains("không công bố để bảo vệ người trả lời"));
    assert!(!words(&svg).contains("không có dữ liệu"));
}

#[test]
fn figures_are_written_in_the_language_and_said_in_words() {
    let vi = series(vec![point(1, Some(83.94), 0)], vec![], Lang::Vi);
    assert!(words(&vi).contains("2026-01: 83,94\u{A0}% (81,94–85,94), n = 1.200"), "{}", words(&vi));
    assert!(vi.contains("role=\"img\" lang=\"vi\"") && vi.contains("viewBox=\"0 0 800 450\""));
    let en = series(vec![point(1, Some(83.94), 0)], vec![], Lang::En);
    assert!(words(&en).contains("2026-01: 83.94\u{A0}% (81.94–85.94), n = 1,200"), "{}", words(&en));
    let decomposed = caption("Hue\u{302}\u{301}");
    let chart = DistributionChart {
        caption: decomposed,
        lang: Lang::Vi,
        heading: String::new(),
        bars: vec![],
        aside: vec![],
        suppressed: true,
    };
    assert!(chart.svg().contains("Huế"));
}

#[test]
fn nothing_to_show_is_said_and_why() {
    assert!(words(&series(vec![], vec![], Lang::En)).contains("No data in this span"));
    let hidden = Point { suppressed: true, ..Point::default() };
    let all_hidden = series(vec![hidden; 12], vec![], Lang::En);
    assert!(words(&all_hidden).contains("No period is published"));
    assert!(words(&distribution(&[], true, Lang::Vi)).contains("Không công bố để bảo vệ người trả lời"));
    assert!(words(&distribution(&[Some(0), Some(0)], false, Lang::Vi)).contains("Chưa có câu trả lời"));
}

#[test]
fn shares_are_of_the_answers_and_never_give_a_withheld_level_away() {
    let shown = words(&distribution(&[Some(1), Some(2), Some(0)], false, Lang::Vi));
    assert!(shown.contains("1 (33,33\u{A0}%)") && shown.contains("2 (66,67\u{A0}%)"), "{shown}");
    assert!(shown.contains("0 (0,00\u{A0}%)") && shown.contains("Không áp dụng: 7"), "{shown}");
    let hidden = words(&distribution(&[None, Some(2000), Some(50)], false, Lang::Vi));
    assert!(hidden.contains("2.000") && !hidden.contains('%'), "{hidden}");
}

#[test]
fn sixty_points_do_not_crowd_each_other() {
    let points =
        (0..60).map(|n| point(n, Some(70.0 + f64::from(u32::try_from(n % 7).unwrap())), 0)).collect();
    let svg = series(points, vec![], Lang::Vi);
    let labels =
        svg.split("<desc").nth(1).unwrap().split("</desc>").nth(1).unwrap().matches("\n2026-").count();
    assert!((8..=20).contains(&labels), "{labels}");
}

/// Where the text with these words stands.
fn place_of(svg: &str, words: &str) -> (f64, f64) {
    let before = svg.split(&format!("\n{words}\n")).next().unwrap();
    let tag = &before[before.rfind("<text").unwrap()..];
    let number = |name: &str| -> f64 {
        let rest = tag.split(&format!(" {name}=\"")).nth(1).unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    };
    (number("x"), number("y"))
}

#[test]
fn the_lowest_value_does_not_stand_among_the_periods() {
    let mut points: Vec<Point> = (0..20).map(|n| point(n, Some(60.0), 0)).collect();
    points[7] = Point { value: Some(12.34), low: Some(0.0), high: Some(90.0), ..point(7, None, 0) };
    let svg = series(points, vec![], Lang::Vi);
    assert!(place_of(&svg, "12,34").1 < place_of(&svg, "2026-00").1 - 12.0, "{svg}");
}

#[test]
fn a_long_unit_stays_on_the_paper() {
    let chart = |unit: &str| SeriesChart {
        lang: Lang::En,
        caption: caption("Huế"),
        unit: unit.into(),
        limits: (0.0, 18.0),
        confidence_percent: 95,
        points: vec![point(1, Some(7.0), 0)],
        breaks: vec![],
    };
    let (x, _) = place_of(&chart("points").svg(), "points");
    assert!(x >= f64::from(words::width("points", 12)), "{x}");
}

#[test]
fn a_value_at_the_top_stands_below_the_label_of_a_break() {
    let points = vec![point(1, Some(50.0), 0), Point { high: Some(100.0), ..point(2, Some(100.0), 1) }];
    let broken = Break { before_index: 1, label: "phiên bản 2".into() };
    let svg = series(points, vec![broken], Lang::Vi);
    assert!(place_of(&svg, "100,00").1 >= place_of(&svg, "phiên bản 2").1 + 12.0, "{svg}");
}
