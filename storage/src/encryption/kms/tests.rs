//! What a KMS's keys write and read, and what becomes of values while it gives none.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as STANDARD;
use bytes::Bytes;

use super::*;
use crate::encryption::{Plain, Provider, Providers, Transformer};

const PLACE: &str = "/core/secrets/demo/wiki-binding";
const ROOT: &str = "/registry/databases.standard.k8s.io";

/// Wraps by reversing and flipping, as the one that made the vectors.
#[derive(Clone, Default)]
struct Fake(Arc<State>);

#[derive(Default)]
struct State {
    is_dead: AtomicBool,
    asked: AtomicUsize,
}

fn flip(secret: &[u8]) -> Vec<u8> {
    secret.iter().rev().map(|byte| byte ^ 0x5a).collect()
}

#[async_trait]
impl Unseal for Fake {
    async fn unseal(&self, sealed: &Sealed) -> Result<Vec<u8>, Failure> {
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        match &*sealed.key_id {
            _ if self.0.is_dead.load(Ordering::Relaxed) => {
                Err(Failure::Unavailable("nobody there".to_owned()))
            }
            "gone" => Err(Failure::Refused("that key was destroyed".to_owned())),
            _ => Ok(flip(&sealed.source)),
        }
    }
}

impl Fake {
    fn asked(&self) -> usize {
        self.0.asked.load(Ordering::Relaxed)
    }

    fn dies(&self, dead: bool) {
        self.0.is_dead.store(dead, Ordering::Relaxed);
    }
}

fn later() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// A server's KMS, and how it stores values; it writes with a fresh seed under this key.
fn server(fake: &Fake, key_id: &str) -> (Kms, Transformer) {
    let kms = Kms::new("vault", fake.clone()).unwrap();
    write_with(&kms, key_id);
    let providers = Providers::new(vec![Provider::Kms(kms.clone())]).unwrap();
    (kms, Transformer::new(ROOT, providers))
}

fn write_with(kms: &Kms, key_id: &str) {
    let seed = Kms::fresh_seed().unwrap();
    let annotations = BTreeMap::from([("kms.example.com".to_owned(), b"local".to_vec())]);
    kms.write_with(&seed, Sealed::new(key_id.to_owned(), flip(&seed), annotations).unwrap(), later());
}

async fn read(transformer: &Transformer, stored: &[u8]) -> Result<(Vec<u8>, bool), String> {
    if let Some(prepared) = transformer.prepare(stored) {
        prepared.await;
    }
    transformer.decrypt(PLACE, stored).map(|Plain { value, stale }| (value.into_owned(), stale))
}

#[tokio::test]
async fn what_kubernetes_wrote_is_read_where_it_lay_and_nowhere_else() {
    let lines = include_str!("../../../testdata/kms-1.37.tsv").lines();
    let mut read_lines = 0;
    for line in lines.filter(|line| !line.starts_with('#')) {
        let [kind, key_id, place, value, stored] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let (value, stored) = (STANDARD.decode(value).unwrap(), STANDARD.decode(stored).unwrap());
        assert_eq!(place, [ROOT, PLACE].concat());
        let (_, transformer) = server(&Fake::default(), "key-1");
        let stale = (kind, key_id) != ("seed", "key-1");
        assert_eq!(read(&transformer, &stored).await, Ok((value, stale)), "{line}");
        assert!(transformer.decrypt("/core/secrets/demo/other", &stored).is_err(), "{line}");
        read_lines += 1;
    }
    assert_eq!(read_lines, 32);
}

#[tokio::test]
async fn each_reads_what_the_other_wrote_and_asks_once_for_its_seed() {
    let fake = Fake::default();
    let ((_, one), (kms, two)) = (server(&fake, "a"), server(&fake, "a"));
    for value in [&b""[..], b"{}", &[7; 3000]] {
        let value = Bytes::copy_from_slice(value);
        let stored = one.encrypt(PLACE, value.clone()).unwrap();
        assert!(stored.starts_with(b"k8s:enc:kms:v2:vault:"));
        assert_ne!(stored, one.encrypt(PLACE, value.clone()).unwrap(), "a key is used once");
        assert_eq!(read(&one, &stored).await, Ok((value.to_vec(), false)));
        assert_eq!(read(&two, &stored).await, Ok((value.to_vec(), false)));
        let mut damaged = stored.to_vec();
        *damaged.last_mut().unwrap() ^= 1;
        assert!(read(&two, &damaged).await.is_err());
    }
    let stored = one.encrypt(PLACE, Bytes::from_static(b"{}")).unwrap();
    let asked = fake.asked();
    assert_eq!(read(&two, &stored).await, Ok((b"{}".to_vec(), false)));
    assert_eq!(fake.asked(), asked, "the seed is known");
    write_with(&kms, "b");
    assert_eq!(read(&two, &stored).await, Ok((b"{}".to_vec(), true)), "of another key: to be written anew");
    let [first, second] = ["a", "b"].map(|key_id| kms.extend(key_id, later()));
    assert_eq!((first, second), (false, true));
}

#[tokio::test(start_paused = true)]
async fn a_value_waits_for_a_kms_that_is_dead_and_it_is_not_asked_without_end() {
    let fake = Fake::default();
    let ((_, one), (kms, two)) = (server(&fake, "a"), server(&fake, "a"));
    let stored = one.encrypt(PLACE, Bytes::from_static(b"{}")).unwrap();
    fake.dies(true);
    for _ in 0..5 {
        let error = read(&two, &stored).await.unwrap_err();
        assert!(error.contains("the KMS \"vault\": nobody there; it is asked for the key again"), "{error}");
    }
    let (_, three) = server(&fake, "a");
    let other = three.encrypt(PLACE, Bytes::from_static(b"{}")).unwrap();
    let error = read(&two, &other).await.unwrap_err();
    assert!(error.contains("it does not answer"), "{error}");
    assert_eq!(fake.asked(), 1);
    assert!(!kms.retry().await);
    tokio::time::advance(Duration::from_secs(11)).await;
    assert!(!kms.retry().await);
    assert_eq!(fake.asked(), 2, "one that does not answer is asked for one thing");
    fake.dies(false);
    tokio::time::advance(Duration::from_secs(11)).await;
    assert!(kms.retry().await);
    for stored in [&stored, &other] {
        assert_eq!(two.decrypt(PLACE, stored).unwrap().value, &b"{}"[..]);
    }
    assert!(!kms.retry().await, "nothing is missing any more");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_destroyed_makes_only_its_own_values_unreadable() {
    let fake = Fake::default();
    let ((_, gone), (_, there), (kms, reader)) =
        (server(&fake, "gone"), server(&fake, "a"), server(&fake, "a"));
    let [lost, kept] = [&gone, &there].map(|from| from.encrypt(PLACE, Bytes::from_static(b"{}")).unwrap());
    let error = read(&reader, &lost).await.unwrap_err();
    assert!(error.contains("that key was destroyed"), "{error}");
    assert_eq!(read(&reader, &kept).await, Ok((b"{}".to_vec(), false)));
    let asked = fake.asked();
    for _ in 0..60 {
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(!kms.retry().await);
    }
    let again = fake.asked() - asked;
    assert!((5..15).contains(&again), "{again} times in ten minutes");
}

#[tokio::test(start_paused = true)]
async fn writes_go_on_for_as_long_as_was_said() {
    let fake = Fake::default();
    let kms = Kms::new("vault", fake.clone()).unwrap();
    let transformer = Transformer::new("", Providers::new(vec![Provider::Kms(kms.clone())]).unwrap());
    let write = || transformer.encrypt(PLACE, Bytes::from_static(b"{}")).map_err(|error| error.to_string());
    assert!(write().unwrap_err().contains("the KMS \"vault\" has not given a key yet"));
    write_with(&kms, "a");
    let stored = write().unwrap();
    tokio::time::advance(Duration::from_secs(61)).await;
    let error = write().unwrap_err();
    assert!(error.contains("has not answered for too long"), "{error}");
    assert_eq!(
        read(&transformer, &stored).await,
        Ok((b"{}".to_vec(), false)),
        "what it wrote is read for ever"
    );
    assert!(kms.extend("a", later()));
    write().unwrap();
}

#[test]
fn what_cannot_be_stored_is_refused() {
    for name in ["", "a:b"] {
        assert_eq!(Kms::new(name, Fake::default()).err(), Some(Unfit::Misnamed));
    }
    let sealed = |key_id: usize, source: usize, name: &str, value: usize| {
        let annotations = BTreeMap::from([(name.to_owned(), vec![0; value])]);
        Sealed::new("k".repeat(key_id), vec![1; source], annotations).map(drop)
    };
    assert_eq!(sealed(1024, 1024, "a.b", 32 * 1024 - 3), Ok(()));
    for (wrong, told) in [
        (sealed(0, 1, "a.b", 1), "the id of the key has 0 bytes"),
        (sealed(1025, 1, "a.b", 1), "the id of the key has 1025 bytes"),
        (sealed(1, 0, "a.b", 1), "what it wrapped has 0 bytes"),
        (sealed(1, 1025, "a.b", 1), "what it wrapped has 1025 bytes"),
        (sealed(1, 1, "a.b", 32 * 1024), "the annotations have 32771 bytes"),
        (sealed(1, 1, "local", 1), "is not named by a domain"),
        (sealed(1, 1, "-a.b", 1), "is not named by a domain"),
        (sealed(1, 1, "A.b", 1), "is not named by a domain"),
    ] {
        assert!(wrong.as_ref().is_err_and(|error| error.contains(told)), "{wrong:?}");
    }
    let (_, transformer) = server(&Fake::default(), "a");
    for stored in
        [&b"k8s:enc:kms:v2:vault:"[..], b"k8s:enc:kms:v2:vault:\xff", b"k8s:enc:kms:v2:vault:\x28\x02"]
    {
        assert!(transformer.prepare(stored).is_none());
        assert!(transformer.decrypt(PLACE, stored).is_err());
    }
}
