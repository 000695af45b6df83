//! Where servers may run, for operators that have fewer words for it than pods have.

use super::shape::put;
use serde_json::{Value, json};

/// The labels of a node as an affinity to it: each of the terms that are there needs them, too.
pub(in crate::backend) fn node_affinity(affinity: &Value, selector: &Value) -> Value {
    let labels = selector.as_object().into_iter().flatten();
    let labels: Vec<Value> =
        labels.map(|(name, value)| json!({"key": name, "operator": "In", "values": [value]})).collect();
    let mut affinity = affinity.clone();
    if labels.is_empty() {
        return affinity;
    }
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let mut terms = match affinity[required]["nodeSelectorTerms"].take() {
        Value::Array(terms) if !terms.is_empty() => terms,
        _ => vec![json!({"matchExpressions": []})],
    };
    // An empty term is one that no node meets.
    for term in terms.iter_mut().filter(|term| **term != json!({})) {
        let own = term["matchExpressions"].as_array().cloned().unwrap_or_default();
        term["matchExpressions"] = own.into_iter().chain(labels.iter().cloned()).collect();
    }
    put(&mut affinity, required, json!({"nodeSelectorTerms": terms}));
    affinity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_nodes_are_part_of_every_term_of_an_affinity() {
        let (zone, disk) = (
            json!({"key": "zone", "operator": "In", "values": ["a"]}),
            json!({"key": "disk", "operator": "In", "values": ["ssd"]}),
        );
        let required = "requiredDuringSchedulingIgnoredDuringExecution";
        let terms = |terms: Value| json!({required: {"nodeSelectorTerms": terms}});
        let (labels, own) = (json!({"disk": "ssd"}), terms(json!([{"matchExpressions": [zone]}, {}])));
        assert_eq!(node_affinity(&Value::Null, &Value::Null), Value::Null);
        assert_eq!(node_affinity(&own, &Value::Null), own);
        assert_eq!(node_affinity(&Value::Null, &labels), terms(json!([{"matchExpressions": [disk]}])));
        let both = json!([{"matchExpressions": [zone, disk]}, {}]);
        assert_eq!(node_affinity(&own, &labels), terms(both));
    }
}
