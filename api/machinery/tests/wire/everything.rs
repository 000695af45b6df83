//! A type with a field of every form, and strategies for its values.

use apimachinery::api_type;
use apimachinery::int_or_string::IntOrString;
use apimachinery::quantity::Quantity;
use apimachinery::time::{Duration, MicroTime, Time};
use apimachinery::wire::{ByteString, FieldsV1, Raw};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use std::collections::BTreeMap;

const PACKAGE: &str = "com.example.test.v1";

apimachinery::api_enum! {
    /// What state a part is in.
    pub(crate) enum State { Running, Stopped, PartlyStopped = "partly-stopped" }
}

/// A part of something.
#[api_type]
pub(crate) struct Part {
    /// Its name.
    #[api(1, required)]
    pub name: String,
    /// Its weight.
    #[api(2)]
    pub weight: i32,
}

/// Fields that stand in the outer object.
#[api_type]
pub(crate) struct Common {
    /// A word.
    #[api(1)]
    pub word: String,
    /// A part.
    #[api(2)]
    pub inner: Option<Part>,
}

/// Fields that stand in the outer object and have their numbers in the outer message.
#[api_type]
pub(crate) struct Flat {
    /// Words of it.
    #[api(101)]
    pub words: Vec<String>,
    /// A part.
    #[api(103)]
    pub outer: Option<Part>,
}

/// Fields of every form.
#[api_type(kind)]
pub(crate) struct Everything {
    /// Text.
    #[api(1)]
    pub text: String,
    /// Text that is always there.
    #[api(2, required)]
    pub needed: String,
    /// Text that may be empty or absent.
    #[api(3)]
    pub maybe_text: Option<String>,
    /// A flag.
    #[api(4)]
    pub flag: bool,
    /// A flag that may be absent.
    #[api(5)]
    pub maybe_flag: Option<bool>,
    /// An integer.
    #[api(6)]
    pub small: i32,
    /// A long integer.
    #[api(7)]
    pub large: i64,
    /// A long integer that may be absent.
    #[api(8)]
    pub maybe_large: Option<i64>,
    /// A double.
    #[api(9)]
    pub real: f64,
    /// Bytes.
    #[api(10)]
    pub bytes: ByteString,
    /// A state.
    #[api(11)]
    pub state: State,
    /// A state that may be absent.
    #[api(12)]
    pub maybe_state: Option<State>,
    /// A list of texts.
    #[api(13)]
    pub texts: Vec<String>,
    /// A list of integers.
    #[api(14)]
    pub numbers: Vec<i64>,
    /// A map of texts.
    #[api(15)]
    pub labels: BTreeMap<String, String>,
    /// A part.
    #[api(16)]
    pub part: Part,
    /// A part that may be absent.
    #[api(17)]
    pub maybe_part: Option<Part>,
    /// A list of parts.
    #[api(18, keys("name"))]
    pub parts: Vec<Part>,
    /// A map of parts.
    #[api(19)]
    pub named_parts: BTreeMap<String, Part>,
    /// Fields that stand here.
    #[api(20, inline)]
    pub common: Common,
    /// Fields that stand in the outer message, too.
    #[api(flat)]
    pub flat: Flat,
    /// A time that is always there.
    #[api(21, required)]
    pub time: Time,
    /// A time that may be absent.
    #[api(22)]
    pub maybe_time: Option<Time>,
    /// An exact time.
    #[api(23)]
    pub micro_time: MicroTime,
    /// A span of time.
    #[api(24)]
    pub duration: Option<Duration>,
    /// An amount.
    #[api(25)]
    pub quantity: Quantity,
    /// Amounts.
    #[api(26)]
    pub quantities: BTreeMap<String, Quantity>,
    /// A number or a percentage.
    #[api(27)]
    pub int_or_string: IntOrString,
    /// Anything.
    #[api(28)]
    pub raw: Raw,
    /// A set of fields.
    #[api(29)]
    pub fields: FieldsV1,
    /// A field whose number needs two bytes, and whose name is not that of the field.
    #[api(1000, name = "type")]
    pub kind_of: String,
}

fn states() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Running),
        Just(State::PartlyStopped),
        "[a-z]{1,5}".prop_map(|text| State::from(&*text))
    ]
}

fn parts() -> impl Strategy<Value = Part> {
    (".{0,6}", any::<i32>()).prop_map(|(name, weight)| Part { name, weight })
}

fn commons() -> impl Strategy<Value = Common> {
    (".{0,6}", option::of(parts())).prop_map(|(word, inner)| Common { word, inner })
}

fn flats() -> impl Strategy<Value = Flat> {
    (vec(".{0,4}", 0..3), option::of(parts())).prop_map(|(words, outer)| Flat { words, outer })
}

fn times() -> impl Strategy<Value = Time> {
    (-60_000_000_000i64..250_000_000_000).prop_map(Time::from_seconds)
}

fn quantities() -> impl Strategy<Value = Quantity> {
    let suffix = prop::sample::select(vec!["", "m", "n", "k", "Mi", "Gi", "e3", "e-2"]);
    (any::<i32>(), suffix)
        .prop_map(|(number, suffix)| format!("{number}{suffix}").parse().expect("a quantity"))
}

fn int_or_strings() -> impl Strategy<Value = IntOrString> {
    prop_oneof![any::<i32>().prop_map(IntOrString::Int), ".{0,6}".prop_map(IntOrString::String)]
}

fn raws() -> impl Strategy<Value = Raw> {
    let texts = vec![
        "null",
        "{}",
        r#"{"a":[1,null,{"b":"<&>"}]}"#,
        r#"{"f:spec":{".":{},"k:{\"a\":1}":{}}}"#,
        "[1]",
        "0",
    ];
    prop::sample::select(texts).prop_map(|text| text.parse().expect("JSON"))
}

prop_compose! {
    fn scalars()(
        (text, needed, maybe_text) in (".{0,12}", ".{0,12}", option::of(".{0,4}")),
        (flag, maybe_flag) in any::<(bool, Option<bool>)>(),
        (small, large, maybe_large) in any::<(i32, i64, Option<i64>)>(),
        real in any::<i32>(),
        bytes in vec(any::<u8>(), 0..9),
        (state, maybe_state) in (states(), option::of(states())),
        kind_of in ".{0,4}",
    ) -> Everything {
        Everything {
            text, needed, maybe_text, flag, maybe_flag, small, large, maybe_large, state, maybe_state, kind_of,
            real: f64::from(real) / 8.0,
            bytes: ByteString(bytes),
            ..Everything::default()
        }
    }
}

prop_compose! {
    /// Any value.
    pub(crate) fn everything()(
        scalars in scalars(),
        (texts, numbers) in (vec(".{0,4}", 0..4), vec(any::<i64>(), 0..4)),
        labels in btree_map(".{0,6}", ".{0,6}", 0..4),
        (part, maybe_part, parts_list) in (parts(), option::of(parts()), vec(parts(), 0..3)),
        (named_parts, common, flat) in (btree_map("[a-z]{0,3}", parts(), 0..3), commons(), flats()),
        (time, maybe_time) in (times(), option::of(times().prop_filter("not zero", |time| *time != Time::default()))),
        (micro_time, duration) in (any::<i32>(), option::of(any::<i64>().prop_map(Duration))),
        (quantity, quantities) in (quantities(), btree_map("[a-z]{0,3}", quantities(), 0..3)),
        (int_or_string, raw, fields) in (int_or_strings(), raws(), raws()),
    ) -> Everything {
        Everything {
            texts, numbers, labels, part, maybe_part, named_parts, common, flat, time, maybe_time, duration, quantity,
            quantities, int_or_string, raw,
            parts: parts_list,
            micro_time: MicroTime::from_micros(i64::from(micro_time) * 1001),
            fields: FieldsV1(fields),
            ..scalars
        }
    }
}
