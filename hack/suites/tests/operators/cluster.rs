//! The cluster of whoever runs the tests.

use std::path::PathBuf;

use suites::Kubectl;
use suites::programs;
use tempfile::TempDir;

/// It, by its kubectl.
pub(crate) struct Yours {
    pub(crate) kubectl: Kubectl,
    /// What it is called in sentences.
    pub(crate) name: String,
    _home: TempDir,
}

impl Yours {
    /// The one that the environment names; or why there is none.
    pub(crate) fn find() -> Result<Self, String> {
        let own = tempfile::tempdir().expect("a folder");
        let (name, kubectl) = match (std::env::var_os("KUBECONFIG"), programs::cluster()) {
            (Some(kubeconfig), _) if !kubeconfig.is_empty() => {
                // What a kubeconfig has run for a login may look there.
                let home = std::env::var_os("HOME").map_or_else(|| own.path().to_owned(), PathBuf::from);
                ("the cluster of KUBECONFIG".to_owned(), Kubectl::at(kubeconfig.into(), home))
            }
            (_, Some(folder)) => {
                (format!("the cluster in {}", folder.display()), Kubectl::inside(&folder, own.path()))
            }
            _ => return Err("no cluster: KUBECONFIG names none, and DATABASES_CLUSTER neither".to_owned()),
        };
        let kubectl = kubectl.ok_or("kubectl is not built (hack/lib/kubectl.sh)")?;
        Ok(Yours { kubectl, name, _home: own })
    }
}
