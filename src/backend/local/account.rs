//! The unprivileged user PostgreSQL runs as.
//!
//! When we are root, servers and tools run as that user and own their data, while configuration and state stay ours:
//! nothing root writes lies in a folder that user could put a symbolic link into. Otherwise everything is our own user's.

use super::error::Error;
use nix::unistd::{Gid, Uid, User, chown, geteuid};
use std::fs::{DirBuilder, Metadata, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// Writes the shell's process id into each file before `--`, and becomes the program after it.
const ENTER: &str = r#"while [ "$1" != -- ]; do echo $$ >"$1" || exit; shift; done; shift; exec "$@""#;

/// Who may read what we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Only us.
    Us,
    /// We, and PostgreSQL.
    Server,
}

/// The user PostgreSQL runs as.
#[derive(Debug, Clone)]
pub(super) struct Account {
    name: String,
    uid: Uid,
    gid: Gid,
    root: bool,
}

impl Account {
    /// The named user when we are root, else our own.
    pub(super) fn resolve(name: &str) -> Result<Self, Error> {
        let root = geteuid().is_root();
        let user = if root { User::from_name(name) } else { User::from_uid(geteuid()) };
        let user = user.ok().flatten().filter(|user| !user.uid.is_root());
        let user = user.ok_or_else(|| Error::NoUser(name.to_owned()))?;
        Ok(Self { name: user.name, uid: user.uid, gid: user.gid, root })
    }

    /// A command run as this user, in `folder`, without our environment or input.
    pub(super) fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = isolated(program, folder);
        if self.root {
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
        command
    }

    /// Whether we are root, and this user is another one.
    pub(super) fn is_root(&self) -> bool {
        self.root
    }

    /// The same for a process that enters control groups before it becomes this user, who may not.
    pub(super) fn command_inside(&self, doors: &[PathBuf], program: &Path, folder: &Path) -> Command {
        if !self.root || doors.is_empty() {
            return self.command(program, folder);
        }
        let mut command = isolated(Path::new("/bin/sh"), folder);
        command.args(["-c", ENTER, "sh"]).args(doors).arg("--").arg("/usr/bin/setpriv");
        command
            .arg(format!("--reuid={}", self.uid))
            .arg(format!("--regid={}", self.gid))
            .arg("--clear-groups");
        command.arg(program);
        command
    }

    /// Runs to the end and gives what was printed; what it said on failure is the error.
    pub(super) async fn run(&self, command: &mut Command) -> Result<String, Error> {
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        let output = command.kill_on_drop(true).output().await;
        let output = output.map_err(Error::io("run", Path::new(&program)))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::Program { program, output })
    }

    /// Makes a folder that this user owns and nobody else enters; one that exists stays as it is.
    pub(super) fn own_folder(&self, path: &Path) -> Result<(), Error> {
        if make_folder(path, 0o700)? { self.give(path) } else { Ok(()) }
    }

    /// Makes what is ours, in a folder that only we enter, this user's.
    pub(super) fn give(&self, path: &Path) -> Result<(), Error> {
        if !self.root {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid))
            .map_err(|error| error.into())
            .map_err(Error::io("own", path))
    }

    /// Makes a folder of ours that the user may pass through, or, for [`Readers::Us`], nobody may.
    pub(super) fn our_folder(&self, path: &Path, readers: Readers) -> Result<(), Error> {
        let mode = if readers == Readers::Server && self.root { 0o711 } else { 0o700 };
        make_folder(path, mode).map(drop)
    }

    /// Replaces a file of ours in one step.
    pub(super) fn write(&self, path: &Path, contents: &[u8], readers: Readers) -> Result<(), Error> {
        let shared = readers == Readers::Server && self.root;
        let temporary = path.with_extension("new");
        let write = || {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
            if shared {
                fchown(&file, None, Some(self.gid.as_raw()))?;
            }
            file.set_permissions(Permissions::from_mode(if shared { 0o640 } else { 0o600 }))?;
            file.write_all(contents)?;
            file.sync_all()?;
            std::fs::rename(&temporary, path)?;
            path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
        };
        write().map_err(Error::io("write", path))
    }

    /// Makes an empty file in a folder of this user; fails rather than follow a link.
    pub(super) fn touch(&self, path: &Path) -> Result<(), Error> {
        let touch = || {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            if self.root { fchown(&file, Some(self.uid.as_raw()), Some(self.gid.as_raw())) } else { Ok(()) }
        };
        touch().map_err(Error::io("create", path))
    }

    /// Refuses a path this user cannot get to, naming the first folder in the way.
    pub(super) fn check_reach(&self, path: &Path) -> Result<(), Error> {
        let mut folders: Vec<&Path> = path.ancestors().collect();
        folders.reverse();
        for folder in folders {
            let metadata = std::fs::metadata(folder).map_err(Error::io("read", folder))?;
            if !self.enters(&metadata) {
                return Err(Error::Unreachable { user: self.name.clone(), path: folder.to_owned() });
            }
        }
        Ok(())
    }

    fn enters(&self, folder: &Metadata) -> bool {
        let bit = match () {
            () if folder.uid() == self.uid.as_raw() => 0o100,
            () if folder.gid() == self.gid.as_raw() => 0o010,
            () => 0o001,
        };
        folder.mode() & bit != 0
    }
}

/// A command without our environment or input.
fn isolated(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").current_dir(folder);
    command.stdin(Stdio::null()).process_group(0);
    command
}

/// Makes a folder and says whether it was missing; the mode does not depend on the umask.
fn make_folder(path: &Path, mode: u32) -> Result<bool, Error> {
    let made = match DirBuilder::new().mode(mode).create(path) {
        Ok(()) => true,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && path.is_dir() => false,
        Err(error) => return Err(Error::io("create", path)(error)),
    };
    if made {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(Error::io("create", path))?;
    }
    Ok(made)
}
