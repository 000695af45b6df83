//! Helm and kubectl, and what they render.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use suites::programs::{checkout, helm, kubectl, skipped};

pub(crate) const NAMESPACE: &str = "databases-system";

/// Helm and kubectl, with or without a cluster.
pub(crate) struct Tools {
    helm: PathBuf,
    kubectl: PathBuf,
    kubeconfig: PathBuf,
    home: tempfile::TempDir,
}

/// Objects by kind, namespace and name.
pub(crate) type Objects = BTreeMap<(String, String, String), Value>;

impl Tools {
    /// `None` (and said so) when one is not built.
    pub(crate) fn of(kubeconfig: &Path) -> Option<Self> {
        let (Some(helm), Some(kubectl)) = (helm(), kubectl()) else {
            skipped("Helm or kubectl is not built (hack/lib/helm.sh, hack/lib/kubectl.sh)");
            return None;
        };
        let home = tempfile::tempdir().expect("a folder");
        Some(Self { helm, kubectl, kubeconfig: kubeconfig.to_owned(), home })
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(checkout().join("deploy"))
            .env("HOME", self.home.path())
            .env("KUBECONFIG", &self.kubeconfig)
            .output()
            .expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(format!("{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr)))
        }
    }

    /// `helm ARGUMENTS…`, beside the chart.
    pub(crate) fn try_helm(&self, arguments: &[&str]) -> Result<String, String> {
        self.run(&self.helm, arguments)
    }

    pub(crate) fn helm(&self, arguments: &[&str]) -> String {
        self.try_helm(arguments).unwrap_or_else(|error| panic!("helm {error}"))
    }

    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        self.run(&self.kubectl, arguments).unwrap_or_else(|error| panic!("kubectl {error}"))
    }
}

/// The objects of a YAML stream.
pub(crate) fn objects(text: &str) -> Objects {
    let all: Vec<Value> = serde_saphyr::from_multiple(text).expect("YAML");
    let field = |object: &Value, name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
    all.into_iter()
        .filter(|object| !object.is_null())
        .map(|object| {
            let kind = object["kind"].as_str().expect("a kind").to_owned();
            ((kind, field(&object, "namespace"), field(&object, "name")), object)
        })
        .collect()
}
