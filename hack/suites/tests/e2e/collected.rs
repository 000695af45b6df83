//! Lines 16 and 17: owners and dependents, namespaces.

use hyper::Method;
use serde_json::{Value, json};
use suites::http::Reply;
use suites::wait::until;

use crate::target::{JSON, Target};

const MANY: usize = 500;

impl Target {
    fn config_map(&self, name: &str) -> String {
        format!("/api/v1/namespaces/{}/configmaps/{name}", self.namespace)
    }

    async fn create_config_map(&self, name: &str, owner: Option<&Value>) -> Value {
        let mut object = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": self.namespace},
        });
        if let Some(owner) = owner {
            object["metadata"]["ownerReferences"] = json!([reference(owner)]);
        }
        let path = format!("/api/v1/namespaces/{}/configmaps", self.namespace);
        self.host.send(Method::POST, &path, &[JSON], object.to_string()).await.expect(201)
    }

    /// A ConfigMap, as the owner of something.
    pub(crate) async fn owner(&self, name: &str) -> Value {
        let mut reference = reference(&self.create_config_map(name, None).await);
        reference.as_object_mut().expect("a reference").remove("blockOwnerDeletion");
        reference
    }

    async fn create_owned(&self, name: &str, owner: &Value) -> Value {
        let mut object = self.object(name);
        object["metadata"]["ownerReferences"] = json!([reference(owner)]);
        self.post(&object, "").await.expect(201)
    }

    /// Deletes an object of ours, or a ConfigMap.
    async fn drop(&self, path: &str, policy: &str) {
        let options = json!({"propagationPolicy": policy}).to_string();
        let http = if path.starts_with("/api/") { &self.host } else { &self.http };
        http.send(Method::DELETE, path, &[JSON], options).await.expect(200);
    }

    async fn host_get(&self, path: &str) -> Reply {
        self.host.get(path, &[]).await
    }

    async fn gone(&self, path: &str) {
        until(&format!("{path} is gone"), async || (self.host_get(path).await.status == 404).then_some(()))
            .await;
    }

    async fn without_owner(&self, path: &str) {
        until(&format!("{path} has no owner"), async || {
            let object = self.host_get(path).await.expect(200);
            object["metadata"]["ownerReferences"].is_null().then_some(())
        })
        .await;
    }
}

fn reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"], "kind": owner["kind"],
        "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
        "blockOwnerDeletion": true,
    })
}

/// Background, foreground and orphan, each with our object as owner and as dependent.
pub(crate) async fn garbage(target: &Target) {
    for policy in ["Background", "Foreground", "Orphan"] {
        let word = policy.to_lowercase();
        let (ours, theirs) = (format!("ours-{word}"), format!("theirs-{word}"));
        let owner = target.create(&ours).await;
        target.create_config_map(&format!("{ours}-owned"), Some(&owner)).await;
        let owner = target.create_config_map(&theirs, None).await;
        target.create_owned(&format!("{theirs}-owned"), &owner).await;

        let dependents =
            [target.config_map(&format!("{ours}-owned")), target.item(&format!("{theirs}-owned"))];
        for (owner, dependent) in [target.item(&ours), target.config_map(&theirs)].iter().zip(&dependents) {
            // A collector that has not seen the dependent yet would leave it behind for a while.
            target.drop(owner, policy).await;
            match policy {
                "Orphan" => target.without_owner(dependent).await,
                _ => target.gone(dependent).await,
            }
            target.gone(owner).await;
        }
    }
    let log = target.cluster.controller_manager.as_ref().expect("controllers run").log();
    let log = std::fs::read_to_string(log).expect("its log");
    let bad: Vec<&str> = log.lines().filter(|line| line.contains("failed to sync")).collect();
    assert_eq!(bad, [""; 0]);
}

pub(crate) async fn namespace(target: &Target) {
    target.create_many("n", MANY).await;
    target.merge("n0000", json!({"metadata": {"finalizers": ["example.com/kept"]}})).await;
    let path = format!("/api/v1/namespaces/{}", target.namespace);
    target.host.send(Method::DELETE, &path, &[], "").await.expect(200);
    until("the collection is deleted", async || {
        let list = target.list("").await.expect(200);
        (list["items"].as_array()?.len() == 1).then_some(())
    })
    .await;

    let status = target.post(&target.object("late"), "").await.refused(403, "Forbidden");
    let message = status["message"].as_str().unwrap_or_default();
    assert!(message.contains("because it is being terminated"), "{message}");
    assert_eq!(status["details"]["causes"][0]["reason"], "NamespaceTerminating", "{status}");
    target.merge("n0000", json!({"metadata": {"finalizers": null}})).await;
    target.gone(&path).await;
    target.post(&target.object("later"), "").await.refused(404, "NotFound");
}
