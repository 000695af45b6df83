//! `external`: a PostgreSQL server that is there already, as a backend.
//!
//! A class names the server by its `spec.parametersRef`, or every object by its `spec.adoptRef`: a Secret of the Secret contract
//! with a login that may make roles and databases. Each object gets databases and roles of its own there, which no other object
//! can use; everything about the server itself (its size, version, parameters, encryption, replicas) is its administrator's, and
//! is reported and never written.
//!
//! Nothing is remembered here but what was offered last, and whose removal has dropped nothing yet: names follow from the object,
//! whose something is stands on the server, and passwords are in the published Secrets alone.

mod named;
mod observed;
mod removal;

use super::postgresql::{self, was_made};
use super::tenant::{self, Error, Facts, Inside, Names, Server};
use super::{
    Announcer, Answers, Backend, Class, Disposal, Effect, Error as BackendError, News, Observed, Offer,
    ParametersKind, Plan, Reference, ReferenceKind, Refusal, Request,
};
use async_trait::async_trait;
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::{ADOPT_REF, SECRET};
use futures_util::stream::BoxStream;
use named::{contradiction, server};
use observed::{observed, without_server};
use removal::Removals;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const DOMAIN: &str = "external.databases.standard.k8s.io";
const CONTROLLER_NAME: &str = "external.databases.standard.k8s.io/postgresql";
const FEATURES: [&str; 4] =
    ["PostgreSQL", "PostgreSQLExtensions", "PostgreSQLMultipleDatabases", "PostgreSQLUsers"];
/// Of classes that name no server: their objects do.
const ADOPTION: [&str; 2] = ["PostgreSQLAdoption", "PostgreSQLAdoptionOnly"];

/// The backend.
#[derive(Default)]
pub struct ExternalPostgreSQL {
    /// What classes were offered last.
    offered: Mutex<HashMap<String, Offer>>,
    removals: Removals,
    announcer: Announcer,
}

fn secrets() -> ParametersKind {
    ParametersKind { group: String::new(), version: "v1".into(), kind: SECRET.into() }
}

#[async_trait]
impl Backend for ExternalPostgreSQL {
    fn controller_name(&self) -> &str {
        CONTROLLER_NAME
    }

    fn class_parameters(&self) -> Vec<ParametersKind> {
        vec![secrets()]
    }

    fn object_references(&self) -> Vec<ReferenceKind> {
        vec![ReferenceKind { path: ADOPT_REF.into(), kind: secrets() }]
    }

    fn remembers_logins(&self) -> bool {
        false
    }

    async fn offer(&self, class: &Class) -> Result<Offer, BackendError> {
        let offer = offer(class).await?;
        let mut offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        let before = offered.insert(class.name.clone(), offer.clone());
        if before.is_some_and(|before| before != offer) {
            self.announcer.tell(News::Class { name: class.name.clone() });
        }
        Ok(offer)
    }

    fn news(&self) -> BoxStream<'static, News> {
        self.announcer.listen()
    }
}

#[async_trait]
impl Answers<PostgreSQL> for ExternalPostgreSQL {
    async fn reference(&self, request: &Request<PostgreSQL>) -> Result<Reference, BackendError> {
        let meta = &request.object.metadata;
        let (namespace, name) = (meta.namespace.clone(), meta.uid.clone());
        Ok(Reference { group: DOMAIN.into(), kind: "Databases".into(), namespace, name })
    }

    /// Nobody who is connected is disturbed by what is done here, but for users who lose a right.
    async fn plan(&self, request: &Request<PostgreSQL>) -> Result<Plan, BackendError> {
        let mut plan = Plan::default();
        if let Err(refused) = tenant::check(&request.object, &Names::of(&request.object)) {
            plan.add("spec", Effect::Refused, refused.to_string());
        }
        Ok(plan)
    }

    async fn observe(&self, request: &Request<PostgreSQL>) -> Result<Option<Observed>, BackendError> {
        let server = match server(request) {
            Ok(server) => server,
            Err(missing) => {
                return without_server(request, &missing).await.map(Some).ok_or_else(|| missing.into());
            }
        };
        let (facts, found) = tenant::look(&Names::of(&request.object), &server).await?;
        if found.is_nothing() && !was_made(&request.object) {
            return Ok(None);
        }
        Ok(Some(observed(request, &server, &facts, &found, request.logins.clone())))
    }

    async fn ensure(&self, request: &Request<PostgreSQL>) -> Result<Observed, BackendError> {
        match server(request) {
            Ok(server) => {
                let (object, names) = (&request.object, Names::of(&request.object));
                let Inside { facts, found, logins, refused } =
                    tenant::ensure(object, &names, &server, &request.logins).await?;
                let refused = refused.or_else(|| contradiction(request)?.refusal());
                Ok(Observed { refused, ..observed(request, &server, &facts, &found, logins) })
            }
            Err(missing) => without_server(request, &missing).await.ok_or_else(|| missing.into()),
        }
    }

    async fn remove(&self, request: &Request<PostgreSQL>, disposal: Disposal) -> Result<(), BackendError> {
        if disposal == Disposal::Delete {
            return self.removals.delete(request).await;
        }
        self.removals.keep(request).await;
        Ok(())
    }
}

/// What a class gets; it is asked for at the server that the class names.
async fn offer(class: &Class) -> Result<Offer, Error> {
    let features = FEATURES.iter().copied();
    if class.parameters.is_empty() {
        return Ok(postgresql::offer(Vec::new(), features.chain(ADOPTION)));
    }
    let server = match Server::read(&class.parameters) {
        Ok(server) => server,
        Err(fault) => {
            let refused = Some(Refusal::new("InvalidParameters", fault.to_string()));
            return Ok(Offer { refused, ..Offer::default() });
        }
    };
    let facts = Facts::read(&server.connect().await?, &server).await?;
    Ok(postgresql::offer(vec![facts.major.to_string()], features))
}

#[cfg(test)]
mod tests;
