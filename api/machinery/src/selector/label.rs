//! Label selectors.

use super::LabelSelectorError;
use crate::field::{Errors, FieldError, Path};
use crate::meta;
use crate::validation::{is_label_value, is_qualified_name};
use std::fmt;

/// How a requirement compares a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

/// A requirement on one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelRequirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

/// Requirements on labels, all of which must hold; none of them matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    requirements: Vec<LabelRequirement>,
}

impl LabelRequirement {
    /// A requirement with valid key and values, as many as the operator takes.
    pub fn new(key: &str, operator: Operator, mut values: Vec<String>) -> Result<Self, LabelSelectorError> {
        let path = Path::new("values");
        let mut faults: Errors = key_fault(&Path::new("key"), key).into_iter().collect();
        faults.extend(number_fault(&path, operator, &values));
        if matches!(operator, Operator::GreaterThan | Operator::LessThan) {
            let integers = "for 'Gt', 'Lt' operators, the value must be an integer";
            let others = values.iter().enumerate().filter(|(_, value)| value.parse::<i64>().is_err());
            faults.extend(
                others.map(|(index, value)| FieldError::invalid(&path.index(index), &**value, integers)),
            );
        }
        for (index, value) in values.iter().enumerate() {
            faults.extend(fault(&path.index(index).key(key), value, is_label_value(value)));
        }
        if !faults.is_empty() {
            return Err(LabelSelectorError::Faults(faults));
        }
        values.sort();
        values.dedup();
        Ok(LabelRequirement { key: key.to_owned(), operator, values })
    }

    /// The label's key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// How it compares.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// What it compares with, sorted.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    fn matches(&self, value: Option<&str>) -> bool {
        let listed = |value: &str| self.values.iter().any(|listed| listed == value);
        match self.operator {
            Operator::In => value.is_some_and(listed),
            Operator::NotIn => !value.is_some_and(listed),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => self.compare(value, |value, bound| value > bound),
            Operator::LessThan => self.compare(value, |value, bound| value < bound),
        }
    }

    /// A label that is not an integer is neither less nor greater.
    fn compare(&self, value: Option<&str>, holds: fn(i64, i64) -> bool) -> bool {
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok());
        number(value)
            .zip(number(self.values.first().map(String::as_str)))
            .is_some_and(|(value, bound)| holds(value, bound))
    }
}

/// What is wrong with a key, all in one fault.
pub(super) fn key_fault(path: &Path, key: &str) -> Option<FieldError> {
    fault(path, key, is_qualified_name(key))
}

fn fault(path: &Path, value: &str, faults: Vec<String>) -> Option<FieldError> {
    (!faults.is_empty()).then(|| FieldError::invalid(path, value, &faults.join("; ")))
}

/// The fault of an operator that has too many values, or too few.
fn number_fault(path: &Path, operator: Operator, values: &[String]) -> Option<FieldError> {
    let (fits, detail) = match operator {
        Operator::In | Operator::NotIn => {
            (!values.is_empty(), "for 'in', 'notin' operators, values set can't be empty")
        }
        Operator::Exists | Operator::DoesNotExist => {
            (values.is_empty(), "values set must be empty for exists and does not exist")
        }
        Operator::GreaterThan | Operator::LessThan => {
            (values.len() == 1, "for 'Gt', 'Lt' operators, exactly one value is required")
        }
    };
    // No values are `null` in Go.
    let value = if values.is_empty() { serde_json::Value::Null } else { values.into() };
    (!fits).then(|| FieldError::invalid(path, value, detail))
}

impl LabelSelector {
    /// A selector of these requirements.
    pub fn new(mut requirements: Vec<LabelRequirement>) -> Self {
        requirements.sort_by(|left, right| left.key.cmp(&right.key));
        LabelSelector { requirements }
    }

    /// Whether it matches everything.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Its requirements, sorted by key.
    pub fn requirements(&self) -> &[LabelRequirement] {
        &self.requirements
    }

    /// Whether an object, whose labels `value_of` gives, meets every requirement.
    pub fn matches<'a>(&self, value_of: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.requirements.iter().all(|requirement| requirement.matches(value_of(&requirement.key)))
    }
}

/// The selector that stands in an object.
impl TryFrom<&meta::LabelSelector> for LabelSelector {
    type Error = LabelSelectorError;

    fn try_from(selector: &meta::LabelSelector) -> Result<Self, LabelSelectorError> {
        let labels = selector.match_labels.iter();
        let labels = labels.map(|(key, value)| LabelRequirement::new(key, Operator::In, vec![value.clone()]));
        let expressions = selector.match_expressions.iter().map(|expression| {
            let operator = match expression.operator.as_str() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => return Err(LabelSelectorError::Operator(other.to_owned())),
            };
            LabelRequirement::new(&expression.key, operator, expression.values.clone())
        });
        labels.chain(expressions).collect::<Result<Vec<_>, _>>().map(LabelSelector::new)
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements.iter().enumerate() {
            if index > 0 {
                out.write_str(",")?;
            }
            requirement.fmt(out)?;
        }
        Ok(())
    }
}

impl fmt::Display for LabelRequirement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, values) = (&self.key, self.values.join(","));
        match (self.operator, self.values.len()) {
            (Operator::In, 1) => write!(out, "{key}={values}"),
            (Operator::NotIn, 1) => write!(out, "{key}!={values}"),
            (Operator::In, _) => write!(out, "{key} in ({values})"),
            (Operator::NotIn, _) => write!(out, "{key} notin ({values})"),
            (Operator::Exists, _) => out.write_str(key),
            (Operator::DoesNotExist, _) => write!(out, "!{key}"),
            (Operator::GreaterThan, _) => write!(out, "{key}>{values}"),
            (Operator::LessThan, _) => write!(out, "{key}<{values}"),
        }
    }
}
