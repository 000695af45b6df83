//! What references, time zones, certificates and adoption may say: one row a rule, good and bad.

mod support;

use apimachinery::wire::json::decode_tree;
use databases_api::postgresql::DEFINITION;
use serde_json::{Value, json};
use support::{changed, fresh};

const GROUP: &str = "databases.standard.k8s.io";

fn base() -> Value {
    json!({"metadata": {"name": "a", "namespace": "b"}, "spec": {"storage": {"size": "1Gi"}}})
}

fn spec(value: Value) -> Value {
    json!({"spec": value})
}

fn source(group: &str, kind: &str) -> Value {
    json!({"dataSourceRef": {"apiGroup": group, "kind": kind, "name": "x"}})
}

fn window(zone: &str) -> Value {
    json!({"maintenance": {"windows": [{"start": "02:00", "duration": "2h", "timeZone": zone}]}})
}

#[test]
fn who_writes_the_other_name_of_a_group_is_told_what_it_is_called() {
    let named = json!({"group": "g", "apiGroup": "g", "kind": "k", "name": "n", "nmae": "n"});
    let (_, context) = decode_tree::<databases_api::postgresql::V1>(&spec(
        json!({"adoptRef": named, "dataSourceRef": named}),
    ))
    .expect("an object");
    let told: Vec<String> = context.problems().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "unknown field \"spec.adoptRef.apiGroup\", which is called \"group\" here",
            "unknown field \"spec.adoptRef.nmae\"",
            "unknown field \"spec.dataSourceRef.group\", which is called \"apiGroup\" here",
            "unknown field \"spec.dataSourceRef.nmae\"",
        ]
    );
}

#[test]
fn a_source_is_of_the_standard_or_a_secret() {
    let mut with_path = source(GROUP, "BackupRepository");
    with_path["dataSourcePath"] = "a/b".into();
    let mut path_of_backup = source(GROUP, "DatabaseBackup");
    path_of_backup["dataSourcePath"] = "a/b".into();
    let kinds = "\"DatabaseBackup\", \"BackupRepository\", \"Secret\", \"PostgreSQL\"";
    fresh(
        &DEFINITION,
        &base(),
        &[
            (spec(source("", "Secret")), ""),
            (spec(source(GROUP, "DatabaseBackup")), ""),
            (spec(source(GROUP, "PostgreSQL")), ""),
            (spec(with_path), ""),
            (
                spec(source(GROUP, "BackupRepository")),
                "spec.dataSourcePath: Required value: say where in the repository the data is",
            ),
            (
                spec(path_of_backup),
                "spec.dataSourcePath: Forbidden: needs spec.dataSourceRef to name a BackupRepository",
            ),
            (
                spec(source("", "Pod")),
                &format!("spec.dataSourceRef.kind: Unsupported value: \"Pod\": supported values: {kinds}"),
            ),
            (
                spec(source(GROUP, "Secret")),
                "spec.dataSourceRef.apiGroup: Unsupported value: \"databases.standard.k8s.io\": supported values: \"\"",
            ),
            (
                spec(source("", "PostgreSQL")),
                "spec.dataSourceRef.apiGroup: Unsupported value: \"\": supported values: \"databases.standard.k8s.io\"",
            ),
            (spec(json!({"dataSourceRef": {"kind": "Secret"}})), "spec.dataSourceRef.name: Required value"),
        ],
    );
}

#[test]
fn a_reference_names_an_object_of_its_own_namespace() {
    let elsewhere = "Forbidden: the object is looked up in this object's own namespace";
    let object = json!({"group": "example.com", "kind": "Cluster", "name": "x"});
    let mut foreign = object.clone();
    foreign["namespace"] = "other".into();
    let named = |name: &str| json!({"kind": "Secret", "name": name});
    let rule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end \
                with an alphanumeric character (e.g. 'example.com', regex used for validation is \
                '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    let invalid = |path: &str| format!("{path}.name: Invalid value: \"../x\": {rule}");
    fresh(
        &DEFINITION,
        &base(),
        &[
            (spec(json!({"adoptRef": object, "parametersRef": object, "tls": {"issuerRef": object}})), ""),
            (spec(json!({"adoptRef": foreign})), &format!("spec.adoptRef.namespace: {elsewhere}")),
            (spec(json!({"parametersRef": foreign})), &format!("spec.parametersRef.namespace: {elsewhere}")),
            (
                spec(json!({"tls": {"issuerRef": foreign}})),
                &format!("spec.tls.issuerRef.namespace: {elsewhere}"),
            ),
            (spec(json!({"adoptRef": {"name": "x"}})), "spec.adoptRef.kind: Required value"),
            (spec(json!({"adoptRef": {"kind": "Cluster"}})), "spec.adoptRef.name: Required value"),
            (spec(json!({"adoptRef": named("../x")})), &invalid("spec.adoptRef")),
            (spec(json!({"parametersRef": named("../x")})), &invalid("spec.parametersRef")),
            (spec(json!({"dataSourceRef": named("../x")})), &invalid("spec.dataSourceRef")),
            (spec(json!({"tls": {"issuerRef": named("../x")}})), &invalid("spec.tls.issuerRef")),
            (
                spec(json!({"tls": {"certificateSecretRef": {"name": "../x"}}})),
                &invalid("spec.tls.certificateSecretRef"),
            ),
            (
                spec(json!({"backup": {"configurationRef": {"name": "../x"}}})),
                &invalid("spec.backup.configurationRef"),
            ),
            (spec(json!({"backup": {"configurationRef": {"name": "nightly"}}})), ""),
            (
                spec(json!({"backup": {"configurationRef": {"name": ""}}})),
                "spec.backup.configurationRef.name: Required value",
            ),
            (
                spec(json!({"tls": {"certificateSecretRef": {"name": ""}}})),
                "spec.tls.certificateSecretRef.name: Required value",
            ),
            (
                spec(json!({"tls": {"certificateSecretRef": {"name": "x"}, "issuerRef": object}})),
                "spec.tls.issuerRef: Forbidden: excludes certificateSecretRef",
            ),
            (
                spec(json!({"adoptRef": object, "dataSourceRef": {"kind": "Secret", "name": "x"}})),
                "spec.adoptRef: Forbidden: excludes dataSourceRef",
            ),
            (
                spec(json!({"resources": {"claims": [{"name": "gpu"}]}})),
                "spec.resources.claims: Forbidden: resource claims are not supported",
            ),
        ],
    );
    changed(
        &DEFINITION,
        &base(),
        &[
            (json!({}), spec(json!({"parametersRef": object})), ""),
            // A reference that was wrong before a rule came stands in nobody's way.
            (
                spec(json!({"parametersRef": foreign})),
                spec(json!({"parametersRef": foreign, "instances": 2})),
                "",
            ),
        ],
    );
}

#[test]
fn a_window_opens_in_a_zone_that_is_the_same_everywhere() {
    let fault = |zone: &str| {
        let at = "spec.maintenance.windows[0].timeZone";
        format!("{at}: Invalid value: {zone:?}: must be the name of an IANA time zone, such as Europe/Paris")
    };
    let good = ["", "UTC", "Europe/Paris", "Etc/GMT+3", "America/Argentina/Buenos_Aires"];
    for zone in good {
        fresh(&DEFINITION, &base(), &[(spec(window(zone)), "")]);
    }
    for zone in ["Local", "Europe/", "/Paris", "+02:00", "Europe/../x", "my zone"] {
        fresh(&DEFINITION, &base(), &[(spec(window(zone)), &fault(zone))]);
    }
}
