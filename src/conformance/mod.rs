//! `databases-apiserver conformance`: whether a class keeps its word.
//!
//! A client of any server that serves the standard. It reads what a class claims, makes databases of it, and looks at what
//! they do, with the credentials that an application gets, over connections of its own:
//!
//! - A test is one entry of the table ([`checks::TESTS`]): a name, the features that it needs (none for what every class must
//!   do), a sentence, and a function. It is run where the class claims all of its features. `--list`, the report and the
//!   comparison of classes follow from that table.
//! - A status says when to look, and is never what a test goes by alone. What a status says is so is looked at at once.
//! - What it makes has names of its own in one namespace, and is removed when a test is done, whatever became of it, also at
//!   Ctrl-C. What deletion keeps by its policy goes with an object that takes it up; what a class does not take up, and backups,
//!   are named at the end, because nobody can remove them from here.
//! - A feature that is claimed and that no test looks at is `notTested` in the report, and never passes.
//! - Beside the tests it tries whole manifests, and writes down which of their fields the class refuses.
//!
//! The report is one YAML document after Gateway API's; those of classes that were tried are in `api/conformance`.

mod backup;
mod checks;
mod class;
mod command;
mod database;
mod door;
mod failure;
mod follow;
mod kept;
mod login;
mod portability;
mod report;
mod run;
mod seen;
mod session;
mod suite;
mod trust;

#[cfg(test)]
mod tests;

pub use command::{ABOUT, Options, run};
