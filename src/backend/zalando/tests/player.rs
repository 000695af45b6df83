//! Zalando's operator, played.

use super::*;
use crate::backend::conformance::Wish;
use crate::backend::operator::tests::{Dispensable, Player, Told, another_database};
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::{Tls, TlsMode};

pub(in crate::backend) struct Played;

/// Without its oldest version.
fn without_oldest(schema: &mut Value) {
    let versions = &mut schema["properties"]["postgresql"]["properties"]["version"]["enum"];
    versions.as_array_mut().expect("versions").retain(|version| version != "14");
}

impl Player for Played {
    type Dialect = Zalando;
    const IMPLEMENTATION: &'static str = "zalando";
    const REFUSED: TlsMode = TlsMode::Disabled;
    const DISPENSABLE: Dispensable = Dispensable::Part(without_oldest);
    const STOPS: bool = false;

    fn told(main: &Value) -> Told {
        let spec = &main["spec"];
        Told {
            sleeps: false,
            runs_with: format!("{} {} {}", spec["postgresql"], spec["env"], spec["resources"]),
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
        let keys =
            |user: String| vec![("password", format!("the operator's for {user}")), ("username", user)];
        all.map(|user| (names::secret(name, &user), keys(user))).collect()
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
        vec![behind(name.to_owned(), 0..1), behind(format!("{name}-repl"), 1..servers.unwrap_or_default())]
    }

    fn wish(object: &mut PostgreSQL, wish: Wish) {
        match wish {
            Wish::Stopped | Wish::Running => {}
            Wish::Restart => {
                object.spec.instance.parameters.insert("max_connections".into(), "77".into());
            }
            Wish::Harmless => another_database(&mut object.spec),
            Wish::Refused => {
                object.spec.instance.tls = Some(Tls { mode: Some(Self::REFUSED), ..Tls::default() });
            }
            Wish::Accepted => object.spec.instance.tls = None,
        }
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
