use super::*;
use crate::http::fields::Node;
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

const LIMITS: Limits = Limits { body: 10_000, item: 200, items: 3000 };

/// Reads a body that arrives in pieces of a size; `None` for a response that is no JSON.
fn read(framing: Framing, gzip: bool, body: &[u8], piece: usize) -> Result<Vec<Option<Node>>> {
    read_within(LIMITS, framing, gzip, body, piece)
}

fn read_within(
    limits: Limits,
    framing: Framing,
    gzip: bool,
    body: &[u8],
    piece: usize,
) -> Result<Vec<Option<Node>>> {
    let (mut framer, mut items) = (Framer::new(framing, gzip, limits), Vec::new());
    let mut found = |item: Result<Node>| items.push(item.ok());
    for piece in body.chunks(piece.max(1)) {
        framer.push(piece, &mut found)?;
    }
    framer.finish(&mut found)?;
    Ok(items)
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn object(number: i64) -> Node {
    Node::Object(vec![("a".into(), Node::Integer(number)), ("b}]\n".into(), Node::Text("],{\"".into()))])
}

fn text(number: i64) -> String {
    format!(r#"{{"a": {number}, "b}}]\n": "],{{\""}}"#)
}

proptest! {
    #[test]
    fn however_it_is_cut_the_same_responses_come_out(
        numbers in prop::collection::vec(any::<i64>(), 0..30), piece in 1..300_usize, zipped: bool, array: bool,
    ) {
        let texts: Vec<String> = numbers.iter().map(|number| text(*number)).collect();
        let (framing, body) = if array {
            (Framing::Array, format!(" [{}]\n ", texts.join(" ,\n")))
        } else {
            (Framing::Lines, texts.join("\r\n\n"))
        };
        let body = if zipped { gzip(body.as_bytes()) } else { body.into_bytes() };
        let expected: Vec<_> = numbers.iter().map(|number| Some(object(*number))).collect();
        prop_assert_eq!(read(framing, zipped, &body, piece).unwrap(), expected);
    }

    #[test]
    fn responses_longer_than_what_they_are_put_together_with_come_out_too(
        lengths in prop::collection::vec(0..3 * BRIDGE, 1..10), piece in 1..4 * BRIDGE, array: bool,
    ) {
        let texts: Vec<String> = lengths.iter().map(|length| format!("{{\"a\":\"{}\"}}", "x".repeat(*length))).collect();
        let (framing, body) = if array {
            (Framing::Array, format!("[{}]", texts.join(",")))
        } else {
            (Framing::Lines, texts.join("\n"))
        };
        let node = |length: &usize| Some(Node::Object(vec![("a".into(), Node::Text("x".repeat(*length)))]));
        let limits = Limits { body: 100_000, item: 4 * BRIDGE, items: 10 };
        let expected: Vec<_> = lengths.iter().map(node).collect();
        prop_assert_eq!(read_within(limits, framing, false, body.as_bytes(), piece).unwrap(), expected);
    }
}

#[test]
fn what_is_no_json_is_one_response_and_a_broken_frame_the_whole_body() {
    let lines = read(Framing::Lines, false, b"{\"a\":1}\n{\"a\":\n\xff\n7\n", 5).unwrap();
    assert_eq!(lines.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false, true]);
    let array = br#"[{"a":"\ud83d"},{},null, nul ,"],{","\"",[[1],{}],{"a":1e999},{"a"},{"a":}}]"#;
    for piece in [1, 2, 7, 1000] {
        // The last bracket of what is broken ends it: such a sender cannot be understood any better.
        let found = read(Framing::Array, false, &array[..array.len() - 2], piece).unwrap_err();
        assert_eq!(found.code, ErrorCode::MalformedJson);
        let mut whole = array[..array.len() - 2].to_vec();
        whole.push(b']');
        let found = read(Framing::Array, false, &whole, piece).unwrap();
        let expected = [false, true, true, false, true, true, true, false, false, false];
        assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), expected, "{piece}");
    }
    for text in ["{\"a\":1}\n", "[{\"a\":1}]"] {
        let framing = if text.starts_with('[') { Framing::Array } else { Framing::Lines };
        let text = format!("\u{feff}{text}");
        for piece in [1, 2, 3, 4, 1000] {
            for zipped in [false, true] {
                let body = if zipped { gzip(text.as_bytes()) } else { text.clone().into_bytes() };
                let found = read(framing, zipped, &body, piece).unwrap();
                assert_eq!(found, [Some(Node::Object(vec![("a".into(), Node::Integer(1))]))], "{piece}");
            }
        }
    }
    assert_eq!(read(Framing::Lines, false, b"\xef\xbb", 1).unwrap(), [None]);
    assert_eq!(read(Framing::Lines, false, b"\n\xef\xbb\xbf", 1).unwrap(), [None]);
    for body in ["", "{}", "[", "[{}", "[{},", "[{},]", "[{}]x", "[{}{}]", "[,]", "[{}][", "[{\"a\":\"]"] {
        let error = read(Framing::Array, false, body.as_bytes(), 2).unwrap_err();
        assert_eq!(error.code, ErrorCode::MalformedJson, "{body}");
    }
    assert_eq!(read(Framing::Array, true, b"[]", 2).unwrap_err().code, ErrorCode::MalformedJson);
    let cut = gzip(b"[]");
    assert_eq!(
        read(Framing::Array, true, &cut[..cut.len() - 9], 2).unwrap_err().code,
        ErrorCode::MalformedJson
    );
}

#[test]
fn bodies_and_responses_over_the_limit_are_refused_also_when_they_are_small_before_decompression() {
    let long = format!("[{{\"a\": \"{}\"}}]", "x".repeat(300));
    let many = format!("[{}]", vec!["{}"; 5000].join(","));
    let blank = " ".repeat(20_000_000);
    for (body, zipped) in [(&long, false), (&many, false), (&long, true), (&many, true), (&blank, true)] {
        let body = if zipped { gzip(body.as_bytes()) } else { body.clone().into_bytes() };
        let error = read(Framing::Array, zipped, &body, 4096).unwrap_err();
        assert_eq!(error.code, ErrorCode::BodyTooLarge);
    }
    let nothing = gzip(b"").repeat(2000);
    assert_eq!(read(Framing::Lines, true, &nothing, 4096).unwrap_err().code, ErrorCode::BodyTooLarge);
}
