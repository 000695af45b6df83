//! The way to the host cluster: a kubeconfig, or what a pod finds in its file system.

use super::{Cluster, Error};
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};
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
                let file = Kubeconfig::read_from(path).map_err(|error| wrong(error.to_string()))?;
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
