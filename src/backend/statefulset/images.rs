//! What a class's ConfigMap says: an image for each major version.

use crate::backend::{Class, Error};
use serde_json::Value;

/// Where images are where a class names none: the official ones.
const OFFICIAL: &str = "docker.io/library/postgres";
/// Their majors, the default first.
const MAJORS: [u32; 5] = [18, 17, 16, 15, 14];

/// The images of a class by major version, the default first: the newest.
pub(super) fn of(class: &Class) -> Result<Vec<(u32, String)>, Error> {
    if class.parameters.is_empty() {
        return Ok(MAJORS.iter().map(|major| (*major, format!("{OFFICIAL}:{major}"))).collect());
    }
    let invalid = |why: String| Error::rejected("InvalidParameters", why);
    let map: Value = serde_json::from_str(&class.parameters).map_err(|error| invalid(error.to_string()))?;
    let mut images = Vec::new();
    for (key, image) in map["data"].as_object().into_iter().flatten() {
        let major = key.parse().ok().filter(|major| MAJORS.contains(major)).ok_or_else(|| {
            let known = MAJORS.map(|major| major.to_string()).join(", ");
            invalid(format!("key {key:?} of the ConfigMap is no major version: its keys are of {known}"))
        })?;
        images.push((major, image.as_str().unwrap_or_default().trim().to_owned()));
    }
    if let Some((major, _)) = images.iter().find(|(_, image)| image.is_empty()) {
        return Err(invalid(format!("key {major} of the ConfigMap names no image")));
    }
    images.sort_unstable_by(|a, b| b.cmp(a));
    Ok(images)
}
