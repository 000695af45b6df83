//! The tree's own tools, run by `hack/verify` and `hack/test`.

mod test;
mod tree;
mod verify;

use std::process::ExitCode;

const USAGE: &str = "usage: xtask verify [NAME…] | xtask test [--list | NAME…]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let passed = match arguments.split_first() {
        Some((command, names)) if command == "verify" => verify::run(names),
        Some((command, names)) if command == "test" => test::run(names),
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
