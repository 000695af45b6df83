//! What depends on something that goes, where no cluster collects it.

use super::*;

const MAPS: &str = "/api/v1/namespaces/demo/configmaps";

/// Makes an object; its uid.
async fn made(server: &Server, path: &str, name: &str, owners: &[Value]) -> String {
    let object = json!({"metadata": {"name": name, "ownerReferences": owners}});
    let (code, _, answer) = server.post(path, object).await;
    assert_eq!(code, 201, "{answer}");
    answer["metadata"]["uid"].as_str().unwrap().to_owned()
}

fn owner(kind: &str, name: &str, uid: &str) -> Value {
    let group = if kind == "ConfigMap" { "v1" } else { "databases.standard.k8s.io/v1" };
    json!({"apiVersion": group, "kind": kind, "name": name, "uid": uid, "blockOwnerDeletion": true})
}

async fn references(server: &Server, name: &str) -> usize {
    let (code, object) = server.get(&format!("{MAPS}/{name}")).await;
    assert_eq!(code, 200, "{name} is there");
    object["metadata"]["ownerReferences"].as_array().map_or(0, Vec::len)
}

#[tokio::test(start_paused = true)]
async fn what_nobody_owns_any_more_is_deleted() {
    let server = Server::start().await;
    let (one, two) = (made(&server, MAPS, "one", &[]).await, made(&server, MAPS, "two", &[]).await);
    let (one, two) = (owner("ConfigMap", "one", &one), owner("ConfigMap", "two", &two));
    let child = made(&server, MAPS, "child", std::slice::from_ref(&one)).await;
    made(&server, MAPS, "grandchild", &[owner("ConfigMap", "child", &child)]).await;
    made(&server, MAPS, "shared", &[one, two]).await;
    assert_eq!(server.delete(&format!("{MAPS}/one"), json!({})).await, 200);
    server.gone(&format!("{MAPS}/child")).await;
    server.gone(&format!("{MAPS}/grandchild")).await;
    let one_left = async || (references(&server, "shared").await == 1).then_some(());
    server.until("only the reference to a living owner is left", one_left).await;
    assert_eq!(server.delete(&format!("{MAPS}/two"), json!({})).await, 200);
    server.gone(&format!("{MAPS}/shared")).await;
}

#[tokio::test(start_paused = true)]
async fn owners_are_told_apart_by_uid_and_only_what_is_known_to_be_gone_is_gone() {
    let server = Server::start().await;
    server.post("/api/v1/namespaces", json!({"metadata": {"name": "other"}})).await;
    let elsewhere = made(&server, "/api/v1/namespaces/other/configmaps", "x", &[]).await;
    made(&server, MAPS, "elsewhere", &[owner("ConfigMap", "x", &elsewhere)]).await;
    let unknown = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "d", "uid": "1"});
    made(&server, MAPS, "unknown", std::slice::from_ref(&unknown)).await;
    made(&server, MAPS, "both", &[unknown, owner("ConfigMap", "nothing", "2")]).await;
    let present = made(&server, MAPS, "present", &[]).await;
    made(&server, MAPS, "kept", &[owner("ConfigMap", "present", &present)]).await;
    // What is to be deleted comes last: when it is gone, the others were looked at.
    made(&server, MAPS, "stale", &[owner("ConfigMap", "present", "an-older-one")]).await;
    server.gone(&format!("{MAPS}/stale")).await;
    for name in ["elsewhere", "unknown", "kept"] {
        assert_eq!(references(&server, name).await, 1);
    }
    assert_eq!(references(&server, "both").await, 2);
}

#[tokio::test(start_paused = true)]
async fn an_owner_without_a_namespace_owns_in_all_of_them() {
    let server = Server::start().await;
    server.class("any", json!({}), &["PostgreSQL"]).await;
    let (_, class) = server.get(&format!("{CLASSES}/any")).await;
    let uid = class["metadata"]["uid"].as_str().unwrap();
    made(&server, MAPS, "settings", &[owner("DatabaseClass", "any", uid)]).await;
    assert_eq!(server.delete(&format!("{CLASSES}/any"), json!({})).await, 200);
    server.gone(&format!("{MAPS}/settings")).await;
}

#[tokio::test(start_paused = true)]
async fn foreground_deletion_ends_and_the_database_runs_until_its_turn() {
    let (server, fake) = Server::with_fake().await;
    let class = json!({"metadata": {"name": "ours"}, "spec": {"controllerName": CONTROLLER_NAME}});
    server.post(CLASSES, class).await;
    let (_, _, object) = server.post(IN_DEMO, database("a", json!({"className": "ours"}))).await;
    let path = format!("{IN_DEMO}/a");
    server.condition(&path, "Ready", "True", "Available").await;
    let uid = object["metadata"]["uid"].as_str().unwrap();
    made(&server, MAPS, "child", &[owner("PostgreSQL", "a", uid)]).await;
    let child = format!("{MAPS}/child");
    server.merge(&child, json!({"metadata": {"finalizers": ["example.com/hold"]}})).await;
    assert_eq!(server.delete(&path, json!({"propagationPolicy": "Foreground"})).await, 200);
    let going = async || server.get(&child).await.1["metadata"]["deletionTimestamp"].as_str().map(drop);
    server.until("the dependent goes first", going).await;
    fake.crash(uid);
    server.until("the database is kept", async || (fake.is_up(uid) == Some(true)).then_some(())).await;
    server.condition(&path, "Ready", "True", "Available").await;
    server.merge(&child, json!({"metadata": {"finalizers": null}})).await;
    server.gone(&child).await;
    server.gone(&path).await;
    assert_eq!(fake.is_up(uid), None);
}

#[tokio::test(start_paused = true)]
async fn orphans_live_on_without_their_owner() {
    let server = Server::start().await;
    let uid = made(&server, MAPS, "owner", &[]).await;
    made(&server, MAPS, "child", &[owner("ConfigMap", "owner", &uid)]).await;
    let options = json!({"propagationPolicy": "Orphan"});
    assert_eq!(server.delete(&format!("{MAPS}/owner"), options).await, 200);
    server.gone(&format!("{MAPS}/owner")).await;
    assert_eq!(references(&server, "child").await, 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_depends_on_an_event() {
    const EVENTS: &str = "/api/v1/namespaces/demo/events";
    let server = Server::start().await;
    let event =
        json!({"metadata": {"name": "one"}, "involvedObject": {"kind": "ConfigMap", "namespace": "demo"}});
    for policy in ["Orphan", "Foreground"] {
        assert_eq!(server.post(EVENTS, event.clone()).await.0, 201);
        let one = format!("{EVENTS}/one");
        assert_eq!(server.delete(&one, json!({"propagationPolicy": policy})).await, 200);
        assert_eq!(server.get(&one).await.0, 404, "{policy} leaves nothing to wait for");
    }
}

#[tokio::test(start_paused = true)]
async fn objects_that_own_each_other_go_in_the_foreground_too() {
    let server = Server::start().await;
    let one = made(&server, MAPS, "one", &[]).await;
    let two = made(&server, MAPS, "two", &[owner("ConfigMap", "one", &one)]).await;
    let circle = json!({"metadata": {"ownerReferences": [owner("ConfigMap", "two", &two)]}});
    assert_eq!(server.merge(&format!("{MAPS}/one"), circle).await.0, 200);
    let options = json!({"propagationPolicy": "Foreground"});
    assert_eq!(server.delete(&format!("{MAPS}/one"), options).await, 200);
    server.gone(&format!("{MAPS}/one")).await;
    server.gone(&format!("{MAPS}/two")).await;
}
