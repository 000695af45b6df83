//! Upstream's kubectl, run as a person runs it: at the top of the checkout.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use crate::programs::{self, skipped};
use crate::sandbox::Sandbox;

const LIMIT: Duration = Duration::from_secs(90);

/// A kubectl bound to one server.
#[derive(Clone)]
pub struct Kubectl {
    program: PathBuf,
    before: Vec<OsString>,
    kubeconfig: PathBuf,
    home: PathBuf,
    environment: Vec<(String, OsString)>,
}

/// What a command printed, and how it ended.
pub struct Output {
    /// Its stdout, then its stderr.
    pub text: String,
    /// Its stdout alone.
    pub stdout: String,
    /// The exit code.
    pub code: i32,
}

impl Kubectl {
    /// The kubectl of a sandbox; `None` (and said so) when there is none.
    pub fn of(sandbox: &Sandbox) -> Option<Self> {
        Self::at(sandbox.launch.kubeconfig(), sandbox.folder().to_owned())
    }

    /// The kubectl of a kubeconfig, with `home` for what it caches; `None` (and said so) when there is none.
    pub fn at(kubeconfig: PathBuf, home: PathBuf) -> Option<Self> {
        let Some(program) = programs::kubectl() else {
            skipped("kubectl is not built (hack/lib/kubectl.sh)");
            return None;
        };
        Some(Self { program, before: Vec::new(), kubeconfig, home, environment: Vec::new() })
    }

    /// The same run by another program, whose last argument is this kubectl.
    #[must_use]
    pub fn through(mut self, program: PathBuf, mut arguments: Vec<OsString>) -> Self {
        arguments.push(std::mem::replace(&mut self.program, program).into());
        self.before = arguments;
        self
    }

    /// Sets a variable for the commands that follow.
    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.push((name.to_owned(), value.into()));
    }

    /// Runs `kubectl ARGUMENTS…`, written as one would type them without quotes.
    pub async fn run(&self, arguments: &str) -> Output {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        self.execute(&arguments, "").await
    }

    /// Runs a command with text on its stdin.
    pub async fn execute(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(&self.program);
        command
            .args(&self.before)
            .args(arguments)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HOME", &self.home)
            .env("KUBECTL_KUBERC", "false")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(programs::checkout())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().expect("kubectl starts");
        if let Some(mut stdin) = child.stdin.take() {
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        let ended = timeout(LIMIT, child.wait_with_output()).await;
        let output =
            ended.unwrap_or_else(|_| panic!("kubectl {arguments:?} did not end")).expect("kubectl runs");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let text = format!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
        Output { text, stdout, code: output.status.code().unwrap_or(-1) }
    }
}
