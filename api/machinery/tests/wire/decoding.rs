//! The decoder's rules (C-10…C-19).

use crate::everything::Everything;
use apimachinery::schema::{Field, Shape};
use apimachinery::wire::json::{self, JsonError};
use apimachinery::wire::{ByteString, Decoding, Raw, Value, encode_str, merge_fields, yaml};

#[track_caller]
fn decode(text: &str) -> (Everything, Decoding) {
    json::decode(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The error of a text, which must be the same out of a tree.
#[track_caller]
fn check_error(text: &str, path: &str, message: &str) {
    let tree: serde_json::Value = serde_json::from_str(text).expect("the text is JSON");
    for result in [json::decode::<Everything>(text.as_bytes()), json::decode_tree(&tree)] {
        let Err(error) = result.map(|(value, _)| value) else { panic!("{text} was read") };
        assert_eq!(error.to_string(), message);
        assert!(matches!(&error, JsonError::Type { path: found, .. } if found == path), "{error:?}");
    }
}

fn fields() -> Vec<&'static Field> {
    Everything::SCHEMA.fields()
}

#[test]
fn null_is_the_default_of_every_field() {
    for field in fields() {
        let (value, context) = decode(&format!("{{{:?}: null}}", field.name));
        assert_eq!(value, Everything::default(), "{}", field.name);
        assert!(context.problems().is_empty());
    }
    assert_eq!(decode("null").0, Everything::default());
}

#[test]
fn another_type_is_an_error_that_names_the_field() {
    for field in fields() {
        let wrong = match &field.schema.shape {
            Shape::Scalar(apimachinery::schema::Scalar::Raw | apimachinery::schema::Scalar::FieldsV1) => {
                continue;
            }
            Shape::List(_) => "{}",
            _ => "[]",
        };
        let error = json::decode::<Everything>(format!("{{{:?}: {wrong}}}", field.name).as_bytes());
        let message = error.map(|_| ()).unwrap_err().to_string();
        assert!(message.starts_with("cannot unmarshal ") && message.contains(field.name), "{message}");
    }
}

#[test]
fn errors_are_worded_like_those_of_go() {
    for (text, path, message) in [
        (r#"{"small":"1"}"#, "small", "cannot unmarshal string into field small of type int32"),
        (
            r#"{"small":2147483648}"#,
            "small",
            "cannot unmarshal number 2147483648 into field small of type int32",
        ),
        (r#"{"large":true}"#, "large", "cannot unmarshal bool into field large of type int64"),
        (
            r#"{"large":9223372036854775808}"#,
            "large",
            "cannot unmarshal number 9223372036854775808 into field large of type int64",
        ),
        (r#"{"text":1}"#, "text", "cannot unmarshal number into field text of type string"),
        (r#"{"flag":"true"}"#, "flag", "cannot unmarshal string into field flag of type bool"),
        (r#"{"texts":{}}"#, "texts", "cannot unmarshal object into field texts of type array"),
        (r#"{"labels":[]}"#, "labels", "cannot unmarshal array into field labels of type map"),
        (r#"{"part":"x"}"#, "part", "cannot unmarshal string into field part of type object"),
        (
            r#"{"parts":[{},{"weight":"x"}]}"#,
            "parts[1].weight",
            "cannot unmarshal string into field parts[1].weight of type int32",
        ),
        (
            r#"{"namedParts":{"a":{"name":{}}}}"#,
            "namedParts.a.name",
            "cannot unmarshal object into field namedParts.a.name of type string",
        ),
        (
            r#"{"inner":{"weight":[]}}"#,
            "inner.weight",
            "cannot unmarshal array into field inner.weight of type int32",
        ),
        (
            r#"{"time":"yesterday"}"#,
            "time",
            "cannot unmarshal field time: parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"yesterday\" as \"2006\"",
        ),
        (
            r#"{"quantity":"1i"}"#,
            "quantity",
            "cannot unmarshal field quantity: unable to parse quantity's suffix",
        ),
        (r#"{"kind":1}"#, "kind", "cannot unmarshal number into field kind of type string"),
        ("[]", "", "cannot unmarshal array into type object"),
    ] {
        check_error(text, path, message);
    }
}

#[test]
fn a_number_is_told_as_it_is_written_and_out_of_a_tree_as_go_would_write_it() {
    for (number, in_a_tree) in [("1.0", "1"), ("1e3", "1000"), ("-1.50E+2", "-150"), ("0.5", "0.5")] {
        let text = format!("{{\"text\":\"é\",\n \"small\" : {number} }}");
        let tree: serde_json::Value = serde_json::from_str(&text).expect("the text is JSON");
        let said = |number: &str| format!("cannot unmarshal number {number} into field small of type int32");
        let read = json::decode::<Everything>(text.as_bytes()).map(|(value, _)| value);
        assert_eq!(read.expect_err("no integer").to_string(), said(number));
        let read = json::decode_tree::<Everything>(&tree).map(|(value, _)| value);
        assert_eq!(read.expect_err("no integer").to_string(), said(in_a_tree));
    }
}

#[test]
fn integers_are_exact() {
    for number in ["0", "-0", "9223372036854775807", "-9223372036854775808", "9007199254740993"] {
        let expected = number.parse::<i64>().unwrap_or_default();
        assert_eq!(decode(&format!("{{\"large\": {number}}}")).0.large, expected);
    }
}

#[test]
fn unknown_and_duplicate_fields_are_told_of_with_their_paths() {
    let (value, context) = decode(
        r#"{"kind":"Everything","apiVersion":"v1","kind":"Other","txt":1,"text":"a","Text":"b","text":"c",
            "parts":[{"name":"x"},{"size":{"deep":[1]},"weight":1,"weight":2}],
            "labels":{"a":"1","a":"2"},"namedParts":{"p":{"no":0}},"inner":{"out":1}}"#,
    );
    let problems: Vec<String> = context.problems().iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "duplicate field \"kind\"",
            "unknown field \"txt\"",
            "unknown field \"Text\"",
            "duplicate field \"text\"",
            "unknown field \"parts[1].size\"",
            "duplicate field \"parts[1].weight\"",
            "duplicate field \"labels.a\"",
            "unknown field \"namedParts.p.no\"",
            "unknown field \"inner.out\"",
        ]
    );
    assert_eq!((value.text.as_str(), value.parts[1].weight, value.labels["a"].as_str()), ("c", 2, "2"));
    assert_eq!((context.type_meta.kind.as_str(), context.type_meta.api_version.as_str()), ("Other", "v1"));
}

#[test]
fn no_more_than_a_hundred_problems_are_kept() {
    let names: Vec<String> = (0..200).map(|number| format!("\"x{number}\":0")).collect();
    let (_, context) = decode(&format!("{{{}}}", names.join(",")));
    assert_eq!(context.problems().len(), 100);
}

#[test]
fn bytes_that_are_not_utf8_are_replaced() {
    let (value, _) = json::decode::<Everything>(b"{\"text\":\"a\xffb\"}").unwrap();
    assert_eq!(value.text, "a\u{fffd}b");
}

#[test]
fn other_texts_are_refused() {
    let unknown = format!("{{\"x\":{}", "[".repeat(100_000));
    for text in ["", "{", "{}{}", "{}x", "{'a':1}", "{\"text\":\"a\nb\"}", "{\"small\":01}", "{,}", &unknown]
    {
        let error = json::decode::<Everything>(text.as_bytes()).map(|_| ()).unwrap_err();
        assert!(matches!(error, JsonError::Syntax(_)), "{error}");
    }
}

#[test]
fn what_no_type_knows_nests_no_deeper_than_go_reads() {
    let unknown = |open: &str, close: &str, levels: usize| {
        format!(r#"{{"parts":[{{"x":{}1{}}}],"text":"a"}}"#, open.repeat(levels), close.repeat(levels))
    };
    for (open, close, bracket) in [("[", "]", '['), (r#"{"y":"#, "}", '{')] {
        // The object, the list, and an item of it stand around what is unknown.
        assert_eq!(decode(&unknown(open, close, 9_997)).0.text, "a");
        let error =
            json::decode::<Everything>(unknown(open, close, 9_998).as_bytes()).map(|_| ()).unwrap_err();
        let expected = format!("invalid JSON: invalid character '{bracket}' exceeded max depth");
        assert_eq!(error.to_string(), expected);
    }
    let quoted = format!(r#"{{"x":"\"{}","text":"a"}}"#, "[".repeat(30_000));
    assert_eq!(decode(&quoted).0.text, "a");
}

#[test]
fn a_member_that_stands_twice_is_read_into_the_first() {
    for (text, same) in [
        (r#"{"part":{"name":"a"},"part":{"weight":1}}"#, r#"{"part":{"name":"a","weight":1}}"#),
        (r#"{"part":{"name":"a"},"part":null}"#, r#"{"part":{"name":"a"}}"#),
        (
            r#"{"maybePart":{"name":"a"},"maybePart":{"weight":1}}"#,
            r#"{"maybePart":{"name":"a","weight":1}}"#,
        ),
        (r#"{"maybePart":{"name":"a"},"maybePart":null}"#, "{}"),
        (r#"{"labels":{"a":"1"},"labels":{"b":"2"}}"#, r#"{"labels":{"a":"1","b":"2"}}"#),
        (r#"{"labels":{"a":"1"},"labels":null}"#, "{}"),
        (r#"{"labels":{"a":"1","a":null}}"#, r#"{"labels":{"a":""}}"#),
        (r#"{"namedParts":{"a":{"name":"x"},"a":{"weight":1}}}"#, r#"{"namedParts":{"a":{"weight":1}}}"#),
        (r#"{"texts":["a","b"],"texts":["c"]}"#, r#"{"texts":["c"]}"#),
        (r#"{"texts":["a","b"],"texts":[null,null,null]}"#, r#"{"texts":["a","b",""]}"#),
        (r#"{"parts":[{"name":"a"},{}],"parts":[{"weight":1}]}"#, r#"{"parts":[{"name":"a","weight":1}]}"#),
        (r#"{"small":1,"small":null,"text":"a","text":null}"#, r#"{"small":1,"text":"a"}"#),
        (r#"{"flag":true,"flag":null,"real":1.5,"real":null}"#, r#"{"flag":true,"real":1.5}"#),
        (r#"{"intOrString":"5%","intOrString":null}"#, r#"{"intOrString":0}"#),
        (r#"{"intOrString":5,"intOrString":null}"#, r#"{"intOrString":5}"#),
        (r#"{"maybeTime":"2026-01-01T00:00:00Z","maybeTime":null}"#, "{}"),
        (r#"{"time":"2026-01-01T00:00:00Z","time":null}"#, "{}"),
        (r#"{"fields":{"a":{}},"fields":{"b":{}}}"#, r#"{"fields":{"b":{}}}"#),
        (r#"{"inner":{"name":"a"},"inner":{"weight":1}}"#, r#"{"inner":{"name":"a","weight":1}}"#),
    ] {
        assert_eq!(decode(text).0, decode(same).0, "{text}");
    }
    let (_, context) = decode(r#"{"labels":{"a":"1"},"labels":{"a":"2","a":"3"}}"#);
    let problems: Vec<String> = context.problems().iter().map(ToString::to_string).collect();
    assert_eq!(problems, [r#"duplicate field "labels""#, r#"duplicate field "labels.a""#]);
}

/// A message whose raw field holds this text.
fn raw_message(text: &str) -> Vec<u8> {
    let mut inner = Vec::new();
    encode_str(text, 1, &mut inner);
    let mut out = Vec::new();
    ByteString(inner).encode_field(28, &mut out);
    out
}

#[test]
fn carried_json_is_refused_in_every_form_when_no_reader_would_take_it() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for (raw, accepted) in [
        (nested(64).as_str(), true),
        (&nested(65), false),
        (&nested(300), false),
        (&nested(100_000), false),
        ("1e400", false),
        (r#"[-1e400]"#, false),
        (r#"{"a":1.7976931348623157e308}"#, true),
        (r#""\ud800""#, true),
    ] {
        let text = format!("{{\"raw\":{raw}}}");
        let from_json = json::decode::<Everything>(text.as_bytes()).map(|(value, _)| value).map_err(drop);
        let mut from_protobuf = Everything::default();
        let merged = merge_fields(&mut from_protobuf, &mut &raw_message(raw)[..]);
        assert_eq!((from_json.is_ok(), merged.is_ok()), (accepted, accepted), "{raw:.80}");
        if accepted {
            assert_eq!(from_json.as_ref().map(|value| &value.raw), Ok(&from_protobuf.raw));
        }
        let tree =
            yaml::decode(text.as_bytes()).map(|(tree, _)| json::decode_tree::<Everything>(&tree).is_ok());
        assert!(tree.is_err() || tree == Ok(accepted) || raw.contains("e400"), "{raw:.80}");
    }
}

#[test]
fn carried_json_is_compact_and_keeps_its_order() {
    let raw: Raw =
        " { \"b\" : [ 1 , 2.5 , -3, true, null, [], {} ], \"a\" : \"<\\u00e9\" } ".parse().unwrap();
    assert_eq!(raw.as_str(), r#"{"b":[1,2.5,-3,true,null,[],{}],"a":"\u003cé"}"#);
    assert_eq!(raw.as_str().parse::<Raw>().unwrap(), raw);
    assert!("null".parse::<Raw>().unwrap().is_empty());
    assert!("{} {}".parse::<Raw>().is_err());
}

#[test]
fn numbers_that_json_cannot_say_are_refused() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut message = Vec::new();
        number.encode_field(1, &mut message);
        let (_, wire) = prost::encoding::decode_key(&mut &message[..]).unwrap();
        assert!(0f64.merge_field(wire, &mut &message[1..]).is_err(), "{number}");
    }
}

#[test]
fn empty_values_are_left_out() {
    let mut out = Vec::new();
    json::encode(
        &Everything { maybe_text: Some(String::new()), text: "<&>\u{2028}".into(), ..Everything::default() },
        &mut out,
    );
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{"text":"\u003c\u0026\u003e\u2028","needed":"","maybeText":"","part":{"name":""},"time":null,"intOrString":0}"#
    );
}
