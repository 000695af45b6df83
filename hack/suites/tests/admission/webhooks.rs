//! Webhooks: who is asked about what, and what follows from the answer.

use hyper::Method;
use serde_json::{Value, json};
use suites::http::{Http, Reply};
use suites::wait::until;

use crate::setup::{CONFIG_MAPS, JSON, MERGE, OURS, Setup};

/// What all webhooks of these tests are about.
fn rules() -> Value {
    let rule = |group: &str, resources: &[&str]| {
        json!({
            "apiGroups": [group], "apiVersions": ["v1"], "resources": resources,
            "operations": ["CREATE", "UPDATE", "DELETE"],
        })
    };
    json!([rule("", &["configmaps"]), rule("databases.standard.k8s.io", &["postgresqls", "postgresqls/*"])])
}

impl Setup {
    /// Makes `path` of the webhook the only one of a configuration, with more said of it.
    async fn configure(&self, kind: &str, path: &str, more: Value) {
        self.configure_all(kind, &[(path, more)]).await;
    }

    async fn configure_all(&self, kind: &str, hooks: &[(&str, Value)]) {
        let hook = |(number, (path, more)): (usize, &(&str, Value))| {
            let mut hook = json!({
                "name": format!("w{number}.example.com"), "clientConfig": self.hook.at(path), "rules": rules(),
                "admissionReviewVersions": ["v1"], "sideEffects": "None",
                // Nobody else's business: the control plane makes ConfigMaps of its own.
                "namespaceSelector": {"matchLabels": {"tier": "gold"}},
            });
            for (field, value) in more.as_object().expect("an object") {
                hook[field] = value.clone();
            }
            hook
        };
        let hooks: Vec<Value> = hooks.iter().enumerate().map(hook).collect();
        let object = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "test"}, "webhooks": hooks,
        });
        self.apply(object).await;
    }

    async fn created(&self, name: &str, expected: impl Fn(&Reply) -> bool) -> (Reply, Reply) {
        until(name, async || {
            let (ours, theirs) = self.create(name, "").await;
            (expected(&ours) && expected(&theirs)).then_some((ours, theirs))
        })
        .await
    }
}

const VALIDATING: &str = "ValidatingWebhookConfiguration";
const MUTATING: &str = "MutatingWebhookConfiguration";

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_refuses_ours_in_the_words_in_which_it_refuses_built_in_kinds() {
    let Some(setup) = Setup::start().await else { return };
    let no_more = json!({});
    for (path, code, reason) in [("/silent", 400, ""), ("/said", 400, ""), ("/forbidden", 403, "Forbidden")] {
        setup.configure(VALIDATING, path, no_more.clone()).await;
        setup.alike(path, "a", "", (code, reason)).await;
        setup.configure(VALIDATING, "/allow", no_more.clone()).await;
        setup.created("b", |reply| reply.status == 201).await;
        setup.configure(MUTATING, path, no_more.clone()).await;
        setup.alike(path, "c", "", (code, reason)).await;
        setup.configure(MUTATING, "/allow", no_more.clone()).await;
    }

    // One that cannot be asked stops the request, unless it is told to let it pass.
    for path in ["/hang", "/garbage", "/broken", "/stranger"] {
        let limit = json!({"timeoutSeconds": 1});
        setup.configure(VALIDATING, path, limit).await;
        let (ours, _) = setup.created("d", |reply| reply.status == 500).await;
        let message = ours.refused(500, "InternalError")["message"].as_str().unwrap_or_default().to_owned();
        let start = "Internal error occurred: failed calling webhook \"w0.example.com\": ";
        assert!(message.starts_with(start), "{message}");
        setup.configure(VALIDATING, path, json!({"timeoutSeconds": 1, "failurePolicy": "Ignore"})).await;
        setup.created("e", |reply| reply.status == 201).await;
    }
    setup.configure(VALIDATING, "/hang", json!({"timeoutSeconds": 1})).await;
    let message = setup.alike("a webhook that hangs", "f", "", (500, "InternalError")).await;
    assert!(message.ends_with("context deadline exceeded"), "{message}");

    // A webhook with side effects cannot be part of a dry run.
    setup.configure(VALIDATING, "/allow", json!({"sideEffects": "None"})).await;
    setup.created("g", |reply| reply.status == 201).await;
    let (ours, theirs) = setup.create("h", "dryRun=All").await;
    assert_eq!((ours.status, theirs.status), (201, 201));
    let asked = setup.hook.asked("/allow", "postgresqls");
    assert!(asked.iter().any(|review| review["dryRun"] == true && review["name"] == "h"));

    setup.configure(VALIDATING, "/warn", json!({})).await;
    let warns = |reply: &Reply| reply.warns("mind the gap");
    setup.created("i", warns).await;
    setup.configure(VALIDATING, "/forbids-and-warns", json!({})).await;
    setup.created("j", |reply| reply.status == 403 && warns(reply)).await;

    let called = "apiserver_admission_webhook_admission_duration_seconds_count{name=\"w0.example.com\"";
    for (kind, rejected) in [("validating", "true"), ("validating", "false"), ("admit", "true")] {
        let labels = format!("type=\"{kind}\",operation=\"CREATE\",rejected=\"{rejected}\"");
        setup.measured(&format!("{called},{labels}}} ")).await;
    }
    let open =
        "apiserver_admission_webhook_fail_open_count_total{name=\"w0.example.com\",type=\"validating\"} ";
    setup.measured(open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_changes_what_is_written_and_is_asked_again_where_it_wants() {
    let Some(setup) = Setup::start().await else { return };
    let label = |name: &'static str, value: &'static str| {
        move |reply: &Reply| reply.status == 201 && reply.json()["metadata"]["labels"][name] == value
    };
    setup.configure(MUTATING, "/label", json!({})).await;
    setup.created("a", label("labelled", "yes")).await;

    // The first is asked again because of the second; the second has nobody after it.
    let again = json!({"reinvocationPolicy": "IfNeeded"});
    setup.configure_all(MUTATING, &[("/times", again.clone()), ("/label", again)]).await;
    let (ours, _) = setup.created("b", label("times", "2")).await;
    assert_eq!(ours.json()["metadata"]["labels"]["labelled"], "yes");
    setup.configure_all(MUTATING, &[("/times", json!({})), ("/label", json!({}))]).await;
    setup.created("c", label("times", "1")).await;

    setup.configure(MUTATING, "/renew", json!({})).await;
    setup.created("renewed", label("renewed", "yes")).await;

    // What it leaves out has its default again.
    setup.configure(MUTATING, "/bare", json!({})).await;
    let app = |reply: &Reply| reply.status == 201 && reply.json()["spec"]["databases"][0]["name"] == "app";
    until("ours is completed again", async || {
        let (ours, _) = setup.create("bared", "dryRun=All").await;
        let is_bared =
            setup.hook.asked("/bare", "postgresqls").iter().any(|review| review["name"] == "bared");
        (is_bared && app(&ours)).then_some(())
    })
    .await;

    // Of what goes away nothing can be changed.
    setup.configure(MUTATING, "/allow", json!({})).await;
    setup.created("kept", |reply| reply.status == 201).await;
    setup.configure(MUTATING, "/patches-all", json!({})).await;
    until("deletions are refused", async || {
        setup.create("kept", "").await;
        let delete = async |http: &Http, collection: &str| {
            http.send(Method::DELETE, &format!("{collection}/kept"), &[], "").await
        };
        let (ours, theirs) = (delete(&setup.ours, OURS).await, delete(&setup.host, CONFIG_MAPS).await);
        let message = |reply: &Reply| reply.json()["message"].as_str().unwrap_or_default().to_owned();
        (ours.status == 500 && theirs.status == 500 && message(&ours) == message(&theirs)).then_some(())
    })
    .await;

    // What it makes of an object is checked like anything else, and goes nowhere else.
    setup.configure(MUTATING, "/move", json!({})).await;
    setup.alike("another namespace", "x", "", (400, "BadRequest")).await;
    setup.configure(MUTATING, "/unfit", json!({})).await;
    setup.created("d", |reply| reply.status == 500).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_told_what_it_is_about() {
    let Some(setup) = Setup::start().await else { return };
    setup.configure(VALIDATING, "/allow", json!({})).await;
    until("the webhook is asked", async || {
        setup.create("a", "").await;
        (!setup.hook.asked("/allow", "postgresqls").is_empty()).then_some(())
    })
    .await;
    let send = async |method: Method, path: &str, header, body: Value| {
        setup.ours.send(method, path, &[header], body.to_string()).await
    };
    // A rule for v1 is about the same resource in another version, too, and shows it in v1.
    let old = OURS.replace("/v1/", "/v1alpha1/");
    let claim = json!({"spec": {"resources": {"requests": {"storage": "1Gi"}}}});
    let body = json!({"metadata": {"name": "b"}, "spec": {"volumeClaimTemplate": [claim]}});
    send(Method::POST, &format!("{old}?fieldManager=me"), JSON, body).await.expect(201);
    let item = format!("{OURS}/b");
    send(Method::PATCH, &item, MERGE, json!({"metadata": {"labels": {"x": "y"}}})).await.expect(200);
    send(Method::PATCH, &format!("{item}/status"), MERGE, json!({"status": {"observedGeneration": 9}}))
        .await
        .expect(200);
    send(Method::PATCH, &format!("{item}/scale"), MERGE, json!({"spec": {"replicas": 0}})).await.expect(200);
    send(Method::DELETE, &item, JSON, json!({"gracePeriodSeconds": 0})).await.expect(200);

    // A controller writes the object's status meanwhile. A write that lost against it is reviewed again, of the state that is
    // then there, as by an API server; what counts is its last review.
    let asked = setup.hook.asked("/allow", "postgresqls");
    let mut of_b: Vec<&Value> = asked.iter().rev().filter(|review| review["name"] == "b").collect();
    of_b.dedup_by_key(|review| (&review["operation"], &review["subResource"]));
    of_b.reverse();
    let [created, changed, status, scaled, deleted] = of_b[..] else { panic!("{of_b:#?}") };
    assert_eq!(created["operation"], "CREATE");
    assert_eq!(
        created["kind"],
        json!({"group": "databases.standard.k8s.io", "version": "v1", "kind": "PostgreSQL"})
    );
    assert_eq!(created["resource"]["version"], "v1");
    assert_eq!(created["requestKind"]["version"], "v1alpha1");
    assert_eq!(created["requestResource"]["version"], "v1alpha1");
    assert_eq!(created["object"]["apiVersion"], "databases.standard.k8s.io/v1");
    assert_eq!(created["object"]["kind"], "PostgreSQL");
    assert_eq!(created["object"]["spec"]["databases"][0]["name"], "app", "with its defaults");
    assert_eq!(created["oldObject"], Value::Null);
    assert_eq!(created["namespace"], "demo");
    assert_eq!(created["userInfo"]["username"], "admin");
    assert_eq!(created["userInfo"]["groups"], json!(["system:masters", "system:authenticated"]));
    assert_eq!(
        created["options"],
        json!({"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1", "fieldManager": "me"})
    );
    assert_eq!(changed["operation"], "UPDATE");
    assert_eq!(changed["object"]["metadata"]["labels"]["x"], "y");
    assert_eq!(changed["oldObject"]["metadata"]["labels"], Value::Null);
    assert_eq!(changed["options"]["kind"], "UpdateOptions", "a patch makes an update");
    assert_eq!(status["subResource"], "status");
    assert_eq!(status["requestSubResource"], "status");
    assert_eq!(scaled["subResource"], "scale");
    assert_eq!(scaled["kind"], json!({"group": "autoscaling", "version": "v1", "kind": "Scale"}));
    // No replicas are left out, as the type of Kubernetes has it.
    assert_eq!(
        (&scaled["object"]["spec"], &scaled["oldObject"]["spec"]),
        (&json!({}), &json!({"replicas": 1}))
    );
    assert_eq!(deleted["operation"], "DELETE");
    assert_eq!(deleted["object"], Value::Null);
    assert_eq!(deleted["oldObject"]["metadata"]["name"], "b");
    assert_eq!(deleted["options"]["kind"], "DeleteOptions");
    assert_eq!(deleted["options"]["gracePeriodSeconds"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_asked_only_about_what_it_selects() {
    let Some(setup) = Setup::start().await else { return };
    let passes = async |name: &str, more: Value| {
        setup.configure(VALIDATING, "/forbidden", json!({})).await;
        setup.alike("it refuses", "a", "", (403, "Forbidden")).await;
        setup.configure(VALIDATING, "/forbidden", more).await;
        setup.created(name, |reply| reply.status == 201).await;
    };
    passes("b", json!({"namespaceSelector": {"matchLabels": {"tier": "iron"}}})).await;
    passes("c", json!({"objectSelector": {"matchLabels": {"app": "other"}}})).await;
    let condition =
        |expression: &str| json!({"matchConditions": [{"name": "only", "expression": expression}]});
    passes("d", condition("object.metadata.name == 'other'")).await;
    passes("e", condition("request.userInfo.groups.exists(g, g == 'nobody')")).await;

    setup.configure(VALIDATING, "/forbidden", condition("object.metadata.name.startsWith('bad-')")).await;
    setup.alike("a name that is selected", "bad-name", "", (403, "Forbidden")).await;
    setup.created("good-name", |reply| reply.status == 201).await;
    // A condition that cannot be told is a failure, unless the webhook is to be passed over.
    let unknown = condition("object.metadata.labels['missing'] == 'x'");
    setup.configure(VALIDATING, "/allow", unknown.clone()).await;
    setup.created("f", |reply| reply.status == 500 || reply.status == 403).await;
    let mut open = unknown;
    open["failurePolicy"] = json!("Ignore");
    setup.configure(VALIDATING, "/forbidden", open).await;
    setup.created("g", |reply| reply.status == 201).await;

    // A webhook behind a Service is found by what the cluster says of that.
    setup
        .apply(json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "hook", "namespace": "demo"},
            "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": setup.hook.port}]},
        }))
        .await;
    let service = json!({"name": "hook", "namespace": "demo", "port": setup.hook.port, "path": "/said"});
    let by_service = json!({"clientConfig": {"service": service, "url": null, "caBundle": setup.hook.ca}});
    setup.configure(VALIDATING, "/said", by_service).await;
    setup.alike("a webhook behind a Service", "h", "", (400, "")).await;
}
