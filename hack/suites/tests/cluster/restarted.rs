//! A rolling restart of the pods, as an upgrade is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hyper::Method;
use serde_json::json;
use suites::NodeCluster;
use suites::http::Http;
use suites::node::NAMESPACE;
use suites::wait::until;

use crate::settled;

const PATH: &str = "/apis/databases.standard.k8s.io/v1/namespaces/restarted/postgresqls";
const JSON: (&str, &str) = ("content-type", "application/json");

/// Writes, reads and removes through kube-apiserver until it is told to stop; every answer must be the right one.
async fn work(http: Http, is_over: Arc<AtomicBool>, done: Arc<AtomicUsize>) {
    let object =
        json!({"metadata": {"name": "a"}, "spec": {"className": "none", "storage": {"size": "1Gi"}}})
            .to_string();
    let item = format!("{PATH}/a");
    while !is_over.load(Ordering::Relaxed) {
        http.send(Method::POST, PATH, &[JSON], object.clone()).await.expect(201);
        http.get(&item, &[]).await.expect(200);
        http.get(PATH, &[]).await.expect(200);
        http.send(Method::DELETE, &item, &[], "").await.expect(200);
        until("the object is gone", async || (http.get(&item, &[]).await.status == 404).then_some(())).await;
        done.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_of_the_pods_fails_no_request() {
    let Some(cluster) = NodeCluster::start().await else { return };
    let Some(kubectl) = cluster.kubectl() else { return };
    settled(&kubectl).await;
    kubectl.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "restarted"}})).await;
    let (is_over, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let kubeconfig = cluster.kubeconfig();
    let loops = cluster.inside({
        let (is_over, done) = (is_over.clone(), done.clone());
        move || async move { work(Http::of(&kubeconfig), is_over, done).await }
    });
    let restart = async {
        let _ends = Ends(is_over.clone());
        let goes_on = async || {
            let before = done.load(Ordering::Relaxed);
            until("requests are answered", async || (done.load(Ordering::Relaxed) > before).then_some(()))
                .await;
        };
        goes_on().await;
        kubectl
            .says(&format!("rollout restart deployment/databases-apiserver --namespace {NAMESPACE}"))
            .await;
        settled(&kubectl).await;
        goes_on().await;
    };
    tokio::join!(loops, restart);
    println!("{} rounds during the restart", done.load(Ordering::Relaxed));
    kubectl.says("delete namespace restarted").await;
}

/// The loop ends with who asked for it, also when that panics.
struct Ends(Arc<AtomicBool>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
