//! Where the programs are that the suites run.

use std::path::{Path, PathBuf};

use controlplane::programs::{cached, named};
use tokio::process::Command;

/// The server: `DATABASES_APISERVER`, or what cargo built beside this test.
pub fn server() -> Option<PathBuf> {
    named("DATABASES_APISERVER").or_else(|| built("databases-apiserver"))
}

/// The server of another API group, that cargo built beside this test.
pub fn wardle() -> Option<PathBuf> {
    built("wardle-apiserver")
}

/// The server of the group that upstream's tests of a storage are about, that cargo built beside this test.
pub fn example() -> Option<PathBuf> {
    built("example-apiserver")
}

/// The program behind `hack/up`, built beside the server.
pub fn quickstart() -> Option<PathBuf> {
    let beside = server()?.with_file_name("quickstart");
    beside.exists().then_some(beside)
}

/// Puts a program where it can be run, by another process.
///
/// A file that this process writes is open in every child that a test beside it forks meanwhile, and a program that is open
/// for writing cannot be executed (`ETXTBSY`, execve(2)).
pub async fn install(from: &Path, to: &Path) {
    let status = Command::new("install").args(["-m", "755"]).arg(from).arg(to).status().await;
    assert!(status.is_ok_and(|status| status.success()), "install {} {}", from.display(), to.display());
}

/// Upstream's kubectl at the pinned version: `KUBECTL`, or what `hack/lib/kubectl.sh` built.
pub fn kubectl() -> Option<PathBuf> {
    named("KUBECTL").or_else(|| cached("kubectl", "kubectl"))
}

/// Upstream's etcd at the pinned version: `ETCD_BIN`, or what `hack/lib/etcd.sh` built.
pub fn etcd() -> Option<PathBuf> {
    named("ETCD_BIN").or_else(|| cached("etcd", "etcd"))
}

/// The field's own Go clients: `GO_CLIENTS`, or what `hack/lib/clients.sh` built.
pub fn clients() -> Option<PathBuf> {
    named("GO_CLIENTS").or_else(|| cached("clients", "clients"))
}

/// A Python with the official client: `PYTHON_CLIENT`, or what `hack/lib/python.sh` made.
pub fn python() -> Option<PathBuf> {
    named("PYTHON_CLIENT").or_else(|| cached("python", "bin/python"))
}

/// A Python with what the example backend needs: `BACKEND_PYTHON`, or what `hack/lib/backend-python.sh` made.
pub fn backend_python() -> Option<PathBuf> {
    named("BACKEND_PYTHON").or_else(|| cached("backend-python", "bin/python"))
}

/// The example backend in Go: `BACKEND_GO`, or what `hack/lib/backend-go.sh` built.
pub fn backend_go() -> Option<PathBuf> {
    named("BACKEND_GO").or_else(|| cached("backend-go", "servers"))
}

/// Helm at the pinned version: `HELM`, or what `hack/lib/helm.sh` built.
pub fn helm() -> Option<PathBuf> {
    named("HELM").or_else(|| cached("helm", "helm"))
}

/// What does as Flux does, by its library: `FLUX`, or what `hack/lib/flux.sh` built.
pub fn flux() -> Option<PathBuf> {
    named("FLUX").or_else(|| cached("flux", "flux"))
}

/// Kubernetes' own specs of its API machinery: `SPECS`, or what `hack/lib/specs.sh` built.
pub fn specs() -> Option<PathBuf> {
    named("SPECS").or_else(|| cached("specs", "specs"))
}

/// Kubernetes' own tests of a storage, over HTTP: `STORAGE_TESTING`, or what `hack/lib/storage.sh` built.
pub fn storage() -> Option<PathBuf> {
    named("STORAGE_TESTING").or_else(|| cached("storage-testing", "storage-testing"))
}

/// The folder of a cluster with pods that runs already: `DATABASES_CLUSTER`.
pub fn cluster() -> Option<PathBuf> {
    named("DATABASES_CLUSTER")
}

/// Whether Debian's PostgreSQL is there.
pub fn has_postgresql() -> bool {
    let majors = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    majors.map(|major| major.path().join("bin/postgres")).any(|program| program.exists())
}

/// Says that a test could not run, and why.
pub fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// The top folder of the checkout.
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map_or_else(PathBuf::new, Path::to_path_buf)
}

/// `target/{debug,release}/NAME`; the newer of the two.
fn built(name: &str) -> Option<PathBuf> {
    let test = std::env::current_exe().ok()?;
    let target = test.ancestors().nth(3)?;
    let programs = ["debug", "release"].map(|profile| target.join(profile).join(name));
    programs
        .into_iter()
        .filter(|path| path.exists())
        .max_by_key(|path| path.metadata().and_then(|file| file.modified()).ok())
}
