//! Reads, lists and watches.

use crate::replayed::Recorder;

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const METADATA: &str = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";

pub(super) async fn reads(recorder: &mut Recorder<'_>) {
    for path in [
        "*/a",
        "*/none",
        "*/A_b",
        "*/a?pretty=true",
        "*/a?resourceVersion=0",
        "*/a?resourceVersion=1",
        "*/a?resourceVersion=x",
        "*/a?resourceVersion=-1",
        "*/a?resourceVersion=1000000000",
        "*/a?unheardOf=1",
    ] {
        recorder.ask("GET", path, &[], "").await;
    }
    for accept in [
        "*/*",
        "application/*",
        "application/json;q=0.1",
        "text/html, application/json",
        "text/html",
        "application/json;as=Other;v=v1;g=meta.k8s.io",
        "application/json;as=Table;v=v9;g=meta.k8s.io",
        "application/json;stream=watch",
        TABLE,
        METADATA,
    ] {
        recorder.ask("GET", "*/a", &[("accept", accept)], "").await;
    }
    for include in ["None", "Metadata", "Object", "All"] {
        recorder.ask("GET", &format!("*?includeObject={include}"), &[("accept", TABLE)], "").await;
    }
    recorder.ask("GET", "*", &[("accept", METADATA)], "").await;
    recorder.ask("HEAD", "*/a", &[], "").await;
    recorder.ask("OPTIONS", "*/a", &[], "").await;
    recorder.ask("TRACE", "*/a", &[], "").await;
    recorder.ask("BREW", "*/a", &[], "").await;
}

pub(super) async fn lists(recorder: &mut Recorder<'_>) {
    for query in [
        "",
        "limit=0",
        "limit=-1",
        "limit=x",
        "limit=99999999999999999999",
        "continue=nonsense",
        "continue=e30",
        "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIuLi94In0",
        "labelSelector=a",
        "labelSelector=a%3Db%3Dc",
        "labelSelector=a+in+b",
        "labelSelector=a+in+()",
        "labelSelector=!",
        "labelSelector=a%3D-",
        "labelSelector=a%3E1",
        "labelSelector=a%3Ex",
        "fieldSelector=metadata.name%3Da",
        "fieldSelector=metadata.name!%3Da",
        "fieldSelector=metadata.namespace%3Dother",
        "fieldSelector=spec.none%3D1",
        "fieldSelector=a",
        "fieldSelector=metadata.name%3Da%5C",
        "resourceVersion=x",
        "resourceVersion=-1",
        "resourceVersion=0",
        "resourceVersionMatch=Exact",
        "resourceVersionMatch=NotOlderThan",
        "resourceVersionMatch=Other",
        "resourceVersionMatch=Other&resourceVersion=1",
        "resourceVersionMatch=Exact&resourceVersion=0",
        "resourceVersionMatch=Exact&resourceVersion=1000000000",
        "resourceVersionMatch=NotOlderThan&resourceVersion=1000000000",
        "resourceVersion=5&continue=abc",
        "resourceVersionMatch=Exact&continue=abc",
        "sendInitialEvents=true",
        "sendInitialEvents=maybe",
        "timeoutSeconds=x",
        "timeoutSeconds=-5",
        "watch=maybe&timeoutSeconds=1",
        "allowWatchBookmarks=perhaps",
        "unheardOf=1",
        "limit=1&limit=2",
        "%zz",
    ] {
        recorder.ask("GET", &format!("*?{query}"), &[], "").await;
    }
}

/// Those that end by themselves.
pub(super) async fn watches(recorder: &mut Recorder<'_>) {
    for query in [
        "watch=1&timeoutSeconds=1&resourceVersion=1000000000000",
        "watch=true&timeoutSeconds=1&resourceVersion=x",
        "watch=true&timeoutSeconds=1&resourceVersionMatch=Exact&resourceVersion=1",
        "watch=true&timeoutSeconds=1&resourceVersionMatch=NotOlderThan",
        "watch=true&timeoutSeconds=1&sendInitialEvents=true",
        "watch=true&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=Exact",
        "watch=true&timeoutSeconds=1&sendInitialEvents=false",
        "watch=true&timeoutSeconds=1&labelSelector=a+in",
        "watch=true&timeoutSeconds=1&fieldSelector=spec.none%3D1",
        "watch=true&timeoutSeconds=1&limit=-1",
        "watch=true&timeoutSeconds=1&continue=abc",
        "watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Da",
    ] {
        recorder.ask("GET", &format!("*?{query}"), &[], "").await;
    }
    recorder.ask("GET", "*?watch=true&timeoutSeconds=1", &[("accept", "text/html")], "").await;
    recorder.ask("GET", "*/a?watch=true&timeoutSeconds=1", &[], "").await;
}
