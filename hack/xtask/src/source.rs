//! What the sources are: one word that is another when any file of the checkout is.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::parity::TABLE;
use crate::tree;

/// The name of the sources as they lie there, committed or not. What the table of parity says changes no test.
pub(crate) fn fingerprint() -> Result<String, String> {
    let listed = git(&["ls-files", "--cached", "--others", "--exclude-standard"], "")?;
    let is_hashed = |path: &&str| *path != TABLE && tree::root().join(path).is_file();
    let mut paths: Vec<&str> = listed.lines().filter(is_hashed).collect();
    paths.sort_unstable();
    let paths: String = paths.iter().map(|path| format!("{path}\n")).collect();
    let hashes = git(&["hash-object", "--stdin-paths"], &paths)?;
    Ok(git(&["hash-object", "--stdin"], &format!("{paths}{hashes}"))?.trim().to_owned())
}

fn git(arguments: &[&str], input: &str) -> Result<String, String> {
    let failed = |error: &dyn std::fmt::Display| format!("git {}: {error}", arguments.join(" "));
    let mut child = Command::new("git")
        .args(arguments)
        .current_dir(tree::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&error))?;
    let mut stdin = child.stdin.take().ok_or_else(|| failed(&"no standard input"))?;
    // It reads while it writes: neither may wait for the other.
    let input = input.to_owned();
    let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().map_err(|error| failed(&error))?;
    let written = writing.join().map_err(|_| failed(&"its input was not written"))?;
    written.map_err(|error| failed(&error))?;
    if !output.status.success() {
        return Err(failed(&output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_same_sources_have_the_same_name() {
        let first = super::fingerprint().unwrap();
        assert_eq!(first.len(), 40, "{first}");
        assert_eq!(super::fingerprint().unwrap(), first);
    }
}
