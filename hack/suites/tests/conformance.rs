//! The command `conformance` against the class of this machine, one of a server that is there already, and those of the example
//! backends, as a person runs it.

use std::process::{ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use quickstart::client::Client;
use quickstart::{manifests, wait};
use serde_json::{Value, json};
use suites::Sandbox;
use suites::instance::{NAMESPACE, READY, applied, class, namespace, prepare, retained, started};
use suites::programs::{self, checkout, skipped};
use suites::stranger::{self, Program, Servers};
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

/// Nothing that a class claims fails, and its report is the one that is committed; what the run said.
async fn is_as_reported(sandbox: &Sandbox, client: &Client, class: &str) -> String {
    let path = sandbox.folder().join("report.yaml");
    let (code, text) = run(sandbox, &["--class", class, "--report", path.to_str().expect("text")]).await;
    println!("{text}");
    assert_eq!(code, Some(0), "{text}");
    let left = client.read("/apis/databases.standard.k8s.io/v1/postgresqls").await.expect("a list");
    let left = left["items"].as_array().expect("items").iter().map(|object| &object["metadata"]["name"]);
    let made = |name: &&Value| name.as_str().is_some_and(|name| name.starts_with("conformance-"));
    assert_eq!(left.filter(made).count(), 0, "what was made is removed");
    let made = std::fs::read_to_string(&path).expect("a report");
    let kept = checkout().join(format!("api/conformance/{class}.yaml"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(kept, made).expect("the report can be written");
        return text;
    }
    let kept = std::fs::read_to_string(kept).expect("the report that is committed");
    assert_eq!(
        settled(&made),
        settled(&kept),
        "UPDATE_GOLDEN=1 writes the report; then the table of api/README.md"
    );
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_class_of_this_machine_is_as_its_report_says() {
    let Some((sandbox, client)) = started().await else { return };
    prepare(&client).await;
    let said = is_as_reported(&sandbox, &client, "local").await;
    assert!(sandbox.postmasters().is_empty(), "nothing runs any more");
    assert!(!said.contains("left behind"), "{said}");
    let (done, listed) = retained(&sandbox, &[]).await;
    assert!(done && listed.lines().count() == 1, "nothing is kept: {listed}");
}

/// Waits until a class is accepted.
async fn accepted(client: &Client, name: &str) {
    let path = format!("/apis/databases.standard.k8s.io/v1/databaseclasses/{name}");
    wait::condition(client, &path, "Accepted", READY, |_| {}).await.expect("the class is accepted");
}

/// The class of a program of its own, once it is accepted.
async fn of_program(client: &Client, name: &str, controller: &str) {
    let mut stranger = class();
    stranger["metadata"]["name"] = name.into();
    stranger["spec"] = json!({ "controllerName": controller });
    applied(client, &stranger).await;
    accepted(client, name).await;
}

/// `deploy/examples/external`, with the login that it describes on a server that one of this machine's databases stands for.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_there_already_is_as_its_report_says() {
    let Some((sandbox, client)) = started().await else { return };
    applied(&client, &namespace()).await;
    let administrator = stranger::administrator(&client).await;
    let session = administrator.connect().await.expect("the administrator connects");
    let steward = "CREATE ROLE steward LOGIN CREATEROLE CREATEDB PASSWORD 'change-me'";
    session.batch_execute(steward).await.expect("a login that may make roles and databases");
    for mut manifest in manifests::read(&checkout().join("deploy/examples/external")).expect("an example") {
        if manifest["kind"] == "Secret" {
            manifest["stringData"]["host"] = administrator.host.as_str().into();
            manifest["stringData"]["port"] = administrator.port.to_string().into();
            manifest["stringData"]["sslmode"] = "prefer".into();
        } else {
            manifest["metadata"]["name"] = "external".into();
        }
        applied(&client, &manifest).await;
    }
    accepted(&client, "external").await;
    let said = is_as_reported(&sandbox, &client, "external").await;
    assert!(said.contains("left behind: the data of conformance-retain-"), "{said}");
    let left = "SELECT count(*)::text FROM pg_database WHERE datname LIKE 'app%'";
    assert_eq!(administrator.query(left).await.expect("an answer"), "2", "its own, and what Retain kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_in_python_is_as_its_report_says() {
    if programs::backend_python().is_none() {
        return skipped("what the Python example needs is not installed (hack/lib/backend-python.sh)");
    }
    let controller = "shared.example.com/postgresql";
    let Some((sandbox, client, folder)) = stranger::server(controller).await else { return };
    let administrator = stranger::administrator(&client).await;
    let _program = Program::start(&mut stranger::python(&folder, &administrator));
    of_program(&client, "python-example", controller).await;
    is_as_reported(&sandbox, &client, "python-example").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_in_go_is_as_its_report_says() {
    let Some(built) = programs::backend_go() else {
        return skipped("the Go example is not built (hack/lib/backend-go.sh)");
    };
    let controller = "servers.example.com/postgresql";
    let Some((sandbox, client, folder)) = stranger::server(controller).await else { return };
    let program = folder.join("program");
    std::fs::copy(built, &program).expect("the program is copied");
    let _servers = Servers(folder.join("servers"));
    let _program = Program::start(&mut stranger::go(&folder, &program));
    of_program(&client, "go-example", controller).await;
    is_as_reported(&sandbox, &client, "go-example").await;
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
