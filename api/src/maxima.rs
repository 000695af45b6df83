//! The most that a class allows of what a server takes without end where no limit says otherwise. As a `LimitRange` does it, the
//! most becomes the limit of an object that states none, and what has a limit keeps one.

use crate::databaseclass::DatabaseClass;
use crate::defaulting::Filled;
use crate::instance::Instance;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::meta::is_true;
use apimachinery::quantity::Quantity;

/// Those resources, and where their limits stand. Of huge pages nobody takes any who does not ask for them.
const ENDLESS: [(&str, &str); 2] =
    [("cpu", "spec.resources.limits[cpu]"), ("memory", "spec.resources.limits[memory]")];

/// The maxima of a class that are held by limits. What its controller cannot limit is held by requests alone, and before the
/// controller has looked at the class nobody knows.
fn held(class: &DatabaseClass) -> Vec<(&'static str, &'static str, Quantity)> {
    let (Some(limits), offered) = (&class.spec.limits, &class.status.resources) else { return Vec::new() };
    let can_be_limited = |name: &str| {
        let mut known = offered.iter().filter(|known| known.name == name);
        offered.is_empty() || known.any(|known| known.no_limits.is_empty())
    };
    if !is_true(&class.status.conditions, "Accepted") {
        return Vec::new();
    }
    let most = |(name, path)| Some((name, path, *limits.max_resources.get(name)?));
    ENDLESS.into_iter().filter(|(name, _)| can_be_limited(name)).filter_map(most).collect()
}

/// Gives an object that states no limit the most that its class allows.
pub(crate) fn fill(object: &mut dyn Instance, class: &DatabaseClass, filled: &mut Filled) {
    for (name, path, most) in held(class) {
        let limits = &mut object.spec_mut().resources.get_or_insert_default().limits;
        match limits.get(name) {
            None => {
                limits.insert(name.to_owned(), most);
                filled.set.push(path);
            }
            Some(stated) if *stated != most => filled.stated.push(path),
            Some(_) => {}
        }
    }
}

/// Refuses an object that does without a limit, unless it did before.
pub(crate) fn check(
    class: &DatabaseClass,
    new: &dyn Instance,
    old: Option<&dyn Instance>,
    errors: &mut Errors,
) {
    fn has(object: &dyn Instance, name: &str) -> bool {
        object.spec().resources.as_ref().is_some_and(|resources| resources.limits.contains_key(name))
    }
    for (name, path, most) in held(class) {
        if !has(new, name) && old.is_none_or(|old| has(old, name)) {
            let detail =
                format!("class {:?} allows at most {most}: say how much, up to that", class.metadata.name);
            errors.push(FieldError::required(&Path::new(path), &detail));
        }
    }
}
