//! A control plane with our server, and clients of every kind for a direct connection.

use std::path::PathBuf;
use std::process::Command;

use controlplane::databases::DatabasesServer;
use controlplane::pki::Pair;
use serde_json::{Value, json};
use suites::http::{Http, Reply};
use suites::{Cluster, programs};

/// What is asked for: something that a user without rights may not read.
pub(crate) const CLASSES: &str = "/apis/databases.standard.k8s.io/v1/databaseclasses";

pub(crate) struct Setup {
    pub(crate) server: DatabasesServer,
    pub(crate) host: Http,
    pub(crate) cluster: Cluster,
}

/// Our program, if it is built and can be aggregated; said when not.
pub(crate) fn program() -> Option<PathBuf> {
    let Some(program) = programs::server() else {
        programs::skipped("databases-apiserver is not built (cargo build --release)");
        return None;
    };
    let help = Command::new(&program).args(["serve", "--help"]).output().expect("it runs");
    assert!(help.status.success(), "{} is too old: it has no command serve", program.display());
    Some(program)
}

impl Setup {
    /// `None` (and said so) when a program is not built.
    pub(crate) async fn start() -> Option<Self> {
        let program = program()?;
        let cluster = Cluster::start().await?;
        let server =
            DatabasesServer::start(&cluster, &program, "databases-apiserver").await.expect("it starts");
        let host = Http::of(&cluster.kubeconfig());
        Some(Self { server, host, cluster })
    }

    /// A client of our server that shows a certificate; `name` is for its file.
    pub(crate) fn with(&self, name: &str, pair: &Pair) -> Http {
        let path = self.cluster.pki.file(&format!("{name}.direct"));
        std::fs::write(&path, self.cluster.pki.kubeconfig(&self.server.address(), pair))
            .expect("a kubeconfig");
        Http::of(&path)
    }

    /// A client of our server for a user of the cluster.
    pub(crate) fn user(&self, user: &str, groups: &[&str]) -> Http {
        self.with(user, &self.cluster.pki.clients.client(user, groups).expect("a certificate"))
    }

    /// A client of our server that shows no certificate.
    pub(crate) fn nobody(&self) -> Http {
        Http::of(&self.nobodys("nobody.direct", &self.server.address()))
    }

    /// A kubeconfig for this address that shows no certificate; `name` is its file's.
    pub(crate) fn nobodys(&self, name: &str, address: &str) -> PathBuf {
        let pair = self.cluster.pki.clients.client("nobody", &[]).expect("a certificate");
        let mut file: Value =
            serde_json::from_str(&self.cluster.pki.kubeconfig(address, &pair)).expect("JSON");
        file["users"][0]["user"] = json!({});
        let path = self.cluster.pki.file(name);
        std::fs::write(&path, file.to_string()).expect("a kubeconfig");
        path
    }

    /// What our server has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.server.process.log()).expect("the log")
    }
}

/// Reads what only some may read.
pub(crate) async fn read(http: &Http, headers: &[(&str, &str)]) -> Reply {
    http.get(CLASSES, headers).await
}

/// The user whom an answer knows by name and has no rights.
#[track_caller]
pub(crate) fn stranger(reply: &Reply) -> String {
    let message = reply.refused(403, "Forbidden")["message"].as_str().unwrap_or_default().to_owned();
    message.split('"').nth(1).unwrap_or_default().to_owned()
}
