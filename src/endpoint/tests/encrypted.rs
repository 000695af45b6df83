//! Encryption at rest: what lies in storage, and what becomes of it when keys change.

use super::*;
use databases_storage::ReadAt;
use databases_storage::encryption::{Algorithm, Key, Provider, Providers};

/// The providers of the keys of these names, each name with a secret of its own.
fn providers(names: &[&str]) -> Providers {
    let provider = |name: &&str| match *name {
        "identity" => Provider::Identity,
        name => {
            let secret = [name.as_bytes()[0]; 32];
            Provider::Key(Key::new(Algorithm::Secretbox, name, &secret).unwrap())
        }
    };
    Providers::new(names.iter().map(provider).collect()).unwrap()
}

async fn start(names: &[&str]) -> (Server, Transformer) {
    let transformer = Transformer::new("", providers(names));
    (over(Server::memory().await, &transformer).await, transformer)
}

async fn over(storage: Arc<dyn databases_storage::Storage>, transformer: &Transformer) -> Server {
    Server::with(&[&flunder::DEFINITION], storage, transformer, Arc::new(MastersOnly)).await
}

/// What lies in storage, as text where it is none.
async fn stored(server: &Server, name: &str) -> String {
    let key = format!("/wardle.example.com/flunders/ns/{name}");
    let (found, _) = server.storage.get(&key, ReadAt::Latest).await.unwrap();
    String::from_utf8_lossy(&found.unwrap().value).into_owned()
}

fn version(object: &Value) -> &str {
    object["metadata"]["resourceVersion"].as_str().unwrap()
}

#[tokio::test]
async fn an_update_that_changes_nothing_encrypts_anew_what_another_key_wrote() {
    let (server, transformer) = start(&["identity"]).await;
    let created = server.create("a").await;
    assert!(stored(&server, "a").await.starts_with("{\"kind\":\"Flunder\""));
    let mut last = created.clone();
    for (names, begins) in [
        (&["one", "identity"][..], "k8s:enc:secretbox:v1:one:"),
        (&["two", "one"], "k8s:enc:secretbox:v1:two:"),
        (&["identity", "two"], "{\"kind\":\"Flunder\""),
    ] {
        transformer.replace(providers(names));
        let written = server.put(&of("a"), &last).await.json();
        assert_ne!(version(&written), version(&last), "it was written");
        assert!(stored(&server, "a").await.starts_with(begins), "{}", stored(&server, "a").await);
        let again = server.put(&of("a"), &written).await.json();
        assert_eq!(again, written, "and once only");
        last = written;
    }
    last["metadata"]["resourceVersion"] = created["metadata"]["resourceVersion"].clone();
    assert_eq!(last, created);
}

#[tokio::test]
async fn a_server_that_starts_reads_what_was_encrypted_and_nothing_tells_what_it_says() {
    let (server, _) = start(&["one"]).await;
    let created = server.create("swordfish").await;
    assert!(!stored(&server, "swordfish").await.contains("swordfish"));
    let next = over(server.storage.clone(), &Transformer::new("", providers(&["two", "one"]))).await;
    assert_eq!(next.get(&of("swordfish")).await.json(), created);
    next.merge(&of("swordfish"), &json!({"spec": {"count": 2}})).await;
    assert!(stored(&next, "swordfish").await.starts_with("k8s:enc:secretbox:v1:two:"));
}

#[tokio::test]
async fn what_cannot_be_decrypted_is_left_out_until_its_key_is_there() {
    let (server, _) = start(&["one"]).await;
    let created = server.create("a").await;
    let transformer = Transformer::new("", providers(&["two"]));
    let next = over(server.storage.clone(), &transformer).await;
    next.create("b").await;
    let list = next.get(BASE).await;
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 1);
    assert!(list.headers["warning"].to_str().unwrap().contains("left out: ns/a"));
    let refused = next.get(&of("a")).await;
    assert_eq!(refused.code, 500);
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("encrypted by secretbox with a key named \"one\", which the configuration"),
        "{message}"
    );
    assert_eq!(next.put(&of("a"), &flunder("a")).await.code, 500);
    transformer.replace(providers(&["two", "one"]));
    next.registry.decode_again();
    let read = async {
        loop {
            let answer = next.get(&of("a")).await;
            if answer.code == 200 {
                return answer.json();
            }
            tokio::task::yield_now().await;
        }
    };
    let deadline = std::time::Duration::from_secs(20);
    assert_eq!(tokio::time::timeout(deadline, read).await.unwrap(), created);
}
