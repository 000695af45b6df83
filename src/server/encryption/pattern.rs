//! Which resources a rule of a configuration is about.

use apimachinery::kind::Definition;

/// A resource as a configuration names it: `secrets`, `flunders.wardle.example.com`, all of a group (`*.GROUP`, and `*.` for
/// those of the core group), or all there are (`*.*`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    resource: String,
    group: String,
}

/// How closely a pattern fits; the closest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Closeness {
    Everything,
    Group,
    Resource,
}

const ANY: &str = "*";

impl Pattern {
    /// Reads a text; an error says what to write.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (resource, group) = text.split_once('.').unwrap_or((text, ""));
        let pattern = Pattern { resource: resource.to_owned(), group: group.to_owned() };
        if text == ANY {
            Err("write *.* for all resources, or *. for those of the core group".to_owned())
        } else if text.chars().any(|character| character.is_ascii_uppercase()) {
            Err("a resource is named by its plural in small letters, as secrets".to_owned())
        } else if resource.is_empty() || resource.contains('/') || text.chars().any(char::is_whitespace) {
            Err("write RESOURCE.GROUP, or RESOURCE alone for the core group; a subresource is stored with its resource"
                .to_owned())
        } else if resource != ANY && group == ANY {
            Err("name the group of the resource, or write *.*".to_owned())
        } else {
            Ok(pattern)
        }
    }

    /// The resource of a kind.
    pub(super) fn of(definition: &Definition) -> Self {
        Pattern { resource: definition.plural.to_owned(), group: definition.group.to_owned() }
    }

    /// How closely it fits a resource; `None` where it does not.
    pub(super) fn fits(&self, resource: &Self) -> Option<Closeness> {
        self.covers(resource).then(|| match (&*self.resource, &*self.group) {
            (ANY, ANY) => Closeness::Everything,
            (ANY, _) => Closeness::Group,
            _ => Closeness::Resource,
        })
    }

    /// Whether everything that the other is about is this one's, too.
    pub(super) fn covers(&self, other: &Self) -> bool {
        (self.group == ANY || self.group == other.group)
            && (self.resource == ANY || self.resource == other.resource)
    }
}
