//! The program `hack/tools/oracle`, and the comparison of its answers with ours.
//!
//! `ORACLE_CASES` says how many cases are generated (a few thousand unless said). Every case has a seed of its own, which is
//! printed when it fails: `ORACLE_SEED=N ORACLE_CASES=1` makes that case alone.

use super::random::Random;
use apimachinery::kind::Definition;
use apimachinery::openapi;
use apimachinery::wire;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// How many cases are made unless said.
const CASES: u64 = 5000;
/// How many are asked at once.
const BATCH: u64 = 500;

/// How often a case is asked whose answer depends on the order of a map.
const TIMES: u64 = 2000;

/// The program while it runs.
pub(crate) struct Oracle {
    process: Child,
    folder: PathBuf,
}

/// How often each thing happened.
pub(crate) type Counts = BTreeMap<String, u64>;

impl Oracle {
    /// Starts it with the types of all kinds; `None`, and said so, when it is not built. `name` is the test's own.
    pub(crate) fn start(name: &str) -> Option<Oracle> {
        let Some(program) = program() else {
            eprintln!("SKIPPED: {name}: the oracle is not built (hack/lib/oracle.sh)");
            return None;
        };
        let folder = std::env::temp_dir().join(format!("oracle-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let process = Command::new(program)
            .args(documents(&folder))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the oracle starts");
        Some(Oracle { process, folder })
    }

    /// What it answers the cases, in their order.
    pub(crate) fn ask(&mut self, cases: &[Value]) -> Vec<Value> {
        let mut lines = String::new();
        for case in cases {
            lines += &case.to_string();
            lines.push('\n');
        }
        let stdin = self.process.stdin.as_mut().expect("its stdin is a pipe");
        let stdout = self.process.stdout.as_mut().expect("its stdout is a pipe");
        std::thread::scope(|scope| {
            // It answers before it has read everything.
            scope.spawn(move || stdin.write_all(lines.as_bytes()).expect("the oracle reads the cases"));
            // What upstream carries without knowing it may be no text.
            let answers = BufReader::new(stdout).split(b'\n').take(cases.len());
            answers.map(|line| answer(&wire::json::text(&line.expect("the oracle answers")))).collect()
        })
    }

    /// Makes cases and compares. `make` makes a case out of random choices, the algorithm's name included, and `judge` says
    /// what happened in a word that is counted, or what is wrong.
    ///
    /// Where a library goes through a map in any order, it can give several answers. What seems wrong is asked once more for
    /// all of them, by a case that has `"times"` to find them.
    pub(crate) fn compare(
        &mut self,
        make: impl Fn(&mut Random) -> Value,
        judge: impl Fn(&Value, &Value) -> Result<String, String>,
    ) -> Counts {
        let (first, count) = (number("ORACLE_SEED", 0), number("ORACLE_CASES", CASES));
        let mut counts = Counts::new();
        let seeds: Vec<u64> = (0..count).map(|index| first.wrapping_add(index)).collect();
        for seeds in seeds.chunks(BATCH as usize) {
            let cases: Vec<Value> = seeds.iter().map(|seed| make(&mut Random::new(*seed))).collect();
            let answers = self.ask(&cases);
            assert_eq!(answers.len(), cases.len(), "the oracle ended early");
            for ((seed, case), answer) in seeds.iter().zip(&cases).zip(&answers) {
                let judged = judge(case, answer).or_else(|_| {
                    let mut thorough = case.clone();
                    thorough["times"] = TIMES.into();
                    judge(case, &self.ask(&[thorough])[0])
                });
                match judged {
                    Ok(word) => *counts.entry(word).or_default() += 1,
                    Err(why) => panic!("ORACLE_SEED={seed} ORACLE_CASES=1: {why}\ncase: {case}"),
                }
            }
        }
        counts
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Whether so many cases are made that every outcome must have occurred.
pub(crate) fn is_whole() -> bool {
    number("ORACLE_CASES", CASES) >= CASES
}

/// Bytes as the oracle writes them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that [`hex`] wrote.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2).filter_map(|at| hex.get(at..at + 2));
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

/// Whether ours says the same as the oracle, whose error is a member of that name; and in a word what happened.
pub(crate) fn same(ours: Result<Value, String>, theirs: &Value) -> Result<String, String> {
    let (answer, word) = match ours {
        Ok(answer) => (answer, "taken"),
        Err(error) => (json!({"error": error}), "refused"),
    };
    if answer == *theirs { Ok(word.to_owned()) } else { Err(format!("ours:   {answer}\ntheirs: {theirs}")) }
}

fn answer(line: &str) -> Value {
    let mut line: Value = serde_json::from_str(line).expect("an answer is JSON");
    assert!(line.get("fault").is_none(), "the oracle cannot answer: {line}");
    line["answer"].take()
}

fn number(variable: &str, default: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

/// The program: `GO_ORACLE`, or the newest that `hack/lib/oracle.sh` built.
fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("GO_ORACLE") {
        return Some(named.into()).filter(|path: &PathBuf| path.exists());
    }
    let cache = std::env::var_os("DATABASES_CACHE").map(PathBuf::from).or_else(|| {
        std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/databases-standard"))
    })?;
    let folders = std::fs::read_dir(cache.join("bin")).ok()?.flatten();
    let ours = folders.filter(|folder| folder.file_name().to_string_lossy().starts_with("oracle-"));
    let programs = ours.map(|folder| folder.path().join("oracle")).filter(|path| path.exists());
    programs.max_by_key(|path| path.metadata().and_then(|file| file.modified()).ok())
}

/// Writes the OpenAPI documents of every group and version.
fn documents(folder: &std::path::Path) -> Vec<PathBuf> {
    let groups: [&'static [&'static Definition]; 2] = [databases_api::definitions(), core_v1::definitions()];
    let mut written = Vec::new();
    for kinds in groups {
        let group = kinds.first().map_or("", |kind| kind.group);
        let versions: BTreeSet<_> =
            kinds.iter().flat_map(|kind| kind.versions).map(|version| version.name).collect();
        for version in versions {
            let document = openapi::v3::document(group, version, kinds);
            let path = folder.join(format!("{group}_{version}.json"));
            std::fs::write(&path, json!(document).to_string()).expect("a document can be written");
            written.push(path);
        }
    }
    written
}
