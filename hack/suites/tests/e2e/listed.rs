//! Lines 9 and 10: lists, page by page and by resource version.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use suites::wait::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::target::{Target, names, revision};

const COUNT: usize = 1200;
/// A revision that will not be reached.
const FUTURE: u64 = 1_000_000_000;

pub(crate) async fn pages(target: &Target) {
    target.create_many("n", COUNT).await;
    let (mut token, mut found, mut at) = (String::new(), Vec::new(), 0);
    for page in 0..3 {
        let list = target.list(&format!("limit=500&continue={token}")).await.expect(200);
        assert!(page == 0 || revision(&list) == at, "every page is of one revision");
        at = revision(&list);
        found.extend(names(&list).into_iter().map(str::to_owned));
        token = list["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
        let remaining = list["metadata"]["remainingItemCount"].as_u64();
        assert_eq!(remaining, [Some(700), Some(200), None][page]);
        // What comes in between is not seen, wherever it would stand.
        target.create(&format!("a{page}")).await;
        target.create(&format!("z{page}")).await;
    }
    assert_eq!(token, "");
    assert!(found.is_sorted() && found.len() == COUNT, "{} objects", found.len());
    assert!(found.iter().all(|name| name.starts_with('n')));

    let first = target.list("limit=500").await.expect(200);
    let token = first["metadata"]["continue"].as_str().expect("a token");
    target.create("zz").await;
    compact(target, revision(&first)).await;
    let status = target.list(&format!("limit=500&continue={}", long_ago(token))).await;
    let status = status.refused(410, "Expired");
    let message = status["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("The provided continue parameter is too old"), "{message}");
    let token = status["metadata"]["continue"].as_str().expect("a token that goes on");
    let rest = target.list(&format!("limit=5000&continue={token}")).await.expect(200);
    let seen = names(&first).len();
    assert_eq!(seen + names(&rest).len(), COUNT + 7, "the rest, as it is now");
    target.list("continue=nonsense").await.refused(400, "BadRequest");
}

/// The same token, as if it had been given out at the first revision.
fn long_ago(token: &str) -> String {
    let text = BASE64_URL_SAFE_NO_PAD.decode(token).expect("base64");
    let mut token: Value = serde_json::from_slice(&text).expect("JSON");
    token["rv"] = json!(1);
    BASE64_URL_SAFE_NO_PAD.encode(token.to_string())
}

/// Asks etcd to forget what is older than `revision`.
async fn compact(target: &Target, revision: u64) {
    let url = target.cluster.etcd_url();
    let address = url.trim_start_matches("http://");
    let body = json!({"revision": revision.to_string(), "physical": true}).to_string();
    let request = format!(
        "POST /v3/kv/compaction HTTP/1.1\r\nHost: etcd\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.expect("etcd listens");
    stream.write_all(request.as_bytes()).await.expect("etcd reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("etcd answers");
    let is_done = answer.starts_with("HTTP/1.1 200") || answer.contains("has been compacted");
    assert!(is_done, "{answer}");
}

pub(crate) async fn by_revision(target: &Target) {
    let first = revision(&target.create("a").await);
    let second = revision(&target.create("b").await);
    let list = async |query: String| target.list(&query).await;
    let items = |list: &Value| names(list).join(",");

    for query in ["", "resourceVersion=0", &format!("resourceVersion={second}")] {
        let found = list(query.to_owned()).await.expect(200);
        assert_eq!(items(&found), "a,b", "{query}");
        assert!(revision(&found) >= second, "{query}: {found}");
    }
    let newer = list(format!("resourceVersion={first}&resourceVersionMatch=NotOlderThan")).await.expect(200);
    assert!(revision(&newer) >= first);
    for query in ["resourceVersionMatch=Exact", "limit=5"] {
        let exact = list(format!("resourceVersion={first}&{query}")).await.expect(200);
        assert_eq!((items(&exact).as_str(), revision(&exact)), ("a", first), "{query}");
    }

    for query in [
        "resourceVersionMatch=Exact",
        "resourceVersionMatch=NotOlderThan",
        "resourceVersionMatch=Exact&resourceVersion=0",
        "resourceVersionMatch=Other&resourceVersion=1",
    ] {
        list(query.to_owned()).await.refused(422, "Invalid");
    }
    for query in ["", "&resourceVersionMatch=NotOlderThan"] {
        let status = list(format!("resourceVersion={FUTURE}{query}")).await.refused(504, "Timeout");
        let cause = &status["details"]["causes"][0]["reason"];
        assert_eq!(cause, "ResourceVersionTooLarge", "{status}");
    }
    compact(target, first).await;
    let gone = until("the first revision is compacted", async || {
        let reply = list("resourceVersion=1&resourceVersionMatch=Exact".to_owned()).await;
        (reply.status != 200).then_some(reply)
    });
    gone.await.refused(410, "Expired");
    target.list("resourceVersion=x").await.refused(400, "BadRequest");
}
