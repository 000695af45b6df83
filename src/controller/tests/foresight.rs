//! What a change will disturb is said to whoever makes it.

use super::*;
use http::HeaderMap;
use tokio::time::Instant;

const PORT: &str = "299 - \"spec.network.port: connections end and can be made again at once: restarts it\"";

fn warnings(headers: &HeaderMap) -> Vec<&str> {
    headers.get_all("warning").iter().map(|value| value.to_str().unwrap()).collect()
}

fn port(port: u16) -> Value {
    json!({"spec": {"network": {"port": port}}})
}

#[tokio::test(start_paused = true)]
async fn who_changes_a_database_is_told_what_that_disturbs_before_it_is_done() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    let starts = fake.starts(&uid);
    let (code, headers, _) = server.merge(&format!("{A}?dryRun=All"), port(6543)).await;
    assert_eq!((code, warnings(&headers)), (200, vec![PORT]));
    ten_seconds(&server).await;
    assert_eq!(fake.starts(&uid), starts, "nothing was done");
    let (code, headers, _) = server.merge(A, port(6543)).await;
    assert_eq!((code, warnings(&headers)), (200, vec![PORT]));
    server.until("it is done", async || (fake.starts(&uid) > starts).then_some(())).await;
}

#[tokio::test(start_paused = true)]
async fn what_will_not_be_done_is_said_too() {
    let (server, _fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    ready(&server, json!({})).await;
    let mut wish = port(6543);
    wish["metadata"] = json!({"annotations": {"fake.example.com/refused": "yes"}});
    let (code, headers, _) = server.merge(A, wish).await;
    let refused = "299 - \"metadata.annotations: this will not be done: the wish is refused\"";
    assert_eq!((code, warnings(&headers)), (200, vec![refused]));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_about_what_disturbs_nobody_or_is_meant_to() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    ready(&server, json!({})).await;
    ten_seconds(&server).await;
    fake.asked();
    for change in [
        json!({"metadata": {"labels": {"team": "docs"}}}),
        json!({"spec": {"state": "Stopped"}}),
        json!({"spec": {"state": "Stopped", "network": {"port": 6543}}}),
    ] {
        let (code, headers, _) = server.merge(A, change).await;
        assert_eq!((code, warnings(&headers)), (200, vec![]));
    }
    server.condition(A, "Stopped", "True", "Stopped").await;
    assert!(!fake.asked().contains(&"Plan a".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_cannot_say_it_keeps_nobody_waiting() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    ready(&server, json!({})).await;
    fake.fail_at(Step::Plan, Some(Error::retried(Code::Unavailable, "not now")));
    let (code, headers, _) = server.merge(A, port(6543)).await;
    assert_eq!((code, warnings(&headers)), (200, vec![]));
    fake.fail_at(Step::Plan, None);
    fake.hang_at(Some(Step::Plan));
    ten_seconds(&server).await;
    let began = Instant::now();
    let (code, headers, _) = server.merge(A, port(6544)).await;
    assert_eq!((code, warnings(&headers)), (200, vec![]));
    assert!(began.elapsed().as_secs() < 2, "{:?}", began.elapsed());
}
