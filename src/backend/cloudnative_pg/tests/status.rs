//! What a status says of a cluster that is changed, and of what cannot be made in it.

use super::translation::{made, named, seen};
use crate::backend::Phase;
use crate::backend::operator::tests::object;
use databases_api::postgresql::Extension;
use serde_json::{Value, json};

#[test]
fn the_schema_of_an_extension_is_made_with_it_and_its_refusal_is_told() {
    let mut object = object("shop", 1);
    let extension = |name: &str, schema: &str| Extension {
        name: name.into(),
        schema: schema.into(),
        ..Extension::default()
    };
    object.spec.databases[0].extensions = vec![extension("hstore", "extra"), extension("pg_trgm", "public")];
    let objects = made(&object);
    let mut database = named(&objects, "Database", "app").clone();
    assert_eq!(database["spec"]["schemas"], json!([{"name": "extra", "owner": "app"}]));
    let told = |database: &Value| {
        let seen = seen(&object, &objects[0], std::slice::from_ref(database));
        (seen.refused.map(|refusal| refusal.message), seen.pending)
    };
    let why = "ERROR: extension \"hstore\" is not available (SQLSTATE 0A000)";
    database["status"] = json!({"applied": false, "message": "database object reconciliation failed",
        "extensions": [{"name": "hstore", "applied": false, "message": why}]});
    let (refused, pending) = told(&database);
    assert!(refused.is_some_and(|refused| refused.contains("hstore") && refused.contains("not available")));
    assert!(pending.is_some_and(|pending| pending.ends_with(why)));
    let later = "ERROR: the database system is shutting down (SQLSTATE 57P03)";
    database["status"]["extensions"][0]["message"] = later.into();
    assert_eq!(told(&database).0, None, "it may go well the next time");
    database["status"]["extensions"][0]["name"] = "gone".into();
    database["status"]["extensions"][0]["message"] = why.into();
    assert_eq!(told(&database).0, None, "it is not asked for any more");
}

#[test]
fn a_cluster_that_is_changed_is_available_as_long_as_its_primary_serves() {
    let mut object = object("shop", 1);
    let mut live = made(&object).remove(0);
    live["status"] = json!({
        "phase": "Creating a new replica", "instances": 2, "readyInstances": 1, "currentPrimary": "shop-1-1",
        "targetPrimary": "shop-1-1", "image": "x/postgresql:17.5", "instancesStatus": {"healthy": ["shop-1-1"]},
        "conditions": [{"type": "Ready", "status": "False"}],
    });
    let serves = seen(&object, &live, &[]);
    assert_eq!(serves.phase, Phase::Available);
    assert_eq!(serves.pending.as_deref(), Some("CloudNativePG says: Creating a new replica"));
    live["status"]["instancesStatus"] = json!({"replicating": ["shop-1-1"], "healthy": ["shop-1-2"]});
    let made_now = seen(&object, &live, &[]);
    assert_eq!((made_now.phase, &*made_now.version), (Phase::Creating, ""), "it was never up yet");
    object.status.instance.version = "17.5".into();
    assert_eq!(seen(&object, &live, &[]).phase, Phase::Failing);
}
