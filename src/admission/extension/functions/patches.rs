//! Paths of JSON patches.

use super::{Overload, overload};

pub(super) const OVERLOADS: &[Overload] =
    &[overload!(Global "jsonpatch.escapeKey" (String key) -> String, |effects| {
        effects.budget.make(key.len()).map(|()| key.replace('~', "~0").replace('/', "~1"))
    })];
