//! Upstream's kubectl against the server, as golden transcripts.

use suites::programs::{has_postgresql, skipped};
use suites::wait::until;
use suites::{Kubectl, Sandbox, Transcript};

/// A server and a kubectl for it.
async fn started() -> Option<(Sandbox, Kubectl)> {
    let mut sandbox = Sandbox::new()?.with_flags(["--stop-instances-on-exit"]);
    let kubectl = Kubectl::of(&sandbox)?;
    sandbox.start().await;
    Some((sandbox, kubectl))
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_and_documentation() {
    let Some((mut sandbox, kubectl)) = started().await else { return };
    let mut transcript = Transcript::new("discovery");
    for arguments in [
        "api-versions",
        "api-resources --api-group=databases.standard.k8s.io --sort-by=name",
        "api-resources --api-group=databases.standard.k8s.io --sort-by=name -o wide",
        "get namespaces",
        "get stdpg -A",
        "get nonsense",
        "get stdpg missing",
        "explain postgresql",
        "explain postgresql.spec.storage",
        "explain postgresql --api-version=databases.standard.k8s.io/v1alpha1",
    ] {
        transcript.run(&kubectl, arguments).await;
    }
    transcript.check();
    let mut fields = Transcript::new("explain-recursive");
    fields.run(&kubectl, "explain postgresql.spec --recursive").await;
    fields.check();
    // kubectl asks for OpenAPI v2 as protobuf before it says so.
    let wrong = "{apiVersion: databases.standard.k8s.io/v1, kind: Postgres, metadata: {name: a}}";
    let refused = kubectl.execute(&["apply", "-f", "-"], wrong).await;
    let expected = "no matches for kind \"Postgres\" in version \"databases.standard.k8s.io/v1\"";
    assert!(refused.text.contains(expected), "{}", refused.text);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_postgresql() {
    if !has_postgresql() {
        return skipped("PostgreSQL is not installed (Debian package postgresql)");
    }
    let Some((mut sandbox, mut kubectl)) = started().await else { return };
    birth(&kubectl).await;
    looking(&kubectl).await;
    changing(&mut kubectl).await;
    applying(&kubectl).await;
    scaling(&sandbox, &kubectl).await;
    death(&sandbox, &kubectl).await;
    sandbox.stop().await;
    assert_eq!(sandbox.postmasters(), [0; 0], "nothing is left running");
}

async fn birth(kubectl: &Kubectl) {
    let mut transcript = Transcript::new("create");
    for arguments in [
        "create namespace demo",
        "create namespace demo",
        "apply -f deploy/examples/class.yaml",
        "wait --for=condition=Accepted databaseclass/local --timeout=60s",
        "apply -f deploy/examples/postgresql.yaml",
        "wait --for=condition=Ready stdpg/wiki -n demo --timeout=90s",
        "apply -f deploy/examples",
        "apply -f deploy/examples",
        "diff -f deploy/examples",
    ] {
        transcript.run(kubectl, arguments).await;
    }
    transcript.check();
}

async fn looking(kubectl: &Kubectl) {
    let mut transcript = Transcript::new("get");
    for arguments in [
        "get stdpg -A",
        "get stdpg -n demo -o wide",
        "get stdpg -n demo -o name",
        "get stdpg -n demo wiki -o yaml",
        "label stdpg -n demo wiki tier=gold",
        "get stdpg -n demo -l tier=gold",
        "get stdpg -n demo -l tier=silver",
        "get stdpg -A --field-selector spec.className=local",
        "get stdpg -A --field-selector spec.className=other",
        "get stdpg -A --field-selector spec.storage.size=1Gi",
        "get dbclass",
        "get dbclass -o wide",
        "get postgresqls.v1alpha1.databases.standard.k8s.io -n demo wiki -o yaml",
        "get secret -n demo",
        "get secret -n demo wiki-binding -o jsonpath={.data.type}",
        "describe stdpg -n demo wiki",
        "events -n demo --for postgresql/wiki",
    ] {
        transcript.run(kubectl, arguments).await;
    }
    transcript.check();
    let password = kubectl.run("get secret -n demo wiki-binding -o jsonpath={.data.password}").await;
    assert!(password.code == 0 && password.stdout.len() >= 16, "the binding Secret holds a password");
    let watched = kubectl.run("get stdpg -n demo -w --request-timeout=2s").await;
    let names = watched.stdout.lines().filter(|line| line.starts_with("wiki ")).count();
    assert_eq!(names, 1, "a watch begins with what there is:\n{}", watched.text);
}

async fn changing(kubectl: &mut Kubectl) {
    kubectl.set("KUBE_EDITOR", "sed -i 's/tier: gold/tier: silver/'");
    let mut transcript = Transcript::new("edit");
    for arguments in [
        "edit stdpg -n demo wiki",
        "get stdpg -n demo wiki -o jsonpath={.metadata.labels.tier}",
        "annotate stdpg -n demo wiki team=docs",
        r#"patch stdpg -n demo wiki --type=merge -p {"spec":{"parameters":{"work_mem":"8MB"}}}"#,
        "wait --for=condition=Ready stdpg/wiki -n demo --timeout=90s",
        r#"patch stdpg -n demo wiki --type=json -p [{"op":"test","path":"/spec/className","value":"other"}]"#,
        r#"patch stdpg -n demo wiki --type=merge -p {"spec":{"className":"other"}}"#,
        r#"patch stdpg -n demo wiki --type=merge -p {"spec":{"storage":{"size":"many"}}}"#,
        r#"patch stdpg -n demo wiki --type=merge -p {"spec":{"instances":0}}"#,
        r#"patch stdpg -n demo wiki --type=merge -p {"spec":{"pooling":{"mode":"Transaction"}}}"#,
        r#"patch stdpg -n demo wiki --type=merge -p {"spec":{"colour":"blue"}}"#,
    ] {
        transcript.run(kubectl, arguments).await;
    }
    transcript.check();
}

async fn applying(kubectl: &Kubectl) {
    let mut transcript = Transcript::new("apply");
    for arguments in [
        "apply --server-side -f deploy/examples/postgresql.yaml",
        "apply --server-side -f deploy/examples/postgresql.yaml",
        "diff --server-side -f deploy/examples/postgresql.yaml",
        r#"patch stdpg -n demo wiki --field-manager=other -p {"spec":{"storage":{"size":"2Gi"}},"metadata":{"labels":{"tier":null}}}"#,
        "apply --server-side -f deploy/examples/postgresql.yaml",
        r#"patch stdpg -n demo wiki -p {"spec":{"databases":[{"$patch":"other"}]}}"#,
        "get stdpg -n demo wiki --show-managed-fields -o jsonpath={.metadata.managedFields[*].manager}",
        "apply --server-side --field-manager=other --force-conflicts -f deploy/examples/class.yaml",
        "get dbclass local --show-managed-fields -o jsonpath={.metadata.managedFields[*].operation}",
    ] {
        transcript.run(kubectl, arguments).await;
    }
    transcript.check();
}

async fn scaling(sandbox: &Sandbox, kubectl: &Kubectl) {
    let mut transcript = Transcript::new("scale");
    transcript.run(kubectl, "scale stdpg -n demo wiki --replicas=0").await;
    until("PostgreSQL is stopped", async || sandbox.postmasters().is_empty().then_some(())).await;
    for arguments in [
        "wait --for=condition=Stopped stdpg/wiki -n demo --timeout=60s",
        "get stdpg -n demo",
        "get stdpg -n demo wiki -o jsonpath={.spec.state}/{.spec.instances}",
        "scale stdpg -n demo wiki --replicas=1",
        "wait --for=condition=Ready stdpg/wiki -n demo --timeout=90s",
        "get stdpg -n demo",
    ] {
        transcript.run(kubectl, arguments).await;
    }
    transcript.check();
}

async fn death(sandbox: &Sandbox, kubectl: &Kubectl) {
    let mut transcript = Transcript::new("delete");
    for arguments in [
        r#"patch stdpg -n demo wiki --type=merge -p {"spec":{"deletionPolicy":"Forbid"}}"#,
        "delete stdpg -n demo wiki",
        r#"patch stdpg -n demo wiki --type=merge -p {"spec":{"deletionPolicy":"Delete"}}"#,
        "get stdpg -n demo wiki -o jsonpath={.metadata.finalizers}",
        "delete stdpg -n demo wiki --timeout=60s",
        "get stdpg -n demo",
        "get secret -n demo",
    ] {
        transcript.run(kubectl, arguments).await;
    }
    transcript.check();
    until("PostgreSQL is gone", async || sandbox.postmasters().is_empty().then_some(())).await;
}
