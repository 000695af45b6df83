//! What holds of every kind's status.

use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::meta::Condition;
use apimachinery::validation::validate_conditions;

/// Numbers of a status are never negative; nobody has observed less than nothing.
pub(crate) fn validate(
    generation: i64,
    numbers: &[(&str, i64)],
    (conditions, before): (&[Condition], &[Condition]),
    errors: &mut Errors,
) {
    let path = Path::new("status");
    let mut check = |path: &Path, number: i64| {
        if number < 0 {
            errors.push(FieldError::invalid(path, number, "must be greater than or equal to 0"));
        }
    };
    check(&path.child("observedGeneration"), generation);
    for (name, number) in numbers {
        check(&path.child(name), *number);
    }
    validate_conditions(&path.child("conditions"), conditions, before, errors);
}
