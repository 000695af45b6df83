//! What libFuzzer runs: the target that `FUZZ_TARGET` names.
#![no_main]

use fuzzing::Target;
use std::sync::LazyLock;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    fuzzing::target(&name).unwrap_or_else(|| panic!("FUZZ_TARGET={name} is no target"))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| (TARGET.read)(data));
