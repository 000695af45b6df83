//! What files are taken, what is refused with which words, and what a changed file does.

use super::*;
use crate::telemetry::{Metrics, Stored};
use databases_storage::Storage;
use databases_storage::engine::{self, memory};
use std::sync::Arc;

/// 16, 24 and 32 bytes; and 20.
const KEYS: [&str; 3] = [
    "MTIzNDU2Nzg5MGFiY2RlZg==",
    "MTIzNDU2Nzg5MGFiY2RlZjEyMzQ1Njc4",
    "MTIzNDU2Nzg5MGFiY2RlZjEyMzQ1Njc4OTBhYmNkZWY=",
];
const ODD: &str = "MTIzNDU2Nzg5MGFiY2RlZjEyMzQ=";

fn file(resources: &str) -> String {
    format!("apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources: {resources}\n")
}

/// A rule of these resources, and of one secretbox key of that name.
fn rule(resources: &str, key: &str) -> String {
    let secret = KEYS[2];
    format!(
        "{{resources: [{resources}], providers: [{{secretbox: {{keys: [{{name: {key}, secret: {secret}}}]}}}}]}}"
    )
}

fn parse(text: &str) -> Result<Configuration, Vec<String>> {
    Configuration::parse(text.as_bytes(), &[], &KmsMetrics::default())
}

/// The providers of a resource, as they are shown.
fn shown(text: &str, resource: &str) -> String {
    let providers = parse(text).unwrap().providers(&Pattern::parse(resource).unwrap());
    format!("{:?}", providers.unwrap()).trim_start_matches("Providers").to_owned()
}

fn refused(text: &str) -> String {
    parse(text).err().expect("it is refused").join("; ")
}

#[test]
fn every_provider_of_kubernetes_is_taken() {
    let [short, middle, long] = KEYS;
    let text = file(&format!(
        r#"
- resources:
  - secrets
  - flunders.wardle.example.com
  providers:
  - aesgcm:
      keys:
      - name: key2
        secret: {short}
      - {{name: key1, secret: {middle}}}
  - secretbox:
      keys:
      - name: key1
        secret: |
          MTIzNDU2Nzg5MGFiY2RlZjEyMzQ1
          Njc4OTBhYmNkZWY=
  - aescbc: {{keys: [{{name: old, secret: {long}}}]}}
  - kms: {{apiVersion: v2, name: vault, endpoint: unix:///run/kms.sock, timeout: 1.5s}}
  - identity: {{}}"#
    ));
    let all = r#"([aesgcm key "key2", aesgcm key "key1", secretbox key "key1", aescbc key "old", the KMS "vault", identity])"#;
    assert_eq!(shown(&text, "secrets"), all);
    assert_eq!(shown(&text, "flunders.wardle.example.com"), all);
    assert_eq!(shown(&text, "configmaps"), "([identity])");
    assert_eq!(shown(&text, "secrets.wardle.example.com"), "([identity])");
}

#[test]
fn the_rule_that_fits_closest_counts_and_rules_for_the_same_follow_one_another() {
    let rules = [
        rule("secrets", "secrets"),
        rule("flunders.wardle.example.com", "flunders"),
        rule("flunders.wardle.example.com", "older"),
        rule("'*.wardle.example.com'", "group"),
        rule("'*.'", "core"),
        rule("'*.*'", "all"),
    ];
    let text = file(&format!("[{}]", rules.join(", ")));
    for (resource, keys) in [
        ("secrets", &["secrets"][..]),
        ("configmaps", &["core"]),
        ("flunders.wardle.example.com", &["flunders", "older"]),
        ("fischers.wardle.example.com", &["group"]),
        ("things.example.com", &["all"]),
    ] {
        let keys: Vec<String> = keys.iter().map(|key| format!("secretbox key {key:?}")).collect();
        assert_eq!(shown(&text, resource), format!("([{}])", keys.join(", ")), "{resource}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_what_to_do() {
    let providers = |providers: &str| file(&format!("[{{resources: [secrets], providers: {providers}}}]"));
    let keys = |algorithm: &str, keys: &str| providers(&format!("[{{{algorithm}: {{keys: {keys}}}}}]"));
    let key = |name: &str, secret: &str| format!("{{name: {name}, secret: {secret}}}");
    let resources = |resources: &str| file(&format!("[{}]", rule(resources, "one")));
    let kms = |rest: &str| providers(&format!("[{{kms: {{apiVersion: v2, {rest}}}}}]"));
    let twice = keys("aesgcm", &format!("[{}, {}]", key("a", KEYS[0]), key("a", KEYS[2])));
    for (text, told) in [
        (String::new(), "must be an object with apiVersion, kind, resources"),
        ("{".to_owned(), "line 1 is not YAML that can be read"),
        (
            "apiVersion: v1\nkind: Secret\n".to_owned(),
            "apiVersion must be apiserver.config.k8s.io/v1; kind must be \
         EncryptionConfiguration; resources is needed",
        ),
        (file("[]"), "resources: must be a list of at least one"),
        (file("[{}]"), "resources[0]: resources is needed; resources[0]: providers is needed"),
        (file("[]") + "kind: EncryptionConfiguration\n", "duplicate field \"kind\""),
        (
            file("[{resource: [secrets]}]"),
            "resources[0]: there is no field resource; there are resources, providers",
        ),
        (
            resources("Secrets"),
            "resources[0].resources[0]: \"Secrets\" names no resource: a resource is named by its plural",
        ),
        (resources("'*'"), "write *.* for all resources, or *. for those of the core group"),
        (resources("secrets/status"), "a subresource is stored with its resource"),
        (resources("'secrets.*'"), "name the group of the resource, or write *.*"),
        (resources("secrets, secrets"), "resources[1]: secrets and another item of this list name the same"),
        (resources("secrets, '*.'"), "resources[1]: *. and another item of this list name the same"),
        (
            file(&format!("[{}, {}]", rule("'*.*'", "a"), rule("secrets", "b"))),
            "resources[1].resources[0]: secrets is named \
         by a rule before, which counts; move this rule in front of it",
        ),
        (providers("[]"), "resources[0].providers: must be a list of at least one"),
        (providers("[{}]"), "providers[0]: must name one provider, such as `identity: {}`"),
        (providers("[{identity: }]"), "providers[0]: must name one provider"),
        (providers("[{identity: {}, aesgcm: {keys: []}}]"), "another one is an item of its own"),
        (providers("[{identity: yes}]"), "identity: must be an object with no fields"),
        (
            providers("[{rot13: {}}]"),
            "there is no field rot13; there are aesgcm, secretbox, aescbc, identity, kms",
        ),
        (
            providers("[{kms: {name: vault, endpoint: 'unix:///run/kms.sock'}}]"),
            "providers[0].kms: version v1 of a KMS is not supported; write apiVersion: v2",
        ),
        (
            providers("[{kms: {apiVersion: v2}}]"),
            "kms: name is needed; resources[0].providers[0].kms: endpoint is",
        ),
        (kms("name: 'a:b', endpoint: 'unix:///a'"), "kms: a KMS needs a name without `:`"),
        (kms("name: a, endpoint: 'https://a'"), "kms.endpoint: must be a socket, as unix:///run/kms.sock"),
        (kms("name: a, endpoint: 'unix:///@a'"), "kms.endpoint: must be a socket"),
        (kms("name: a, endpoint: 'unix:///a', timeout: 0s"), "kms.timeout: must be a time above zero"),
        (kms("name: a, endpoint: 'unix:///a', cachesize: 9"), "kms: there is no field cachesize"),
        (
            kms("name: a, endpoint: 'unix:///a'}}, {kms: {apiVersion: v2, name: a, endpoint: 'unix:///b'"),
            "providers[1].kms: there is another KMS \"a\"; give each a name of its own",
        ),
        (providers("[{aesgcm: {}}]"), "aesgcm: keys is needed"),
        (keys("aesgcm", "[]"), "aesgcm.keys: must be a list of at least one"),
        (
            keys("aesgcm", "[{}]"),
            "aesgcm.keys[0]: name is needed; resources[0].providers[0].aesgcm.keys[0]: secret is needed",
        ),
        (keys("aesgcm", &format!("[{}]", key("''", KEYS[0]))), "keys[0]: a key needs a name"),
        (
            keys("aesgcm", &format!("[{}]", key("a", ODD))),
            "keys[0]: the key has 20 bytes and aesgcm takes 16, 24 or 32",
        ),
        (
            keys("secretbox", &format!("[{}]", key("a", KEYS[1]))),
            "keys[0]: the key has 24 bytes and secretbox takes 32",
        ),
        (keys("aesgcm", "[{name: a, secret: 12345}]"), "keys[0].secret: must be a text"),
        (
            keys("aesgcm", &format!("[{}]", key("a", "'not base64!'"))),
            "keys[0].secret: must be base64, as `head -c 32",
        ),
        (twice, "keys[1]: there is another key \"a\" of aesgcm; give each a name of its own"),
    ] {
        let refused = refused(&text);
        assert!(refused.contains(told), "{refused}\nhas not\n{told}");
    }
}

#[test]
fn what_is_told_shows_no_secret() {
    let secret = KEYS[0];
    for text in [
        file(&format!("[{{resources: [secrets], providers: [{{aesgcm: {{keys: [{secret}]}}}}]}}]")),
        file(&format!("[{{resources: [secrets], providers: [{{aesgcm: {{keys: [{{{secret}: a}}]}}}}]}}]")),
        file(&format!("[{{resources: [secrets], providers: [{{aesgcm: {secret}}}]}}]")),
        file(&format!("[{{resources: [secrets], providers: {secret}")),
        file(&format!(
            "[{{resources: [secrets], providers: [{{aesgcm: {{keys: [{{name: a, secret: x{secret}}}]}}}}]}}]"
        )),
    ] {
        let refused = refused(&text);
        assert!(!refused.contains(&secret[..12]), "{refused}");
    }
}

#[test]
fn what_reads_alone_cannot_stand_first() {
    let secret = KEYS[2];
    let text = file(&format!(
        "[{{resources: ['*.*'], providers: [{{aescbc: {{keys: [{{name: a, secret: {secret}}}]}}}}]}}]"
    ));
    let error = parse(&text).unwrap().providers(&Pattern::parse("secrets").unwrap()).unwrap_err().to_string();
    assert!(error.starts_with("aescbc only reads here"), "{error}");
}

fn flags(path: &Path) -> EncryptionFlags {
    EncryptionFlags {
        encryption_provider_config: Some(path.to_owned()),
        encryption_provider_config_automatic_reload: true,
    }
}

#[tokio::test]
async fn a_server_does_not_start_with_a_file_that_it_cannot_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("encryption.yaml");
    let none = EncryptionMetrics::default();
    let open = async || {
        let opened = Encryption::open(&flags(&path), "", core_v1::definitions(), &none).await;
        opened.err().map(|error| error.to_string())
    };
    let missing = open().await.unwrap();
    assert!(
        missing.starts_with(&format!("--encryption-provider-config: cannot read {}", path.display())),
        "{missing}"
    );
    std::fs::write(&path, file("[]")).unwrap();
    let told = format!("--encryption-provider-config: {}: resources: must be a list", path.display());
    assert!(open().await.unwrap().starts_with(&told));
    std::fs::write(&path, file(&format!("[{}]", rule("'*.'", "one")))).unwrap();
    assert_eq!(open().await, None);
    assert!(Encryption::open(&EncryptionFlags::default(), "", core_v1::definitions(), &none).await.is_ok());
}

#[tokio::test]
async fn a_changed_file_is_taken_up_and_a_broken_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("encryption.yaml");
    let write = |text: String| {
        let new = folder.path().join("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(&new, &path).unwrap();
    };
    let [first, second] = ["one", "two"].map(|key| file(&format!("[{}]", rule("secrets", key))));
    write(first);
    let (metrics, shutdown) = (Metrics::new(), Shutdown::new());
    let opened = Encryption::open(&flags(&path), "", core_v1::definitions(), metrics.encryption()).await;
    let encryption = opened.unwrap();
    let secrets = core_v1::definitions().iter().find(|kind| kind.plural == "secrets").unwrap();
    let transformer = encryption.transformer(secrets);
    let prefix = || {
        let stored = transformer.encrypt("/core/secrets/a/b", "{}".into()).unwrap();
        String::from_utf8_lossy(&stored[..25]).into_owned()
    };
    let storage: Arc<dyn Storage> = engine::open(engine::Config::Memory(memory::Config)).await.unwrap();
    let admission: Arc<dyn crate::admission::Admission> = Arc::new(crate::admission::Chain(Vec::new()));
    let registry =
        Registry::open(core_v1::definitions(), &storage, &|kind| encryption.transformer(kind), &admission);
    let (weak, interval) = (Arc::downgrade(&registry), Duration::from_millis(5));
    let following = tokio::spawn(encryption.follow(weak, interval, shutdown));
    let counted = async |line: &str| {
        let told = async {
            while !metrics.text(&Stored::default()).unwrap().contains(line) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), told).await.expect(line);
    };
    let name = "apiserver_encryption_config_controller";
    counted(&format!("{name}_last_config_info{{hash=\"sha256:")).await;
    assert_eq!(prefix(), "k8s:enc:secretbox:v1:one:");
    write("half a fi".to_owned());
    counted(&format!("{name}_automatic_reloads_total{{status=\"failure\"}}")).await;
    assert_eq!(prefix(), "k8s:enc:secretbox:v1:one:");
    write(second.clone());
    counted(&format!("{name}_automatic_reloads_total{{status=\"success\"}} 1")).await;
    assert_eq!(prefix(), "k8s:enc:secretbox:v1:two:");
    let (_, hash) = read(&path).unwrap();
    let in_use = format!("{name}_last_config_info{{hash=\"{hash}\"}} 1");
    assert!(metrics.text(&Stored::default()).unwrap().contains(&in_use));
    following.abort();
}
