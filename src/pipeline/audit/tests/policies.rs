//! Which rule a request matches, and what is no policy.

use http::Method;

use super::super::*;

fn policy(rules: &str) -> Policy {
    let text = format!("apiVersion: audit.k8s.io/v1\nkind: Policy\n{rules}");
    Policy::parse(text.as_bytes()).unwrap_or_else(|faults| panic!("{rules}: {faults}"))
}

fn faults(rest: &str) -> String {
    let text = format!("apiVersion: audit.k8s.io/v1\nkind: Policy\n{rest}");
    Policy::parse(text.as_bytes()).map(|_| String::new()).unwrap_or_else(|faults| faults)
}

/// Whether a request of ada, who is in `dev` and `ops`, matches a rule.
fn matches(rule: &str, request: &str) -> bool {
    let (method, target) = request.split_once(' ').unwrap();
    let info = RequestInfo::parse(&method.parse::<Method>().unwrap(), &target.parse().unwrap()).unwrap();
    let user = UserInfo::new("ada", ["dev", "ops"]);
    policy(&format!("rules: [{{level: Metadata, {rule}}}]")).treatment(Some(&user), &info).is_some()
}

const THING: &str = "GET /apis/g/v1/namespaces/sea/things/a";
const SCALE: &str = "PUT /apis/g/v1/namespaces/sea/things/a/scale";
const NODES: &str = "GET /api/v1/nodes";
const HEALTH: &str = "GET /healthz/ping";

#[test]
fn a_rule_matches_by_all_that_it_says() {
    for (rule, matching) in [
        ("", &[THING, SCALE, NODES, HEALTH][..]),
        ("users: []", &[THING, SCALE, NODES, HEALTH]),
        ("users: [joe, ada]", &[THING, SCALE, NODES, HEALTH]),
        ("users: [joe]", &[]),
        ("userGroups: [ops, others]", &[THING, SCALE, NODES, HEALTH]),
        ("userGroups: [others]", &[]),
        ("verbs: [update]", &[SCALE]),
        ("verbs: [get]", &[THING, HEALTH]),
        ("users: [ada], verbs: [list]", &[NODES]),
        ("namespaces: [sea]", &[THING, SCALE]),
        ("namespaces: ['']", &[NODES]),
        ("resources: [{group: g}]", &[THING, SCALE]),
        ("resources: [{}]", &[NODES]),
        ("resources: [{group: '*'}]", &[THING, SCALE, NODES]),
        ("resources: [{group: g, resources: [things]}]", &[THING]),
        ("resources: [{group: g, resources: [things/scale]}]", &[SCALE]),
        ("resources: [{group: g, resources: [things/*]}]", &[THING, SCALE]),
        ("resources: [{group: g, resources: ['*/scale']}]", &[SCALE]),
        ("resources: [{group: g, resources: ['*']}]", &[THING, SCALE]),
        ("resources: [{group: g, resources: [things], resourceNames: [a]}]", &[THING]),
        ("resources: [{group: g, resources: [things], resourceNames: [b]}]", &[]),
        ("resources: [{group: h}, {resources: [nodes]}]", &[NODES]),
        ("namespaces: [lake], resources: [{group: g}]", &[]),
        ("nonResourceURLs: ['*']", &[HEALTH]),
        ("nonResourceURLs: [/healthz]", &[]),
        ("nonResourceURLs: [/healthz*]", &[HEALTH]),
        ("nonResourceURLs: [/readyz, /healthz/ping]", &[HEALTH]),
    ] {
        for request in [THING, SCALE, NODES, HEALTH] {
            assert_eq!(matches(rule, request), matching.contains(&request), "{{{rule}}} {request}");
        }
    }
}

#[test]
fn the_first_rule_counts_and_stages_are_left_out_of_both() {
    let policy = policy(
        "omitStages: [RequestReceived]\nomitManagedFields: true\nrules:\n\
         - {level: None, users: [ada]}\n\
         - {level: Request, verbs: [get], omitStages: [Panic], omitManagedFields: false}\n\
         - {level: RequestResponse}\n",
    );
    let of = |user: Option<&str>, request: &str| {
        let (method, target) = request.split_once(' ').unwrap();
        let info = RequestInfo::parse(&method.parse().unwrap(), &target.parse().unwrap()).unwrap();
        policy.treatment(user.map(|user| UserInfo::new(user, [""; 0])).as_ref(), &info).cloned()
    };
    assert_eq!(of(Some("ada"), THING), None);
    let read = of(Some("joe"), THING).unwrap();
    assert_eq!((read.level, read.omit_managed_fields), (Level::Request, false));
    assert_eq!(read.omitted, [Stage::Panic, Stage::RequestReceived]);
    let written = of(None, SCALE).unwrap();
    assert_eq!((written.level, written.omit_managed_fields), (Level::RequestResponse, true));
    assert_eq!(written.omitted, [Stage::RequestReceived]);
}

#[test]
fn nothing_is_recorded_where_no_rule_matches() {
    assert!(matches("users: [ada]", THING));
    let info = RequestInfo::parse(&Method::GET, &"/healthz".parse().unwrap()).unwrap();
    let rules = policy("rules: [{level: Metadata, users: [ada]}, {level: Metadata, userGroups: [dev]}]");
    assert!(rules.treatment(None, &info).is_none(), "nobody is known");
}

#[test]
fn what_is_no_policy_is_refused_with_all_that_is_wrong() {
    for (text, said) in [
        ("", "rules must be a list of at least one"),
        ("rules: []", "`- level: Metadata` records every request"),
        ("rules: [{}]", "rules[0]: missing field `level`"),
        (
            "rules: [{level: metadata}]",
            "rules[0]: unknown variant `metadata`, expected one of `None`, `Metadata`",
        ),
        (
            "rules: [{level: None, user: [a]}]",
            "rules[0]: unknown field `user`, expected one of `level`, `users`",
        ),
        ("omitStage: [Panic]\nrules: [{level: None}]", "unknown field `omitStage`"),
        ("omitStages: [Late]\nrules: [{level: None}]", "unknown variant `Late`"),
        (
            "rules: [{level: None, nonResourceURLs: [healthz]}]",
            "rules[0].nonResourceURLs[0]: \"healthz\" must be *",
        ),
        ("rules: [{level: None, nonResourceURLs: ['/a*b']}]", "\"/a*b\" must be *"),
        (
            "rules: [{level: None, nonResourceURLs: [/a], namespaces: [sea]}]",
            "rules[0].nonResourceURLs: a rule is about resources and namespaces or about other paths",
        ),
        (
            "rules: [{level: None, resources: [{group: apps/v1}]}]",
            "rules[0].resources[0].group: \"apps/v1\" must be",
        ),
        (
            "rules: [{level: None, resources: [{resourceNames: [a]}]}]",
            "names need resources that they are of",
        ),
        ("rules: [{level: None}, {level: x}, {level: z}]", "rules[2]: unknown variant `z`"),
        ("rules: [{level: None, level: None}]", "duplicate"),
        ("rules: {", "line"),
    ] {
        let found = faults(text);
        assert!(found.contains(said), "{text}: {found}");
    }
    for nothing in ["", "# later\n", "[]", "rules"] {
        let told = Policy::parse(nothing.as_bytes()).unwrap_err();
        let example = told.split_once("every request is ").expect(&told).1;
        assert!(
            told.starts_with("it must be a Policy; ") && Policy::parse(example.as_bytes()).is_ok(),
            "{told}"
        );
    }
    let other = Policy::parse(b"apiVersion: audit.k8s.io/v1beta1\nkind: Polic\nrules: [{level: None}]");
    assert_eq!(other.unwrap_err(), "apiVersion must be audit.k8s.io/v1; kind must be Policy");
    assert!(faults("metadata: {name: mine}\nrules: [{level: None}]").is_empty());
}
