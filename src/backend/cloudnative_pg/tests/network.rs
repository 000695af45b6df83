//! How the primary is reached from outside.

use super::translation::{made, wanted};
use super::*;
use crate::backend::operator::tests::exposed;
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::ObjectRef;

#[test]
fn the_service_that_is_reached_from_outside_stands_beside_the_operators_own() {
    let network = json!({"type": "LoadBalancer", "allowedSourceRanges": ["10.0.0.0/8"], "annotations": {"example.com/a": "b"}});
    let mut object = exposed(&network);
    let mut live = made(&object).remove(0);
    let services = live["spec"]["managed"]["services"]["additional"].clone();
    assert_eq!(
        services,
        json!([{
            "selectorType": "rw",
            "updateStrategy": "patch",
            "serviceTemplate": {
                "metadata": {
                    "name": "shop-1-external",
                    "annotations": {"example.com/a": "b"},
                    "labels": {"databases.standard.k8s.io/uid": object.metadata.uid},
                },
                "spec": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8"]},
            },
        }])
    );
    let other = json!({"selectorType": "ro", "serviceTemplate": {"metadata": {"name": "reports"}}});
    live["spec"]["managed"]["services"]["additional"] = json!([other, services[0]]);
    let again = |object: &PostgreSQL| {
        wanted(object, &Class::default(), &live, &[]).expect("it is accepted").remove(0)
    };
    assert_eq!(again(&object)["spec"]["managed"], live["spec"]["managed"], "what others said stays");
    object.spec.instance.network = None;
    assert_eq!(again(&object)["spec"]["managed"]["services"]["additional"], json!([other]));
    object.metadata.uid = "another".into();
    object.spec.instance.adopt_ref = Some(ObjectRef::default());
    assert_eq!(again(&object)["spec"]["managed"], Value::Null, "an adopted one keeps its own");
    let inside = exposed(&json!({"annotations": {"example.com/a": "b"}}));
    let refused = wanted(&inside, &Class::default(), &Value::Null, &[]).expect_err("it is refused");
    assert!(refused.message.starts_with("spec.network.annotations: "), "{refused:?}");
}
