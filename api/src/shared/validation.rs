//! What the shared part of a spec may say, beyond its types.

use super::{
    InstanceSpec, MaintenanceWindow, NamespacesFrom, NetworkType, check_references, check_resources,
    check_subdomain,
};
use apimachinery::field::{Errors, FieldError, Path};
use std::collections::BTreeSet;
use std::net::IpAddr;

const MINUTE: i64 = 60_000_000_000;

/// Adds the faults of a changed object; one that was there before is not held against a change of something else (K-09).
pub(crate) fn check_change<T>(new: &T, old: &T, validate: impl Fn(&T, &mut Errors), errors: &mut Errors) {
    let (mut now, mut before) = (Errors::new(), Errors::new());
    validate(new, &mut now);
    if !now.is_empty() {
        validate(old, &mut before);
    }
    errors.extend(now.into_iter().filter(|error| !before.contains(error)));
}

/// What an object says instead of asking for no servers. Nobody says so for a class.
pub(crate) const TO_STOP: &str =
    "; to stop the database set spec.state to Stopped, where its class offers that";

/// Adds the faults of names, amounts, ranges, windows and references. `kind` is what the object itself is.
pub(crate) fn check_instance(spec: &InstanceSpec, kind: &str, path: &Path, errors: &mut Errors) {
    if !spec.class_name.is_empty() {
        check_subdomain(&spec.class_name, &path.child("className"), errors);
    }
    if let Some(name) = &spec.storage.storage_class_name {
        check_subdomain(name, &path.child("storage").child("storageClassName"), errors);
    }
    let backup = spec.backup.as_ref().and_then(|backup| backup.resources.as_ref());
    for (resources, at) in [
        (spec.resources.as_ref(), path.child("resources")),
        (backup, path.child("backup").child("resources")),
    ] {
        if let Some(resources) = resources {
            check_resources(resources, &at, errors);
        }
    }
    machine_types(spec, &path.child("machineTypes"), errors);
    network(spec, &path.child("network"), errors);
    check_references(spec, kind, path, errors);
    if let Some(maintenance) = &spec.maintenance {
        let path = path.child("maintenance").child("windows");
        for (index, opening) in maintenance.windows.iter().enumerate() {
            window(opening, &path.index(index), errors);
        }
    }
    let namespaces = spec.allowed_access.as_ref().and_then(|access| access.namespaces.as_ref());
    if let Some(namespaces) = namespaces
        && namespaces.from == Some(NamespacesFrom::Selector)
        && namespaces.selector.is_none()
    {
        let path = path.child("allowedAccess").child("namespaces").child("selector");
        errors.push(FieldError::required(&path, "from is Selector"));
    }
}

fn machine_types(spec: &InstanceSpec, path: &Path, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (index, machine) in spec.machine_types.iter().enumerate() {
        let at = path.index(index).child("provider");
        let camel_case = machine.provider.starts_with(|first: char| first.is_ascii_uppercase())
            && machine.provider.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !camel_case {
            let detail = "must be the cloud's name in CamelCase, such as AWS, GCP or Azure";
            errors.push(FieldError::invalid(&at, &*machine.provider, detail));
        }
        if machine.name.is_empty() {
            errors.push(FieldError::required(&path.index(index).child("name"), ""));
        }
        if !seen.insert(&machine.provider) {
            errors.push(FieldError::duplicate(&at, &*machine.provider));
        }
    }
}

fn network(spec: &InstanceSpec, path: &Path, errors: &mut Errors) {
    let Some(network) = &spec.network else { return };
    for (index, range) in network.allowed_source_ranges.iter().enumerate() {
        if !is_cidr(range) {
            let at = path.child("allowedSourceRanges").index(index);
            errors.push(FieldError::invalid(
                &at,
                &**range,
                "must be a CIDR range such as 10.0.0.0/8 or fd00::/8",
            ));
        }
    }
    if let Some(port) = network.port.filter(|port| !(1..=65535).contains(port)) {
        errors.push(FieldError::invalid(&path.child("port"), port, "must be between 1 and 65535"));
    }
    let internal = network.kind.as_ref().is_none_or(|kind| *kind == NetworkType::ClusterIP);
    if internal && !network.allowed_source_ranges.is_empty() {
        let detail = "needs spec.network.type NodePort or LoadBalancer";
        errors.push(FieldError::forbidden(&path.child("allowedSourceRanges"), detail));
    }
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let most = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.len() <= 3
        && bits.bytes().all(|byte| byte.is_ascii_digit())
        && bits.parse().is_ok_and(|bits: u8| bits <= most)
}

fn window(window: &MaintenanceWindow, path: &Path, errors: &mut Errors) {
    let digits = |text: &str, most: u8| text.len() == 2 && text.parse().is_ok_and(|value: u8| value <= most);
    if !window.start.split_once(':').is_some_and(|(hour, minute)| digits(hour, 23) && digits(minute, 59)) {
        let detail = "must be a time of day as HH:MM, such as 02:30";
        errors.push(FieldError::invalid(&path.child("start"), &*window.start, detail));
    }
    if !(30 * MINUTE..=24 * 60 * MINUTE).contains(&window.duration.0) {
        let text = window.duration.to_string();
        errors.push(FieldError::invalid(&path.child("duration"), text, "must be between 30m and 24h"));
    }
    if !window.time_zone.is_empty() && !is_time_zone(&window.time_zone) {
        let detail = "must be the name of an IANA time zone, such as Europe/Paris";
        errors.push(FieldError::invalid(&path.child("timeZone"), &*window.time_zone, detail));
    }
}

/// By its form alone: which zones there are differs between machines. `Local` would mean another zone on each.
fn is_time_zone(name: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    };
    name != "Local" && name.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use apimachinery::wire::json;
    use serde_json::{Value, json};

    fn check(spec: Value, expect: &[&str]) {
        let (spec, _) = json::decode_tree::<InstanceSpec>(&spec).unwrap();
        let mut errors = Errors::new();
        check_instance(&spec, "PostgreSQL", &Path::new("spec"), &mut errors);
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, expect, "{errors:?}");
    }

    #[test]
    fn names_ranges_windows_and_references_are_looked_at() {
        check(json!({}), &[]);
        check(json!({"className": "UPPER_"}), &["spec.className"]);
        check(json!({"storage": {"storageClassName": "a/b"}}), &["spec.storage.storageClassName"]);
        let machines = json!([{"provider": "AWS", "name": "m"}, {"provider": "AWS", "name": "n"}, {"provider": "gcp", "name": ""}]);
        let fields =
            ["spec.machineTypes[1].provider", "spec.machineTypes[2].provider", "spec.machineTypes[2].name"];
        check(json!({"machineTypes": machines}), &fields);
        let ranges = json!(["10.0.0.0/8", "fd00::/8", "10.0.0.0/33", "10.0.0.0", "x/8", "1.2.3.4/+8"]);
        let fields = [2, 3, 4, 5].map(|index| format!("spec.network.allowedSourceRanges[{index}]"));
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        check(json!({"network": {"type": "LoadBalancer", "allowedSourceRanges": ranges}}), &fields);
        check(
            json!({"network": {"allowedSourceRanges": ["10.0.0.0/8"]}}),
            &["spec.network.allowedSourceRanges"],
        );
        check(json!({"network": {"port": 70000}}), &["spec.network.port"]);
        check(json!({"dataSourceRef": {"kind": "Pod", "name": "x"}}), &["spec.dataSourceRef.kind"]);
        let window = |start: &str, duration: &str| json!({"maintenance": {"windows": [{"start": start, "duration": duration}]}});
        check(window("02:30", "2h"), &[]);
        check(
            window("24:00", "25h"),
            &["spec.maintenance.windows[0].start", "spec.maintenance.windows[0].duration"],
        );
        check(
            window("2:30", "5m"),
            &["spec.maintenance.windows[0].start", "spec.maintenance.windows[0].duration"],
        );
        let selector = json!({"allowedAccess": {"namespaces": {"from": "Selector"}}});
        check(selector, &["spec.allowedAccess.namespaces.selector"]);
    }
}
