//! Compact JSON made readable, in the order it has.

/// Indents by two spaces, as `?pretty=1` wants it. The input is compact JSON.
pub(super) fn indent(compact: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(compact.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    let mut bytes = compact.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if in_string {
            out.push(byte);
            (in_string, escaped) = (escaped || byte != b'"', !escaped && byte == b'\\');
            continue;
        }
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                if matches!(bytes.peek(), Some(b'}' | b']')) {
                    out.extend(bytes.next());
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => {
                in_string = byte == b'"';
                out.push(byte);
            }
        }
    }
    out
}

fn new_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b' ', depth * 2));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(compact: &str, expect: &str) {
        assert_eq!(String::from_utf8(indent(compact.as_bytes())).unwrap(), expect);
    }

    #[test]
    fn strings_stay_as_they_are() {
        check(r#"{"a":"x,{\"}","b":[]}"#, "{\n  \"a\": \"x,{\\\"}\",\n  \"b\": []\n}");
        check(
            r#"{"a":"\\","b":{"c":[1,2]}}"#,
            "{\n  \"a\": \"\\\\\",\n  \"b\": {\n    \"c\": [\n      1,\n      2\n    ]\n  }\n}",
        );
        check("{}", "{}");
    }
}
