//! Transcripts: what was typed and what was printed, compared with what is committed.
//!
//! What differs from run to run (times, ages, uids, ports, versions, sizes, passwords) is replaced by its
//! name first. `UPDATE_GOLDEN=1` rewrites the files instead of comparing.

use std::path::{Path, PathBuf};

use regex::Regex;

use crate::kubectl::{Kubectl, Output};

/// A transcript in the making; it is compared when dropped into [`Transcript::check`].
pub struct Transcript {
    file: PathBuf,
    text: String,
    rules: Vec<(Regex, &'static str)>,
}

/// What is replaced, in this order. `$1` keeps what stands before.
const RULES: &[(&str, &str)] = &[
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uid>"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z", "<time>"),
    (r#"(resourceVersion: |Resource Version: +)"?[0-9]+"?"#, "$1<revision>"),
    (r"(127\.0\.0\.1|localhost):[0-9]{4,5}", "$1:<port>"),
    (r"([Pp]ort: +)[0-9]{4,5}", "$1<port>"),
    (r#"("port":)[0-9]{4,5}"#, "$1<port>"),
    (r#"([Vv]ersion: +)"?[0-9]+(\.[0-9]+)*"?"#, "$1<version>"),
    (r"(?-u:\b)1[4-9]\.[0-9]+(?-u:\b)", "<version>"),
    (r#"([Uu]sed: +|"status.storage.used","value":")[0-9]+[KMG]i"#, "$1<size>"),
    (r"(?-u:\b)[0-9]+[smh]([0-9]+[sm])?( \(x[0-9]+ over [0-9]+[smh]([0-9]+[sm])?\))?", "<age>"),
    (r"([^ \n])  +", "$1  "),
    (r"[ \t]+\n", "\n"),
];

/// Compares a text with the committed `testdata/NAME.golden`, or rewrites that.
pub fn check(name: &str, text: &str) {
    compare(&file(name), text);
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(format!("{name}.golden"))
}

fn compare(file: &Path, text: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        std::fs::write(file, text).expect("the golden file can be written");
        return;
    }
    let expected = std::fs::read_to_string(file).unwrap_or_default();
    if text != expected {
        let difference = difference(&expected, text);
        panic!("{} differs; UPDATE_GOLDEN=1 rewrites it\n{difference}", file.display());
    }
}

impl Transcript {
    /// A transcript kept in `testdata/NAME.golden`.
    pub fn new(name: &str) -> Self {
        let file = file(name);
        let rules = RULES.iter().map(|(from, to)| (Regex::new(from).expect("a rule"), *to)).collect();
        Self { file, text: String::new(), rules }
    }

    /// Runs `kubectl ARGUMENTS…` and writes both down; gives what it printed.
    pub async fn run(&mut self, kubectl: &Kubectl, arguments: &str) -> Output {
        let output = kubectl.run(arguments).await;
        self.record(arguments, &output);
        output
    }

    /// Writes down a command that was run elsewhere.
    pub fn record(&mut self, arguments: &str, output: &Output) {
        self.text.push_str(&format!("$ kubectl {arguments}\n{}", output.text));
        if !output.text.is_empty() && !output.text.ends_with('\n') {
            self.text.push('\n');
        }
        if output.code != 0 {
            self.text.push_str(&format!("(exit code {})\n", output.code));
        }
        self.text.push('\n');
    }

    /// Compares with the committed file, or rewrites it.
    pub fn check(self) {
        compare(&self.file, &self.normalised());
    }

    /// The rules hold for what was printed; what was typed stays.
    fn normalised(&self) -> String {
        let replaced = |text: String, (rule, by): &(Regex, &str)| rule.replace_all(&text, *by).into_owned();
        let line = |line: &str| match line.starts_with("$ ") {
            true => format!("{line}\n"),
            false => self.rules.iter().fold(format!("{line}\n"), replaced),
        };
        self.text.lines().map(line).collect()
    }
}

/// The lines around which the two differ: the common head and tail left out.
fn difference(expected: &str, found: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let context = old[head.saturating_sub(3)..head].iter().map(|line| format!("  {line}"));
    let removed = old[head..old.len() - tail].iter().map(|line| format!("- {line}"));
    let added = new[head..new.len() - tail].iter().map(|line| format!("+ {line}"));
    context.chain(removed).chain(added).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut transcript = Transcript::new("none");
        transcript.text = text.to_owned();
        assert_eq!(transcript.normalised(), expected);
    }

    #[test]
    fn what_differs_from_run_to_run_is_named() {
        check("uid: 0a1b2c3d-0000-4000-8000-0123456789ab\n", "uid: <uid>\n");
        check("at \"2026-01-02T03:04:05Z\"\n", "at \"<time>\"\n");
        check("  resourceVersion: \"42\"\n", "  resourceVersion: <revision>\n");
        check("wiki   True    12s\n", "wiki  True  <age>\n");
        check("3s (x2 over 5m10s)  Ready\n", "<age>  Ready\n");
        check("uri 127.0.0.1:54321/app\n", "uri 127.0.0.1:<port>/app\n");
        check("{\"host\":\"h\",\"port\":54321}\n", "{\"host\":\"h\",\"port\":<port>}\n");
    }

    #[test]
    fn a_difference_leaves_out_what_is_common() {
        assert_eq!(difference("a\nb\nc\n", "a\nx\nc\n"), "  a\n- b\n+ x");
    }
}
