//! What becomes of each field.

use super::*;
use crate::backend::Effect;
use crate::backend::operator::{Dialect, Installed, Wish, at};
use databases_api::postgresql::{Replication, ReplicationMode};
use databases_api::shared::{ObjectRef, State, Tls, TlsMode};
use serde_json::json;

fn wanted(object: &PostgreSQL, class: &Class, live: &Value) -> Result<Vec<Value>, Refusal> {
    let installed = Installed::default();
    StatefulSets.wanted(&Wish {
        object,
        class,
        name: "shop-1",
        live,
        beside: &[],
        references: &[],
        source: &Value::Null,
        begins: &Value::Null,
        installed: &installed,
        evidence: &[],
    })
}

fn made(object: &PostgreSQL) -> Vec<Value> {
    wanted(object, &Class::default(), &Value::Null).expect("it is accepted")
}

fn of<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found = objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name} in {objects:?}"))
}

fn images(data: &Value) -> Class {
    Class { name: "gold".into(), parameters: json!({"data": data}).to_string() }
}

#[test]
fn pods_have_no_right_and_write_to_their_volumes_alone() {
    let objects = made(&object("shop", 1));
    let pod = &objects[0]["spec"]["template"]["spec"];
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    let container = &pod["containers"][0];
    assert_eq!(
        container["securityContext"],
        json!({"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}})
    );
    assert_eq!(container["image"], "docker.io/library/postgres:18");
    let policy = of(&objects, "NetworkPolicy", "shop-1");
    assert_eq!(policy["spec"]["ingress"], json!([{"ports": [{"port": 5432, "protocol": "TCP"}]}]));
}

#[test]
fn services_find_the_primary_and_the_replicas_by_their_label() {
    let mut object = object("shop", 1);
    assert!(!made(&object).iter().any(|made| made["metadata"]["name"] == "shop-1-ro"));
    object.spec.instance.instances = Some(3);
    let objects = made(&object);
    assert_eq!(objects[0]["spec"]["replicas"], 3);
    for (name, role) in [("shop-1-rw", PRIMARY), ("shop-1-ro", REPLICA)] {
        assert_eq!(
            of(&objects, "Service", name)["spec"]["selector"],
            json!({INSTANCE: "shop-1", ROLE: role})
        );
    }
}

#[test]
fn images_are_those_of_the_class_and_what_runs_keeps_its_own() {
    let class = images(&json!({"16": "registry.example.com/pg:16.9", "17": "registry.example.com/pg:17.5"}));
    let offer = StatefulSets.offer(&class, &Installed::default()).expect("an offer");
    assert_eq!(offer.engines[0].versions, ["17", "16"]);
    for wrong in [json!({"latest": "x"}), json!({"17": " "})] {
        let error = StatefulSets.offer(&images(&wrong), &Installed::default()).expect_err("it is refused");
        assert_eq!(error.reason, "InvalidParameters");
    }
    let mut object = object("shop", 1);
    object.spec.instance.version = "16".into();
    let live = wanted(&object, &class, &Value::Null).expect("it is accepted").remove(0);
    let image = |set: &Value| at(&set["spec"]["template"]["spec"]["containers"][0], "image").to_owned();
    assert_eq!(image(&live), "registry.example.com/pg:16.9");
    let kept = wanted(&object, &Class::default(), &live).expect("it is accepted").remove(0);
    assert_eq!(image(&kept), "registry.example.com/pg:16.9");
    object.spec.instance.version = "17".into();
    assert_eq!(wanted(&object, &class, &live).expect_err("data stays").reason, "UnsupportedVersion");
}

#[test]
fn the_configuration_has_what_the_object_says_and_never_what_it_may_not_say() {
    let mut object = object("shop", 1);
    let parameters = [("work_mem", "64MB"), ("archive_command", "rm -rf /"), ("log_line_prefix", "%m '\\ ")];
    object.spec.instance.parameters = parameters.map(|(name, value)| (name.into(), value.into())).into();
    object.spec.instance.instances = Some(2);
    object.spec.replication = Some(Replication { mode: Some(ReplicationMode::Synchronous) });
    let objects = made(&object);
    let files = &of(&objects, "ConfigMap", "shop-1")["data"];
    let settings = files["postgresql.conf"].as_str().expect("a text");
    assert!(
        settings.contains("work_mem = '64MB'\n") && settings.contains("log_line_prefix = '%m ''\\\\ '\n")
    );
    assert!(
        settings.contains("synchronous_standby_names = 'ANY 1 (*)'\n")
            && !settings.contains("archive_command")
    );
    assert_eq!(files["initialize"], "yes");
    object.status.instance.version = "18.1".into();
    let again = made(&object);
    assert_eq!(
        of(&again, "ConfigMap", "shop-1")["data"]["initialize"],
        "no",
        "an empty one would be taken for the old one"
    );
}

#[test]
fn a_volume_keeps_in_the_template_what_it_was_made_with() {
    let mut object = object("shop", 1);
    let live = made(&object).remove(0);
    object.spec.instance.storage.size = Some("2Gi".parse().expect("a size"));
    object.spec.instance.storage.storage_class_name = Some("fast".into());
    let set = wanted(&object, &Class::default(), &live).expect("it is accepted").remove(0);
    assert_eq!(set["spec"]["volumeClaimTemplates"], live["spec"]["volumeClaimTemplates"]);
}

#[test]
fn a_change_is_called_by_our_fields_and_what_it_does() {
    let mut object = object("shop", 1);
    let live = made(&object).remove(0);
    let installed = Installed::default();
    let told = |object: &PostgreSQL, field: &str| {
        let class = Class::default();
        let wish = Wish {
            object,
            class: &class,
            name: "shop-1",
            live: &live,
            beside: &[],
            references: &[],
            source: &Value::Null,
            begins: &Value::Null,
            installed: &installed,
            evidence: &[],
        };
        (StatefulSets.disturbs(field, &wish), StatefulSets.upcoming(&wish).len(), StatefulSets.state(&wish))
    };
    assert_eq!(told(&object, "template.spec").0.1, Effect::Restart);
    assert_eq!(told(&object, "replicas").1, 0);
    object.spec.instance.parameters.insert("work_mem".into(), "8MB".into());
    object.spec.instance.state = Some(State::Stopped);
    let ((field, effect), upcoming, state) = told(&object, "replicas");
    assert_eq!((&*field, effect, upcoming), ("spec.state", Effect::Downtime, 1));
    assert_eq!(state, Some(json!({"spec": {"replicas": 0}})));
}

#[test]
fn new_pods_have_a_certificate_and_old_ones_get_it_when_it_is_asked_for() {
    let told = |set: &Value| set["metadata"]["annotations"][ENCRYPTION].clone();
    let access = |objects: &[Value]| {
        let rules = of(objects, "ConfigMap", "shop-1")["data"]["pg_hba.conf"].clone();
        let rules = rules.as_str().unwrap_or_default();
        let refuses = rules.contains("\nhostssl all all ");
        assert_eq!(
            rules.contains("\nhost all databases_manager "),
            refuses,
            "who manages it is never locked out"
        );
        refuses
    };
    let mut object = object("shop", 1);
    let new = made(&object);
    assert_eq!(told(&new[0]), "Optional");
    let pod = &new[0]["spec"]["template"]["spec"];
    let volume = pod["volumes"].as_array().and_then(|volumes| volumes.last()).expect("a volume");
    assert_eq!(volume["secret"]["secretName"], "shop-1-tls");
    assert!(!volume.to_string().contains("ca.key"), "no pod sees the key of the authority");

    let mut live = new[0].clone();
    live["metadata"]["annotations"][ENCRYPTION] = Value::Null;
    let with =
        |object: &PostgreSQL, live: &Value| wanted(object, &Class::default(), live).expect("it is accepted");
    let pod = |objects: &[Value]| objects[0]["spec"]["template"]["spec"]["volumes"].clone();
    let kept = with(&object, &live);
    assert_eq!(told(&kept[0]), Value::Null, "an earlier release's is left alone");
    assert!(!pod(&kept).to_string().contains("shop-1-tls"));
    object.spec.instance.tls = Some(Tls { mode: Some(TlsMode::Required), ..Tls::default() });
    assert!(access(&made(&object)), "a new one has nobody to refuse");
    let first = with(&object, &live);
    assert_eq!((told(&first[0]), access(&first)), (json!("Optional"), false), "its pods have none yet");
    let mut rolling = first[0].clone();
    rolling["metadata"]["generation"] = 2.into();
    rolling["status"] = json!({"observedGeneration": 2, "currentRevision": "a", "updateRevision": "b"});
    assert!(!access(&with(&object, &rolling)));
    rolling["status"]["currentRevision"] = "b".into();
    let mut done = with(&object, &rolling);
    assert_eq!((told(&done[0]), access(&done)), (json!("Required"), true));
    done[0]["status"] = json!({"currentRevision": "a", "updateRevision": "b"});
    assert!(access(&with(&object, &done[0])), "it is not taken back while servers are started anew");
    object.spec.instance.tls = Some(Tls { issuer_ref: Some(ObjectRef::default()), ..Tls::default() });
    let refused = wanted(&object, &Class::default(), &Value::Null).expect_err("it is refused");
    assert!(refused.message.starts_with("spec.tls.issuerRef"), "{refused:?}");
}
