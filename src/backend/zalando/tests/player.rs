//! Zalando's operator, played.

use super::*;
use crate::backend::operator::tests::{Dispensable, PASSWORD, Player, Told, password};
use databases_api::shared::TlsMode;

pub(in crate::backend) struct Played;

/// Without its oldest version.
fn without_oldest(schema: &mut Value) {
    let versions = &mut schema["properties"]["postgresql"]["properties"]["version"]["enum"];
    versions.as_array_mut().expect("versions").retain(|version| version != "14");
}

/// The set that says what becomes of volumes, and whom its servers copy.
fn set(name: &str, source: &Value) -> Value {
    let labels = json!({"cluster-name": name});
    let env = if source.is_null() { json!([]) } else { json!([{"name": "CLONE_SCOPE", "value": source}]) };
    let pods =
        json!({"containers": [{"name": "postgres", "image": "registry.example.com/spilo", "env": env}]});
    json!({
        "metadata": {"name": name},
        "spec": {
            "replicas": 0, "serviceName": name, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pods},
        },
    })
}

impl Player for Played {
    type Dialect = Zalando;
    const IMPLEMENTATION: &'static str = "zalando";
    const REFUSED: TlsMode = TlsMode::Disabled;
    const DISPENSABLE: Dispensable = Dispensable::Part(without_oldest);
    const HAS_SERVERS: bool = true;
    const OWNER: &'static str = "etl_owner.1";

    fn told(main: &Value) -> Told {
        let spec = &main["spec"];
        Told {
            sleeps: spec["numberOfInstances"] == 0,
            runs_with: format!(
                "{} {} {} {}",
                spec["postgresql"], spec["env"], spec["resources"], spec["clone"]
            ),
        }
    }

    fn status(main: &Value, _: &Told, is_busy: bool) -> Value {
        let status = match (is_busy, main["status"].is_null()) {
            (true, true) => "Creating",
            (true, false) => "Updating",
            _ => "Running",
        };
        json!({"PostgresClusterStatus": status})
    }

    fn status_beside(_: &Value) -> Value {
        Value::Null
    }

    fn secrets(main: &Value) -> Vec<(String, Vec<(&'static str, String)>)> {
        let name = at(main, "metadata.name");
        let users = main["spec"]["users"].as_object().into_iter().flatten().map(|(user, _)| user.clone());
        let all = users.chain([SUPERUSER.to_owned(), STANDBY.to_owned()]);
        let keys = |user: String| match user == SUPERUSER {
            true => vec![("password", PASSWORD.to_owned()), ("username", user)],
            false => vec![("password", password(&user)), ("username", user)],
        };
        all.map(|user| (names::secret(name, &user), keys(user))).collect()
    }

    fn copied(main: &Value, _: &[Value]) -> Option<String> {
        main["spec"]["clone"]["cluster"].as_str().map(str::to_owned)
    }

    fn gives(main: &Value) -> Vec<(String, String, bool)> {
        let databases = main["spec"]["databases"].as_object().into_iter().flatten();
        databases
            .map(|(name, owner)| (name.clone(), owner.as_str().expect("a name").to_owned(), true))
            .collect()
    }

    fn evidence(main: &Value, _: &Told) -> Vec<(Resource, Value)> {
        let (name, servers) = (at(main, "metadata.name"), main["spec"]["numberOfInstances"].as_u64());
        let behind = |service: String, numbers: std::ops::Range<u64>| {
            let address = |number| json!({"ip": format!("10.0.0.{}", number + 1), "targetRef": {"name": format!("{name}-{number}")}});
            let addresses: Vec<Value> = numbers.map(address).collect();
            let mut endpoints = json!({"metadata": {"name": service}});
            if !addresses.is_empty() {
                endpoints["subsets"] =
                    json!([{"addresses": addresses, "ports": [{"name": "postgresql", "port": 5432}]}]);
            }
            (ENDPOINTS, endpoints)
        };
        let servers = servers.unwrap_or_default();
        let poolers = main["spec"]["connectionPooler"]["numberOfInstances"].as_u64().unwrap_or_default();
        vec![
            behind(name.to_owned(), 0..servers.min(1)),
            behind(format!("{name}-repl"), servers.min(1)..servers),
            behind(format!("{name}-pooler"), 0..poolers),
            (STATEFUL_SETS, set(name, &main["spec"]["clone"]["cluster"])),
        ]
    }

    fn edits() -> (Value, Value) {
        (
            json!({"spec": {"numberOfInstances": 5}}),
            json!({"spec": {"enableShmVolume": true}, "metadata": {"labels": {"team": "a"}}}),
        )
    }

    fn parameters() -> (&'static str, &'static str) {
        ("enableShmVolume: true\npatroni:\n  ttl: 60\n", "enableShmVolume: loud\n")
    }

    fn has_parameters(main: &Value) -> bool {
        main["spec"]["enableShmVolume"] == true && main["spec"]["patroni"]["ttl"] == 60
    }
}
