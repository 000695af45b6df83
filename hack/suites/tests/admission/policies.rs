//! ValidatingAdmissionPolicies: judged as kube-apiserver judges them for its own kinds.

use serde_json::{Value, json};
use suites::wait::until;

use crate::setup::Setup;

const API: &str = "admissionregistration.k8s.io/v1";

impl Setup {
    async fn policy(&self, spec: Value, binding: Value) {
        let mut spec = spec;
        let rule = |group: &str, resource: &str| json!({"apiGroups": [group], "apiVersions": ["*"], "resources": [resource], "operations": ["CREATE", "UPDATE"]});
        let rules = json!([rule("", "configmaps"), rule("databases.standard.k8s.io", "postgresqls")]);
        spec["matchConstraints"] =
            json!({"resourceRules": rules, "namespaceSelector": {"matchLabels": {"tier": "gold"}}});
        let mut binding = binding;
        binding["policyName"] = json!("test");
        let object = |kind: &str, spec: Value| json!({"apiVersion": API, "kind": kind, "metadata": {"name": "test"}, "spec": spec});
        // Fields that an earlier policy had are gone only with it.
        let path = format!("/apis/{API}/validatingadmissionpolicies/test");
        self.host.send(hyper::Method::DELETE, &path, &[], "").await;
        self.apply(object("ValidatingAdmissionPolicy", spec)).await;
        let path = format!("/apis/{API}/validatingadmissionpolicybindings/test");
        self.host.send(hyper::Method::DELETE, &path, &[], "").await;
        self.apply(object("ValidatingAdmissionPolicyBinding", binding)).await;
    }

    async fn passes(&self, name: &str) {
        until(name, async || {
            let (ours, theirs) = self.create(name, "").await;
            (ours.status == 201 && theirs.status == 201).then_some(())
        })
        .await;
    }
}

fn deny() -> Value {
    json!({"validationActions": ["Deny"]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_refuses_ours_in_the_words_in_which_it_refuses_built_in_kinds() {
    let Some(setup) = Setup::start().await else { return };
    let good = "object.metadata.name.startsWith('good')";
    setup
        .policy(json!({"validations": [{"expression": good, "message": "a good name, please"}]}), deny())
        .await;
    let message = setup.alike("a message", "bad", "", (422, "Invalid")).await;
    assert!(message.ends_with("denied request: a good name, please"), "{message}");
    setup.passes("good").await;

    setup.policy(json!({"validations": [{"expression": good, "reason": "Forbidden"}]}), deny()).await;
    setup.alike("the expression itself", "bad", "", (403, "Forbidden")).await;

    let composed = json!({
        "variables": [{"name": "kind", "expression": "object.metadata.labels['app']"}],
        "validations": [{
            "expression": "variables.kind == 'good'",
            "messageExpression": "'not ' + variables.kind + ' in ' + namespaceObject.metadata.name",
        }],
    });
    setup.policy(composed, deny()).await;
    let message = setup.alike("a message that is composed", "bad", "", (422, "Invalid")).await;
    assert!(message.ends_with("denied request: not bad in demo"), "{message}");

    let conditions = json!([{"name": "only", "expression": "request.operation == 'CREATE' && object.metadata.name != 'good'"}]);
    let never = json!([{"expression": "false", "message": "never"}]);
    setup.policy(json!({"matchConditions": conditions, "validations": never}), deny()).await;
    setup.alike("a condition", "bad", "", (422, "Invalid")).await;
    setup.passes("good").await;
    let labels = "{policy=\"test\",policy_binding=\"test\",enforcement_action=\"deny\"}";
    setup.measured(&format!("apiserver_validating_admission_policy_check_total{labels} ")).await;
    setup
        .measured(&format!("apiserver_validating_admission_policy_check_duration_seconds_count{labels} "))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_asks_for_rights() {
    let Some(setup) = Setup::start().await else { return };
    let may = |verb: &str| {
        let account = "authorizer.serviceAccount('demo', 'robot')";
        format!("{account}.group('').resource('secrets').namespace('demo').check('{verb}').allowed()")
    };
    let validations = json!([{"expression": may("get"), "message": "the robot may not read Secrets"}]);
    setup.policy(json!({"validations": validations}), deny()).await;
    let message = setup.alike("rights that are missing", "bad", "", (422, "Invalid")).await;
    assert!(message.ends_with("denied request: the robot may not read Secrets"), "{message}");

    let own = "authorizer.requestResource.check('create').allowed()";
    let validations = json!([{"expression": format!("!{} && {own}", may("get"))}]);
    setup.policy(json!({"validations": validations}), deny()).await;
    setup.passes("good").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_costs_too_much_holds_nobody() {
    let Some(setup) = Setup::start().await else { return };
    let numbers: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    let numbers = format!("[{}]", numbers.join(","));
    let expression = format!("{numbers}.all(a, {numbers}.all(b, {numbers}.all(c, a + b + c >= 0)))");
    setup.policy(json!({"validations": [{"expression": expression}]}), deny()).await;
    let message = setup.alike("costs", "bad", "", (422, "Invalid")).await;
    assert!(message.ends_with("operation cancelled: actual cost limit exceeded"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_cannot_be_judged_follows_its_failure_policy() {
    let Some(setup) = Setup::start().await else { return };
    let unknown = json!([{"expression": "object.metadata.annotations['missing'] == 'x'"}]);
    setup.policy(json!({"validations": unknown}), deny()).await;
    until("both refuse", async || {
        let (ours, theirs) = setup.create("a", "").await;
        (ours.status == 422 && theirs.status == 422).then_some(())
    })
    .await;
    setup.policy(json!({"validations": unknown, "failurePolicy": "Ignore"}), deny()).await;
    setup.passes("b").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_a_variable_or_an_annotation_is_no_consent() {
    let Some(setup) = Setup::start().await else { return };
    let variables = json!([{"name": "bad", "expression": "object.metadata.annotations['missing']"}]);
    let absent = json!([{"expression": "!has(variables.bad)", "message": "absent"}]);
    setup.policy(json!({"variables": variables, "validations": absent}), deny()).await;
    let message = setup.alike("a variable", "bad", "", (422, "Invalid")).await;
    assert!(message.contains("composited variable \"bad\" fails to evaluate"), "{message}");

    let fine = json!([{"expression": "true"}]);
    let annotations =
        json!([{"key": "missing", "valueExpression": "string(object.metadata.annotations['missing'])"}]);
    let annotated = json!({"validations": fine, "auditAnnotations": annotations});
    setup.policy(annotated.clone(), json!({"validationActions": ["Warn"]})).await;
    let message = setup.alike("an annotation", "bad", "", (422, "Invalid")).await;
    assert!(message.contains("resulted in error: no such key: "), "{message}");
    let mut ignored = annotated;
    ignored["failurePolicy"] = json!("Ignore");
    setup.policy(ignored, deny()).await;
    setup.passes("good").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expressions_mean_what_they_mean_for_built_in_kinds() {
    let Some(setup) = Setup::start().await else { return };
    for (text, holds) in [
        ("'٣'.matches('^[\\\\d]+$') || 'b'.matches('^[a&&b]$') == false", false),
        ("isCIDR('10.0.0.0/08') || string(1e21) != '1e+21'", false),
        ("has(object.nope.deeper) || true", true),
        ("namespaceObject.status.phase == 'Active' && namespaceObject.metadata.name == 'demo'", true),
        ("request.options.kind == 'CreateOptions' && !has(request.options.fieldValidation)", true),
        ("{'a': 1}.exists(k, v, v == 1) && [1, 2].indexOf(2) == 1", true),
        ("'%e'.format([1234.5]) == '1.234500×10⁰³'", true),
    ] {
        let spec = json!({"validations": [{"expression": text, "message": text}]});
        setup.policy(spec, deny()).await;
        match holds {
            true => setup.passes("good").await,
            false => drop(setup.alike(text, "bad", "", (422, "Invalid")).await),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_says_where_and_with_what_and_what_follows() {
    let Some(setup) = Setup::start().await else { return };
    let never = json!({"validations": [{"expression": "false", "message": "never"}]});
    setup.policy(never.clone(), json!({"validationActions": ["Warn", "Audit"]})).await;
    until("both warn", async || {
        let (ours, theirs) = setup.create("a", "").await;
        let expected = "Validation failed for ValidatingAdmissionPolicy 'test' with binding 'test': never";
        let warns = |reply: &suites::http::Reply| reply.status == 201 && reply.warns(expected);
        (warns(&ours) && warns(&theirs)).then_some(())
    })
    .await;
    let elsewhere = json!({"namespaceSelector": {"matchLabels": {"tier": "iron"}}});
    setup.policy(never, json!({"validationActions": ["Deny"], "matchResources": elsewhere})).await;
    setup.passes("b").await;

    setup.parameters().await;
    let policy = json!({
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "validations": [{"expression": "object.metadata.name == params.data.name", "messageExpression": "'only ' + params.data.name"}],
    });
    let with = |name: &str, missing: &str| {
        let reference = json!({"name": name, "namespace": "default", "parameterNotFoundAction": missing});
        json!({"validationActions": ["Deny"], "paramRef": reference})
    };
    setup.policy(policy.clone(), with("limits", "Deny")).await;
    let message = setup.alike("a parameter", "bad", "", (422, "Invalid")).await;
    assert!(message.ends_with("denied request: only good"), "{message}");
    setup.passes("good").await;
    setup.limit("other").await;
    let message = setup.alike("a parameter that changed", "good", "", (422, "Invalid")).await;
    assert!(message.ends_with("denied request: only other"), "{message}");
    let none = json!({"validationActions": ["Deny"], "paramRef": {"selector": {"matchLabels": {"a": "b"}}, "namespace": "default", "parameterNotFoundAction": "Deny"}});
    setup.policy(policy.clone(), none).await;
    setup.alike("no parameters that are selected", "other", "", (422, "Invalid")).await;
    setup.policy(policy.clone(), with("none", "Allow")).await;
    setup.passes("c").await;
    setup.policy(policy, with("none", "Deny")).await;
    setup.alike("parameters that are not there", "d", "", (422, "Invalid")).await;
}
