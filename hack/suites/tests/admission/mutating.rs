//! MutatingAdmissionPolicies: obeyed as kube-apiserver obeys them for its own kinds.

use hyper::Method;
use serde_json::{Value, json};
use suites::http::Reply;
use suites::programs;
use suites::wait::until;

use crate::setup::{JSON, MERGE, OURS, Setup, postgresql};

const API: &str = "admissionregistration.k8s.io/v1";

/// A policy that patches with these operations.
fn patch(expression: &str) -> Value {
    json!({"mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}]})
}

/// A policy that merges this part of an object.
fn configuration(expression: &str) -> Value {
    json!({"mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}]})
}

impl Setup {
    /// The same, where the cluster serves policies that mutate.
    async fn mutating() -> Option<Self> {
        let setup = Setup::start().await?;
        let resources = setup.host.get(&format!("/apis/{API}"), &[]).await.expect(200);
        let resources = resources["resources"].as_array().cloned().unwrap_or_default();
        if !resources.iter().any(|resource| resource["name"] == "mutatingadmissionpolicies") {
            programs::skipped("this Kubernetes serves no MutatingAdmissionPolicies");
            return None;
        }
        Some(setup)
    }

    /// Makes policies of these names the only ones, each bound, and waits until both servers know the last.
    async fn policies(&self, specs: &[(&str, Value)]) {
        for path in ["mutatingadmissionpolicies", "mutatingadmissionpolicybindings"] {
            self.host.send(Method::DELETE, &format!("/apis/{API}/{path}"), &[], "").await.expect(200);
        }
        for (name, spec) in specs {
            self.policy_of(name, spec.clone(), json!({})).await;
        }
    }

    async fn policy_of(&self, name: &str, mut spec: Value, mut binding: Value) {
        let rule = |group: &str, resources: &[&str]| json!({"apiGroups": [group], "apiVersions": ["v1"], "resources": resources, "operations": ["CREATE", "UPDATE"]});
        let rules = json!([
            rule("", &["configmaps"]),
            rule("example.com", &["things"]),
            rule("databases.standard.k8s.io", &["postgresqls", "postgresqls/scale", "postgresqls/status"]),
        ]);
        spec["matchConstraints"] =
            json!({"resourceRules": rules, "namespaceSelector": {"matchLabels": {"tier": "gold"}}});
        if spec["reinvocationPolicy"].is_null() {
            spec["reinvocationPolicy"] = json!("Never");
        }
        binding["policyName"] = json!(name);
        let object = |kind: &str, spec: Value| json!({"apiVersion": API, "kind": kind, "metadata": {"name": name}, "spec": spec});
        self.apply(object("MutatingAdmissionPolicy", spec)).await;
        self.apply(object("MutatingAdmissionPolicyBinding", binding)).await;
    }

    /// Both answers, once they are as expected.
    async fn made(&self, name: &str, expected: impl Fn(&Reply) -> bool) -> (Value, Value) {
        self.both(name, |ours, theirs| expected(ours) && expected(theirs)).await
    }

    /// Both answers, once they are as expected and have the same labels. While policies change, an object that is asked about
    /// twice may have met the old ones and the new.
    async fn made_alike(&self, name: &str, expected: impl Fn(&Reply) -> bool) -> (Value, Value) {
        let labels = |reply: &Reply| reply.json()["metadata"]["labels"].clone();
        self.both(name, |ours, theirs| expected(ours) && expected(theirs) && labels(ours) == labels(theirs))
            .await
    }

    async fn both(&self, name: &str, expected: impl Fn(&Reply, &Reply) -> bool) -> (Value, Value) {
        let mut last = String::new();
        let found = until(name, async || {
            let (ours, theirs) = self.create(name, "").await;
            last = format!("ours: {}\nbuilt-in: {}", ours.text(), theirs.text());
            expected(&ours, &theirs).then(|| (ours.json(), theirs.json()))
        });
        match tokio::time::timeout(std::time::Duration::from_secs(30), found).await {
            Ok(made) => made,
            Err(_) => panic!("{name}: {last}"),
        }
    }
}

fn labelled(name: &'static str, value: &'static str) -> impl Fn(&Reply) -> bool {
    move |reply: &Reply| reply.status == 201 && reply.json()["metadata"]["labels"][name] == value
}

/// A policy that counts how often it was asked, in a label.
fn counts(again: &str) -> Value {
    let times = "string(int(object.metadata.labels[?'times'].orValue('0')) + 1)";
    let mut spec =
        configuration(&format!("Object{{metadata: Object.metadata{{labels: {{'times': {times}}}}}}}"));
    spec["reinvocationPolicy"] = json!(again);
    spec
}

fn label(name: &str, value: &str) -> Value {
    patch(&format!("[JSONPatch{{op: 'add', path: '/metadata/labels/{name}', value: {value}}}]"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_changes_ours_as_it_changes_built_in_kinds() {
    let Some(setup) = Setup::mutating().await else { return };
    let key = "'/metadata/labels/' + jsonpatch.escapeKey('example.com/by-patch')";
    let by_patch = patch(&format!("[JSONPatch{{op: 'add', path: {key}, value: object.metadata.name}}]"));
    setup.policies(&[("patch", by_patch)]).await;
    let (ours, theirs) = setup.made_alike("a", labelled("example.com/by-patch", "a")).await;
    // Nobody owns what a policy has set.
    let owned = |object: &Value| object["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"].clone();
    assert_eq!(owned(&ours), owned(&theirs));
    assert_eq!(owned(&ours)["f:labels"], json!({".": {}, "f:app": {}}));

    let merged = "Object{metadata: Object.metadata{labels: {'merged': variables.word}, ?annotations: optional.none()}}";
    let mut spec = configuration(merged);
    spec["variables"] = json!([{"name": "word", "expression": "'yes'"}]);
    spec["matchConditions"] = json!([{"name": "only", "expression": "object.metadata.name != 'spared'"}]);
    setup.policies(&[("merge", spec)]).await;
    let (ours, _) = setup.made_alike("b", labelled("merged", "yes")).await;
    assert_eq!(ours["metadata"]["labels"]["app"], "b", "nothing is taken away");
    let (ours, theirs) = setup.create("spared", "").await;
    for reply in [ours, theirs] {
        assert!(
            reply.expect(201)["metadata"]["labels"]["merged"].is_null(),
            "a condition that does not hold"
        );
    }
    let (ours, theirs) = setup.create("dry", "dryRun=All").await;
    for reply in [ours, theirs] {
        assert_eq!(reply.expect(201)["metadata"]["labels"]["merged"], "yes", "a dry run shows it");
    }
    let labels = "{policy=\"merge\",policy_binding=\"merge\",error_type=\"no_error\"}";
    setup.measured(&format!("apiserver_mutating_admission_policy_check_total{labels} ")).await;
    setup
        .measured(&format!("apiserver_mutating_admission_policy_check_duration_seconds_count{labels} "))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_asked_by_name_and_once_more_where_they_want() {
    let Some(setup) = Setup::mutating().await else { return };
    // Kubernetes asks policies in any order, ours by name.
    let last = label("last", "string(object.metadata.labels[?'times'].orValue('none'))");
    let both = |times: &'static str| {
        move |reply: &Reply| {
            labelled("times", times)(reply) && reply.json()["metadata"]["labels"]["last"].is_string()
        }
    };
    for (again, times) in [("Never", "1"), ("IfNeeded", "2")] {
        setup.policies(&[("b", last.clone()), ("a", counts(again))]).await;
        let (ours, _) = setup.made(&again.to_lowercase(), both(times)).await;
        assert_eq!(ours["metadata"]["labels"]["last"], "1", "the first is asked again after the second");
    }
    // One that is alone is asked again because of itself.
    setup.policies(&[("a", counts("IfNeeded"))]).await;
    setup
        .made_alike("c", |reply| {
            labelled("times", "2")(reply) && reply.json()["metadata"]["labels"]["last"].is_null()
        })
        .await;

    // A webhook is asked after the policies, and makes them be asked again.
    let rule = |group: &str, resource: &str| json!({"apiGroups": [group], "apiVersions": ["v1"], "resources": [resource], "operations": ["CREATE"]});
    let hook = json!({
        "name": "w.example.com", "clientConfig": setup.hook.at("/label"), "admissionReviewVersions": ["v1"], "sideEffects": "None",
        "rules": [rule("", "configmaps"), rule("databases.standard.k8s.io", "postgresqls")],
        "namespaceSelector": {"matchLabels": {"tier": "gold"}},
    });
    let api = "admissionregistration.k8s.io/v1";
    let metadata = json!({"name": "test"});
    setup
        .apply(json!({"apiVersion": api, "kind": "MutatingWebhookConfiguration", "metadata": metadata, "webhooks": [hook]}))
        .await;
    let mut seen = label("seen", "object.metadata.labels[?'labelled'].orValue('no')");
    seen["reinvocationPolicy"] = json!("IfNeeded");
    setup.policies(&[("a", seen)]).await;
    setup.made_alike("d", labelled("seen", "yes")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_cannot_be_applied_refuses_ours_in_the_words_in_which_it_refuses_built_in_kinds() {
    let Some(setup) = Setup::mutating().await else { return };
    let deep = "[0,1,2,3,4,5,6,7,8,9]".to_owned();
    let loops = ["a", "b", "c", "d", "e", "f", "g"];
    let costly = loops.iter().fold("true".to_owned(), |inner, name| format!("{deep}.all({name}, {inner})"));
    for (what, spec) in [
        ("an unknown field", configuration("Object{nothing: 'x'}")),
        ("an unknown field within another", configuration("Object{metadata: Object.metadata{nothing: 1}}")),
        ("a wrong type", configuration("Object{metadata: Object.metadata{labels: {'a': 1}}}")),
        ("a wrong name", configuration("Object{metadata: Object.spec{}}")),
        ("an atomic list", configuration("Object{metadata: Object.metadata{managedFields: []}}")),
        ("what is not there", configuration("Object{metadata: Object.metadata{labels: object.nothing}}")),
        ("an operation that does not fit", patch("[JSONPatch{op: 'remove', path: '/metadata/nothing'}]")),
        ("no such operation", patch("[JSONPatch{op: 'jump', path: '/metadata'}]")),
        ("costs", patch(&format!("{costly} ? [] : [JSONPatch{{op: 'test', path: '/x'}}]"))),
    ] {
        setup.policies(&[("test", spec.clone())]).await;
        let message = setup.alike(what, "bad", "", (403, "Invalid")).await;
        let start = "policy 'test' with binding 'test' denied request: ";
        assert!(message.starts_with(start), "{what}: {message}");
        let mut open = spec;
        open["failurePolicy"] = json!("Ignore");
        setup.policies(&[("test", open)]).await;
        setup.made("passed-over", |reply| reply.status == 201).await;
    }
    let mut spec = label("a", "'b'");
    spec["matchConditions"] = json!([
        {"name": "one", "expression": "object.nothing == 1"}, {"name": "two", "expression": "request.dryRun"},
    ]);
    setup.policies(&[("test", spec)]).await;
    setup.made("fine", |reply| reply.status == 201).await;
    let mut spec = label("a", "'b'");
    spec["matchConditions"] = json!([{"name": "one", "expression": "object.nothing == 1"}]);
    setup.policies(&[("test", spec)]).await;
    setup.alike("a condition that cannot be told", "bad", "", (403, "Invalid")).await;

    // What fits no object of the kind is nobody's policy.
    setup.policies(&[("test", patch("[JSONPatch{op: 'add', path: '/nothing', value: 1}]"))]).await;
    setup.alike("no such field", "bad", "", (500, "InternalError")).await;
    setup.policies(&[("test", patch("[JSONPatch{op: 'test', path: '/metadata/name', value: 'x'}, JSONPatch{op: 'remove', path: '/metadata'}]"))]).await;
    setup.made("a-test-that-fails", |reply| reply.status == 201).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_says_with_which_parameters() {
    let Some(setup) = Setup::mutating().await else { return };
    setup.parameters().await;
    let mut spec = label("limit", "params.data.name");
    spec["paramKind"] = json!({"apiVersion": "v1", "kind": "ConfigMap"});
    let with = |name: &str, missing: &str| json!({"paramRef": {"name": name, "namespace": "default", "parameterNotFoundAction": missing}});
    setup.policies(&[]).await;
    setup.policy_of("test", spec.clone(), with("limits", "Deny")).await;
    setup.made("a", labelled("limit", "good")).await;
    setup.policy_of("test", spec.clone(), with("none", "Deny")).await;
    setup.alike("parameters that are not there", "b", "", (403, "Forbidden")).await;
    setup.policy_of("test", spec, with("none", "Allow")).await;
    let (ours, theirs) = setup.made("c", |reply| reply.status == 201).await;
    assert!(ours["metadata"]["labels"]["limit"].is_null() && theirs["metadata"]["labels"]["limit"].is_null());
}

const THINGS: &str = "/apis/example.com/v1/namespaces/demo/things";

/// A kind of the cluster's own with some of our fields.
fn things() -> Value {
    let text = json!({"type": "string"});
    let user = json!({"type": "object", "required": ["name"], "properties": {"name": text}});
    let fields = json!({
        "instances": {"type": "integer"},
        "parameters": {"type": "object", "additionalProperties": text},
        "users": {"type": "array", "items": user, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
    });
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": fields}}});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"kind": "Thing", "plural": "things"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_changes_specs_by_their_schemas_and_scales() {
    let Some(setup) = Setup::mutating().await else { return };
    setup.apply(things()).await;
    let users = json!([{"name": "ada"}]);
    let both = async |name: &str| {
        let mut ours = postgresql(&json!({"name": name}));
        (ours["spec"]["instances"], ours["spec"]["users"]) = (json!(1), users.clone());
        let theirs = json!({
            "apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": name}, "spec": {"instances": 1, "users": users},
        });
        let send = async |http: &suites::http::Http, path: &str, object: Value| {
            let made = http.send(Method::POST, path, &[JSON], object.to_string()).await;
            http.send(Method::DELETE, &format!("{path}/{name}"), &[], "").await;
            made
        };
        (send(&setup.ours, OURS, ours).await, send(&setup.host, THINGS, theirs).await)
    };
    for (name, spec) in [
        (
            "merged",
            configuration(
                "Object{spec: Object.spec{instances: object.spec.instances + 1, parameters: {'work_mem': '8MB'},
                    users: [Object.spec.users{name: 'bob'}]}}",
            ),
        ),
        (
            "patched",
            patch(
                "[JSONPatch{op: 'replace', path: '/spec/instances', value: object.spec.instances + 1},
                  JSONPatch{op: 'add', path: '/spec/parameters', value: {'work_mem': '8MB'}},
                  JSONPatch{op: 'add', path: '/spec/users/-', value: Object.spec.users{name: 'bob'}}]",
            ),
        ),
    ] {
        setup.policies(&[("test", spec)]).await;
        let mut last = String::new();
        let found = until(name, async || {
            let (ours, theirs) = both(name).await;
            last = format!("ours: {}\nof the cluster: {}", ours.text(), theirs.text());
            let changed = |reply: &Reply| reply.status == 201 && reply.json()["spec"]["instances"] == 2;
            (changed(&ours) && changed(&theirs)).then(|| (ours.json(), theirs.json()))
        });
        let Ok((ours, theirs)) = tokio::time::timeout(std::time::Duration::from_secs(40), found).await else {
            panic!("{name}: {last}")
        };
        let names = |object: &Value| -> Vec<Value> {
            object["spec"]["users"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|user| user["name"].clone())
                .collect()
        };
        assert_eq!(names(&ours), names(&theirs), "{name}");
        assert_eq!(ours["spec"]["parameters"], theirs["spec"]["parameters"], "{name}");
        assert_eq!(ours["spec"]["parameters"], json!({"work_mem": "8MB"}), "{name}");
    }

    let body = postgresql(&json!({"name": "scaled"})).to_string();
    setup.policies(&[]).await;
    setup.ours.send(Method::POST, OURS, &[JSON], body).await.expect(201);
    let mut spec = configuration("Object{spec: Object.spec{replicas: 1}}");
    spec["matchConditions"] = json!([{"name": "scale", "expression": "request.subResource == 'scale'"}]);
    setup.policies(&[("test", spec)]).await;
    until("no scale is 0", async || {
        let scale = json!({"spec": {"replicas": 0}}).to_string();
        let scaled = setup.ours.send(Method::PATCH, &format!("{OURS}/scaled/scale"), &[MERGE], scale).await;
        (scaled.expect(200)["spec"]["replicas"] == 1).then_some(())
    })
    .await;
}
