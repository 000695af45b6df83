//! Checks that other programs make.

use std::path::PathBuf;
use std::process::Command;

use super::Outcome;
use crate::tree;

type Checked = Result<Outcome, String>;

/// Runs a program at the top of the tree; its output is the finding.
fn command(program: &str, arguments: &[&str]) -> Checked {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(tree::root())
        .output()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    if output.status.success() {
        return Ok(Outcome::Passed);
    }
    let text = [output.stdout, output.stderr].concat();
    Ok(Outcome::Failed(vec![String::from_utf8_lossy(&text).into_owned()]))
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Every shell script of the tree.
fn shell_scripts() -> Result<Vec<String>, String> {
    let is_script = |text: &str| text.starts_with("#!/usr/bin/env bash");
    Ok(tree::files()?.into_iter().filter(|file| is_script(&file.text)).map(|file| file.path).collect())
}

/// cargo does not see a module that a macro declares, so every file is named.
pub(super) fn format() -> Checked {
    let files = tree::files()?.into_iter().map(|file| file.path).filter(|path| path.ends_with(".rs"));
    let files: Vec<String> = files.collect();
    let mut arguments = vec!["fmt", "--all", "--check", "--"];
    arguments.extend(files.iter().map(String::as_str));
    command("cargo", &arguments)
}

pub(super) fn lints() -> Checked {
    command(
        "cargo",
        &["clippy", "--quiet", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"],
    )
}

/// Cargo.lock says what the manifests ask for.
pub(super) fn lock() -> Checked {
    command("cargo", &["metadata", "--quiet", "--locked", "--format-version", "1", "--no-deps"])
}

/// One TLS provider: nothing may bring in another.
pub(super) fn one_tls() -> Checked {
    let banned = ["ring", "openssl", "openssl-sys", "native-tls"];
    let found = in_tree(&["--workspace", "--edges", "normal,build,dev"], &banned)?;
    let finding = |name| format!("{name} is in the dependency tree; the one TLS provider is aws-lc-rs");
    Ok(Outcome::from_findings(found.into_iter().map(finding).collect()))
}

/// The server without etcd, which is what a plain build makes: it compiles, and its build needs no protoc.
pub(super) fn without_etcd() -> Checked {
    let found = in_tree(&["--package", "databases-apiserver", "--edges", "normal,build"], &["prost-build"])?;
    if !found.is_empty() {
        let finding =
            |name| format!("{name} is in the tree of the server's default features; it needs protoc");
        return Ok(Outcome::Failed(found.into_iter().map(finding).collect()));
    }
    let storage = ["clippy", "--quiet", "--locked", "--package", "databases-storage", "--all-targets"];
    command("cargo", &[&storage[..], &["--", "-D", "warnings"]].concat())
}

/// Those of `banned` that are in the dependency tree of what `selected` says.
fn in_tree(selected: &[&str], banned: &[&str]) -> Result<Vec<String>, String> {
    let tree = Command::new("cargo")
        .args(["tree", "--locked", "--prefix", "none", "--format", "{p}"])
        .args(selected)
        .current_dir(tree::root())
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !tree.status.success() {
        return Err(String::from_utf8_lossy(&tree.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&tree.stdout);
    let is_banned = |line: &&str| line.split(' ').next().is_some_and(|name| banned.contains(&name));
    let mut found: Vec<String> = text.lines().filter(is_banned).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    Ok(found)
}

pub(super) fn scripts() -> Checked {
    let mut findings = Vec::new();
    for script in shell_scripts()? {
        if let Outcome::Failed(found) = command("bash", &["-n", &script])? {
            findings.extend(found);
        }
    }
    Ok(Outcome::from_findings(findings))
}

pub(super) fn shellcheck() -> Checked {
    if !is_installed("shellcheck") {
        return Ok(Outcome::Skipped("shellcheck is not installed (Debian package shellcheck)".to_owned()));
    }
    let scripts = shell_scripts()?;
    let mut arguments = vec!["--external-sources"];
    arguments.extend(scripts.iter().map(String::as_str));
    command("shellcheck", &arguments)
}

/// Licences, bans and sources of deny.toml. Advisories need a database that is fetched, so they are left out.
pub(super) fn deny() -> Checked {
    let cached = std::env::var("DATABASES_CACHE").map(|cache| PathBuf::from(cache).join("bin/cargo-deny"));
    let program = match cached {
        Ok(path) if path.exists() => path.display().to_string(),
        _ => "cargo-deny".to_owned(),
    };
    if !is_installed(&program) {
        let how = "cargo-deny is not installed (cargo install cargo-deny --locked takes some minutes)";
        return Ok(Outcome::Skipped(how.to_owned()));
    }
    // It reads the manifests of every platform's dependencies; a build has fetched those of this one.
    if let Outcome::Failed(why) = command("cargo", &["fetch", "--locked", "--quiet"])? {
        return Ok(Outcome::Failed(why));
    }
    command(&program, &["--offline", "--locked", "check", "bans", "licenses", "sources"])
}
