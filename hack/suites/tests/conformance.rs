//! The command `conformance` against the class of this machine, as a person runs it.

use std::process::{ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use suites::Sandbox;
use suites::instance::{NAMESPACE, prepare, started};
use suites::programs::checkout;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

fn command(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = Command::new(&sandbox.launch.program);
    command.arg("conformance").args(["--kubeconfig".as_ref(), sandbox.launch.kubeconfig().as_os_str()]);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn finished(mut child: Child) -> (ExitStatus, String) {
    let (mut out, mut err) = (String::new(), String::new());
    let (mut stdout, mut stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    let (read, complained) = tokio::join!(stdout.read_to_string(&mut out), stderr.read_to_string(&mut err));
    read.and(complained).expect("what it prints is text");
    (child.wait().await.expect("it ends"), out + &err)
}

async fn run(sandbox: &Sandbox, arguments: &[&str]) -> (Option<i32>, String) {
    let (status, text) = finished(command(sandbox, arguments).spawn().expect("it starts")).await;
    (status.code(), text)
}

/// A report without what changes by itself.
fn settled(text: &str) -> Value {
    let mut report: Value = serde_saphyr::from_str(text).expect("the report is YAML");
    for key in ["date", "kubernetesVersion", "serverVersion", "conformanceVersion", "engine"] {
        assert!(!report[key].is_null(), "{key}");
        report[key] = Value::Null;
    }
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn the_class_of_this_machine_is_as_its_report_says() {
    let Some((sandbox, client)) = started().await else { return };
    prepare(&client).await;
    let path = sandbox.folder().join("report.yaml");
    let report = path.to_str().expect("a path of text");
    let (code, text) = run(&sandbox, &["--class", "local", "--report", report]).await;
    println!("{text}");
    assert_eq!(code, Some(0), "{text}");
    let left = client.read("/apis/databases.standard.k8s.io/v1/postgresqls").await.expect("a list");
    assert_eq!(left["items"], Value::Array(Vec::new()), "what was made is removed");
    assert!(sandbox.postmasters().is_empty(), "nothing runs any more");
    let (made, kept) =
        (std::fs::read_to_string(&path).expect("a report"), checkout().join("api/conformance/local.yaml"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return std::fs::write(kept, made).expect("the report can be written");
    }
    let kept = std::fs::read_to_string(kept).expect("the report that is committed");
    assert_eq!(
        settled(&made),
        settled(&kept),
        "UPDATE_GOLDEN=1 writes the report; then the table of api/README.md"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_tested_is_said_in_a_sentence() {
    let Some((sandbox, client)) = started().await else { return };
    prepare(&client).await;
    let (code, text) = run(&sandbox, &["--class", "missing"]).await;
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("databaseclasses.databases.standard.k8s.io \"missing\" not found"), "{text}");
    let (code, text) = run(&sandbox, &["--class", "local", "--only", "Nonsense"]).await;
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("there is no test Nonsense"), "{text}");
    let (code, text) = run(&sandbox, &["--class", "local", "--kubeconfig", "/nowhere"]).await;
    assert_eq!(code, Some(2), "{text}");
    let (code, text) = run(&sandbox, &["--list"]).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("ReplicasFollow [PostgreSQLReplicas]"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_leaves_nothing_behind() {
    let Some((sandbox, client)) = started().await else { return };
    prepare(&client).await;
    let tests = "TheBindingConnects,StopKeepsRows,RestartRestarts,ScaleToZeroStops";
    let arguments = ["--class", "local", "--namespace", NAMESPACE, "--only", tests];
    let mut child = command(&sandbox, &arguments).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    while let Some(line) = lines.next_line().await.expect("text") {
        if line.contains("TheBindingConnects") {
            break;
        }
    }
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).expect("it runs");
    kill(Pid::from_raw(pid), Signal::SIGINT).expect("a signal");
    let mut rest = String::new();
    while let Some(line) = lines.next_line().await.expect("text") {
        rest.push_str(&line);
    }
    let status = child.wait().await.expect("it ends");
    assert_eq!(status.code(), Some(1), "{rest}");
    let path = format!("/apis/databases.standard.k8s.io/v1/namespaces/{NAMESPACE}/postgresqls");
    let left = client.read(&path).await.expect("a list");
    assert_eq!(left["items"], Value::Array(Vec::new()), "{rest}");
    assert!(sandbox.postmasters().is_empty(), "nothing runs any more");
    let namespace = client.get(&format!("/api/v1/namespaces/{NAMESPACE}")).await.expect("an answer");
    assert_eq!(namespace.status, 200, "a namespace that was there stays");
}
