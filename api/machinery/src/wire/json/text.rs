//! Bytes as the text that Go's decoder reads in them.

use std::borrow::Cow;

/// What stands for characters that are none.
const REPLACEMENT: &str = "\u{fffd}";

/// The text of a body: each byte that is not UTF-8, and each escape that is half a character (`\ud800`), becomes
/// U+FFFD (C-19).
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    match decode(bytes) {
        Cow::Borrowed(text) => whole(text),
        Cow::Owned(text) => Cow::Owned(whole(&text).into_owned()),
    }
}

fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(bytes.len() + REPLACEMENT.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|_| out.push_str(REPLACEMENT));
    }
    Cow::Owned(out)
}

/// Replaces the escapes of halves of characters. Nearly no text has an escape by number.
fn whole(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let (mut out, mut kept, mut at) = (String::new(), 0, 0);
    while let Some(found) = text[at..].find('\\') {
        at += found;
        let length = match escape(&text[at..]) {
            Some(0xd800..=0xdbff) if matches!(text.get(at + 6..).and_then(escape), Some(0xdc00..=0xdfff)) => {
                12
            }
            Some(0xd800..=0xdfff) => {
                out.push_str(&text[kept..at]);
                out.push_str(REPLACEMENT);
                kept = at + 6;
                6
            }
            Some(_) => 6,
            // The character behind a backslash is no backslash of its own.
            None => 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
        };
        at += length;
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

/// The number of an escape that the text begins with.
fn escape(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_character_becomes_the_replacement() {
        for (bytes, expected) in [
            (&br#""\ud800""#[..], "\"\u{fffd}\""),
            (br#""\ud800\udc00""#, r#""\ud800\udc00""#),
            (br#""\uD83D\uDE00""#, r#""\uD83D\uDE00""#),
            (br#""\ud800x""#, "\"\u{fffd}x\""),
            (br#""\ud800\u0041""#, "\"\u{fffd}\\u0041\""),
            (br#""\ud800\ud800\udc00""#, "\"\u{fffd}\\ud800\\udc00\""),
            (br#""\udc00\ud800""#, "\"\u{fffd}\u{fffd}\""),
            (br#""\\ud800""#, r#""\\ud800""#),
            (br#""\\\ud800""#, "\"\\\\\u{fffd}\""),
            (br#""\u12"#, r#""\u12"#),
            (br#""\u+0ff""#, r#""\u+0ff""#),
            (b"\"\xff\xff\xe2\x82\"", "\"\u{fffd}\u{fffd}\u{fffd}\u{fffd}\""),
            (b"\"\xff\\udc00\"", "\"\u{fffd}\u{fffd}\""),
            (b"\"\\", "\"\\"),
            (b"{}", "{}"),
        ] {
            assert_eq!(text(bytes), expected, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn every_string_that_go_reads_is_read(parts in prop::collection::vec(
            prop::sample::select(vec!["\\ud800", "\\udc00", "\\uDBFF", "\\u0041", "\\\\", "\\n", "u", "d800", "é", "\\\""]), 0..12))
        {
            let string = format!("\"{}\"", parts.concat());
            let read: Result<String, _> = serde_json::from_str(&text(string.as_bytes()));
            prop_assert!(read.is_ok(), "{}", string);
        }

        #[test]
        fn any_bytes_have_a_text(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert!(text(&bytes).len() >= bytes.len());
        }
    }
}
