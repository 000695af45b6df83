//! What a class decides for its objects, and what it allows them, tried on an object of each kind that says nothing else. So each
//! rule is declared once: what no object may say, no class may say for it.

use super::{DatabaseClass, Engine};
use crate::defaulting::{Filled, beyond, fill};
use crate::instance::{self, Instance, Visitor};
use crate::shared::TO_STOP;
use crate::{allowance, features, maxima};
use apimachinery::field::{Errors, Fault, FieldError, Path};
use apimachinery::kind::Kind;
use apimachinery::meta::is_true;
use std::collections::BTreeMap;

/// Where the amounts of an object stand that limits are about.
const LIMITS: [(&str, &str); 3] = [
    ("spec.instances", "spec.limits.maxInstances"),
    ("spec.storage.size", "spec.limits.maxStorageSize"),
    ("spec.resources.limits", "spec.limits.maxResources"),
];

/// Adds the faults of defaults and limits: what no object can have, and defaults beyond the limits.
pub(super) fn check(class: &DatabaseClass, errors: &mut Errors) {
    let faults = defaults(class, |object, errors| {
        object.validate(errors);
        allowance::check_limits(class, object, None, errors);
    });
    for fault in faults.into_iter().chain(limits(class)) {
        if !errors.contains(&fault) {
            errors.push(fault);
        }
    }
}

/// What defaults ask for that the class does not offer now, as its status says: an object that takes them is refused.
pub fn unoffered(class: &DatabaseClass) -> Errors {
    defaults(class, |object, errors| {
        allowance::check(class, object, None, &BTreeMap::new(), errors);
        if !is_true(&class.status.conditions, "Accepted") {
            return;
        }
        for used in features::required(object, None).iter().filter(|used| !class.offers(&used.feature)) {
            let message = format!("feature {:?} is not supported by the class", used.feature);
            errors.push(FieldError::unsupported(&Path::new(&used.path), &message));
        }
    })
}

/// What of the limits leaves no room beside what the class offers now: nobody can have so little, or nothing holds them.
pub fn unmet(class: &DatabaseClass) -> Errors {
    let Some(limits) = &class.spec.limits else { return Errors::new() };
    let (path, offered) = (Path::new("spec.limits"), &class.status.resources);
    let mut faults = Errors::new();
    for (name, most) in limits.max_resources.iter().filter(|_| !offered.is_empty()) {
        let at = path.child("maxResources").key(name);
        let Some(known) = offered.iter().find(|known| known.name == *name) else {
            let listed: Vec<&str> = offered.iter().map(|known| known.name.as_str()).collect();
            let detail =
                format!("objects of this class name no {name}, but {}: leave it out", listed.join(", "));
            faults.push(FieldError::unsupported(&at, &detail));
            continue;
        };
        if !known.no_limits.is_empty() {
            let detail = format!("requests alone are held to it, because {}", known.no_limits);
            faults.push(FieldError::unsupported(&at, &detail));
        } else if let Some(least) = known.min_limit.filter(|least| most < least) {
            let detail =
                format!("no server does with less than {least}: every object of this class is refused");
            faults.push(FieldError::invalid(&at, most.to_string(), &detail));
        }
    }
    let least = |engine: &Engine| engine.instance_counts.iter().min().copied();
    let least = class.status.engines.iter().map(least).collect::<Option<Vec<i32>>>();
    let least = least.and_then(|counts| counts.into_iter().min());
    if let Some((least, most)) = least.zip(limits.max_instances).filter(|(least, most)| most < least) {
        let detail = format!("there are no fewer than {least}: every object of this class is refused");
        faults.push(FieldError::invalid(&path.child("maxInstances"), most, &detail));
    }
    faults
}

/// What is judged of the defaults, by where they stand in the class.
fn defaults(class: &DatabaseClass, judge: impl Fn(&mut dyn Instance, &mut Errors)) -> Errors {
    let Some(defaults) = &class.spec.defaults else { return Errors::new() };
    tried(|object| {
        let set = fill(object, defaults);
        maxima::fill(object, class, &mut Filled::default());
        let mut errors = Errors::new();
        judge(object, &mut errors);
        let in_class = |field: &'static str| (field, field.replacen("spec.", "spec.defaults.", 1));
        let places: Vec<_> = set.into_iter().map(in_class).collect();
        moved(errors, &places)
    })
}

/// What is wrong with the limits themselves.
fn limits(class: &DatabaseClass) -> Errors {
    let Some(limits) = &class.spec.limits else { return Errors::new() };
    tried(|object| {
        let spec = object.spec_mut();
        spec.instances = limits.max_instances;
        spec.storage.size = limits.max_storage_size;
        spec.resources.get_or_insert_default().limits.clone_from(&limits.max_resources);
        let mut errors = Errors::new();
        object.validate(&mut errors);
        errors.retain(|error| error.fault != Fault::Required);
        moved(errors, &LIMITS.map(|(field, limit)| (field, limit.to_owned())))
    })
}

/// The faults that stand in one of these places of an object, by where that is in the class.
fn moved(errors: Errors, places: &[(&str, String)]) -> Errors {
    let place = |error: FieldError| {
        let mut places = places.iter();
        let field = places.find_map(|(from, to)| Some(format!("{to}{}", beyond(&error.field, from)?)))?;
        let body = error.body.strip_suffix(TO_STOP).unwrap_or(&error.body).to_owned();
        Some(FieldError { field, body, ..error })
    };
    errors.into_iter().filter_map(place).collect()
}

/// What is found in an object of every kind.
fn tried(judge: impl Fn(&mut dyn Instance) -> Errors) -> Errors {
    let mut trial = Trial { judge, found: None };
    instance::each(&mut trial);
    trial.found.unwrap_or_default()
}

struct Trial<F> {
    judge: F,
    found: Option<Errors>,
}

impl<F: Fn(&mut dyn Instance) -> Errors> Visitor for Trial<F> {
    fn visit<K: Kind + Instance + Default>(&mut self) {
        let errors = (self.judge)(&mut K::default());
        self.found = Some(match self.found.take() {
            None => errors,
            Some(mut found) => {
                found.retain(|fault| errors.iter().any(|error| error.field == fault.field));
                found
            }
        });
    }
}
