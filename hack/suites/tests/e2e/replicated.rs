//! Line 21: two replicas over one etcd are one server to their clients.

use suites::http::Http;

use crate::target::{Target, names, revision};

const V2: (&str, &str) = ("accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
const WRITES: usize = 20;

pub(crate) async fn replicas(target: &Target) {
    let other = target.on(target.replica.clone().expect("a second replica"));

    let mut events = None;
    for number in 0..WRITES {
        let created = target.create(&format!("n{number:02}")).await;
        // Without a resource version a list is of now, whoever wrote last.
        let list = other.list("").await.expect(200);
        assert_eq!(names(&list).len(), number + 1, "a write through the other replica is seen at once");
        let fresh = other.list(&format!("resourceVersion={}", revision(&created))).await.expect(200);
        assert!(revision(&fresh) >= revision(&created));
        match &mut events {
            None => events = Some(other.watch(&format!("resourceVersion={}", revision(&created))).await),
            Some(events) => assert_eq!(revision(&events.expect("ADDED").await), revision(&created)),
        }
    }

    let first = target.list("limit=7").await.expect(200);
    let token = first["metadata"]["continue"].as_str().expect("a token");
    target.create("a-late").await;
    let second = other.list(&format!("limit=50&continue={token}")).await.expect(200);
    assert_eq!(revision(&second), revision(&first), "one revision, whoever serves the page");
    assert_eq!(names(&first).len() + names(&second).len(), WRITES);

    let stale = target.read("n00").await;
    let change = serde_json::from_str(target.kind.change).expect("a change");
    let changed = target.merge("n00", change).await;
    other.put(&stale).await.refused(409, "Conflict");
    assert_eq!(revision(&other.put(&changed).await.expect(200)), revision(&changed));

    for (path, header) in [("/apis", V2), ("/openapi/v2", ("accept", "application/json"))] {
        let tag = async |http: &Http| http.get(path, &[header]).await.header("etag").to_owned();
        let (one, two) = (tag(&target.http).await, tag(&other.http).await);
        assert!(!one.is_empty() && one == two, "{path}: {one} and {two}");
    }
    let (one, two) = (target.get("/openapi/v3").await, other.get("/openapi/v3").await);
    assert_eq!(one.expect(200), two.expect(200), "the hashes of the documents");
}
