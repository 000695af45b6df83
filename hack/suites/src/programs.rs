//! Where the programs are that the suites run.

use std::path::{Path, PathBuf};

/// The server: `DATABASES_APISERVER`, or what cargo built beside this test.
pub fn server() -> Option<PathBuf> {
    named("DATABASES_APISERVER").or_else(|| built("databases-apiserver"))
}

/// The program behind `hack/up`, built beside the server.
pub fn quickstart() -> Option<PathBuf> {
    let beside = server()?.with_file_name("quickstart");
    beside.exists().then_some(beside)
}

/// Upstream's kubectl at the pinned version: `KUBECTL`, or what `hack/lib/kubectl.sh` built.
pub fn kubectl() -> Option<PathBuf> {
    named("KUBECTL").or_else(|| cached("kubectl"))
}

/// Upstream's etcd at the pinned version: `ETCD_BIN`, or what `hack/lib/etcd.sh` built.
pub fn etcd() -> Option<PathBuf> {
    named("ETCD_BIN").or_else(|| cached("etcd"))
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

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|path| path.exists())
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

/// `bin/NAME-VERSION/NAME` in the cache of built tools; the newest version.
fn cached(name: &str) -> Option<PathBuf> {
    let cache = std::env::var_os("DATABASES_CACHE")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/databases-standard")))?;
    let folders = std::fs::read_dir(cache.join("bin")).ok()?.flatten().map(|entry| entry.path());
    let prefix = format!("{name}-");
    let is_version = |path: &PathBuf| {
        path.file_name().and_then(|file| file.to_str()).is_some_and(|file| file.starts_with(&prefix))
    };
    folders.filter(is_version).map(|folder| folder.join(name)).filter(|path| path.exists()).max()
}
