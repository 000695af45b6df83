//! Whether PostgreSQL would start with parameters.
//!
//! A running server takes by a reload what it does not start with again, such as a `min_wal_size` of less than two
//! segments: that is found out by starting PostgreSQL, as far as it goes before it opens anything, on a folder that holds
//! only what it reads until then. Neither the running server nor what it is configured with matters.
//!
//! It says on the way how much memory its processes would share, which a start takes whether the machine has it or not.

use super::account::{Account, Readers};
use super::config::{RESERVED, defaults};
use super::desired::Desired;
use super::error::Error;
use super::install::Install;
use super::layout::{ServerFolder, remove_folder};
use super::machine;
use super::parameters::{complaint, invalid, told};
use nix::fcntl::OFlag;
use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Since this version PostgreSQL can be asked for what it only knows after all its checks, which this setting is: in megabytes.
const CHECKS_ALL: (u32, &str) = (15, "shared_memory_size");
/// What it says when it was asked before it checked how settings go together.
const CHECKS_EACH: &str = "port";
/// What a data directory has to have.
const READ: [&str; 2] = ["PG_VERSION", "global/pg_control"];
/// None of these files is longer.
const LONGEST: u64 = 64 << 10;

/// Asks PostgreSQL whether it would start with the parameters, and with how much memory.
pub(super) async fn judge(
    account: &Account,
    install: &Install,
    folder: &ServerFolder,
    desired: &Desired,
) -> Result<(), Error> {
    if install.major < CHECKS_ALL.0 {
        return ask(account, install, folder, &folder.data(), CHECKS_EACH, desired).await.map(drop);
    }
    let trial = prepare(account, folder)?;
    let answer = ask(account, install, folder, &trial, CHECKS_ALL.1, desired).await;
    remove_folder(&trial)?;
    match answer?.trim().parse::<u64>() {
        Ok(megabytes) => machine::check_shared(megabytes, desired),
        Err(_) => Ok(()),
    }
}

async fn ask(
    account: &Account,
    install: &Install,
    folder: &ServerFolder,
    data: &Path,
    asked: &str,
    desired: &Desired,
) -> Result<String, Error> {
    let empty = folder.conf("empty.conf");
    account.write(&empty, b"", Readers::Server)?;
    let mut command = account.command(&install.program("postgres"), data);
    command.arg("-D").arg(data).args(["-C", asked, "-c"]).arg(format!("config_file={}", empty.display()));
    for (name, value) in defaults(desired) {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    for (name, value) in &desired.parameters {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    command.arg("-c").arg(format!("{}={}", RESERVED.0, RESERVED.1));
    match account.run(&mut command).await {
        Err(Error::Program { output, .. }) => match countless(&output) {
            Some(megabytes) => Ok(megabytes.to_owned()),
            None => Err(invalid(complaint(&output).unwrap_or_else(|| {
                let wanted = told(&desired.parameters);
                format!("PostgreSQL does not say why it would not start with {wanted}: `postgres -C {asked}` failed")
            }))),
        },
        answer => answer,
    }
}

/// What PostgreSQL was asked for, where that is more than its own settings hold.
fn countless(output: &str) -> Option<&str> {
    let (_, rest) = output.split_once(&format!("invalid value for parameter \"{}\": \"", CHECKS_ALL.1))?;
    rest.split_once('"').map(|(megabytes, _)| megabytes)
}

/// A folder that PostgreSQL takes for the data directory. It is the server's own once it is complete: nobody else enters it
/// before.
fn prepare(account: &Account, folder: &ServerFolder) -> Result<PathBuf, Error> {
    let (data, trial) = (folder.data(), folder.path.join("trial"));
    remove_folder(&trial)?;
    account.our_folder(&trial, Readers::Us)?;
    account.our_folder(&trial.join("global"), Readers::Us)?;
    for name in READ {
        account.write(&trial.join(name), &read(&data.join(name))?, Readers::Us)?;
        account.give(&trial.join(name))?;
    }
    account.give(&trial.join("global"))?;
    account.give(&trial)?;
    Ok(trial)
}

/// A file of the data directory, where links are not followed nor pipes waited for.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let mut bytes = Vec::new();
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path);
    let read = file.and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    read.map_err(Error::io("read", path))?;
    Ok(bytes)
}
