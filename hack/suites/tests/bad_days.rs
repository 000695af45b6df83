//! What a person is told when the machine is not as it should be: one sentence, and a bad exit.

use std::net::TcpListener;
use std::path::Path;

use hyper::Method;
use quickstart::server::{Launch, Server};
use suites::http::Http;
use suites::instance::{applied, class, namespace};
use suites::programs;
use suites::sandbox::free_port;
use suites::wait::until;
use suites::{Etcd, Sandbox};
use tokio::io::AsyncWriteExt;

async fn refusal(sandbox: &Sandbox) -> String {
    refused(&sandbox.launch).await
}

/// The server must end by itself; gives the last line it said.
async fn refused(launch: &Launch) -> String {
    let mut server = Server::spawn(launch).expect("the server starts");
    let ended = tokio::time::timeout(suites::wait::DEADLINE, server.exited()).await;
    ended.expect("the server gives up").to_string()
}

/// The files of a data directory that lead to who serves there, and what they say.
fn files(data_dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for folder in [data_dir.to_owned(), data_dir.join("pki")] {
        for entry in
            std::fs::read_dir(folder).expect("a folder").flatten().filter(|entry| entry.path().is_file())
        {
            let name = entry.path().display().to_string();
            // What the server writes on, and what the tests keep of what it says.
            if !name.ends_with("store.redb") && !name.ends_with(".log") {
                found.push((name, std::fs::read(entry.path()).expect("a file")));
            }
        }
    }
    found.sort();
    found
}

/// One sentence, that names what is wrong.
fn check(said: &str, names: &[&str]) {
    for name in names {
        assert!(said.contains(name), "{said:?} does not name {name:?}");
    }
    assert!(!said.contains("panicked"), "{said:?}");
    assert!(!said.trim().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named() {
    let Some(sandbox) = Sandbox::new() else { return };
    let _taken = TcpListener::bind(("127.0.0.1", sandbox.launch.port)).expect("the port is free");
    check(&refusal(&sandbox).await, &[&sandbox.launch.port.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_that_cannot_be_one_is_named() {
    let Some(mut sandbox) = Sandbox::new() else { return };
    let file = sandbox.folder().join("file");
    std::fs::write(&file, "a file").expect("a file");
    sandbox.launch.data_dir = file.join("data");
    let named = sandbox.launch.data_dir.display().to_string();
    let said = refusal(&sandbox).await;
    check(&said, &[file.to_str().unwrap_or(&named)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_data_directory_is_named() {
    let Some(mut sandbox) = Sandbox::new() else { return };
    // Nobody can make a folder there, root included.
    sandbox.launch.data_dir = "/sys/databases-standard".into();
    check(&refusal(&sandbox).await, &["/sys/databases-standard"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_folder_is_refused() {
    let Some(mut sandbox) = Sandbox::new() else { return };
    let client = sandbox.start().await;
    let written = files(&sandbox.launch.data_dir);
    for storage in ["redb", "memory"] {
        let flags = ["--storage", storage].map(str::to_owned).to_vec();
        let second = Launch { port: free_port(), flags, ..sandbox.launch.clone() };
        check(&refused(&second).await, &[second.data_dir.to_str().unwrap_or_default(), "another server"]);
        assert!(written == files(&second.data_dir), "{storage}: nothing is another's in the folder");
    }
    client.read("/api/v1/namespaces").await.expect("the first server is unharmed");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgresql_the_class_says_what_to_install() {
    let Some(sandbox) = Sandbox::new() else { return };
    let mut sandbox = sandbox.with_flags(["--postgresql-dir", "/nowhere"]);
    let client = sandbox.start().await;
    let path = applied(&client, &class()).await;
    let said = until("the class says why it is not accepted", async || {
        let object = client.read(&path).await.ok()?;
        let conditions = object["status"]["conditions"].as_array()?;
        let accepted = conditions.iter().find(|condition| condition["type"] == "Accepted")?;
        if accepted["status"] != "False" {
            return None;
        }
        accepted["message"].as_str().map(str::to_owned)
    })
    .await;
    check(&said, &["install", "postgresql"]);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_of_etcd_that_cannot_be_used_is_named() {
    const PLAIN: &str = "http://127.0.0.1:2379";
    for (url, flag, value, named, instead) in [
        ("ftp://127.0.0.1:2379", "--etcd-prefix", "/a", "--etcd-servers", "write http://host:port"),
        ("127.0.0.1", "--etcd-prefix", "/a", "--etcd-servers", "write http://host:port"),
        ("http://127.0.0.1:99999", "--etcd-prefix", "/a", "--etcd-servers", "write http://host:port"),
        ("https://127.0.0.1:2379", "--etcd-prefix", "/a", "--etcd-cafile", "name its file"),
        (PLAIN, "--etcd-prefix", "noslash", "--etcd-prefix", "must begin with /"),
        (PLAIN, "--etcd-cafile", "/nowhere/ca.crt", "--etcd-cafile", "No such file"),
    ] {
        let Some(sandbox) = Sandbox::new() else { return };
        let sandbox = sandbox.with_flags(["--storage", "etcd", "--etcd-servers", url, flag, value]);
        let wrong = if flag == named { value } else { url };
        check(&refusal(&sandbox).await, &[named, wrong, instead]);
    }
}

#[test]
fn a_negative_number_is_the_fault_of_its_flag() {
    let Some(sandbox) = Sandbox::new() else { return };
    let mut server = std::process::Command::new(&sandbox.launch.program);
    server.arg("standalone").arg("--data-dir").arg(&sandbox.launch.data_dir).args(["--drain-seconds", "-1"]);
    let output = server.output().expect("the server runs");
    check(&String::from_utf8_lossy(&output.stderr), &["invalid value '-1'", "--drain-seconds"]);
    assert!(!output.status.success());
}

/// Waits until `/readyz` says all of this about the store.
async fn unready(http: &Http, names: &[&str]) {
    let what = format!("the server says {names:?}");
    until(&what, async || {
        let answer = http.get("/readyz", &[]).await;
        let said = answer.text();
        (answer.status == 500 && names.iter().all(|name| said.contains(name))).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_in_etcds_place_is_named_and_etcd_waited_for() {
    let Some(sandbox) = Sandbox::new() else { return };
    let folder = sandbox.folder().to_owned();
    let stranger = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = stranger.local_addr().expect("an address").port();
    let url = format!("http://127.0.0.1:{port}");
    let mut sandbox = sandbox.with_flags(["--storage", "etcd", "--etcd-servers", &url]);
    sandbox.start_unready().await;
    let http = Http::of(&sandbox.launch.kubeconfig());
    // Nobody takes the connections that the system makes.
    unready(&http, &[&url, "nobody says a word"]).await;
    let greeting = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = stranger.accept().await {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await;
            kept.push(stream);
        }
    });
    unready(&http, &[&url, "an SSH server answers (SSH-2.0-OpenSSH_9.2), and no etcd"]).await;
    greeting.abort();
    let _ = greeting.await;
    let log = std::fs::read_to_string(sandbox.launch.log()).expect("the log");
    check(&log, &["nobody says a word", "an SSH server answers", "the store is not there yet"]);
    let Some(_etcd) = Etcd::start_at(&folder, port).await else { return };
    until("the server is ready", async || (http.get("/readyz", &[]).await.status == 200).then_some(())).await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_waits_for_an_etcd_that_comes_later() {
    let Some(sandbox) = Sandbox::new() else { return };
    let (folder, port) = (sandbox.folder().to_owned(), free_port());
    let url = format!("http://127.0.0.1:{port}");
    let mut sandbox = sandbox.with_flags(["--storage", "etcd", "--etcd-servers", &url]);
    let client = sandbox.start_unready().await;
    let http = Http::of(&sandbox.launch.kubeconfig());
    assert_eq!(http.get("/livez", &[]).await.status, 200);
    let unready = http.get("/readyz", &[]).await;
    assert_eq!(unready.status, 500);
    check(&unready.text(), &["[-]storage failed: the store is not there yet", "readyz check failed"]);
    let objects = "/apis/databases.standard.k8s.io/v1/databaseclasses";
    for path in
        [objects.to_owned(), format!("{objects}?resourceVersion=0"), format!("{objects}/a?resourceVersion=0")]
    {
        let refused = http.get(&path, &[]).await;
        refused.refused(429, "TooManyRequests");
        assert_eq!(refused.header("retry-after"), "1", "{path}");
    }
    let json = [("content-type", "application/json")];
    let refused = http.send(Method::POST, objects, &json, class().to_string()).await;
    refused.refused(429, "TooManyRequests");

    let Some(_etcd) = Etcd::start_at(&folder, port).await else { return };
    until("the server is ready", async || {
        (client.get("/readyz").await.ok()?.status.as_u16() == 200).then_some(())
    })
    .await;
    applied(&client, &class()).await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_etcd_never_comes_ends_when_it_is_asked_to() {
    let Some(sandbox) = Sandbox::new() else { return };
    let url = format!("http://127.0.0.1:{}", free_port());
    let mut sandbox = sandbox.with_flags(["--storage", "etcd", "--etcd-servers", &url]);
    sandbox.start_unready().await;
    unready(&Http::of(&sandbox.launch.kubeconfig()), &[&url, "refused"]).await;
    sandbox.stop().await;
    let log = std::fs::read_to_string(sandbox.launch.log()).expect("the log");
    check(&log, &["the store is not there yet", "the server ends signal=\"SIGTERM\""]);
    assert!(!log.contains("serving"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_etcd_makes_the_server_unready_and_loses_nothing() {
    let Some(sandbox) = Sandbox::new() else { return };
    let folder = sandbox.folder().to_owned();
    let Some(etcd) = Etcd::start(&folder).await else { return };
    let mut sandbox = sandbox.with_flags(["--storage", "etcd", "--etcd-servers", &etcd.url]);
    let client = sandbox.start().await;
    applied(&client, &namespace()).await;
    drop(etcd);
    until("the server says that it is not ready", async || {
        let answer = client.get("/readyz").await.ok()?;
        (answer.status.as_u16() != 200).then_some(())
    })
    .await;
    let alive = client.get("/livez").await.expect("an answer");
    assert_eq!(alive.status.as_u16(), 200, "restarting the server would not help");
    sandbox.stop().await;
}

/// A full disk that the log lies on, and standard error that is closed.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_stops_nothing() {
    for redirection in ["2>/dev/full", "2>&-"] {
        let Some(sandbox) = Sandbox::new() else { return };
        let mut sandbox = sandbox.with_flags(["--log", "debug"]);
        let (written, wrapped) = (sandbox.folder().join("server.sh"), sandbox.folder().join("server"));
        let script = format!("#!/bin/sh\nexec {} \"$@\" {redirection}\n", sandbox.launch.program.display());
        std::fs::write(&written, script).expect("a script");
        programs::install(&written, &wrapped).await;
        sandbox.launch.program = wrapped;
        let client = sandbox.start().await;
        applied(&client, &namespace()).await;
        applied(&client, &class()).await;
        assert_eq!(client.get("/readyz").await.expect("an answer").status.as_u16(), 200, "{redirection}");
        sandbox.stop().await;
    }
}
