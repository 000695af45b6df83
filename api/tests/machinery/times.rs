//! Times and durations, beside `k8s.io/apimachinery/pkg/apis/meta/v1`.

use crate::deviations::deviates;
use crate::generate::pieces;
use crate::oracle::{self, Oracle};
use crate::random::Random;
use apimachinery::time::{Duration, MicroTime, Time};
use apimachinery::wire::json::to_tree;
use apimachinery::wire::{ByteString, Value as _, WireType};
use serde_json::{Value, json};
use std::str::FromStr;

const YEARS: &[&str] = &["2026", "1970", "0001", "0000", "9999", "2024", "1900", "12", "20260"];
const NUMBERS: &[&str] =
    &["01", "02", "12", "13", "23", "24", "28", "29", "30", "31", "59", "60", "00", "7", "1"];
const FRACTIONS: &[&str] = &[
    "",
    "",
    ".5",
    ",25",
    ".000001",
    ",123456",
    ".1234567",
    ".1234567890123",
    ".",
    ".+12345",
    ".-12345",
    ".-00000",
    ".12a456",
];
const ZONES: &[&str] = &[
    "Z", "Z", "Z", "z", "", "+02:00", "-00:01", "+24:60", "+25:00", "+00:61", "+0200", "é2:00", "+2:000",
    "Zx", "+99:99",
];
const NUMBERS_OF_UNITS: &[&str] = &[
    "1",
    "0",
    "15",
    "0.5",
    ".25",
    "1.",
    ".",
    "0.1",
    "0.29",
    "1.0000000001",
    "3.141592653589793238",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999",
    "0.99999999999999999999",
    "2562047",
    "",
];
const UNITS: &[&str] =
    &["ns", "us", "µs", "μs", "ms", "s", "m", "h", "h", "", "d", "H", "\n", "\"", "\u{fffd}"];

/// A text that is mostly a time.
fn time(random: &mut Random) -> String {
    if random.chance(2) {
        return random.of(&["0001-01-01T00:00:00.5Z", "0001-01-01T00:00:00Z"]).to_owned();
    }
    let mut part = |choices: &[&'static str], usual: &'static str, percent: usize| {
        if random.chance(percent) { random.of(choices) } else { usual }
    };
    let between = ["-", "T", ":", "", " ", "é"];
    [
        (YEARS, "2026", 50),
        (&between[..], "-", 4),
        (NUMBERS, "01", 30),
        (&between, "-", 4),
        (NUMBERS, "02", 30),
        (&between, "T", 4),
        (NUMBERS, "15", 20),
        (&between, ":", 4),
        (NUMBERS, "04", 20),
        (&between, ":", 4),
        (NUMBERS, "05", 20),
        (FRACTIONS, ".000001", 60),
        (ZONES, "Z", 60),
    ]
    .map(|(choices, usual, percent)| part(choices, usual, percent))
    .concat()
}

fn duration(random: &mut Random) -> String {
    let sign = random.of(&["", "", "-", "+", "--"]);
    let terms = (0..random.below(4)).map(|_| random.of(NUMBERS_OF_UNITS).to_owned() + random.of(UNITS));
    sign.to_owned() + &terms.collect::<String>()
}

/// A message of seconds and nanoseconds, mostly such as there may be.
fn message(random: &mut Random) -> Vec<u8> {
    let seconds = random.of(&[
        0i64,
        1,
        -1,
        1_782_907_200,
        -62_135_596_800,
        253_402_300_799,
        253_402_300_800,
        -62_167_219_201,
    ]);
    let nanos = random.of(&[0i64, 0, 1, 1000, 1999, 999_999_999, -1, 1_000_000_000]);
    let mut message = Vec::new();
    if random.chance(90) {
        seconds.encode_field(1, &mut message);
    }
    if random.chance(80) {
        nanos.encode_field(2, &mut message);
    }
    message
}

fn case(random: &mut Random) -> Value {
    let of = random.of(&["Time", "MicroTime", "Duration"]);
    let text = match of {
        _ if random.chance(15) => {
            return json!({"algorithm": "times", "type": of, "protobuf": oracle::hex(&message(random))});
        }
        _ if random.chance(5) => {
            pieces(random, &["1", "0", "T", ":", "-", "Z", "h", ".", "é", "\0", "\\"], 6)
        }
        "Duration" => duration(random),
        _ => time(random),
    };
    json!({"algorithm": "times", "type": of, "text": text})
}

/// What ours makes of a case, in the type that it names.
fn written<T: apimachinery::wire::Value + FromStr<Err: ToString>>(case: &Value) -> Result<Value, String> {
    let read = match case["text"].as_str() {
        Some(text) => text.parse::<T>().map_err(|error| error.to_string())?,
        None => {
            let message = oracle::bytes(case["protobuf"].as_str().unwrap_or_default());
            let mut field = Vec::new();
            ByteString(message).encode_field(1, &mut field);
            let mut read = T::default();
            read.merge_field(WireType::LengthDelimited, &mut &field[1..])
                .map_err(|error| error.to_string())?;
            read
        }
    };
    let mut field = Vec::new();
    read.encode_field(1, &mut field);
    // The message without its key and its length, which has one byte.
    Ok(json!({"json": to_tree(&read), "protobuf": oracle::hex(field.get(2..).unwrap_or_default())}))
}

fn judge(case: &Value, answer: &Value) -> Result<String, String> {
    let of = case["type"].as_str().unwrap_or_default();
    let ours = match of {
        "Time" => written::<Time>(case),
        "MicroTime" => written::<MicroTime>(case),
        _ => written::<Duration>(case),
    };
    let unsayable = |error: &String| error.contains("years 0 to 9999") || error.contains("year in UTC");
    if ours.as_ref().is_err_and(unsayable) && answer["error"].is_null() {
        return Ok(deviates("time: no text"));
    }
    if answer["json"] == "0001-01-01T00:00:00Z" && ours.as_ref().is_ok_and(|ours| ours["json"].is_null()) {
        return Ok(deviates("time: less than a second after the zero"));
    }
    oracle::same(ours, answer).map(|word| format!("{of} {word}"))
}

#[test]
fn times_are_read_and_written_as_those_of_kubernetes() {
    let Some(mut oracle) = Oracle::start("times") else { return };
    let counts = oracle.compare(case, judge);
    eprintln!("times: {counts:?}");
    assert!(!oracle::is_whole() || counts.len() == 8, "{counts:?}");
}
