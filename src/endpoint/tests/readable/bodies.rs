//! Values at and over every edge, and the bodies that carry them.

use apimachinery::wire::{ByteString, TypeMeta, Value as _, protobuf};
use proptest::prelude::*;
use proptest::sample::select;
use prost::encoding::{WireType, encode_key, encode_varint};
use serde_json::value::RawValue;

/// JSON that nests so deep, as arrays, objects, or both.
pub(super) fn nested(levels: usize, form: usize) -> String {
    let pairs: &[(&str, &str)] = match form {
        0 => &[("[", "]")],
        1 => &[("{\"k\":", "}")],
        _ => &[("{\"k\":", "}"), ("[", "]")],
    };
    let opening: String = (0..levels).map(|level| pairs[level % pairs.len()].0).collect();
    let closing: String = (0..levels).rev().map(|level| pairs[level % pairs.len()].1).collect();
    format!("{opening}0{closing}")
}

fn depths() -> impl Strategy<Value = String> {
    (prop_oneof![0usize..5, 60usize..68, 85usize..95, 110usize..140, Just(300), Just(5000)], 0usize..3)
        .prop_map(|(levels, form)| nested(levels, form))
}

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-0.0",
    "0.1",
    "1e400",
    "-1e400",
    "1e308",
    "1.7976931348623157e308",
    "1.7976931348623159e308",
    "5e-324",
    "1e-400",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "0.30000000000000004",
    "2.2250738585072011e-308",
    "1.0",
    "1e0",
    "7205759403792793199999e-5",
    "NaN",
    "01",
    "+1",
];
const STRINGS: &[&str] = &[
    r#""""#,
    r#""\ud800""#,
    r#""\udc00x""#,
    r#""\ud83d\ude00""#,
    r#""\u0000""#,
    r#""\u2028\u0085\ufeff""#,
    r#""<&>""#,
    r#""yes""#,
    r#""0x1f""#,
    r#""1e3""#,
    r#""a\nb\t""#,
    r#""\\ud800""#,
    r#""- a: b #c""#,
    r#""\ud800\ud800\udc00""#,
    "\"\u{7f}é🐘\"",
    r#""\u12""#,
    "\"a\tb\"",
    "\"~\"",
    "\"<<\"",
];
const TIMES: &[&str] = &[
    "null",
    r#""0000-01-01T00:00:00Z""#,
    r#""0000-01-01T00:00:00+00:01""#,
    r#""0000-01-01T00:00:00-00:01""#,
    r#""0001-01-01T00:00:00Z""#,
    r#""1969-12-31T23:59:59Z""#,
    r#""1970-01-01T00:00:00Z""#,
    r#""9999-12-31T23:59:59Z""#,
    r#""9999-12-31T23:59:59-00:01""#,
    r#""9999-12-31T23:59:59.999999999Z""#,
    r#""2026-01-02T03:04:60Z""#,
    r#""2026-01-02T03:04:05,5Z""#,
    r#""2026-01-02T3:04:05Z""#,
    r#""2024-02-29T23:59:59+24:60""#,
    r#""-001-01-01T00:00:00Z""#,
    r#""10000-01-01T00:00:00Z""#,
    r#""0000-01-01T00:00:00.000000+00:01""#,
    r#""0000-01-01T00:00:00.000000Z""#,
    r#""9999-12-31T23:59:59.999999Z""#,
    r#""9999-12-31T23:59:59.999999-00:01""#,
    r#""0001-01-01T00:00:00.000000Z""#,
    r#""1969-12-31T23:59:59.999999Z""#,
    "0",
    r#""""#,
];
const SPANS: &[&str] = &[
    "null",
    r#""0""#,
    r#""-2562047h47m16.854775808s""#,
    r#""2562047h47m16.854775807s""#,
    r#""9999999h""#,
    r#""1ns""#,
    r#""1.9ns""#,
    r#""-1us""#,
    r#""30""#,
];
const AMOUNTS: &[&str] = &[
    "null",
    "1E400",
    "1e3",
    r#""1e29""#,
    r#""1e30""#,
    r#""-1e29""#,
    r#""170141183460469231731687303715884105727n""#,
    r#""170141183460469231731687303715884105728n""#,
    r#""9223372036854775807Ki""#,
    r#""0.0000000001""#,
    r#""1.5Gi""#,
    r#""100e0""#,
    r#""1e-9""#,
    r#""1E""#,
    r#""-0.0""#,
    r#""2E6024865272343""#,
    r#""1000e2147483647""#,
    "1.7e38",
];

/// A `spec` as JSON text, not all of which is valid.
pub(super) fn specs() -> impl Strategy<Value = String> {
    let raws = || prop_oneof![depths(), select(NUMBERS).prop_map(str::to_owned), strings()];
    let member = prop_oneof![
        select(TIMES).prop_map(|time| format!("\"when\":{time}")),
        select(TIMES).prop_map(|time| format!("\"stamp\":{time}")),
        select(SPANS).prop_map(|span| format!("\"span\":{span}")),
        select(AMOUNTS).prop_map(|amount| format!("\"size\":{amount}")),
        raws().prop_map(|raw| format!("\"extra\":{raw}")),
        raws().prop_map(|raw| format!("\"extras\":[{raw}]")),
        (strings(), raws()).prop_map(|(key, raw)| format!("\"extra\":{{{key}:{raw},{key}:0}}")),
        select(NUMBERS).prop_map(|number| format!("\"ratio\":{number}")),
        select(NUMBERS).prop_map(|number| format!("\"count\":{number}")),
        prop_oneof![select(NUMBERS).prop_map(str::to_owned), strings()]
            .prop_map(|port| format!("\"port\":{port}")),
        strings().prop_map(|word| format!("\"word\":{word}")),
        (strings(), strings()).prop_map(|(key, word)| format!("\"words\":{{{key}:{word}}}")),
        raws().prop_map(|raw| format!("\"unknown\":{raw}")),
    ];
    proptest::collection::vec(member, 1..3).prop_map(|members| format!("{{{}}}", members.join(",")))
}

fn strings() -> impl Strategy<Value = String> {
    select(STRINGS).prop_map(str::to_owned)
}

/// The same of a manager's entry in the metadata.
pub(super) fn managers() -> impl Strategy<Value = String> {
    (select(TIMES), prop_oneof![depths(), select(NUMBERS).prop_map(str::to_owned), strings()]).prop_map(
        |(time, raw)| format!(r#"{{"manager":"m","operation":"Update","time":{time},"fieldsV1":{raw}}}"#),
    )
}

/// Unknown JSON, a time and one to the microsecond, as they may lie in storage.
pub(super) fn stored_parts() -> impl Strategy<Value = (String, String, String)> {
    let is_json = |text: &String| serde_json::from_str::<&RawValue>(text).is_ok();
    let raw = prop_oneof![depths(), select(NUMBERS).prop_map(str::to_owned), strings()];
    let raw =
        (raw, any::<bool>()).prop_map(|(raw, within)| if within { format!("{{\"k\":{raw}}}") } else { raw });
    let time = (1i64..10_000, any::<bool>()).prop_map(|(year, before)| match before {
        true => format!("-{:03}-12-31T23:59:00", year),
        false => format!("{year:04}-01-01T00:00:00"),
    });
    let time = prop_oneof![Just(None), time.prop_map(Some)];
    (raw.prop_filter("what is stored is JSON", is_json), time.clone(), time).prop_map(|(raw, time, stamp)| {
        let text =
            |time: Option<String>, end: &str| time.map_or("null".into(), |time| format!("\"{time}{end}\""));
        (raw, text(time, "Z"), text(stamp, ".000000Z"))
    })
}

fn bytes(bytes: &[u8], number: u32, out: &mut Vec<u8>) {
    ByteString(bytes.to_vec()).encode_field(number, out);
}

/// A message with these fields.
fn message(fields: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    fields(&mut out);
    out
}

fn timestamps() -> impl Strategy<Value = Vec<u8>> {
    let edges = select(vec![
        i64::MIN,
        -62_167_219_201,
        -62_167_219_200,
        -62_135_596_800,
        -1,
        0,
        1,
        253_402_300_799,
        253_402_300_800,
        i64::MAX,
    ]);
    let nanos = select(vec![0i64, 1, 999, 999_999_999, 1_000_000_000, -1, i64::MAX]);
    let set = (edges, nanos).prop_map(|(seconds, nanos)| {
        message(|out| {
            seconds.encode_field(1, out);
            nanos.encode_field(2, out);
        })
    });
    prop_oneof![Just(Vec::new()), set]
}

/// Texts that stand in a message of their own.
fn texts(edges: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    select(edges).prop_map(|text| message(|out| bytes(text.trim_matches('"').as_bytes(), 1, out)))
}

fn raws() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        depths().prop_map(String::into_bytes),
        select(NUMBERS).prop_map(|text| text.as_bytes().to_vec()),
        strings().prop_map(String::into_bytes),
        select(vec![&b""[..], b"null", b"{", b"\xff", b"\"\xff\"", b"{} {}", b"\x0a\x02v1"])
            .prop_map(<[u8]>::to_vec),
    ];
    text.prop_map(|text| message(|out| bytes(&text, 1, out)))
}

/// A `spec` as a message, not all of which is valid.
pub(super) fn messages() -> impl Strategy<Value = Vec<u8>> {
    let delimited = |number, body: Vec<u8>| message(|out| bytes(&body, number, out));
    let doubles = select(vec![
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        -0.0,
        0.1,
    ]);
    let member = prop_oneof![
        timestamps().prop_map(move |body| delimited(1, body)),
        timestamps().prop_map(move |body| delimited(2, body)),
        any::<i64>().prop_map(move |span| delimited(3, message(|out| span.encode_field(1, out)))),
        texts(AMOUNTS).prop_map(move |body| delimited(4, body)),
        raws().prop_map(move |body| delimited(5, body)),
        raws().prop_map(move |body| delimited(11, body)),
        doubles.prop_map(|number| message(|out| number.encode_field(6, out))),
        any::<[i64; 3]>().prop_map(move |[kind, number, _]| {
            delimited(
                7,
                message(|out| {
                    kind.encode_field(1, out);
                    encode_key(2, WireType::Varint, out);
                    encode_varint(number as u64, out);
                    bytes(b"x", 3, out);
                }),
            )
        }),
        select(vec![&b"\0\x01\x7f"[..], b"\xff", "\u{feff}".as_bytes(), b"---"])
            .prop_map(move |word| delimited(9, word.to_vec())),
    ];
    proptest::collection::vec(member, 1..3).prop_map(|members| members.concat())
}

/// An object in its envelope.
pub(super) fn envelope(name: &str, version: &str, spec: &[u8]) -> Vec<u8> {
    let metadata = message(|out| {
        bytes(name.as_bytes(), 1, out);
        bytes(version.as_bytes(), 6, out);
    });
    let object = message(|out| {
        bytes(&metadata, 1, out);
        bytes(spec, 2, out);
    });
    let meta = TypeMeta { api_version: "probe.example.com/v1".into(), kind: "Probe".into() };
    protobuf::encode(&meta, &object)
}
