//! What speaks etcd's API over a table of SQL: kine, over SQLite and over PostgreSQL.

use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use databases_storage::conformance::Subject;
use databases_storage::engine;
use databases_storage::engine::etcd::Config;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::conformance::{passes, plain};
use crate::support::{addresses, answer, built, listens};

/// How kine opens SQLite where it is not told which file (`pkg/drivers/sqlite/sqlite.go`).
const SQLITE: &str = "_journal_mode=WAL&_busy_timeout=30000&_synchronous=NORMAL&_txlock=immediate&_stmt_cache_size=20&cache=shared";
/// Who runs PostgreSQL where the tests run as root: the user `nobody` of every system.
const NOBODY: u32 = 65534;

/// kine over a store that is named as it wants it. It keeps what it is not told to forget.
async fn kine_passes(store: &str) {
    let Some(program) = built("KINE", "kine") else {
        return eprintln!("SKIPPED: no kine; hack/lib/kine.sh builds it in about five minutes");
    };
    let (address, _) = addresses();
    let _process = quiet(&mut Command::new(program))
        .args(["--listen-address", &format!("tcp://{address}"), "--metrics-bind-address", "0"])
        .args(["--compact-interval", "0", "--compact-min-retain", "0", "--endpoint", store])
        .spawn()
        .unwrap();
    let config = Config::new([format!("http://{address}")]);
    drop(answer(config.clone()).await.expect("it is used with care"));
    let open = move || plain(engine::Config::Etcd(config.clone()));
    passes(Subject { open: Box::new(open), durable: true }).await;
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true)
}

#[tokio::test(flavor = "multi_thread")]
async fn kine_over_sqlite_passes() {
    let folder = tempfile::tempdir().unwrap();
    kine_passes(&format!("sqlite://{}?{SQLITE}", folder.path().join("kine.db").display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kine_over_postgresql_passes() {
    let Some(postgresql) = PostgreSQL::start().await else {
        return eprintln!("SKIPPED: no PostgreSQL below /usr/lib/postgresql; hack/test unit installs it");
    };
    kine_passes(&format!("postgres://postgres@{}/kine?sslmode=disable", postgresql.address)).await;
    postgresql.stop().await;
}

/// A PostgreSQL of its own. Dropped, it is killed and its data removed.
struct PostgreSQL {
    address: SocketAddr,
    process: Child,
    stop: Command,
    _folder: TempDir,
}

impl PostgreSQL {
    async fn start() -> Option<Self> {
        let programs = newest(Path::new("/usr/lib/postgresql"))?.join("bin");
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let is_root = std::fs::metadata(folder.path()).unwrap().uid() == 0;
        let command = |program: &str| {
            let mut command = Command::new(programs.join(program));
            if is_root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command.arg("-D").arg(&data).current_dir(folder.path());
            command
        };
        let (mut initdb, mut server, mut stop) = (command("initdb"), command("postgres"), command("pg_ctl"));
        stop.args(["stop", "--mode=immediate"]);
        if is_root {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        initdb.args(["--username=postgres", "--auth=trust", "--no-sync", "--no-locale", "--encoding=UTF8"]);
        assert!(quiet(&mut initdb).status().await.unwrap().success(), "initdb makes a folder of data");
        let (address, _) = addresses();
        server.args(["-h", &address.ip().to_string(), "-p", &address.port().to_string()]);
        server.args(["-c", "fsync=off", "-c", "unix_socket_directories="]);
        let process = quiet(&mut server).spawn().unwrap();
        listens(address).await;
        Some(Self { address, process, stop, _folder: folder })
    }

    /// One that is killed leaves shared memory behind.
    async fn stop(mut self) {
        assert!(quiet(&mut self.stop).status().await.unwrap().success(), "it stops");
        self.process.wait().await.unwrap();
    }
}

/// The folder of the highest number.
fn newest(folder: &Path) -> Option<PathBuf> {
    let folders = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    folders
        .max_by_key(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok())
        .map(|entry| entry.path())
}
