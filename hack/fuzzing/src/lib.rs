//! What a client may send, read as the server reads it. Whatever the bytes are, nothing panics; and what was read is written
//! and read again as the same.
//!
//! `hack/fuzz` gives the targets to libFuzzer; the tests here give each what it begins with, and that with a few bytes changed.

mod kinds;

/// The targets, each a module with what it does to bytes, `read`, and with what a fuzzer begins, `seeds`.
macro_rules! targets {
    ($($name:ident: $what:literal)*) => {
        $(mod $name;)*
        /// Every target.
        pub const TARGETS: &[Target] = &[
            $(Target { name: stringify!($name), what: $what, read: $name::read, seeds: $name::seeds }),*
        ];
    };
}

targets! {
    json: "objects as JSON, of every kind in every version"
    yaml: "YAML"
    protobuf: "objects as protobuf, of every kind in every version, and their envelope"
    scalars: "quantities, times, durations and selectors"
    patches: "JSON patches, merge patches and strategic merge patches of objects"
    applies: "configurations that are applied over an object, and sets of owned fields"
    requests: "requests in a row to a whole server"
}

/// Something that reads what a client sends.
pub struct Target {
    /// The word one types.
    pub name: &'static str,
    /// What it reads.
    pub what: &'static str,
    /// Reads it. It panics where something is wrong.
    pub read: fn(&[u8]),
    /// With what a fuzzer begins.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// The target of that name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Texts as seeds.
fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[cfg(test)]
mod tests;
