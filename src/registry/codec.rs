//! The stored form of an object: JSON of the storage version with `kind` and `apiVersion` in front, so that a
//! value says itself what it is, and without the resource version, which is the revision of its key.
//!
//! Whatever is encoded can be decoded: the values themselves see to that (`apimachinery::wire::limits`). What older versions
//! stored beyond those limits is decoded too. Nothing that is said of a value shows any of its bytes, which may be a secret.

use super::mend;
use apimachinery::kind::{Definition, Hub, Version};
use apimachinery::wire::json::JsonError;
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
/// update, because they are of another version than the storage version, or beyond today's limits.
pub(super) fn decode(definition: &Definition, value: &[u8]) -> Result<(Box<dyn Hub>, bool), String> {
    let fits = |version: &&Version| value.starts_with(header(definition, version.name).as_bytes());
    let Some(version) = definition.versions.iter().find(fits) else {
        return Err(unlike(definition, value));
    };
    let (mut object, mended) = match (version.decode_json)(value) {
        Ok((object, _)) => (object, false),
        Err(error) => {
            (mended(version, value).ok_or_else(|| explain(definition, version, value, &error))?, true)
        }
    };
    object.default_fields();
    Ok((object, mended || version.name != definition.storage_version))
}

/// What an older version wrote that took more than today's.
fn mended(version: &Version, value: &[u8]) -> Option<Box<dyn Hub>> {
    let text = mend::mend(version.schema, value)?;
    let (object, _) = (version.decode_json)(text.as_bytes()).ok()?;
    let meta = object.meta();
    tracing::warn!(
        kind = object.definition().kind,
        namespace = meta.namespace,
        name = meta.name,
        "what an older version stored of an object is beyond today's limits; it was put within them, and is so in \
         storage when the object is written next"
    );
    Some(object)
}

/// What is wrong with bytes that do not begin as an object.
fn unlike(definition: &Definition, value: &[u8]) -> String {
    let versions: Vec<&str> = definition.versions.iter().map(|version| version.name).collect();
    format!(
        "{} bytes that do not begin with the kind {} and one of its served versions: {}",
        value.len(),
        definition.kind,
        versions.join(", ")
    )
}

/// What is wrong with an object, down to the field of its outermost level: below it, names may be the user's.
fn explain(definition: &Definition, version: &Version, value: &[u8], error: &JsonError) -> String {
    let what = match error {
        JsonError::Syntax(_) => "are not JSON that can be read".to_owned(),
        JsonError::Type { path, .. } => {
            let field = path.split(['.', '[']).next().unwrap_or_default();
            format!("hold a value of another form in {field:?}")
        }
    };
    format!("{} bytes that begin as a {} {} and {what}", value.len(), version.name, definition.kind)
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
