//! The images of servers, and what versions they are.

use super::GROUP;
use crate::backend::operator::{Origin, Wish, at, is_config_map};
use crate::backend::{Class, Error, Refusal};
use serde_json::{Value, json};

/// The majors that the operator supports, the default first.
pub(super) const MAJORS: [&str; 5] = ["18", "17", "16", "15", "14"];
/// Where their images are published.
const IMAGES: &str = "ghcr.io/cloudnative-pg/postgresql";

/// The versions of a class, the default first.
pub(super) fn versions(class: &Class) -> Result<Vec<String>, Error> {
    let Some(catalog) = catalog(class)? else {
        return Ok(MAJORS.iter().map(|major| (*major).to_owned()).collect());
    };
    let images = catalog["spec"]["images"].as_array().map_or(&[][..], Vec::as_slice);
    let mut majors: Vec<u64> = images.iter().filter_map(|image| image["major"].as_u64()).collect();
    majors.sort_unstable_by(|a, b| b.cmp(a));
    Ok(majors.into_iter().map(|major| major.to_string()).collect())
}

/// The catalog that a class names.
fn catalog(class: &Class) -> Result<Option<Value>, Error> {
    if class.parameters.is_empty() {
        return Ok(None);
    }
    let named: Value = serde_json::from_str(&class.parameters)
        .map_err(|error| Error::rejected("InvalidParameters", error.to_string()))?;
    Ok(Some(named).filter(|named| !is_config_map(named)))
}

/// The image: of the wished version, else the one that runs, else that of what is copied, else the class's default.
pub(super) fn wanted(
    wish: &Wish<'_>,
    origin: Option<&Origin<'_>>,
) -> Result<Vec<(&'static str, Value)>, Refusal> {
    let spec = &wish.object.spec.instance;
    if spec.version.is_empty() && !wish.live.is_null() {
        let kept = ["imageName", "imageCatalogRef"].map(|name| (name, wish.live["spec"][name].clone()));
        // An adopted cluster keeps who said it.
        return Ok(if wish.is_adopted() { Vec::new() } else { kept.into() });
    }
    let invalid = |error: Error| Refusal::new("InvalidParameters", error.message);
    let offered = versions(wish.class).map_err(invalid)?;
    let usual = origin.map(|origin| &origin.major).or(offered.first());
    let Some(version) = Some(&spec.version).filter(|version| !version.is_empty()).or(usual) else {
        return Err(Refusal::new("UnsupportedVersion", "the class offers no version"));
    };
    let Some(catalog) = catalog(wish.class).map_err(invalid)? else {
        return Ok(vec![("imageName", format!("{IMAGES}:{version}").into())]);
    };
    let major = version.split('.').next().unwrap_or_default();
    let Some(number) =
        offered.iter().find(|known| *known == major).and_then(|known| known.parse::<u64>().ok())
    else {
        let message = format!("the image catalog of this class has no PostgreSQL {major}");
        return Err(Refusal::new("UnsupportedVersion", message));
    };
    let name = &catalog["metadata"]["name"];
    let reference = json!({"apiGroup": GROUP, "kind": "ClusterImageCatalog", "name": name, "major": number});
    Ok(vec![("imageCatalogRef", reference)])
}

/// The version of an image, as far as its tag tells.
pub(super) fn version_of(image: &str) -> String {
    let image = image.split('@').next().unwrap_or_default();
    let tag = image.rsplit('/').next().and_then(|name| name.split_once(':')).map_or("", |(_, tag)| tag);
    let end =
        tag.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(tag.len());
    tag[..end].trim_end_matches('.').to_owned()
}

/// The image that runs, else the one that is asked for.
pub(super) fn image_of(live: &Value) -> &str {
    match at(live, "status.image") {
        "" => at(live, "spec.imageName"),
        image => image,
    }
}
