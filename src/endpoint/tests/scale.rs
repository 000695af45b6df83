//! The scale subresource.

use super::*;

fn path() -> String {
    format!("{}/scale", of("a"))
}

#[tokio::test]
async fn a_scale_is_shown_and_taken_in_every_media_type() {
    let server = Server::start().await;
    let object = server.create("a").await;
    let scale = server.get(&path()).await.json();
    assert_eq!((&scale["kind"], &scale["apiVersion"]), (&"Scale".into(), &"autoscaling/v1".into()));
    assert_eq!(scale["metadata"]["uid"], object["metadata"]["uid"]);
    assert_eq!(scale["status"], json!({"replicas": 0, "selector": "flunder=yes"}));
    let yaml = server.send(Method::GET, &path(), &[("accept", "application/yaml")], "").await;
    let taken = server.send(Method::PUT, &path(), &[("content-type", "application/yaml")], yaml.bytes).await;
    assert_eq!(taken.code, 200, "{:?}", taken.bytes);
    let protobuf = ("application/vnd.kubernetes.protobuf", "content-type");
    let message = server.send(Method::GET, &path(), &[("accept", protobuf.0)], "").await;
    assert_eq!(message.headers["content-type"], protobuf.0);
    let taken = server.send(Method::PUT, &path(), &[(protobuf.1, protobuf.0)], message.bytes).await;
    assert_eq!((taken.code.as_u16(), &taken.json()["spec"]["replicas"]), (200, &1.into()));
}

#[tokio::test]
async fn a_scale_changes_the_replicas_under_its_preconditions() {
    let server = Server::start().await;
    let object = server.create("a").await;
    let scale = |extra: Value| {
        let mut scale = json!({"metadata": {"name": "a"}, "spec": {"replicas": 3}});
        apimachinery::json_patch::merge(&mut scale, &extra);
        scale
    };
    let check = async |extra: Value, code: u16, part: &str| {
        let answer = server.put(&path(), &scale(extra)).await;
        let text = answer.json().to_string();
        assert_eq!(answer.code, code, "{text}");
        assert!(text.contains(part), "{text} has no {part}");
    };
    check(json!({"metadata": {"uid": "x"}}), 409, "Precondition failed: UID in precondition").await;
    check(json!({"metadata": {"resourceVersion": "1"}}), 409, "the object has been modified").await;
    check(json!({"metadata": {"name": "b"}}), 400, "does not match the name on the URL").await;
    check(json!({"spec": {"replicas": -1}}), 422, "must be greater than or equal to 0").await;
    check(json!({"spec": {"replicas": "x"}}), 400, "spec.replicas").await;
    check(json!({"kind": "Flunder"}), 400, "autoscaling/v1 Scale").await;
    assert_eq!(server.get(&of("a")).await.json()["metadata"], object["metadata"]);
    check(json!({}), 200, "\"replicas\":3").await;
    assert_eq!(server.get(&of("a")).await.json()["spec"]["count"], 3);
    let answer = server.put(&path(), &scale(json!({"spec": {"none": 1}}))).await;
    assert_eq!(answer.headers["warning"], r#"299 - "unknown field \"spec.none\"""#);
    let strict = format!("{}?fieldValidation=Strict", path());
    assert_eq!(server.put(&strict, &scale(json!({"spec": {"none": 1}}))).await.code, 400);
}

#[tokio::test]
async fn a_patch_of_a_scale_is_held_to_what_every_patch_is() {
    let server = Server::start().await;
    server.create("a").await;
    let patch = async |query: &str, text: &str| {
        let media = [("content-type", "application/merge-patch+json")];
        server.send(Method::PATCH, &format!("{}{query}", path()), &media, text.to_owned()).await
    };
    assert_eq!(patch("?force=true", "{}").await.code, 422);
    assert_eq!(patch("", r#"{"spec":{"replicas":"x"}}"#).await.code, 422);
    let twice = r#"{"spec":{"replicas":4,"replicas":5}}"#;
    assert_eq!(patch("?fieldValidation=Strict", twice).await.code, 422);
    let answer = patch("", twice).await;
    assert_eq!((answer.code.as_u16(), &answer.json()["spec"]["replicas"]), (200, &5.into()));
    assert_eq!(answer.headers["warning"], r#"299 - "duplicate field \"spec.replicas\"""#);
}

#[tokio::test]
async fn the_metadata_of_a_scale_is_shown_in_both_versions() {
    let server = Server::start().await;
    let object = server.create("a").await;
    for version in ["v1", "v1beta1"] {
        let accept = format!("application/json;as=PartialObjectMetadata;v={version};g=meta.k8s.io");
        for path in [path(), of("a")] {
            let shown = server.send(Method::GET, &path, &[("accept", &accept)], "").await.json();
            let expected = format!("meta.k8s.io/{version}");
            assert_eq!(
                (&shown["kind"], &shown["apiVersion"]),
                (&"PartialObjectMetadata".into(), &expected.into())
            );
            assert_eq!(shown["metadata"]["uid"], object["metadata"]["uid"]);
            assert_eq!(shown.get("spec"), None);
        }
        let accept = accept.replace("json", "vnd.kubernetes.protobuf");
        let mut messages = Vec::new();
        for path in [path(), of("a")] {
            messages.push(server.send(Method::GET, &path, &[("accept", &accept)], "").await.bytes);
        }
        let text = String::from_utf8_lossy(&messages[0]);
        assert!(text.contains("PartialObjectMetadata") && text.contains(&format!("meta.k8s.io/{version}")));
        assert!(text.contains(object["metadata"]["uid"].as_str().unwrap()));
    }
    let list = "application/json;as=PartialObjectMetadataList;v=v1beta1;g=meta.k8s.io";
    let shown = server.send(Method::GET, BASE, &[("accept", list)], "").await.json();
    assert_eq!(
        (&shown["apiVersion"], &shown["items"][0]["apiVersion"]),
        (&"meta.k8s.io/v1beta1".into(), &"meta.k8s.io/v1beta1".into())
    );
    assert_eq!(server.send(Method::GET, &path(), &[("accept", list)], "").await.code, 406);
}

#[tokio::test]
async fn a_scale_is_shown_as_a_table() {
    let server = Server::start().await;
    server.create("a").await;
    let table = async |include: &str| {
        let accept = ("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
        server.send(Method::GET, &format!("{}?includeObject={include}", path()), &[accept], "").await.json()
    };
    let shown = table("").await;
    let columns = shown["columnDefinitions"].as_array().unwrap().iter();
    let names: Vec<&Value> = columns.map(|column| &column["name"]).collect();
    assert_eq!(names, ["Name", "Desired", "Available", "Age"]);
    let cells = shown["rows"][0]["cells"].as_array().unwrap();
    assert_eq!(cells[..3], [json!("a"), json!(1), json!(0)]);
    assert_eq!(shown["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    assert_eq!(table("Object").await["rows"][0]["object"]["kind"], "Scale");
    assert_eq!(table("None").await["rows"][0]["object"], Value::Null);
}
