//! Being registered: available and not, while starting, and what that does to everybody else.

use std::path::{Path, PathBuf};
use std::time::Duration;

use controlplane::Aggregated;
use controlplane::databases::DatabasesServer;
use controlplane::process::{Process, free_port};
use controlplane::sample::SampleServer;
use hyper::Method;
use nix::sys::signal::Signal;
use quickstart::apply::apply;
use serde_json::{Value, json};
use suites::http::Http;
use suites::wait::{until, until_within};
use suites::{Cluster, programs};

use crate::clients::GoClient;
use crate::peers::{FLUNDER, POSTGRESQL, class, program};
use crate::target::{JSON, Kind};

/// The namespace controller asks again after a while that grows.
const NAMESPACE: Duration = Duration::from_secs(180);

/// What is started.
enum Which {
    Sample,
    Ours(PathBuf),
}

/// A server in a control plane of its own.
struct Registered {
    process: Process,
    registration: Aggregated<'static>,
    which: Which,
    host: Http,
    cluster: Cluster,
}

impl Which {
    /// Upstream's, which shows that the test is fair, and ours, if it can be aggregated.
    fn all() -> Vec<Self> {
        [Some(Self::Sample), program().map(Self::Ours)].into_iter().flatten().collect()
    }

    async fn spawn(&self, cluster: &Cluster, port: u16) -> (Process, Aggregated<'static>) {
        match self {
            Self::Sample => {
                let server = SampleServer::spawn(cluster, port).expect("it starts");
                let registration = server.registration();
                (server.process, registration)
            }
            Self::Ours(program) => {
                let server = DatabasesServer::spawn(cluster, program, "databases-apiserver", port).await;
                let server = server.expect("it starts");
                let registration = server.registration();
                (server.process, registration)
            }
        }
    }

    /// Starts and registers it; it need not be ready.
    async fn start(self) -> Option<Registered> {
        let cluster = Cluster::start().await?;
        let (process, registration) = self.spawn(&cluster, free_port().expect("a port")).await;
        let host = Http::of(&cluster.kubeconfig());
        cluster.register(&registration, &cluster.pki.serving.pem()).await.expect("it is registered");
        Some(Registered { process, registration, which: self, host, cluster })
    }
}

impl Registered {
    /// The preferred version.
    fn api(&self) -> String {
        format!("/apis/{}/{}", self.registration.group, self.registration.versions[0])
    }

    async fn available(&self) {
        self.cluster.available(&self.registration).await.expect("it becomes available");
    }

    /// Waits until a request through the aggregator is answered so.
    async fn answers(&self, status: u16) {
        until(&format!("it is answered {status}"), async || {
            (self.host.get(&self.api(), &[]).await.status == status).then_some(())
        })
        .await;
    }

    /// Waits until the APIService has this status; gives the reason.
    async fn becomes(&self, status: &str) -> String {
        let name = self.registration.api_services().next().expect("a version");
        let path = format!("/apis/apiregistration.k8s.io/v1/apiservices/{name}");
        until(&format!("{name} is Available={status}"), async || {
            let object = self.host.get(&path, &[]).await.expect(200);
            let condition = object["status"]["conditions"].as_array()?.first()?.clone();
            let reason = condition["reason"].as_str().unwrap_or_default();
            (condition["status"] == status).then(|| reason.to_owned())
        })
        .await
    }

    /// Starts it again, on the port of the one that was ended.
    async fn restart(&mut self) {
        until("the old process is gone", async || self.process.ended()).await;
        let (process, _) = self.which.spawn(&self.cluster, self.registration.port).await;
        self.process = process;
    }

    fn kind(&self) -> Kind {
        match self.which {
            Which::Sample => FLUNDER,
            Which::Ours(_) => POSTGRESQL,
        }
    }

    /// Creates an object in the namespace `default`.
    async fn create(&self, kind: Kind, name: &str) -> Value {
        let object = json!({
            "apiVersion": kind.api_version(), "kind": kind.kind,
            "metadata": {"name": name, "namespace": "default"},
            "spec": serde_json::from_str::<Value>(kind.spec).expect("a spec"),
        });
        let path = format!("/apis/{}/namespaces/default/{}", kind.api_version(), kind.plural);
        self.host.send(Method::POST, &path, &[JSON], object.to_string()).await.expect(201)
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.registration.port)
    }

    fn direct(&self) -> Http {
        let kubeconfig = self.cluster.kubeconfig_at(&self.address(), "admin", &["system:masters"]);
        Http::of(&kubeconfig.expect("a kubeconfig"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_harms_nobody_and_comes_back() {
    for which in Which::all() {
        let Some(mut server) = which.start().await else { return };
        server.available().await;
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "empty"}});
        apply(server.cluster.admin(), &object).await.expect("a namespace");

        server.process.signal(Signal::SIGKILL);
        server.answers(503).await;
        assert_eq!(server.becomes("False").await, "FailedDiscoveryCheck");
        server.host.get("/api/v1/pods", &[]).await.expect(200);
        if let Some(kubectl) = server.cluster.kubectl() {
            let output = kubectl.run("get pods --all-namespaces").await;
            assert_eq!(output.code, 0, "{}", output.text);
        }
        server.host.send(Method::DELETE, "/api/v1/namespaces/empty", &[], "").await.expect(200);

        server.restart().await;
        assert_eq!(server.becomes("True").await, "Passed");
        server.answers(200).await;
        until_within(NAMESPACE, "the namespace goes", async || {
            (server.host.get("/api/v1/namespaces/empty", &[]).await.status == 404).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_authority_is_not_trusted() {
    for which in Which::all() {
        let Some(server) = which.start().await else { return };
        server.available().await;
        let foreign = server.cluster.pki.front_proxy.pem();
        server.cluster.register(&server.registration, &foreign).await.expect("it is registered");
        // The prober of older versions looks at no certificate; what is proxied is refused by all.
        server.answers(503).await;
        let own = server.cluster.pki.serving.pem();
        server.cluster.register(&server.registration, &own).await.expect("it is registered");
        server.available().await;
        server.answers(200).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_a_redirect() {
    for which in Which::all() {
        let Some(server) = which.start().await else { return };
        server.available().await;
        let (direct, api) = (server.direct(), server.api());
        let ends = ["", "/", "//", "/.", "/..", "/none", "/none/"];
        for start in ["", "/apis", api.as_str(), "/openapi", "/openapi/v3", "/metrics", "/readyz", "/swagger"]
        {
            for end in ends {
                let path = format!("{start}{end}");
                let path = if path.is_empty() { "/" } else { path.as_str() };
                let status = direct.get(path, &[]).await.status;
                assert!(!(300..400).contains(&status), "{path}: {status}");
            }
        }
    }
}

/// Informers go on where they were: what they knew is not forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn informers_survive_a_restart() {
    if programs::clients().is_none() {
        return programs::skipped("the Go clients are not built (hack/lib/clients.sh)");
    }
    for which in Which::all() {
        let Some(mut server) = which.start().await else { return };
        server.available().await;
        let (kind, client) = (server.kind(), server.cluster.admin());
        if kind.has_status {
            class(client).await;
        }
        let (log, kubeconfig) = (server.cluster.logs().join("clients.log"), server.cluster.kubeconfig());
        let direct = server.cluster.kubeconfig_at(&server.address(), "admin", &["system:masters"]);
        let start = |kubeconfig: &Path, watch_list| {
            GoClient::start_at(kubeconfig, kind, "default", &log, ("dynamic", watch_list))
        };
        let direct = direct.expect("a kubeconfig");
        let mut clients = vec![start(&kubeconfig, true), start(&direct, true), start(&direct, false)];
        for client in &mut clients {
            client.synced(0).await;
        }
        let before = server.create(kind, "before").await;
        for client in &mut clients {
            client.sees("added", &before).await;
        }
        server.process.signal(Signal::SIGKILL);
        server.restart().await;
        server.answers(200).await;
        let after = server.create(kind, "after").await;
        for mut client in clients {
            client.sees("added", &after).await;
            client.stop().await;
        }
    }
}

/// A 404 would be believed: the namespace controller and the garbage collector would conclude that
/// there is nothing to clean up.
#[tokio::test(flavor = "multi_thread")]
async fn while_starting_nothing_is_said_not_to_exist() {
    for which in Which::all() {
        let Some(mut server) = which.start().await else { return };
        server.available().await;
        for _ in 0..3 {
            server.process.signal(Signal::SIGKILL);
            server.restart().await;
            let (direct, api) = (server.direct(), server.api());
            let mut seen = Vec::new();
            until("it is ready", async || {
                let reply = direct.attempt(Method::GET, &api, &[], "").await.ok()?;
                seen.push(reply.status);
                assert!(reply.status != 503 || is_retried(&reply.json()), "{}", reply.text());
                (reply.status == 200).then_some(())
            })
            .await;
            assert!(!seen.contains(&404), "{seen:?}");
        }
    }
}

/// Whether a Status tells clients to come back.
fn is_retried(status: &Value) -> bool {
    status["reason"] == "ServiceUnavailable" && status["details"]["retryAfterSeconds"].is_number()
}
