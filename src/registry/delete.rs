//! Deletion: policies, finalizers, and what is answered (X-01…X-08).

use super::update::Current;
use super::{Store, Stored};
use crate::admission::{Attributes, Operation, Origin};
use apimachinery::kind::Hub;
use apimachinery::meta::{DeleteOptions, PropagationPolicy};
use apimachinery::status::ApiError;
use apimachinery::time::Time;
use std::sync::Arc;

/// The finalizer of an object whose dependents are to live on without it.
pub const ORPHAN: &str = "orphan";
/// The finalizer of an object that goes after the dependents that block it.
pub const FOREGROUND: &str = "foregroundDeletion";

/// How an object is to be deleted.
#[derive(Clone, Debug, Default)]
pub struct DeleteRequest<'a> {
    /// The client's options.
    pub options: DeleteOptions,
    /// Everything but the write.
    pub dry_run: bool,
    /// Whose request it is; `None` where the server itself deletes.
    pub origin: Option<Origin<'a>>,
}

/// What a deletion did.
pub enum Deleted {
    /// The object is gone; its last state.
    Gone(Arc<Stored>),
    /// The object waits for its finalizers; its new state.
    Terminating(Arc<Stored>),
}

impl Deleted {
    /// Whether nothing is left to wait for.
    pub fn is_gone(&self) -> bool {
        matches!(self, Deleted::Gone(_))
    }

    /// The object's state after, or last state before.
    pub fn stored(&self) -> &Arc<Stored> {
        match self {
            Deleted::Gone(stored) | Deleted::Terminating(stored) => stored,
        }
    }
}

impl Store {
    /// Deletes an object, or marks it where finalizers are to run first.
    pub async fn delete(
        &self,
        namespace: &str,
        name: &str,
        request: &DeleteRequest<'_>,
    ) -> Result<Deleted, ApiError> {
        let key = self.key(namespace, name);
        let mut current = self.current(&key, name).await?;
        loop {
            match self.try_delete(&key, &current, request).await {
                Ok(Some(deleted)) => return Ok(deleted),
                Ok(None) => current = self.sure(&key, name).await?,
                Err(error) if current.sure => return Err(error),
                Err(error) => current = self.newer(&key, name, &current, error).await?,
            }
        }
    }

    async fn try_delete(
        &self,
        key: &str,
        current: &Current,
        request: &DeleteRequest<'_>,
    ) -> Result<Option<Deleted>, ApiError> {
        self.check_delete(&**current.stored.object(), request).await?;
        self.mark_or_remove(key, current, request).await
    }

    async fn mark_or_remove(
        &self,
        key: &str,
        current: &Current,
        request: &DeleteRequest<'_>,
    ) -> Result<Option<Deleted>, ApiError> {
        let old = current.stored.object();
        let mut object = old.boxed();
        let policy = gc_policy(&request.options, &*object);
        set_gc_finalizers(&mut object.meta_mut().finalizers, policy);
        let is_held = object.holds_deletion();
        if object.meta().finalizers.is_empty() && !is_held {
            if request.dry_run {
                return Ok(Some(Deleted::Gone(current.stored.clone())));
            }
            return Ok(self.remove(key, object, current).await?.map(Deleted::Gone));
        }
        let meta = object.meta_mut();
        if meta.deletion_timestamp.is_none() {
            meta.deletion_timestamp = Some(Time::now());
            meta.deletion_grace_period_seconds = Some(0);
            meta.generation += i64::from(meta.generation > 0);
            object.begin_deletion();
        } else if !is_held {
            // It may have been held when its deletion began.
            meta.deletion_grace_period_seconds = Some(0);
        }
        if object.same(&**old) {
            return Ok(Some(Deleted::Terminating(current.stored.clone())));
        }
        if request.dry_run {
            let stored = Stored::new(object, current.stored.revision);
            return Ok(Some(Deleted::Terminating(Arc::new(stored))));
        }
        Ok(self.write(key, object, current).await?.map(Deleted::Terminating))
    }

    async fn check_delete(&self, old: &dyn Hub, request: &DeleteRequest<'_>) -> Result<(), ApiError> {
        let meta = old.meta();
        if let Some(preconditions) = &request.options.preconditions {
            if let Some(uid) = preconditions.uid.as_ref().filter(|uid| **uid != meta.uid) {
                return Err(ApiError::precondition_uid(self.definition, &meta.name, uid, &meta.uid));
            }
            let wanted = preconditions.resource_version.as_ref();
            if let Some(version) = wanted.filter(|version| **version != meta.resource_version) {
                let current = &meta.resource_version;
                return Err(ApiError::precondition_resource_version(
                    self.definition,
                    &meta.name,
                    version,
                    current,
                ));
            }
        }
        if meta.deletion_timestamp.is_none()
            && let Some(reason) = old.forbid_deletion()
        {
            return Err(ApiError::forbidden(self.definition, &meta.name, &reason));
        }
        let attributes = Attributes {
            operation: Operation::Delete,
            definition: self.definition,
            namespace: &meta.namespace,
            name: &meta.name,
            dry_run: request.dry_run,
            origin: request.origin,
        };
        // Mutating steps are told of a deletion; there is nothing that they could change.
        self.admission.mutate(&attributes, &mut old.boxed(), Some(old)).await?;
        self.admission.validate(&attributes, old, Some(old)).await
    }
}

/// Which of the garbage collector's finalizers an object has; without a policy, those that are there.
///
/// A namespace is an exception, as it is in Kubernetes (`registry/core/namespace/storage`): the first deletion alone decides, and
/// `orphanDependents: false` waits for the dependents.
fn gc_policy(options: &DeleteOptions, object: &dyn Hub) -> Option<PropagationPolicy> {
    let is_held = object.holds_deletion();
    match (&options.propagation_policy, options.orphan_dependents) {
        _ if !object.has_dependents() => Some(PropagationPolicy::Background),
        _ if is_held && object.meta().deletion_timestamp.is_some() => None,
        (Some(policy), _) => Some(policy.clone()),
        (None, Some(true)) => Some(PropagationPolicy::Orphan),
        (None, Some(false)) if is_held => Some(PropagationPolicy::Foreground),
        (None, Some(false)) => Some(PropagationPolicy::Background),
        (None, None) => None,
    }
}

/// The garbage collector's finalizers follow the policy.
fn set_gc_finalizers(finalizers: &mut Vec<String>, policy: Option<PropagationPolicy>) {
    let Some(policy) = policy else { return };
    for (wanted, name) in
        [(policy == PropagationPolicy::Orphan, ORPHAN), (policy == PropagationPolicy::Foreground, FOREGROUND)]
    {
        let present = finalizers.iter().any(|finalizer| finalizer == name);
        if wanted && !present {
            finalizers.push(name.to_owned());
        } else if !wanted && present {
            finalizers.retain(|finalizer| finalizer != name);
        }
    }
}
