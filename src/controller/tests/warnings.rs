//! What a backend warns of is shown where a person looks: among the events of the object.

use super::*;

async fn events(server: &Server) -> Vec<Value> {
    let (_, events) = server.get("/api/v1/namespaces/demo/events").await;
    events["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn what_a_backend_warns_of_is_an_event_of_the_object_and_takes_it_no_room() {
    let (server, fake) = Server::with_fake().await;
    class(&server, json!({})).await;
    let uid = ready(&server, json!({})).await;
    fake.warn("of-nobody", "FailedCreate", "not about an object of ours");
    fake.warn(&uid, "no reason", &"ä".repeat(2000));
    let told = async |reason: &str| {
        let found = events(&server).await.into_iter().find(|event| event["reason"] == reason);
        found.map(|event| (event["type"].clone(), event["involvedObject"]["uid"].clone(), event))
    };
    let (kind, about, event) = server.until("it is told", async || told("BackendWarns").await).await;
    assert_eq!((kind, about), (json!("Warning"), json!(uid)));
    assert_eq!(event["reportingComponent"], CONTROLLER_NAME);
    assert_eq!(event["message"].as_str().map(str::len), Some(1024), "as much as an event has room for");
    for number in 0..100 {
        fake.warn(&uid, "FailedCreate", &format!("attempt {number}"));
        tokio::task::yield_now().await;
    }
    server.until("it is told", async || told("FailedCreate").await).await;
    server.merge(A, json!({"spec": {"state": "Stopped"}})).await;
    server.condition(A, "Stopped", "True", "Stopped").await;
    server.until("what this server says is told, too", async || told("Stopped").await).await;
    let warned = events(&server).await.into_iter().filter(|event| event["reason"] == "FailedCreate").count();
    assert!(warned <= 12, "they are combined: {warned}");
}
