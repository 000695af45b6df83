//! JSON bodies, beside `sigs.k8s.io/json`.

use crate::deviations::deviates;
use crate::generate::{anything, object};
use crate::oracle::{self, Oracle};
use crate::random::Random;
use crate::types::{TYPES, named, settled};
use apimachinery::meta::ObjectMeta;
use apimachinery::wire::Value as _;
use serde_json::{Value, json};

/// What may stand in place of a value.
const TOKENS: &[&str] = &[
    "null",
    "null",
    "true",
    "1",
    "-1",
    "1.0",
    "1e3",
    "-0",
    "2147483648",
    "-2147483649",
    "9223372036854775808",
    "1e400",
    "\"\"",
    "\"x\"",
    "{}",
    "[]",
    "[null]",
    "{\"a\":1,\"a\":2}",
    "\"\\ud800\"",
    "\"\\u003c\\u00e9\"",
    "01",
    "\"\t\"",
    "'a'",
    "nul",
    "\"YR==\"",
    "\"YQ==\\n\"",
    "\"2026-01-31T12:00:00Z\"",
    "\"2026-01-31T12:00:00.000001Z\"",
    "",
];

/// A body: a value written with some mischief.
struct Body<'a> {
    random: &'a mut Random,
    text: Vec<u8>,
    /// How likely it is, in percent, that a part is bad.
    mischief: usize,
}

impl Body<'_> {
    fn is_bad(&mut self) -> bool {
        self.random.chance(self.mischief)
    }

    fn value(&mut self, value: &Value) {
        if self.is_bad() {
            match self.random.below(12) {
                0 => self.text.extend(b"\"a\xff\xe2\x82b\""),
                1 => self.text.extend(anything(self.random, 2).to_string().bytes()),
                _ => self.text.extend(self.random.of(TOKENS).bytes()),
            }
            return;
        }
        match value {
            Value::Object(members) => {
                let mut written: Vec<(&str, &Value)> = Vec::new();
                for (name, member) in members {
                    written.push((name, member));
                    if self.is_bad() {
                        // Once more, or the value of another.
                        let again = self.random.of(&written);
                        written.push((name, again.1));
                    }
                }
                self.members(&written);
            }
            Value::Array(items) => {
                self.text.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    self.separate(index);
                    self.value(item);
                }
                self.text.push(b']');
            }
            scalar => self.text.extend(scalar.to_string().bytes()),
        }
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.text.push(b',');
        }
        if self.is_bad() {
            self.text.extend(self.random.of(&[" ", "\n\t", "\r"]).bytes());
        }
    }

    fn members(&mut self, members: &[(&str, &Value)]) {
        self.text.push(b'{');
        for (index, (name, member)) in members.iter().enumerate() {
            self.separate(index);
            self.name(name);
            self.text.push(b':');
            self.value(member);
        }
        if self.is_bad() {
            self.separate(members.len());
            let unknown =
                self.random.of(&["unknown", "a.b", "x\"y", "\\u0000", "é", "", "kind", "Kind", "apiVersion"]);
            let member = anything(self.random, 1);
            self.text.extend(format!("{}:", json!(unknown)).bytes());
            self.value(&member);
        }
        self.text.push(b'}');
    }

    /// A name, in another case now and then, or with an escape.
    fn name(&mut self, name: &str) {
        let name = match self.random.below(200) {
            0 => name.to_uppercase(),
            1 => format!("{name} "),
            _ => name.to_owned(),
        };
        let mut text = json!(name).to_string();
        if let Some(first) = name.chars().next().filter(|first| first.is_ascii_lowercase() && self.is_bad()) {
            text.replace_range(1..2, &format!("\\u{:04x}", u32::from(first)));
        }
        self.text.extend(text.bytes());
    }
}

/// Metadata that carries so many arrays within one another.
fn nested(levels: usize) -> Value {
    let carried = "[".repeat(levels) + &"]".repeat(levels);
    let text = format!("{{\"managedFields\":[{{\"fieldsV1\":{carried}}}]}}");
    let name = ObjectMeta::SCHEMA.full_name();
    json!({"algorithm": "decoding", "type": name, "body": oracle::hex(text.as_bytes())})
}

fn case(random: &mut Random) -> Value {
    if random.chance(1) {
        return nested(random.of(&[60, 61, 62, 63, 64, 65, 100]));
    }
    let schema = TYPES[random.below(TYPES.len())].schema;
    let value = object(random, schema);
    let mischief = random.of(&[0, 1, 1, 3, 10]);
    let mut body = Body { random, text: Vec::new(), mischief };
    body.value(&value);
    let mut text = body.text;
    match random.below(100) {
        0 => text.extend(b" {}"),
        1 => text.truncate(text.len() / 2),
        2 => text.splice(0..0, *b"\xef\xbb\xbf").for_each(drop),
        _ => {}
    }
    json!({"algorithm": "decoding", "type": schema.full_name(), "body": oracle::hex(&text)})
}

fn judge(case: &Value, answer: &Value) -> Result<String, String> {
    let body = oracle::bytes(case["body"].as_str().unwrap_or_default());
    let ours = (named(case).from_json)(&body);
    let explain =
        |ours: String| format!("ours:   {ours}\ntheirs: {answer}\nbody: {}", String::from_utf8_lossy(&body));
    match ours {
        Err(_) if answer["error"].is_string() => Ok("refused".to_owned()),
        Err(error) if error.contains("nested deeper than 64 levels") => Ok(deviates("JSON: depth")),
        Err(error) if error.contains("number out of range") => Ok(deviates("JSON: a number beyond doubles")),
        Err(error) if error.starts_with("cannot unmarshal array") && error.ends_with("[]uint8") => {
            Ok(deviates("JSON: bytes as a list"))
        }
        Err(error) => Err(explain(error)),
        Ok(read) => {
            let (object, strict) = (settled(answer["object"].clone()), &answer["strict"]);
            let is_strict = read.strict.is_empty();
            match object == read.object && *strict == json!(read.strict) {
                true => Ok(if is_strict { "taken" } else { "told of" }.to_owned()),
                false => Err(explain(format!("{} {:?}", read.object, read.strict))),
            }
        }
    }
}

#[test]
fn bodies_are_read_as_kubernetes_reads_them() {
    let Some(mut oracle) = Oracle::start("decoding") else { return };
    let counts = oracle.compare(case, judge);
    eprintln!("bodies: {counts:?}");
    assert!(!oracle::is_whole() || counts.len() >= 4, "{counts:?}");
}
