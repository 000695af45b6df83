//! How a `Cluster` gets its first data: none, that of a server that a binding Secret names, or a copy of another `Cluster`'s.
//! What was said first stays said.

use super::{import, kubernetes_name, named_or};
use crate::backend::Refusal;
use crate::backend::operator::{Origin, Wish, at};
use crate::backend::postgresql::was_made;
use databases_api::instance::Instance;
use serde_json::{Map, Value, json};

/// What a server that data comes from is called in the object.
pub(super) const SOURCE: &str = "source";
const EMPTY: &str = "initdb";
const COPY: &str = "pg_basebackup";
/// All ways to begin: of an adopted cluster, too.
const METHODS: [&str; 3] = [EMPTY, COPY, "recovery"];
/// What is said of one of them.
const SAID: [&str; 5] = ["database", "owner", "secret", "import", "source"];

/// The way to begin, and the servers that it takes; null where nothing is said of them.
pub(super) fn wanted(wish: &Wish<'_>, origin: Option<&Origin<'_>>) -> Result<(Value, Value), Refusal> {
    if wish.is_adopted() {
        return Ok((Value::Null, Value::Null));
    }
    if !wish.live.is_null() {
        return Ok(again(wish));
    }
    let mut begins = application(wish);
    if let Some(origin) = origin {
        begins["source"] = SOURCE.into();
        return Ok((json!({COPY: begins}), json!([copied(origin)])));
    }
    let (import, source) = import::wanted(wish)?;
    if !import.is_null() {
        begins["import"] = import;
    }
    Ok((json!({EMPTY: begins}), source))
}

/// What was said, again.
fn again(wish: &Wish<'_>) -> (Value, Value) {
    let (method, made) = begun(wish.live);
    let said = SAID.iter().map(|name| ((*name).to_owned(), made[*name].clone()));
    let said: Map<String, Value> = said.filter(|(_, value)| !value.is_null()).collect();
    let mut servers = Value::Null;
    if wish.object.spec.instance.data_source_ref.is_some() {
        servers = wish.live["spec"]["externalClusters"].clone();
    }
    if wish.object.copied().is_some() && was_made(wish.object) {
        // A copy that was made has no more business there; that there was somebody is still to be said.
        for server in servers.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            server.retain(|name, _| !name.starts_with("ssl"));
        }
    }
    let begins = if said.is_empty() { Value::Null } else { json!({method: said}) };
    (begins, servers)
}

/// The first database with its owner, who has a Secret of ours.
fn application(wish: &Wish<'_>) -> Value {
    let Some(first) = wish.object.spec.databases.first() else { return json!({}) };
    let secret = kubernetes_name(wish.name, "role", &first.owner);
    json!({"database": first.name, "owner": first.owner, "secret": {"name": secret}})
}

/// The primary of what is copied, as the operator itself connects to it.
fn copied(origin: &Origin<'_>) -> Value {
    let (main, certificates) = (origin.main, &origin.main["status"]["certificates"]);
    let (name, namespace) = (at(main, "metadata.name"), at(main, "metadata.namespace"));
    let service = named_or(&main["status"]["writeService"], name, "rw");
    let of = |secret: &str, usual: &str, key: &str| json!({"name": named_or(&certificates[secret], name, usual), "key": key});
    // Somebody's own certificate may be for other names.
    let is_own = main["spec"]["certificates"]["serverTLSSecret"].is_string();
    json!({
        "name": SOURCE,
        "connectionParameters": {
            "host": format!("{service}.{namespace}.svc"),
            "user": "streaming_replica",
            "sslmode": if is_own { "verify-ca" } else { "verify-full" },
        },
        "sslKey": of("replicationTLSSecret", "replication", "tls.key"),
        "sslCert": of("replicationTLSSecret", "replication", "tls.crt"),
        "sslRootCert": of("serverCASecret", "ca", "ca.crt"),
    })
}

/// How a cluster began.
fn begun(live: &Value) -> (&'static str, &Value) {
    let known = &live["spec"]["bootstrap"];
    let method = METHODS.into_iter().find(|method| known[*method].is_object()).unwrap_or(EMPTY);
    (method, &known[method])
}

/// The Secret with the password of the owner that the operator made the first database with.
pub(super) fn owner_secret(wish: &Wish<'_>) -> String {
    named_or(&begun(wish.live).1["secret"]["name"], wish.name, "app")
}

/// The owner that was there before an adopted cluster had an object.
pub(super) fn adopted_owner<'a>(wish: &'a Wish<'_>) -> Option<&'a str> {
    let owner = begun(wish.live).1["owner"].as_str();
    owner.filter(|_| wish.is_adopted())
}

/// The owner that the operator makes and looks after by itself.
pub(super) fn bootstrap_owner<'a>(wish: &'a Wish<'_>) -> Option<&'a str> {
    let made = begun(wish.live).1["owner"].as_str();
    let first = wish.object.spec.databases.first().map(|database| database.owner.as_str());
    made.or(first.filter(|_| wish.live.is_null()))
}

#[cfg(test)]
mod tests {
    use super::super::CloudNativePG;
    use super::*;
    use crate::backend::operator::tests::{self, object};
    use crate::backend::operator::{Dialect, Installed};
    use crate::backend::{Class, Resolved};
    use databases_api::GROUP;
    use databases_api::postgresql::{Database, PostgreSQL};
    use databases_api::shared::{DATA_SOURCE_REF, SourceRef};

    fn copy() -> PostgreSQL {
        let mut object = object("copy", 2);
        let (kind, name) = ("PostgreSQL".into(), "shop".into());
        object.spec.instance.data_source_ref = Some(SourceRef { api_group: GROUP.into(), kind, name });
        object
    }

    fn source() -> Resolved {
        let spec = json!({"databases": [{"name": "app", "owner": "app"}, {"name": "b", "owner": "b"}], "users": [{"name": "etl"}]});
        let object = json!({"metadata": {"name": "shop"}, "spec": spec, "status": {"version": "16.9"}});
        Resolved {
            path: DATA_SOURCE_REF.into(),
            kind: "PostgreSQL".into(),
            object: object.to_string(),
            ..Resolved::default()
        }
    }

    fn cluster() -> Value {
        json!({"metadata": {"name": "shop-1", "namespace": "default"}, "spec": {}, "status": {"writeService": "shop-1-rw"}})
    }

    fn objects(object: &PostgreSQL, live: &Value, source: &Value) -> Result<Vec<Value>, Refusal> {
        let (class, references) = (Class::default(), [self::source()]);
        let installed = Installed::default();
        let wish = tests::wish(object, &class, &installed);
        CloudNativePG.wanted(&Wish { name: "copy-2", live, references: &references, source, ..wish })
    }

    #[test]
    fn a_copy_is_taken_from_the_primary_in_its_version_and_keeps_no_way_there() {
        let mut object = copy();
        let made = objects(&object, &Value::Null, &cluster()).expect("it is accepted");
        let begins = json!({"database": "app", "owner": "app", "secret": {"name": "copy-2-role-app"}, "source": "source"});
        assert_eq!(made[0]["spec"]["bootstrap"], json!({"pg_basebackup": begins}));
        assert_eq!(made[0]["spec"]["imageName"], "ghcr.io/cloudnative-pg/postgresql:16");
        let named = |name: &str, key: &str| json!({"name": name, "key": key});
        let connection =
            json!({"host": "shop-1-rw.default.svc", "user": "streaming_replica", "sslmode": "verify-full"});
        let external = json!([{"name": "source", "connectionParameters": connection,
            "sslKey": named("shop-1-replication", "tls.key"), "sslCert": named("shop-1-replication", "tls.crt"),
            "sslRootCert": named("shop-1-ca", "ca.crt")}]);
        assert_eq!(made[0]["spec"]["externalClusters"], external);
        let again = objects(&object, &made[0], &Value::Null).expect("it is accepted");
        assert_eq!(again[0]["spec"], made[0]["spec"]);
        object.status.instance.version = "16.9".into();
        let kept = objects(&object, &made[0], &Value::Null).expect("it is accepted");
        assert_eq!(kept[0]["spec"]["bootstrap"], made[0]["spec"]["bootstrap"]);
        let known = json!([{"name": "source", "connectionParameters": connection}]);
        assert_eq!(kept[0]["spec"]["externalClusters"], known);
    }

    #[test]
    fn somebodys_own_certificate_is_known_by_its_authority() {
        let mut own = cluster();
        own["spec"]["certificates"] = json!({"serverTLSSecret": "tls"});
        own["status"]["certificates"] = json!({"serverCASecret": "tls", "replicationTLSSecret": "replicas"});
        let made = objects(&copy(), &Value::Null, &own).expect("it is accepted");
        let external = &made[0]["spec"]["externalClusters"][0];
        assert_eq!(external["connectionParameters"]["sslmode"], "verify-ca");
        assert_eq!(external["sslRootCert"], json!({"name": "tls", "key": "ca.crt"}));
        assert_eq!(external["sslCert"], json!({"name": "replicas", "key": "tls.crt"}));
    }

    #[test]
    fn who_logs_in_at_the_source_and_is_not_listed_cannot_log_in_to_the_copy() {
        let mut object = copy();
        let database = |name: &str, owner: &str| Database {
            name: name.into(),
            owner: owner.into(),
            ..Database::default()
        };
        object.spec.databases = vec![database("app", "web"), database("b", "b")];
        let made = objects(&object, &Value::Null, &cluster()).expect("it is accepted");
        let logs_in = |role: &str| {
            let roles = made.iter().filter(|object| object["kind"] == "DatabaseRole");
            let spec = roles.map(|object| &object["spec"]).find(|spec| spec["name"] == role)?;
            Some(spec["login"] == true && spec["disablePassword"] != true)
        };
        assert_eq!(["web", "b", "app", "etl"].map(logs_in), [None, Some(true), Some(false), Some(false)]);
    }

    #[test]
    fn what_cannot_be_copied_is_refused_by_field() {
        let mut object = copy();
        let refused = objects(&object, &Value::Null, &Value::Null).expect_err("it is gone");
        assert!(refused.message.starts_with("spec.dataSourceRef: "), "{refused:?}");
        object.spec.instance.version = "17".into();
        let refused = objects(&object, &Value::Null, &cluster()).expect_err("it is of another major");
        assert!(refused.message.starts_with("spec.version: "), "{refused:?}");
        assert_eq!(refused.reason, "UnsupportedVersion");
        object.spec.instance.version = "16.4".into();
        let made = objects(&object, &Value::Null, &cluster()).expect("it is accepted");
        assert_eq!(made[0]["spec"]["imageName"], "ghcr.io/cloudnative-pg/postgresql:16.4");
    }
}
