//! One of the operators, played.

use super::*;
use crate::backend::operator::at;
use crate::backend::operator::tests::{Dispensable, PASSWORD, Player, Told, password};
use databases_api::shared::{RESTARTED_AT, TlsMode};
use std::marker::PhantomData;

/// What is another for each of them.
pub(in crate::backend) trait Part: Flavour {
    /// The folder of its kinds.
    const IMPLEMENTATION: &'static str;

    /// What [`Player::backs_up`] says.
    fn backs_up() -> (&'static str, &'static str) {
        ("", "")
    }

    /// What [`Player::backup_status`] says.
    fn backup_status(_ended: &str, _failed: Option<&str>) -> Value {
        Value::Null
    }

    /// The status of the main object, where that of another tells of servers.
    fn own_status(main: &Value, inner: Value) -> Value;
}

pub(in crate::backend) struct Played<F>(PhantomData<F>);

/// Without its oldest versions.
fn without_oldest(schema: &mut Value) {
    schema["properties"]["postgresVersion"]["minimum"] = 17.into();
}

impl<F: Part> Played<F> {
    fn sleeps(main: &Value) -> bool {
        main["spec"][F::STOP] == true
    }

    /// The status that tells of servers and poolers.
    fn inner(main: &Value, is_busy: bool) -> Value {
        let servers = &main["spec"]["instances"][0];
        let replicas = if Self::sleeps(main) { json!(0) } else { servers["replicas"].clone() };
        let updated = if is_busy { json!(0) } else { replicas.clone() };
        json!({
            "observedGeneration": main["metadata"]["generation"],
            "patroni": {"systemIdentifier": "7"},
            "proxy": {"pgBouncer": {"readyReplicas": main["spec"]["proxy"]["pgBouncer"]["replicas"]}},
            "instances": [{
                "name": servers["name"], "replicas": replicas, "readyReplicas": replicas, "updatedReplicas": updated,
            }],
        })
    }
}

impl<F: Part> Player for Played<F> {
    type Dialect = Pgo<F>;
    const IMPLEMENTATION: &'static str = F::IMPLEMENTATION;
    const HAS_SERVERS: bool = true;
    const OWNER: &'static str = "etl-owner";
    const REFUSED: TlsMode = TlsMode::Disabled;
    const DISPENSABLE: Dispensable = Dispensable::Part(without_oldest);

    fn told(main: &Value) -> Told {
        let spec = &main["spec"];
        let restarted = &spec["metadata"]["annotations"][RESTARTED_AT];
        let servers = &spec["instances"][0]["resources"];
        Told { sleeps: Self::sleeps(main), runs_with: format!("{restarted} {} {servers}", spec["config"]) }
    }

    fn status(main: &Value, _: &Told, is_busy: bool) -> Value {
        F::own_status(main, Self::inner(main, is_busy))
    }

    fn status_beside(_: &Value) -> Value {
        Value::Null
    }

    fn backs_up() -> (&'static str, &'static str) {
        F::backs_up()
    }

    fn backup_status(ended: &str, failed: Option<&str>) -> Value {
        F::backup_status(ended, failed)
    }

    fn copied(main: &Value, _: &[Value]) -> Option<String> {
        main["spec"]["dataSource"]["postgresCluster"]["clusterName"].as_str().map(str::to_owned)
    }

    fn secrets(main: &Value) -> Vec<(String, Vec<(&'static str, String)>)> {
        let name = at(main, "metadata.name");
        let users = main["spec"]["users"].as_array().into_iter().flatten().map(|user| at(user, "name"));
        let of_role = |user: &str| {
            let password = if user == SUPERUSER { PASSWORD.to_owned() } else { password(user) };
            (names::secret(name, user), vec![("user", user.to_owned()), ("password", password)])
        };
        users.map(of_role).collect()
    }

    fn gives(main: &Value) -> Vec<(String, String, bool)> {
        let users = main["spec"]["users"].as_array().into_iter().flatten();
        let of_user = |user: &Value| {
            let owner = at(user, "name").to_owned();
            let databases = user["databases"].as_array().into_iter().flatten().filter_map(Value::as_str);
            databases.map(|name| (name.to_owned(), owner.clone(), false)).collect::<Vec<_>>()
        };
        users.flat_map(of_user).collect()
    }

    fn evidence(main: &Value, told: &Told) -> Vec<(Resource, Value)> {
        let name = at(main, "metadata.name");
        let primary = format!("{name}-pg-abcd-0");
        let behind = json!({"ip": "10.0.0.1", "targetRef": {"kind": "Pod", "name": primary}});
        let mut leader =
            json!({"metadata": {"name": format!("{name}-ha"), "annotations": {"leader": primary}}});
        if !told.sleeps {
            leader["subsets"] =
                json!([{"addresses": [behind], "ports": [{"name": "postgresql", "port": 5432}]}]);
        }
        let inner = F::INNER.iter().map(|kind| {
            let mut spec = json!({"postgresVersion": 17});
            spec["instances"] = main["spec"]["instances"].clone();
            (*kind, json!({"metadata": {"name": name}, "spec": spec, "status": Self::inner(main, false)}))
        });
        [(ENDPOINTS, leader)].into_iter().chain(inner).collect()
    }

    fn edits() -> (Value, Value) {
        let volume = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
        (
            json!({"spec": {"instances": [{"name": "pg", "replicas": 5, "dataVolumeClaimSpec": volume}]}}),
            json!({"spec": {"openshift": true}, "metadata": {"labels": {"team": "a"}}}),
        )
    }

    fn parameters() -> (&'static str, &'static str) {
        ("openshift: true\npatroni:\n  syncPeriodSeconds: 60\n", "openshift: loud\n")
    }

    fn has_parameters(main: &Value) -> bool {
        main["spec"]["openshift"] == true && main["spec"]["patroni"]["syncPeriodSeconds"] == 60
    }
}
