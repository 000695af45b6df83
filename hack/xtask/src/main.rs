//! The tree's own tools, run by `hack/verify`, `hack/test` and `hack/parity`.

mod parity;
mod source;
mod test;
mod tree;
mod verify;

use std::process::ExitCode;

const USAGE: &str = "usage: xtask verify [NAME…] | xtask test [--list | NAME…] | xtask parity [--open | NUMBER…] |\n       xtask source";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let passed = match arguments.split_first() {
        Some((command, names)) if command == "verify" => verify::run(names),
        Some((command, names)) if command == "test" => test::run(names),
        Some((command, words)) if command == "parity" => parity::run(words),
        Some((command, [])) if command == "source" => source::fingerprint().map(|name| {
            println!("{name}");
            true
        }),
        _ => Err(USAGE.to_owned()),
    };
    match passed {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
