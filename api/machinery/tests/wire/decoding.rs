//! The decoder's rules (C-10…C-19).

use crate::everything::Everything;
use apimachinery::schema::{Field, Shape};
use apimachinery::wire::json::{self, JsonError};
use apimachinery::wire::{Decoding, Value};

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
        (r#"{"small":1.0}"#, "small", "cannot unmarshal number 1.0 into field small of type int32"),
        (r#"{"small":1e3}"#, "small", "cannot unmarshal number 1000.0 into field small of type int32"),
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
        (r#"{"text":1}"#, "text", "cannot unmarshal number 1 into field text of type string"),
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
            "cannot unmarshal field time: \"yesterday\" is not an RFC 3339 time such as 2006-01-02T15:04:05Z",
        ),
        (
            r#"{"quantity":"1i"}"#,
            "quantity",
            "cannot unmarshal field quantity: unable to parse quantity's suffix",
        ),
        (r#"{"kind":1}"#, "kind", "cannot unmarshal number 1 into field kind of type string"),
        ("[]", "", "cannot unmarshal array into type object"),
    ] {
        check_error(text, path, message);
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
    let deep = format!("{{\"raw\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let unknown = format!("{{\"x\":{}", "[".repeat(100_000));
    for text in
        ["", "{", "{}{}", "{}x", "{'a':1}", "{\"text\":\"a\nb\"}", "{\"small\":01}", "{,}", &deep, &unknown]
    {
        let error = json::decode::<Everything>(text.as_bytes()).map(|_| ()).unwrap_err();
        assert!(matches!(error, JsonError::Syntax(_)), "{error}");
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
