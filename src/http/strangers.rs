//! What strangers send, arbitrary and nearly right, at every reader of outside input that this room has: bodies, bulk
//! framing, tables, query strings, `Accept` and `Accept-Language`. A reader never panics and never hangs, says of every
//! fault where it is, and reads back what the service's own types write. The readers of text below are held to the same
//! in `domain::strangers`, those of files in `import::rows`, cursors in `store::paging`, tokens over HTTP in
//! `tests/it/strangers.rs`.

use super::agency_events;
use super::agency_imports::read_table;
use super::extract::{Query, language, number};
use super::fields::{Name, Node};
use super::format::{CHARTS, choose};
use super::framing::{Framer, Framing, Limits};
use super::responses::{ResponseBody, read_draft};
use crate::domain::response::AnswerDraft;
use crate::error::{ErrorCode, Fault, Faults, Lang, Place, Result};
use actix_web::dev::Payload;
use actix_web::test::TestRequest;
use actix_web::{FromRequest, HttpRequest};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::io::Write;

/// A response that is right in itself.
const RESPONSE: &str = include_str!("../../tests/it/response.json");

/// Names that some body has, and any other.
fn name() -> impl Strategy<Value = Name> {
    let known = [
        "id",
        "survey",
        "rated_agency",
        "service_point",
        "device_seq",
        "answers",
        "form",
        "channel",
        "procedure",
        "gender",
        "age_band",
        "assisted_by_staff",
        "comment",
        "kind",
        "effective_on",
        "basis",
        "agency",
        "name",
        "parent",
        "unit_code",
        "open",
        "predecessors",
        "successor",
        "successors",
        "share",
        "code",
        "level",
        "note",
    ];
    prop_oneof![3 => prop::sample::select(known.to_vec()).prop_map(Name::from), 1 => any::<String>().prop_map(Name::from)]
}

/// Texts that some field takes, and any other.
fn text() -> impl Strategy<Value = String> {
    let known = [
        "H56.C1",
        "H56",
        "VN",
        "demo-service",
        "kiosk",
        "male",
        "18-24",
        "2.000815",
        "2026-07-01",
        "1/2",
        "open",
        "rename",
        "move",
        "recode",
        "close",
        "merge",
        "split",
        "commune",
        "38",
        "",
    ];
    prop_oneof![prop::sample::select(known.to_vec()).prop_map(str::to_owned), any::<String>()]
}

/// Any JSON.
fn node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Bool),
        any::<i64>().prop_map(Node::Integer),
        (0..6_i64).prop_map(Node::Integer),
        (-1e6..1e6).prop_map(Node::Number),
        text().prop_map(Node::Text),
    ];
    leaf.prop_recursive(4, 40, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Node::List),
            prop::collection::vec((name(), inner), 0..8).prop_map(Node::Object),
        ]
    })
}

/// An object with fields that some body has.
fn object() -> impl Strategy<Value = Node> {
    prop::collection::vec((name(), node()), 0..12).prop_map(Node::Object)
}

/// Whether a pointer leads to something in the body, or to a field that an object in it lacks.
fn leads(body: &Node, pointer: &str) -> bool {
    let Some(path) = pointer.strip_prefix('/') else { return pointer.is_empty() };
    let (first, rest) = path.split_once('/').map_or((path, ""), |(first, _)| (first, &path[first.len()..]));
    let first = first.replace("~1", "/").replace("~0", "~");
    match body {
        Node::Object(fields) => {
            let mut found = fields.iter().filter(|(name, _)| name.as_str() == first).peekable();
            if found.peek().is_none() { rest.is_empty() } else { found.any(|(_, node)| leads(node, rest)) }
        }
        Node::List(items) => {
            first.parse::<usize>().ok().and_then(|at| items.get(at)).is_some_and(|item| leads(item, rest))
        }
        _ => false,
    }
}

fn pointers(faults: Faults) -> Vec<String> {
    let pointer = |fault: Fault| match fault.place {
        Place::Pointer(pointer) => pointer,
        place => panic!("{place:?} in a body"),
    };
    faults.into_vec().into_iter().map(pointer).collect()
}

/// What a body that arrives in pieces of a size says; only a code where it is refused as a whole.
fn framed(
    framing: Framing,
    gzip: bool,
    body: &[u8],
    piece: usize,
) -> std::result::Result<Vec<Option<Node>>, ErrorCode> {
    let read = || -> Result<Vec<Option<Node>>> {
        let limits = Limits { body: 100_000, item: 10_000, items: 1000 };
        let (mut framer, mut items) = (Framer::new(framing, gzip, limits), Vec::new());
        let mut found = |item: Result<Node>| items.push(item.ok());
        for piece in body.chunks(piece) {
            framer.push(piece, &mut found)?;
        }
        framer.finish(&mut found)?;
        Ok(items)
    };
    read().map_err(|error| error.code)
}

/// Bytes as JSON is made of, in any order.
fn almost_json() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\n",
        " ",
        "{}",
        "{\"a\":1}",
        "\"a\"",
        "null",
        "1",
        "-",
        "1e9",
        "\u{feff}",
        "\\u00",
        "\\ud83d",
        "tru",
        "]}",
        "ế",
    ];
    let piece = prop_oneof![
        8 => prop::sample::select(pieces.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Cells as tables of agencies are made of, in any order.
fn almost_table() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "code,level,name,valid_from\n",
        "code,level,name,valid_from,parent,unit_code,note\n",
        "H56.C1,commune,x,2026-07-01",
        ",",
        "\n",
        "\r\n",
        "\"",
        "\"\"",
        "H56",
        "commune",
        "2026-07-01",
        "code",
        "\u{feff}",
        "ế",
        " ",
    ];
    let piece = prop_oneof![
        8 => prop::sample::select(pieces.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// A response as kiosks send it.
fn response() -> impl Strategy<Value = ResponseBody> {
    let answers =
        prop::collection::btree_map("[a-z]{1,8}\\.[a-z_]{1,8}", prop::option::of(any::<i16>()), 0..20);
    let of = prop::option::of::<prop::sample::Select<&'static str>>;
    let words = |words: &[&'static str]| of(prop::sample::select(words.to_vec()));
    let known = (
        words(&["kiosk", "tablet", "own_phone", "web", "paper", "interview"]),
        words(&["male", "female"]),
        words(&["18-24", "25-34", "35-49", "50-60", "over-60"]),
        prop::option::of("[0-9]\\.[0-9]{6}"),
        prop::option::of(any::<bool>()),
        // Composed letters, which are stored as they are (`text::clean`).
        prop::option::of("[a-zàảãáạăâđêếôộơưỹ]{1,5}( [a-zđế!\"\\\\{}]{1,5}){0,5}"),
    );
    let identity = (
        prop::option::of(any::<u128>()),
        "[a-z][a-z0-9-]{0,20}",
        "[A-Y][0-9]{2}(\\.[A-Z0-9]{1,4}){0,3}",
        prop::option::of("[A-Z0-9-]{1,20}"),
        prop::option::of(1..=9_007_199_254_740_991_i64),
        words(&["full", "short"]),
    );
    (identity, answers, known).prop_map(|(identity, answers, known)| {
        let owned = |word: Option<&str>| word.map(str::to_owned);
        ResponseBody {
            visit: None,
            form: owned(identity.5),
            id: identity.0.map(uuid::Uuid::from_u128),
            survey: identity.1,
            rated_agency: identity.2,
            service_point: identity.3,
            device_seq: identity.4,
            answers,
            channel: owned(known.0),
            gender: owned(known.1),
            age_band: owned(known.2),
            procedure: known.3,
            assisted_by_staff: known.4,
            comment: known.5,
        }
    })
}

/// A request with a header of any bytes that HTTP lets through.
fn with_header(name: &'static str, value: &[u8]) -> Option<HttpRequest> {
    let value = actix_web::http::header::HeaderValue::from_bytes(value).ok()?;
    Some(TestRequest::get().insert_header((name, value)).to_http_request())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_body_is_read_or_told_what_is_wrong_and_where(body in prop_oneof![node(), object()]) {
        let (_, faults) = read_draft(body.clone());
        for pointer in pointers(faults) {
            prop_assert!(leads(&body, &pointer), "{pointer:?} leads nowhere in {body:?}");
        }
        let (_, faults) = agency_events::read_draft(body.clone());
        for pointer in pointers(faults) {
            prop_assert!(leads(&body, &pointer), "{pointer:?} leads nowhere in {body:?}");
        }
    }

    #[test]
    fn a_fault_of_one_field_is_told_at_this_field_alone(position in 0..8_usize, value in node()) {
        let Ok(Node::Object(mut fields)) = serde_json::from_str(RESPONSE) else { panic!("the sample is an object") };
        fields.retain(|(name, _)| name != "id");
        let changed = position % fields.len();
        let (name, node) = fields.get_mut(changed).unwrap();
        let place = format!("/{name}");
        *node = value;
        for pointer in pointers(read_draft(Node::Object(fields)).1) {
            prop_assert!(pointer == place || pointer.starts_with(&format!("{place}/")), "{pointer} instead of {place}");
        }
    }

    #[test]
    fn a_written_response_is_read_as_it_was(body in response()) {
        let text = serde_json::to_string(&body).unwrap();
        let (draft, faults) = read_draft(serde_json::from_str(&text).unwrap());
        prop_assert!(faults.is_empty(), "{faults:?} in {text}");
        prop_assert_eq!(draft.id, body.id);
        prop_assert_eq!(draft.survey, Some(body.survey));
        prop_assert_eq!(draft.rated_agency.map(|code| code.to_string()), Some(body.rated_agency));
        prop_assert_eq!(draft.service_point, body.service_point);
        prop_assert_eq!(draft.device_seq.map(|seq| seq.get()), body.device_seq);
        let answers: Vec<_> = body.answers.into_iter().map(|(code, level)| {
            let draft = level.map_or(AnswerDraft::NotApplicable, |level| AnswerDraft::Level(level.into()));
            (Name::from(code), draft)
        }).collect();
        prop_assert_eq!(draft.answers, Some(answers));
        prop_assert_eq!(draft.facets.channel.map(|word| word.as_str().to_owned()), body.channel);
        prop_assert_eq!(draft.facets.gender.map(|word| word.as_str().to_owned()), body.gender);
        prop_assert_eq!(draft.facets.age_band.map(|word| word.as_str().to_owned()), body.age_band);
        prop_assert_eq!(draft.facets.procedure.map(|code| code.as_str().to_owned()), body.procedure);
        prop_assert_eq!(draft.facets.assisted_by_staff, body.assisted_by_staff);
        prop_assert_eq!(draft.comment, body.comment);
    }

    #[test]
    fn however_a_stranger_cuts_a_body_it_says_the_same(
        body in prop_oneof![almost_json(), prop::collection::vec(any::<u8>(), 0..200)],
        piece in 1..30_usize, array: bool, gzip: bool,
    ) {
        let framing = if array { Framing::Array } else { Framing::Lines };
        let whole = framed(framing, false, &body, 1000);
        prop_assert_eq!(framed(framing, false, &body, piece), whole.clone());
        // Bytes that only claim to be gzip are refused as a whole; bytes that are say what they said before.
        let claimed = framed(framing, true, &body, piece);
        if array || !body.is_empty() {
            prop_assert_eq!(claimed, Err(ErrorCode::MalformedJson));
        }
        if gzip {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&body).unwrap();
            prop_assert_eq!(framed(framing, true, &encoder.finish().unwrap(), piece), whole);
        }
    }

    #[test]
    fn any_table_is_read_or_told_what_is_wrong_in_which_row(
        body in prop_oneof![almost_table(), prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        let (rows, faults) = read_table(&body).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(!rows.is_empty() || !faults.is_empty());
        let lines = body.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 2;
        for fault in faults.into_vec() {
            let Place::Cell { row, .. } = fault.place else { panic!("{fault:?} in a table") };
            prop_assert!((1..=lines).contains(&row), "row {row} of {lines}");
        }
    }

    #[test]
    fn any_query_string_is_read_or_refused(text in "[a-z0-9&=%+;.\\-~ế\u{0}-\u{20}]{0,60}") {
        let Ok(uri) = actix_web::http::Uri::try_from(format!("/?{}", text.replace(' ', "+"))) else { return Ok(()) };
        let request = TestRequest::default().uri(&uri.to_string()).to_http_request();
        let query = Query::from_request(&request, &mut Payload::None).into_inner();
        let Ok(query) = query else {
            // Percent-encoded bytes that are no UTF-8 are the one reason.
            prop_assert!(text.contains('%') || text.contains('ế'), "{text:?}");
            return Ok(());
        };
        let (_, faults) = query.draft(|fields| fields.optional("limit", |raw| number(raw, 1, 1000)));
        for fault in faults.into_vec() {
            prop_assert!(matches!(fault.place, Place::Parameter(_)), "{fault:?}");
        }
    }

    #[test]
    fn a_parameter_is_read_as_it_was_encoded(value in any::<String>()) {
        prop_assume!(!value.is_empty() && !value.contains('\u{fffd}'));
        let encoded: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let request = TestRequest::default().uri(&format!("/?q={encoded}")).to_http_request();
        let query = Query::from_request(&request, &mut Payload::None).into_inner();
        let read = query.unwrap().draft(|fields| fields.optional("q", |raw| Ok(raw.to_owned()))).0;
        prop_assert_eq!(read, Some(value));
    }

    #[test]
    fn any_accept_header_chooses_what_there_is_or_nothing(
        value in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            "((text|application|image|\\*)/(csv|json|svg\\+xml|\\*)(;q=[0-9.]{0,5})?(, ?)?){0,6}".prop_map(String::into_bytes),
            "(vi|en|fr|\\*)(-[A-Z]{2})?(;q=[0-9.]{0,5})?(,(vi|en)(;q=0\\.[0-9])?){0,3}".prop_map(String::into_bytes),
        ],
    ) {
        if let Some(request) = with_header("accept", &value) {
            match choose(&request, None, CHARTS) {
                Ok(format) => prop_assert!(CHARTS.contains(&format)),
                Err(error) => prop_assert_eq!(error.code, ErrorCode::NotAcceptable),
            }
        }
        if let Some(request) = with_header("accept-language", &value) {
            let lang = language(&request);
            prop_assert!(lang == Lang::Vi || value.windows(2).any(|pair| pair.eq_ignore_ascii_case(b"en")));
        }
    }
}
