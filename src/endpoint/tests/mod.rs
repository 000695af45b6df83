//! The whole way of a request, over a foreign kind and the `memory` engine.

mod applies;
mod audit;
mod bodies;
mod changes;
mod creations;
mod deletes;
mod deletions;
mod discoveries;
mod encrypted;
mod flunder;
mod gzip;
mod lists;
mod managed;
mod openapi;
mod patches;
mod paths;
mod races;
mod readable;
mod reviews;
mod scale;
mod scale_applies;
mod sockets;
mod states;
mod stores;
mod strategic;
mod streams;
mod tables;
mod unasked;
mod unreadable;
mod warnings;
mod watches;
mod writes;

use super::{Endpoint, Health};
use crate::admission::{Admission, Chain};
use crate::pipeline::{
    Authenticator, InProcess, MASTERS_GROUP, MastersOnly, Options, Peer, Permission, Pipeline, Rejected,
    RequestBody, UserInfo,
};
use crate::registry::Registry;
use crate::serve::Shutdown;
use crate::telemetry::Metrics;
use apimachinery::kind::Definition;
use bytes::Bytes;
use databases_storage::encryption::Transformer;
use databases_storage::engine;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::sync::Arc;

const BASE: &str = "/apis/wardle.example.com/v1/namespaces/ns/flunders";

struct Nobody;

impl Authenticator for Nobody {
    async fn authenticate(&self, _: &Peer, _: &HeaderMap) -> Result<Option<Arc<UserInfo>>, Rejected> {
        Ok(None)
    }
}

/// A server in this process.
struct Server {
    client: InProcess<Nobody, MastersOnly, Endpoint>,
    pipeline: Pipeline<Nobody, MastersOnly, Endpoint>,
    registry: Arc<Registry>,
    storage: Arc<dyn databases_storage::Storage>,
}

/// An answer, read to its end.
struct Answer {
    code: StatusCode,
    headers: HeaderMap,
    bytes: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("not JSON: {:?}", self.bytes))
    }
}

impl Server {
    async fn start() -> Self {
        Server::over(&[&flunder::DEFINITION], Server::memory().await).await
    }

    async fn start_with(permission: Arc<dyn Permission>) -> Self {
        Server::asking(&[&flunder::DEFINITION], Server::memory().await, permission).await
    }

    async fn memory() -> Arc<dyn databases_storage::Storage> {
        engine::open(engine::Config::Memory(engine::memory::Config)).await.unwrap()
    }

    /// A server of these kinds over what a storage holds.
    async fn over(definitions: &[&'static Definition], storage: Arc<dyn databases_storage::Storage>) -> Self {
        Server::asking(definitions, storage, Arc::new(MastersOnly)).await
    }

    async fn asking(
        definitions: &[&'static Definition],
        storage: Arc<dyn databases_storage::Storage>,
        permission: Arc<dyn Permission>,
    ) -> Self {
        Server::with(definitions, storage, &Transformer::default(), permission).await
    }

    async fn with(
        definitions: &[&'static Definition],
        storage: Arc<dyn databases_storage::Storage>,
        transformer: &Transformer,
        permission: Arc<dyn Permission>,
    ) -> Self {
        let admission = Arc::new(Chain(Vec::new()));
        Server::made(definitions, storage, transformer, permission, admission, Options::default()).await
    }

    async fn admitting(admission: Arc<dyn Admission>) -> Self {
        let (storage, transformer) = (Server::memory().await, Transformer::default());
        let (definitions, permission) = ([&flunder::DEFINITION], Arc::new(MastersOnly));
        Server::made(&definitions, storage, &transformer, permission, admission, Options::default()).await
    }

    async fn treating(options: Options) -> Self {
        let (storage, transformer) = (Server::memory().await, Transformer::default());
        let (definitions, permission) = ([&flunder::DEFINITION], Arc::new(MastersOnly));
        Server::made(&definitions, storage, &transformer, permission, Arc::new(Chain(Vec::new())), options)
            .await
    }

    async fn made(
        definitions: &[&'static Definition],
        storage: Arc<dyn databases_storage::Storage>,
        transformer: &Transformer,
        permission: Arc<dyn Permission>,
        admission: Arc<dyn Admission>,
        options: Options,
    ) -> Self {
        let registry = Registry::open(definitions, &storage, &|_| transformer.clone(), &admission);
        for store in registry.stores() {
            store.ready().await;
        }
        let metrics = Arc::new(Metrics::new());
        let requests = metrics.requests().clone();
        let build = "tests".to_owned();
        let endpoint =
            Endpoint::new(build, definitions, registry.clone(), Health::default(), metrics, permission);
        let pipeline = Pipeline::new(Nobody, MastersOnly, endpoint, options, Shutdown::new(), requests);
        pipeline.complete();
        let client = pipeline.as_user(UserInfo::new("tester", [MASTERS_GROUP]));
        Server { client, pipeline, registry, storage }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(RequestBody::from(body.into())).unwrap();
        let (parts, body) = self.client.send(request).await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { code: parts.status, headers: parts.headers, bytes }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    async fn post(&self, path: &str, object: &Value) -> Answer {
        self.send(Method::POST, path, &[], object.to_string()).await
    }

    async fn put(&self, path: &str, object: &Value) -> Answer {
        self.send(Method::PUT, path, &[], object.to_string()).await
    }

    async fn merge(&self, path: &str, patch: &Value) -> Answer {
        self.send(Method::PATCH, path, &[("content-type", "application/merge-patch+json")], patch.to_string())
            .await
    }

    async fn create(&self, name: &str) -> Value {
        let answer = self.post(BASE, &flunder(name)).await;
        assert_eq!(answer.code, 201, "{:?}", answer.bytes);
        answer.json()
    }
}

fn flunder(name: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {"reference": name, "count": 1}})
}

fn of(name: &str) -> String {
    format!("{BASE}/{name}")
}
