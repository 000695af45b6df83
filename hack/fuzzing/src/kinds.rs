//! The kinds: what is read begins with a byte that chooses one of them in one version.

use apimachinery::kind::{Definition, Hub, Version};

/// A kind in one of its versions.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) definition: &'static Definition,
    pub(crate) version: &'static Version,
}

/// Every kind in every version.
pub(crate) fn kinds() -> Vec<Kind> {
    let definitions = databases_api::definitions().iter().chain(core_v1::definitions());
    definitions
        .flat_map(|definition| definition.versions.iter().map(|version| Kind { definition, version }))
        .collect()
}

/// The kind that the first byte chooses, and the rest.
pub(crate) fn choose(data: &[u8]) -> Option<(Kind, &[u8])> {
    let (first, rest) = data.split_first()?;
    let kinds = kinds();
    Some((kinds[usize::from(*first) % kinds.len()], rest))
}

/// For each kind the byte that chooses it, and what `seed` makes of an object of it with every field set.
pub(crate) fn of_each(seed: impl Fn(&[u8]) -> Vec<u8>) -> Vec<Vec<u8>> {
    let each = kinds().into_iter().enumerate();
    each.map(|(index, kind)| [vec![index as u8], seed(&kind.stored())].concat()).collect()
}

impl Kind {
    /// An object with every field, as it once was stored.
    fn stored(self) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../api/testdata/stored");
        let path = format!("{folder}/{}.{}.json", self.definition.plural, self.version.name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn json(self, hub: &dyn Hub) -> Vec<u8> {
        let mut out = Vec::new();
        (self.version.encode_json)(hub, &mut out);
        out
    }

    pub(crate) fn protobuf(self, hub: &dyn Hub) -> Vec<u8> {
        let mut out = Vec::new();
        (self.version.encode_protobuf)(hub, &mut out);
        out
    }

    /// An object that is held is written and read again as the same, in both encodings and in every version.
    pub(crate) fn is_kept(self, hub: &dyn Hub) {
        let json = self.json(hub);
        let (again, decoding) = (self.version.decode_json)(&json).expect("what is written can be read");
        assert_eq!(decoding.problems(), [], "what is written is known");
        assert_eq!(text(&self.json(&*again)), text(&json), "JSON");
        let message = self.protobuf(hub);
        let again = (self.version.decode_protobuf)(&message).expect("a message that is written can be read");
        assert_eq!(self.protobuf(&*again), message, "protobuf");
        for version in self.definition.versions {
            let other = Kind { version, ..self };
            let json = other.json(hub);
            let (back, _) =
                (version.decode_json)(&json).expect("what is written can be read in each version");
            assert_eq!(
                text(&self.json(&*back)),
                text(&self.json(hub)),
                "by way of {}: {}",
                version.name,
                text(&json)
            );
        }
    }
}

/// JSON as text, for the eye.
pub(crate) fn text(json: &[u8]) -> &str {
    std::str::from_utf8(json).expect("JSON is text")
}
