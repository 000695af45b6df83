//! The kinds of the standard behind the whole way of a request, with admission and controllers, over the `memory`
//! engine and without a backend, or with one that has no databases.

mod allowed;
mod served;
mod stored;
mod written;

use super::*;
use crate::backend::Answers;
use crate::backend::fake::Fake;
use crate::cluster::Cluster;
use crate::controller::{self, Answering};
use crate::endpoint::{Endpoint, Health};
use crate::pipeline::{Authenticator, InProcess, Peer, Rejected, RequestBody};
use crate::pipeline::{MASTERS_GROUP, MastersOnly, Options, Pipeline, UserInfo};
use crate::serve::Shutdown;
use crate::server::{bootstrap, open_own_registry, with_core};
use crate::telemetry::Metrics;
use databases_api::postgresql::PostgreSQL;
use databases_storage::encryption::Transformer;
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio_util::sync::CancellationToken;
use tower::{BoxError, Service};

pub(crate) const CLASSES: &str = "/apis/databases.standard.k8s.io/v1/databaseclasses";
pub(crate) const IN_DEMO: &str = "/apis/databases.standard.k8s.io/v1/namespaces/demo/postgresqls";

/// How the host cluster treats what controllers ask of Secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    #[default]
    Good,
    /// They have no right to them.
    Forbids,
    /// It never answers.
    Hangs,
}

/// The host cluster's mood, and how often it was asked.
#[derive(Default)]
pub(crate) struct Host {
    mood: Mutex<Mood>,
    asked: AtomicUsize,
}

impl Host {
    pub(crate) fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// How often controllers asked it anything since this was asked last.
    pub(crate) fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::Relaxed)
    }
}

/// The way of the controllers to the host cluster.
#[derive(Clone)]
struct ToHost {
    host: Arc<Host>,
    good: Client,
    /// As somebody without rights.
    barred: Client,
}

impl<B> Service<Request<B>> for ToHost
where
    B: http_body::Body<Data = bytes::Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = <Client as Service<Request<B>>>::Response;
    type Error = <Client as Service<Request<B>>>::Error;
    type Future = <Client as Service<Request<B>>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mood = *self.host.mood.lock().unwrap();
        self.host.asked.fetch_add(1, Ordering::Relaxed);
        match request.uri().path().contains("/secrets") {
            true if mood == Mood::Forbids => self.barred.call(request),
            true if mood == Mood::Hangs => Box::pin(std::future::pending()),
            _ => self.good.call(request),
        }
    }
}

type Client = InProcess<Nobody, MastersOnly, Endpoint>;

struct Nobody;

impl Authenticator for Nobody {
    async fn authenticate(&self, _: &Peer, _: &HeaderMap) -> Result<Option<Arc<UserInfo>>, Rejected> {
        Ok(None)
    }
}

/// A server with everything but a network.
pub(crate) struct Server {
    client: Client,
    pub(crate) host: Arc<Host>,
    storage: Arc<dyn databases_storage::Storage>,
    _ended: tokio_util::sync::DropGuard,
}

impl Server {
    /// A server with a namespace `demo`.
    pub(crate) async fn start() -> Self {
        Server::with(Vec::new()).await
    }

    /// With a backend that has no databases.
    pub(crate) async fn with_fake() -> (Self, Arc<Fake>) {
        let fake = Fake::new();
        (Server::with(vec![fake.clone()]).await, fake)
    }

    pub(crate) async fn with(backends: Vec<Arc<dyn Answers<PostgreSQL>>>) -> Self {
        let config = databases_storage::engine::Config::Memory(databases_storage::engine::memory::Config);
        let storage = databases_storage::engine::open(config).await.unwrap();
        let kinds = backends.into_iter().fold(Answering::default(), Answering::with::<PostgreSQL>).kinds();
        let api = Databases::new(kinds);
        let definitions = with_core::<Databases>();
        let registry = open_own_registry(&api, &definitions, (&storage, &|_| Transformer::default()));
        let metrics = Arc::new(Metrics::new());
        let requests = metrics.requests().clone();
        let (build, permission) = (Databases::FACTS.build(), Arc::new(MastersOnly));
        let endpoint =
            Endpoint::new(build, &definitions, registry.clone(), Health::default(), metrics, permission);
        let pipeline =
            Pipeline::new(Nobody, MastersOnly, endpoint, Options::default(), Shutdown::new(), requests);
        bootstrap::run(&registry, "databases-apiserver").await.unwrap();
        pipeline.complete();
        let user = UserInfo::new("tester", [MASTERS_GROUP]);
        let host = Arc::<Host>::default();
        let (good, barred) =
            (pipeline.as_user(user.clone()), pipeline.as_user(UserInfo::new("barred", [""; 0])));
        let to_host = ToHost { host: host.clone(), good, barred };
        let cluster = Cluster::new(kube::Client::new(to_host, "default"), "databases-apiserver");
        let ended = CancellationToken::new();
        tokio::spawn(controller::core(registry.clone(), ended.clone()));
        let end = ended.clone();
        tokio::spawn(async move { api.control(Parts { registry, cluster }, end).await });
        let server = Server { client: pipeline.as_user(user), host, storage, _ended: ended.drop_guard() };
        server.post("/api/v1/namespaces", json!({"metadata": {"name": "demo"}})).await;
        server
    }

    /// A client of it, such as other programs have.
    pub(crate) fn kube(&self) -> kube::Client {
        kube::Client::new(self.client.clone(), "default")
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        media: &str,
        body: String,
    ) -> (u16, HeaderMap, Value) {
        let request = Request::builder().method(method).uri(path).header("content-type", media);
        let request = request.body(RequestBody::from(bytes::Bytes::from(body))).unwrap();
        let (parts, body) = self.client.send(request).await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status.as_u16(), parts.headers, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    pub(crate) async fn post(&self, path: &str, object: Value) -> (u16, HeaderMap, Value) {
        self.send(Method::POST, path, "application/json", object.to_string()).await
    }

    pub(crate) async fn merge(&self, path: &str, patch: Value) -> (u16, HeaderMap, Value) {
        self.send(Method::PATCH, path, "application/merge-patch+json", patch.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let (code, _, value) = self.send(Method::GET, path, "application/json", String::new()).await;
        (code, value)
    }

    /// Puts what nobody can read into the store, past the server.
    pub(crate) async fn spoil(&self, key: &str) {
        self.storage.create(key, bytes::Bytes::from_static(b"garbage")).await.unwrap();
    }

    pub(crate) async fn delete(&self, path: &str, options: Value) -> u16 {
        self.send(Method::DELETE, path, "application/json", options.to_string()).await.0
    }

    /// The revision of the store: every write raises it by one.
    pub(crate) async fn revision(&self) -> u64 {
        let (_, list) = self.get(CLASSES).await;
        list["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
    }

    /// Waits until what is asked for is so.
    pub(crate) async fn until<T>(&self, what: &str, mut is_so: impl AsyncFnMut() -> Option<T>) -> T {
        for _ in 0..20_000 {
            if let Some(found) = is_so().await {
                return found;
            }
            tokio::time::advance(std::time::Duration::from_millis(10)).await;
        }
        panic!("{what}: not so after 200 seconds");
    }

    /// Waits until a condition of an object has that status and reason; its message.
    pub(crate) async fn condition(&self, path: &str, kind: &str, status: &str, reason: &str) -> String {
        self.until(&format!("{path} is {kind}={status}, {reason}"), async || {
            let (_, object) = self.get(path).await;
            let conditions = object["status"]["conditions"].as_array()?;
            let found = conditions.iter().find(|condition| condition["type"] == kind)?;
            let is_so = found["status"] == status && found["reason"] == reason;
            is_so.then(|| found["message"].as_str().unwrap_or_default().to_owned())
        })
        .await
    }

    pub(crate) async fn gone(&self, path: &str) {
        let is_gone = async || (self.get(path).await.0 == 404).then_some(());
        self.until(&format!("{path} is gone"), is_gone).await;
    }

    /// A class that somebody else's controller has accepted.
    pub(crate) async fn class(&self, name: &str, spec: Value, features: &[&str]) {
        self.class_with(name, spec, features, json!({})).await;
    }

    /// With more in its status.
    pub(crate) async fn class_with(&self, name: &str, spec: Value, features: &[&str], more: Value) {
        let mut object = json!({"metadata": {"name": name}, "spec": {"controllerName": "example.com/x"}});
        apimachinery::json_patch::merge(&mut object["spec"], &spec);
        assert_eq!(self.post(CLASSES, object).await.0, 201);
        let features: Vec<Value> = features.iter().map(|name| json!({"name": name})).collect();
        let versions = json!([{"name": "16"}, {"name": "17", "default": true}]);
        let accepted = json!({"type": "Accepted", "status": "True", "reason": "Accepted", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z"});
        let mut status = json!({"status": {
            "conditions": [accepted],
            "engines": [{"kind": "PostgreSQL", "versions": versions}],
            "supportedFeatures": features,
        }});
        apimachinery::json_patch::merge(&mut status["status"], &more);
        assert_eq!(self.merge(&format!("{CLASSES}/{name}/status"), status).await.0, 200);
    }
}

/// An object as it is created.
pub(crate) fn database(name: &str, spec: Value) -> Value {
    let mut object = json!({"metadata": {"name": name}, "spec": {"storage": {"size": "1Gi"}}});
    apimachinery::json_patch::merge(&mut object["spec"], &spec);
    object
}
