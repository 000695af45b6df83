//! What a server serves: the group, its kinds, and what belongs to them. The server itself knows no kind.

use super::command::Command;
use super::link::Link;
use crate::admission::{AccessReview, Admission, Attributes, Namespaces, Operation};
use crate::cluster::Cluster;
use crate::registry::Registry;
use apimachinery::kind::{Definition, Hub, Kind};
use apimachinery::status::ApiError;
use async_trait::async_trait;
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Why an API cannot be served: one sentence that says what to do.
pub type Reason = Box<dyn std::error::Error + Send + Sync>;

/// An API group as a program: `main` is `server::main::<A>()`.
#[async_trait]
pub trait Api: Send + Sync + 'static {
    /// Its names.
    const FACTS: Facts;

    /// Flags of its own, with and without a cluster.
    type Flags: clap::Args + Debug + Send + Sync;
    /// Flags of its own that only have a sense in a cluster; `()` where there are none.
    type ClusterFlags: clap::Args + Debug + Send + Sync;

    /// Its kinds.
    fn definitions() -> Vec<&'static Definition>;

    /// Commands of its own, beside those that serve.
    fn commands() -> Vec<Command> {
        Vec::new()
    }

    /// Opens what its controllers work with; before this server answers anybody.
    async fn open(place: Place<'_, Self>) -> Result<Arc<Self>, Reason>
    where
        Self: Sized;

    /// Its own steps of admission. They come after the namespace's and before the cluster's webhooks and policies.
    fn admission(&self, _around: &Around) -> Vec<Box<dyn Admission>> {
        Vec::new()
    }

    /// Runs its own controllers until the end. With several replicas, only one of them does so at a time.
    async fn control(&self, _with: Parts, _ended: CancellationToken) {}

    /// The server ended; nobody is served and no controller runs any more.
    async fn close(&self) {}
}

/// The names of an API. All others follow from them.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The group, such as `wardle.example.com`.
    pub group: &'static str,
    /// A word for it, such as `wardle`.
    pub name: &'static str,
    /// The version of the program.
    pub version: &'static str,
}

impl Facts {
    /// The program, its serving certificate and its Lease.
    pub fn program(&self) -> String {
        format!("{}-apiserver", self.name)
    }

    /// The user that controllers act as where there is no cluster.
    pub fn controller(&self) -> String {
        format!("system:{}-controller", self.name)
    }

    /// The build, as `/version` names it.
    pub fn build(&self) -> String {
        format!("{}.{}", self.name, self.version)
    }

    /// What keys in etcd begin with, where the flags do not say.
    pub(super) fn prefix(&self) -> String {
        format!("/registry/{}", self.group)
    }

    /// The namespace of the program, where the flags do not say.
    pub(super) fn namespace(&self) -> String {
        format!("{}-system", self.name)
    }

    /// The variable of the environment that stands for a flag.
    pub(super) fn variable(&self, flag: &str) -> String {
        format!("{}_{flag}", self.name).replace('-', "_").to_uppercase()
    }
}

/// Where a server runs, and what its flags say.
pub struct Place<'a, A: Api> {
    /// The API's own flags.
    pub flags: &'a A::Flags,
    /// Those for a cluster; `None` where there is no cluster.
    pub cluster_flags: Option<&'a A::ClusterFlags>,
    /// The host cluster; `None` where there is none.
    pub cluster: Option<&'a Cluster>,
    /// The folder for data of its own; without a cluster there always is one.
    pub data_dir: Option<&'a Path>,
}

/// What admission may ask.
pub struct Around {
    /// The objects of this server.
    pub objects: Arc<Link>,
    /// Namespaces: the cluster's, or this server's own.
    pub namespaces: Arc<dyn Namespaces>,
    /// What users may do, as the cluster says; none where there is no cluster: who may write there may do everything.
    pub access: Option<Arc<dyn AccessReview>>,
}

impl Around {
    /// A step that judges new objects of a kind by what this server holds, everything that it has written included.
    pub fn on_create<K: Kind>(&self, judge: fn(&K, &Registry) -> Result<(), ApiError>) -> Box<dyn Admission> {
        Box::new(OnCreate { objects: self.objects.clone(), judge })
    }
}

struct OnCreate<K: Kind> {
    objects: Arc<Link>,
    judge: fn(&K, &Registry) -> Result<(), ApiError>,
}

#[async_trait]
impl<K: Kind> Admission for OnCreate<K> {
    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: &dyn Hub,
        _: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        let Some(object) = object.downcast::<K>().filter(|_| attributes.operation == Operation::Create)
        else {
            return Ok(());
        };
        let registry = self.objects.registry()?;
        for store in registry.stores() {
            store.acknowledged().await?;
        }
        (self.judge)(object, &registry)
    }
}

/// What controllers work with.
pub struct Parts {
    /// The objects.
    pub registry: Arc<Registry>,
    /// The host cluster; this server itself where there is none.
    pub cluster: Cluster,
}
