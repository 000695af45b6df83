//! An exporter of metrics beside every server, which is there where an empty part of the main object's spec says so.

use super::Flavour;
use crate::backend::operator::{Wish, put};
use crate::backend::{Change, Effect};
use serde_json::{Value, json};

/// The field that says it in ours.
const FIELD: &str = "spec.observability.metrics";

/// Puts it into the main object's spec where it is asked for.
pub(super) fn add<F: Flavour>(wish: &Wish<'_>, spec: &mut Value) {
    if let Some(path) = F::EXPORTER.filter(|_| wish.metrics() == Some(true)) {
        put(spec, path, json!({}));
    }
}

/// Whether there is one.
fn is_there<F: Flavour>(wish: &Wish<'_>) -> bool {
    let part = |path: &str| path.split('.').fold(&wish.live["spec"], |here, name| &here[name]).is_object();
    F::EXPORTER.is_some_and(part)
}

/// What becomes of the servers where one is to come or to go.
pub(super) fn upcoming<F: Flavour>(wish: &Wish<'_>) -> Option<Change> {
    let changes = F::EXPORTER.is_some() && wish.metrics().is_some_and(|wanted| wanted != is_there::<F>(wish));
    let message = format!("{} replaces the servers by some with or without an exporter", F::NAME);
    changes.then(|| Change { fields: vec![FIELD.to_owned()], effect: Effect::Switchover, message })
}

/// That there still is one, which somebody else asked for, or an object's parameters.
pub(super) fn pending<F: Flavour>(wish: &Wish<'_>) -> Option<String> {
    let is_left = wish.metrics() == Some(false) && is_there::<F>(wish);
    is_left.then(|| {
        let (kind, name, path) = (F::MAIN.kind, wish.name, F::EXPORTER.unwrap_or_default());
        format!("{FIELD}: metrics are still exported: spec.{path} of {kind} {name} is somebody else's; take it off")
    })
}
