//! The laws of conversion, over objects made from the schema of each version: nothing is lost on the way to another
//! version and back, and what a client edits in one version is all that changes in the other.

use apimachinery::kind::{Definition, Hub, Version};
use apimachinery::schema::{Scalar, Schema, Shape};
use databases_api::postgresql;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const STASHES: [&str; 2] =
    ["databases.standard.k8s.io/fields.v1", "databases.standard.k8s.io/fields.v1alpha1"];

/// Values of a shape; what Go's `omitempty` leaves out is left out.
fn values(schema: &'static Schema) -> BoxedStrategy<Value> {
    match &schema.shape {
        Shape::Object(_) => object(schema),
        Shape::Map(item) => {
            prop::collection::btree_map("[a-z]{1,4}", values(item), 0..3).prop_map(|map| json!(map)).boxed()
        }
        Shape::List(item) => prop::collection::vec(values(item), 0..3).prop_map(Value::from).boxed(),
        Shape::Enum(supported) => prop::sample::select(*supported).prop_map(Value::from).boxed(),
        Shape::Scalar(scalar) => self::scalar(*scalar),
    }
}

fn object(schema: &'static Schema) -> BoxedStrategy<Value> {
    let mut all = Just(Map::new()).boxed();
    for field in schema.fields() {
        let value = match field.required {
            true => values(field.schema).prop_map(Some).boxed(),
            false => prop::option::weighted(0.4, values(field.schema)).boxed(),
        };
        all = (all, value)
            .prop_map(|(mut map, value)| {
                map.extend(value.map(|value| (field.name.to_owned(), value)));
                map
            })
            .boxed();
    }
    all.prop_map(Value::Object).boxed()
}

fn scalar(scalar: Scalar) -> BoxedStrategy<Value> {
    match scalar {
        Scalar::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Scalar::Int32 => any::<i32>().prop_map(Value::from).boxed(),
        Scalar::Int64 => any::<i64>().prop_map(Value::from).boxed(),
        Scalar::Quantity => (1u32..5000).prop_map(|count| json!(format!("{count}Mi"))).boxed(),
        Scalar::Time => (0u32..60).prop_map(|second| json!(format!("2026-01-01T00:00:{second:02}Z"))).boxed(),
        Scalar::Duration => (1u32..100).prop_map(|minutes| json!(format!("{minutes}m0s"))).boxed(),
        _ => "[a-z]{0,6}".prop_map(Value::from).boxed(),
    }
}

/// Objects of a version, as a client of it would write them.
fn objects(
    definition: &'static Definition,
    version: &'static Version,
) -> impl Strategy<Value = Box<dyn Hub>> {
    let fields = version.schema.fields();
    let part =
        move |name: &str| fields.iter().find(|field| field.name == name).map(|field| values(field.schema));
    let spec = part("spec").expect("there is a spec");
    let status = part("status").expect("there is a status");
    (spec, status).prop_map(move |(spec, status)| {
        let tree =
            json!({"kind": definition.kind, "metadata": {"name": "x"}, "spec": spec, "status": status});
        (version.decode_tree)(&tree).expect("what the schema makes can be read").0
    })
}

fn tree(version: &'static Version, hub: &dyn Hub) -> Value {
    (version.to_tree)(hub)
}

fn read(version: &'static Version, tree: &Value) -> Box<dyn Hub> {
    (version.decode_tree)(tree).expect("what was written can be read").0
}

fn version(name: &str) -> &'static Version {
    postgresql::DEFINITION.version(name).expect("the version is served")
}

fn without_stash(mut tree: Value) -> Value {
    if let Some(annotations) = tree["metadata"].get_mut("annotations").and_then(Value::as_object_mut) {
        STASHES.iter().for_each(|stash| drop(annotations.remove(*stash)));
    }
    tree
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn v1_comes_back_from_v1alpha1_as_it_was(hub in objects(&postgresql::DEFINITION, version("v1"))) {
        let shown = tree(version("v1alpha1"), hub.as_ref());
        let back = read(version("v1alpha1"), &shown);
        prop_assert_eq!(tree(version("v1"), back.as_ref()), tree(version("v1"), hub.as_ref()));
    }

    #[test]
    fn v1alpha1_comes_back_from_v1_as_it_was(hub in objects(&postgresql::DEFINITION, version("v1alpha1"))) {
        let draft = tree(version("v1alpha1"), hub.as_ref());
        let stored = tree(version("v1"), hub.as_ref());
        let back = tree(version("v1alpha1"), read(version("v1"), &stored).as_ref());
        prop_assert_eq!(back, draft);
    }

    #[test]
    fn an_edit_in_v1alpha1_changes_nothing_else_in_v1(
        hub in objects(&postgresql::DEFINITION, version("v1")),
        replicas in 1..99i32,
    ) {
        let mut shown = tree(version("v1alpha1"), hub.as_ref());
        if !shown["spec"]["compute"].is_object() {
            shown["spec"]["compute"] = json!({});
        }
        shown["spec"]["compute"]["replicas"] = replicas.into();
        let edited = without_stash(tree(version("v1"), read(version("v1alpha1"), &shown).as_ref()));
        let mut expected = without_stash(tree(version("v1"), hub.as_ref()));
        expected["spec"]["instances"] = replicas.into();
        prop_assert_eq!(edited, expected);
    }

    #[test]
    fn protobuf_and_json_say_the_same(hub in objects(&postgresql::DEFINITION, version("v1"))) {
        for version in postgresql::DEFINITION.versions {
            let mut bytes = Vec::new();
            (version.encode_protobuf)(hub.as_ref(), &mut bytes);
            let back = (version.decode_protobuf)(&bytes).expect("what was written can be read");
            prop_assert_eq!(tree(version, back.as_ref()), tree(version, hub.as_ref()));
        }
    }
}

#[test]
fn an_edit_of_what_is_seen_beats_what_was_kept() {
    let spec = json!({"tls": {"mode": "Optional"}, "pooling": {"mode": "Session"}});
    let hub = read(version("v1"), &json!({"metadata": {"name": "x"}, "spec": spec}));
    let mut shown = tree(version("v1alpha1"), hub.as_ref());
    assert_eq!(shown["spec"]["network"]["secure"], true);
    shown["spec"]["network"]["secure"] = false.into();
    let back = tree(version("v1"), read(version("v1alpha1"), &shown).as_ref());
    assert_eq!(
        (&back["spec"]["tls"]["mode"], &back["spec"]["pooling"]["mode"]),
        (&"Disabled".into(), &"Session".into())
    );
}

#[test]
fn an_item_more_takes_nothing_from_the_others() {
    let spec = json!({
        "databases": [
            {"name": "shop", "owner": "shop", "extensions": [{"name": "vector"}]},
            {"name": "reporting", "owner": "reporting"},
        ],
        "users": [{"name": "etl", "attributes": ["CreateDB"], "databases": ["shop"]}],
        "machineTypes": [{"provider": "OVH", "name": "b2-7"}, {"provider": "AWS", "name": "db.m6g.large"}],
        "network": {"allowedSourceRanges": ["10.0.0.0/8"]},
    });
    let hub = read(version("v1"), &json!({"metadata": {"name": "x"}, "spec": spec}));
    let mut shown = tree(version("v1alpha1"), hub.as_ref());
    shown["spec"]["options"]["databases"]["cart"] = "cart".into();
    shown["spec"]["options"]["users"]["auditor"] = json!(["nologin"]);
    shown["spec"]["compute"]["aws"]["instanceClass"] = "db.m7g.large".into();
    shown["spec"]["network"] = json!({"service": {"type": "LoadBalancer"}});
    let back = tree(version("v1"), read(version("v1alpha1"), &shown).as_ref());
    let mut expected = spec.clone();
    let list =
        |value: &mut Value, name: &str, item: Value| value[name].as_array_mut().expect("a list").push(item);
    list(&mut expected, "databases", json!({"name": "cart", "owner": "cart"}));
    list(&mut expected, "users", json!({"name": "auditor", "attributes": ["NoLogin"]}));
    expected["machineTypes"][1]["name"] = "db.m7g.large".into();
    expected["network"]["type"] = "LoadBalancer".into();
    for field in ["databases", "users", "machineTypes", "network"] {
        assert_eq!(back["spec"][field], expected[field], "{field}");
    }
}

#[test]
fn much_that_is_not_seen_is_kept() {
    let parameters: Map<String, Value> =
        (0..3000).map(|index| (format!("extension.parameter_{index}"), "value".into())).collect();
    let hub = read(version("v1"), &json!({"metadata": {"name": "x"}, "spec": {"parameters": parameters}}));
    let back = read(version("v1alpha1"), &tree(version("v1alpha1"), hub.as_ref()));
    assert_eq!(tree(version("v1"), back.as_ref()), tree(version("v1"), hub.as_ref()));
}

#[test]
fn a_stash_that_is_none_is_an_annotation_like_any_other() {
    for text in ["nonsense", "{}", "[{\"path\":1}]"] {
        let annotations = json!({STASHES[0]: text});
        let draft = json!({"metadata": {"name": "x", "annotations": annotations}, "spec": {}});
        let stored = tree(version("v1"), read(version("v1alpha1"), &draft).as_ref());
        assert_eq!(stored["metadata"]["annotations"], annotations);
    }
}

#[test]
fn the_draft_reads_as_it_was_written_in_2019() {
    let draft = json!({
        "metadata": {"name": "shop"},
        "spec": {
            "volumeClaimTemplate": [{"spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "nvme",
                "resources": {"requests": {"storage": "100Gi"}}}}],
            "network": {"secure": true, "networkPolicy": {"enabled": true, "allowExternal": false}},
            "compute": {"replicas": 3, "aws": {"instanceClass": "db.m6g.large"}},
            "observability": {"deployExporters": true},
            "backups": {"configuration": "nightly"},
            "options": {"version": "17", "streamingMode": "synchronous", "standbyMode": "Hot", "cachePercent": 25,
                "users": {"etl": ["replication"]}, "databases": {"shop": "shop"},
                "updates": {"allowMajorVersionUpgrade": false}},
        },
    });
    let v1 = tree(version("v1"), read(version("v1alpha1"), &draft).as_ref());
    assert_eq!(v1["spec"]["storage"], json!({"size": "100Gi", "storageClassName": "nvme"}));
    assert_eq!(v1["spec"]["tls"]["mode"], "Required");
    assert_eq!(v1["spec"]["network"]["ingressPolicy"], "LabeledClients");
    assert_eq!(v1["spec"]["replication"]["mode"], "Synchronous");
    assert_eq!(v1["spec"]["users"][0]["attributes"][0], "Replication");
    assert_eq!(v1["spec"]["upgradePolicy"]["major"], "Forbidden");
    assert_eq!(v1["spec"]["machineTypes"][0]["provider"], "AWS");
    let kept = v1["metadata"]["annotations"][STASHES[1]].as_str().expect("what v1 cannot say is kept");
    for part in ["accessModes", "standbyMode", "cachePercent"] {
        assert!(kept.contains(part), "{kept}");
    }
}

/// v1 may say so too: what is kept in an annotation is what v1 cannot say, and no spelling.
#[test]
fn a_flag_is_one_in_the_spelling_of_either_version() {
    let draft =
        json!({"metadata": {"name": "a"}, "spec": {"options": {"users": {"rd": ["CreateDB", "nologin"]}}}});
    let hub = read(version("v1alpha1"), &draft);
    let stored = tree(version("v1"), hub.as_ref());
    assert_eq!(stored["spec"]["users"][0]["attributes"], json!(["CreateDB", "NoLogin"]));
    assert_eq!(stored["metadata"].get("annotations"), None, "{stored}");
    let shown = tree(version("v1alpha1"), hub.as_ref());
    assert_eq!(shown["spec"]["options"]["users"], json!({"rd": ["createdb", "nologin"]}));
}
