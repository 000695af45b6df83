//! Line 15d: the official Python client.

use suites::programs;
use tokio::process::Command;

use crate::target::Target;

/// Runs the program, and reports each of its checks.
pub(crate) async fn client(target: &Target) {
    target.told_by(&mut program(target)).await;
}

fn program(target: &Target) -> Command {
    let kind = target.kind;
    let mut program = Command::new(programs::python().expect("the Python client is installed"));
    program
        .arg(programs::checkout().join("hack/tools/python/clients.py"))
        .arg("--kubeconfig")
        .arg(&target.kubeconfig)
        .args(["--namespace", &target.namespace, "--group", kind.group, "--version", kind.version])
        .args(["--plural", kind.plural, "--kind", kind.kind, "--spec", kind.spec, "--change", kind.change])
        .args(kind.has_status.then_some("--status"))
        .args(kind.has_scale.then_some("--scale"))
        .env("HOME", target.cluster.folder())
        // The checkout stays as it is.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    program
}
