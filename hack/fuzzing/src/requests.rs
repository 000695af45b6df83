use apimachinery::kind::Definition;
use bytes::Bytes;
use databases_apiserver::admission::{Admission, Chain};
use databases_apiserver::endpoint::{Endpoint, Health};
use databases_apiserver::pipeline::{
    Authenticator, InProcess, MASTERS_GROUP, MastersOnly, Options, Peer, Pipeline, Rejected, RequestBody,
    UserInfo,
};
use databases_apiserver::registry::Registry;
use databases_apiserver::serve::Shutdown;
use databases_apiserver::telemetry::Metrics;
use databases_storage::encryption::Transformer;
use databases_storage::{KeyValue, ReadAt, Storage, engine};
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use std::cell::RefCell;
use std::sync::Arc;
use tokio::runtime::Runtime;

struct Nobody;

impl Authenticator for Nobody {
    async fn authenticate(&self, _: &Peer, _: &HeaderMap) -> Result<Option<Arc<UserInfo>>, Rejected> {
        Ok(None)
    }
}

type Client = InProcess<Nobody, MastersOnly, Endpoint>;

/// At most so many frames of an answer are read, which may never end.
const FRAMES: usize = 20;
/// What Kubernetes says with 500, too: of a configuration that is of no type, and of a path that names no kind.
const AS_KUBERNETES: [&str; 2] = ["failed to create typed patch object", "failed to create RequestInfo"];
/// What stands between two requests.
const BETWEEN: &[u8] = b"\n====\n";

/// After so many inputs another server is made: an older one remembers too much of what was changed.
const INPUTS: u32 = 2000;

/// A server of every kind, and the time that it lives in.
struct Server {
    runtime: Runtime,
    client: Client,
    storage: Arc<dyn Storage>,
    registry: Arc<Registry>,
    inputs: u32,
}

thread_local! {
    /// Making a server takes longer than most inputs, so that one is asked them all, and forgets between them. The next one
    /// hears of later revisions for that; what fails is read again by a server of its own.
    static SERVER: RefCell<Option<Server>> = const { RefCell::new(None) };
}

impl Server {
    fn new() -> Self {
        // Time goes by itself where everybody waits.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime can be made");
        let definitions: Vec<&'static Definition> =
            databases_api::definitions().iter().chain(core_v1::definitions()).copied().collect();
        let (storage, registry) = runtime.block_on(async {
            let memory = engine::Config::Memory(engine::memory::Config);
            let storage = engine::open(memory).await.expect("memory opens");
            let admission: Arc<dyn Admission> = Arc::new(Chain(Vec::new()));
            let registry = Registry::open(&definitions, &storage, &|_| Transformer::default(), &admission);
            (storage, registry)
        });
        let client = client(&definitions, registry.clone());
        let server = Server { runtime, client, storage, registry, inputs: 0 };
        server.runtime.block_on(server.settle());
        server
    }

    /// Takes away what there is, and lets every cache hear of it.
    async fn forget(&self) {
        let page = self.storage.list("/", None, 0, ReadAt::Latest).await.expect("memory lists");
        for KeyValue { key, revision, .. } in page.items {
            self.storage.delete(&key, revision).await.expect("memory deletes");
        }
        self.settle().await;
    }

    async fn settle(&self) {
        let revision = self.storage.revision().await.expect("memory counts");
        for store in self.registry.stores() {
            store.ready().await;
            store.at_least(revision).await.expect("the caches follow");
        }
    }
}

fn client(definitions: &[&'static Definition], registry: Arc<Registry>) -> Client {
    let (metrics, permission) = (Arc::new(Metrics::new()), Arc::new(MastersOnly));
    let requests = metrics.requests().clone();
    let build = "fuzzing".to_owned();
    let endpoint = Endpoint::new(build, definitions, registry, Health::default(), metrics, permission);
    let pipeline =
        Pipeline::new(Nobody, MastersOnly, endpoint, Options::default(), Shutdown::new(), requests);
    pipeline.complete();
    pipeline.as_user(UserInfo::new("fuzzing", [MASTERS_GROUP]))
}

/// A request out of its text: the method and the path, headers, an empty line, the body.
fn request(text: &[u8]) -> Option<Request<RequestBody>> {
    let split = text.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = match split {
        Some(at) => (&text[..at], &text[at + 2..]),
        None => (text, &b""[..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let mut words = lines.next()?.splitn(2, |byte| *byte == b' ');
    let mut request = Request::builder().method(words.next()?).uri(words.next()?);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        request = request.header(&line[..colon], line[colon + 1..].trim_ascii());
    }
    request.body(RequestBody::from(Bytes::copy_from_slice(body))).ok()
}

async fn send(client: &Client, request: Request<RequestBody>) {
    let line = format!("{} {}", request.method(), request.uri());
    let (parts, mut body) = client.send(request).await.into_parts();
    let mut read = Vec::new();
    for _ in 0..FRAMES {
        // A watch of which nothing is to be had yet ends with its timeout, which comes at once.
        let Some(frame) = body.frame().await else { break };
        read.extend(frame.ok().and_then(|frame| frame.into_data().ok()).unwrap_or_default());
    }
    let text = String::from_utf8_lossy(&read);
    let is_known = AS_KUBERNETES.iter().any(|known| text.contains(known));
    assert!(parts.status != 500 || is_known, "{line}: {text}");
}

pub(crate) fn read(data: &[u8]) {
    // Where it panics, the server is gone with what it was asked.
    let mut server = SERVER.take().filter(|server| server.inputs < INPUTS).unwrap_or_else(Server::new);
    server.inputs += 1;
    server.runtime.block_on(async {
        let mut rest = data;
        loop {
            let at = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN);
            if let Some(request) = request(&rest[..at.unwrap_or(rest.len())]) {
                send(&server.client, request).await;
            }
            let Some(at) = at else { break };
            rest = &rest[at + BETWEEN.len()..];
        }
        server.forget().await;
    });
    SERVER.set(Some(server));
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    const CREATE: &str = "POST /apis/databases.standard.k8s.io/v1/namespaces/a/postgresqls?fieldManager=x&fieldValidation=Strict\ncontent-type: application/json\n\n{\"apiVersion\":\"databases.standard.k8s.io/v1\",\"kind\":\"PostgreSQL\",\"metadata\":{\"name\":\"b\",\"labels\":{\"c\":\"d\"}},\"spec\":{\"version\":\"15\"}}";
    const OBJECT: &str = "/apis/databases.standard.k8s.io/v1/namespaces/a/postgresqls/b";
    let then = |rest: &str| format!("{CREATE}\n====\n{rest}").into_bytes();
    let patch = |media: &str, rest: &str, body: &str| {
        then(&format!("PATCH {OBJECT}{rest}\ncontent-type: application/{media}\n\n{body}"))
    };
    vec![
        then(&format!("GET {OBJECT}\naccept: application/json;as=Table;v=v1;g=meta.k8s.io, application/yaml;q=0.5")),
        then(&format!("GET {OBJECT}/status?pretty=1\naccept: application/vnd.kubernetes.protobuf\naccept-encoding: gzip")),
        then("GET /apis/databases.standard.k8s.io/v1/postgresqls?limit=1&labelSelector=c%3Dd&fieldSelector=metadata.name%3Db"),
        then("GET /apis/databases.standard.k8s.io/v1/postgresqls?watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=1"),
        then("GET /apis/databases.standard.k8s.io/v1alpha1/watch/namespaces/a/postgresqls?resourceVersion=1&timeoutSeconds=1\naccept: application/json;stream=watch"),
        then("GET /apis/databases.standard.k8s.io/v1/postgresqls?limit=1&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhL2IifQ"),
        patch("merge-patch+json", "?dryRun=All", "{\"spec\":{\"instances\":2}}"),
        patch("strategic-merge-patch+json", "", "{\"metadata\":{\"labels\":{\"$patch\":\"replace\",\"e\":\"f\"}}}"),
        patch("json-patch+json", "/scale", "[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":3}]"),
        patch("apply-patch+yaml", "?fieldManager=y&force=true", "apiVersion: databases.standard.k8s.io/v1\nkind: PostgreSQL\nspec:\n  instances: 2\n"),
        then(&format!("DELETE {OBJECT}?propagationPolicy=Foreground&gracePeriodSeconds=0\n\n{{\"preconditions\":{{\"resourceVersion\":\"1\"}}}}")),
        then("DELETE /apis/databases.standard.k8s.io/v1/namespaces/a/postgresqls?labelSelector=c"),
        then(&format!("PUT {OBJECT}/status\ncontent-type: application/yaml\n\nmetadata: {{name: b, namespace: a}}\nstatus: {{phase: x}}\n")),
        b"POST /api/v1/namespaces/a/secrets\ncontent-type: application/json\n\n{\"metadata\":{\"generateName\":\"s-\"},\"stringData\":{\"a\":\"b\"}}".to_vec(),
        b"GET /openapi/v3/apis/databases.standard.k8s.io/v1\naccept: application/com.github.proto-openapi.spec.v3@v1.0+protobuf".to_vec(),
        b"GET /apis\naccept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList".to_vec(),
    ]
}
