//! Named formats: `format.dns1123Label().validate(text)` gives what is wrong with a text, or nothing.

use super::{Outcome, Text, failed, opaque};
use apimachinery::validation as names;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use cel::extractors::This;
use cel::objects::{Opaque, OptionalValue};
use cel::{Context, DeclarationError, Value};
use std::sync::Arc;

/// What is wrong with a text; nothing when it is right.
type Check = fn(&str) -> Vec<String>;

const FORMATS: &[(&str, Check)] = &[
    ("dns1123Label", names::is_dns1123_label),
    ("dns1123Subdomain", names::is_dns1123_subdomain),
    ("dns1035Label", names::is_dns1035_label),
    ("qualifiedName", names::is_qualified_name),
    ("dns1123LabelPrefix", |text| names::is_dns1123_label(&completed(text))),
    ("dns1123SubdomainPrefix", |text| names::is_dns1123_subdomain(&completed(text))),
    ("dns1035LabelPrefix", |text| names::is_dns1035_label(&completed(text))),
    ("labelValue", names::is_label_value),
    ("uri", |text| wrong(text.parse::<http::Uri>().is_err(), "invalid URI")),
    ("uuid", |text| wrong(uuid::Uuid::try_parse(text).is_err(), "does not match the UUID format")),
    ("byte", |text| wrong(BASE64_STANDARD.decode(text).is_err(), "invalid base64")),
    ("date", |text| wrong(chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_err(), "invalid date")),
    ("datetime", |text| wrong(chrono::DateTime::parse_from_rfc3339(text).is_err(), "invalid datetime")),
];

/// A prefix that ends with a hyphen goes on with something.
fn completed(prefix: &str) -> String {
    match prefix.strip_suffix('-') {
        Some(start) => format!("{start}a"),
        None => prefix.to_owned(),
    }
}

fn wrong(is_wrong: bool, reason: &str) -> Vec<String> {
    is_wrong.then(|| reason.to_owned()).into_iter().collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Format(usize);

impl Opaque for Format {
    fn runtime_type_name(&self) -> &str {
        "kubernetes.NamedFormat"
    }
}

/// Adds the functions of named formats.
pub(super) fn add(context: &mut Context<'_, '_>) -> Vec<Result<(), DeclarationError>> {
    let format = |number: usize| Value::Opaque(Arc::new(Format(number)));
    let mut added: Vec<_> = FORMATS
        .iter()
        .enumerate()
        .map(|(number, (name, _))| context.add_function(&format!("format.{name}"), move || format(number)))
        .collect();
    added.push(context.add_function("format.named", move |name: Text| {
        let found = FORMATS.iter().position(|(known, _)| *known == *name);
        optional(found.map(format))
    }));
    added.push(context.add_function("validate", validate));
    added
}

fn optional(value: Option<Value>) -> Value {
    Value::Opaque(Arc::new(value.map_or_else(OptionalValue::none, OptionalValue::of)))
}

fn validate(this: This<Value>, text: Text) -> Outcome<Value> {
    let format = opaque::<Format>(&this.0).ok_or_else(|| failed("validate", "this is no format"))?;
    let (_, check) = FORMATS.get(format.0).ok_or_else(|| failed("validate", "this is no format"))?;
    let faults: Vec<Value> = check(&text).into_iter().map(|fault| Value::String(Arc::new(fault))).collect();
    Ok(optional(Some(faults).filter(|faults| !faults.is_empty()).map(|faults| Value::List(Arc::new(faults)))))
}
