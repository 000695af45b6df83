//! What each kind may say, and what of it may change: one row a rule, with the field and the words of its fault.

mod support;

use databases_api::postgresql;
use serde_json::{Value, json};
use support::{changed, fresh};

fn spec(value: Value) -> Value {
    json!({"spec": value})
}

fn repository(path: &str) -> Value {
    let source = json!({"apiGroup": "databases.standard.k8s.io", "kind": "BackupRepository", "name": "r"});
    json!({"dataSourceRef": source, "dataSourcePath": path})
}

fn database() -> Value {
    json!({"metadata": {"name": "a", "namespace": "b"}, "spec": {"className": "c", "storage": {"size": "1Gi"}}})
}

#[test]
fn a_postgresql_is_what_the_standard_allows() {
    let long = "x".repeat(64);
    fresh(
        &postgresql::DEFINITION,
        &database(),
        &[
            (json!({}), ""),
            (spec(json!({"version": "17"})), ""),
            (spec(json!({"version": "17.6"})), ""),
            (
                spec(json!({"version": "latest"})),
                "spec.version: Invalid value: \"latest\": must be a version such as 17 or 17.6",
            ),
            (
                spec(json!({"version": "1.2.3.4"})),
                "spec.version: Invalid value: \"1.2.3.4\": must be a version such as 17 or 17.6",
            ),
            (spec(json!({"instances": 99})), ""),
            (
                spec(json!({"instances": 0})),
                "spec.instances: Invalid value: 0: must be between 1 and 99; to stop the database set spec.state to Stopped, where its class offers that",
            ),
            (spec(json!({"instances": 100})), "spec.instances: Invalid value: 100: must be between 1 and 99"),
            (spec(json!({"instances": -1})), "spec.instances: Invalid value: -1: must be between 1 and 99"),
            (
                spec(json!({"storage": {"size": null}})),
                "spec.storage.size: Required value: say how much space the data gets, such as 20Gi, or choose a class that has a default",
            ),
            (
                spec(json!({"storage": {"size": "0"}})),
                "spec.storage.size: Invalid value: \"0\": must be 128Mi or more: a new PostgreSQL takes half of that",
            ),
            (
                spec(json!({"storage": {"size": "1n"}})),
                "spec.storage.size: Invalid value: \"1n\": must be 128Mi or more: a new PostgreSQL takes half of that",
            ),
            (
                spec(json!({"storage": {"size": "127Mi"}})),
                "spec.storage.size: Invalid value: \"127Mi\": must be 128Mi or more: a new PostgreSQL takes half of that",
            ),
            (spec(json!({"storage": {"size": "128Mi"}})), ""),
            (spec(json!({"storage": {"size": "7Ei"}})), ""),
            (
                spec(json!({"storage": {"size": "8Ei"}})),
                "spec.storage.size: Invalid value: \"8Ei or more\": must be less than 8Ei: more cannot be counted",
            ),
            (
                spec(json!({"resources": {"limits": {"cpu": "1n"}}})),
                "spec.resources.limits[cpu]: Invalid value: \"1n\": must be a whole number of thousandths of a processor, such as 100m",
            ),
            (
                spec(json!({"resources": {"requests": {"memory": "1500m"}}})),
                "spec.resources.requests[memory]: Invalid value: \"1500m\": must be a whole number of bytes, such as 512Mi",
            ),
            (spec(json!({"resources": {"limits": {"cpu": "1m", "memory": "536870912000m"}}})), ""),
            (
                spec(
                    json!({"resources": {"requests": {"cpu": "1", "memory": "1Gi", "hugepages-2Mi": "4Mi"}}}),
                ),
                "",
            ),
            (
                spec(json!({"resources": {"requests": {"pods": "1"}}})),
                "spec.resources.requests[pods]: Unsupported value: \"pods\": supported values: \"cpu\", \"memory\"",
            ),
            (
                spec(json!({"resources": {"limits": {"cpu": "-1"}}})),
                "spec.resources.limits[cpu]: Invalid value: \"-1\": must be greater than or equal to 0",
            ),
            (spec(json!({"resources": {"requests": {"cpu": "0", "memory": "0"}}})), ""),
            (
                spec(json!({"resources": {"limits": {"cpu": "0"}}})),
                "spec.resources.limits[cpu]: Invalid value: \"0\": must be greater than 0, as nothing runs without it",
            ),
            (spec(json!({"resources": {"limits": {"hugepages-2Mi": "0"}}})), ""),
            (
                spec(json!({"resources": {"limits": {"cpu": "1000E"}}})),
                "spec.resources.limits[cpu]: Invalid value: \"1000E\": must be less: so many cannot be counted",
            ),
            (
                spec(json!({"resources": {"requests": {"memory": "10E"}}})),
                "spec.resources.requests[memory]: Invalid value: \"10E\": must be less than 8Ei: more cannot be counted",
            ),
            (
                spec(json!({"backup": {"resources": {"limits": {"gpu": "1"}}}})),
                "spec.backup.resources.limits[gpu]: Unsupported value: \"gpu\": supported values: \"cpu\", \"memory\"",
            ),
            (
                spec(json!({"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}})),
                "spec.resources.requests[cpu]: Invalid value: \"2\": must be less than or equal to cpu limit of 1",
            ),
            (spec(json!({"parameters": {"work_mem": "8MB", "pg_stat_statements.max": "100"}})), ""),
            (
                spec(json!({"parameters": {"Work": "8MB"}})),
                "spec.parameters[Work]: Invalid value: \"Work\": a parameter is named by lower-case letters, digits, '_' and '.'",
            ),
            (
                spec(json!({"parameters": {"port": "1"}})),
                "spec.parameters[port]: Forbidden: the class's implementation sets this parameter itself",
            ),
            (
                spec(json!({"parameters": {"dynamic_library_path": "/x"}})),
                "spec.parameters[dynamic_library_path]: Forbidden: names files or libraries of the server's machine; the class's implementation sets it",
            ),
            (
                spec(json!({"databases": [{"name": "d", "owner": "o", "extensions": [{"name": "citext"}]}]})),
                "",
            ),
            (
                spec(json!({"databases": [{"name": "template1", "owner": "o"}]})),
                "spec.databases[0].name: Invalid value: \"template1\": is reserved by PostgreSQL",
            ),
            (
                spec(json!({"databases": [{"name": "d", "owner": "postgres"}]})),
                "spec.databases[0].owner: Invalid value: \"postgres\": is the superuser's; a database needs an owner of its own",
            ),
            (
                spec(json!({"databases": [{"name": "d", "owner": "o"}, {"name": "d", "owner": "p"}]})),
                "spec.databases[1].name: Duplicate value: \"d\"",
            ),
            (
                spec(json!({"databases": [{"name": long, "owner": "o"}]})),
                "spec.databases[0].name: Too long: may not be more than 63 bytes",
            ),
            (
                spec(
                    json!({"databases": [{"name": "d", "owner": "o", "extensions": [{"name": "e"}, {"name": "e"}]}]}),
                ),
                "spec.databases[0].extensions[1].name: Duplicate value: \"e\"",
            ),
            (spec(json!({"users": [{"name": "u", "databases": ["app"]}]})), ""),
            (
                spec(json!({"users": [{"name": "app"}]})),
                "spec.users[0].name: Invalid value: \"app\": owns a database and is a role already",
            ),
            (
                spec(json!({"users": [{"name": "postgres"}]})),
                "spec.users[0].name: Invalid value: \"postgres\": is the superuser; use spec.superuserAccess",
            ),
            (
                spec(json!({"users": [{"name": "databases_manager"}]})),
                "spec.users[0].name: Invalid value: \"databases_manager\": is reserved by PostgreSQL or by its manager; choose another name",
            ),
            (
                spec(json!({"users": [{"name": "databases_superuser"}]})),
                "spec.users[0].name: Invalid value: \"databases_superuser\": is reserved by PostgreSQL or by its manager; choose another name",
            ),
            (
                spec(json!({"databases": [{"name": "d", "owner": "pg_monitor"}]})),
                "spec.databases[0].owner: Invalid value: \"pg_monitor\": is reserved by PostgreSQL or by its manager; choose another name",
            ),
            (
                spec(json!({"users": [{"name": "u"}, {"name": "u"}]})),
                "spec.users[1].name: Duplicate value: \"u\"",
            ),
            (
                spec(json!({"users": [{"name": "u", "databases": ["none"]}]})),
                "spec.users[0].databases[0]: Not found: \"none\"",
            ),
            (spec(json!({"replication": {"mode": "Synchronous"}, "instances": 2})), ""),
            (
                spec(json!({"replication": {"mode": "Synchronous"}})),
                "spec.replication.mode: Invalid value: \"Synchronous\": needs spec.instances greater than 1",
            ),
            (
                spec(json!({"replication": {"mode": "Sometimes"}})),
                "spec.replication.mode: Unsupported value: \"Sometimes\": supported values: \"Asynchronous\", \"Synchronous\"",
            ),
            (
                spec(json!({"pooling": {"instances": 0}})),
                "spec.pooling.instances: Invalid value: 0: must be greater than zero",
            ),
            (
                spec(json!({"state": "Paused"})),
                "spec.state: Unsupported value: \"Paused\": supported values: \"Running\", \"Stopped\"",
            ),
            (
                spec(json!({"recoveryTarget": {"time": "2026-01-01T00:00:00Z"}})),
                "spec.recoveryTarget: Forbidden: needs spec.dataSourceRef to name a backup, a repository or a database",
            ),
        ],
    );
}

#[test]
fn a_postgresql_changes_only_as_a_database_can() {
    let invalid_before = json!({"users": [{"name": "u", "databases": ["none"]}]});
    let runs = |version: &str| json!({"spec": {"version": version}, "status": {"version": version}});
    changed(
        &postgresql::DEFINITION,
        &database(),
        &[
            (json!({}), json!({}), ""),
            (json!({}), json!({"status": {"observedGeneration": 1, "instances": 1}}), ""),
            (
                json!({}),
                json!({"status": {"observedGeneration": -5}}),
                "status.observedGeneration: Invalid value: -5: must be greater than or equal to 0",
            ),
            (
                json!({}),
                json!({"status": {"conditions": [{"type": "Ready", "status": "True", "message": "", "reason": "",
                    "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}),
                "status.conditions[0].reason: Required value: must be set",
            ),
            (
                json!({}),
                json!({"status": {"readyInstances": -1}}),
                "status.readyInstances: Invalid value: -1: must be greater than or equal to 0",
            ),
            (spec(json!({"className": ""})), spec(json!({"className": "c"})), ""),
            (
                json!({}),
                spec(json!({"className": "d"})),
                "spec.className: Invalid value: \"d\": field is immutable",
            ),
            (
                json!({}),
                spec(json!({"flavor": "f"})),
                "spec.flavor: Invalid value: \"f\": field is immutable",
            ),
            (json!({}), spec(json!({"storage": {"storageClassName": "fast"}})), ""),
            (
                spec(json!({"storage": {"storageClassName": "slow"}})),
                spec(json!({"storage": {"storageClassName": "fast"}})),
                "spec.storage.storageClassName: Invalid value: \"fast\": field is immutable",
            ),
            (json!({}), spec(json!({"storage": {"size": "2Gi"}})), ""),
            (json!({}), spec(json!({"storage": {"size": "512Mi"}})), ""),
            (
                json!({"status": {"version": "17.5"}}),
                json!({"spec": {"storage": {"size": "512Mi"}}, "status": {"version": "17.5"}}),
                "spec.storage.size: Invalid value: \"512Mi\": can shrink only to what the volumes have: 1Gi",
            ),
            // What is too small besides is told of by the one line that helps.
            (
                json!({"status": {"version": "17.5"}}),
                json!({"spec": {"storage": {"size": "64Mi"}}, "status": {"version": "17.5"}}),
                "spec.storage.size: Invalid value: \"64Mi\": can shrink only to what the volumes have: 1Gi",
            ),
            (
                json!({"status": {"storage": {"size": "32Mi"}}}),
                json!({"spec": {"storage": {"size": "64Mi"}}, "status": {"storage": {"size": "32Mi"}}}),
                "spec.storage.size: Invalid value: \"64Mi\": must be 128Mi or more: a new PostgreSQL takes half of that",
            ),
            (
                spec(repository("x")),
                spec(repository("y")),
                "spec.dataSourcePath: Forbidden: field is immutable",
            ),
            (
                json!({}),
                spec(json!({"dataSourceRef": {"kind": "Secret", "name": "x"}})),
                "spec.dataSourceRef: Forbidden: field is immutable",
            ),
            (
                json!({}),
                spec(json!({"adoptRef": {"kind": "Cluster", "name": "x"}})),
                "spec.adoptRef: Forbidden: field is immutable",
            ),
            (spec(json!({"version": "17.5"})), spec(json!({"version": "16"})), ""),
            (spec(json!({"version": "16"})), spec(json!({"version": "17"})), ""),
            (runs("17.5"), spec(json!({"version": "17.6"})), ""),
            (
                runs("17.5"),
                spec(json!({"version": "17.4"})),
                "spec.version: Invalid value: \"17.4\": cannot be lower than the version that runs, 17.5",
            ),
            (
                runs("17.5"),
                spec(json!({"version": "16"})),
                "spec.version: Invalid value: \"16\": cannot be lower than the version that runs, 17.5; no data goes back to an older major version: copy it to a new object of that version",
            ),
            (
                runs("16"),
                spec(json!({"version": "17"})),
                "spec.version: Forbidden: is a new major version: set spec.upgradePolicy.major to InPlace to allow it",
            ),
            (runs("16"), spec(json!({"version": "17", "upgradePolicy": {"major": "InPlace"}})), ""),
            // What was wrong before is not held against a change of something else.
            (
                spec(invalid_before.clone()),
                spec(json!({"users": invalid_before["users"], "instances": 2})),
                "",
            ),
        ],
    );
}
