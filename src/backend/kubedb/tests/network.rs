//! How the primary is reached from outside.

use super::translation::{running, wanted};
use super::*;
use crate::backend::operator::tests::exposed;
use databases_api::postgresql::PostgreSQL;

#[test]
fn the_service_of_the_primary_is_said_as_a_whole_and_the_others_stay() {
    let network = json!({"type": "LoadBalancer", "allowedSourceRanges": ["10.0.0.0/8"]});
    let mut object = exposed(&network);
    let mut live = running(&object);
    let services = live["spec"]["serviceTemplates"].clone();
    assert_eq!(
        services,
        json!([{
            "alias": "primary",
            "metadata": {"labels": {"databases.standard.k8s.io/uid": object.metadata.uid}},
            "spec": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8"]},
        }])
    );
    let other = json!({"alias": "standby", "spec": {"type": "NodePort"}});
    live["spec"]["serviceTemplates"] = json!([other, services[0]]);
    let again = |object: &PostgreSQL, live: &Value| {
        wanted(object, live, &[]).expect("it is accepted")[0]["spec"]["serviceTemplates"].clone()
    };
    assert_eq!(again(&object, &live), live["spec"]["serviceTemplates"]);
    object.spec.instance.network = None;
    assert_eq!(again(&object, &live), json!([other]));
    live["spec"]["serviceTemplates"][1]["metadata"]["labels"] = Value::Null;
    assert_eq!(again(&object, &live), live["spec"]["serviceTemplates"], "it is somebody else's");
}
