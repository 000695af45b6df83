//! Where ours is known to differ, and why; and what counts as the same error.

use serde_json::Value as Tree;

/// What tells an error's kind, in Kubernetes' words and in ours.
const KINDS: &[(&str, &str)] = &[
    ("no such key", "no such key"),
    ("no such attribute", "no such attribute"),
    ("no such overload", "no such overload"),
    ("division by zero", "zero"),
    ("modulus by zero", "zero"),
    ("overflow", "overflow"),
    ("range error converting", "overflow"),
    ("index out of", "out of bounds"),
    ("invalid_argument", "invalid"),
    ("type conversion error", "conversion"),
    ("strconv.", "conversion"),
];

/// What kind of error a message tells of, where it is one that both have a word for.
pub(super) fn kind(message: &str) -> Option<&'static str> {
    KINDS.iter().find(|(words, _)| message.contains(words)).map(|(_, kind)| *kind)
}

/// What is unfit by types that are not followed here.
pub(super) const TYPES: &str = "deviation: types";

/// The name of the deviation that explains a difference.
pub(super) fn excused(case: &Tree, ours: &Tree, theirs: &Tree) -> Option<&'static str> {
    let text = |answer: &Tree, word: &str| answer[word].as_str().unwrap_or_default().to_owned();
    let (unfit, expression) = (text(theirs, "unfit"), text(case, "expression"));
    let is_unfit =
        |words: &[&str]| ours.get("unfit").is_none() && words.iter().any(|word| unfit.contains(word));
    // The types of items, entries, fields and optional values are not followed here: what they make unfit is found when it is
    // evaluated, or comes to a value. The cluster's API server takes no policy or webhook with such an expression.
    if is_unfit(&[
        "found no matching overload",
        "expected type",
        "does not support field selection",
        "unexpected failed resolution",
        "cannot be range of a comprehension",
    ]) {
        return Some(TYPES);
    }
    // That values do not fit their format is found when they are formatted.
    if is_unfit(&["error during formatting"]) {
        return Some("deviation: formats");
    }
    // A map that is written out has keys of any type there, and keys that can be looked up here.
    if text(ours, "error").contains("unsupported key type") && theirs.get("value").is_some() {
        return Some("deviation: keys");
    }
    // A sum of quantities equals no other quantity there, is no integer once it had a fraction, and as a float differs in its
    // last digit. One of more than 29 digits is refused here.
    let is_sum = [".add(", ".sub("].iter().any(|call| expression.contains(call));
    if expression.contains("quantity(") && (is_sum || text(ours, "error").contains("quantity is too large")) {
        return Some("deviation: quantities");
    }
    // A lookup in what has no parts fails in other words.
    if text(ours, "error").contains("no such overload") && text(theirs, "error").contains("no such key") {
        return Some("deviation: no parts");
    }
    // Maps have an order here.
    let sorted = |answer: &Tree| {
        let mut bytes = text(answer, "value").into_bytes();
        bytes.sort_unstable();
        bytes
    };
    if ours["type"] == "list" && theirs["type"] == "list" && sorted(ours) == sorted(theirs) {
        return Some("deviation: order of maps");
    }
    None
}
