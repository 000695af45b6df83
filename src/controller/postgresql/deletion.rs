//! The end of an object, as its deletion policy wants it.

use super::super::Controllers;
use super::Outcome;
use super::binding;
use super::news::News;
use super::reconcile::{Error, FINALIZER, Reconciler};
use crate::backend::{Backend, Disposal};
use crate::registry::Part;
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::DeletionPolicy;

impl Reconciler {
    pub(super) async fn delete(
        &self,
        object: &PostgreSQL,
        backend: Option<&dyn Backend>,
    ) -> Result<Outcome, Error> {
        if !object.metadata.finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
            return Ok(Outcome::Settled);
        }
        let disposal = match object.spec.instance.deletion_policy {
            Some(DeletionPolicy::Delete) => Disposal::Delete,
            _ => Disposal::Retain,
        };
        if let Some(backend) = backend {
            backend.remove(object, disposal).await?;
        }
        self.controllers.dispose_secrets(object, disposal).await?;
        if disposal == Disposal::Retain && backend.is_some() {
            self.controllers.tell(object, &News::retained(&object.metadata.uid)).await;
        }
        let outcome = self.update(object, Part::Main, |object| {
            object.metadata.finalizers.retain(|finalizer| finalizer != FINALIZER);
        });
        match outcome.await {
            Err(Error::Registry(error)) if error.code() == 404 => Ok(Outcome::Settled),
            Err(error) => Err(error),
            Ok(_) => Ok(Outcome::Settled),
        }
    }
}

impl Controllers {
    /// The Secrets go with the data they open, or stay with it.
    async fn dispose_secrets(&self, object: &PostgreSQL, disposal: Disposal) -> Result<(), Error> {
        let (namespace, uid) = (&object.metadata.namespace, &object.metadata.uid);
        for name in binding::names(object) {
            match disposal {
                Disposal::Delete => self.cluster.retract(namespace, &name, uid).await?,
                Disposal::Retain => self.cluster.release(namespace, &name, uid).await?,
            }
        }
        Ok(())
    }
}
