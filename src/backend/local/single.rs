//! What can be done to a data directory of which no server runs: statements in PostgreSQL's single-user mode, which
//! asks for no login, and taking back what `ALTER SYSTEM` set.

use super::config::SETTINGS_FILE;
use super::error::Error;
use super::parameters::complaint;
use super::server::Server;
use nix::fcntl::OFlag;
use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;

/// The file `ALTER SYSTEM` writes.
const OVERRIDES: &str = "postgresql.auto.conf";
/// A file longer than this is taken to hold something.
const LONGEST: u64 = 1 << 20;
/// What goes before the configuration: no code of others is loaded and no statement is logged.
const SETTINGS: [&str; 12] = [
    "shared_preload_libraries=",
    "session_preload_libraries=",
    "local_preload_libraries=",
    "search_path=pg_catalog",
    "default_transaction_read_only=off",
    "synchronous_commit=local",
    "statement_timeout=0",
    "logging_collector=off",
    "log_destination=stderr",
    "lc_messages=C",
    "log_statement=none",
    "log_min_error_statement=panic",
];

impl Server<'_> {
    /// Runs statements, each of one line, on a data directory that no server runs on. A statement that fails does not
    /// keep the next ones from being run.
    pub(super) async fn run_single(&self, data: &Path, statements: &[String]) -> Result<(), Error> {
        let program = self.install.program("postgres");
        let mut command = self.account.command(&program, data);
        command.arg("--single").arg("-D").arg(data);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", *setting]));
        let ours = self.folder.conf(SETTINGS_FILE);
        if ours.exists() {
            command.arg("-c").arg(format!("config_file={}", ours.display()));
        }
        command.arg("template1").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let failed = Error::io("run", &program);
        let run = async {
            let mut child = command.kill_on_drop(true).spawn()?;
            if let Some(mut input) = child.stdin.take() {
                input.write_all((statements.join("\n") + "\n").as_bytes()).await?;
            }
            child.wait_with_output().await
        };
        let output = run.await.map_err(failed)?;
        if output.status.success() {
            return Ok(());
        }
        let said = complaint(&String::from_utf8_lossy(&output.stderr));
        let output = said.unwrap_or_else(|| "no output".to_owned());
        Err(Error::Program { program: program.display().to_string(), output })
    }

    /// Takes back what `ALTER SYSTEM` set, and says whether there was anything. The folder is the server's own: the file
    /// is made anew, so that a link in its place is not followed.
    pub(super) fn clear_overrides(&self) -> Result<bool, Error> {
        let path = self.folder.data().join(OVERRIDES);
        if !holds_settings(&path) {
            return Ok(false);
        }
        std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        self.account.touch(&path)?;
        tracing::warn!(server = %self.name, "what ALTER SYSTEM had set is taken back");
        Ok(true)
    }
}

/// Whether the file sets anything; comments alone do not.
fn holds_settings(path: &Path) -> bool {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let read = || -> std::io::Result<Vec<u8>> {
        let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
        let mut bytes = Vec::new();
        file.take(LONGEST).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => {
            let sets = |line: &[u8]| !line.trim_ascii().is_empty() && !line.trim_ascii().starts_with(b"#");
            bytes.len() as u64 == LONGEST || bytes.split(|byte| *byte == b'\n').any(sets)
        }
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}
