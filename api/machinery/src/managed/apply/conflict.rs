//! What others own of that which a configuration sets, as text.

use super::{Conflicts, go};
use crate::field::MOST_SAID;
use crate::managed::element::Element;
use crate::managed::entry::Manager;
use crate::managed::set::FieldSet;
use crate::status::StatusCause;

/// What one manager owns.
pub(super) struct Conflict<'m, 'a> {
    pub(super) manager: Manager<'m>,
    pub(super) fields: FieldSet<'a>,
}

/// Says all conflicts; `None` where there are none.
pub(super) fn say(mut conflicts: Vec<Conflict<'_, '_>>) -> Option<Conflicts> {
    conflicts.retain(|conflict| !conflict.fields.is_empty());
    conflicts.sort_by_cached_key(|conflict| conflict.manager.sorted_as());
    let count: usize = conflicts.iter().map(|conflict| conflict.fields.len()).sum();
    let (mut lines, mut causes) = (Vec::new(), Vec::new());
    let mut found = Paths { above: String::new(), left: MOST_SAID, all: Vec::new() };
    for conflict in &conflicts {
        let manager = name(&conflict.manager);
        found.collect(&conflict.fields);
        let paths = std::mem::take(&mut found.all);
        match (count, paths.as_slice()) {
            (1, [only]) => lines.push(format!("conflict with {manager}: {only}")),
            (_, many) => {
                lines.push(format!("conflicts with {manager}:"));
                lines.extend(many.iter().map(|path| format!("- {path}")));
            }
        }
        causes.extend(paths.into_iter().map(|field| StatusCause {
            reason: "FieldManagerConflict".to_owned(),
            message: format!("conflict with {manager}"),
            field,
        }));
    }
    let noun = if count == 1 { "conflict" } else { "conflicts" };
    let message = format!("Apply failed with {count} {noun}: {}", lines.join("\n"));
    (count > 0).then_some(Conflicts { message, causes })
}

fn name(manager: &Manager<'_>) -> String {
    let mut name = go::quoted(manager.name);
    if !manager.subresource.is_empty() {
        name.push_str(&format!(" with subresource {}", go::quoted(manager.subresource)));
    }
    if !manager.applies {
        name.push_str(&format!(" using {}", manager.api_version));
    }
    name
}

/// The paths of sets as text.
struct Paths {
    above: String,
    /// How many bytes may be said yet.
    left: usize,
    all: Vec<String>,
}

impl Paths {
    /// Adds those of a set: at each depth its own, and then those below.
    fn collect(&mut self, set: &FieldSet<'_>) {
        for node in set.nodes().iter().filter(|node| node.member) {
            self.at(&node.element, |this| {
                this.left = this.left.saturating_sub(this.above.len());
                this.all.extend((this.left > 0).then(|| this.above.clone()));
            });
        }
        for node in set.nodes().iter().filter(|node| !node.below.is_empty()) {
            self.at(&node.element, |this| this.collect(&node.below));
        }
    }

    fn at(&mut self, element: &Element<'_>, visit: impl FnOnce(&mut Self)) {
        if self.left == 0 {
            return;
        }
        let length = self.above.len();
        go::step(element, &mut self.above);
        visit(self);
        self.above.truncate(length);
    }
}
