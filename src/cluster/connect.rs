//! The way to the host cluster: a kubeconfig, or what a pod finds in its file system.

use super::{Cluster, Error};
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use std::path::Path;
use std::time::Duration;

/// How long the host cluster may take for an answer that is no watch.
const TIMEOUT: Duration = Duration::from_secs(10);

impl Cluster {
    /// Connects by a kubeconfig, for a program of that name; without one, as a pod of the cluster.
    pub async fn connect(kubeconfig: Option<&Path>, manager: &str) -> Result<Cluster, Error> {
        let wrong = |reason: String| match kubeconfig {
            Some(path) => {
                Error::Config(format!("the kubeconfig {} cannot be used: {reason}", path.display()))
            }
            None => Error::Config(format!("{reason}; outside of a cluster, give --kubeconfig")),
        };
        let mut config = match kubeconfig {
            Some(path) => {
                let file = Kubeconfig::read_from(path).map_err(|error| wrong(first_line(&error)))?;
                let options = KubeConfigOptions::default();
                Config::from_custom_kubeconfig(file, &options)
                    .await
                    .map_err(|error| wrong(error.to_string()))?
            }
            None => Config::incluster().map_err(|error| wrong(error.to_string()))?,
        };
        config.connect_timeout = Some(TIMEOUT);
        let client = kube::Client::try_from(config).map_err(|error| wrong(error.to_string()))?;
        Ok(Cluster::new(client, manager))
    }
}

/// What is wrong with a kubeconfig, in a line: its path is said already, and a drawing of where in it is not for a log.
fn first_line(error: &KubeconfigError) -> String {
    let told = match error {
        KubeconfigError::ReadConfig(error, _) => error.to_string(),
        other => other.to_string(),
    };
    told.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_kubeconfig_that_cannot_be_used_is_told_of_in_a_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kubeconfig");
        let told = async || {
            let error = Cluster::connect(Some(&path), "tests").await.err().expect("no way to a cluster");
            let told = error.to_string();
            assert!(!told.contains('\n') && told.matches("kubeconfig cannot be used").count() == 1, "{told}");
            told
        };
        let missing = told().await;
        assert!(missing.contains("No such file") && missing.matches("/kubeconfig").count() == 1, "{missing}");
        std::fs::write(&path, "clusters: [\n").expect("written");
        assert!(told().await.contains("line 1"), "it says where");
        std::fs::write(&path, "{}").expect("written");
        assert!(told().await.contains("current context"), "it says what is missing");
    }
}
