//! What is encrypted, who can read it, and who cannot.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as STANDARD;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

const PLACE: &str = "/core/secrets/demo/wiki-binding";

fn key(algorithm: Algorithm, name: &str, secret: &[u8]) -> Provider {
    Provider::Key(Key::new(algorithm, name, secret).unwrap())
}

fn transformer(providers: impl IntoIterator<Item = Provider>) -> Transformer {
    Transformer::new("", Providers::new(providers.into_iter().collect()).unwrap())
}

fn encrypted(transformer: &Transformer, value: &[u8]) -> Bytes {
    transformer.encrypt(PLACE, Bytes::copy_from_slice(value)).unwrap()
}

fn decrypted(transformer: &Transformer, stored: &[u8]) -> Result<(Vec<u8>, bool), String> {
    transformer.decrypt(PLACE, stored).map(|plain| (plain.value.into_owned(), plain.stale))
}

/// An algorithm that writes, with a key.
fn keys() -> impl Strategy<Value = (Algorithm, Vec<u8>)> {
    let key = |algorithm, length| (Just(algorithm), prop::collection::vec(any::<u8>(), length));
    prop_oneof![
        key(Algorithm::AesGcm, 16),
        key(Algorithm::AesGcm, 24),
        key(Algorithm::AesGcm, 32),
        key(Algorithm::Secretbox, 32),
    ]
}

/// A line of the file: an algorithm, a key's name, the key, a place, a value and what is stored of it.
fn vectors() -> impl Iterator<Item = (Algorithm, String, Vec<u8>, String, Vec<u8>, Vec<u8>)> {
    let lines =
        include_str!("../../testdata/encrypted-1.37.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let bytes = |at: usize| STANDARD.decode(fields[at]).unwrap();
        let algorithm = Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == fields[0]).unwrap();
        (algorithm, fields[1].to_owned(), bytes(2), fields[3].to_owned(), bytes(4), bytes(5))
    })
}

#[test]
fn what_kubernetes_wrote_is_read_where_it_lay_and_nowhere_else() {
    let mut read = 0;
    for (algorithm, name, secret, place, value, stored) in vectors() {
        // What reads alone cannot stand first.
        let providers = Providers::new(vec![Provider::Identity, key(algorithm, &name, &secret)]).unwrap();
        let root = place.strip_suffix(PLACE).unwrap();
        let here = Transformer::new(root, providers.clone());
        assert_eq!(here.decrypt(PLACE, &stored).unwrap(), Plain { value: value.into(), stale: true });
        let elsewhere = Transformer::new("/registry/elsewhere", providers);
        assert_eq!(elsewhere.decrypt(PLACE, &stored).is_err(), algorithm == Algorithm::AesGcm);
        read += 1;
    }
    assert_eq!(read, 28);
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        (algorithm, secret) in keys(),
        value in prop::collection::vec(any::<u8>(), 0..2000),
    ) {
        let transformer = transformer([key(algorithm, "one", &secret)]);
        let stored = encrypted(&transformer, &value);
        let prefix = format!("k8s:enc:{}:v1:one:", algorithm.name());
        prop_assert!(stored.starts_with(prefix.as_bytes()));
        prop_assert!(value.len() < 8 || !stored.windows(value.len()).any(|part| part == value));
        prop_assert_ne!(&stored, &encrypted(&transformer, &value), "a nonce is used once");
        prop_assert_eq!(decrypted(&transformer, &stored), Ok((value, false)));
    }

    #[test]
    fn whatever_is_changed_makes_it_unreadable(
        (algorithm, secret) in keys(),
        value in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<Index>(),
        bit in 0..8_u8,
    ) {
        let transformer = transformer([key(algorithm, "one", &secret)]);
        let stored = encrypted(&transformer, &value).to_vec();
        let mut flipped = stored.clone();
        flipped[at.index(stored.len())] ^= 1_u8 << bit;
        prop_assert!(decrypted(&transformer, &flipped).is_err());
        prop_assert!(decrypted(&transformer, &stored[..at.index(stored.len())]).is_err());
    }

    #[test]
    fn another_key_of_the_same_name_reads_nothing(
        (algorithm, secret) in keys(),
        value in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<Index>(),
        bit in 0..8_u8,
    ) {
        let stored = encrypted(&transformer([key(algorithm, "one", &secret)]), &value);
        let mut other = secret.clone();
        other[at.index(secret.len())] ^= 1_u8 << bit;
        let wrong = transformer([key(algorithm, "one", &other)]);
        let error = decrypted(&wrong, &stored).unwrap_err();
        prop_assert!(error.contains(&format!("{} key \"one\"", algorithm.name())), "{}", error);
        // Both of that name: each is tried.
        let both = transformer([key(algorithm, "one", &other), key(algorithm, "one", &secret)]);
        prop_assert_eq!(decrypted(&both, &stored), Ok((value, true)));
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(stored in prop::collection::vec(any::<u8>(), 0..100)) {
        for algorithm in Algorithm::ALL {
            let all = transformer([Provider::Identity, key(algorithm, "one", &[7; 32])]);
            prop_assert_eq!(decrypted(&all, &stored), Ok((stored.clone(), false)));
            let sealed = [format!("k8s:enc:{}:v1:one:", algorithm.name()).as_bytes(), &stored].concat();
            prop_assert!(algorithm == Algorithm::AesCbc || decrypted(&all, &sealed).is_err());
            prop_assert!(decrypted(&Transformer::default(), &sealed).is_err());
        }
    }
}

#[test]
fn a_value_that_was_moved_is_refused_by_aesgcm() {
    let transformer = transformer([key(Algorithm::AesGcm, "one", &[1; 32])]);
    let stored = encrypted(&transformer, b"a value");
    assert!(transformer.decrypt("/core/secrets/demo/other", &stored).is_err());
    assert!(transformer.decrypt(PLACE, &stored).is_ok());
}

#[test]
fn keys_are_changed_without_a_moment_in_which_something_cannot_be_read() {
    let old = || key(Algorithm::AesGcm, "old", &[1; 32]);
    let new = || key(Algorithm::Secretbox, "new", &[2; 32]);
    let shared = transformer([Provider::Identity]);
    let plain = encrypted(&shared, b"{}");
    assert_eq!(&plain[..], b"{}");
    shared.replace(Providers::new(vec![old(), Provider::Identity]).unwrap());
    assert_eq!(decrypted(&shared, &plain), Ok((b"{}".to_vec(), true)), "stored as it is: to be encrypted");
    let first = encrypted(&shared, b"{}");
    shared.replace(Providers::new(vec![old(), new(), Provider::Identity]).unwrap());
    assert_eq!(decrypted(&shared, &first), Ok((b"{}".to_vec(), false)));
    shared.replace(Providers::new(vec![new(), old()]).unwrap());
    assert_eq!(decrypted(&shared, &first), Ok((b"{}".to_vec(), true)), "of the old key: to be written anew");
    let second = encrypted(&shared, b"{}");
    shared.replace(Providers::new(vec![new()]).unwrap());
    assert_eq!(decrypted(&shared, &second), Ok((b"{}".to_vec(), false)));
    let gone = decrypted(&shared, &first).unwrap_err();
    assert!(gone.contains("by aesgcm with a key named \"old\""), "{gone}");
    let bare = decrypted(&shared, &plain).unwrap_err();
    assert!(bare.contains("it is not encrypted"), "{bare}");
    shared.replace(Providers::new(vec![Provider::Identity, new()]).unwrap());
    assert_eq!(decrypted(&shared, &second), Ok((b"{}".to_vec(), true)), "to be decrypted for good");
}

#[test]
fn without_a_configuration_values_are_not_even_copied() {
    let value = Bytes::from(vec![b'x'; 100]);
    let identity = Transformer::new("/registry", Providers::default());
    for transformer in [Transformer::default(), identity] {
        let stored = transformer.encrypt(PLACE, value.clone()).unwrap();
        assert_eq!(stored.as_ptr(), value.as_ptr());
        let plain = transformer.decrypt(PLACE, &stored).unwrap();
        assert!(
            matches!(plain, Plain { value: Cow::Borrowed(same), stale: false } if same.as_ptr() == value.as_ptr())
        );
        let error = transformer.decrypt(PLACE, b"k8s:enc:kms:v2:vault:\x0a\x05").unwrap_err();
        assert!(error.contains("by kms with a key named \"vault\""), "{error}");
        let error = transformer.decrypt(PLACE, b"k8s:enc:\xff\xfe").unwrap_err();
        assert_eq!(error, "it is encrypted in a way that is not known here");
    }
}

#[test]
fn what_cannot_be_used_is_refused_and_no_secret_is_shown() {
    let secret = b"a secret of only so many bytes..";
    for algorithm in Algorithm::ALL {
        assert_eq!(Key::new(algorithm, "", secret).unwrap_err(), Unfit::Nameless);
        let fits: &[usize] = if algorithm == Algorithm::Secretbox { &[32] } else { &[16, 24, 32] };
        for length in (0..40).filter(|length| !fits.contains(length)) {
            let refused = Key::new(algorithm, "one", &vec![b'x'; length]).unwrap_err();
            assert_eq!(refused, Unfit::Length { algorithm, length });
        }
        let providers = Providers::new(vec![Provider::Identity, key(algorithm, "one", secret)]).unwrap();
        assert_eq!(format!("{providers:?}"), format!("Providers([identity, {algorithm:?} key \"one\"])"));
    }
    assert_eq!(Providers::new(Vec::new()).unwrap_err(), Unfit::Empty);
    let first = vec![key(Algorithm::AesCbc, "one", &[0; 32]), Provider::Identity];
    assert_eq!(Providers::new(first).unwrap_err(), Unfit::ReadsOnly(Algorithm::AesCbc));
}
