//! `statefulset`: PostgreSQL in plain pods, for clusters without an operator.
//!
//! An object is a StatefulSet with a volume for each server, Services that find the primary and the replicas by a label,
//! a ConfigMap with the configuration and the script that starts PostgreSQL, a NetworkPolicy, a PodDisruptionBudget, and a Lease.
//! All that is applied as an operator's objects are ([`Operator`]); the operator is Kubernetes' own controller of StatefulSets.
//! What it does not know is done here: who of the pods is the primary ([`choice`] says why there are never two), and over SQL
//! what is in it.
//!
//! - **Images** are those of a class's ConfigMap, one for each major version, else the official ones: any with PostgreSQL's
//!   programs where Debian's packages, the official images or PGDG's RPMs put them, and with `sh`. Pods run as nobody whom the
//!   image knows, without any right, on a file system that they cannot write to but for their volumes.
//! - **This server has to reach the pods** (port 5432): it is what makes a primary. While it is away everything goes on as it
//!   is, but for a primary that is started anew: that one waits for it.
//! - **Encryption** is on where nobody says otherwise ([`encryption`]), by a certificate of an authority of the object's own or by
//!   one that it names ([`certificate`]).
//! - **Configuration** is read again where that is enough, and a restart is made where PostgreSQL says that it takes one. What it
//!   does not take is told in its words, and passed over at the next start for what was good before.

mod care;
mod certificate;
mod choice;
mod config;
mod configure;
mod dialect;
mod encryption;
mod handover;
mod images;
mod lease;
mod objects;
mod pods;
mod server;
mod tend;
mod volumes;

use super::operator::{Operator, UID_LABEL};
use super::{
    Answers, Backend, Class, Code, Disposal, Effect, Error, News, Observed, Offer, ParametersKind, Phase,
    Plan, Reference, ReferenceKind, Request, Warner, Warning,
};
use crate::cluster::{self, Cluster, PODS, Place, Resource, SECRETS};
use async_trait::async_trait;
use certificate::Certificate;
use databases_api::postgresql::{PROTOCOL, PostgreSQL};
use databases_api::shared::CERTIFICATE_SECRET_REF;
use dialect::StatefulSets;
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, select};
use serde_json::Value;

const CONTROLLER_NAME: &str = "statefulset.databases.standard.k8s.io/postgresql";
/// On pods and volumes: the StatefulSet that they are of, whoever's that is.
const INSTANCE: &str = "databases.standard.k8s.io/instance";
/// On pods: what Services find them by.
const ROLE: &str = "databases.standard.k8s.io/role";
/// On pods: since when they were seen to follow no primary, though there is one.
const ALONE: &str = "databases.standard.k8s.io/alone-since";
/// On pods: the configuration that its files are to have, and when that was asked for.
const ASKED: &str = "databases.standard.k8s.io/configuration-asked";
const PRIMARY: &str = "primary";
const REPLICA: &str = "replica";
/// On a StatefulSet: the configuration that its servers are to have.
const CONFIGURATION: &str = "databases.standard.k8s.io/configuration";
/// On a StatefulSet whose pods have a certificate: how connections to its servers are encrypted.
const ENCRYPTION: &str = "databases.standard.k8s.io/encryption";
/// On a Lease: what the database is known by.
const SYSTEM: &str = "databases.standard.k8s.io/system-identifier";
/// On a Lease: how the primary came to be it, where another server was the primary before.
const TAKEOVER: &str = "databases.standard.k8s.io/takeover";
/// On a Lease: the pod that takes over when the primary is ended because it is one too many.
const SUCCESSOR: &str = "databases.standard.k8s.io/successor";
/// Who manages servers, and who standbys log in as.
const MANAGER: &str = "databases_manager";
/// The superuser's login, where the object asks for it.
const SUPERUSER: &str = "postgres";
const PORT: u16 = PROTOCOL.port;

const LEASES: Resource =
    Resource { group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases" };

fn headless(name: &str) -> String {
    name.to_owned()
}

fn read_write(name: &str) -> String {
    format!("{name}-rw")
}

fn read_only(name: &str) -> String {
    format!("{name}-ro")
}

fn manager_secret(name: &str) -> String {
    format!("{name}-manager")
}

fn certificate_secret(name: &str) -> String {
    format!("{name}-tls")
}

/// The cluster did not do what was asked.
fn failed(error: &cluster::Error) -> Error {
    Error::retried(Code::Unavailable, error.to_string())
}

/// The backend.
pub struct StatefulSetPostgreSQL {
    operator: Operator<StatefulSets>,
    cluster: Cluster,
    domain: String,
    warner: Warner,
}

impl StatefulSetPostgreSQL {
    /// In this cluster, whose Services have names in this domain.
    pub fn new(cluster: Cluster, domain: &str) -> Self {
        let operator = Operator::new(StatefulSets, cluster.clone(), domain);
        StatefulSetPostgreSQL { operator, cluster, domain: domain.to_owned(), warner: Warner::default() }
    }

    async fn live(&self, request: &Request<PostgreSQL>) -> Result<Option<Value>, Error> {
        let reference = self.operator.reference(request).await?;
        let main = &<StatefulSets as super::operator::Dialect>::MAIN;
        let place = Place { resource: main, namespace: &reference.namespace, name: &reference.name };
        self.cluster.look(place).await.map_err(|error| failed(&error))
    }

    /// The certificate of the servers of a set of this name.
    fn certificate<'a>(&'a self, request: &'a Request<PostgreSQL>, name: &'a str) -> Certificate<'a> {
        Certificate { cluster: &self.cluster, request, name, domain: &self.domain, warner: &self.warner }
    }
}

#[async_trait]
impl Backend for StatefulSetPostgreSQL {
    fn controller_name(&self) -> &str {
        self.operator.controller_name()
    }

    fn class_parameters(&self) -> Vec<ParametersKind> {
        self.operator.class_parameters()
    }

    fn object_parameters(&self) -> Vec<ParametersKind> {
        self.operator.object_parameters()
    }

    fn object_references(&self) -> Vec<ReferenceKind> {
        let secret = ParametersKind {
            group: SECRETS.group.into(),
            version: SECRETS.version.into(),
            kind: SECRETS.kind.into(),
        };
        let certificate = ReferenceKind { path: CERTIFICATE_SECRET_REF.into(), kind: secret };
        self.operator.object_references().into_iter().chain([certificate]).collect()
    }

    fn recognises(&self, group: &str) -> bool {
        self.operator.recognises(group)
    }

    async fn offer(&self, class: &Class) -> Result<Offer, Error> {
        self.operator.offer(class).await
    }

    fn news(&self) -> BoxStream<'static, News> {
        self.operator.news()
    }

    fn warnings(&self) -> BoxStream<'static, Warning> {
        select(self.operator.warnings(), self.warner.listen()).boxed()
    }
}

#[async_trait]
impl Answers<PostgreSQL> for StatefulSetPostgreSQL {
    async fn reference(&self, request: &Request<PostgreSQL>) -> Result<Reference, Error> {
        self.operator.reference(request).await
    }

    async fn plan(&self, request: &Request<PostgreSQL>) -> Result<Plan, Error> {
        let mut plan = self.operator.plan(request).await?;
        let name = self.operator.reference(request).await?.name;
        if self.certificate(request, &name).changes().await? {
            plan.add(CERTIFICATE_SECRET_REF, Effect::Reload, "PostgreSQL reads its new certificate");
        }
        Ok(plan)
    }

    async fn observe(&self, request: &Request<PostgreSQL>) -> Result<Option<Observed>, Error> {
        match self.operator.observe(request).await? {
            Some(seen) if seen.phase != Phase::Failing => self.tend(request, seen, false).await.map(Some),
            Some(seen) if seen.message.is_empty() => {
                let message = "the StatefulSet is gone; it is made anew over its volumes".into();
                Ok(Some(Observed { message, ..seen }))
            }
            other => Ok(other),
        }
    }

    async fn ensure(&self, request: &Request<PostgreSQL>) -> Result<Observed, Error> {
        let seen = self.operator.ensure(request).await?;
        if seen.phase == Phase::Failing { Ok(seen) } else { self.tend(request, seen, true).await }
    }

    async fn remove(&self, request: &Request<PostgreSQL>, disposal: Disposal) -> Result<(), Error> {
        let (meta, live) = (&request.object.metadata, self.live(request).await?);
        let name = self.operator.reference(request).await?.name;
        let is_ours = match &live {
            Some(live) => live["metadata"]["labels"][UID_LABEL] == meta.uid.as_str(),
            // A name with the uid in it is nobody else's.
            None => request.object.spec.instance.adopt_ref.is_none(),
        };
        let deletes = disposal == Disposal::Delete && is_ours;
        // Before, so that it is gone on with; and after, because the set may have made one meanwhile.
        if deletes {
            volumes::delete(&self.cluster, &meta.namespace, &name).await?;
        }
        self.operator.remove(request, disposal).await?;
        if deletes { volumes::delete(&self.cluster, &meta.namespace, &name).await } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
