//! A control plane with our server behind it, and a ConfigMap as the built-in kind to compare with.

use controlplane::databases::DatabasesServer;
use hyper::Method;
use quickstart::apply::apply;
use serde_json::{Value, json};
use suites::http::{Http, Reply};
use suites::wait::until;
use suites::{Cluster, Hook, programs};

pub(crate) const OURS: &str = "/apis/databases.standard.k8s.io/v1/namespaces/demo/postgresqls";
pub(crate) const CONFIG_MAPS: &str = "/api/v1/namespaces/demo/configmaps";
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");
pub(crate) const MERGE: (&str, &str) = ("content-type", "application/merge-patch+json");

pub(crate) struct Setup {
    pub(crate) ours: Http,
    pub(crate) host: Http,
    pub(crate) hook: Hook,
    pub(crate) server: DatabasesServer,
    pub(crate) cluster: Cluster,
}

impl Setup {
    /// `None` (and said so) when a program is not built.
    pub(crate) async fn start() -> Option<Self> {
        let Some(program) = programs::server() else {
            programs::skipped("databases-apiserver is not built (cargo build --release)");
            return None;
        };
        let cluster = Cluster::start().await?;
        let server =
            DatabasesServer::start(&cluster, &program, "databases-apiserver").await.expect("it starts");
        let admin = cluster.kubeconfig_at(&server.address(), "admin", &["system:masters"]);
        let ours = Http::of(&admin.expect("a kubeconfig"));
        let host = Http::of(&cluster.kubeconfig());
        let hook = Hook::start(&cluster.pki.serving).await;
        let setup = Self { ours, host, hook, server, cluster };
        setup
            .apply(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "demo", "labels": {"tier": "gold"}}}))
            .await;
        until("the namespace is known to both", async || {
            let (ours, theirs) = setup.create("probe", "").await;
            (ours.status == 201 && theirs.status == 201).then_some(())
        })
        .await;
        Some(setup)
    }

    /// Whether our server has counted something, by the beginning of the line.
    pub(crate) async fn measured(&self, metric: &str) {
        let text = self.ours.get("/metrics", &[]).await.text();
        assert!(text.lines().any(|line| line.starts_with(metric)), "no {metric} in\n{text}");
    }

    pub(crate) async fn apply(&self, object: Value) {
        apply(self.cluster.admin(), &object).await.expect("it is applied");
    }

    /// Makes the ConfigMap `limits` that policies may have as parameters. They are read from the cluster, which needs a right
    /// of its own.
    pub(crate) async fn parameters(&self) {
        let rbac = "rbac.authorization.k8s.io";
        let object = |kind: &str, more: Value| {
            let metadata = json!({"name": "limits", "namespace": "default"});
            let mut object = json!({"apiVersion": format!("{rbac}/v1"), "kind": kind, "metadata": metadata});
            object.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            object
        };
        let rules =
            json!([{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}]);
        self.apply(object("Role", json!({"rules": rules}))).await;
        let subjects = json!([{"apiGroup": rbac, "kind": "User", "name": "databases-apiserver"}]);
        let role = json!({"apiGroup": rbac, "kind": "Role", "name": "limits"});
        self.apply(object("RoleBinding", json!({"roleRef": role, "subjects": subjects}))).await;
        self.limit("good").await;
    }

    /// What `limits` says from now on.
    pub(crate) async fn limit(&self, name: &str) {
        self.apply(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "limits", "namespace": "default"},
            "data": {"name": name},
        }))
        .await;
    }

    /// Creates an object of ours and a ConfigMap of that name, and removes what a dry run has not left out.
    pub(crate) async fn create(&self, name: &str, query: &str) -> (Reply, Reply) {
        let post = async |http: &Http, collection: &str, object: Value| {
            http.send(Method::POST, &format!("{collection}?{query}"), &[JSON], object.to_string()).await
        };
        let metadata = json!({"name": name, "labels": {"app": name}});
        let ours = post(&self.ours, OURS, postgresql(&metadata)).await;
        let theirs =
            post(&self.host, CONFIG_MAPS, json!({"metadata": metadata, "data": {"size": "1Gi"}})).await;
        for (http, collection) in [(&self.ours, OURS), (&self.host, CONFIG_MAPS)] {
            http.send(Method::DELETE, &format!("{collection}/{name}"), &[], "").await;
        }
        (ours, theirs)
    }

    /// Both answers once they are alike and as expected; a configuration takes a moment to be known.
    pub(crate) async fn alike(&self, what: &str, name: &str, query: &str, expected: (u16, &str)) -> String {
        let mut last = String::new();
        let found = until(what, async || {
            let (ours, theirs) = self.create(name, query).await;
            let (ours, theirs) = (verdict(&ours), verdict(&theirs));
            last = format!("ours: {ours:?}, built-in: {theirs:?}");
            (ours == theirs && (ours.0, ours.1.as_str()) == expected).then_some(ours.2)
        });
        match tokio::time::timeout(std::time::Duration::from_secs(30), found).await {
            Ok(message) => message,
            Err(_) => panic!("{what}: {last}"),
        }
    }
}

/// An object of ours.
pub(crate) fn postgresql(metadata: &Value) -> Value {
    json!({"metadata": metadata, "spec": {"storage": {"size": "1Gi"}, "deletionPolicy": "Delete"}})
}

/// Code, reason and message, without what names the kind.
fn verdict(reply: &Reply) -> (u16, String, String) {
    let status = reply.json();
    let text = |field: &str| status[field].as_str().unwrap_or_default().to_owned();
    let message = text("message").replace("postgresqls.databases.standard.k8s.io", "configmaps");
    (reply.status, text("reason"), message)
}
