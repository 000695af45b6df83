//! What nobody asks for in an episode: everything is taken away before it, and a cluster's controllers let go what is to go.
//!
//! kube-apiserver has no controllers here, as they would write when they like. What they do about objects that go is done by the
//! test; our server, which has them, is waited for.

use hyper::Method;
use serde_json::{Value, json};
use suites::http::Http;
use suites::wait::until;

use crate::answer::second;
use crate::peer::Server;
use crate::world::NAMESPACES;

const MERGE: [(&str, &str); 1] = [("content-type", "application/merge-patch+json")];
const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
/// What the controller of namespaces says of one with nothing in it: types, reasons and messages.
const EMPTIED: [[&str; 3]; 5] = [
    ["NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"],
    [
        "NamespaceDeletionGroupVersionParsingFailure",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ],
    [
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ],
    ["NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"],
    ["NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"],
];
/// The finalizers of the garbage collector.
const COLLECTED: [&str; 2] = ["orphan", "foregroundDeletion"];

/// An object that is to go, but for what of a controller's holds it.
struct Going {
    path: String,
    object: Value,
}

impl Going {
    fn is_collected(&self) -> bool {
        let finalizers = self.object["metadata"]["finalizers"].as_array();
        finalizers.is_some_and(|all| all.iter().any(|one| COLLECTED.iter().any(|known| one == known)))
    }

    /// Whether the controller of namespaces has something to do about it, or to say.
    fn is_finalized(&self) -> bool {
        let finalizers = self.object["spec"]["finalizers"].as_array();
        let is_told = self.object["status"]["conditions"]
            .as_array()
            .is_some_and(|all| EMPTIED.iter().all(|[kind, ..]| all.iter().any(|one| one["type"] == *kind)));
        finalizers.is_some_and(|all| !all.is_empty() && (all.contains(&json!("kubernetes")) || !is_told))
    }
}

/// Waits for the controllers of a cluster, or does what they do; whether there was something to do, where that is known.
pub(crate) async fn settle(server: &Server, collection: &str) -> bool {
    if server.is_bare {
        let going = going(server, collection).await;
        for going in &going {
            finish(&server.http, going).await;
        }
        return !going.is_empty();
    }
    until("the controllers are done", async || going(server, collection).await.is_empty().then_some(()))
        .await;
    false
}

/// The objects that a controller lets go next.
async fn going(server: &Server, collection: &str) -> Vec<Going> {
    let all = objects(server, collection).await.into_iter().map(|(path, object)| Going { path, object });
    let goes = |going: &Going| !going.object["metadata"]["deletionTimestamp"].is_null();
    all.filter(|going| goes(going) && (going.is_collected() || going.is_finalized())).collect()
}

/// What controllers do about it.
async fn finish(http: &Http, going: &Going) {
    let mut object = going.object.clone();
    if going.is_collected() {
        let finalizers = object["metadata"]["finalizers"].as_array_mut().expect("finalizers");
        finalizers.retain(|one| !COLLECTED.iter().any(|known| one == known));
        let patch = json!({"metadata": {"finalizers": finalizers}});
        object = http.send(Method::PATCH, &going.path, &MERGE, patch.to_string()).await.expect(200);
    }
    if going.is_finalized() {
        tell_emptied(&mut object);
        let path = format!("{}/status?fieldManager=namespace-controller", going.path);
        object = http.send(Method::PUT, &path, &JSON, object.to_string()).await.expect(200);
        let finalizers = object["spec"]["finalizers"].as_array_mut().expect("finalizers");
        finalizers.retain(|one| one != "kubernetes");
        let path = format!("{}/finalize?fieldManager=namespace-controller", going.path);
        http.send(Method::PUT, &path, &JSON, object.to_string()).await.expect(200);
    }
}

/// Gives a namespace the conditions that it does not have yet.
fn tell_emptied(namespace: &mut Value) {
    let mut conditions = namespace["status"]["conditions"].as_array().cloned().unwrap_or_default();
    for [kind, reason, message] in EMPTIED {
        if !conditions.iter().any(|one| one["type"] == kind) {
            let now = format!("{}Z", second());
            conditions.push(json!({"type": kind, "status": "False", "reason": reason, "message": message, "lastTransitionTime": now}));
        }
    }
    namespace["status"]["conditions"] = json!(conditions);
}

/// Everything in a collection that an episode may have made, by its path.
async fn objects(server: &Server, collection: &str) -> Vec<(String, Value)> {
    let list = server.http.get(collection, &[]).await.expect(200);
    let (version, plural) = collection.rsplit_once('/').expect("a collection");
    let mut found = Vec::new();
    for object in list["items"].as_array().expect("items") {
        let text = |member: &str| object["metadata"][member].as_str().unwrap_or_default();
        let (namespace, name) = (text("namespace"), text("name"));
        if server.world.is_standing(namespace, name) {
            continue;
        }
        let path = match namespace {
            "" => format!("{collection}/{name}"),
            namespace => format!("{version}/namespaces/{namespace}/{plural}/{name}"),
        };
        found.push((path, object.clone()));
    }
    found
}

/// Deletes everything in a collection that an episode may have made, whatever finalizers it has.
pub(crate) async fn empty(server: &Server, collection: &str) {
    for (path, _) in objects(server, collection).await {
        remove(server, &path).await;
    }
    until("everything is gone", async || objects(server, collection).await.is_empty().then_some(())).await;
}

/// The revision of a collection with nothing in it, and whose uid is which among what always stands in it.
pub(crate) async fn begin(server: &Server, collection: &str) -> (u64, Vec<(String, String)>) {
    assert!(objects(server, collection).await.is_empty(), "something was left");
    let list = server.http.get(collection, &[]).await.expect(200);
    let text = |object: &Value, name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
    let standing = list["items"].as_array().into_iter().flatten();
    let standing = standing.map(|object| {
        (text(object, "uid"), format!("{}/{}", text(object, "namespace"), text(object, "name")))
    });
    (text(&list, "resourceVersion").parse().expect("a revision"), standing.collect())
}

async fn remove(server: &Server, path: &str) {
    let Server { http, .. } = server;
    http.send(Method::DELETE, path, &[], "").await;
    http.send(Method::PATCH, path, &MERGE, r#"{"metadata":{"finalizers":null}}"#).await;
    let left = http.get(path, &[]).await;
    if left.status == 200
        && path.contains("/api/v1/namespaces/")
        && !left.json()["spec"]["finalizers"].is_null()
    {
        let mut object = left.json();
        object["spec"]["finalizers"] = json!([]);
        http.send(Method::PUT, &format!("{path}/finalize"), &JSON, object.to_string()).await;
    }
}

/// Gives ours the objects of the core group that kube-apiserver has from the start, and both the namespaces to write in. The last
/// revision is of none of them, so that those of all are from before the first episode.
pub(crate) async fn furnish(theirs: &Http, ours: &Http) {
    for http in [theirs, ours] {
        for name in NAMESPACES {
            create(http, "/api/v1/namespaces", json!({"metadata": {"name": name}}), "test").await;
        }
    }
    for collection in ["namespaces", "configmaps"] {
        let list = theirs.get(&format!("/api/v1/{collection}"), &[]).await.expect(200);
        for object in list["items"].as_array().expect("items") {
            let metadata = &object["metadata"];
            let path = match metadata["namespace"].as_str() {
                Some(namespace) => format!("/api/v1/namespaces/{namespace}/{collection}"),
                None => format!("/api/v1/{collection}"),
            };
            let manager = metadata["managedFields"][0]["manager"].as_str().unwrap_or("test");
            let named = json!({"name": metadata["name"], "labels": metadata["labels"]});
            let copy = json!({"metadata": named, "data": object["data"]});
            create(ours, &path, copy, manager).await;
        }
    }
    for http in [theirs, ours] {
        let collection = "/api/v1/namespaces/default/configmaps";
        create(http, collection, json!({"metadata": {"name": "last"}}), "test").await;
        http.send(Method::DELETE, &format!("{collection}/last"), &[], "").await.expect(200);
    }
}

async fn create(http: &Http, collection: &str, object: Value, manager: &str) {
    let path = format!("{collection}?fieldManager={manager}");
    let reply = http.send(Method::POST, &path, &JSON, object.to_string()).await;
    assert!(matches!(reply.status, 201 | 409), "{}", reply.text());
}
