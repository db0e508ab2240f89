//! Sheets read back by other code than what writes them.

use super::*;
use calamine::{Data, Reader, Xlsx};
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use std::io::Cursor;
use std::process::Command;

fn sheet(rows: Vec<Vec<Cell>>) -> Sheet {
    Sheet {
        title: "Chỉ số, \"thử\"".into(),
        head: vec![("Công thức", "=satisfied-share".into()), ("Kỳ", "2026-07".into())],
        columns: vec![
            Column::new("code"),
            Column::of("value", "%"),
            Column::of("n", "người"),
            Column::new("shown"),
            Column::new("day"),
        ],
        rows: Box::new(rows.into_iter()),
        watermark: None,
        lang: Lang::Vi,
    }
}

fn rows() -> Vec<Vec<Cell>> {
    vec![
        vec![
            "Huế, \"tỉnh\"\r\nmới".into(),
            83.94.into(),
            1200_u64.into(),
            true.into(),
            NaiveDate::from_ymd_opt(2026, 7, 15).into(),
        ],
        vec!["=1+1".into(), Cell::from(-0.001), 0_u64.into(), false.into(), Cell::Empty],
        vec!["#".into(), f64::NAN.into(), Cell::Signed(-3), Cell::Empty],
    ]
}

fn bytes(sheet: Sheet, format: SheetFormat) -> Vec<u8> {
    let mut written = sheet.write(format).unwrap();
    let mut bytes = Vec::new();
    written.file.read_to_end(&mut bytes).unwrap();
    assert_eq!(u64::try_from(bytes.len()).unwrap(), written.bytes);
    assert_eq!(<[u8; 32]>::from(Sha256::digest(&bytes)), written.digest);
    bytes
}

#[test]
fn csv_is_written_to_the_letter() {
    let text = String::from_utf8(bytes(sheet(rows()), SheetFormat::Csv)).unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(
        lines[..8],
        [
            "\u{FEFF}# Tiêu đề,\"Chỉ số, \"\"thử\"\"\",,,",
            "# Công thức,\"'=satisfied-share\",,,",
            "# Kỳ,\"2026-07\",,,",
            "# Đơn vị,\"%\",\"người\",,",
            "\"code\",\"value\",\"n\",\"shown\",\"day\"",
            "\"Huế, \"\"tỉnh\"\"  mới\",83.94,1200,true,2026-07-15",
            "\"'=1+1\",0.00,0,false,",
            "\"#\",,-3,,",
        ]
    );
    assert!(lines[8].starts_with("# rows,3,\"sha256\",\"") && lines[9].is_empty(), "{text}");
}

/// What the documentation says a reader can do; `None` without a trailer.
fn verified(file: &str) -> Option<bool> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), file).unwrap();
    let run = "tail -n +2 f | grep -v '^#' | sha256sum | cut -c1-64";
    let output = Command::new("sh").args(["-c", run]).current_dir(folder.path()).output().unwrap();
    let digest = String::from_utf8(output.stdout).unwrap();
    let trailer = file.lines().find(|line| line.starts_with("# rows,"))?;
    Some(trailer.contains(digest.trim()))
}

#[test]
fn a_lost_line_and_a_cut_file_are_seen() {
    let text = String::from_utf8(bytes(sheet(rows()), SheetFormat::Csv)).unwrap();
    assert_eq!(verified(&text), Some(true));
    let without = |lost: usize| {
        let kept = text.split_inclusive("\r\n").enumerate().filter(|(place, _)| *place != lost);
        kept.map(|(_, line)| line).collect::<String>()
    };
    for lost in 4..8 {
        assert_eq!(verified(&without(lost)), Some(false), "line {lost}");
    }
    assert_eq!(verified(&text[..text.len() - 40]), Some(false));
    assert_eq!(verified(&text[..text.len() - 90]), None);
    assert_eq!(verified(&text.replace("83.94", "93.94")), Some(false));
}

fn cells(xlsx: Vec<u8>) -> Vec<Vec<Data>> {
    let mut book = Xlsx::new(Cursor::new(xlsx)).unwrap();
    book.worksheet_range("SIPAS").unwrap().rows().map(<[Data]>::to_vec).collect()
}

#[test]
fn xlsx_has_numbers_days_and_the_digest_of_csv() {
    let xlsx = cells(bytes(sheet(rows()), SheetFormat::Xlsx));
    let first = xlsx.iter().position(|row| row[0] == Data::String("code".into())).unwrap() + 1;
    assert_eq!(xlsx[first][0], Data::String("Huế, \"tỉnh\"  mới".into()));
    assert_eq!(
        (&xlsx[first][1], &xlsx[first][2], &xlsx[first][3]),
        (&Data::Float(83.94), &Data::Float(1200.0), &Data::Bool(true))
    );
    // Days since 1899-12-30.
    assert!(
        matches!(&xlsx[first][4], Data::DateTime(day) if day.as_f64() == 46218.0),
        "{:?}",
        xlsx[first][4]
    );
    assert_eq!(xlsx[first + 1][0], Data::String("'=1+1".into()));
    assert_eq!((&xlsx[first + 2][1], &xlsx[first + 2][2]), (&Data::Empty, &Data::Float(-3.0)));
    let csv = String::from_utf8(bytes(sheet(rows()), SheetFormat::Csv)).unwrap();
    let trailer = &xlsx[first + 3];
    assert_eq!((&trailer[0], &trailer[1]), (&Data::String("rows".into()), &Data::Float(3.0)));
    let Data::String(digest) = &trailer[3] else { panic!("{trailer:?}") };
    assert!(digest.len() == 64 && csv.contains(digest.as_str()));
}

#[test]
fn the_same_figures_are_the_same_file() {
    for format in [SheetFormat::Csv, SheetFormat::Xlsx] {
        assert_eq!(bytes(sheet(rows()), format), bytes(sheet(rows()), format));
    }
    assert_ne!(bytes(sheet(rows()), SheetFormat::Csv), bytes(sheet(Vec::new()), SheetFormat::Csv));
}

#[test]
fn what_would_be_a_formula_is_defused() {
    let dangerous = [
        "=1",
        "+1",
        "-1",
        "@x",
        "\t=1",
        "\tx",
        "\rx",
        "\nx",
        "  =1",
        "\u{A0}=1",
        "\u{FEFF}=1",
        "\u{200B}@x",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "\u{3000}＝1",
    ];
    for text in dangerous {
        assert!(text::harmless(text).starts_with('\''), "{text:?}");
    }
    for text in ["", "Huế", "1=1", "a@b", "'", "–", "#N/A", "(-1)"] {
        assert_eq!(text::harmless(text), text);
    }
    assert_eq!(text::harmless("a\r\nb\tc\0"), "a  b c ");
    assert_eq!(text::harmless(&"😀".repeat(40_000)).encode_utf16().count(), 32_766);
}

#[test]
fn more_rows_than_a_worksheet_holds_are_refused() {
    let rows = Box::new((0..1_048_576_u64).map(|row| vec![row.into()]));
    let sheet = Sheet { columns: vec![Column::new("row")], rows, ..sheet(Vec::new()) };
    let refused = sheet.write(SheetFormat::Xlsx).err().unwrap();
    assert_eq!(refused.code, crate::error::ErrorCode::NotAcceptable);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn any_text_comes_back_from_csv(texts in proptest::collection::vec(any::<String>(), 1..8)) {
        let rows = texts.iter().map(|text| vec![text.as_str().into()]).collect();
        let file = bytes(sheet(rows), SheetFormat::Csv);
        let mut reader = ::csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(&file[file.iter().position(|byte| *byte == b'\n').unwrap() + 1..]);
        prop_assert_eq!(reader.headers().unwrap().get(0), Some("code"));
        let read: Vec<String> = reader.records().map(|record| record.unwrap()[0].to_owned()).collect();
        let written: Vec<String> = texts.iter().map(|text| text::harmless(text)).collect();
        prop_assert_eq!(read, written);
    }
}

/// Set in the process that only writes a sheet: format and number of rows.
const CHILD: &str = "SIPAS_TEST_SHEET";

/// Peak of the memory of a process that writes so many rows, in KiB.
fn peak(format: &str, rows: u64) -> u64 {
    let name = "http::sheet::tests::memory_does_not_grow_with_the_rows";
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, format!("{format} {rows}"))
        .output()
        .unwrap();
    let text = String::from_utf8(child.stdout).unwrap();
    let line = text.lines().find_map(|line| line.split_once("VmHWM:")).unwrap_or_else(|| panic!("{text}"));
    line.1.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
#[expect(clippy::print_stdout, reason = "how the child tells its peak")]
fn memory_does_not_grow_with_the_rows() {
    if let Ok(task) = std::env::var(CHILD) {
        let (format, count) = task.split_once(' ').unwrap();
        let format = if format == "csv" { SheetFormat::Csv } else { SheetFormat::Xlsx };
        let row =
            |n: u64| vec![format!("Cơ quan số {n}").into(), 83.94.into(), n.into(), true.into(), Cell::Empty];
        let rows = Box::new((0..count.parse().unwrap()).map(row));
        let written = Sheet { rows, ..sheet(Vec::new()) }.write(format).unwrap();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        println!(
            "bytes {}\n{}",
            written.bytes,
            status.lines().find(|line| line.starts_with("VmHWM")).unwrap()
        );
        return;
    }
    for format in ["csv", "xlsx"] {
        let (few, many) = (peak(format, 30_000), peak(format, 300_000));
        assert!(many < few + 4096, "{format}: {few} KiB for 30,000 rows, {many} KiB for 300,000");
    }
}
