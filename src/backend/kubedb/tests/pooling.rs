//! The poolers in front of a database.

use super::translation::{asked, carried_out, installed, running, wanted};
use super::*;
use crate::backend::operator::tests::{self, object};
use crate::backend::{Endpoint, Role as EndpointRole};
use databases_api::postgresql::{Database, Pooling, PoolingMode, PostgreSQL};
use databases_api::shared::{ObjectRef, Tls, TlsMode};

fn pooled() -> PostgreSQL {
    let mut object = object("shop", 1);
    object.spec.pooling = Some(Pooling { mode: Some(PoolingMode::Transaction), instances: Some(2) });
    object
}

/// The pooler, and the request about it, of what is wanted.
fn told(object: &PostgreSQL, live: &Value, beside: &[Value]) -> (Value, Option<Value>) {
    let mut objects = wanted(object, live, beside).expect("it is accepted").into_iter().skip(1);
    let pooler = objects.next().expect("a pooler");
    assert_eq!(pooler["kind"], "PgBouncer");
    (pooler, objects.next())
}

#[test]
fn a_pooler_serves_the_one_database_without_limits_of_its_own() {
    let (pooler, request) = told(&pooled(), &Value::Null, &[]);
    assert_eq!(request, None);
    assert_eq!(
        pooler,
        json!({
            "apiVersion": "kubedb.com/v1",
            "kind": "PgBouncer",
            "metadata": {"name": "shop-1-pooler"},
            "spec": {
                "version": "1.24.0",
                "replicas": 2,
                "database": {
                    "syncUsers": true,
                    "databaseName": "app",
                    "databaseRef": {"name": "shop-1", "namespace": "default"},
                },
                "connectionPool": {
                    "authType": "scram-sha-256", "maxDBConnections": 0, "maxUserConnections": 0,
                },
                "configuration": {"inline": {"pgbouncer.ini": "[pgbouncer]\npool_mode = transaction\n"}},
                "deletionPolicy": "WipeOut",
            },
        })
    );
    let labels = asked(&pooled(), &Value::Null, &[], |wish| KubeDB.secret_labels(wish));
    assert_eq!(
        labels,
        json!({"app.kubernetes.io/name": "postgreses.kubedb.com", "app.kubernetes.io/instance": "shop-1"})
    );
    assert_eq!(asked(&object("shop", 1), &Value::Null, &[], |wish| KubeDB.secret_labels(wish)), json!({}));
}

#[test]
fn a_pooler_that_runs_is_changed_by_requests_of_its_own() {
    let mut object = pooled();
    let (main, pooler) = (running(&object), told(&object, &Value::Null, &[]).0);
    object.spec.pooling = Some(Pooling { mode: Some(PoolingMode::Session), instances: Some(3) });
    let (kept, first) = told(&object, &main, std::slice::from_ref(&pooler));
    assert_eq!(kept, pooler, "nothing is said of it before it is so");
    let first = first.expect("a request");
    assert_eq!(
        (at(&first, "kind"), at(&first, "spec.databaseRef.name")),
        ("PgBouncerOpsRequest", "shop-1-pooler")
    );
    assert_eq!(first["spec"]["horizontalScaling"], json!({"replicas": 3}));
    let changes = asked(&object, &main, std::slice::from_ref(&pooler), |wish| KubeDB.upcoming(wish));
    let told_of: Vec<_> = changes.iter().map(|change| (&*change.fields[0], change.effect)).collect();
    assert_eq!(told_of, [("spec.pooling", Effect::Nothing), ("spec.pooling", Effect::Reload)]);
    let (scaled, second) = told(&object, &main, &[pooler, carried_out(first)]);
    assert_eq!(scaled["spec"]["replicas"], 3);
    let second = second.expect("a request");
    assert_eq!(
        second["spec"]["configuration"],
        json!({"removeCustomConfig": true, "applyConfig": {"pgbouncer.ini": "[pgbouncer]\npool_mode = session\n"},
            "restart": "auto"})
    );
    let failed = json!({"phase": "Failed", "conditions": [{"type": "Failed", "message": "no"}]});
    let failed = Value::from_iter(
        second.as_object().expect("an object").clone().into_iter().chain([("status".to_owned(), failed)]),
    );
    let pending = asked(&object, &main, &[scaled, failed], ops::pending).expect("it is told");
    assert!(pending.contains("delete PgBouncerOpsRequest shop-1-pooler-"), "{pending}");
}

#[test]
fn a_pooler_is_as_encrypted_as_the_database() {
    let mut object = pooled();
    let issuer_ref = Some(ObjectRef { kind: "Issuer".into(), name: "ca".into(), ..ObjectRef::default() });
    object.spec.instance.tls = Some(Tls { mode: Some(TlsMode::Required), issuer_ref, ..Tls::default() });
    let (pooler, _) = told(&object, &Value::Null, &[]);
    let issuer = json!({"apiGroup": "cert-manager.io", "kind": "Issuer", "name": "ca"});
    assert_eq!(
        (&pooler["spec"]["sslMode"], &pooler["spec"]["tls"]),
        (&json!("require"), &json!({"issuerRef": issuer}))
    );
    let main = running(&object);
    object.spec.instance.tls = None;
    let objects = wanted(&object, &main, &[pooler]).expect("it is accepted");
    let asked_for: Vec<_> = objects.iter().filter(|one| at(one, "spec.type") == "ReconfigureTLS").collect();
    assert_eq!(asked_for.len(), 2, "of both: {objects:?}");
}

#[test]
fn a_pooler_is_told_of_once_it_serves() {
    let object = pooled();
    let (main, mut pooler) = (running(&object), told(&object, &Value::Null, &[]).0);
    let seen = |object: &PostgreSQL, main: &Value, pooler: &Value| {
        asked(object, main, std::slice::from_ref(pooler), |wish| tests::seen(&KubeDB, wish))
    };
    let is_pooled = |endpoint: &&Endpoint| endpoint.role == EndpointRole::PooledReadWrite;
    for (phase, is_served, is_ready) in
        [("", false, false), ("Provisioning", false, false), ("Critical", true, false), ("Ready", true, true)]
    {
        pooler["status"]["phase"] = phase.into();
        let seen = seen(&object, &main, &pooler);
        assert_eq!(seen.phase, crate::backend::Phase::Available, "the database serves");
        let host = seen.endpoints.iter().find(is_pooled).map(|endpoint| &*endpoint.host);
        assert_eq!(host, is_served.then_some("shop-1-pooler.default.svc.cluster.local"), "{phase}");
        assert_eq!(seen.pending.is_none(), is_ready, "{phase}: {:?}", seen.pending);
    }
    let mut without = object.clone();
    without.spec.pooling = Some(Pooling { mode: Some(PoolingMode::Disabled), instances: None });
    assert_eq!(seen(&without, &main, &pooler).endpoints.iter().find(is_pooled), None);
    assert_eq!(wanted(&without, &main, &[pooler]).expect("it is accepted").len(), 1);
}

#[test]
fn what_a_pooler_cannot_serve_is_refused() {
    let mut object = pooled();
    let database = |name: &str| Database { name: name.into(), owner: "app".into(), ..Database::default() };
    for databases in [vec![], vec![database("Stats 1")], vec![database("app"), database("b")]] {
        object.spec.databases = databases;
        let refused = wanted(&object, &Value::Null, &[]).expect_err("it is refused");
        assert!(refused.message.starts_with("spec.pooling: "), "{refused:?}");
    }
    let class = Class::default();
    let offered = |installed: &Installed| {
        let offer = KubeDB.offer(&class, installed).expect("an offer");
        offer.features.contains(&"PostgreSQLConnectionPooling".to_owned())
    };
    assert!(offered(&installed()));
    let served = installed().served.into_iter().filter(|kind| kind != "pgbouncers").collect();
    let without = [Installed { catalog: versions(), ..installed() }, Installed { served, ..installed() }];
    for installed in without {
        assert!(!offered(&installed));
        let object = pooled();
        let refused = KubeDB.wanted(&tests::wish(&object, &class, &installed)).expect_err("it is refused");
        assert!(refused.message.contains("this cluster has no PgBouncer"), "{refused:?}");
    }
}

#[test]
fn a_pooler_of_a_long_name_can_be_labelled_and_is_another_one() {
    let mut object = pooled();
    let named = |object: &mut PostgreSQL, name: String| {
        object.spec.instance.adopt_ref = Some(ObjectRef { name: name.clone(), ..ObjectRef::default() });
        let (class, installed) = (Class::default(), installed());
        let wish = Wish { name: &name, ..tests::wish(object, &class, &installed) };
        let objects = KubeDB.wanted(&wish).expect("it is accepted");
        at(&objects[1], "metadata.name").to_owned()
    };
    assert_eq!(named(&mut object, "a".repeat(45)), format!("{}-pooler", "a".repeat(45)));
    let long = ["b", "c"].map(|end| named(&mut object, format!("{}{end}", "a".repeat(49))));
    assert!(long.iter().all(|name| name.len() == 52) && long[0] != long[1], "{long:?}");
}
