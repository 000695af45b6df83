//! What becomes of an object that is created.

use super::*;
use crate::admission::{Admission, Attributes};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use std::sync::Mutex;

#[tokio::test]
async fn what_the_server_alone_sets_is_not_taken_from_a_client() {
    let server = Server::start().await;
    let mut object = flunder("a");
    object["metadata"] = json!({
        "name": "a", "uid": "mine", "creationTimestamp": "2020-01-02T03:04:05Z", "generation": 7,
        "deletionTimestamp": "2020-01-02T03:04:05Z", "deletionGracePeriodSeconds": 5, "selfLink": "/there",
    });
    object["status"] = json!({"phase": "Done"});
    let made = server.post(BASE, &object).await.json();
    let metadata = &made["metadata"];
    for gone in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
        assert_eq!(metadata.get(gone), None, "{gone}");
    }
    assert_eq!((&metadata["generation"], made["status"].get("phase")), (&1.into(), None));
    assert_ne!(metadata["creationTimestamp"], "2020-01-02T03:04:05Z");
    let uid = metadata["uid"].as_str().unwrap();
    let (version, variant) = (uid.as_bytes()[14], uid.as_bytes()[19]);
    assert!(uid.len() == 36 && version == b'4' && b"89ab".contains(&variant), "{uid}");
    assert_eq!(uid, uid.to_lowercase());
    // A name that comes again is another object.
    server.send(Method::DELETE, &of("a"), &[], "").await;
    assert_ne!(server.create("a").await["metadata"]["uid"], uid);
    let mut versioned = flunder("b");
    versioned["metadata"]["resourceVersion"] = "1".into();
    let refused = server.post(BASE, &versioned).await;
    let status = refused.json();
    assert_eq!((refused.code.as_u16(), status.get("reason")), (500, None));
    assert_eq!(status["message"], "resourceVersion should not be set on objects to be created");
    let tried = server.post(&format!("{BASE}?dryRun=All"), &versioned).await;
    assert_eq!((tried.code.as_u16(), &tried.json()["metadata"]["resourceVersion"]), (201, &"1".into()));
    versioned["metadata"]["resourceVersion"] = "no number".into();
    assert_eq!(server.post(BASE, &versioned).await.code, 201, "it says no version");
    versioned["metadata"]["labels"] = json!({"a b": "c"});
    assert_eq!(server.post(BASE, &versioned).await.code, 422, "what is wrong with the object is told first");
}

#[tokio::test]
async fn a_name_that_is_given_counts_more_than_one_to_be_generated() {
    let server = Server::start().await;
    let both = json!({"metadata": {"name": "given", "generateName": "made-"}});
    let made = server.post(BASE, &both).await.json();
    assert_eq!(
        (&made["metadata"]["name"], &made["metadata"]["generateName"]),
        (&"given".into(), &"made-".into())
    );
    let long = json!({"metadata": {"generateName": format!("{}-", "x".repeat(80))}});
    let made = server.post(BASE, &long).await.json();
    let name = made["metadata"]["name"].as_str().unwrap();
    let (base, suffix) = name.split_at(58);
    assert_eq!(base, "x".repeat(58));
    assert!(
        suffix.len() == 5 && suffix.bytes().all(|byte| b"bcdfghjklmnpqrstvwxz2456789".contains(&byte)),
        "{name}"
    );
}

#[tokio::test]
async fn what_a_body_is_must_be_what_its_path_says() {
    let server = Server::start().await;
    let check = async |object: Value, expected: &str| {
        let answer = server.post(BASE, &object).await;
        assert_eq!((answer.code.as_u16(), &answer.json()["reason"]), (400, &"BadRequest".into()));
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(expected), "{message}");
    };
    let of =
        |kind: &str, version: &str| json!({"kind": kind, "apiVersion": version, "metadata": {"name": "a"}});
    let version = "the API version in the data (wardle.example.com/v2) does not match the expected API version \
                   (wardle.example.com/v1)";
    check(of("Flunder", "wardle.example.com/v2"), version).await;
    check(of("Other", "wardle.example.com/v1"), "Other in version \"v1\" cannot be handled as a Flunder: ")
        .await;
    check(of("Flunder", "/wardle.example.com/v1"), "the API version in the data (/wardle.example.com/v1)")
        .await;
    check(of("Flunder", "/v1"), "the API version in the data (/v1)").await;
    let elsewhere = json!({"metadata": {"name": "a", "namespace": "other"}});
    let namespace = "the namespace of the provided object does not match the namespace sent on the request";
    check(elsewhere, namespace).await;
    assert_eq!(server.send(Method::POST, BASE, &[], "{").await.code, 400);
    let filled = server.post(BASE, &json!({"apiVersion": "/", "metadata": {"name": "a"}})).await.json();
    assert_eq!((&filled["kind"], &filled["metadata"]["namespace"]), (&"Flunder".into(), &"ns".into()));
}

#[tokio::test]
async fn faults_of_metadata_and_of_the_kind_come_together() {
    let server = Server::start().await;
    let object = json!({"metadata": {"name": "A", "labels": {"a b": "x"}}, "spec": {"count": -1}});
    let answer = server.post(BASE, &object).await;
    let causes = answer.json()["details"]["causes"].as_array().unwrap().clone();
    let fields: Vec<&Value> = causes.iter().map(|cause| &cause["field"]).collect();
    assert_eq!(
        (answer.code.as_u16(), fields),
        (422, vec![&"metadata.name".into(), &"metadata.labels".into(), &"spec.count".into()])
    );
}

/// Admission that writes down what it sees, and makes an object say more.
#[derive(Default)]
struct Witness {
    seen: Mutex<Vec<String>>,
    count: i32,
}

impl Witness {
    fn saw(&self, stage: &str, object: &dyn Hub) {
        let mut text = Vec::new();
        (flunder::DEFINITION.versions[0].encode_json)(object, &mut text);
        let object: Value = serde_json::from_slice(&text).unwrap();
        let owners = object["metadata"]["managedFields"].as_array().map_or(0, Vec::len);
        let has_uid = object["metadata"]["uid"].is_string();
        let status = &object["status"]["phase"];
        let line =
            format!("{stage} owned={owners} uid={has_uid} count={} phase={status}", object["spec"]["count"]);
        self.seen.lock().unwrap().push(line);
    }
}

#[async_trait::async_trait]
impl Admission for Arc<Witness> {
    async fn mutate(
        &self,
        attributes: &Attributes<'_>,
        object: &mut Box<dyn Hub>,
        _: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        self.saw("mutates", object.as_ref());
        object.set_scale(self.count);
        attributes.warn(["changed".into()]);
        Ok(())
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: &dyn Hub,
        _: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        self.saw("validates", object);
        attributes.warn(["seen".into()]);
        Ok(())
    }
}

#[tokio::test]
async fn a_creation_is_owned_changed_completed_judged_and_stored_in_this_order() {
    for (count, code, stages) in [
        (
            4,
            201,
            &[
                "mutates owned=1 uid=false count=1 phase=\"Done\"",
                "validates owned=1 uid=true count=4 phase=null",
            ][..],
        ),
        // The rules of the kind hold for what admission made of it, before anybody validates that.
        (-4, 422, &["mutates owned=1 uid=false count=1 phase=\"Done\""]),
    ] {
        let witness = Arc::new(Witness { count, ..Witness::default() });
        let server = Server::admitting(Arc::new(witness.clone())).await;
        let mut object = flunder("a");
        object["status"] = json!({"phase": "Done"});
        let answer = server.post(BASE, &object).await;
        assert_eq!(answer.code, code, "{:?}", answer.bytes);
        assert_eq!(*witness.seen.lock().unwrap(), stages);
        let warnings: Vec<_> = answer.headers.get_all("warning").iter().collect();
        let expected = &["299 - \"changed\"", "299 - \"seen\""][..if code == 201 { 2 } else { 1 }];
        assert_eq!(warnings, expected, "a refusal warns, too");
        assert_eq!(server.get(&of("a")).await.code, if code == 201 { 200 } else { 404 });
    }
}
