//! The entries of `metadata.managedFields`, read and written.

use super::set::FieldSet;
use crate::meta::ManagedFieldsEntry;
use crate::time::Time;
use crate::wire::json;

const APPLY: &str = "Apply";
const UPDATE: &str = "Update";
const FIELDS_V1: &str = "FieldsV1";

/// Who owns fields. Who applies is the same in every version of the kind; who updates is not.
#[derive(Clone, Copy, Debug)]
pub struct Manager<'a> {
    /// The name; `unknown` where there is none.
    pub name: &'a str,
    /// Such as `wardle.example.com/v1`: the version that the fields are of.
    pub api_version: &'a str,
    /// Such as `status`; empty for the main resource.
    pub subresource: &'a str,
    /// Whether it applies, and does not update.
    pub applies: bool,
}

impl PartialEq for Manager<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Manager<'_> {
    fn parts(&self) -> (&str, &str, &str) {
        (self.name, self.api_version, self.subresource)
    }

    fn operation(&self) -> &'static str {
        if self.applies { APPLY } else { UPDATE }
    }

    /// What no other manager has.
    fn identity(&self) -> (&str, bool, &str, &str) {
        (self.name, self.applies, if self.applies { "" } else { self.api_version }, self.subresource)
    }

    /// By this text it is sorted in messages: Kubernetes sorts managers by their identity as JSON.
    pub(super) fn sorted_as(&self) -> String {
        let (name, _, api_version, subresource) = self.identity();
        let mut text = Vec::new();
        json::encode(name, &mut text);
        let end = if subresource.is_empty() { "}".to_owned() } else { format!(",{subresource}\"") };
        format!("{},{},{api_version}\"{end}", String::from_utf8_lossy(&text), self.operation())
    }

    fn entry(&self) -> ManagedFieldsEntry {
        ManagedFieldsEntry {
            manager: self.name.to_owned(),
            operation: self.operation().to_owned(),
            api_version: self.api_version.to_owned(),
            subresource: self.subresource.to_owned(),
            ..ManagedFieldsEntry::default()
        }
    }
}

/// What one manager owns.
#[derive(Clone, Debug)]
pub struct Managed<'a> {
    /// Who.
    pub manager: Manager<'a>,
    /// Since when it is so.
    pub time: Option<Time>,
    /// The fields.
    pub fields: FieldSet<'a>,
    /// The entry it was read from, while that still says the same but for the time.
    pub(super) source: Option<&'a ManagedFieldsEntry>,
}

/// Reads entries. One that stands twice counts as it stands last.
pub fn read(entries: &[ManagedFieldsEntry]) -> Result<Vec<Managed<'_>>, String> {
    let mut all: Vec<Managed<'_>> = Vec::with_capacity(entries.len() + 1);
    for (index, entry) in entries.iter().enumerate() {
        all.push(read_one(entry).map_err(|reason| format!("managedFields[{index}]: {reason}"))?);
    }
    all.reverse();
    all.sort_by(|one, other| one.manager.identity().cmp(&other.manager.identity()));
    all.dedup_by(|other, one| other.manager == one.manager);
    Ok(all)
}

fn read_one(entry: &ManagedFieldsEntry) -> Result<Managed<'_>, String> {
    if ![APPLY, UPDATE].contains(&entry.operation.as_str()) {
        return Err(format!("operation must be {APPLY} or {UPDATE}"));
    }
    if entry.api_version.is_empty() {
        return Err("apiVersion must not be empty".into());
    }
    if entry.fields_type != FIELDS_V1 {
        return Err(format!("fieldsType must be {FIELDS_V1}, not {:?}", entry.fields_type));
    }
    let manager = Manager {
        name: &entry.manager,
        api_version: &entry.api_version,
        subresource: &entry.subresource,
        applies: entry.operation == APPLY,
    };
    let fields = FieldSet::read(&entry.fields_v1).map_err(|error| error.to_string())?;
    Ok(Managed { manager, time: entry.time, fields, source: Some(entry) })
}

/// Whether nothing but the time tells two entries apart.
pub fn same_but_for_time(one: &ManagedFieldsEntry, other: &ManagedFieldsEntry) -> bool {
    one.fields_v1 == other.fields_v1 && ManagedFieldsEntry { time: other.time, ..one.clone() } == *other
}

/// Puts entries in their order: who applies first, then by time, name, version and subresource.
pub(super) fn sort(all: &mut [Managed<'_>]) {
    let when = |managed: &Managed<'_>| (!managed.manager.applies, managed.time.map_or(0, Time::seconds));
    all.sort_by(|one, other| {
        let (one_manager, other_manager) = (one.manager.parts(), other.manager.parts());
        when(one).cmp(&when(other)).then_with(|| one_manager.cmp(&other_manager))
    });
}

/// The entry of a manager.
pub(super) fn write(managed: Managed<'_>) -> ManagedFieldsEntry {
    match managed.source {
        Some(entry) => ManagedFieldsEntry { time: managed.time, ..entry.clone() },
        None => ManagedFieldsEntry {
            time: managed.time,
            fields_type: FIELDS_V1.to_owned(),
            fields_v1: managed.fields.write(),
            ..managed.manager.entry()
        },
    }
}
