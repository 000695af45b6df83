//! What is read back.

use super::translation::{asked, running, wanted};
use super::*;
use crate::backend::operator::tests::{self, object};
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::State;

fn seen(object: &PostgreSQL, live: &Value) -> Observed {
    asked(object, live, &[], |wish| tests::seen(&KubeDB, wish))
}

#[test]
fn a_status_is_read_back() {
    let mut object = object("shop", 1);
    object.spec.instance.instances = Some(3);
    let mut live = running(&object);
    for (phase, wanted, ready) in [
        ("", Phase::Creating, 0),
        ("Provisioning", Phase::Creating, 0),
        ("Ready", Phase::Available, 3),
        ("Critical", Phase::Available, 1),
        ("NotReady", Phase::Failing, 0),
    ] {
        live["status"]["phase"] = phase.into();
        let seen = seen(&object, &live);
        assert_eq!((seen.phase, seen.ready_instances), (wanted, ready), "{phase}");
    }
    let seen_ready = seen(&object, &live);
    let hosts: Vec<&str> = seen_ready.endpoints.iter().map(|endpoint| endpoint.host.as_str()).collect();
    assert_eq!(hosts, ["shop-1.default.svc.cluster.local", "shop-1-standby.default.svc.cluster.local"]);
    assert_eq!((seen_ready.instances, &*seen_ready.version), (3, "18.3"));
}

#[test]
fn a_halted_database_is_stopped_once_it_is() {
    let mut object = object("shop", 1);
    object.spec.instance.state = Some(State::Stopped);
    let mut live = running(&object);
    assert_eq!(live["spec"]["halted"], true);
    assert_ne!(seen(&object, &live).phase, Phase::Stopped);
    live["status"]["phase"] = "Halted".into();
    assert_eq!(seen(&object, &live).phase, Phase::Stopped);
    object.spec.instance.instances = Some(3);
    assert_eq!(
        wanted(&object, &live, &[]).expect("it is accepted").len(),
        1,
        "nobody is asked while nothing runs"
    );
    object.spec.instance.state = None;
    let woken = wanted(&object, &live, &[]).expect("it is accepted");
    assert_eq!(woken[0]["spec"]["halted"], false, "who says nothing is not left asleep");
}
