//! The directives before a document, which the parser takes more of than upstream's.

use super::YamlError;

/// Refuses a version that is not 1.1, whose rules the rest is read by, and directives that are none.
pub(super) fn check(text: &str) -> Result<(), YamlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in text.lines().enumerate() {
        let fail = |message: &str| Err(YamlError { line: number + 1, message: message.into() });
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            None => {}
            Some(comment) if comment.starts_with('#') => {}
            Some(_) if !line.starts_with('%') => break,
            Some("%TAG") => {}
            Some("%YAML") if words.next() == Some("1.1") => {}
            Some("%YAML") => {
                return fail("found incompatible YAML document: write %YAML 1.1, or no version");
            }
            Some(_) => return fail("found unknown directive name"),
        }
    }
    Ok(())
}
