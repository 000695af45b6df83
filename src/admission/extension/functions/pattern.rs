//! Regular expressions, with RE2's meaning.

use super::{Overload, overload, re2};
use crate::admission::extension::expression::{Budget, Effects, Outcome, Value, fault};
use regex::Regex;

pub(super) const OVERLOADS: &[Overload] = &[
    overload!(Member "matches" (String a, Pattern wanted) -> Bool, |_| wanted.is_match(a)),
    overload!(Member "matches" (String a, String wanted) -> Bool, |effects| {
        compiled(wanted, effects).map(|wanted| wanted.is_match(a))
    }),
    overload!(Global "matches" (String a, Pattern wanted) -> Bool, |_| wanted.is_match(a)),
    overload!(Global "matches" (String a, String wanted) -> Bool, |effects| {
        compiled(wanted, effects).map(|wanted| wanted.is_match(a))
    }),
    overload!(Member "find" (String a, Pattern wanted) -> String, |_| find(a, wanted)),
    overload!(Member "find" (String a, String wanted) -> String, |effects| {
        compiled(wanted, effects).map(|wanted| find(a, &wanted))
    }),
    overload!(Member "findAll" (String a, Pattern wanted) -> List, |effects| find_all(a, wanted, -1, &effects.budget)),
    overload!(Member "findAll" (String a, String wanted) -> List, |effects| {
        compiled(wanted, effects).and_then(|wanted| find_all(a, &wanted, -1, &effects.budget))
    }),
    overload!(Member "findAll" (String a, Pattern wanted, Int most) -> List, |effects| {
        find_all(a, wanted, *most, &effects.budget)
    }),
    overload!(Member "findAll" (String a, String wanted, Int most) -> List, |effects| {
        compiled(wanted, effects).and_then(|wanted| find_all(a, &wanted, *most, &effects.budget))
    }),
];

/// One that is not known before the evaluation. Compiling it costs as much as making a hundred times its length.
fn compiled(wanted: &str, effects: &Effects) -> Outcome<Regex> {
    effects.budget.make(wanted.len().saturating_mul(100))?;
    re2::compile(wanted).map_err(|reason| fault(format!("error parsing regexp: {reason}")))
}

fn find(text: &str, wanted: &Regex) -> String {
    wanted.find(text).map_or(String::new(), |found| found.as_str().to_owned())
}

fn find_all(text: &str, wanted: &Regex, most: i64, budget: &Budget) -> Outcome<Vec<Value>> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut all = Vec::new();
    for found in wanted.find_iter(text).take(most) {
        budget.charge(1)?;
        all.push(Value::text(found.as_str()));
    }
    Ok(all)
}
