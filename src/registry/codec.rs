//! The stored form of an object: JSON of the storage version with `kind` and `apiVersion` in front, so that a
//! value says itself what it is, and without the resource version, which is the revision of its key.
//!
//! Whatever is encoded can be decoded: the values themselves see to that (`apimachinery::wire::limits`). What older versions
//! stored beyond those limits is decoded too. Nothing that is said of a value shows any of its bytes, which may be a secret.

use super::mend;
use apimachinery::kind::{Definition, Hub, Version};
use apimachinery::wire::json::JsonError;
use bytes::Bytes;
use databases_storage::Revision;

/// The header that stands in front of an object of this version.
pub(super) fn header(definition: &Definition, version: &str) -> String {
    format!("{{\"kind\":\"{}\",\"apiVersion\":\"{}\",", definition.kind, definition.api_version(version))
}

/// An object encoded once, for storage and for the cache.
pub(super) struct Encoded {
    /// The bytes to store.
    pub(super) value: Bytes,
    /// Where the object begins in them, behind its opening brace.
    start: usize,
    /// Where in them the resource version is left out.
    gap: usize,
}

impl Encoded {
    /// The object as JSON of the storage version at its revision.
    pub(super) fn at(&self, revision: Revision) -> Bytes {
        let (before, after) = (&self.value[self.start..self.gap], &self.value[self.gap..]);
        let version = format!("{MEMBER}{revision}\"");
        let mut out = Vec::with_capacity(1 + before.len() + version.len() + after.len());
        out.push(b'{');
        [before, version.as_bytes(), after].into_iter().for_each(|part| out.extend_from_slice(part));
        out.into()
    }
}

/// The resource version stands behind the name. What is before it in an object holds no quote that is not escaped.
const MEMBER: &str = ",\"resourceVersion\":\"";

/// Stands for the resource version while nobody knows it.
const PLACE: &str = "0";

/// Encodes an object, whose resource version is lost. Deterministic: equal objects give equal bytes to store.
pub(super) fn encode(definition: &Definition, object: &mut dyn Hub) -> Encoded {
    let version = storage_version(definition);
    object.meta_mut().resource_version = PLACE.to_owned();
    let mut out = Vec::with_capacity(2048);
    let header = header(definition, version.name);
    out.extend_from_slice(header.as_bytes());
    let start = out.len();
    (version.encode_json)(object, &mut out);
    // The object's own opening brace: the header has opened it already.
    out.remove(start);
    debug_assert!(out[start..].starts_with(b"\"metadata\":{"), "metadata comes first");
    let gap = out[start..].windows(MEMBER.len()).position(|text| text == MEMBER.as_bytes());
    let gap = start + gap.expect("an object has a name and a resource version");
    out.drain(gap..gap + MEMBER.len() + PLACE.len() + 1);
    debug_assert!(decode(definition, &out).is_ok(), "what is stored can be read");
    Encoded { value: out.into(), start, gap }
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
