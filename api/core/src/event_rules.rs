//! What an Event must say. Kubernetes asks more of those that have an `eventTime`.

use super::Event;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::validation::is_qualified_name;

const LONGEST_WORD: usize = 128;
const LONGEST_MESSAGE: usize = 1024;

pub(super) fn check(event: &Event, errors: &mut Errors) {
    match event.event_time {
        None => check_namespace(event, event.metadata.namespace == "default", errors),
        Some(_) => check_new(event, errors),
    }
}

/// An Event lies where its object does; that of an object without a namespace only where it may.
fn check_namespace(event: &Event, may_have_none: bool, errors: &mut Errors) {
    let object = event.involved_object.namespace.as_str();
    let fits = if object.is_empty() { may_have_none } else { object == event.metadata.namespace };
    if !fits {
        let path = Path::new("involvedObject").child("namespace");
        errors.push(FieldError::invalid(&path, object, "does not match event.namespace"));
    }
}

fn check_new(event: &Event, errors: &mut Errors) {
    // An object's own namespace is not compared here, as Kubernetes does not either.
    if event.involved_object.namespace.is_empty() {
        check_namespace(
            event,
            matches!(event.metadata.namespace.as_str(), "default" | "kube-system"),
            errors,
        );
    }
    let path = Path::new("reportingComponent");
    let component = event.reporting_component.as_str();
    if component.is_empty() {
        errors.push(FieldError::required(&path, ""));
    }
    let faults = is_qualified_name(component);
    errors.extend(faults.iter().map(|fault| FieldError::invalid(&path, component, fault)));
    for (field, text) in [
        ("reportingInstance", &event.reporting_instance),
        ("action", &event.action),
        ("reason", &event.reason),
    ] {
        if text.is_empty() {
            errors.push(FieldError::required(&Path::new(field), ""));
        }
        check_length(field, text, LONGEST_WORD, errors);
    }
    check_length("message", &event.message, LONGEST_MESSAGE, errors);
}

fn check_length(field: &str, text: &str, most: usize, errors: &mut Errors) {
    if text.len() > most {
        let detail = format!("can have at most {most} characters");
        errors.push(FieldError::invalid(&Path::new(field), "", &detail));
    }
}
