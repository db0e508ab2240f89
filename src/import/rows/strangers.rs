//! Files that nobody wrote for us: any bytes, and pieces of right files in any order. Reading ends, gives no more rows than
//! the file has lines, says what is wrong with a row, and gives a row the same id each time.

use super::*;
use proptest::prelude::*;

/// Id and names of faults of each row; what stopped the reading, if anything did.
type Read = (Vec<(Option<Uuid>, Vec<&'static str>)>, Option<ErrorCode>);

fn read(format: Format, bytes: &[u8]) -> Read {
    let reading = Reading { format, delimiter: b',', survey: Some("demo-service".into()) };
    let criteria = HashSet::from(["access.signage".to_owned(), "feedback.notified".to_owned()]);
    let mut rows = match Rows::new(bytes, reading, "a drawer", &criteria) {
        Ok(rows) => rows,
        Err(error) => return (Vec::new(), Some(error.code)),
    };
    let mut found = Vec::new();
    loop {
        match rows.read() {
            Ok(Some(row)) => {
                let faults: Vec<_> = row.faults.iter().map(|fault| fault.kind.name()).collect();
                assert!(row.draft.id.is_some() || !faults.is_empty(), "neither an id nor a reason");
                found.push((row.draft.id, faults));
            }
            Ok(None) => return (found, None),
            Err(error) => return (found, Some(error.code)),
        }
    }
}

fn almost_file() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "answered_at,survey,rated_agency,access.signage,feedback.notified\n",
        "id,rated_agency,access.signage\n",
        "2024-05-06,demo-service,H56.C1,4,\n",
        "2024-05-06 09:30,,H56.C1,5,1\n",
        "{\"answered_at\":\"2024-05-06\",\"rated_agency\":\"H56.C1\",\"answers\":{\"access.signage\":4}}\n",
        "{\"answered_at\":",
        "}",
        "\"",
        ",",
        "\n",
        "\r\n",
        "4",
        "H56.C1",
        "2024-05-06T09:30:00+07:00",
        "\u{feff}",
        "ế",
    ];
    let piece = prop_oneof![
        8 => prop::sample::select(pieces.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_file_is_read_to_its_end_or_told_what_is_wrong(
        head: bool, body in prop_oneof![almost_file(), prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        let mut bytes = if head { b"answered_at,rated_agency,access.signage\n".to_vec() } else { Vec::new() };
        bytes.extend(body);
        let lines = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
        for format in [Format::Csv, Format::Ndjson] {
            let (rows, stopped) = read(format, &bytes);
            prop_assert!(rows.len() <= lines, "{} rows of {lines} lines", rows.len());
            // Only the head can stop it: a file in memory can always be read further.
            prop_assert!(stopped.is_none_or(|code| code == ErrorCode::ValidationFailed && rows.is_empty()));
            let ids = |rows: &[(Option<Uuid>, Vec<&str>)]| -> Vec<Option<Uuid>> {
                rows.iter().filter(|(_, faults)| faults.is_empty()).map(|(id, _)| *id).collect()
            };
            let first = ids(&rows);
            prop_assert_eq!(&first, &ids(&read(format, &bytes).0));
        }
    }

    #[test]
    fn any_text_is_a_time_or_none(text in prop_oneof![any::<String>(), "[0-9]{1,5}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9]{1,2}:[0-9]{2})?"]) {
        if let Some(at) = parse_time(&text) {
            prop_assert_eq!(parse_time(&at.to_rfc3339()), Some(at));
        }
    }
}
