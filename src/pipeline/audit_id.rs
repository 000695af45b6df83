//! The name a request has in every log: the caller's `Audit-ID`, or a new version 4 UUID.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use rand::RngExt;

/// The header that carries the audit id both ways.
pub(super) const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");

/// The audit id of a request.
pub(super) fn of(headers: &HeaderMap) -> HeaderValue {
    match headers.get(&AUDIT_ID) {
        Some(id) if !id.is_empty() => id.clone(),
        _ => random(),
    }
}

fn random() -> HeaderValue {
    let mut bytes = rand::rng().random::<[u8; 16]>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    HeaderValue::from_bytes(&hyphenated(bytes)).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The 36 characters of a UUID.
fn hyphenated(bytes: [u8; 16]) -> [u8; 36] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'-'; 36];
    let mut at = 0;
    for byte in bytes {
        if matches!(at, 8 | 13 | 18 | 23) {
            at += 1;
        }
        text[at] = DIGITS[usize::from(byte >> 4)];
        text[at + 1] = DIGITS[usize::from(byte & 0x0f)];
        at += 2;
    }
    text
}
