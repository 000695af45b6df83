//! Requests as tests make them.

use super::{Attributes, Operation, Options, Origin, Requester, Warnings};
use apimachinery::kind::{Definition, Version};

/// What nobody looks at.
static UNHEARD: Warnings = Warnings::new();

/// What is known of a creation that a user asks for in this version.
pub(crate) fn created(
    definition: &'static Definition,
    version: &'static Version,
    subresource: &'static str,
) -> Attributes<'static> {
    let requester = Requester { name: "ada", uid: "", groups: &[], extra: &[] };
    let options = Options::Write { kind: "CreateOptions", field_manager: "", field_validation: "" };
    Attributes {
        operation: Operation::Create,
        definition,
        namespace: "demo",
        name: "wiki",
        dry_run: false,
        origin: Some(Origin { requester, version, subresource, options, audit: None, warnings: &UNHEARD }),
    }
}
