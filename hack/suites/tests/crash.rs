//! kill -9 of the server during acknowledged writes: every acknowledged write is there afterwards.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use hyper::Method;
use quickstart::client::Client;
use serde_json::{Value, json};
use suites::instance::{NAMESPACE, applied, namespace, postgresql};
use suites::wait::until;
use suites::{Etcd, Sandbox};

const ROUNDS: u64 = 15;
const WRITERS: u64 = 8;
/// How many objects a round creates, and mostly changes, before the server is killed.
const OBJECTS: usize = 40;

/// The last acknowledged counter and revision of each object.
type Acknowledged = Arc<Mutex<BTreeMap<String, (u64, u64)>>>;

fn counter(object: &Value) -> u64 {
    object["metadata"]["annotations"]["counter"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}

fn revision(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Creates an object, raises its counter a few times, and takes the next; ends with the server.
async fn write(client: Client, round: u64, writer: u64, acknowledged: Acknowledged) {
    let collection = format!("/apis/databases.standard.k8s.io/v1/namespaces/{NAMESPACE}/postgresqls");
    for number in 0.. {
        let name = format!("w{round}-{writer}-{number}");
        let path = format!("{collection}/{name}");
        for value in 1..=4_u64 {
            let mut body = json!({"metadata": {"annotations": {"counter": value.to_string()}}});
            let written = if value == 1 {
                let mut object = postgresql(&name, &json!({"className": "nobody"}));
                object["metadata"]["annotations"] = body["metadata"]["annotations"].take();
                client.expect(Method::POST, &collection, "application/json", &object).await
            } else {
                client.expect(Method::PATCH, &path, "application/merge-patch+json", &body).await
            };
            let Ok(object) = written else { return };
            let mut acknowledged = acknowledged.lock().expect("no writer panics");
            acknowledged.insert(name.clone(), (value, revision(&object)));
        }
    }
}

/// Every acknowledged write is there, or a later one of the same object.
async fn check(client: &Client, acknowledged: &Acknowledged) {
    let path = format!("/apis/databases.standard.k8s.io/v1/namespaces/{NAMESPACE}/postgresqls");
    let list = client.read(&path).await.expect("the list is served");
    let there: BTreeMap<&str, &Value> = list["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|object| Some((object["metadata"]["name"].as_str()?, object)))
        .collect();
    let acknowledged = acknowledged.lock().expect("no writer panics");
    for (name, (value, written)) in acknowledged.iter() {
        let object =
            there.get(name.as_str()).unwrap_or_else(|| panic!("{name} was acknowledged and is lost"));
        assert!(
            counter(object) >= *value,
            "{name}: counter {value} was acknowledged, found {}",
            counter(object)
        );
        assert!(revision(object) >= *written, "{name}: revision {written} was acknowledged");
    }
    let newest = acknowledged.values().map(|(_, written)| *written).max().unwrap_or_default();
    assert!(revision(&list) >= newest, "revisions went back");
}

async fn crash_and_look(mut sandbox: Sandbox) {
    let acknowledged = Acknowledged::default();
    let mut client = sandbox.start().await;
    applied(&client, &namespace()).await;
    for round in 0..ROUNDS {
        let before = acknowledged.lock().expect("no writer panics").len();
        let write = |writer| tokio::spawn(write(client.clone(), round, writer, Arc::clone(&acknowledged)));
        let writers: Vec<_> = (0..WRITERS).map(write).collect();
        until("enough writes are acknowledged", async || {
            let now = acknowledged.lock().expect("no writer panics").len();
            (now - before >= OBJECTS).then_some(())
        })
        .await;
        sandbox.kill().await;
        for writer in writers {
            writer.await.expect("a writer ends with the server");
        }
        client = sandbox.start().await;
        check(&client, &acknowledged).await;
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redb_keeps_every_acknowledged_write() {
    let Some(sandbox) = Sandbox::new() else { return };
    crash_and_look(sandbox.with_flags(["--storage", "redb"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn etcd_keeps_every_acknowledged_write() {
    let Some(sandbox) = Sandbox::new() else { return };
    let Some(etcd) = Etcd::start(sandbox.folder()).await else { return };
    crash_and_look(sandbox.with_flags(["--storage", "etcd", "--etcd-servers", &etcd.url])).await;
}
