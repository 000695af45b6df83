//! The table: what the server promises, and which tests prove it.
//!
//! An item is a line of its number, its priority and a title; below it, indented, stand its tests, and at most one of
//! `missing: what no test proves`, `not ours: why` and `unlike: what the server does otherwise on purpose, and why`.

use std::path::PathBuf;

use crate::tree;

/// Where the table is, from the top folder.
pub(crate) const TABLE: &str = "hack/xtask/src/parity/items.txt";

/// A test as the table names it: its target and its path there, or `e2e line NUMBER`, or `e2e line NUMBER: what it saw`.
pub(super) type Test = String;

/// What is said of an item beside its tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// What no test proves yet.
    Missing(String),
    /// Why it does not apply.
    NotOurs(String),
    /// What of it is otherwise here, on purpose; its tests prove the rest.
    Unlike(String),
}

/// One numbered behaviour.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) number: String,
    pub(super) priority: String,
    pub(super) title: String,
    pub(super) tests: Vec<Test>,
    pub(super) note: Option<Note>,
}

/// All of them, in their order.
pub(super) struct Table {
    pub(super) items: Vec<Item>,
}

impl Table {
    pub(super) fn path() -> PathBuf {
        tree::root().join(TABLE)
    }

    pub(super) fn read() -> Result<Self, String> {
        let text = std::fs::read_to_string(Self::path()).map_err(|error| format!("{TABLE}: {error}"))?;
        Self::parse(&text)
    }

    /// Every test that proves something.
    pub(super) fn tests(&self) -> impl Iterator<Item = &Test> {
        self.items.iter().flat_map(|item| &item.tests)
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut items: Vec<Item> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let wrong = |what: &str| format!("{TABLE}:{}: {what}", index + 1);
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with(' ') {
                let item = items.last_mut().ok_or_else(|| wrong("a test stands below its item"))?;
                item.add(line.trim()).map_err(wrong)?;
            } else {
                let item =
                    Item::parse(line).ok_or_else(|| wrong("an item is a number, P0 or P1, and a title"))?;
                items.push(item);
            }
        }
        Ok(Self { items })
    }
}

impl Item {
    fn parse(line: &str) -> Option<Self> {
        let (number, rest) = line.split_once(' ')?;
        let (priority, title) = rest.trim_start().split_once(' ')?;
        matches!(priority, "P0" | "P1").then(|| Self {
            number: number.to_owned(),
            priority: priority.to_owned(),
            title: title.to_owned(),
            tests: Vec::new(),
            note: None,
        })
    }

    fn add(&mut self, line: &str) -> Result<(), &'static str> {
        let note = match line.split_once(": ") {
            Some(("missing", what)) => Note::Missing(what.to_owned()),
            Some(("not ours", why)) => Note::NotOurs(why.to_owned()),
            Some(("unlike", what)) => Note::Unlike(what.to_owned()),
            _ if !line.contains(' ') => return Err("a test is its target and its path"),
            _ => {
                self.tests.push(line.to_owned());
                return Ok(());
            }
        };
        match self.note.replace(note) {
            None => Ok(()),
            Some(_) => Err("an item has one note"),
        }
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(what) => write!(f, "missing: {what}"),
            Self::NotOurs(why) => write!(f, "not ours: {why}"),
            Self::Unlike(what) => write!(f, "unlike: {what}"),
        }
    }
}
