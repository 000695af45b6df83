//! What is said of an object before it is done.

use super::setter::Conditions;
use databases_api::instance::Instance;
use databases_api::shared::RESTARTED_AT;

/// The reason while a restart is made that was asked for.
pub(in super::super) const RESTARTING: &str = "Restarting";

/// The spec is a new one, and what it asks for is about to be done.
pub(in super::super) fn changing(object: &mut dyn Instance) {
    Conditions(object).progressing("Provisioning", "what spec asks for is being done");
}

/// A restart that the object asks for is about to be made.
pub(in super::super) fn restarting(object: &mut dyn Instance) {
    let message = format!("every server is restarted, as metadata.annotations[{RESTARTED_AT}] asks");
    Conditions(object).progressing(RESTARTING, &message);
}
