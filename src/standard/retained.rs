//! The command `retained`: what removals kept on this machine, and the Secret by which an object takes it up again, for who has
//! lost that, as with its namespace.

use super::options::instances;
use crate::backend::Login;
use crate::backend::local::{self, Kept};
use crate::controller::{Former, released_secret};
use apimachinery::quantity::Quantity;
use apimachinery::wire::yaml;
use databases_api::postgresql::FACTS;
use jiff::Timestamp;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// What it is for.
pub(super) const ABOUT: &str =
    "List the data of deleted databases that is kept on this machine, or print the Secret that opens it";

const MIB: u64 = 1 << 20;
const COLUMNS: [&str; 6] = ["UID", "NAMESPACE", "NAME", "VERSION", "SIZE", "SINCE"];

/// Flags of `retained`.
#[derive(clap::Args, Debug)]
pub(super) struct Options {
    /// Where the server keeps everything.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,

    /// Print the binding Secret of what was kept of this uid, with its password, as YAML. Once that is applied, a PostgreSQL of
    /// the same namespace takes up the data whose spec.adoptRef names the Secret from the start.
    #[arg(value_name = "UID")]
    uid: Option<String>,
}

/// Success where there was an answer.
pub(super) async fn run(options: Options) -> ExitCode {
    match answer(&options) {
        Ok(text) => {
            // Who reads may be gone.
            let written = io::stdout().write_all(text.as_bytes());
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            let _ = writeln!(io::stderr(), "retained: {why}");
            ExitCode::FAILURE
        }
    }
}

fn answer(Options { data_dir, uid }: &Options) -> Result<String, String> {
    let root = instances(data_dir);
    if root.try_exists().is_ok_and(|is_there| !is_there) {
        let data_dir = data_dir.display();
        return Err(format!(
            "no database ever was in {data_dir}: name the folder that the server has as its --data-dir"
        ));
    }
    let all = local::kept(&root).map_err(|error| error.to_string())?;
    let Some(uid) = uid else { return Ok(table(&all)) };
    let found = all.iter().find(|kept| kept.uid == *uid).ok_or_else(|| {
        format!(
            "no data of the uid {uid:?} is kept in {}; without a uid this lists what is",
            data_dir.display()
        )
    })?;
    secret(found)
}

/// A line of each, below the names of the columns.
fn table(all: &[Kept]) -> String {
    let rows = all.iter().map(|kept| {
        let size = Quantity::from_bytes(kept.bytes.div_ceil(MIB) * MIB).to_string();
        let since = Timestamp::try_from(kept.since).unwrap_or_default();
        let since = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let (uid, namespace, name) = (kept.uid.clone(), kept.namespace.clone(), kept.name.clone());
        [uid, namespace, name, kept.major.to_string(), size, since]
    });
    let rows: Vec<[String; 6]> = [COLUMNS.map(str::to_owned)].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    let line = |row: &[String; 6]| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("   ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// The Secret as the removal left it, but for what changes with every start.
fn secret(kept: &Kept) -> Result<String, String> {
    let Some(login) = &kept.login else {
        return Err(format!("the data of {} has no database, by whose owner it could be opened", kept.uid));
    };
    let (username, database) = (login.username.clone(), login.database.clone());
    let login =
        Login { username, password: login.password.expose().to_owned(), database, user: String::new() };
    let former = Former { namespace: &kept.namespace, name: &kept.name, uid: &kept.uid };
    Ok(yaml::encode(&released_secret(&FACTS, &former, &login)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::local::{Credentials, Secret};
    use std::time::{Duration, SystemTime};

    fn kept(name: &str) -> Kept {
        let password = Secret::new("pass word".to_owned());
        Kept {
            uid: format!("uid-of-{name}"),
            namespace: "demo".into(),
            name: name.into(),
            major: 17,
            bytes: 40 * MIB + 1,
            since: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
            login: Some(Credentials { username: "app".into(), password, database: "app".into() }),
        }
    }

    #[test]
    fn everything_that_is_kept_is_a_line_without_a_password() {
        let said = table(&[kept("wiki"), kept("a-longer-name")]);
        assert_eq!(
            said,
            "UID                    NAMESPACE   NAME            VERSION   SIZE   SINCE\n\
             uid-of-wiki            demo        wiki            17        41Mi   2027-01-15T08:00:00Z\n\
             uid-of-a-longer-name   demo        a-longer-name   17        41Mi   2027-01-15T08:00:00Z\n"
        );
    }

    #[test]
    fn the_secret_is_that_of_a_removal() {
        let said = secret(&kept("wiki")).expect("a Secret");
        for part in [
            "name: wiki-binding",
            "namespace: demo",
            "databases.standard.k8s.io/released-from: PostgreSQL wiki (uid uid-of-wiki)",
            "username: app",
            "password: pass word",
        ] {
            assert!(said.contains(part), "{part} is not in\n{said}");
        }
        assert!(!said.contains("instance-uid"), "it is nobody's: {said}");
        let nothing = Kept { login: None, ..kept("wiki") };
        assert!(secret(&nothing).expect_err("there is none").contains("no database"));
        let elsewhere = Options { data_dir: "/nowhere".into(), uid: None };
        assert!(answer(&elsewhere).expect_err("there is none").contains("its --data-dir"));
    }
}
