//! What begins as a copy of another one.

use super::*;
use crate::backend::operator::tests::{copy, resolved, wish};
use databases_api::postgresql::{Extension, PostgreSQL};

/// What is wanted of a copy of a cluster of version 16, of nothing or of what is there.
fn told(object: &PostgreSQL, live: &Value) -> Result<Vec<Value>, Refusal> {
    let (class, installed) = (Class::default(), Installed::default());
    let references = [resolved("old-1", &StackGres::MAIN, "16.9")];
    let spec = json!({"postgres": {"version": "16", "extensions": [{"name": "postgis", "version": "3.4"}]}});
    let source = json!({"metadata": {"name": "old-1", "namespace": "default"}, "spec": spec});
    let begins = json!({"metadata": {"name": "shop-1-copy-1"}, "spec": {"sgCluster": "old-1"}});
    let (source, begins) = if live.is_null() { (&source, &begins) } else { (&Value::Null, &Value::Null) };
    StackGres.wanted(&Wish {
        live,
        references: &references,
        source,
        begins,
        ..wish(object, &class, &installed)
    })
}

#[test]
fn a_copy_begins_with_a_backup_in_its_version_and_with_its_extensions() {
    let mut object = copy("shop", 1);
    object.spec.databases[0].extensions = vec![Extension { name: "hstore".into(), ..Extension::default() }];
    object.spec.instance.parameters = [("work_mem".into(), "8MB".into())].into();
    let mut made = told(&object, &Value::Null).expect("it is accepted");
    let spec = &made[0]["spec"];
    assert_eq!(spec["initialData"], json!({"restore": {"fromBackup": {"name": "shop-1-copy-1"}}}));
    let extensions = json!([{"name": "postgis", "version": "3.4"}, {"name": "hstore"}]);
    assert_eq!((&spec["postgres"]["version"], &spec["postgres"]["extensions"]), (&json!("16"), &extensions));
    assert_eq!(made[1]["spec"]["postgresVersion"], "16");
    let mut live = made.remove(0);
    live["spec"]["initialData"]["restore"]["downloadDiskConcurrency"] = 1.into();
    live["status"] = json!({"postgresVersion": "16.9"});
    object.status.instance.version = "16.9".into();
    let kept = told(&object, &live).expect("it is accepted").remove(0);
    let begun = json!({"restore": {"fromBackup": {"name": "shop-1-copy-1"}}});
    assert_eq!(kept["spec"]["initialData"], begun, "it cannot be taken back");
    object.spec.instance.data_source_ref = None;
    let other = told(&object, &live).expect("it is accepted").remove(0);
    assert_eq!(other["spec"]["initialData"], Value::Null, "what is no copy leaves it to whoever said it");
}

#[test]
fn another_version_than_that_of_what_is_copied_is_refused() {
    let mut object = copy("shop", 1);
    object.spec.instance.version = "17".into();
    let refused = told(&object, &Value::Null).expect_err("it is refused");
    assert_eq!(refused.reason, "UnsupportedVersion", "{refused:?}");
    object.spec.instance.version = "16.4".into();
    let made = told(&object, &Value::Null).expect("it is accepted");
    assert_eq!(made[0]["spec"]["postgres"]["version"], "16.4");
}
