//! A cluster with a node and real pods, with or without our server installed in it by its chart: the one that `hack/cluster`
//! starts.
//!
//! It takes half a minute to start, so the tests of one program share it, and take turns. `DATABASES_CLUSTER` names the folder
//! of one that runs already, which is then left running.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use nix::sched::{CloneFlags, setns};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::{Mutex, MutexGuard, OnceCell};

use crate::Kubectl;
use crate::programs::{self, checkout, skipped};
use crate::wait::until;

/// Where what the chart installs is.
pub const NAMESPACE: &str = "databases-system";

/// The folders that clusters of tests are in.
const FOLDERS: &str = "/var/lib/databases-standard";

/// Waits for the end of its stdin, which this process holds open, and ends the cluster.
const KEEPER: &str = r#"while read -r _; do :; done; exec "$1" down --folder "$2""#;

static TURN: Mutex<()> = Mutex::const_new(());
static RUNNING: OnceCell<Option<Running>> = OnceCell::const_new();

/// The cluster of this process, and what ends it when this process ends.
struct Running {
    folder: PathBuf,
    _keeper: Option<Child>,
}

/// The running cluster, for one test at a time.
pub struct NodeCluster {
    folder: PathBuf,
    home: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl NodeCluster {
    /// Starts one, or takes the one that runs; `None` (and said so) where that cannot be.
    pub async fn start() -> Option<Self> {
        Self::with(async || {
            let Some(server) = programs::server() else {
                skipped("databases-apiserver is not built (cargo build --release)");
                return None;
            };
            Running::start(&["--server".into(), server.into()]).await
        })
        .await
    }

    /// The same without our server and its image of PostgreSQL.
    pub async fn bare() -> Option<Self> {
        Self::with(async || Running::start(&["--bare".into()]).await).await
    }

    async fn with(start: impl AsyncFnOnce() -> Option<Running>) -> Option<Self> {
        let turn = TURN.lock().await;
        let begin = async || match programs::cluster() {
            Some(folder) => Some(Running { folder, _keeper: None }),
            None => start().await,
        };
        let running = RUNNING.get_or_init(begin).await.as_ref()?;
        let home = tempfile::tempdir().expect("a folder");
        Some(Self { folder: running.folder.clone(), home, _turn: turn })
    }

    /// The administrator's kubeconfig, good inside.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// A program that is run inside: in the cluster's network, where its names are resolved.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(script());
        command.arg("exec").arg("--folder").arg(&self.folder).arg("--").arg(program);
        command
    }

    /// The administrator's kubectl, which is run inside; `None` (and said so) when it is not built.
    pub fn kubectl(&self) -> Option<Kubectl> {
        Kubectl::inside(&self.folder, self.home.path())
    }

    /// Makes an image of a folder's files, which pods may then use by its name.
    pub async fn image(&self, name: &str, config: &Value, files: &Path) {
        let mut image = Command::new(script());
        image.arg("image").arg("--folder").arg(&self.folder).arg(name).arg(config.to_string()).arg(files);
        let output = image.stdin(Stdio::null()).output().await.expect("hack/cluster runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Does something in a thread that is in the cluster's network, such as asking with [`crate::http::Http`].
    pub async fn inside<W, F, T>(&self, work: W) -> T
    where
        W: FnOnce() -> F + Send + 'static,
        F: Future<Output = T>,
        T: Send + 'static,
    {
        let held = std::fs::read_to_string(self.folder.join("namespaces")).expect("the cluster runs");
        let holder = held.split(' ').next().unwrap_or_default();
        let network = File::open(format!("/proc/{holder}/ns/net")).expect("its network");
        let work = move || {
            setns(network, CloneFlags::CLONE_NEWNET).expect("the network is entered");
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(work())
        };
        let thread = std::thread::spawn(work);
        match tokio::task::spawn_blocking(move || thread.join()).await.expect("it is waited for") {
            Ok(answer) => answer,
            Err(panic) => resume_unwind(panic),
        }
    }
}

impl Running {
    async fn start(more: &[OsString]) -> Option<Self> {
        if let Err(why) = possible().await {
            skipped(&format!("no cluster with pods: {why}; hack/test cluster builds what it needs"));
            return None;
        }
        let folder = Path::new(FOLDERS).join(format!("suite-{}", std::process::id()));
        let keeper = keeper(&folder);
        let mut up = Command::new(script());
        up.arg("up").arg("--folder").arg(&folder).args(more).stdin(Stdio::null());
        let output = up.output().await.expect("hack/cluster runs");
        let text = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&text));
        Some(Self { folder, _keeper: Some(keeper) })
    }
}

fn script() -> PathBuf {
    checkout().join("hack/cluster")
}

/// Whether it can run here with what is there; building its programs takes too long to be done unasked.
async fn possible() -> Result<(), String> {
    if !nix::unistd::geteuid().is_root() {
        return Err("it needs root".to_owned());
    }
    let mut namespaces = Command::new("unshare");
    succeeds(namespaces.args(["--fork", "--pid", "--mount", "--net", "true"])).await?;
    succeeds(Command::new(checkout().join("hack/lib/node.sh")).env("CACHED_ONLY", "1")).await
}

async fn succeeds(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().await.map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

fn keeper(folder: &Path) -> Child {
    std::process::Command::new("/bin/sh")
        .args(["-c", KEEPER, "keeper"])
        .args([&script(), folder])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("a shell starts")
}

impl Kubectl {
    /// The administrator's kubectl of a cluster that runs in `folder`; `None` (and said so) when it is not built.
    pub fn inside(folder: &Path, home: &Path) -> Option<Self> {
        let kubectl = Kubectl::at(folder.join("kubeconfig"), home.to_owned())?;
        let through = ["exec".into(), "--folder".into(), folder.into(), "--".into()];
        Some(kubectl.through(script(), through.to_vec()))
    }

    /// Creates or changes an object.
    pub async fn apply(&self, object: &Value) {
        let output = self.execute(&["apply", "--filename", "-"], &object.to_string()).await;
        assert_eq!(output.code, 0, "{}", output.text);
    }

    /// What a command prints, which must end well.
    pub async fn says(&self, arguments: &str) -> String {
        let output = self.run(arguments).await;
        assert_eq!(output.code, 0, "kubectl {arguments}: {}", output.text);
        output.stdout
    }

    /// An object as JSON.
    pub async fn object(&self, arguments: &str) -> Value {
        let text = self.says(&format!("get --output json {arguments}")).await;
        serde_json::from_str(&text).expect("JSON")
    }

    /// Runs a pod to its end, and gives what it printed.
    pub async fn pod(&self, pod: &Value) -> String {
        self.apply(pod).await;
        let (name, namespace) = (&pod["metadata"]["name"], &pod["metadata"]["namespace"]);
        let pod = format!(
            "{} --namespace {}",
            name.as_str().unwrap_or_default(),
            namespace.as_str().unwrap_or("default")
        );
        let phase = until("the pod has ended", async || {
            let phase = self.object(&format!("pod {pod}")).await["status"]["phase"].as_str()?.to_owned();
            ["Succeeded", "Failed"].contains(&phase.as_str()).then_some(phase)
        })
        .await;
        let printed = self.says(&format!("logs {pod}")).await;
        assert_eq!(phase, "Succeeded", "{printed}");
        printed
    }
}
