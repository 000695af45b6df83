//! The first data out of a server that a binding Secret names: the operator copies one database of it by `pg_dump`, as its
//! login, and gives what is in it to the owner of the first database.

use super::bootstrap::SOURCE;
use crate::backend::Refusal;
use crate::backend::operator::Wish;
use crate::backend::tenant::{Server, SslMode};
use databases_api::shared::DATA_SOURCE_REF;
use serde_json::{Value, json};

/// Keys of a Secret that authorities stand in, the first before the other.
const AUTHORITIES: [&str; 2] = ["certificates", "ca.crt"];

/// What is said of an import into a new cluster, and of the server. Null where nothing is imported.
pub(super) fn wanted(wish: &Wish<'_>) -> Result<(Value, Value), Refusal> {
    if wish.object.spec.instance.data_source_ref.is_none() {
        return Ok((Value::Null, Value::Null));
    }
    let refused = |why: String| Refusal::new("InvalidParameters", format!("{DATA_SOURCE_REF}: {why}"));
    let Some(source) = wish.references.iter().find(|one| one.path == DATA_SOURCE_REF) else {
        return Err(refused("the Secret that it names cannot be read".into()));
    };
    let server = Server::read(&source.object).map_err(|error| refused(error.to_string()))?;
    let secret: Value = serde_json::from_str(&source.object).unwrap_or_default();
    if secret["data"]["database"].is_null() {
        return Err(refused(format!(
            "{} lacks its key database, which says what is imported",
            server.secret
        )));
    }
    let import = json!({
        "type": "microservice",
        "databases": [server.database],
        "source": {"externalCluster": SOURCE},
    });
    Ok((import, json!([external(&source.name, &secret, &server)])))
}

/// The server in the operator's words. Its password stays in the Secret.
fn external(name: &str, secret: &Value, server: &Server) -> Value {
    let mode = match server.mode {
        SslMode::Disable => "disable",
        SslMode::Prefer => "prefer",
        SslMode::Require => "require",
        SslMode::VerifyCa => "verify-ca",
        SslMode::VerifyFull => "verify-full",
    };
    let mut external = json!({
        "name": SOURCE,
        "connectionParameters": {
            "host": server.host,
            "port": server.port.to_string(),
            "user": server.username,
            "dbname": server.database,
            "sslmode": mode,
        },
        "password": {"name": name, "key": "password"},
    });
    let has_text = |key: &&str| secret["data"][*key].as_str().is_some_and(|text| !text.is_empty());
    if let Some(key) = AUTHORITIES.into_iter().find(has_text) {
        external["sslRootCert"] = json!({"name": name, "key": key});
    }
    external
}

#[cfg(test)]
mod tests {
    use super::super::CloudNativePG;
    use super::*;
    use crate::backend::operator::tests::{self, object};
    use crate::backend::operator::{Dialect, Installed};
    use crate::backend::{Class, Resolved};
    use databases_api::postgresql::PostgreSQL;
    use databases_api::shared::SourceRef;

    fn importing() -> PostgreSQL {
        let mut object = object("shop", 1);
        let source = SourceRef { kind: "Secret".into(), name: "old".into(), ..SourceRef::default() };
        object.spec.instance.data_source_ref = Some(source);
        object
    }

    fn spec(object: &PostgreSQL, live: &Value, secret: Option<Value>) -> Result<Value, Refusal> {
        let resolved = |secret: Value| Resolved {
            path: DATA_SOURCE_REF.into(),
            kind: "Secret".into(),
            name: "old".into(),
            object: secret.to_string(),
            ..Resolved::default()
        };
        let (class, references) = (Class::default(), secret.map(resolved).into_iter().collect::<Vec<_>>());
        let installed = Installed::default();
        let wish = Wish { live, references: &references, ..tests::wish(object, &class, &installed) };
        CloudNativePG.wanted(&wish).map(|mut objects| objects.remove(0)["spec"].take())
    }

    /// With `db.example.com`, `old` and `s3cr3t`.
    fn secret(kind: &str) -> Value {
        json!({"metadata": {"namespace": "default", "name": "old"}, "type": kind, "data": {
            "host": "ZGIuZXhhbXBsZS5jb20=", "username": "b2xk", "password": "czNjcjN0", "database": "b2xk",
        }})
    }

    #[test]
    fn a_new_cluster_imports_what_the_secret_names_and_one_that_was_made_says_it_again() {
        let (object, binding) = (importing(), secret("servicebinding.io/postgresql"));
        let made = spec(&object, &Value::Null, Some(binding.clone())).expect("it is accepted");
        let import =
            json!({"type": "microservice", "databases": ["old"], "source": {"externalCluster": "source"}});
        assert_eq!(made["bootstrap"]["initdb"]["import"], import);
        assert_eq!(made["bootstrap"]["initdb"]["owner"], "app");
        let server = json!({"host": "db.example.com", "port": "5432", "user": "old", "dbname": "old", "sslmode": "prefer"});
        assert_eq!(
            made["externalClusters"],
            json!([{"name": "source", "connectionParameters": server, "password": {"name": "old", "key": "password"}}])
        );
        assert!(!made.to_string().contains("s3cr3t"));
        let again = spec(&object, &json!({"spec": made}), None).expect("it is accepted");
        assert_eq!(
            (&again["bootstrap"], &again["externalClusters"]),
            (&made["bootstrap"], &made["externalClusters"])
        );
        let mut vouched = binding;
        vouched["data"]["ca.crt"] = "UEVN".into();
        let made = spec(&object, &Value::Null, Some(vouched)).expect("it is accepted");
        let external = &made["externalClusters"][0];
        assert_eq!(external["connectionParameters"]["sslmode"], "verify-full");
        assert_eq!(external["sslRootCert"], json!({"name": "old", "key": "ca.crt"}));
    }

    #[test]
    fn a_secret_that_names_no_database_is_refused_by_field() {
        let mut nameless = secret("servicebinding.io/postgresql");
        nameless["data"]["database"] = Value::Null;
        for (secret, why) in [
            (None, "cannot be read"),
            (Some(secret("Opaque")), "is of type \"Opaque\""),
            (Some(nameless), "lacks its key database"),
        ] {
            let refused = spec(&importing(), &Value::Null, secret).expect_err("it is refused");
            assert!(refused.message.starts_with("spec.dataSourceRef: "), "{refused:?}");
            assert!(refused.message.contains(why), "{refused:?}");
        }
    }
}
