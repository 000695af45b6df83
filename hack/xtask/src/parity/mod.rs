//! `xtask parity`: what a built-in API does, item by item, the tests that prove it here, and how they went.
//!
//! The table is `items.txt`; how tests went is what `xtask test` left about just these sources.

mod sources;
mod table;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use table::TABLE;

use crate::test::results::Results;
use crate::{source, tree};
use table::{Item, Table};
use verdict::{Tally, Verdict};

/// Prints the items whose numbers begin with one of `words`, or all; true when each passes or is not ours.
pub(crate) fn run(words: &[String]) -> Result<bool, String> {
    let (options, beginnings): (Vec<&String>, Vec<&String>) =
        words.iter().partition(|word| word.starts_with('-'));
    if let Some(unknown) = options.iter().find(|option| **option != "--open") {
        return Err(format!("there is no option {unknown}; see hack/parity --help"));
    }
    let table = Table::read()?;
    let files = tree::files()?;
    let absent: Vec<String> = table.tests().filter_map(|test| sources::absent(test, &files)).collect();
    if !absent.is_empty() {
        return Err(absent.join("\n"));
    }
    let results = Results::of(&source::fingerprint()?)?;
    let is_chosen = |item: &&Item| {
        beginnings.is_empty()
            || beginnings.iter().any(|beginning| item.number.starts_with(beginning.as_str()))
    };
    let mut tally = Tally::default();
    for item in table.items.iter().filter(is_chosen) {
        let verdict = Verdict::of(item, &results);
        tally.add(verdict);
        if options.is_empty() || !verdict.is_settled() {
            print(item, verdict, &results);
        }
    }
    println!("{tally}");
    Ok(tally.is_settled())
}

fn print(item: &Item, verdict: Verdict, results: &Results) {
    println!("{:<10} {} {:<8} {}", item.number, item.priority, verdict.to_string(), item.title);
    for test in &item.tests {
        let how = results.how(test).map_or_else(|| "not run".to_owned(), |how| how.to_string());
        println!("{:<13} {how:<8} {test}", "");
    }
    if let Some(note) = &item.note {
        println!("{:<13} {note}", "");
    }
}
