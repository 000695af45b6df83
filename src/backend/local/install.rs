//! Which PostgreSQL versions this machine has, from Debian's packages.

use super::account::Account;
use super::error::Error;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The oldest major version this backend knows how to run.
const OLDEST: u32 = 13;
/// Modules that are made to be loaded at the start of a server, and open nothing to those who use it.
const LIBRARIES: [&str; 14] = [
    "auto_explain",
    "passwordcheck",
    "pg_cron",
    "pg_hint_plan",
    "pg_partman_bgw",
    "pg_prewarm",
    "pg_qualstats",
    "pg_squeeze",
    "pg_stat_kcache",
    "pg_stat_statements",
    "pg_wait_sampling",
    "pgaudit",
    "pglogical",
    "timescaledb",
];

/// One installed major version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Install {
    pub(super) major: u32,
    /// Such as `15.18`.
    pub(super) version: String,
    programs: PathBuf,
    extensions: PathBuf,
    modules: PathBuf,
}

impl Install {
    /// The path of a program, such as `initdb`.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// The names of the extensions whose control files are installed.
    pub(super) fn extensions(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(&self.extensions).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter_map(|name| name.strip_suffix(".control").map(str::to_owned)).collect()
    }

    /// The modules that may be loaded at the start, as far as they are installed.
    pub(super) fn libraries(&self) -> Vec<String> {
        LIBRARIES.into_iter().filter(|name| self.has_module(name)).map(str::to_owned).collect()
    }

    /// Whether a module of this name could be loaded.
    pub(super) fn has_module(&self, name: &str) -> bool {
        self.modules.join(format!("{name}.so")).is_file()
    }

    /// Refuses to go on without the programs: packages come and go.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.program("postgres").exists() {
            return Ok(());
        }
        let (wanted, major) = (self.version.clone(), self.major.to_string());
        Err(Error::VersionNotInstalled { wanted, major, installed: "its programs are gone".to_owned() })
    }

    /// Whether this is what `wanted` asks for: the same major, or exactly the same version; nothing asks for any.
    fn satisfies(&self, wanted: &str) -> bool {
        wanted.is_empty() || self.version == wanted || self.major.to_string() == wanted
    }
}

/// Every installed major version; looked up again when one is missed, as packages come and go.
#[derive(Debug)]
pub(super) struct Installs {
    root: PathBuf,
    known: Mutex<BTreeMap<u32, Install>>,
}

impl Installs {
    /// Looks for `<root>/<major>/bin/postgres`.
    pub(super) async fn discover(root: PathBuf, account: &Account) -> Self {
        let installs = Self { root, known: Mutex::default() };
        installs.refresh(account).await;
        installs
    }

    /// The installed versions, oldest first.
    pub(super) fn all(&self) -> Vec<Install> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The one a caller asks for.
    pub(super) async fn find(&self, wanted: &str, account: &Account) -> Result<Install, Error> {
        let search = || self.all().into_iter().rev().find(|install| install.satisfies(wanted));
        if let Some(install) = search() {
            return Ok(install);
        }
        self.refresh(account).await;
        search().ok_or_else(|| {
            let installed: Vec<String> = self.all().into_iter().map(|install| install.version).collect();
            let installed = if installed.is_empty() { "none".to_owned() } else { installed.join(", ") };
            let major = wanted.split('.').next().unwrap_or(wanted).to_owned();
            Error::VersionNotInstalled { wanted: wanted.to_owned(), major, installed }
        })
    }

    /// The one that wrote an instance's data. Where its package is gone, its programs are missing and all else goes on.
    pub(super) async fn of(&self, major: u32, account: &Account) -> Install {
        let version = major.to_string();
        match self.find(&version, account).await {
            Ok(install) => install,
            Err(_) => {
                let home = self.root.join(&version);
                Install {
                    major,
                    version,
                    programs: home.join("bin"),
                    extensions: home.join("share/extension"),
                    modules: home.join("lib"),
                }
            }
        }
    }

    /// Looks again.
    pub(super) async fn refresh(&self, account: &Account) {
        let mut found = BTreeMap::new();
        let entries = std::fs::read_dir(&self.root).into_iter().flatten().flatten();
        let majors = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        for major in majors.filter(|major| *major >= OLDEST) {
            // Who is there and does not answer now is not gone.
            let known = || self.all().into_iter().find(|known| known.major == major && known.check().is_ok());
            if let Some(install) = inspect(&self.root, major, account).await.or_else(known) {
                found.insert(major, install);
            }
        }
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }
}

async fn inspect(root: &Path, major: u32, account: &Account) -> Option<Install> {
    let home = root.join(major.to_string());
    let programs = home.join("bin");
    let mut command = account.command(&programs.join("postgres"), Path::new("/"));
    let printed = account.run(command.arg("--version")).await.ok()?;
    let version = parse_version(&printed)?;
    let debian = PathBuf::from(format!("/usr/share/postgresql/{major}/extension"));
    let extensions = if debian.is_dir() { debian } else { home.join("share/extension") };
    let modules = home.join("lib");
    Some(Install { major, version, programs, extensions, modules })
}

/// The version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn parse_version(printed: &str) -> Option<String> {
    let version = printed.split_whitespace().nth(2)?;
    version.starts_with(|first: char| first.is_ascii_digit()).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn the_version_is_read_from_what_the_server_prints() {
        let check = |printed, expected: Option<&str>| assert_eq!(parse_version(printed).as_deref(), expected);
        check("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some("15.18"));
        check("postgres (PostgreSQL) 18beta1", Some("18beta1"));
        check("bash: not found", None);
        check("", None);
    }
}
