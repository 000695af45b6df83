//! How deep a text nests arrays and objects, where nobody who reads it would know.

/// The first bracket of a text that has more than `most` around it, itself among them. The text must be JSON.
pub(super) fn too_deep(text: &[u8], most: usize) -> Option<char> {
    // What opens closes as well.
    if text.len() <= 2 * most {
        return None;
    }
    let (mut depth, mut at) = (0, 0_usize);
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b'"' => at = behind_string(text, at),
            b'[' | b'{' if depth == most => return Some(char::from(*byte)),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The place behind the quote that ends a string.
fn behind_string(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &text[at..]) {
        at += found + 1;
        if text[at - 1] == b'"' {
            return at;
        }
        // Whatever stands behind a backslash ends nothing.
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_counted_where_they_nest_and_not_in_strings() {
        for (text, most, found) in [
            ("[[1]]", 2, None),
            ("[[[1]]]", 2, Some('[')),
            (r#"[[{"a":1}]]"#, 2, Some('{')),
            ("[[1],[2],[3],{},{}]", 2, None),
            (r#"[["[[[{{{"]]"#, 2, None),
            (r#"[["\"[[[",1]]"#, 2, None),
            (r#"[["\\",[1]]]"#, 2, Some('[')),
            (r#"[["\\\"[",{}]]"#, 2, Some('{')),
        ] {
            assert_eq!(too_deep(text.as_bytes(), most), found, "{text}");
        }
    }
}
