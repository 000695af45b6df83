//! The stored form of an object: JSON of the storage version with `kind` and `apiVersion` in front, so that a
//! value says itself what it is, and without the resource version, which is the revision of its key.
//!
//! Whatever is encoded can be decoded: the values themselves see to that (`apimachinery::wire::limits`).

use apimachinery::kind::{Definition, Hub, Version};
use bytes::Bytes;

/// The header that stands in front of an object of this version.
pub(super) fn header(definition: &Definition, version: &str) -> String {
    format!("{{\"kind\":\"{}\",\"apiVersion\":\"{}\",", definition.kind, definition.api_version(version))
}

/// The bytes to store. Deterministic: equal objects give equal bytes.
pub(super) fn encode(definition: &Definition, object: &dyn Hub) -> Bytes {
    let version = storage_version(definition);
    let mut out = Vec::with_capacity(2048);
    out.extend_from_slice(header(definition, version.name).as_bytes());
    let brace = out.len();
    if object.meta().resource_version.is_empty() {
        (version.encode_json)(object, &mut out);
    } else {
        let mut bare = object.boxed();
        bare.meta_mut().resource_version.clear();
        (version.encode_json)(bare.as_ref(), &mut out);
    }
    // The object's own opening brace: the header has opened it already.
    out.remove(brace);
    debug_assert!(decode(definition, &out).is_ok(), "what is stored can be read");
    out.into()
}

/// Reads stored bytes of any served version. The flag says whether they should be written anew at the next
/// update, because their version is no longer the storage version.
pub(super) fn decode(definition: &Definition, value: &[u8]) -> Result<(Box<dyn Hub>, bool), String> {
    for version in definition.versions {
        if value.starts_with(header(definition, version.name).as_bytes()) {
            let (mut object, _) = (version.decode_json)(value).map_err(|error| error.to_string())?;
            object.default_fields();
            return Ok((object, version.name != definition.storage_version));
        }
    }
    let start = String::from_utf8_lossy(&value[..value.len().min(80)]);
    Err(format!("the stored value is not a served version of {}: it begins with {start:?}", definition.kind))
}

/// Reads what this program encoded itself of an object that it had decoded.
pub(super) fn decode_own(version: &Version, json: &[u8]) -> Box<dyn Hub> {
    let (mut object, _) = (version.decode_json)(json).expect("what was encoded can be decoded");
    object.default_fields();
    object
}

fn storage_version(definition: &Definition) -> &'static Version {
    definition.version(definition.storage_version).expect("the storage version is one of the served versions")
}
