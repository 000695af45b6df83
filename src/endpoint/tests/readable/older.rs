//! What older versions stored is read, whatever they let through, and is within today's limits from its next write on.

use super::bodies::stored_parts;
use super::*;
use apimachinery::wire::{Raw, json};
use databases_storage::ReadAt;

const KEY: &str = "/probe.example.com/probes/ns/a";
const HEAD: &str = r#"{"kind":"Probe","apiVersion":"probe.example.com/v1","metadata":{"name":"a","namespace":"ns","uid":"u""#;

/// A server over a storage that holds one value.
async fn over(value: String) -> Server {
    let storage = Server::memory().await;
    storage.create(KEY, value.into()).await.unwrap();
    Server::over(&[&probe::DEFINITION], storage).await
}

/// What is left of unknown JSON: all of it, or nothing.
fn kept(raw: &str) -> Value {
    let raw = json::text(raw.as_bytes());
    raw.parse::<Raw>().map_or(Value::Null, |raw| serde_json::from_str(raw.as_str()).unwrap_or_default())
}

/// The object is read everywhere, with what is within the limits as it was, and the next write is within them.
async fn check_stored(raw: &str, time: &str, stamp: &str) {
    let fields = format!(
        r#"{HEAD},"managedFields":[{{"manager":"m","operation":"Update","time":{time},"fieldsV1":{raw}}}]}}"#
    );
    let server = over(format!(
        r#"{fields},"spec":{{"when":{time},"stamp":{stamp},"extra":{raw},"extras":[0,{raw}],"word":"w"}}}}"#
    ))
    .await;
    for version in probe::DEFINITION.versions {
        let shown = check_version(&server, version).await;
        assert_eq!((&shown["spec"]["word"], &shown["spec"]["extra"]), (&"w".into(), &kept(raw)), "{raw:.80}");
        assert_eq!(shown["spec"]["extras"], json!([0, kept(raw)]));
        let manager = &shown["metadata"]["managedFields"][0];
        assert_eq!((&manager["manager"], &manager["fieldsV1"]), (&"m".into(), &kept(raw)));
        if let Some(before) = [time, stamp].iter().find(|time| time.starts_with("\"-")) {
            let told = [&shown["spec"]["when"], &shown["spec"]["stamp"]].map(|time| time.to_string());
            assert!(told.iter().any(|time| time.starts_with("\"0000-01-01T00:00:00")), "{before}: {told:?}");
        }
        let list = server.get(&base(version.name)).await;
        assert!(!list.headers.contains_key("warning"));
    }
    let shown = server.get(&of_a("v1")).await.json();
    let same = server.put(&of_a("v1"), &shown).await;
    assert_eq!(same.code, 200, "{:?}", same.bytes);
    let (found, _) = server.storage.get(KEY, ReadAt::Latest).await.unwrap();
    let written = found.unwrap().value;
    assert!((probe::DEFINITION.versions[0].decode_json)(&written).is_ok(), "{written:?}");
}

#[tokio::test]
async fn what_an_older_version_let_through_is_read() {
    for raw in [&nested(90, 0), &nested(123, 2), &nested(300, 1), &nested(5000, 0), "1e400", r#""\ud800""#] {
        check_stored(raw, "null", "null").await;
    }
    check_stored("{}", r#""-001-12-31T23:59:00Z""#, r#""-001-12-31T23:59:00.000000Z""#).await;
    check_stored("{}", r#""-9999-01-02T01:59:59Z""#, r#""10000-01-01T00:00:00.000000Z""#).await;
}

#[tokio::test]
async fn what_was_never_an_object_stays_unreadable() {
    for rest in [r#"},"spec":{"count":"many"}}"#, r#"},"spec":{"when":"-yesterday"}}"#, "}", "", "}}"] {
        let server = over(format!("{HEAD}{rest}")).await;
        assert_eq!(server.get(&of_a("v1")).await.code, if rest == "}}" { 200 } else { 500 }, "{rest}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whatever_older_versions_stored_is_read((raw, time, stamp) in stored_parts()) {
        run(check_stored(&raw, &time, &stamp));
    }
}
