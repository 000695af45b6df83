//! The command `retained`: what is kept on this machine of databases whose objects are gone, the Secret by which an object takes
//! it up again, for who has lost that, as with its namespace, and its end.

mod delete;
mod place;

use crate::backend::Login;
use crate::backend::local::{self, Kept, Standing};
use crate::controller::{Former, released_secret};
use apimachinery::quantity::Quantity;
use apimachinery::wire::yaml;
use databases_api::postgresql::FACTS;
use place::{root, told};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What it is for.
pub(super) const ABOUT: &str = "List the data of deleted databases that is kept on this machine, print the Secret that opens it, or delete it";

const MIB: u64 = 1 << 20;
const COLUMNS: [&str; 7] = ["UID", "NAMESPACE", "NAME", "STATUS", "VERSION", "SIZE", "SINCE"];
const UNKNOWN: &str = "<unknown>";

/// Flags of `retained`.
#[derive(clap::Args, Debug)]
pub(super) struct Options {
    /// Where the server keeps everything.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,

    /// Print the binding Secret of what is kept of this uid, with its password, as YAML. Once that is created (`kubectl create
    /// -f -`), a PostgreSQL of the same namespace takes up the data whose spec.adoptRef names the Secret from the start.
    #[arg(value_name = "UID")]
    uid: Option<String>,

    /// Delete what is kept of this uid, and the Secrets that its removal left, for good and without a question. What an object
    /// has and what still runs is not deleted; what is damaged only where the server says that no object has it.
    #[arg(long, requires = "uid")]
    delete: bool,

    /// The kubeconfig by which --delete reaches those Secrets; else the one in the data directory, else the pod's own rights.
    #[arg(long, value_name = "FILE", requires = "delete")]
    kubeconfig: Option<PathBuf>,
}

/// What is printed, and what is complained of.
#[derive(Debug, Default)]
struct Answer {
    text: String,
    complaints: Vec<String>,
}

/// Success where there was a whole answer.
pub(super) async fn run(options: Options) -> ExitCode {
    let Answer { text, complaints } = match answer(&options).await {
        Ok(answer) => answer,
        Err(why) => Answer { text: String::new(), complaints: vec![why] },
    };
    // Who reads may be gone.
    let written = io::stdout().write_all(text.as_bytes());
    for complaint in &complaints {
        let _ = writeln!(io::stderr(), "retained: {complaint}");
    }
    if written.is_ok() && complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn answer(options: &Options) -> Result<Answer, String> {
    let Options { data_dir, uid, delete, .. } = options;
    let root = root(data_dir)?;
    let failed = |error: local::Error| told(data_dir, &error);
    let Some(uid) = uid else { return local::kept(&root).map(|look| list(data_dir, look)).map_err(failed) };
    if *delete {
        return delete::delete(options, &root, uid).await;
    }
    let found = local::look(&root, uid).map_err(|error| unseen(uid, &failed(error)))?;
    let Some(kept) = found else {
        return Err(format!(
            "no data of the uid {uid:?} is kept in {}; without a uid this lists what is",
            data_dir.display()
        ));
    };
    secret(&kept).map(|text| Answer { text, ..Answer::default() })
}

fn unseen(uid: &str, why: &str) -> String {
    format!("whether the data of {uid} is kept cannot be seen: {why}")
}

/// A line of each, below the names of the columns; what cannot be read is complained of.
fn list(data_dir: &Path, look: local::Look) -> Answer {
    let complaints = look.unreadable.iter().map(|(uid, error)| {
        let why = told(data_dir, error);
        match error.is_damage() {
            true => format!(
                "what is there of {uid} is damaged: {why}; --delete deletes it where no object has it"
            ),
            false => unseen(uid, &why),
        }
    });
    Answer { text: table(&look.kept), complaints: complaints.collect() }
}

fn table(all: &[Kept]) -> String {
    let known = |text: &str| if text.is_empty() { UNKNOWN.to_owned() } else { text.to_owned() };
    let rows = all.iter().map(|kept| {
        let major = if kept.major == 0 { UNKNOWN.to_owned() } else { kept.major.to_string() };
        let since = known(kept.since.as_deref().unwrap_or_default());
        let (namespace, name) = (known(&kept.namespace), known(&kept.name));
        [kept.uid.clone(), namespace, name, format!("{:?}", kept.standing), major, size(kept), since]
    });
    let rows: Vec<[String; 7]> = [COLUMNS.map(str::to_owned)].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    let line = |row: &[String; 7]| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("   ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn size(kept: &Kept) -> String {
    Quantity::from_bytes(kept.bytes.div_ceil(MIB) * MIB).to_string()
}

/// The Secret as the removal left it, but for what changes with every start.
fn secret(kept: &Kept) -> Result<String, String> {
    let Kept { uid, namespace, name, .. } = kept;
    match kept.standing {
        Standing::Retained | Standing::Orphaned => {}
        Standing::InUse => {
            return Err(format!("no data of the uid {uid:?} is kept: PostgreSQL {namespace}/{name} has it"));
        }
        Standing::Deleting => return Err(format!("the data of {uid} is being deleted: go on with --delete")),
        Standing::Damaged => return Err(format!("whose the data of {uid} is cannot be read")),
    }
    let Some(login) = &kept.login else {
        return Err(format!("the data of {uid} has no database, by whose owner it could be opened"));
    };
    let (username, database) = (login.username.clone(), login.database.clone());
    let login =
        Login { username, password: login.password.expose().to_owned(), database, user: String::new() };
    Ok(yaml::encode(&released_secret(&FACTS, &Former { namespace, name, uid }, &login)))
}

#[cfg(test)]
mod tests;
