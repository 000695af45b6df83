//! Line 15d: the official Python client.

use suites::programs;
use suites::wait::DEADLINE;
use tokio::process::Command;
use tokio::time::timeout;

use crate::target::Target;

pub(crate) async fn client(target: &Target) {
    let python = programs::python().expect("the Python client is installed");
    let program = programs::checkout().join("hack/tools/python/clients.py");
    let kind = target.kind;
    let ended = Command::new(python)
        .arg(program)
        .arg("--kubeconfig")
        .arg(&target.kubeconfig)
        .args(["--namespace", &target.namespace, "--group", kind.group, "--version", kind.version])
        .args(["--plural", kind.plural, "--kind", kind.kind, "--spec", kind.spec, "--change", kind.change])
        .env("HOME", target.cluster.folder())
        .kill_on_drop(true)
        .output();
    let output = timeout(DEADLINE, ended).await.expect("it ends").expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let held = text(&output.stdout).lines().count();
    assert!(held >= 10, "only {held} checks ran");
}
