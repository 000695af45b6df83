//! The rights that are granted are just those that are used: nothing is forbidden, and nothing is left over.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use controlplane::process::{Process, free_port};
use futures_util::future::join_all;
use hyper::Method;
use quickstart::apply::apply;
use quickstart::manifests;
use serde_json::{Value, json};
use suites::http::Http;
use suites::programs::{has_postgresql, server, skipped};
use suites::wait::until;
use suites::{Cluster, programs};

use crate::tools::{NAMESPACE, Tools, objects};

const JSON: (&str, &str) = ("content-type", "application/json");
const OURS: &str = "/apis/databases.standard.k8s.io/v1/namespaces/demo/postgresqls";

/// A right: API group, resource and verb.
type Right = (String, String, String);

/// What the role of the service account grants.
fn granted(text: &str) -> BTreeSet<Right> {
    let rule_sets = objects(text).into_values().filter(|object| {
        ["ClusterRole", "Role"].contains(&object["kind"].as_str().unwrap_or_default())
            && object["metadata"]["name"] == "databases-apiserver"
    });
    let strings = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut rights = BTreeSet::new();
    for role in rule_sets {
        for rule in role["rules"].as_array().expect("rules") {
            for group in strings(&rule["apiGroups"]) {
                for resource in strings(&rule["resources"]) {
                    let verbs = strings(&rule["verbs"]).into_iter();
                    rights.extend(verbs.map(|verb| (group.clone(), resource.clone(), verb)));
                }
            }
        }
    }
    rights
}

/// What the service account has done, and what it was refused.
fn used(log: &Path) -> (BTreeSet<Right>, Vec<String>) {
    let (mut rights, mut refused) = (BTreeSet::new(), Vec::new());
    for line in std::fs::read_to_string(log).unwrap_or_default().lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_default();
        let Some(object) = event["objectRef"].as_object() else { continue };
        let field = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (group, mut resource, sub) = (field("apiGroup"), field("resource"), field("subresource"));
        if !sub.is_empty() {
            resource = format!("{resource}/{sub}");
        }
        let verb = event["verb"].as_str().unwrap_or_default().to_owned();
        match event["responseStatus"]["code"].as_u64() {
            Some(403) => refused.push(format!("{verb} {resource} in {group:?}")),
            _ => _ = rights.insert((group, resource, verb)),
        }
    }
    (rights, refused)
}

/// What comes with roles of the cluster itself.
fn is_upstreams((_, resource, _): &Right) -> bool {
    ["tokenreviews", "subjectaccessreviews", "configmaps"].contains(&resource.as_str())
}

struct Installed {
    cluster: Cluster,
    process: Process,
    ours: Http,
    host: Http,
}

impl Installed {
    /// Installs the chart, and runs its server here as its service account.
    async fn start(program: &Path) -> Option<Self> {
        let cluster = Cluster::start().await?;
        let tools = Tools::of(&cluster.kubeconfig())?;
        let servers = format!("etcd.servers={{{}}}", cluster.etcd_url());
        let settings = ["certManager.enabled=false", "etcd.enabled=false", "backup.enabled=false", &servers];
        let mut install = vec!["install", "--create-namespace", "--namespace", NAMESPACE];
        settings.iter().for_each(|setting| install.extend(["--set", setting]));
        install.extend(["databases", "chart/databases-apiserver"]);
        tools.helm(&install);

        let host = Http::of(&cluster.kubeconfig());
        let secret = format!("/api/v1/namespaces/{NAMESPACE}/secrets/databases-apiserver-serving");
        let secret = host.get(&secret, &[]).await.expect(200);
        let file = |name: &str| {
            let bytes = BASE64_STANDARD.decode(secret["data"][name].as_str().expect("data")).expect("base64");
            let path = cluster.pki.file(&format!("deployed-{name}"));
            std::fs::write(&path, bytes).expect("a file");
            path
        };
        let kubeconfig = account(&cluster, &host).await;
        let (port, data) = (free_port().expect("a port"), cluster.folder().join("databases"));
        let flags = [
            "serve".to_owned(),
            format!("--kubeconfig={}", kubeconfig.display()),
            format!("--etcd-servers={}", cluster.etcd_url()),
            format!("--secure-port={port}"),
            format!("--tls-cert-file={}", file("tls.crt").display()),
            format!("--tls-private-key-file={}", file("tls.key").display()),
            "--local-backend".to_owned(),
            "--stop-instances-on-exit".to_owned(),
            format!("--data-dir={}", data.display()),
        ];
        let process =
            Process::spawn("databases-apiserver", program, flags, &cluster.logs()).expect("it starts");
        lead_to(&cluster, &host, port).await;
        let ours = Http::of(&cluster.kubeconfig());
        until("the group is available", async || {
            (ours.get("/apis/databases.standard.k8s.io/v1", &[]).await.status == 200).then_some(())
        })
        .await;
        Some(Self { cluster, process, ours, host })
    }

    async fn apply(&self, object: Value) {
        apply(self.cluster.admin(), &object).await.expect("it is applied");
    }
}

/// A kubeconfig of the service account, by a token such as a pod has.
async fn account(cluster: &Cluster, host: &Http) -> std::path::PathBuf {
    let path = format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts/databases-apiserver/token");
    let request =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}).to_string();
    let token = host.send(Method::POST, &path, &[JSON], request).await.expect(201);
    let pair = cluster.pki.clients.client("nobody", &[]).expect("a certificate");
    let mut file: Value =
        serde_json::from_str(&cluster.pki.kubeconfig(&cluster.address(), &pair)).expect("JSON");
    file["users"][0]["user"] = json!({"token": token["status"]["token"]});
    let path = cluster.pki.file("service-account.kubeconfig");
    std::fs::write(&path, file.to_string()).expect("a kubeconfig");
    path
}

/// Makes the Service lead out of the cluster, to the process: no pod runs there.
async fn lead_to(cluster: &Cluster, host: &Http, port: u16) {
    let path = format!("/api/v1/namespaces/{NAMESPACE}/services/databases-apiserver");
    host.send(Method::DELETE, &path, &[], "").await.expect(200);
    let spec = json!({"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]});
    let metadata = json!({"name": "databases-apiserver", "namespace": NAMESPACE});
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec});
    apply(cluster.admin(), &service).await.expect("a Service");
    for version in ["v1", "v1alpha1"] {
        let change = json!({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
            "metadata": {"name": format!("{version}.databases.standard.k8s.io")}, "spec": {"service": {"port": port}},
        });
        apply(cluster.admin(), &change).await.expect("an APIService");
    }
}

/// Does what needs each of the rights, once.
async fn use_everything(installed: &Installed) {
    let Installed { ours, host, .. } = installed;
    let post =
        async |path: &str, object: Value| ours.send(Method::POST, path, &[JSON], object.to_string()).await;
    // A namespace that is not there is asked for. Before the server is ready no answer is 404.
    let absent = OURS.replace("demo", "absent");
    until("the server is ready", async || {
        let object = json!({"metadata": {"name": "a"}, "spec": {"storage": {"size": "1Gi"}}});
        let reply = post(&absent, object).await;
        (reply.status != 503).then_some(reply)
    })
    .await
    .refused(404, "NotFound");
    installed.apply(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "demo"}})).await;
    // A webhook behind a Service: passed over, for nobody listens there.
    let webhook = json!({
        "name": "w.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Ignore",
        "clientConfig": {"service": {"name": "none", "namespace": "demo"}},
        "rules": [{
            "apiGroups": ["databases.standard.k8s.io"], "apiVersions": ["*"], "resources": ["*"], "operations": ["*"],
        }],
    });
    let metadata = json!({"name": "w"});
    let api = "admissionregistration.k8s.io/v1";
    installed
        .apply(json!({"apiVersion": api, "kind": "ValidatingWebhookConfiguration", "metadata": metadata, "webhooks": [webhook]}))
        .await;
    let count = "count/postgresqls.databases.standard.k8s.io";
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "demo"}, "spec": {"hard": {count: "9"}}});
    installed.apply(quota).await;
    let path = "/api/v1/namespaces/demo/resourcequotas/q/status";
    let status = json!({"status": {"hard": {count: "9"}, "used": {count: "0"}}}).to_string();
    host.send(Method::PATCH, path, &[("content-type", "application/merge-patch+json")], status)
        .await
        .expect(200);

    let classes = manifests::read(&programs::checkout().join("deploy/examples")).expect("the examples");
    for class in classes.into_iter().filter(|manifest| manifest["kind"] == "DatabaseClass") {
        installed.apply(class).await;
    }
    let object = json!({
        "metadata": {"name": "a"},
        "spec": {"className": "local", "storage": {"size": "1Gi"}, "deletionPolicy": "Delete"},
    });
    until("the object is taken", async || {
        let reply = post(OURS, object.clone()).await;
        (reply.status == 201 || reply.status == 409).then_some(())
    })
    .await;
    let item = format!("{OURS}/a");
    until("it is ready", async || {
        let object = ours.get(&item, &[]).await.expect(200);
        let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|one| one["type"] == "Ready" && one["status"] == "True").then_some(())
    })
    .await;
    // Credentials that somebody spoils are put right, by an update.
    let secret = "/api/v1/namespaces/demo/secrets/a-binding";
    let spoiled = json!({"data": {"host": null}}).to_string();
    host.send(Method::PATCH, secret, &[("content-type", "application/merge-patch+json")], spoiled)
        .await
        .expect(200);
    let touch = json!({"spec": {"parameters": {"work_mem": "8MB"}}}).to_string();
    ours.send(Method::PATCH, &item, &[("content-type", "application/merge-patch+json")], touch)
        .await
        .expect(200);
    until("the credentials are whole again", async || {
        host.get(secret, &[]).await.expect(200)["data"]["host"].is_string().then_some(())
    })
    .await;
    // What is told a second time raises the count of the event that told it first.
    for (state, condition) in [("Stopped", "Stopped"), ("Running", "Ready"), ("Stopped", "Stopped")] {
        let change = json!({"spec": {"state": state}}).to_string();
        let merge = [("content-type", "application/merge-patch+json")];
        let generation =
            ours.send(Method::PATCH, &item, &merge, change).await.expect(200)["metadata"]["generation"]
                .clone();
        until("it is stopped, or runs", async || {
            let object = ours.get(&item, &[]).await.expect(200);
            let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let is_so = |one: &Value| {
                one["type"] == condition && one["status"] == "True" && one["observedGeneration"] == generation
            };
            conditions.iter().any(is_so).then_some(())
        })
        .await;
    }
    ours.send(Method::DELETE, &item, &[], "").await.expect(200);
    // Who is quicker with a quota makes the others read it again.
    let object = |name: String| json!({"metadata": {"name": name}, "spec": {"className": "none", "storage": {"size": "1Gi"}}});
    let crowd = join_all((0..8).map(|number| post(OURS, object(format!("crowd-{number}"))))).await;
    assert!(crowd.iter().any(|reply| reply.status == 201));
    until("it is gone", async || (ours.get(&item, &[]).await.status == 404).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rights_that_are_granted_are_those_that_are_used() {
    let Some(program) = server() else {
        return skipped("databases-apiserver is not built (cargo build --release)");
    };
    if !has_postgresql() {
        return skipped("PostgreSQL is not installed (Debian package postgresql)");
    }
    let Some(installed) = Installed::start(&program).await else { return };
    use_everything(&installed).await;
    let log = installed.cluster.audit_log();
    assert!(installed.process.stop().await.expect("it ends").success());
    let rbac =
        std::fs::read_to_string(programs::checkout().join("deploy/base/rbac.yaml")).expect("the rights");
    let (granted, (used, refused)) = (granted(&rbac), used(&log));
    assert_eq!(refused, Vec::<String>::new(), "nothing was forbidden");
    let missing: Vec<&Right> = used.difference(&granted).filter(|right| !is_upstreams(right)).collect();
    let unused: Vec<&Right> = granted.difference(&used).collect();
    assert_eq!((missing, unused), (Vec::new(), Vec::new()), "(used but not granted, granted but not used)");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_edit_a_namespace_may_edit_its_databases_and_who_may_view_it_sees_no_password() {
    let Some(cluster) = Cluster::start().await else { return };
    let Some(tools) = Tools::of(&cluster.kubeconfig()) else { return };
    tools.kubectl(&["apply", "-f", "base/namespace.yaml", "-f", "base/roles.yaml"]);
    for role in ["view", "edit", "admin"] {
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": role, "namespace": "default"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": role}],
        });
        apply(cluster.admin(), &binding).await.expect("a binding");
    }
    let host = Http::of(&cluster.kubeconfig());
    let may = async |user: &str, verb: &str, group: &str, resource: &str| {
        let attributes = json!({"namespace": "default", "verb": verb, "group": group, "resource": resource});
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": user, "groups": ["system:authenticated"], "resourceAttributes": attributes},
        });
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        let reply = host.send(Method::POST, path, &[JSON], review.to_string()).await.expect(201);
        reply["status"]["allowed"] == true
    };
    let ours = "databases.standard.k8s.io";
    until("the roles are aggregated", async || {
        may("edit", "create", ours, "postgresqls").await.then_some(())
    })
    .await;
    until("the roles are aggregated", async || may("view", "watch", ours, "postgresqls").await.then_some(()))
        .await;
    until("the roles are aggregated", async || {
        may("admin", "delete", ours, "postgresqls").await.then_some(())
    })
    .await;
    assert!(may("nobody", "list", ours, "databaseclasses").await, "everybody sees the classes");
    for (user, verb, group, resource) in [
        ("view", "create", ours, "postgresqls"),
        ("view", "get", "", "secrets"),
        ("edit", "update", ours, "postgresqls/status"),
        ("admin", "create", ours, "databaseclasses"),
        ("nobody", "get", ours, "postgresqls"),
    ] {
        assert!(!may(user, verb, group, resource).await, "{user} may not {verb} {resource}");
    }
}
