//! Metadata that the server sets, and names that it makes.

use apimachinery::kind::{Definition, Hub};
use apimachinery::meta::ObjectMeta;
use apimachinery::status::ApiError;
use apimachinery::time::Time;
use rand::RngExt;

/// Vowels and look-alikes are left out, so that no word arises.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const SUFFIX: usize = 5;
const LONGEST_BASE: usize = 63 - SUFFIX;

/// Wipes what a creator may not set (V-11).
pub(super) fn wipe(object: &mut dyn Hub) {
    let meta = object.meta_mut();
    meta.self_link.clear();
    meta.deletion_timestamp = None;
    meta.deletion_grace_period_seconds = None;
}

/// Sets what the server owns of a new object.
pub(super) fn prepare_create(object: &mut dyn Hub) {
    let counts = object.has_generation();
    let meta = object.meta_mut();
    meta.resource_version.clear();
    meta.uid = uuid::Uuid::new_v4().to_string();
    meta.creation_timestamp = Some(Time::now());
    // A kind that does not count has what its creator says.
    if counts {
        meta.generation = 1;
    }
}

/// Fills or checks the namespace of the body against the URL's (V-08); what lives in none has none.
pub fn settle_namespace(
    definition: &Definition,
    object: &mut dyn Hub,
    namespace: &str,
) -> Result<(), ApiError> {
    let meta = object.meta_mut();
    if !definition.namespaced {
        meta.namespace.clear();
        return Ok(());
    }
    if meta.namespace.is_empty() {
        meta.namespace = namespace.to_owned();
    }
    if meta.namespace != namespace {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

/// Why there is no object of a name: one that no path can say is none.
pub(super) fn absent(definition: &Definition, name: &str) -> ApiError {
    let why = match name {
        "." | ".." => format!("may not be '{name}'"),
        name => match name.chars().find(|character| matches!(character, '/' | '%')) {
            Some(character) => format!("may not contain '{character}'"),
            None => return ApiError::not_found(definition, name),
        },
    };
    ApiError::bad_request(&format!("Name parameter invalid: {name:?}: {why}"))
}

/// Keeps what an update may not change, and what it may leave out (V-32).
pub(super) fn prepare_update(object: &mut dyn Hub, old: &ObjectMeta) {
    let meta = object.meta_mut();
    meta.self_link.clear();
    meta.generation = old.generation;
    if meta.uid.is_empty() {
        meta.uid.clone_from(&old.uid);
    }
    meta.creation_timestamp = old.creation_timestamp;
    // When an object goes stays; to say it of one that stays is refused later, as is another time for it.
    meta.deletion_timestamp = old.deletion_timestamp.or(meta.deletion_timestamp);
    meta.deletion_grace_period_seconds =
        meta.deletion_grace_period_seconds.or(old.deletion_grace_period_seconds);
}

/// A name made of a prefix and a random suffix (V-12).
pub(super) fn generate_name(prefix: &str) -> String {
    let mut end = prefix.len().min(LONGEST_BASE);
    while !prefix.is_char_boundary(end) {
        end -= 1;
    }
    let mut random = rand::rng();
    let suffix = (0..SUFFIX).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]));
    prefix[..end].chars().chain(suffix).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_path_can_say_is_no_name() {
        let definition = databases_api::definitions()[0];
        for (name, why) in
            [(".", "may not be '.'"), ("a/b", "may not contain '/'"), ("%", "may not contain '%'")]
        {
            let status = absent(definition, name).status();
            assert_eq!(
                (status.code, status.message),
                (400, format!("Name parameter invalid: {name:?}: {why}"))
            );
        }
        assert!(absent(definition, "a.b").is_not_found());
    }

    #[test]
    fn generated_names_fit_a_label() {
        let name = generate_name(&"a".repeat(100));
        assert_eq!(name.len(), 63);
        assert!(generate_name("wiki-").starts_with("wiki-"));
    }
}
