//! `hack/up`, as a person runs it.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use hyper::{Method, StatusCode};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, chown, geteuid};
use quickstart::client::Client;
use quickstart::database::Credentials;
use serde_json::json;
use suites::Sandbox;
use suites::instance::{NAMESPACE, credentials};
use suites::programs::{checkout, has_postgresql, install, quickstart, skipped};
use suites::sandbox::free_port;
use suites::wait::until;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(300);

fn sandbox() -> Option<Sandbox> {
    if !has_postgresql() {
        skipped("PostgreSQL is not installed (Debian package postgresql)");
        return None;
    }
    Sandbox::new()
}

/// `hack/up` with this sandbox's folder and port. It builds the server that `hack/test` built, for the other suites run it.
fn up(sandbox: &Sandbox) -> Command {
    let mut command = Command::new(checkout().join("hack/up"));
    command
        .arg("--release")
        .arg("--data-dir")
        .arg(&sandbox.launch.data_dir)
        .args(["--port", &sandbox.launch.port.to_string()])
        .env("DATABASES_FEATURES", "databases-apiserver/etcd")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn ended(mut command: Command) -> Output {
    let output = timeout(LIMIT, command.output()).await.expect("hack/up ends");
    output.expect("hack/up runs")
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// A serving `hack/up`, once it has said how to go on.
async fn serving(sandbox: &Sandbox) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut child = up(sandbox).stderr(Stdio::null()).spawn().expect("hack/up runs");
    let mut lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
    let invited = async {
        while let Some(line) = lines.next_line().await.expect("lines") {
            if line.contains("Ctrl-C stops") {
                return;
            }
        }
        panic!("hack/up ended before it was ready");
    };
    timeout(LIMIT, invited).await.expect("hack/up becomes ready");
    (child, lines)
}

async fn interrupt(mut child: Child, signal: Signal) {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).expect("it runs");
    kill(Pid::from_raw(pid), signal).expect("it takes signals");
    let status = timeout(LIMIT, child.wait()).await.expect("it ends").expect("an exit code");
    assert!(status.success(), "{signal}: {status}");
}

async fn wiki(sandbox: &Sandbox) -> Credentials {
    let client = Client::from_kubeconfig(&sandbox.launch.kubeconfig()).expect("a kubeconfig");
    let path = format!("/apis/databases.standard.k8s.io/v1/namespaces/{NAMESPACE}/postgresqls/wiki");
    credentials(&client, &client.read(&path).await.expect("the example")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_checks_run_side_by_side_and_leave_nothing_running() {
    let (Some(left), Some(right)) = (sandbox(), sandbox()) else { return };
    let (mut first, mut second) = (up(&left), up(&right));
    first.arg("--check");
    second.arg("--check");
    let (first, second) = tokio::join!(ended(first), ended(second));
    for (output, sandbox) in [(first, &left), (second, &right)] {
        let (printed, complained) = texts(&output);
        assert!(output.status.success(), "{printed}\n{complained}");
        assert!(printed.contains("PostgreSQL 1"), "no proof in:\n{printed}");
        assert_eq!(sandbox.postmasters(), [0; 0], "nothing is left running");
        let log = std::fs::metadata(sandbox.launch.log()).expect("the log");
        assert_eq!(log.permissions().mode() & 0o777, 0o600, "it is its owner's alone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_everything_and_the_next_run_finds_the_same_data() {
    let Some(sandbox) = sandbox() else { return };
    let (child, _lines) = serving(&sandbox).await;
    let before = wiki(&sandbox).await;
    let session = before.connect().await.expect("a connection");
    session.batch_execute("CREATE TABLE pages AS SELECT 'front page'::text AS title").await.expect("a table");
    drop(session);
    interrupt(child, Signal::SIGINT).await;
    assert_eq!(sandbox.postmasters(), [0; 0], "nothing is left running");

    let (child, _lines) = serving(&sandbox).await;
    let after = wiki(&sandbox).await;
    assert_eq!(after.password, before.password, "the credentials are the same");
    assert_eq!(after.query("SELECT title FROM pages").await.expect("the table"), "front page");
    interrupt(child, Signal::SIGTERM).await;
    assert_eq!(sandbox.postmasters(), [0; 0], "nothing is left running");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_since_is_kept_and_a_stopped_database_is_no_obstacle() {
    let Some(sandbox) = sandbox() else { return };
    let path = format!("/apis/databases.standard.k8s.io/v1/namespaces/{NAMESPACE}/postgresqls/wiki");
    let (child, _lines) = serving(&sandbox).await;
    let client = Client::from_kubeconfig(&sandbox.launch.kubeconfig()).expect("a kubeconfig");
    let change = json!({"spec": {"state": "Stopped", "storage": {"size": "2Gi"}}});
    client
        .expect(Method::PATCH, &path, "application/merge-patch+json", &change)
        .await
        .expect("it is changed");
    interrupt(child, Signal::SIGINT).await;

    let (child, _lines) = serving(&sandbox).await;
    let client = Client::from_kubeconfig(&sandbox.launch.kubeconfig()).expect("a kubeconfig");
    let wiki = client.read(&path).await.expect("the object");
    assert_eq!(
        (&wiki["spec"]["state"], &wiki["spec"]["storage"]["size"]),
        (&json!("Stopped"), &json!("2Gi"))
    );
    interrupt(child, Signal::SIGINT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_not_made_again_and_no_log_is_lost() {
    let Some(sandbox) = sandbox() else { return };
    let log = || std::fs::read_to_string(sandbox.launch.log()).expect("the log");
    let path = format!("/apis/databases.standard.k8s.io/v1/namespaces/{NAMESPACE}/postgresqls/wiki");
    let (child, _lines) = serving(&sandbox).await;
    let client = Client::from_kubeconfig(&sandbox.launch.kubeconfig()).expect("a kubeconfig");
    let before = log();
    let (_, complained) = texts(&ended(up(&sandbox)).await);
    assert!(complained.contains("another server runs on the data directory"), "{complained}");
    assert!(!before.is_empty() && log().starts_with(&before), "the log of who runs there stays");
    client.expect(Method::DELETE, &path, "application/json", &json!({})).await.expect("it is deleted");
    interrupt(child, Signal::SIGINT).await;
    let before = log();

    let (child, _lines) = serving(&sandbox).await;
    let client = Client::from_kubeconfig(&sandbox.launch.kubeconfig()).expect("a kubeconfig");
    until("it is gone", async || {
        let status = client.get(&path).await.expect("an answer").status;
        (status == StatusCode::NOT_FOUND).then_some(())
    })
    .await;
    assert!(log().starts_with(&before), "the log of the run before stays");
    interrupt(child, Signal::SIGINT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_one_sentence_and_a_bad_exit() {
    let Some(sandbox) = sandbox() else { return };
    let _taken = TcpListener::bind(("127.0.0.1", sandbox.launch.port)).expect("the port is free");
    let mut command = up(&sandbox);
    command.arg("--check");
    let output = ended(command).await;
    let (_, complained) = texts(&output);
    assert!(!output.status.success());
    let last = complained.lines().last().unwrap_or_default();
    assert!(last.starts_with("hack/up: ") && last.contains(&sandbox.launch.port.to_string()), "{complained}");
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_mean_nothing_are_refused_at_once() {
    for arguments in [["--port", "99999"], ["--port", "http"], ["--data-dir", ""], ["--everything", "x"]] {
        let output =
            Command::new(checkout().join("hack/up")).args(arguments).output().await.expect("hack/up runs");
        let (_, complained) = texts(&output);
        assert!(!output.status.success() && complained.lines().count() == 1, "{arguments:?}: {complained}");
    }
}

/// Copies the built programs to where another user can read them.
async fn copies(to: &Path) -> Option<()> {
    let quickstart = quickstart()?;
    for name in ["quickstart", "databases-apiserver"] {
        install(&quickstart.with_file_name(name), &to.join(name)).await;
    }
    let examples = to.join("examples");
    std::fs::create_dir(&examples).ok()?;
    for entry in std::fs::read_dir(checkout().join("deploy/examples")).ok()?.flatten() {
        if entry.path().is_file() {
            std::fs::copy(entry.path(), examples.join(entry.file_name())).ok()?;
        }
    }
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_user_needs_no_root() {
    if !geteuid().is_root() {
        // Then every other test here is this test.
        return;
    }
    let Some(sandbox) = sandbox() else { return };
    let user = User::from_name("nobody").ok().flatten().expect("Debian has the user nobody");
    let folder = sandbox.folder();
    if copies(folder).await.is_none() {
        return skipped("quickstart is not built (cargo build --release)");
    }
    let home = folder.join("home");
    std::fs::create_dir(&home).expect("a folder");
    chown(&home, Some(user.uid), Some(user.gid)).expect("a folder of nobody's");
    let mut command = Command::new(folder.join("quickstart"));
    command
        .args(["--check", "--port", &free_port().to_string()])
        .arg("--server")
        .arg(folder.join("databases-apiserver"))
        .arg("--manifests")
        .arg(folder.join("examples"))
        .arg("--data-dir")
        .arg(home.join("data"))
        .uid(user.uid.as_raw())
        .gid(user.gid.as_raw())
        .current_dir(&home)
        .kill_on_drop(true);
    let output = ended(command).await;
    let (printed, complained) = texts(&output);
    assert!(output.status.success(), "{printed}\n{complained}");
}
