//! What a class offers and what it limits, and what objects of it may have.

use super::*;

/// A class of a machine: two processors, limits from 50m on, no huge pages, Secrets to adopt.
fn machine(more: Value) -> DatabaseClass {
    let mut status = json!({
        "resources": [{"name": "cpu", "minLimit": "50m", "maxRequest": "2"}, {"name": "memory", "minLimit": "256Mi"}],
        "referenceKinds": [
            {"field": "spec.adoptRef", "kind": "Secret"},
            {"field": "spec.adoptRef", "group": "example.com", "kind": "Cluster"},
        ],
        "storageCapacity": "50Gi",
    });
    apimachinery::json_patch::merge(&mut status, &more);
    class(
        json!({"metadata": {"name": "local"}, "spec": {"controllerName": "example.com/x"}, "status": status}),
    )
}

fn allowed(class: &DatabaseClass, new: Value, old: Option<Value>) -> Vec<String> {
    let old = old.map(database);
    let mut errors = Vec::new();
    let old = old.as_ref().map(|old| old as &dyn Instance);
    allowance::check(class, &database(new), old, &BTreeMap::new(), &mut errors);
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn what_no_server_of_a_class_can_have_is_refused_by_its_offer() {
    let class = machine(json!({}));
    let resources = |part: &str, name: &str, amount: &str| json!({"resources": {part: {name: amount}}});
    for (spec, expected) in [
        (resources("limits", "cpu", "50m"), ""),
        (resources("requests", "cpu", "10m"), ""),
        (
            resources("limits", "cpu", "1m"),
            "spec.resources.limits[cpu]: Invalid value: \"1m\": no server of class \"local\" does with less than 50m: ask for more, or leave the limit out",
        ),
        (
            resources("limits", "memory", "64Mi"),
            "spec.resources.limits[memory]: Invalid value: \"64Mi\": no server of class \"local\" does with less than 256Mi: ask for more, or leave the limit out",
        ),
        (
            resources("requests", "cpu", "3"),
            "spec.resources.requests[cpu]: Invalid value: \"3\": class \"local\" has no machine with more than 2: ask for less",
        ),
        (
            resources("requests", "hugepages-2Mi", "4Mi"),
            "spec.resources.requests[hugepages-2Mi]: class \"local\" knows no resource \"hugepages-2Mi\", but cpu, memory: leave it out",
        ),
    ] {
        let expected: Vec<&str> = Some(expected).filter(|text| !text.is_empty()).into_iter().collect();
        assert_eq!(allowed(&class, spec.clone(), None), expected, "{spec}");
        assert_eq!(allowed(&class, spec.clone(), Some(spec.clone())), [""; 0], "{spec} was so before");
        assert_eq!(
            allowed(&gold(), spec.clone(), None),
            [""; 0],
            "{spec}: a class that says nothing bounds nothing"
        );
    }
    let lacks =
        machine(json!({"resources": [{"name": "cpu", "noLimits": "this server does not run as root"}]}));
    assert_eq!(
        allowed(&lacks, resources("limits", "cpu", "1"), None),
        [
            "spec.resources.limits[cpu]: Forbidden: class \"local\" cannot hold limits, because this server does not run as root: leave them out"
        ]
    );
}

/// A class that allows so much, which its controller has looked at.
fn bounded(status: Value) -> DatabaseClass {
    let accepted = json!({"type": "Accepted", "status": "True", "reason": "Accepted", "message": ""});
    let mut class = machine(json!({"conditions": [accepted]}));
    let more = self::class(
        json!({"spec": {"limits": {"maxResources": {"cpu": "2", "memory": "1Gi", "hugepages-2Mi": "4Mi"}}}, "status": status}),
    );
    class.spec.limits = more.spec.limits;
    if !more.status.resources.is_empty() {
        class.status.resources = more.status.resources;
    }
    class
}

fn limits(object: &PostgreSQL) -> Value {
    let resources = object.spec.instance.resources.as_ref();
    resources.map_or(Value::Null, |resources| apimachinery::wire::json::to_tree(resources)["limits"].clone())
}

#[test]
fn who_states_no_limit_gets_the_most_that_the_class_allows_and_keeps_one() {
    let resolved = |spec: Value, class: &DatabaseClass| {
        let mut object = database(spec);
        object.spec.instance.class_name.clone_from(&class.metadata.name);
        defaulting::resolve(&mut object, std::slice::from_ref(class));
        object
    };
    let class = bounded(json!({}));
    let most = json!({"cpu": "2", "memory": "1Gi"});
    let requests = json!({"resources": {"requests": {"cpu": "1"}}});
    for spec in [json!({}), json!({"resources": {}}), requests.clone()] {
        assert_eq!(limits(&resolved(spec.clone(), &class)), most, "{spec}");
    }
    let stated = json!({"resources": {"limits": {"cpu": "1"}}});
    let object = resolved(stated.clone(), &class);
    assert_eq!(limits(&object), json!({"cpu": "1", "memory": "1Gi"}));
    let recorded: Value = serde_json::from_str(&object.metadata.annotations[DEFAULTED]).expect("JSON");
    assert_eq!(recorded["spec.resources.limits[memory]"], "DatabaseClass/local");
    assert_eq!(recorded["spec.resources.limits[cpu]"], Value::Null);
    let missing = "spec.resources.limits[memory]: Required value: class \"local\" allows at most 1Gi: say how much, up to that";
    assert_eq!(allowed(&class, stated.clone(), None), [missing]);
    assert_eq!(allowed(&class, stated.clone(), Some(json!({"resources": {"limits": most}}))), [missing]);
    assert_eq!(
        allowed(&class, requests.clone(), Some(stated)),
        [missing.replace("memory", "cpu").replace("1Gi", "2")]
    );
    assert_eq!(allowed(&class, json!({}), Some(json!({}))), [""; 0], "it had none before");
    // What cannot be limited is held by requests, and who was not looked at yet may be either.
    let rootless =
        bounded(json!({"resources": [{"name": "cpu", "noLimits": "this server does not run as root"}]}));
    let mut unseen = class.clone();
    unseen.status.conditions.clear();
    for class in [rootless, unseen] {
        assert_eq!(limits(&resolved(requests.clone(), &class)), Value::Null);
        assert_eq!(allowed(&class, requests.clone(), None), [""; 0]);
    }
}

#[test]
fn a_class_whose_limits_leave_no_room_is_told() {
    let told = |status: Value| -> Vec<String> {
        databaseclass::unmet(&bounded(status)).iter().map(ToString::to_string).collect()
    };
    let pages = "spec.limits.maxResources[hugepages-2Mi]: objects of this class name no hugepages-2Mi, but cpu, memory: leave it out";
    assert_eq!(told(json!({})), [pages]);
    let least = json!({"resources": [
        {"name": "cpu", "noLimits": "this server does not run as root"}, {"name": "memory", "minLimit": "2Gi"}]});
    let told_all = [
        "spec.limits.maxResources[cpu]: requests alone are held to it, because this server does not run as root",
        pages,
        "spec.limits.maxResources[memory]: Invalid value: \"1Gi\": no server does with less than 2Gi: every object of this class is refused",
    ];
    assert_eq!(told(least), told_all);
    let mut few = class(json!({
        "spec": {"limits": {"maxInstances": 2}},
        "status": {"engines": [{"kind": "PostgreSQL", "instanceCounts": [5, 3]}]}
    }));
    let fewer = "spec.limits.maxInstances: Invalid value: 2: there are no fewer than 3: every object of this class is refused";
    assert_eq!(databaseclass::unmet(&few).iter().map(ToString::to_string).collect::<Vec<_>>(), [fewer]);
    few.status.engines[0].instance_counts.clear();
    assert!(databaseclass::unmet(&few).is_empty());
}

#[test]
fn a_reference_to_a_kind_that_the_class_does_not_take_is_refused() {
    let class = machine(json!({}));
    let adopts = |group: &str, kind: &str| json!({"adoptRef": {"group": group, "kind": kind, "name": "x"}});
    assert_eq!(allowed(&class, adopts("", "Secret"), None), [""; 0]);
    assert_eq!(allowed(&class, adopts("example.com", "Cluster"), None), [""; 0]);
    let takes = "class \"local\" takes no";
    assert_eq!(
        allowed(&class, adopts("", "ConfigMap"), None),
        [format!("spec.adoptRef.kind: {takes} ConfigMap here, but Secret, Cluster.example.com")]
    );
    assert_eq!(
        allowed(&class, adopts("", "Cluster"), None),
        [format!("spec.adoptRef.group: {takes} Cluster here, but Secret, Cluster.example.com")]
    );
    assert_eq!(allowed(&class, adopts("", "ConfigMap"), Some(adopts("", "ConfigMap"))), [""; 0]);
}

#[test]
fn more_room_than_there_is_is_warned_of() {
    let warned = |size: &str, old: Option<&PostgreSQL>| {
        let old = old.map(|old| old as &dyn Instance);
        allowance::warnings(&machine(json!({})), &database(json!({"storage": {"size": size}})), old)
    };
    assert_eq!(warned("50Gi", None), [""; 0]);
    let huge = "spec.storage.size: 1Ei is more than the 50Gi that class \"local\" has in all: the disk is full before that";
    assert_eq!(warned("1Ei", None), [huge]);
    assert_eq!(warned("1Ei", Some(&database(json!({"storage": {"size": "1Ei"}})))), [""; 0]);
}

#[test]
fn a_class_that_has_nothing_to_run_on_takes_objects_that_bring_it_alone() {
    let features = |names: &[&str]| {
        let names: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
        machine(json!({"supportedFeatures": names}))
    };
    let class = features(&["PostgreSQL", "PostgreSQLAdoption", "PostgreSQLAdoptionOnly"]);
    let bare = json!({"className": "local"});
    let expected = "spec.adoptRef: Required value: objects of class \"local\" run on what they name here: name a Secret or a \
                    Cluster.example.com";
    assert_eq!(allowed(&class, bare.clone(), None), [expected]);
    assert_eq!(allowed(&class, bare.clone(), Some(json!({}))), [expected], "the class is named later");
    assert_eq!(allowed(&class, bare.clone(), Some(bare.clone())), [""; 0], "it was so before");
    let named = json!({"className": "local", "adoptRef": {"kind": "Secret", "name": "server"}});
    assert_eq!(allowed(&class, named, None), [""; 0]);
    assert_eq!(allowed(&features(&["PostgreSQL", "PostgreSQLAdoption"]), bare, None), [""; 0]);
}

#[test]
fn buffers_beyond_the_memory_that_there_is_are_warned_of() {
    let warned = |class: &DatabaseClass, new: &Value, old: Option<&Value>| {
        let old = old.map(|old| database(old.clone()));
        let old = old.as_ref().map(|old| old as &dyn Instance);
        allowance::warnings(class, &database(new.clone()), old)
    };
    let buffers = |value: &str, limit: Option<&str>| {
        let limits = limit.map_or_else(|| json!({}), |limit| json!({"memory": limit}));
        json!({"parameters": {"shared_buffers": value}, "resources": {"limits": limits}})
    };
    let told = |value: &str, most: &str| {
        format!(
            "spec.parameters[shared_buffers]: {value} is no less than the {most} of memory that a server of this object can have: it \
             does not start with that, or is ended when it uses it"
        )
    };
    let has = |most: &str| machine(json!({"resources": [{"name": "memory", "maxRequest": most}]}));
    let (large, limited) = (buffers("8GB", None), buffers("131072", Some("1Gi")));
    assert_eq!(warned(&has("8Gi"), &large, None), [told("8GB", "8Gi")]);
    assert_eq!(warned(&has("8Gi"), &limited, None), [told("131072", "1Gi")]);
    assert_eq!(warned(&has("8Gi"), &limited, Some(&buffers("131072", None))), [told("131072", "1Gi")]);
    assert_eq!(warned(&has("8Gi"), &large, Some(&large)), [""; 0], "it was so before");
    assert_eq!(warned(&has("16Gi"), &large, None), [""; 0]);
    assert_eq!(warned(&machine(json!({})), &large, None), [""; 0], "nobody says how much there is");
    let mut class = machine(json!({}));
    let limits = class.spec.limits.get_or_insert_default();
    limits.max_resources.insert("memory".into(), "4Gi".parse().expect("an amount"));
    assert_eq!(warned(&class, &large, None), [told("8GB", "4Gi")]);
}
