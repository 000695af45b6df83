//! A control plane of one's own, in a temporary folder that outlives only a test that failed.

use std::ops::{Deref, DerefMut};

use controlplane::{ControlPlane, Error, Programs};
use tempfile::TempDir;

use crate::Kubectl;
use crate::programs::skipped;
use crate::sandbox::temporary_folder;

/// A running control plane.
pub struct Cluster {
    control_plane: ControlPlane,
    folder: TempDir,
}

impl Cluster {
    /// Starts one; `None` (and said so) when its programs are not built.
    pub async fn start() -> Option<Self> {
        let mut cluster = Self::start_alone(Vec::new()).await?;
        let started = cluster.control_plane.start_controllers().await;
        started.unwrap_or_else(|error| panic!("{error}"));
        Some(cluster)
    }

    /// The same without controllers, and with further flags of kube-apiserver.
    pub async fn start_alone(more: Vec<String>) -> Option<Self> {
        let programs = match Programs::find() {
            Ok(programs) => programs,
            Err(missing @ Error::Missing { .. }) => {
                skipped(&missing.to_string());
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let mut folder = temporary_folder();
        let control_plane = match ControlPlane::start_alone(&programs, folder.path(), more).await {
            Ok(control_plane) => control_plane,
            Err(error) => {
                folder.disable_cleanup(true);
                panic!("{error}");
            }
        };
        Some(Self { control_plane, folder })
    }

    /// The administrator's kubectl; `None` (and said so) when it is not built.
    pub fn kubectl(&self) -> Option<Kubectl> {
        Kubectl::at(self.control_plane.kubeconfig(), self.folder.path().to_owned())
    }
}

impl Deref for Cluster {
    type Target = ControlPlane;

    fn deref(&self) -> &ControlPlane {
        &self.control_plane
    }
}

impl DerefMut for Cluster {
    fn deref_mut(&mut self) -> &mut ControlPlane {
        &mut self.control_plane
    }
}

impl Drop for Cluster {
    /// The logs of a test that failed are worth keeping.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.folder.disable_cleanup(true);
            eprintln!("the logs are kept in {}", self.control_plane.logs().display());
        }
    }
}
