//! Protobuf, beside what Kubernetes' generated code writes and reads.

use crate::generate::object;
use crate::oracle::{self, Oracle};
use crate::random::Random;
use crate::types::{TYPES, named, settled};
use apimachinery::wire::{TypeMeta, protobuf};
use serde_json::{Value, json};

const EVENT: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent";
const ENVELOPE: &str = "io.k8s.apimachinery.pkg.runtime.Unknown";

/// A message of ours: an object, one in its envelope, or an event of a watch.
fn case(random: &mut Random) -> Value {
    let of = &TYPES[random.below(TYPES.len())];
    let text = object(random, of.schema).to_string();
    let message = (of.from_json)(text.as_bytes()).expect("what a schema allows is read").message;
    let type_meta = TypeMeta { api_version: "example.com/v1".into(), kind: of.schema.name.into() };
    let envelope = protobuf::encode(&type_meta, &message);
    let (name, body) = match random.below(10) {
        0 => (ENVELOPE.to_owned(), envelope.strip_prefix(protobuf::MAGIC).unwrap_or_default().to_vec()),
        1 => {
            let frame = protobuf::watch_frame(random.of(&["ADDED", "BOOKMARK"]), &envelope);
            // The length in front of a frame is no part of its message.
            (EVENT.to_owned(), frame.get(4..).unwrap_or_default().to_vec())
        }
        _ => (of.schema.full_name(), message),
    };
    json!({"algorithm": "protobuf", "type": name, "body": oracle::hex(&body)})
}

/// Upstream reads of our message what we do, and we read of its message the same; ours is never longer, since upstream
/// writes empty texts and numbers, too.
fn judge(case: &Value, answer: &Value) -> Result<String, String> {
    let message = |of: &Value| oracle::bytes(of["body"].as_str().unwrap_or_default());
    let (ours, theirs) = (message(case), message(answer));
    if case["type"] == EVENT || case["type"] == ENVELOPE {
        let is_within = theirs.starts_with(&ours) && answer["error"].is_null();
        return if is_within { Ok("around an object".to_owned()) } else { Err(format!("theirs: {answer}")) };
    }
    let read = named(case).from_protobuf;
    let (own, other) = (read(&ours)?, read(&theirs)?);
    let is_same = own.object == other.object
        && own.object == settled(answer["object"].clone())
        && (&own.message, &other.message) == (&ours, &ours)
        && ours.len() <= theirs.len();
    match is_same {
        true if ours == theirs => Ok("the same bytes".to_owned()),
        true => Ok("empty fields left out".to_owned()),
        false => Err(format!("ours:   {}\nread:   {}\ntheirs: {answer}", own.object, other.object)),
    }
}

#[test]
fn messages_are_those_of_kubernetes() {
    let Some(mut oracle) = Oracle::start("protobuf") else { return };
    let counts = oracle.compare(case, judge);
    eprintln!("messages: {counts:?}");
    assert!(!oracle::is_whole() || counts.len() == 3, "{counts:?}");
}
