//! Quotas on the number of our objects: counted by the cluster, enforced by us (A-44, RQ-01).

use futures_util::future::join_all;
use hyper::Method;
use serde_json::json;
use suites::http::Reply;
use suites::wait::until;

use crate::setup::{JSON, MERGE, OURS, Setup, postgresql};

const COUNT: &str = "count/postgresqls.databases.standard.k8s.io";
const QUOTA: &str = "/api/v1/namespaces/demo/resourcequotas/few";

impl Setup {
    async fn post(&self, name: &str) -> Reply {
        let object = postgresql(&json!({"name": name})).to_string();
        self.ours.send(Method::POST, OURS, &[JSON], object).await
    }

    /// Waits until the cluster's controller, which looks for new kinds every half minute, counts ours. It looks again at a
    /// quota whose limits change.
    async fn counted(&self) {
        let mut limit = 1000;
        until("ours are counted", async || {
            limit += 1;
            let change = json!({"spec": {"hard": {"count/configmaps": limit.to_string()}}}).to_string();
            let quota = self.host.send(Method::PATCH, QUOTA, &[MERGE], change).await.expect(200);
            (quota["status"]["used"][COUNT] == "0").then_some(())
        })
        .await;
    }

    /// Waits until the quota's status counts so many.
    async fn used(&self, expected: &str) {
        until(&format!("{expected} are counted"), async || {
            let quota = self.host.get(QUOTA, &[]).await.expect(200);
            (quota["status"]["used"][COUNT] == expected).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_counts_ours_and_lets_no_more_pass() {
    let Some(setup) = Setup::start().await else { return };
    let registration = setup.server.registration();
    setup.cluster.register(&registration, &setup.cluster.pki.serving.pem()).await.expect("registered");
    setup.cluster.available(&registration).await.expect("available");
    setup
        .apply(json!({
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few", "namespace": "demo"},
            "spec": {"hard": {COUNT: "3"}},
        }))
        .await;
    setup.counted().await;
    // Ours knows of it once it refuses: a fourth never passes, whoever is quicker.
    until("the quota is known", async || {
        let replies = join_all((0..6).map(|number| {
            let setup = &setup;
            async move { setup.post(&format!("a{number}")).await }
        }))
        .await;
        replies.iter().any(|reply| reply.status == 403).then_some(())
    })
    .await;
    setup.used("3").await;
    let list = setup.ours.get(OURS, &[]).await.expect(200);
    assert_eq!(list["items"].as_array().expect("items").len(), 3);

    let refused = setup.post("b").await;
    let expected = format!(
        "postgresqls.databases.standard.k8s.io \"b\" is forbidden: exceeded quota: few, requested: {COUNT}=1, \
         used: {COUNT}=3, limited: {COUNT}=3"
    );
    assert_eq!(refused.refused(403, "Forbidden")["message"], expected);

    // The cluster's own controller counts what goes.
    setup.ours.send(Method::DELETE, OURS, &[], "").await.expect(200);
    setup.used("0").await;
    setup.post("c").await.expect(201);
    setup.used("1").await;
}
