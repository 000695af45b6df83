//! What a line of the matrix is run against: one kind, reached in one way.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use hyper::Method;
use serde_json::{Value, json};
use suites::http::{Events, Http, Reply};
use suites::wait::DEADLINE;
use suites::{Cluster, Kubectl};
use tokio::process::Command;
use tokio::time::timeout;

pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");
pub(crate) const MERGE: &str = "application/merge-patch+json";

/// A kind that the lines can be run with.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) kind: &'static str,
    /// A spec, as JSON text.
    pub(crate) spec: &'static str,
    /// A merge patch of an object that changes its spec.
    pub(crate) change: &'static str,
    /// Whether it has a status subresource.
    pub(crate) has_status: bool,
    /// Whether it has a scale subresource.
    pub(crate) has_scale: bool,
}

/// One kind, reached in one way, in a namespace of the line's own.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) kind: Kind,
    pub(crate) http: Http,
    /// An administrator of the host cluster, for what is not ours.
    pub(crate) host: Http,
    /// How others connect.
    pub(crate) kubeconfig: PathBuf,
    pub(crate) kubectl: Kubectl,
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) namespace: String,
    /// `host:port` of what is asked.
    pub(crate) address: String,
    /// Another replica of what is asked.
    pub(crate) replica: Option<Http>,
    /// What the line saw to hold, in order.
    pub(crate) held: Arc<Mutex<Vec<String>>>,
}

impl Kind {
    /// `RESOURCE.GROUP`.
    pub(crate) fn resource(&self) -> String {
        format!("{}.{}", self.plural, self.group)
    }

    /// `GROUP/VERSION`.
    pub(crate) fn api_version(&self) -> String {
        format!("{}/{}", self.group, self.version)
    }
}

impl Target {
    /// The same, asked through another client.
    pub(crate) fn on(&self, http: Http) -> Self {
        Self { http, ..self.clone() }
    }

    /// Reports one thing that the line saw to hold.
    pub(crate) fn holds(&self, what: impl Into<String>) {
        self.held.lock().expect("no check panics here").push(what.into());
    }

    /// Runs a program that says what it saw to hold, a line each.
    pub(crate) async fn told_by(&self, program: &mut Command) {
        let output = program.kill_on_drop(true).output();
        let ended = timeout(DEADLINE, output).await.expect("it ends").expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        text(&ended.stdout).lines().for_each(|line| self.holds(line));
        assert!(ended.status.success(), "{}", text(&ended.stderr));
        assert!(!ended.stdout.is_empty(), "no check ran");
    }

    /// The collection in the line's namespace.
    pub(crate) fn collection(&self) -> String {
        let Kind { group, version, plural, .. } = self.kind;
        format!("/apis/{group}/{version}/namespaces/{}/{plural}", self.namespace)
    }

    /// One object in it.
    pub(crate) fn item(&self, name: &str) -> String {
        format!("{}/{name}", self.collection())
    }

    /// An object to be created.
    pub(crate) fn object(&self, name: &str) -> Value {
        json!({
            "apiVersion": self.kind.api_version(), "kind": self.kind.kind,
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": serde_json::from_str::<Value>(self.kind.spec).expect("a spec"),
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.http.get(path, &[]).await
    }

    pub(crate) async fn list(&self, query: &str) -> Reply {
        self.get(&format!("{}?{query}", self.collection())).await
    }

    pub(crate) async fn read(&self, name: &str) -> Value {
        self.get(&self.item(name)).await.expect(200)
    }

    pub(crate) async fn watch(&self, query: &str) -> Events {
        let events = self.http.watch(&format!("{}?watch=true&{query}", self.collection()), &[]).await;
        assert_eq!(events.status, 200, "watch {query}");
        events
    }

    pub(crate) async fn post(&self, object: &Value, query: &str) -> Reply {
        let path = format!("{}?{query}", self.collection());
        self.http.send(Method::POST, &path, &[JSON], object.to_string()).await
    }

    pub(crate) async fn create(&self, name: &str) -> Value {
        self.post(&self.object(name), "").await.expect(201)
    }

    /// Creates `PREFIX0000` and so on.
    pub(crate) async fn create_many(&self, prefix: &str, count: usize) {
        let create = |number: usize| async move { self.create(&format!("{prefix}{number:04}")).await };
        stream::iter(0..count).map(create).buffer_unordered(16).for_each(async |_| {}).await;
    }

    pub(crate) async fn put(&self, object: &Value) -> Reply {
        let path = self.item(object["metadata"]["name"].as_str().expect("a name"));
        self.http.send(Method::PUT, &path, &[JSON], object.to_string()).await
    }

    pub(crate) async fn patch(&self, name: &str, content: &str, patch: impl Into<Bytes>) -> Reply {
        self.http.send(Method::PATCH, &self.item(name), &[("content-type", content)], patch).await
    }

    /// A merge patch that must succeed.
    pub(crate) async fn merge(&self, name: &str, patch: Value) -> Value {
        self.patch(name, MERGE, patch.to_string()).await.expect(200)
    }

    pub(crate) async fn delete(&self, name: &str, options: Value) -> Reply {
        self.http.send(Method::DELETE, &self.item(name), &[JSON], options.to_string()).await
    }
}

/// The resource version of an object or a list.
pub(crate) fn revision(object: &Value) -> u64 {
    let text = object["metadata"]["resourceVersion"].as_str();
    text.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no resource version: {object}"))
}

/// The names of a list's items.
pub(crate) fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().expect("items");
    items.iter().map(|item| item["metadata"]["name"].as_str().expect("a name")).collect()
}
