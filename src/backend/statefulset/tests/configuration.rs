//! Configuration that changes while servers run.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_running_pod_is_given_its_new_configuration_and_restarted_where_that_is_needed() {
    let Some(world) = World::start().await else { return };
    let mut request = request(401, 1);
    let seen = world.until(&request, "available", is_up).await;
    request.object.status.instance.version.clone_from(&seen.version);
    let name = named(&request.object);
    let runs = world.kubelet.runs(&name);
    let shown = async |request: &Request<PostgreSQL>, setting: &str| {
        let seen = world.until(request, "as it is configured", is_up).await;
        let client = world.connect(&name, &seen).await;
        let row = client.query_one(&format!("SHOW {setting}"), &[]).await.expect("an answer");
        row.get::<_, String>(0)
    };

    let parameters = |request: &mut Request<PostgreSQL>, set: &[(&str, &str)]| {
        let set = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        request.object.spec.instance.parameters = set.collect();
    };
    parameters(&mut request, &[("work_mem", "9MB")]);
    assert_eq!(shown(&request, "work_mem").await, "9MB");
    assert_eq!(world.kubelet.runs(&name), runs, "nothing is restarted for what can be read again");
    parameters(&mut request, &[("work_mem", "9MB"), ("max_connections", "74")]);
    assert_eq!(shown(&request, "max_connections").await, "74");
    let restarted = world.kubelet.runs(&name);
    assert_ne!(restarted, runs);
    parameters(&mut request, &[]);
    assert_eq!(shown(&request, "max_connections").await, "100", "what is not said any more is as usual");
    assert_ne!(world.kubelet.runs(&name), restarted);
    world.backend().remove(&request, Disposal::Delete).await.expect("it can be removed");
}
