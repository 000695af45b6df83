//! The audit log beside upstream's sample-apiserver: the same group, the same policy, the same requests, and what the events
//! say differently, which is what `testdata/audit.golden` lists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use controlplane::process::{Process, free_port};
use controlplane::sample::SampleServer;
use hyper::Method;
use quickstart::apply::apply;
use regex::Regex;
use serde_json::{Value, json};
use suites::http::Http;
use suites::wait::until;
use suites::{Cluster, Hook, golden, programs};

const FLUNDERS: &str = "/apis/wardle.example.com/v1beta1/namespaces/default/flunders";
const JSON: &str = "application/json";
/// What is in an Audit-ID of this test.
const MARK: &str = "request-";

/// A request: method, path (`*` stands for the collection), content type, body, and whether it comes from one who may do nothing.
type Asked = (&'static str, &'static str, &'static str, String, bool);

fn flunder(name: &str, reference: &str) -> String {
    json!({
        "apiVersion": "wardle.example.com/v1beta1", "kind": "Flunder", "metadata": {"name": name, "labels": {"of": "sea"}},
        "spec": {"flunderReference": reference, "referenceType": "Flunder"},
    })
    .to_string()
}

fn requests() -> Vec<Asked> {
    let none = String::new;
    let apply = "application/apply-patch+yaml";
    let applied = "apiVersion: wardle.example.com/v1beta1\nkind: Flunder\nmetadata: {name: two}\nspec: {flunderReference: b, referenceType: Flunder}\n";
    let options = r#"{"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}"#;
    vec![
        ("POST", "*", JSON, flunder("one", "a"), false),
        ("POST", "*", JSON, flunder("one", "a"), false),
        ("POST", "*?dryRun=All", JSON, r#"{"metadata": {"generateName": "g-"}}"#.to_owned(), false),
        ("POST", "*", JSON, "{".to_owned(), false),
        ("POST", "*", JSON, flunder("three", "a"), true),
        ("GET", "*/one", "", none(), false),
        ("GET", "*/none", "", none(), false),
        ("GET", "*?labelSelector=of", "", none(), false),
        ("GET", "*?fieldSelector=metadata.name%3Done", "", none(), false),
        ("GET", "*?watch=true&timeoutSeconds=1&resourceVersion=0", "", none(), false),
        ("GET", "*?watch=true&labelSelector=(", "", none(), false),
        ("PUT", "*/one", JSON, flunder("one", "b"), false),
        ("PUT", "*/other", JSON, flunder("one", "b"), false),
        (
            "PATCH",
            "*/one",
            "application/merge-patch+json",
            "{ \"spec\":\n{\"flunderReference\": \"c  \\\" d\"} }".to_owned(),
            false,
        ),
        (
            "PATCH",
            "*/one",
            "application/json-patch+json",
            r#"[{"op": "remove", "path": "/none"}]"#.to_owned(),
            false,
        ),
        ("PATCH", "*/one", "application/merge-patch+json", "[".to_owned(), false),
        ("PATCH", "*/two?fieldManager=m", apply, applied.to_owned(), false),
        ("GET", "*/one?timeout=abc", "", none(), false),
        ("GET", "*", "", none(), true),
        ("GET", "/healthz", "", none(), false),
        ("GET", "/version/none", "", none(), true),
        ("DELETE", "*/one", JSON, options.to_owned(), false),
        ("DELETE", "*/none", "", none(), false),
        ("DELETE", "*?labelSelector=of", "", none(), false),
        ("DELETE", "*", JSON, "{}".to_owned(), false),
        ("POST", "*", JSON, reviewed("four").to_string(), false),
    ]
}

/// An object that webhooks are asked about.
fn reviewed(name: &str) -> Value {
    json!({
        "apiVersion": "wardle.example.com/v1beta1", "kind": "Flunder",
        "metadata": {"name": name, "labels": {"reviewed": "yes"}},
        "spec": {"flunderReference": "a", "referenceType": "Flunder"},
    })
}

/// Webhooks that change such an object, and one of each kind that cannot be asked, which is no obstacle.
async fn configure(cluster: &Cluster, hook: &Hook) {
    let rule = json!({"apiGroups": ["wardle.example.com"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]});
    let webhook = |name: &str, path: &str, again: Value| {
        json!({
            "name": format!("{name}.example.com"), "clientConfig": hook.at(path), "rules": [rule],
            "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Ignore",
            "objectSelector": {"matchLabels": {"reviewed": if name == "other" { "no" } else { "yes" }}},
            "reinvocationPolicy": again,
        })
    };
    let again = json!("IfNeeded");
    let mutating = [("broken", "/broken"), ("times", "/times"), ("other", "/label"), ("label", "/label")]
        .map(|(name, path)| webhook(name, path, again.clone()));
    let validating = [("other", "/forbidden"), ("broken", "/broken"), ("warn", "/warn")]
        .map(|(name, path)| webhook(name, path, Value::Null));
    for (kind, webhooks) in [
        ("MutatingWebhookConfiguration", mutating.to_vec()),
        ("ValidatingWebhookConfiguration", validating.to_vec()),
    ] {
        let object = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "audited"}, "webhooks": webhooks,
        });
        apply(cluster.admin(), &object).await.expect("it is applied");
    }
}

/// A server and its log.
struct Side {
    address: String,
    log: PathBuf,
    _process: Process,
}

fn audit_flags(folder: &Path, name: &str) -> (Vec<String>, PathBuf) {
    let (policy, log) =
        (folder.join(format!("{name}-policy.json")), folder.join(format!("{name}-audit.log")));
    let rules = json!([{"level": "Metadata", "nonResourceURLs": ["*"]}, {"level": "RequestResponse"}]);
    let text = json!({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules});
    std::fs::write(&policy, text.to_string()).expect("a policy");
    let flags = vec![
        format!("--audit-policy-file={}", policy.display()),
        format!("--audit-log-path={}", log.display()),
    ];
    (flags, log)
}

/// Upstream's server and ours.
async fn sides(cluster: &Cluster, program: &Path) -> [Side; 2] {
    let (flags, log) = audit_flags(cluster.folder(), "sample");
    let port = free_port().expect("a port");
    let mut sample = SampleServer::spawn_with(cluster, port, flags).expect("it starts");
    sample.ready(cluster).await.expect("it is ready");
    let registration = sample.registration();
    let theirs = Side { address: format!("127.0.0.1:{port}"), log, _process: sample.process };

    let (flags, log) = audit_flags(cluster.folder(), "ours");
    let port = free_port().expect("a port");
    let serving = cluster.serving(&registration).expect("a certificate");
    let serving = serving.write(&cluster.pki.folder, "ours").expect("files");
    let data = cluster.folder().join("ours");
    let own = [
        "serve".to_owned(),
        format!("--kubeconfig={}", cluster.kubeconfig().display()),
        format!("--data-dir={}", data.display()),
        format!("--secure-port={port}"),
        format!("--tls-cert-file={}", serving.certificate.display()),
        format!("--tls-private-key-file={}", serving.key.display()),
    ];
    let process =
        Process::spawn("ours", program, own.into_iter().chain(flags), &cluster.logs()).expect("it starts");
    [theirs, Side { address: format!("127.0.0.1:{port}"), log, _process: process }]
}

impl Side {
    async fn ask(&self, cluster: &Cluster) {
        let client = |user: &str, groups: &[&str]| {
            Http::of(&cluster.kubeconfig_at(&self.address, user, groups).expect("a kubeconfig"))
        };
        let (admin, stranger) = (client("ada", &["system:masters"]), client("stranger", &[]));
        until("it serves, and knows whom to believe", async || {
            let list = admin.attempt(Method::GET, FLUNDERS, &[], "").await.ok()?;
            (list.status == 200).then_some(())
        })
        .await;
        until("it knows the webhooks", async || {
            let (path, json) = (format!("{FLUNDERS}?dryRun=All"), [("content-type", JSON)]);
            let tried = admin.send(Method::POST, &path, &json, reviewed("tried").to_string()).await;
            let is_labelled = tried.status == 201 && tried.json()["metadata"]["labels"]["labelled"] == "yes";
            (is_labelled && tried.warns("mind the gap")).then_some(())
        })
        .await;
        for (number, (method, path, content, body, is_stranger)) in requests().into_iter().enumerate() {
            let http = if is_stranger { &stranger } else { &admin };
            let (path, id) = (path.replace('*', FLUNDERS), format!("{MARK}{number:02}"));
            let mut headers =
                vec![("audit-id", id.as_str()), ("user-agent", "audit"), ("x-forwarded-for", "10.0.0.7")];
            headers.extend((!content.is_empty()).then_some(("content-type", content)));
            http.send(method.parse().expect("a method"), &path, &headers, body).await;
        }
        let unknown =
            [("audit-id", "request-99"), ("user-agent", "audit"), ("authorization", "Bearer nobodys")];
        let nobody = cluster.pki.file("nobody.kubeconfig");
        let pair = cluster.pki.clients.client("nobody", &[]).expect("a certificate");
        let mut file: Value =
            serde_json::from_str(&cluster.pki.kubeconfig(&self.address, &pair)).expect("JSON");
        file["users"][0]["user"] = json!({});
        std::fs::write(&nobody, file.to_string()).expect("a kubeconfig");
        Http::of(&nobody).get(FLUNDERS, &unknown).await;
    }

    /// The events of this test by request and stage, without what differs from run to run.
    fn events(&self) -> Vec<(String, Value)> {
        let rules = [
            (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
            (r#""resourceVersion":"[1-9][0-9]*""#, r#""resourceVersion":"REVISION""#),
            (r#""g-[a-z0-9]{5}""#, r#""g-XXXXX""#),
            (r"X509SHA256=[0-9a-f]{64}", "HASH"),
            // The sample counts no changes.
            (r#""generation":[0-9]+,"#, ""),
        ];
        let mut text = std::fs::read_to_string(&self.log).unwrap_or_default();
        for (from, to) in rules {
            text = Regex::new(from).expect("a rule").replace_all(&text, to).into_owned();
        }
        let mut events: Vec<(String, Value)> = Vec::new();
        for line in text.lines() {
            let event: Value = serde_json::from_str(line).expect("an event is JSON");
            let word = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            if word("auditID").starts_with(MARK) {
                let asked = format!("{} {}", word("verb"), word("requestURI"));
                events.push((format!("{} {} {asked}", word("auditID"), word("stage")), event));
            }
        }
        events.sort_by_key(|(name, _)| name.replace("RequestReceived", "A").replace("ResponseStarted", "B"));
        events
    }
}

/// What is said differently, event by event: lines of the sample's alone, then lines of ours.
fn differences(theirs: &[(String, Value)], ours: &[(String, Value)]) -> String {
    let mut text = String::new();
    let names: BTreeSet<&String> = theirs.iter().chain(ours).map(|(name, _)| name).collect();
    let of = |events: &[(String, Value)], name: &String| {
        events.iter().find(|(own, _)| own == name).map(|(_, event)| event.clone()).unwrap_or_default()
    };
    for name in names {
        let (theirs, ours) = (of(theirs, name), of(ours, name));
        if theirs == ours {
            continue;
        }
        text.push_str(&format!("> {name}\n"));
        let fields = |event: &Value| event.as_object().cloned().unwrap_or_default();
        for (sign, these, those) in
            [("-", fields(&theirs), fields(&ours)), ("+", fields(&ours), fields(&theirs))]
        {
            let alone = these.iter().filter(|(name, value)| those.get(*name) != Some(*value));
            alone.for_each(|(name, value)| text.push_str(&format!("{sign} {name}: {value}\n")));
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_requests_leave_the_same_events() {
    let Some(program) = programs::wardle() else {
        programs::skipped("wardle-apiserver is not built (cargo build --package wardle)");
        return;
    };
    let Some(cluster) = Cluster::start().await else { return };
    let hook = Hook::start(&cluster.pki.serving).await;
    configure(&cluster, &hook).await;
    let [theirs, ours] = sides(&cluster, &program).await;
    for side in [&theirs, &ours] {
        side.ask(&cluster).await;
    }
    let expected = theirs.events();
    assert!(expected.len() > 2 * requests().len() - 5, "{} events", expected.len());
    // The end of an answer is recorded a moment after it is read.
    let names =
        |events: &[(String, Value)]| events.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>();
    let found = tokio::time::timeout(std::time::Duration::from_secs(5), async {
        until("every event is written", async || {
            let events = ours.events();
            (names(&events) == names(&expected)).then_some(events)
        })
        .await
    });
    let found = found.await.unwrap_or_else(|_| ours.events());
    println!("MEASURED: {} events of {} requests compared", expected.len(), requests().len() + 1);
    golden::check("audit", &differences(&expected, &found));
}
