//! Checks of names, labels and keys, with the texts that Kubernetes answers. Each gives every fault it finds.

use std::borrow::Cow;

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const LABEL_1035: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const KEY: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

/// The longest DNS label, label value and name part of a key.
const LONGEST_LABEL: usize = 63;
/// The longest DNS subdomain.
const LONGEST_SUBDOMAIN: usize = 253;

const CHARACTERS: &str = "characters";
const BYTES: &str = "bytes";

/// What names and what labels may be, in the words that Kubernetes has for each.
fn too_long(most: usize, of: &str) -> String {
    format!("must be no more than {most} {of}")
}

/// The text of a value that does not match a regular expression.
pub(super) fn mismatch(rule: &str, examples: &[&str], expression: &str) -> String {
    let examples: Vec<String> = examples.iter().map(|example| format!("'{example}', ")).collect();
    format!("{rule} (e.g. {}regex used for validation is '{expression}')", examples.join(" or "))
}

/// Not empty, of these bytes, and with these bytes at both ends.
fn is_word(text: &str, inner: impl Fn(u8) -> bool, ends: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    ends(*first) && ends(*last) && bytes.iter().all(|byte| inner(*byte))
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn matches_label(text: &str) -> bool {
    is_word(text, |byte| is_lower(byte) || byte == b'-', is_lower)
}

fn matches_subdomain(text: &str) -> bool {
    text.split('.').all(matches_label)
}

fn matches_key(text: &str) -> bool {
    is_word(
        text,
        |byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte),
        |byte| byte.is_ascii_alphanumeric(),
    )
}

/// A DNS label as RFC 1123 has it, up to 63 characters.
pub fn is_dns1123_label(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > LONGEST_LABEL {
        faults.push(too_long(LONGEST_LABEL, CHARACTERS));
    }
    if !matches_label(value) {
        let rule = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
                    start and end with an alphanumeric character";
        faults.push(match matches_subdomain(value) {
            true => "must not contain dots".to_owned(),
            false => mismatch(rule, &["my-name", "123-abc"], LABEL),
        });
    }
    faults
}

/// A DNS subdomain as RFC 1123 has it, up to 253 characters.
pub fn is_dns1123_subdomain(value: &str) -> Vec<String> {
    subdomain_faults(value, CHARACTERS)
}

fn subdomain_faults(value: &str, of: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > LONGEST_SUBDOMAIN {
        faults.push(too_long(LONGEST_SUBDOMAIN, of));
    }
    if !matches_subdomain(value) {
        let rule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
                    and must start and end with an alphanumeric character";
        faults.push(mismatch(rule, &["example.com"], SUBDOMAIN));
    }
    faults
}

/// A DNS label as RFC 1035 has it: like RFC 1123, but with a letter in front; up to 63 characters.
pub fn is_dns1035_label(value: &str) -> Vec<String> {
    is_dns1035_label_of(value, LONGEST_LABEL)
}

/// A DNS label as RFC 1035 has it, up to so many characters.
pub fn is_dns1035_label_of(value: &str, most: usize) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > most {
        faults.push(too_long(most, CHARACTERS));
    }
    if !matches_label(value) || !value.starts_with(|first: char| first.is_ascii_lowercase()) {
        let rule = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
                    alphabetic character, and end with an alphanumeric character";
        faults.push(mismatch(rule, &["my-name", "abc-123"], LABEL_1035));
    }
    faults
}

/// A key of labels and annotations, and a finalizer: `name` or `prefix/name`.
pub fn is_qualified_name(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let rule = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                alphanumeric character";
    let name = match value.split('/').collect::<Vec<_>>()[..] {
        [name] => name,
        ["", name] => {
            faults.push("prefix part must be non-empty".to_owned());
            name
        }
        [prefix, name] => {
            faults.extend(subdomain_faults(prefix, BYTES).iter().map(|fault| format!("prefix part {fault}")));
            name
        }
        _ => {
            let text = mismatch(rule, &["MyName", "my.name", "123-abc"], KEY);
            let optional = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a valid label key {text} {optional}")];
        }
    };
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    } else if name.len() > LONGEST_LABEL {
        faults.push(format!("name part {}", too_long(LONGEST_LABEL, BYTES)));
    }
    if !matches_key(name) {
        faults.push(format!("name part {}", mismatch(rule, &["MyName", "my.name", "123-abc"], KEY)));
    }
    faults
}

/// The value of a label, which may be empty.
pub fn is_label_value(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > LONGEST_LABEL {
        faults.push(too_long(LONGEST_LABEL, BYTES));
    }
    if !value.is_empty() && !matches_key(value) {
        let rule = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
                    and must start and end with an alphanumeric character";
        faults.push(mismatch(rule, &["MyValue", "my_value", "12345"], &format!("({KEY})?")));
    }
    faults
}

/// A name that can be a segment of a path.
pub fn is_path_segment(value: &str) -> Vec<String> {
    match value {
        "." | ".." => vec![format!("may not be '{value}'")],
        _ => is_path_segment_prefix(value),
    }
}

/// What such a name can begin with.
pub fn is_path_segment_prefix(value: &str) -> Vec<String> {
    ["/", "%"]
        .iter()
        .filter(|bad| value.contains(**bad))
        .map(|bad| format!("may not contain '{bad}'"))
        .collect()
}

/// A prefix that ends with a dash as a name that it may become; what stands before the dash may then be any byte, as in
/// Kubernetes.
pub fn completed(prefix: &str) -> Cow<'_, str> {
    let Some(base) = prefix.strip_suffix('-').filter(|base| !base.is_empty()) else {
        return prefix.into();
    };
    match base.strip_suffix(|last: char| last.is_ascii()) {
        Some(kept) => format!("{kept}a").into(),
        // One byte less of a longer character makes nothing good of it.
        None => base.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_ones() {
        for name in ["a", "0", "a-b", "my-name", "123-abc"] {
            assert!(is_dns1123_label(name).is_empty() && is_dns1123_subdomain(name).is_empty(), "{name}");
        }
        assert!(is_dns1123_subdomain("a.b-c.0").is_empty());
        assert!(is_dns1035_label("a0-b").is_empty());
        for key in ["a", "A.b_c-0", "example.com/A"] {
            assert!(is_qualified_name(key).is_empty(), "{key}");
        }
        for value in ["", "A_b.c-0", &"x".repeat(63)] {
            assert!(is_label_value(value).is_empty(), "{value}");
        }
    }

    #[test]
    fn texts() {
        assert_eq!(
            is_dns1123_subdomain("A"),
            [
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
              start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
              '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
            ]
        );
        assert_eq!(is_dns1123_label("a.b"), ["must not contain dots"]);
        assert_eq!(
            is_dns1035_label("0"),
            [
                "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
              character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for \
              validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
            ]
        );
        assert_eq!(
            is_label_value("-"),
            [
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
              start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used \
              for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            ]
        );
    }

    #[test]
    fn every_fault_is_told() {
        for (faults, count) in [
            (is_dns1123_label(""), 1),
            (is_dns1123_label(&"A".repeat(64)), 2),
            (is_dns1123_subdomain("a..b"), 1),
            (is_dns1123_subdomain(&"a".repeat(254)), 1),
            (is_dns1035_label_of("abcd", 3), 1),
            (is_qualified_name(""), 2),
            (is_qualified_name("/"), 3),
            (is_qualified_name("A/b"), 1),
            (is_qualified_name("a/b/c"), 1),
            (is_qualified_name(&format!("{}/{}", "a".repeat(254), "b".repeat(64))), 2),
            (is_label_value(&"-".repeat(64)), 2),
            (is_path_segment(".."), 1),
            (is_path_segment("a/%"), 2),
        ] {
            assert_eq!(faults.len(), count, "{faults:?}");
        }
    }
}
