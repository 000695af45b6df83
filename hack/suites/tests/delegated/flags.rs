//! Flags say whom to believe, in place of what the cluster publishes.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use controlplane::databases::DatabasesServer;
use controlplane::pki::{Authority, Pair};
use controlplane::process::free_port;
use suites::http::Http;
use suites::wait::until;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::setup::{Setup, program, read, stranger};

const METRICS: &str = "/metrics";

/// Authorities of our own, in files that flags name.
struct Own {
    clients: Authority,
    fronts: Authority,
}

impl Own {
    fn new() -> Self {
        let authority = |name| Authority::new(name).expect("an authority");
        Own { clients: authority("own-clients"), fronts: authority("own-fronts") }
    }

    fn files(setup: &Setup) -> [PathBuf; 2] {
        ["own-clients.crt", "own-fronts.crt"].map(|name| setup.cluster.pki.file(name))
    }

    fn write(&self, setup: &Setup) {
        let [clients, fronts] = Own::files(setup);
        std::fs::write(clients, self.clients.pem()).expect("a file");
        std::fs::write(fronts, self.fronts.pem()).expect("a file");
    }

    fn admin(&self) -> Pair {
        self.clients.client("admin", &["system:masters"]).expect("a certificate")
    }

    fn proxy(&self, name: &str) -> Pair {
        self.fronts.client(name, &[]).expect("a certificate")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_flags_name_counts_and_is_read_again() {
    let (Some(mut setup), Some(program)) = (Setup::start().await, program()) else { return };
    let cluster_admin =
        setup.cluster.pki.clients.client("admin", &["system:masters"]).expect("a certificate");
    setup.nobody().get(METRICS, &[]).await.refused(403, "Forbidden");
    let own = Own::new();
    own.write(&setup);
    let [clients, fronts] = Own::files(&setup);
    let flags = vec![
        format!("--client-ca-file={}", clients.display()),
        format!("--requestheader-client-ca-file={}", fronts.display()),
        "--requestheader-allowed-names=own-proxy".to_owned(),
        "--requestheader-username-headers=X-Who".to_owned(),
        "--requestheader-group-headers=x-belongs-to".to_owned(),
        "--authorization-always-allow-paths=/livez,/readyz,/metrics".to_owned(),
        "--authorization-webhook-cache-authorized-ttl=0s".to_owned(),
    ];
    let port = free_port().expect("a port");
    let server = DatabasesServer::spawn_with(&setup.cluster, &program, "own-authority", port, flags).await;
    setup.server = server.expect("it starts");
    let (admin, nobody) = (setup.with("own", &own.admin()), setup.nobody());
    // Before it is ready, a refusal asks to come again.
    until("it is ready", async || {
        let reply = nobody.attempt(hyper::Method::GET, "/readyz", &[], "").await.ok()?;
        (reply.status == 200).then_some(())
    })
    .await;
    read(&admin, &[]).await.expect(200);
    read(&setup.with("old", &cluster_admin), &[]).await.refused(401, "Unauthorized");

    let (front, misnamed) =
        (setup.with("front", &own.proxy("own-proxy")), setup.with("misnamed", &own.proxy("somebody")));
    let ada = [("x-who", "ada"), ("x-belongs-to", "system:masters")];
    read(&front, &ada).await.expect(200);
    assert_eq!(stranger(&read(&front, &ada[..1]).await), "ada");
    read(&misnamed, &ada).await.refused(401, "Unauthorized");
    read(&front, &[("x-remote-user", "ada")]).await.refused(401, "Unauthorized");

    assert_eq!(nobody.get(METRICS, &[]).await.status, 200);

    let renewed = Own::new();
    renewed.write(&setup);
    let (new_admin, new_front) =
        (setup.with("new", &renewed.admin()), setup.with("new-front", &renewed.proxy("own-proxy")));
    until("the renewed authorities are believed", async || {
        let admin = read(&new_admin, &[]).await.status == 200;
        (admin && read(&new_front, &ada).await.status == 200).then_some(())
    })
    .await;
    read(&admin, &[]).await.refused(401, "Unauthorized");
    read(&front, &ada).await.refused(401, "Unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_know_whom_to_believe_does_not_serve() {
    let Some(setup) = Setup::start().await else { return };
    let kubeconfig = setup.cluster.kubeconfig_of("nobody", &[]).expect("a kubeconfig");
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port().expect("a port");
    let Some(program) = program() else { return };
    let serve = || {
        let mut command = Command::new(&program);
        command
            .args(["serve", &format!("--secure-port={port}")])
            .arg(format!("--kubeconfig={}", kubeconfig.display()))
            .arg(format!("--data-dir={}", folder.path().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    };
    let mut ended = serve().spawn().expect("it starts");
    let mut said = String::new();
    let mut errors = ended.stderr.take().expect("its errors");
    let end = async { (errors.read_to_string(&mut said).await, ended.wait().await.expect("it ends")) };
    let (_, status) = tokio::time::timeout(Duration::from_secs(60), end).await.expect("it ends soon");
    assert_eq!(status.code(), Some(1), "{said}");
    // What else runs may log until the very end.
    let advice = said.lines().find(|line| line.starts_with("databases-apiserver: ")).unwrap_or_default();
    assert!(advice.contains("Role extension-apiserver-authentication-reader"), "{said}");

    let mut command = serve();
    let _serving = command
        .arg("--authentication-tolerate-lookup-failure")
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let client = Http::of(&folder.path().join("kubeconfig"));
    until("it does without", async || {
        let reply = client.attempt(hyper::Method::GET, "/readyz?verbose", &[], "").await.ok()?;
        reply.text().contains("[+]poststarthook/authentication ok").then_some(())
    })
    .await;
}
