use super::*;
use proptest::prelude::*;
use serde_json::json;

#[track_caller]
fn check(text: &str, expected: Value) {
    let (tree, problems) = decode(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!((tree, problems), (expected, Vec::new()), "{text}");
}

#[track_caller]
fn check_error(text: &str, line: usize, message: &str) {
    let error = decode(text.as_bytes()).unwrap_err();
    assert_eq!(error.line, line, "{error}");
    assert!(error.message.contains(message), "{error}");
}

#[test]
fn scalars_of_yaml_1_1() {
    for (text, expected) in [
        ("yes", json!(true)),
        ("Off", json!(false)),
        ("y", json!(true)),
        ("'yes'", json!("yes")),
        ("~", json!(null)),
        ("", json!(null)),
        ("1", json!(1)),
        ("-1_000", json!(-1000)),
        ("0777", json!(511)),
        ("0o17", json!(15)),
        ("0x1F", json!(31)),
        ("0b101", json!(5)),
        ("08", json!(8)),
        ("1.0", json!(1)),
        ("1e3", json!(1000)),
        ("1.5", json!(1.5)),
        ("9223372036854775807.", json!(9223372036854776000u64)),
        ("0b-1", json!(-1)),
        ("123e4567", json!("123e4567")),
        ("!!float 1", json!(1)),
        (".5", json!(0.5)),
        ("1e", json!("1e")),
        ("1.2.3", json!("1.2.3")),
        ("10Gi", json!("10Gi")),
        ("2026-07-01", json!("2026-07-01")),
        ("2026-07-01T12:00:00Z", json!("2026-07-01T12:00:00Z")),
        ("12:30:45", json!("12:30:45")),
        ("18446744073709551615", json!(18446744073709551615u64)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("18446744073709551616", json!(18446744073709551616.0)),
        ("+", json!("+")),
        ("-.", json!("-.")),
        ("!!str 1", json!("1")),
        ("!!int '1'", json!(1)),
        ("!!binary aGk=", json!("hi")),
        ("!custom 1", json!("1")),
        ("|\n  a\n  b\n", json!("a\nb\n")),
    ] {
        check(text, expected);
    }
}

#[test]
fn collections_anchors_and_merge_keys() {
    check("a: [1, {b: c}]\n1: x\ntrue: z\n", json!({"a": [1, {"b": "c"}], "1": "x", "true": "z"}));
    check("a: &x {k: 1}\nb: *x\n", json!({"a": {"k": 1}, "b": {"k": 1}}));
    check(
        "base: &x {k: 1, l: 2}\nother: &y {m: 4}\nc:\n  <<: [*x, *y]\n  o: 9\n",
        json!({"base": {"k": 1, "l": 2}, "other": {"m": 4}, "c": {"k": 1, "l": 2, "m": 4, "o": 9}}),
    );
    check("{\"a\": \"b\",\n\t\"c\": [true]}", json!({"a": "b", "c": [true]}));
    check("# nothing\n", json!(null));
    check(
        "# first\na: # of a\n  # before b\n  b: 1 # after\nc: [1, # one\n  2]\n",
        json!({"a": {"b": 1}, "c": [1, 2]}),
    );
    check("a: 1\n---\nb: [", json!({"a": 1}));
    check("'<<': 1\n", json!({"<<": 1}));
    check("1.0: a\n1e10: b\n.5: c\n.inf: d\n", json!({"1": "a", "1e+10": "b", "0.5": "c", ".inf": "d"}));
}

#[test]
fn duplicate_keys_are_told_of() {
    let (tree, problems) = decode(b"a:\n- b: 1\n- b: 1\n  b: 2\nc: 3\nc: 4\n").unwrap();
    assert_eq!(tree, json!({"a": [{"b": 1}, {"b": 2}], "c": 4}));
    assert_eq!(problems, [Problem::Duplicate("a[1].b".into()), Problem::Duplicate("c".into())]);
}

#[test]
fn a_merge_key_sets_its_keys_where_it_stands() {
    let read = |text: &str| {
        let (tree, problems) = decode(text.as_bytes()).unwrap();
        (tree["a"].clone(), problems.len())
    };
    assert_eq!(read("b: &b {x: 1, z: 2}\na:\n  <<: *b\n  x: 9\n"), (json!({"x": 9, "z": 2}), 1));
    assert_eq!(read("b: &b {x: 1, z: 2}\na:\n  x: 9\n  <<: *b\n"), (json!({"x": 1, "z": 2}), 1));
    assert_eq!(read("b: &b {x: 1}\nc: &c {x: 2}\na:\n  <<: [*b, *c]\n"), (json!({"x": 1}), 1));
    assert_eq!(read("b: &b {x: 1}\nc: &c {x: 2}\na:\n  <<: *b\n  <<: *c\n"), (json!({"x": 2}), 1));
    assert_eq!(read("b: &b {x: 1}\nc: &c {z: 2}\na:\n  <<: [*b, *c]\n"), (json!({"x": 1, "z": 2}), 0));
    assert_eq!(read("b: &b {x: {p: 1}}\na:\n  <<: *b\n  x: {q: 2}\n"), (json!({"x": {"q": 2}}), 1));
}

#[test]
fn directives_are_those_of_yaml_1_1() {
    check("%YAML 1.1\n---\na: 1\n", json!({"a": 1}));
    check("# first\n%TAG ! tag:x,2000:\n---\na: !x 1\n", json!({"a": "1"}));
    check("---\na: |\n  x\n  %YAML 1.2\n", json!({"a": "x\n%YAML 1.2\n"}));
    check_error("%YAML 1.2\n---\na: 1\n", 1, "found incompatible YAML document");
    check_error("\n%FOO bar\n---\na: 1\n", 2, "found unknown directive name");
}

#[test]
fn errors_name_the_line() {
    check_error("a: 1\nb: [1, 2\n", 2, "unclosed bracket");
    check_error("a: 1\nb: .nan\n", 2, "unsupported value");
    check_error("a: 1\n\n{x: y}: 2\n", 3, "unsupported map key");
    check_error("a: *b\n", 1, "anchor");
    check_error("a:\n \t- b\n", 2, "indent with spaces");
    check_error("\ta: 1\n", 1, "indent with spaces");
    check_error("a: &a [*a]\n", 1, "anchor value contains itself");
    check_error("a: &a [{x: 1}]\nb: {<<: *a}\n", 2, "map merge requires map or sequence of maps");
    check_error("<<: 1\n", 1, "map merge requires map or sequence of maps");
    assert_eq!(decode(b"a: 1\nb: \xff\n").unwrap_err().line, 2);
    assert!(
        decode(b"a: [").unwrap_err().to_string().starts_with("error converting YAML to JSON: yaml: line ")
    );
}

#[test]
fn depth_and_aliases_are_bounded() {
    for text in ["[".repeat(100_000), "- ".repeat(1000), "{a: ".repeat(1000)] {
        assert!(decode(text.as_bytes()).is_err());
    }
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(decode(nested(127).as_bytes()).is_ok());
    assert_eq!(decode(nested(128).as_bytes()).unwrap_err().message, "exceeded max depth");
    assert!(serde_json::from_str::<Value>(&nested(127)).is_ok());
    assert!(serde_json::from_str::<Value>(&nested(128)).is_err());
    let laughs: String = (1..=20)
        .map(|level| format!("l{level}: &l{level} [{}]\n", vec![format!("*l{}", level - 1); 9].join(", ")))
        .collect();
    let text = format!("l0: &l0 {}\n{laughs}", "ha".repeat(10));
    assert_eq!(decode(text.as_bytes()).unwrap_err().message, "document contains excessive aliasing");
    let chain: String = (1..=200).map(|level| format!("l{level}: &l{level} [*l{}]\n", level - 1)).collect();
    let text = format!("l0: &l0 x\n{chain}");
    assert_eq!(decode(text.as_bytes()).unwrap_err().message, "exceeded max depth");
}

#[test]
fn output_is_block_style() {
    let tree = json!({"kind": "X", "spec": {"list": [{"a": 1, "b": "yes"}, {"c": []}], "text": "a\nb\n", "v": "16"}});
    let expected = "\
kind: X
spec:
  list:
  - a: 1
    b: \"yes\"
  - c: []
  text: \"a\\nb\\n\"
  v: \"16\"
";
    let written = encode(&tree).replace('\'', "\"");
    assert_eq!(written, expected);
}

fn trees() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "",
        "yes",
        "no",
        "on",
        "y",
        "N",
        "null",
        "~",
        "0777",
        "0x1f",
        "1_000",
        "1e3",
        ".5",
        ".inf",
        "2026-07-01",
        "12:30",
        "<<",
        "=",
        "- a",
        "a: b",
        "#c",
        "a #c",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%",
        "@",
        "`",
        "'",
        "\"",
        "\\",
        " a",
        "a ",
        "a\nb",
        "\n",
        "\t",
        "\u{7}",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "ä",
        "🐘",
        "---",
        "...",
        "0o7",
        "0b1",
        "+1",
        "-",
        "?",
        "? a",
        "1:2",
        "null:",
        "True",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\r\n",
        "a\r",
        "\u{0}",
    ]);
    let scalars = prop_oneof![
        words.prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        (-1_000_000i32..1_000_000).prop_map(|number| json!(f64::from(number) + 0.5)),
    ];
    scalars.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-z<~.0-9]{0,4}|yes|null|0x1|- |a: |é", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(tree in trees()) {
        let text = encode(&tree);
        let (read, problems) = decode(text.as_bytes()).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(read, tree, "{}", text);
        prop_assert!(problems.is_empty());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-a:&*<\\[\\]{}, \n'\"!|>#%?~01.]{0,60}") {
        let _ = decode(text.as_bytes());
    }

    #[test]
    fn json_is_yaml(tree in trees()) {
        let text = serde_json::to_string(&tree).unwrap();
        prop_assume!(!text.contains(|c: char| c.is_control() || c == '\u{feff}'));
        let (read, _) = decode(text.as_bytes()).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(read, tree, "{}", text);
    }
}
