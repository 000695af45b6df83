//! What begins as a copy of another one.

use super::*;
use crate::backend::Phase;
use crate::backend::operator::tests::{copy, resolved, seen, wish};

/// What is wanted of it, and what is seen.
fn told(object: &PostgreSQL, live: &Value, evidence: &[Value]) -> (Result<Value, Refusal>, Observed) {
    let (class, installed) = (Class::default(), Installed::default());
    let references = [resolved("old-1", &Zalando::MAIN, "16.9")];
    let source = json!({"metadata": {"name": "old-1", "namespace": "default"}});
    let source = if live.is_null() { &source } else { &Value::Null };
    let wish = Wish { live, evidence, references: &references, source, ..wish(object, &class, &installed) };
    (Zalando.wanted(&wish).map(|mut objects| objects.remove(0)), seen(&Zalando, &wish))
}

/// The servers, of which so many are as they should be.
fn set(updated: u64, env: &Value) -> Value {
    let pods = json!({"containers": [{"name": "postgres", "env": env}]});
    json!({"spec": {"replicas": 1, "template": {"spec": pods}}, "status": {"updatedReplicas": updated}})
}

#[test]
fn a_copy_is_taken_from_what_runs_and_is_there_once_its_servers_know_no_way_back() {
    let mut object = copy("shop", 1);
    let mut live = told(&object, &Value::Null, &[]).0.expect("it is accepted");
    let source = json!({"cluster": "old-1"});
    assert_eq!((&live["spec"]["clone"], &live["spec"]["postgresql"]["version"]), (&source, &json!("16")));
    let up = json!({"subsets": [{"addresses": [{"targetRef": {"name": "shop-1-0"}}]}]});
    let knows = json!([{"name": "CLONE_SCOPE", "value": "old-1"}]);
    let servers = |updated, env: &Value| [up.clone(), Value::Null, set(updated, env)];
    live["status"] = json!({"PostgresClusterStatus": "Creating"});
    let (wanted, seen) = told(&object, &live, &servers(1, &knows));
    assert_eq!((&wanted.expect("it is accepted")["spec"]["clone"], seen.phase), (&source, Phase::Creating));
    live["status"] = json!({"PostgresClusterStatus": "Running"});
    let (wanted, seen) = told(&object, &live, &servers(1, &knows));
    let mut live = json!({"spec": wanted.expect("it is accepted")["spec"], "status": live["status"]});
    assert_eq!((&live["spec"]["clone"], seen.phase), (&Value::Null, Phase::Creating));
    for (servers, phase) in [
        (servers(1, &knows), Phase::Creating),
        (servers(0, &json!([])), Phase::Creating),
        (servers(1, &json!([])), Phase::Available),
    ] {
        assert_eq!(told(&object, &live, &servers).1.phase, phase, "{servers:?}");
    }
    live["status"] = json!({"PostgresClusterStatus": "Updating"});
    assert_eq!(
        told(&object, &live, &servers(1, &json!([]))).1.phase,
        Phase::Creating,
        "it has its passwords later"
    );
    object.status.instance.version = "16.9".into();
    live["spec"]["clone"] = source;
    assert_eq!(told(&object, &live, &servers(0, &knows)).1.phase, Phase::Available, "it was made");
}

#[test]
fn a_copy_that_the_operator_gave_up_waiting_for_goes_on() {
    let object = copy("shop", 1);
    let mut live = told(&object, &Value::Null, &[]).0.expect("it is accepted");
    live["status"] = json!({"PostgresClusterStatus": "CreateFailed"});
    let up = json!({"subsets": [{"addresses": [{"targetRef": {"name": "shop-1-0"}}]}]});
    for (primary, clone, said) in [
        (Value::Null, json!({"cluster": "old-1"}), "is not copied yet; the operator says CreateFailed"),
        (up, Value::Null, "its servers are being replaced; the operator says CreateFailed"),
    ] {
        let evidence = [primary, Value::Null, set(1, &json!([]))];
        let wanted = told(&object, &live, &evidence).0.expect("it is accepted");
        assert_eq!(wanted["spec"]["clone"], clone);
        live["spec"]["clone"] = clone;
        let seen = told(&object, &live, &evidence).1;
        assert!(seen.phase == Phase::Creating && seen.message.contains(said), "{seen:?}");
    }
}

#[test]
fn another_version_than_that_of_what_is_copied_is_refused() {
    let mut object = copy("shop", 1);
    object.spec.instance.version = "17".into();
    let refused = told(&object, &Value::Null, &[]).0.expect_err("it is refused");
    assert_eq!(refused.reason, "UnsupportedVersion", "{refused:?}");
}
