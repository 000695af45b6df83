//! The form of a value behind its prefix: a protobuf message with what the KMS needs to give the key, and what the key made.

use std::collections::BTreeMap;

use prost::Message;

/// The longest id of a key, and what a KMS may make of 32 bytes.
const LONGEST: usize = 1 << 10;
/// What annotations may take together.
const ANNOTATIONS: usize = 32 << 10;

/// As it is stored.
#[derive(Clone, PartialEq, Message)]
struct Envelope {
    #[prost(bytes = "vec", tag = "1")]
    data: Vec<u8>,
    #[prost(string, tag = "2")]
    key_id: String,
    #[prost(bytes = "vec", tag = "3")]
    source: Vec<u8>,
    #[prost(btree_map = "string, bytes", tag = "4")]
    annotations: BTreeMap<String, Vec<u8>>,
    #[prost(int32, tag = "5")]
    kind: i32,
}

/// What a KMS wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// The key of AES-GCM.
    Key,
    /// What a key is made of for each value.
    Seed,
}

/// What a KMS made of a secret, and what it needs to give it back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sealed {
    /// Which key of the KMS did it.
    pub key_id: String,
    /// The secret as the KMS wrapped it.
    pub source: Vec<u8>,
    /// What else the KMS asked to be kept.
    pub annotations: BTreeMap<String, Vec<u8>>,
    pub(super) kind: Kind,
}

impl Sealed {
    /// What a KMS made of a fresh seed.
    ///
    /// # Errors
    /// What Kubernetes would not store.
    pub fn new(
        key_id: String,
        source: Vec<u8>,
        annotations: BTreeMap<String, Vec<u8>>,
    ) -> Result<Self, String> {
        let sealed = Self { key_id, source, annotations, kind: Kind::Seed };
        sealed.check().map(|()| sealed)
    }

    fn check(&self) -> Result<(), String> {
        let fits = |length| (1..=LONGEST).contains(&length);
        let all: usize = self.annotations.iter().map(|(name, value)| name.len() + value.len()).sum();
        if !fits(self.key_id.len()) {
            Err(format!("the id of the key has {} bytes, and must have 1 to {LONGEST}", self.key_id.len()))
        } else if !fits(self.source.len()) {
            Err(format!("what it wrapped has {} bytes, and must have 1 to {LONGEST}", self.source.len()))
        } else if all > ANNOTATIONS {
            Err(format!("the annotations have {all} bytes, and may have {ANNOTATIONS}"))
        } else if let Some(name) = self.annotations.keys().find(|name| !is_domain(name)) {
            Err(format!("the annotation {name:?} is not named by a domain, as kms.example.com"))
        } else {
            Ok(())
        }
    }
}

/// What stands behind the prefix.
pub(super) fn encode(sealed: &Sealed, data: Vec<u8>) -> Vec<u8> {
    let Sealed { key_id, source, annotations, kind } = sealed.clone();
    Envelope { data, key_id, source, annotations, kind: i32::from(kind == Kind::Seed) }.encode_to_vec()
}

/// What a KMS is to be asked for, and what is encrypted with it.
pub(super) fn decode(stored: &[u8]) -> Result<(Sealed, Vec<u8>), String> {
    let Ok(Envelope { data, key_id, source, annotations, kind }) = Envelope::decode(stored) else {
        return Err("it is damaged".to_owned());
    };
    let kind = match kind {
        0 => Kind::Key,
        1 => Kind::Seed,
        other => {
            return Err(format!("it says that the KMS wrapped a secret of kind {other}, which is not known"));
        }
    };
    let sealed = Sealed { key_id, source, annotations, kind };
    sealed.check().map(|()| (sealed, data))
}

/// A name of at least two labels.
fn is_domain(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let label = |label: &str| {
        let bytes = label.as_bytes();
        (1..=63).contains(&bytes.len())
            && bytes.iter().all(|byte| letter(*byte) || *byte == b'-')
            && letter(bytes[0])
            && letter(bytes[bytes.len() - 1])
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    name.len() <= 253 && name.contains('.') && name.split('.').all(label)
}
