//! Objects made of a number: any combination of the fields that operators are told of.

use crate::backend::operator::put;
use apimachinery::wire::json;
use databases_api::GROUP;
use databases_api::features::{FeatureUse, required};
use databases_api::postgresql::PostgreSQL;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

/// A field by its path, and values that it may have. Each is set or not, by itself.
pub(super) type Field = (&'static str, fn(&mut StdRng) -> Value);

/// The fields that every operator is told of.
const COMMON: &[Field] = &[
    ("spec.instances", |random| random.random_range(1..9).into()),
    ("spec.version", |random| one(random, &["14", "15", "16", "17", "18"])),
    ("spec.storage.storageClassName", |random| one(random, &["fast", "standard-rwo"])),
    ("spec.resources", |random| {
        one_of(
            random,
            &[
                json!({"requests": {"cpu": "500m", "memory": "1Gi"}}),
                json!({"requests": {"cpu": "2"}, "limits": {"memory": "4Gi", "hugepages-2Mi": "64Mi"}}),
            ],
        )
    }),
    ("spec.parameters", |random| {
        one_of(
            random,
            &[
                json!({"max_connections": "200", "work_mem": "64MB"}),
                json!({"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "10000"}),
                json!({"log_line_prefix": "%m [%p] '\"\\\\ ", "search_path": "\"$user\", public"}),
            ],
        )
    }),
    ("spec.replication.mode", |random| one(random, &["Asynchronous", "Synchronous"])),
    ("spec.superuserAccess", |random| one(random, &["Enabled", "Disabled"])),
    ("spec.state", |random| one(random, &["Running", "Stopped"])),
    ("spec.tls.mode", |random| one(random, &["Optional", "Required"])),
    ("spec.tls.certificateSecretRef.name", |random| one(random, &["shop-tls"])),
    ("spec.users", |random| {
        one_of(
            random,
            &[
                json!([{"name": "etl", "attributes": ["CreateDB", "BypassRLS"], "databases": ["app"]}]),
                json!([{"name": "Täglich", "attributes": ["NoLogin"]}, {"name": "a_b", "attributes": ["Replication"]}]),
            ],
        )
    }),
    ("spec.pooling", |random| {
        one_of(
            random,
            &[
                json!({"mode": "Session"}),
                json!({"mode": "Transaction", "instances": 2}),
                json!({"mode": "Disabled"}),
            ],
        )
    }),
    ("spec.observability.metrics", |random| one(random, &["Enabled", "Disabled"])),
    ("spec.dataSourceRef", |random| {
        one_of(
            random,
            &[
                json!({"kind": "Secret", "name": "old"}),
                json!({"apiGroup": GROUP, "kind": "PostgreSQL", "name": "old"}),
            ],
        )
    }),
    ("spec.network", |random| {
        one_of(
            random,
            &[
                json!({"type": "ClusterIP"}),
                json!({"type": "NodePort"}),
                json!({"type": "LoadBalancer", "annotations": {"example.com/pool": "a"}}),
                json!({"type": "LoadBalancer", "allowedSourceRanges": ["10.0.0.0/8", "fd00::/8"]}),
                json!({"annotations": {"example.com/pool": "a"}}),
            ],
        )
    }),
    ("spec.scheduling", |random| {
        one_of(
            random,
            &[
                json!({"nodeSelector": {"disk": "ssd"}, "priorityClassName": "high"}),
                json!({"tolerations": [{"key": "db", "operator": "Exists", "effect": "NoSchedule"}]}),
                json!({"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]}),
                json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}]}]}}}}),
                json!({"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1,
            "podAffinityTerm": {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "shop"}}}}]}}}),
            ],
        )
    }),
];

/// The databases of an object are never left out.
const DATABASES: Field = ("spec.databases", |random| {
    one_of(
        random,
        &[
            json!([{"name": "app", "owner": "app"}]),
            json!([{"name": "app", "owner": "app"}, {"name": "Stats 1", "owner": "etl_owner",
        "extensions": [{"name": "pg_trgm", "version": "1.6", "schema": "public"}, {"name": "hstore"}]}]),
            json!([{"name": "büro", "owner": "Büro"}, {"name": "b", "owner": "Büro"}]),
        ],
    )
});

fn one(random: &mut StdRng, values: &[&str]) -> Value {
    values.choose(random).copied().into()
}

fn one_of(random: &mut StdRng, values: &[Value]) -> Value {
    values.choose(random).cloned().unwrap_or_default()
}

/// The object of a number that needs none but these features: the same for the same number.
pub(super) fn object(seed: u64, features: &[String]) -> PostgreSQL {
    let random = &mut StdRng::seed_from_u64(seed);
    let mut tree = json!({
        "metadata": {"name": "generated", "namespace": "default", "uid": "00000001-0000-4000-8000-000000000000"},
        "spec": {"storage": {"size": one(random, &["1Gi", "500Mi", "1.5Ti"])}},
    });
    let mut object = decoded(&tree);
    for (path, value) in [DATABASES].iter().chain(COMMON) {
        let mut more = tree.clone();
        put(&mut more, path, value(random));
        let wanted = *path == DATABASES.0 || random.random_bool(0.5);
        let with = decoded(&more);
        let is_offered = |used: FeatureUse| features.contains(&used.feature);
        if wanted && required(&with, None).into_iter().all(is_offered) {
            (tree, object) = (more, with);
        }
    }
    object
}

fn decoded(tree: &Value) -> PostgreSQL {
    let (object, context) = json::decode_tree::<databases_api::postgresql::V1>(tree).expect("an object");
    assert!(context.problems().is_empty(), "{:?}: {tree}", context.problems());
    apimachinery::kind::WireVersion::into_hub(object)
}
