//! A place in the file. Faults name it, and never what stands there: that may be a secret.

use serde_json::Value;

/// Names that are not known are shown up to here: a key in base64 is longer.
const LONGEST_SHOWN: usize = 20;

/// What is wrong in a file, each with its place.
#[derive(Default)]
pub(super) struct Faults(Vec<String>);

impl Faults {
    /// Nothing but what is right, or everything that is wrong.
    pub(super) fn or<T>(self, right: T) -> Result<T, Vec<String>> {
        if self.0.is_empty() { Ok(right) } else { Err(self.0) }
    }
}

/// A value of the file, and where it stands.
pub(super) struct Place<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Place<'a> {
    /// The whole file.
    pub(super) fn root(value: &'a Value) -> Self {
        Place { path: String::new(), value }
    }

    /// Tells of a fault here.
    pub(super) fn fault(&self, faults: &mut Faults, what: impl std::fmt::Display) {
        let colon = if self.path.is_empty() { "" } else { ": " };
        faults.0.push(format!("{}{colon}{what}", self.path));
    }

    /// The members of an object; `None` for each that is not there. Others are faults.
    pub(super) fn members<const N: usize>(
        &self,
        names: [&str; N],
        faults: &mut Faults,
    ) -> [Option<Place<'a>>; N] {
        let fields = if N == 0 { "no fields".to_owned() } else { names.join(", ") };
        let Some(object) = self.value.as_object() else {
            self.fault(faults, format!("must be an object with {fields}"));
            return [const { None }; N];
        };
        for name in object.keys().filter(|name| !names.contains(&name.as_str())) {
            let shown = if name.len() <= LONGEST_SHOWN { name } else { "of that name" };
            self.fault(faults, format!("there is no field {shown}; there are {fields}"));
        }
        names.map(|name| {
            let value = object.get(name).filter(|value| !value.is_null())?;
            let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
            Some(Place { path, value })
        })
    }

    /// The items of a list of at least one.
    pub(super) fn items(&self, faults: &mut Faults) -> Vec<Place<'a>> {
        let items = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
        if items.is_empty() {
            self.fault(faults, "must be a list of at least one");
        }
        let place = |(at, value)| Place { path: format!("{}[{at}]", self.path), value };
        items.iter().enumerate().map(place).collect()
    }

    /// A text.
    pub(super) fn text(&self, faults: &mut Faults) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.fault(faults, "must be a text");
        }
        text
    }

    /// What must be there.
    pub(super) fn needed(&self, member: Option<Self>, name: &str, faults: &mut Faults) -> Option<Self> {
        if member.is_none() {
            self.fault(faults, format!("{name} is needed"));
        }
        member
    }
}
