//! The rules of `core/v1`, with what kube-apiserver 1.37.2 answered to the same objects.

use super::{ConfigMap, Event, Namespace, Secret};
use apimachinery::kind::{Definition, Kind};
use apimachinery::status::ApiError;
use apimachinery::wire::json;
use serde_json::{Value, json};

fn read<K: Kind + apimachinery::wire::Object>(object: &Value) -> K {
    let (mut object, _) = json::decode::<K>(object.to_string().as_bytes()).unwrap();
    object.default_fields();
    object
}

fn lines(errors: &[apimachinery::field::FieldError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

fn created<K: Kind + apimachinery::wire::Object>(object: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    read::<K>(object).validate(&mut errors);
    lines(&errors)
}

fn updated<K: Kind + apimachinery::wire::Object>(old: &Value, new: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    read::<K>(new).validate_update(&read(old), &mut errors);
    lines(&errors)
}

const QUALIFIED: &str = "name is neither a standard finalizer name nor is it fully qualified";
const IMMUTABLE: &str = "Forbidden: field is immutable when `immutable` is set";

#[test]
fn keys_are_names_of_files() {
    let rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or \
                'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
    for (key, fault) in [
        ("", rule),
        ("a b", rule),
        ("é", rule),
        (".", "must not be '.'"),
        ("..", "must not be '..'"),
        ("...", "must not start with '..'"),
        ("..a", "must not start with '..'"),
        (&"a".repeat(254), "must be no more than 253 characters"),
    ] {
        let told = [format!("data[{key}]: Invalid value: {key:?}: {fault}")];
        assert_eq!(created::<ConfigMap>(&json!({"data": {key: "x"}})), told);
        assert_eq!(created::<Secret>(&json!({"data": {key: "eA=="}})), told);
    }
    for key in ["a..b", "A_B-c.d", &"a".repeat(253)] {
        assert_eq!(created::<ConfigMap>(&json!({"data": {key: "x"}})), [""; 0]);
    }
    assert_eq!(
        created::<ConfigMap>(&json!({"data": {"x": "y"}, "binaryData": {"x": "eQ=="}})),
        ["data[x]: Invalid value: \"x\": duplicate of key present in binaryData"]
    );
}

#[test]
fn data_may_take_a_mebibyte() {
    let text = |size: usize| json!({"data": {"x": "y".repeat(size)}});
    assert_eq!(created::<ConfigMap>(&text(1 << 20)), [""; 0]);
    let too_long = "Too long: may not be more than 1048576 bytes";
    assert_eq!(created::<ConfigMap>(&text((1 << 20) + 1)), [format!("[]: {too_long}")]);
    let secret = json!({"stringData": {"x": "y".repeat((1 << 20) + 1)}});
    assert_eq!(created::<Secret>(&secret), [format!("data: {too_long}")]);
}

#[test]
fn what_is_immutable_stays_as_it_is() {
    let old = json!({"immutable": true, "data": {"a": "MQ=="}, "binaryData": {"b": "eA=="}});
    assert_eq!(
        updated::<ConfigMap>(&old, &json!({"immutable": false, "data": {"a": "2"}})),
        [format!("immutable: {IMMUTABLE}"), format!("data: {IMMUTABLE}"), format!("binaryData: {IMMUTABLE}")]
    );
    assert_eq!(
        updated::<Secret>(&old, &json!({"immutable": true, "data": {"a": "Mg=="}})),
        [format!("data: {IMMUTABLE}")]
    );
    let labelled = json!({"metadata": {"labels": {"a": "b"}}, "immutable": true, "data": {"a": "MQ=="}});
    assert_eq!(updated::<Secret>(&old, &labelled), [""; 0]);
    assert_eq!(
        updated::<Secret>(&json!({"type": "x/y"}), &json!({})),
        ["type: Invalid value: \"Opaque\": field is immutable"]
    );
    // What is wrong with the metadata is told first.
    assert_eq!(
        updated::<Secret>(&json!({"type": "x/y"}), &json!({"metadata": {"finalizers": ["plain"]}})),
        [
            format!("metadata.finalizers[0]: Invalid value: \"plain\": {QUALIFIED}"),
            "type: Invalid value: \"Opaque\": field is immutable".to_owned()
        ]
    );
}

#[test]
fn secrets_of_kubernetes_own_types_hold_what_they_are_for() {
    let redacted = "Invalid value: \"<secret contents redacted>\"";
    let array = "json: cannot unmarshal array into Go value of type map[string]interface {}";
    for (kind, data, told) in [
        ("tls", json!({}), vec!["data[tls.crt]: Required value", "data[tls.key]: Required value"]),
        ("tls", json!({"tls.crt": "", "tls.key": ""}), vec![]),
        ("basic-auth", json!({}), vec!["data[username]: Required value", "data[password]: Required value"]),
        ("basic-auth", json!({"username": ""}), vec![]),
        ("ssh-auth", json!({"ssh-privatekey": ""}), vec!["data[ssh-privatekey]: Required value"]),
        ("dockercfg", json!({}), vec!["data[.dockercfg]: Required value"]),
        (
            "dockercfg",
            json!({".dockercfg": "ew=="}),
            vec![&*format!("data[.dockercfg]: {redacted}: unexpected end of JSON input")],
        ),
        (
            "dockercfg",
            json!({".dockercfg": "W10="}),
            vec![&*format!("data[.dockercfg]: {redacted}: {array}")],
        ),
        ("dockerconfigjson", json!({".dockerconfigjson": "bnVsbA=="}), vec![]),
        (
            "service-account-token",
            json!({}),
            vec!["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
        ),
    ] {
        let secret = json!({"type": format!("kubernetes.io/{kind}"), "data": data});
        assert_eq!(created::<Secret>(&secret), told, "{secret}");
    }
    let secret: Secret =
        read(&json!({"type": "kubernetes.io/tls", "data": {"tls.crt": "eA==", "tls.key": ""}}));
    assert_eq!(secret.warnings(), ["tls: failed to find any PEM data in certificate input"]);
}

#[test]
fn finalizers_without_a_domain_are_kubernetes_own() {
    let with = |names: &[&str]| json!({"metadata": {"finalizers": names}, "status": {"phase": "Active"}});
    let told = [format!("metadata.finalizers[1]: Invalid value: \"x\": {QUALIFIED}")];
    let new = with(&["kubernetes", "x"]);
    assert_eq!(created::<ConfigMap>(&new), told);
    assert_eq!(created::<Namespace>(&new), told);
    assert_eq!(updated::<Secret>(&with(&[]), &new), told);
    assert_eq!(updated::<Namespace>(&with(&[]), &new), told);
    assert_eq!(updated::<ConfigMap>(&with(&["x"]), &new), [""; 0]);
    assert_eq!(
        created::<Event>(&json!({"metadata": {"namespace": "default", "finalizers": ["x"]}})),
        [""; 0]
    );
}

#[test]
fn a_namespace_is_what_its_deletion_timestamp_says() {
    assert_eq!(
        created::<Namespace>(&json!({"spec": {"finalizers": ["bad", "example.com/x"]}})),
        [format!("spec.finalizers: Invalid value: \"bad\": {QUALIFIED}")]
    );
    let active = json!({"status": {"phase": "Active"}});
    assert_eq!(
        updated::<Namespace>(&active, &json!({"status": {"phase": "Terminating"}})),
        [
            "status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"
        ]
    );
    assert_eq!(
        updated::<Namespace>(&active, &json!({"status": null})),
        [""; 0],
        "without a phase it is active"
    );
    let going = |phase: &str| json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {"phase": phase}});
    assert_eq!(
        updated::<Namespace>(&going("Terminating"), &going("Active")),
        [
            "status.Phase: Invalid value: \"Active\": may only be 'Terminating' if `deletionTimestamp` is not empty"
        ]
    );
}

#[test]
fn an_event_lies_where_its_object_does() {
    let event = |own: &str, object: &str| json!({"metadata": {"namespace": own}, "involvedObject": {"namespace": object}});
    let told = |object: &str| {
        [format!("involvedObject.namespace: Invalid value: {object:?}: does not match event.namespace")]
    };
    assert_eq!(created::<Event>(&event("demo", "demo")), [""; 0]);
    assert_eq!(created::<Event>(&event("default", "")), [""; 0]);
    assert_eq!(created::<Event>(&event("demo", "other")), told("other"));
    assert_eq!(created::<Event>(&event("demo", "")), told(""));
}

#[test]
fn an_event_with_a_time_says_who_did_what_and_why() {
    let long = |length: usize| "x".repeat(length);
    let mut event = json!({"metadata": {"namespace": "kube-system"}, "eventTime": "2020-01-01T00:00:00.000000Z",
        "reportingComponent": "a.b/c", "reportingInstance": "x", "action": "x", "reason": "x"});
    assert_eq!(created::<Event>(&event), [""; 0]);
    event["reportingInstance"] = long(129).into();
    event["message"] = long(1025).into();
    event["action"] = "".into();
    assert_eq!(
        created::<Event>(&event),
        [
            "reportingInstance: Invalid value: \"\": can have at most 128 characters",
            "action: Required value",
            "message: Invalid value: \"\": can have at most 1024 characters",
        ]
    );
}

#[test]
fn an_event_tells_when_it_was_seen_and_how_often() {
    let told = |event: &Value| {
        let event = read::<Event>(event);
        ["Last Seen", "First Seen", "Count"].map(|name| {
            let column = Event::definition().columns.iter().find(|column| column.name == name).unwrap();
            (column.cell)(&event)
        })
    };
    let unknown = json!("<unknown>");
    assert_eq!(told(&json!({"metadata": {}})), [unknown.clone(), unknown.clone(), json!(1)]);
    let first = json!({"metadata": {}, "firstTimestamp": "1990-01-01T00:00:00Z", "count": 3});
    let [last_seen, first_seen, count] = told(&first);
    assert_eq!((&last_seen, count), (&first_seen, json!(3)));
    assert_ne!(last_seen, unknown);
    let series = json!({"count": 7, "lastObservedTime": "1990-01-01T00:00:00.000000Z"});
    let event = json!({"metadata": {}, "lastTimestamp": null, "series": series});
    assert_eq!(told(&event), [first_seen, unknown, json!(7)]);
}

#[test]
fn an_event_tells_who_saw_it_and_where() {
    let told = |event: Value| {
        let event = read::<Event>(&event);
        let Definition { columns, selectable_fields, .. } = Event::definition();
        let column = columns.iter().find(|column| column.name == "Source").unwrap();
        let field = selectable_fields.iter().find(|field| field.name == "source").unwrap();
        ((column.cell)(&event), (field.value)(&event))
    };
    let newer = json!({"metadata": {}, "reportingComponent": "example.com/c", "reportingInstance": "c-1"});
    assert_eq!(told(newer.clone()), (json!("example.com/c, c-1"), "example.com/c".to_owned()));
    let mut both = newer;
    both["source"] = json!({"component": "kubelet", "host": "node"});
    assert_eq!(told(both), (json!("kubelet, node"), "kubelet".to_owned()));
    let alone = json!({"metadata": {}, "source": {"component": "kubelet"}});
    assert_eq!(told(alone), (json!("kubelet"), "kubelet".to_owned()));
    assert_eq!(told(json!({"metadata": {}})), (json!(""), String::new()));
}

#[test]
fn an_event_always_says_its_times_and_who_reports() {
    let mut text = Vec::new();
    json::encode(&read::<Event>(&json!({"metadata": {}})), &mut text);
    let event: Value = serde_json::from_slice(&text).unwrap();
    for (member, value) in [
        ("eventTime", Value::Null),
        ("firstTimestamp", Value::Null),
        ("lastTimestamp", Value::Null),
        ("reportingComponent", json!("")),
        ("reportingInstance", json!("")),
    ] {
        assert_eq!(event.get(member), Some(&value), "{member}");
    }
}

#[test]
fn a_namespace_has_its_name_as_a_label_once_it_has_one() {
    let mut namespace = read::<Namespace>(&json!({"metadata": {"generateName": "x-"}}));
    Kind::prepare_create(&mut namespace);
    assert!(namespace.metadata.labels.is_empty());
    namespace.metadata.name = "x-1".into();
    Kind::default_fields(&mut namespace);
    assert_eq!(namespace.metadata.labels["kubernetes.io/metadata.name"], "x-1");
}

#[test]
fn a_namespace_is_finalized_by_its_own_part_alone() {
    let old = read::<Namespace>(
        &json!({"spec": {"finalizers": ["kubernetes", "example.com/x"]}, "status": {"phase": "Active"}}),
    );
    let wanted =
        read::<Namespace>(&json!({"spec": {"finalizers": ["plain"]}, "status": {"phase": "Terminating"}}));
    let mut by_status = wanted.clone();
    Kind::prepare_status_update(&mut by_status, &old);
    assert_eq!(by_status.spec, old.spec);
    let mut finalized = wanted;
    Kind::prepare_finalize(&mut finalized, &old);
    let mut errors = Vec::new();
    finalized.validate_update(&old, &mut errors);
    assert_eq!(
        (finalized.status.clone(), lines(&errors)),
        (old.status, vec![format!("spec.finalizers[0]: Invalid value: \"plain\": {QUALIFIED}")])
    );
}

#[test]
fn a_deletion_that_is_meant_for_another_namespace_says_so_as_kubernetes_does() {
    let error = ApiError::precondition_uid(&crate::namespace::DEFINITION, "nc", "1", "2");
    assert_eq!(
        error.to_string(),
        "Operation cannot be fulfilled on namespaces \"nc\": Precondition failed: UID in precondition: 1, UID in object meta: 2"
    );
    assert_eq!(error.status().details.as_ref().expect("details").kind, "namespaces");
}
