//! Protobuf without a schema: fields by their numbers, in their order.

use serde_json::{Value, json};

/// What Kubernetes writes before every message.
const MAGIC: &[u8] = b"k8s\0";
/// A number from here on is the time of something in seconds.
const NOW: u64 = 1_750_000_000;

/// A whole body; nothing where it is none.
pub(crate) fn body(bytes: &[u8]) -> Option<Value> {
    message(bytes.strip_prefix(MAGIC)?)
}

/// A message: a list of objects with one member each, its field's number.
fn message(mut bytes: &[u8]) -> Option<Value> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let value = match key & 7 {
            0 => match varint(&mut bytes)? {
                NOW.. => json!("TIME"),
                number => json!(number),
            },
            1 => json!(u64::from_le_bytes(take(&mut bytes, 8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                piece(take(&mut bytes, length)?)
            }
            _ => return None,
        };
        let number = key >> 3;
        if number == 0 {
            return None;
        }
        // What is zero or empty may be written or left out.
        if value != json!(0) && value != json!("") {
            fields.push(json!({number.to_string(): value}));
        }
    }
    Some(Value::Array(fields))
}

/// A text, a message, or other bytes: what it looks like.
fn piece(bytes: &[u8]) -> Value {
    let text = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| !text.chars().any(|one| one.is_control() && one != '\n'));
    match text.filter(|text| !text.starts_with('\n')) {
        Some(text) => json!(text),
        None => message(bytes)
            .map_or_else(|| json!(bytes), |fields| if fields == json!([]) { json!("") } else { fields }),
    }
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}
