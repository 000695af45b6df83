//! Texts. Places and lengths count characters, not bytes.

use super::convert::length;
use super::{Overload, overload};
use crate::admission::extension::expression::{Budget, Outcome, Value, escape, fault};
use std::sync::Arc;

pub(super) const OVERLOADS: &[Overload] = &[
    overload!(Member "contains" (String a, String b) -> Bool, |_| a.contains(&**b)),
    overload!(Member "startsWith" (String a, String b) -> Bool, |_| a.starts_with(&**b)),
    overload!(Member "endsWith" (String a, String b) -> Bool, |_| a.ends_with(&**b)),
    overload!(Member "charAt" (String a, Int at) -> String, |_| char_at(a, *at)),
    overload!(Member "indexOf" (String a, String b) -> Int, |_| index_of(a, b, 0)),
    overload!(Member "indexOf" (String a, String b, Int from) -> Int, |_| index_of(a, b, *from)),
    overload!(Member "lastIndexOf" (String a, String b) -> Int, |_| {
        if b.is_empty() { Ok(length(a.chars().count())) } else { last_index_of(a, b, i64::MAX) }
    }),
    overload!(Member "lastIndexOf" (String a, String b, Int from) -> Int, |_| {
        let count = length(a.chars().count());
        match (b.is_empty(), *from) {
            (false, from) if from >= count => Ok(-1),
            (true, from) if from > count => Ok(count),
            (_, from) => last_index_of(a, b, from),
        }
    }),
    overload!(Member "lowerAscii" (String a) -> String, |effects| {
        effects.budget.make(a.len()).map(|()| a.to_ascii_lowercase())
    }),
    overload!(Member "upperAscii" (String a) -> String, |effects| {
        effects.budget.make(a.len()).map(|()| a.to_ascii_uppercase())
    }),
    overload!(Member "replace" (String a, String from, String to) -> String, |effects| {
        replaced([a, from, to], -1, &effects.budget)
    }),
    overload!(Member "replace" (String a, String from, String to, Int most) -> String, |effects| {
        replaced([a, from, to], *most, &effects.budget)
    }),
    overload!(Member "split" (String a, String by) -> List, |effects| split(a, by, -1, &effects.budget)),
    overload!(Member "split" (String a, String by, Int most) -> List, |effects| split(a, by, *most, &effects.budget)),
    overload!(Member "substring" (String a, Int from) -> String, |_| substring(a, *from, length(a.chars().count()))),
    overload!(Member "substring" (String a, Int from, Int to) -> String, |_| substring(a, *from, *to)),
    overload!(Member "trim" (String a) -> String, |_| a.trim()),
    overload!(Global "strings.quote" (String a) -> String, |effects| {
        effects.budget.make(a.len()).map(|()| quoted(a))
    }),
    overload!(Member "join" (List a) -> String, |effects| joined(a, "", &effects.budget)),
    overload!(Member "join" (List a, String by) -> String, |effects| joined(a, by, &effects.budget)),
];

fn out_of_range<T>(place: i64) -> Outcome<T> {
    Err(fault(format!("index out of range: {place}")))
}

fn char_at(text: &str, place: i64) -> Outcome<String> {
    let Ok(index) = usize::try_from(place) else { return out_of_range(place) };
    match text.chars().nth(index) {
        Some(found) => Ok(found.to_string()),
        None if index == text.chars().count() => Ok(String::new()),
        None => out_of_range(place),
    }
}

/// Where the characters of a text begin, and its end.
fn starts(text: &str) -> Vec<usize> {
    text.char_indices().map(|(start, _)| start).chain([text.len()]).collect()
}

fn index_of(text: &str, wanted: &str, from: i64) -> Outcome<i64> {
    let Ok(from) = usize::try_from(from) else { return out_of_range(from) };
    let starts = starts(text);
    let Some(start) = starts.get(from) else {
        return Ok(if wanted.is_empty() { length(starts.len() - 1) } else { -1 });
    };
    let found = text[*start..].find(wanted).map(|found| start + found);
    Ok(found.and_then(|found| starts.binary_search(&found).ok()).map_or(-1, length))
}

/// The last place at or before `from`.
fn last_index_of(text: &str, wanted: &str, from: i64) -> Outcome<i64> {
    let Ok(from) = usize::try_from(from) else { return out_of_range(from) };
    let starts = starts(text);
    let start = starts[from.min(starts.len() - 1)];
    let mut end = (start + wanted.len()).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let found = text[..end].rfind(wanted);
    Ok(found.and_then(|found| starts.binary_search(&found).ok()).map_or(-1, length))
}

fn substring(text: &str, from: i64, to: i64) -> Outcome<String> {
    if from > to {
        return Err(fault(format!("invalid substring range. start: {from}, end: {to}")));
    }
    let starts = starts(text);
    let place = |place: i64| match usize::try_from(place).ok().and_then(|place| starts.get(place)) {
        Some(start) => Ok(*start),
        None => out_of_range(place),
    };
    Ok(text[place(from)?..place(to)?].to_owned())
}

fn replaced([text, from, to]: [&Arc<str>; 3], most: i64, budget: &Budget) -> Outcome<String> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let places = text.matches(&**from).take(most).count();
    budget.make(text.len().saturating_add(places.saturating_mul(to.len())))?;
    Ok(text.replacen(&**from, to, most))
}

/// At most so many parts; all of them where `most` is negative. By nothing, a text falls into its characters.
fn split(text: &str, by: &str, most: i64, budget: &Budget) -> Outcome<Vec<Value>> {
    budget.make(text.len())?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if most == 0 {
        return Ok(Vec::new());
    }
    if !by.is_empty() {
        return Ok(text.splitn(most, by).map(Value::text).collect());
    }
    let starts = starts(text);
    let parts = (starts.len() - 1).min(most);
    let end = |part: usize| if part + 1 == parts { text.len() } else { starts[part + 1] };
    Ok((0..parts).map(|part| Value::text(&text[starts[part]..end(part)])).collect())
}

fn joined(list: &[Value], by: &str, budget: &Budget) -> Outcome<String> {
    budget.make(
        list.iter().map(Value::size).sum::<usize>().saturating_add(list.len().saturating_mul(by.len())),
    )?;
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        other => Err(fault(format!("join: invalid input: {}", other.shown()))),
    };
    let texts: Vec<Arc<str>> = list.iter().map(text).collect::<Outcome<_>>()?;
    Ok(texts.join(by))
}

/// In quotes, what the language itself has names for escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match escape(character) {
            Some(name) => quoted.push_str(name),
            None => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
