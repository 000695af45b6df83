//! Parameters of a cluster that tells of every question.

use super::*;
use crate::cluster::testing::{failure, played};
use serde_json::json;
use std::sync::{Arc, Mutex};
use tokio::task::yield_now;

/// What was asked, without how.
type Asked = Arc<Mutex<Vec<String>>>;

fn limits(value: &str, revision: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "limits", "namespace": "default", "resourceVersion": revision},
        "data": {"name": value},
    })
}

/// A cluster with a ConfigMap `limits`, which changes once as soon as somebody watches; and what it was asked.
fn cluster() -> (Cluster, Asked) {
    let (asked, watches) = (Asked::default(), Mutex::new(0));
    let heard = asked.clone();
    let cluster = played(move |path| {
        let (place, query) = path.split_once('?').unwrap_or((path, ""));
        let is_watch = query.contains("watch=true");
        heard.lock().unwrap().push(format!("{}{place}", if is_watch { "watch " } else { "" }));
        if is_watch {
            let mut watches = watches.lock().unwrap();
            *watches += 1;
            let changes = *watches == 1 && query.contains("metadata.name%3Dlimits");
            return changes.then(|| (200, json!({"type": "MODIFIED", "object": limits("new", "2")})));
        }
        let all = |items: Vec<Value>| json!({"apiVersion": "v1", "kind": "ConfigMapList", "metadata": {"resourceVersion": "1"}, "items": items});
        Some(match place {
            "/api/v1" => (
                200,
                json!({
                    "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "v1",
                    "resources": [{"name": "configmaps", "singularName": "", "namespaced": true, "kind": "ConfigMap", "verbs": ["get", "list", "watch"]}],
                }),
            ),
            "/api/v1/namespaces/default/configmaps" if query.contains("metadata.name%3Dlimits") => {
                (200, all(vec![limits("old", "1")]))
            }
            "/api/v1/namespaces/default/configmaps" => (200, all(vec![])),
            "/api/v1/namespaces/default/configmaps/late" => (200, limits("late", "3")),
            _ => failure(404),
        })
    });
    (cluster, asked)
}

fn named(name: &str) -> Sought {
    let namespace = Some("default".to_owned());
    Sought {
        api_version: "v1".into(),
        kind: "ConfigMap".into(),
        namespace,
        name: Some(name.into()),
        ..Sought::default()
    }
}

fn value(object: Value) -> String {
    object["data"]["name"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn what_is_known_is_asked_of_nobody_and_follows_every_change() {
    let (cluster, asked) = cluster();
    let watched = cluster.watch_params(named("limits"), value);
    while watched.known("demo").as_deref() != Some(&["new".to_owned()]) {
        yield_now().await;
    }
    let questions = asked.lock().unwrap().len();
    for _ in 0..100 {
        assert_eq!(watched.of("demo").await.unwrap(), ["new"]);
    }
    let asked = asked.lock().unwrap();
    assert_eq!(asked[questions..], [""; 0], "{asked:?}");
}

#[tokio::test]
async fn what_is_not_known_yet_is_read() {
    let (cluster, asked) = cluster();
    let watched = cluster.watch_params(named("late"), value);
    while watched.watch.seen.load().is_none() {
        yield_now().await;
    }
    assert_eq!(watched.of("demo").await.unwrap(), ["late"]);
    assert!(asked.lock().unwrap().iter().any(|path| path.ends_with("/late")));

    let unknown = Sought { kind: "Nothing".into(), ..named("limits") };
    let error = cluster.watch_params(unknown, value).of("demo").await.unwrap_err();
    assert!(error.is_missing(), "{error}");
    let here = Sought { namespace: None, ..named("limits") };
    let error = cluster.watch_params(here, value).of("").await.unwrap_err();
    assert!(error.to_string().starts_with("cannot use namespaced paramRef"), "{error}");
}

#[tokio::test]
async fn nobody_watches_for_whom_nobody_asks_any_more() {
    let (cluster, _) = cluster();
    let watched = cluster.watch_params(named("limits"), value);
    let watch = watched.watch.clone();
    while watch.seen.load().is_none() {
        yield_now().await;
    }
    drop(watched);
    while Arc::strong_count(&watch) > 1 {
        yield_now().await;
    }
}

#[test]
fn a_binding_that_names_an_object_selects_none() {
    let kind = ParamKind { api_version: Some("v1".into()), kind: Some("ConfigMap".into()) };
    let reference = |tree: Value| serde_json::from_value::<ParamRef>(tree).unwrap();
    let sought = |tree| Sought::new(&kind, &reference(tree)).unwrap();
    assert_eq!(sought(json!({"name": "limits", "namespace": "default"})), named("limits"));
    let selected = sought(
        json!({"selector": {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]}}),
    );
    assert_eq!((selected.name, selected.labels.as_str()), (None, "a=b,c"));
    assert_eq!(sought(json!({"selector": {}})).labels, "");
    let odd = reference(json!({"selector": {"matchExpressions": [{"key": "c", "operator": "Perhaps"}]}}));
    assert!(Sought::new(&kind, &odd).is_err());
}
