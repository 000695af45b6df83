//! When an object is said to be as its spec asks for.

use crate::conformance::seen::Seen;
use serde_json::{Value, json};

fn object(generation: i64, conditions: &[(&str, &str, i64)]) -> Seen {
    let condition = |(kind, status, about): &(&str, &str, i64)| json!({"type": kind, "status": status, "observedGeneration": about, "reason": "R", "message": "why"});
    let conditions: Vec<Value> = conditions.iter().map(condition).collect();
    let status = json!({"observedGeneration": generation, "conditions": conditions});
    Seen(json!({"metadata": {"generation": generation}, "status": status}))
}

#[test]
fn an_object_is_current_when_all_is_about_its_generation_and_nothing_is_under_way() {
    let all = [("Ready", "True", 2), ("InstancesReady", "True", 2)];
    assert!(object(2, &all).is_current());
    assert!(!object(3, &all).is_current(), "it is about the generation before");
    assert!(!object(2, &all[..1]).is_current(), "an instance is missing");
    for kind in ["Reconciling", "Stalled"] {
        assert!(!object(2, &[all[0], all[1], (kind, "True", 2)]).is_current(), "{kind}");
    }
    assert!(object(2, &[("Stopped", "True", 2)]).is_current());
    assert!(!Seen::default().is_current());
}

#[test]
fn a_refusal_is_told_with_its_reason_once_it_is_about_the_generation() {
    let stalled = [("Stalled", "True", 2)];
    assert_eq!(object(2, &stalled).refusal().as_deref(), Some("R: why"));
    let mut older = object(2, &stalled);
    older.0["metadata"]["generation"] = json!(3);
    assert_eq!(older.refusal(), None);
}
