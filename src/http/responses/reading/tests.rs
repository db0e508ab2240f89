//! The reader held against a slow one that goes through a tree, field by field and rule by rule.

use super::SentResponse;
use crate::domain::agency::AgencyCode;
use crate::domain::ids::DeviceSeq;
use crate::domain::response::{
    AgeBand, AnswerDraft, Channel, Facets, Form, Gender, ProcedureCode, ResponseDraft,
};
use crate::domain::text::clean;
use crate::error::{Fault, FaultKind, Place};
use crate::http::fields::{MAX_FIELDS, Name, Node};
use crate::http::responses::read_draft;
use proptest::prelude::*;
use uuid::Uuid;

/// The fields of a response in the order in which what is wrong with them is told.
const FIELDS: [&str; 14] = [
    "id",
    "survey",
    "rated_agency",
    "service_point",
    "device_seq",
    "visit",
    "form",
    "answers",
    "channel",
    "procedure",
    "gender",
    "age_band",
    "assisted_by_staff",
    "comment",
];

fn fault(pointer: String, kind: FaultKind) -> Fault {
    Fault { place: Place::Pointer(pointer), kind }
}

fn pointer(above: &str, name: &str) -> String {
    format!("{above}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The fields without those that were there before, and a fault for each of these.
fn first_of(above: &str, fields: &[(Name, Node)], faults: &mut Vec<Fault>) -> Vec<(Name, Node)> {
    let mut kept: Vec<(Name, Node)> = Vec::new();
    for (name, node) in fields {
        if kept.iter().any(|(known, _)| known == name) {
            faults.push(fault(pointer(above, name), FaultKind::Duplicate));
        } else {
            kept.push((name.clone(), node.clone()));
        }
    }
    kept
}

/// What a response says, and every fault of it.
fn reference(body: &Node) -> (ResponseDraft, Vec<Fault>) {
    let mut faults = Vec::new();
    let Node::Object(fields) = body else {
        return (
            ResponseDraft::default(),
            vec![fault(String::new(), FaultKind::WrongType { expected: "object" })],
        );
    };
    let fields = first_of("", fields, &mut faults);
    let mut draft = ResponseDraft::default();
    for name in FIELDS {
        let field = fields.iter().find(|(known, _)| known == name).map(|(_, node)| node);
        let told = match (name, field) {
            ("survey" | "rated_agency" | "answers", None | Some(Node::Null)) => Err(FaultKind::Missing),
            (_, None | Some(Node::Null)) => Ok(()),
            ("answers", Some(Node::Object(answers))) => {
                draft.answers = Some(reference_answers(answers, &mut faults));
                Ok(())
            }
            ("answers", Some(_)) => {
                draft.answers = Some(Vec::new());
                Err(FaultKind::WrongType { expected: "object" })
            }
            ("device_seq", Some(Node::Integer(number))) => {
                draft.device_seq = DeviceSeq::new(*number);
                let wrong = FaultKind::OutOfRange { min: 1, max: DeviceSeq::MAX };
                if draft.device_seq.is_some() { Ok(()) } else { Err(wrong) }
            }
            ("device_seq", Some(_)) => Err(FaultKind::WrongType { expected: "integer" }),
            ("assisted_by_staff", Some(Node::Bool(value))) => {
                draft.facets.assisted_by_staff = Some(*value);
                Ok(())
            }
            ("assisted_by_staff", Some(_)) => Err(FaultKind::WrongType { expected: "boolean" }),
            (name, Some(Node::Text(text))) => reference_text(name, text, &mut draft),
            (_, Some(_)) => Err(FaultKind::WrongType { expected: "string" }),
        };
        faults.extend(told.err().map(|kind| fault(pointer("", name), kind)));
    }
    let unknown = fields.iter().filter(|(name, _)| !FIELDS.contains(&name.as_str()));
    faults.extend(unknown.map(|(name, _)| fault(pointer("", name), FaultKind::Unknown)));
    (draft, faults)
}

fn reference_text(name: &str, text: &str, draft: &mut ResponseDraft) -> Result<(), FaultKind> {
    let facets: &mut Facets = &mut draft.facets;
    match name {
        "id" => draft.id = Some(Uuid::parse_str(text).map_err(|_| FaultKind::NotUuidV7)?),
        "survey" => draft.survey = Some(clean(text, 60)?.unwrap_or_default()),
        "rated_agency" => draft.rated_agency = Some(AgencyCode::parse(text)?),
        "service_point" => draft.service_point = Some(clean(text, 40)?.unwrap_or_default()),
        "visit" => draft.visit = Some(clean(text, 191)?.unwrap_or_default()),
        "form" => draft.form = Some(Form::parse(text)?),
        "channel" => facets.channel = Some(Channel::parse(text)?),
        "procedure" => facets.procedure = Some(ProcedureCode::parse(text)?),
        "gender" => facets.gender = Some(Gender::parse(text)?),
        "age_band" => facets.age_band = Some(AgeBand::parse(text)?),
        "comment" => draft.comment = clean(text, 2000)?,
        _ => panic!("{name} is no text"),
    }
    Ok(())
}

fn reference_answers(fields: &[(Name, Node)], faults: &mut Vec<Fault>) -> Vec<(Name, AnswerDraft)> {
    let mut answers = Vec::new();
    for (code, node) in first_of("/answers", fields, faults) {
        answers.push(match node {
            Node::Integer(level) => (code, AnswerDraft::Level(level)),
            Node::Null => (code, AnswerDraft::NotApplicable),
            _ => {
                let kind = FaultKind::WrongType { expected: "integer | null" };
                faults.push(fault(pointer("/answers", &code), kind));
                (code, AnswerDraft::Faulty)
            }
        });
    }
    answers
}

/// The JSON of a body; every so often a character is written as an escape.
fn write(node: &Node, escape: bool, to: &mut String) {
    let text = |text: &str, to: &mut String| {
        let plain = serde_json::to_string(text).unwrap();
        if escape {
            to.push('"');
            text.encode_utf16().for_each(|unit| to.push_str(&format!("\\u{unit:04x}")));
            to.push('"');
        } else {
            to.push_str(&plain);
        }
    };
    match node {
        Node::Null => to.push_str("null"),
        Node::Bool(value) => to.push_str(&value.to_string()),
        Node::Integer(value) => to.push_str(&value.to_string()),
        Node::Number(value) => to.push_str(&format!("{value:e}")),
        Node::Text(value) => text(value, to),
        Node::List(items) => {
            to.push('[');
            for (place, item) in items.iter().enumerate() {
                to.push_str(if place > 0 { " ,\n" } else { "" });
                write(item, escape, to);
            }
            to.push(']');
        }
        Node::Object(fields) => {
            to.push('{');
            for (place, (name, value)) in fields.iter().enumerate() {
                to.push_str(if place > 0 { "," } else { " " });
                // One name in two is escaped, so that equal names are written in two ways.
                if place % 2 == 0 {
                    to.push_str(&serde_json::to_string(name.as_str()).unwrap())
                } else {
                    text(name, to)
                }
                to.push_str(": ");
                write(value, escape, to);
            }
            to.push('}');
        }
    }
}

/// A value that fits no field, or any.
fn any_value() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Bool),
        any::<i64>().prop_map(Node::Integer),
        Just(Node::Number(1.5)),
        Just(Node::Number(1e300)),
        any::<String>().prop_map(Node::Text),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Node::List),
            prop::collection::vec(("[ab]", inner), 0..4).prop_map(|fields| Node::Object(
                fields.into_iter().map(|(name, node)| (name.into(), node)).collect()
            )),
        ]
    })
}

/// Answers, some of them twice or of another type.
fn answers() -> impl Strategy<Value = Node> {
    let level = prop_oneof![
        6 => (-1..7_i64).prop_map(Node::Integer), 2 => Just(Node::Null), 1 => any_value(),
    ];
    let code = prop_oneof![6 => "[a-c]\\.[a-z_]{0,12}", 1 => "[a-d]", 1 => any::<String>()];
    let answers = prop::collection::vec((code, level), 0..30);
    answers.prop_map(|answers| {
        Node::Object(answers.into_iter().map(|(code, node)| (code.into(), node)).collect())
    })
}

/// A field with a value that mostly fits it.
fn field() -> impl Strategy<Value = (Name, Node)> {
    let words = [
        "019813f2-6a00-7abc-8def-0123456789ab",
        "demo-service",
        "H56.C1",
        "Z00",
        "kiosk",
        "short",
        "male",
        "18-24",
        "2.000815",
        " Hue\u{302}\u{301}\r\n ",
        "x\u{1}",
        "",
    ];
    let value = prop_oneof![
        4 => prop::sample::select(words.to_vec()).prop_map(|word| Node::Text(word.into())),
        2 => answers(),
        1 => "[ -~]{0,300}".prop_map(Node::Text),
        1 => (-1..3_i64).prop_map(Node::Integer),
        2 => any_value(),
    ];
    let fitting = prop_oneof![
        answers().prop_map(|node| ("answers", node)),
        Just(("id", Node::Text("019813f2-6a00-7abc-8def-0123456789ab".into()))),
        Just(("rated_agency", Node::Text("H56.C1".into()))),
        any::<i64>().prop_map(|number| ("device_seq", Node::Integer(number))),
        any::<bool>().prop_map(|value| ("assisted_by_staff", Node::Bool(value))),
    ];
    prop_oneof![
        6 => (prop::sample::select(FIELDS.to_vec()), value).prop_map(|(name, node)| (name.into(), node)),
        3 => fitting.prop_map(|(name, node)| (name.into(), node)),
        1 => ("[a-c~/\"\\\\ế]{0,2}", any_value()).prop_map(|(name, node)| (name.into(), node)),
    ]
}

fn body() -> impl Strategy<Value = Node> {
    prop_oneof![20 => prop::collection::vec(field(), 0..24).prop_map(Node::Object), 1 => any_value()]
}

fn read(text: &[u8]) -> Result<(ResponseDraft, Vec<Fault>), String> {
    let sent = serde_json::from_slice::<SentResponse>(text).map_err(|error| error.to_string())?;
    Ok((sent.draft, sent.faults.into_vec()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_response_says_what_its_fields_say_one_by_one(body in body(), escape: bool) {
        let mut text = String::new();
        write(&body, escape, &mut text);
        let expected = reference(&body);
        prop_assert_eq!(read(text.as_bytes()).unwrap(), reference(&body), "{}", text);
        let (draft, faults) = read_draft(body);
        prop_assert_eq!((draft, faults.into_vec()), expected);
    }

    #[test]
    fn what_is_no_json_is_refused_at_the_same_place_as_anywhere(
        body in body(), at in any::<prop::sample::Index>(), removed in 0..4_usize,
        put in prop::sample::select(vec![&b""[..], b"\"", b"\\", b"\xff", b"\\ud83d", b"1e999", b"{", b"]", b",", b"-", b"\x01"]),
    ) {
        let mut text = String::new();
        write(&body, false, &mut text);
        let mut bytes = text.into_bytes();
        let from = at.index(bytes.len());
        bytes.splice(from..(from + removed).min(bytes.len()), put.iter().copied());
        let tree = serde_json::from_slice::<Node>(&bytes).map(|_| ()).map_err(|error| error.to_string());
        prop_assert_eq!(read(&bytes).map(|_| ()), tree, "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn too_many_fields_and_too_much_depth_are_refused_wherever_they_are() {
    let fields = |count: usize| {
        let fields: Vec<String> = (0..count).map(|number| format!("\"a{number}\":1")).collect();
        format!("{{{}}}", fields.join(","))
    };
    let (most, more) = (fields(MAX_FIELDS), fields(MAX_FIELDS + 1));
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for around in ["#", r#"{"answers":#}"#, r#"{"other":#}"#, r#"{"id":[#]}"#, r#"{"answers":{"a":#}}"#] {
        for inner in [&most, &more, &deep(100), &deep(130), &"7".to_owned()] {
            let text = around.replace('#', inner);
            let tree = serde_json::from_str::<Node>(&text).map(|_| ()).map_err(|error| error.to_string());
            assert_eq!(tree.is_err(), *inner == more || inner.starts_with(&"[".repeat(130)), "{around}");
            assert_eq!(read(text.as_bytes()).map(|_| ()), tree, "{around}");
        }
    }
    let (_, faults) =
        read_draft(Node::Object((0..=MAX_FIELDS).map(|n| (n.to_string().into(), Node::Null)).collect()));
    assert_eq!(faults.len(), 1);
}

#[test]
fn codes_of_answers_that_are_there_twice_are_told_and_the_first_counts() {
    let (draft, faults) = read(
        br#"{"survey": "s", "rated_agency": "H56", "answers": {"a": 1, "b": 2, "\u0061": 3, "b": "x"}}"#,
    )
    .unwrap();
    let of = |code: &str, level| (Name::from(code), AnswerDraft::Level(level));
    assert_eq!(draft.answers, Some(vec![of("a", 1), of("b", 2)]));
    assert_eq!(
        faults,
        [fault("/answers/a".into(), FaultKind::Duplicate), fault("/answers/b".into(), FaultKind::Duplicate)]
    );
}
