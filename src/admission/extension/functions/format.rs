//! Named formats: `format.dns1123Label().validate(text)` gives what is wrong with a text, or nothing.

use super::{Overload, overload, url};
use crate::admission::extension::expression::{Outcome, Value, fault};
use apimachinery::validation as names;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

pub(super) const OVERLOADS: &[Overload] = &[
    overload!(Global "format.named" (String name) -> Optional, |_| {
        position(name).map_or(Value::Optional(None), |number| Value::some(Value::Format(number)))
    }),
    overload!(Global "format.dns1123Label" () -> Format, |_| named("dns1123Label")),
    overload!(Global "format.dns1123Subdomain" () -> Format, |_| named("dns1123Subdomain")),
    overload!(Global "format.dns1035Label" () -> Format, |_| named("dns1035Label")),
    overload!(Global "format.qualifiedName" () -> Format, |_| named("qualifiedName")),
    overload!(Global "format.dns1123LabelPrefix" () -> Format, |_| named("dns1123LabelPrefix")),
    overload!(Global "format.dns1123SubdomainPrefix" () -> Format, |_| named("dns1123SubdomainPrefix")),
    overload!(Global "format.dns1035LabelPrefix" () -> Format, |_| named("dns1035LabelPrefix")),
    overload!(Global "format.labelValue" () -> Format, |_| named("labelValue")),
    overload!(Global "format.uri" () -> Format, |_| named("uri")),
    overload!(Global "format.uuid" () -> Format, |_| named("uuid")),
    overload!(Global "format.byte" () -> Format, |_| named("byte")),
    overload!(Global "format.date" () -> Format, |_| named("date")),
    overload!(Global "format.datetime" () -> Format, |_| named("datetime")),
    overload!(Member "validate" (Format format, String text) -> Optional, |_| validate(*format, text)),
];

/// What is wrong with a text; nothing when it is right.
type Check = fn(&str) -> Vec<String>;

const FORMATS: &[(&str, Check)] = &[
    ("dns1123Label", names::is_dns1123_label),
    ("dns1123Subdomain", names::is_dns1123_subdomain),
    ("dns1035Label", names::is_dns1035_label),
    ("qualifiedName", names::is_qualified_name),
    ("dns1123LabelPrefix", |text| names::is_dns1123_label(&names::completed(text))),
    ("dns1123SubdomainPrefix", |text| names::is_dns1123_subdomain(&names::completed(text))),
    ("dns1035LabelPrefix", |text| names::is_dns1035_label(&names::completed(text))),
    ("labelValue", names::is_label_value),
    ("uri", |text| wrong(!url::is_request_uri(text), "invalid URI for request")),
    ("uuid", |text| wrong(uuid::Uuid::try_parse(text).is_err(), "does not match the UUID format")),
    ("byte", |text| wrong(BASE64_STANDARD.decode(text).is_err(), "invalid base64")),
    ("date", |text| wrong(chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_err(), "invalid date")),
    ("datetime", |text| wrong(chrono::DateTime::parse_from_rfc3339(text).is_err(), "invalid datetime")),
];

fn wrong(is_wrong: bool, reason: &str) -> Vec<String> {
    is_wrong.then(|| reason.to_owned()).into_iter().collect()
}

fn position(name: &str) -> Option<usize> {
    FORMATS.iter().position(|(known, _)| *known == name)
}

fn named(name: &str) -> Outcome<Value> {
    position(name).map(Value::Format).ok_or_else(|| fault("there is no such format"))
}

fn validate(number: usize, text: &str) -> Outcome<Value> {
    let (_, check) = FORMATS.get(number).ok_or_else(|| fault("there is no such format"))?;
    let faults: Vec<Value> = check(text).into_iter().map(Value::text).collect();
    Ok(if faults.is_empty() { Value::Optional(None) } else { Value::some(Value::list(faults)) })
}
