//! Processes of this machine, for a kubelet that is played.

use std::path::Path;
use std::process::{Command, Stdio};

/// A command of the user that PostgreSQL runs as; root is none.
pub(super) fn as_postgres() -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    command
}

pub(super) fn give(folders: &[&Path]) {
    let given = Command::new("chown").arg("postgres:postgres").args(folders).status();
    assert!(given.is_ok_and(|status| status.success()), "folders can be given away");
}

/// Root's, and read by PostgreSQL's group alone, as files of a Secret are in a pod.
pub(super) fn show_to_postgres(file: &Path) {
    for (program, how) in [("chgrp", "postgres"), ("chmod", "0440")] {
        let given = Command::new(program).arg(how).arg(file).status();
        assert!(given.is_ok_and(|status| status.success()), "a file can be shown");
    }
}

pub(super) fn signal(which: &str, process: u32) {
    let _ = Command::new("kill").args([which, &process.to_string()]).stderr(Stdio::null()).status();
}

/// Ends a process and all that it started, at once.
pub(super) fn kill_all(process: u32) {
    signal("-STOP", process);
    let listed = Command::new("pgrep").args(["-P", &process.to_string()]).output().expect("pgrep");
    for child in String::from_utf8_lossy(&listed.stdout).lines().filter_map(|line| line.parse().ok()) {
        kill_all(child);
    }
    signal("-KILL", process);
}
