//! Where the programs are: a variable names them, or they are in the cache of built tools.

use std::path::PathBuf;

use crate::{Error, Result};

const KUBERNETES: &str = "hack/lib/kubernetes.sh";

/// The programs a control plane is made of.
#[derive(Clone, Debug)]
pub struct Programs {
    /// `etcd`: `ETCD_BIN`, or what `hack/lib/etcd.sh` built.
    pub etcd: PathBuf,
    /// `kube-apiserver`: in the folder `KUBERNETES_BIN`, or what `hack/lib/kubernetes.sh` built.
    pub apiserver: PathBuf,
    /// `kube-controller-manager`: beside kube-apiserver.
    pub controller_manager: PathBuf,
    /// `sample-apiserver`: beside kube-apiserver.
    pub sample_apiserver: PathBuf,
}

impl Programs {
    /// Finds them all, or names the first that is missing.
    pub fn find() -> Result<Self> {
        let etcd = named("ETCD_BIN")
            .or_else(|| cached("etcd", "etcd"))
            .ok_or(Error::Missing { program: "etcd", script: "hack/lib/etcd.sh" })?;
        Ok(Self {
            etcd,
            apiserver: kubernetes("kube-apiserver")?,
            controller_manager: kubernetes("kube-controller-manager")?,
            sample_apiserver: kubernetes("sample-apiserver")?,
        })
    }
}

/// The file a variable names, if it is there.
pub fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|path| path.exists())
}

/// `bin/FOLDER-VERSION/NAME` in the cache of built tools; the newest version.
pub fn cached(folder: &str, name: &str) -> Option<PathBuf> {
    let cache = std::env::var_os("DATABASES_CACHE")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/databases-standard")))?;
    let folders = std::fs::read_dir(cache.join("bin")).ok()?.flatten().map(|entry| entry.path());
    let prefix = format!("{folder}-");
    let is_version = |path: &PathBuf| {
        path.file_name().and_then(|file| file.to_str()).is_some_and(|file| file.starts_with(&prefix))
    };
    folders.filter(is_version).map(|folder| folder.join(name)).filter(|path| path.exists()).max()
}

fn kubernetes(program: &'static str) -> Result<PathBuf> {
    let named = named("KUBERNETES_BIN").map(|folder| folder.join(program)).filter(|path| path.exists());
    named.or_else(|| cached("kubernetes", program)).ok_or(Error::Missing { program, script: KUBERNETES })
}
