//! The table names what there is, and nothing is left out of it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::sources::absent;
use super::table::{Item, Note, Table};
use super::verdict::Verdict;
use crate::test::results::Results;
use crate::tree;

/// The letters of a number; the rest orders the items that share them.
fn area_of(number: &str) -> &str {
    number.split_once('-').map_or(number, |(area, _)| area)
}

#[test]
fn numbers_are_unique_and_sorted_in_their_areas() {
    let table = Table::read().unwrap();
    let mut areas: Vec<&str> = Vec::new();
    for (index, item) in table.items.iter().enumerate() {
        let area = area_of(&item.number);
        match index.checked_sub(1).map(|before| &table.items[before].number) {
            Some(before) if area_of(before) == area => {
                assert!(before < &item.number, "{before} stands before {}", item.number);
            }
            _ => areas.push(area),
        }
    }
    let unique: BTreeSet<&str> = areas.iter().copied().collect();
    assert_eq!(unique.len(), areas.len(), "an area stands in one place: {areas:?}");
}

#[test]
fn every_test_that_is_named_exists() {
    let files = tree::files().unwrap();
    let table = Table::read().unwrap();
    let absent: Vec<String> = table.tests().filter_map(|test| absent(test, &files)).collect();
    assert!(absent.is_empty(), "{}", absent.join("\n"));
}

#[test]
fn what_is_settled_and_what_is_not_says_so() {
    for item in Table::read().unwrap().items {
        match &item.note {
            Some(Note::NotOurs(_)) => {
                assert!(item.tests.is_empty(), "{}: tests of what is not ours", item.number)
            }
            Some(Note::Missing(_)) => {}
            Some(Note::Unlike(_)) | None => assert!(
                !item.tests.is_empty(),
                "{} has no test, and does not say what is missing",
                item.number
            ),
        }
    }
}

#[test]
fn a_test_that_is_not_there_is_found() {
    let files = tree::files().unwrap();
    for (test, is_there) in [
        ("databases_apiserver endpoint::tests::writes::create_sets_what_the_server_owns", true),
        ("databases_apiserver endpoint::tests::writes::create_sets_what", false),
        ("databases_apiserver endpoint::tests::deletes::create_sets_what_the_server_owns", false),
        ("databases_apiserver endpoint::tests::writes::flunder", false),
        ("nowhere endpoint::tests::writes::create_sets_what_the_server_owns", false),
        ("bad_days what", false),
        ("e2e line 4", true),
        ("e2e line 15g: kube-rs: pages make the whole", true),
        ("e2e line 15g: nobody saw this", false),
        ("e2e line 99", false),
    ] {
        assert_eq!(absent(test, &files).is_none(), is_there, "{test}");
    }
}

#[test]
fn a_test_without_a_result_is_no_proof() {
    let table = Table::parse("A-01 P0 a title\n  e2e a\nA-02 P1 another\n  missing: all of it\n").unwrap();
    let verdicts: Vec<Verdict> =
        table.items.iter().map(|item| Verdict::of(item, &Results::default())).collect();
    assert_eq!(verdicts, [Verdict::NotRun, Verdict::Missing]);
    assert!(Table::parse("A-01 P2 a title\n").is_err() && Table::parse("  e2e a\n").is_err());
}

/// `DATABASES_DESIGN`, or `shared/design` beside the checkout.
fn design() -> PathBuf {
    let beside = || tree::root().join("../shared/design");
    std::env::var_os("DATABASES_DESIGN").map_or_else(beside, PathBuf::from).join("protocol.md")
}

/// The items of priority 0 and 1 of the list that the table is about: `- NUMBER [PRIORITY] …`.
fn promised(text: &str) -> BTreeSet<(String, String)> {
    let item = |line: &str| {
        let (number, rest) = line.strip_prefix("- ")?.split_once(" [")?;
        let (priority, _) = rest.split_once(']')?;
        let number = number.trim_end_matches(':');
        (matches!(priority, "P0" | "P1") && !number.contains(' '))
            .then(|| (number.to_owned(), priority.to_owned()))
    };
    text.lines().filter_map(item).collect()
}

#[test]
fn every_item_of_the_list_is_in_the_table() {
    let path = design();
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!(
            "SKIPPED: {} is absent: nobody compares the table with the list of behaviours",
            path.display()
        );
        return;
    };
    let pair = |item: Item| (item.number, item.priority);
    let listed: BTreeSet<(String, String)> = Table::read().unwrap().items.into_iter().map(pair).collect();
    let promised = promised(&text);
    let left_out: Vec<_> = promised.difference(&listed).collect();
    let invented: Vec<_> = listed.difference(&promised).collect();
    assert!(left_out.is_empty() && invented.is_empty(), "left out: {left_out:?}; invented: {invented:?}");
}
