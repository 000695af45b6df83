//! Builds every test once, then runs the binaries a suite asks for and keeps what they print.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::count::{Count, measured_lines, skipped_lines};
use super::results::{self, Results};
use super::suites::{Suite, Work};
use crate::{source, tree};

/// How many seconds one test binary may take; and one whose cluster is somebody else's, and may be slow.
const LIMIT: &str = "1800";
const LONG: &str = "7200";

/// A test binary.
pub(super) struct Binary {
    package: String,
    target: String,
    folder: PathBuf,
    program: PathBuf,
}

/// What a suite printed.
pub(super) struct Log {
    /// Where it is kept.
    pub(super) path: PathBuf,
    text: String,
}

impl Log {
    /// The part a person wants to see first.
    pub(super) fn tail(&self) -> String {
        let lines: Vec<&str> = self.text.lines().collect();
        lines[lines.len().saturating_sub(120)..].join("\n")
    }

    /// What the suite says it could not do, and what it measured.
    pub(super) fn said(&self) -> impl Iterator<Item = &str> {
        skipped_lines(&self.text).chain(measured_lines(&self.text))
    }
}

/// Whether everything is to be printed.
pub(super) fn is_verbose() -> bool {
    std::env::var("VERBOSE").is_ok_and(|value| !value.is_empty() && value != "0")
}

/// Builds the tests of the whole workspace, so that every crate is compiled once for all suites.
pub(super) fn build() -> Result<Vec<Binary>, String> {
    let output = Command::new("cargo")
        .args(["test", "--locked", "--workspace", "--no-run", "--message-format=json-render-diagnostics"])
        .current_dir(tree::root())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err("the tests do not compile: see the lines above".to_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(|line| binary(&serde_json::from_str(line).ok()?)).collect())
}

fn binary(message: &Value) -> Option<Binary> {
    if message["profile"]["test"] != true {
        return None;
    }
    let program = PathBuf::from(message["executable"].as_str()?);
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?.to_owned();
    // `…/folder#name@1.0.0` when the folder is named otherwise, `…/name#1.0.0` when it is not.
    let (place, identity) = message["package_id"].as_str()?.rsplit_once('#')?;
    let package = match identity.split_once('@') {
        Some((name, _)) => name.to_owned(),
        None => place.rsplit('/').next()?.to_owned(),
    };
    Some(Binary { package, target: message["target"]["name"].as_str()?.to_owned(), folder, program })
}

/// One run of a suite.
pub(super) struct Run<'a> {
    /// The suite.
    pub(super) suite: &'a Suite,
    /// Whether somebody asked for this one.
    pub(super) is_named: bool,
    /// What it is called, and its log.
    pub(super) name: String,
    /// The folder of the Kubernetes it runs with, if that is not the usual one.
    pub(super) kubernetes: Option<OsString>,
}

/// Runs it; `source` is the name of the sources that the binaries were built of.
pub(super) fn run(run: &Run<'_>, binaries: &[Binary], source: &str) -> Result<(Log, Count), String> {
    let suite = run.suite;
    let path = log_folder()?.join(format!("{}.log", run.name));
    let mut log = Log { path, text: String::new() };
    let mut count = Count::default();
    let results_path = results::path(&run.name)?;
    let mut results = Results::default();
    // Those of another run are not left for this one's, whatever happens.
    let _ = std::fs::remove_file(&results_path);
    let mut add = |(output, succeeded): (String, bool), of: fn(&str) -> Count| {
        let mut found = of(&output);
        if !succeeded && found.failed == 0 {
            found.failed = 1;
        }
        count += found;
        if is_verbose() {
            print!("{output}");
        }
        log.text.push_str(&output);
    };
    if let Work::Verify = suite.work {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        add(output("verify", Command::new(program).arg("verify"))?, Count::of_verify);
    }
    let mine: Vec<&Binary> =
        binaries.iter().filter(|binary| suite.runs(&binary.package, &binary.target)).collect();
    if mine.is_empty() && suite.needs_binaries() {
        return Err(format!("suite {} has no tests", suite.name));
    }
    for binary in mine {
        // A test that hangs is a test that fails.
        let limit = if matches!(suite.work, Work::Yours) { LONG } else { LIMIT };
        let mut command = Command::new("timeout");
        command.args(["--foreground", "--kill-after=10", limit]).arg(&binary.program);
        command
            .args(suite.filter())
            .arg("--show-output")
            .current_dir(&binary.folder)
            .env("CARGO_MANIFEST_DIR", &binary.folder);
        if matches!(suite.work, Work::Yours) && !run.is_named {
            command.env_remove("KUBECONFIG");
        }
        command.envs(run.kubernetes.iter().map(|folder| ("KUBERNETES_BIN", folder)));
        let ended = output(&binary.target, &mut command)?;
        results.add_output(&binary.target, &ended.0);
        add(ended, Count::of_tests);
    }
    // Nobody can say which sources ran when they changed meanwhile.
    if source::fingerprint()? == source {
        results.write(&results_path, source)?;
    }
    if let Work::Crates = suite.work {
        let mut command = Command::new("cargo");
        command.args(["test", "--locked", "--workspace", "--doc", "--", "--show-output"]);
        add(output("documentation", command.current_dir(tree::root()))?, Count::of_tests);
    }
    std::fs::write(&log.path, &log.text)
        .map_err(|error| format!("cannot write {}: {error}", log.path.display()))?;
    Ok((log, count))
}

pub(super) fn log_folder() -> Result<PathBuf, String> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| tree::root().join("target"), PathBuf::from);
    let folder = target.join("test-logs");
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
    Ok(folder)
}

/// Everything a program prints, and whether it ended well.
fn output(name: &str, command: &mut Command) -> Result<(String, bool), String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot run the tests of {name}: {error}"))?;
    let (printed, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let end = match output.status.code() {
        Some(124 | 137) => "took too long and was ended".to_owned(),
        _ => output.status.to_string(),
    };
    Ok((format!("\n--- {name} ---\n{printed}{complained}--- {name}: {end} ---\n"), output.status.success()))
}
