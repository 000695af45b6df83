//! The API `databases.standard.k8s.io`: its kinds, admission by class, and the backends that answer its objects.

mod backends;
mod classes;
mod foreseen;
mod options;
mod retained;

use crate::admission::{Admission, ClassAdmission, ReadAccess};
use crate::conformance;
use crate::controller::{self, Controllers, Foresight, Kinds};
use crate::server::{Api, Around, Command, Facts, Parts, Place, Reason};
use apimachinery::kind::Definition;
use async_trait::async_trait;
use classes::StoredClasses;
use foreseen::Foreseen;
use futures_util::future::LocalBoxFuture;
use options::{Flags, InCluster};
use std::process::ExitCode;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The standard, with the backends of this process.
pub struct Databases {
    kinds: Kinds,
    foresight: Arc<Foresight>,
}

impl Databases {
    /// With these backends.
    fn new(kinds: Kinds) -> Self {
        let foresight = Arc::new(Foresight::new(kinds.clone()));
        Databases { kinds, foresight }
    }
}

#[async_trait]
impl Api for Databases {
    const FACTS: Facts =
        Facts { group: databases_api::GROUP, name: "databases", version: env!("CARGO_PKG_VERSION") };
    type Flags = Flags;
    type ClusterFlags = InCluster;

    fn definitions() -> Vec<&'static Definition> {
        databases_api::definitions().to_vec()
    }

    fn commands() -> Vec<Command> {
        let test = |options| -> LocalBoxFuture<'static, ExitCode> { Box::pin(conformance::run(options)) };
        let find = |options| -> LocalBoxFuture<'static, ExitCode> { Box::pin(retained::run(options)) };
        vec![
            Command::new::<conformance::Options>("conformance", conformance::ABOUT, test),
            Command::new::<retained::Options>("retained", retained::ABOUT, find),
        ]
    }

    async fn open(place: Place<'_, Self>) -> Result<Arc<Self>, Reason> {
        let api = Databases::new(backends::open(&place).await?);
        if let Some(cluster) = place.cluster {
            api.foresight.begin(cluster);
        }
        Ok(Arc::new(api))
    }

    fn admission(&self, around: &Around) -> Vec<Box<dyn Admission>> {
        let (foresight, objects) = (self.foresight.clone(), around.objects.clone());
        let classes = Arc::new(StoredClasses { objects: objects.clone(), foresight: foresight.clone() });
        let mut steps: Vec<Box<dyn Admission>> =
            vec![Box::new(ClassAdmission::new(classes, around.namespaces.clone()))];
        if let Some(access) = &around.access {
            steps.push(Box::new(ReadAccess::new(access.clone())));
        }
        steps.push(Box::new(Foreseen { foresight, objects }));
        steps
    }

    async fn control(&self, with: Parts, ended: CancellationToken) {
        let (Parts { registry, cluster }, kinds) = (with, self.kinds.clone());
        self.foresight.begin(&cluster);
        controller::run(Controllers { registry, cluster, kinds }, ended).await;
    }

    async fn close(&self) {
        for backend in self.kinds.backends() {
            backend.close().await;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
