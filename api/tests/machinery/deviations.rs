//! Where ours answers something else than Kubernetes, on purpose.

/// What it is about, and why.
const DEVIATIONS: &[(&str, &str)] = &[
    (
        "JSON: a number beyond doubles",
        "1e400 is refused wherever it stands; upstream carries it along in what it does not know, and cannot write it",
    ),
    (
        "JSON: bytes as a list",
        "bytes are a text, as their published type says; upstream's reader takes a list of numbers, too",
    ),
    (
        "JSON: depth",
        "what is carried along is nested no deeper than 64 levels, so that readers take all around it; upstream takes 10,000",
    ),
    (
        "JSON patch: a null of its own",
        "a null is a null; upstream has three kinds once a patch has put one somewhere, unequal, and one of them an object",
    ),
    (
        "JSON patch: another text",
        "a test compares texts; upstream compares how they are written, and finds < in no object, which has \\u003c",
    ),
    (
        "JSON patch: panic",
        "upstream panics at a test or a replacement without a value, and at a null in a list that it compares",
    ),
    (
        "metadata: a cause once",
        "a fault of a change is one cause; upstream looks at metadata two or three times, and tells its faults each time",
    ),
    (
        "quantity: too large",
        "an amount that does not fit in 128 bits is refused; upstream counts in any number of digits",
    ),
    (
        "quantity: many exa",
        "upstream writes 1000E, and what is larger, without a suffix, which is another amount",
    ),
    (
        "time: no text",
        "a time outside of the years 0 to 9999 is refused, because nobody could read what would be written",
    ),
    (
        "time: less than a second after the zero",
        "a Time has whole seconds, and the first of year 1 is none; upstream's has a fraction that it does not write",
    ),
    (
        "YAML: tokens",
        "the parser is one of YAML 1.2, upstream's one of 1.1: some texts fall into other tokens, or into none; bodies are \
         generated of what both read alike",
    ),
    (
        "YAML: a timestamp",
        "!!timestamp stands before any text, which is a text then; upstream looks whether it is a time",
    ),
    (
        "YAML: one key in JSON",
        "1 and '1' are told of as one key, and the later counts; upstream takes any of them, and tells of none",
    ),
    (
        "YAML: what is replaced",
        "a key or a number that JSON has not is refused, even where the same key stands again later and replaces it",
    ),
];

/// The word for a case whose answers differ in that way.
pub(crate) fn deviates(name: &str) -> String {
    assert!(DEVIATIONS.iter().any(|(listed, _)| *listed == name), "{name} is no deviation that is listed");
    format!("deviates: {name}")
}
