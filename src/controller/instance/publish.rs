//! The Secrets of one object: announced, published, withdrawn.

use super::Database;
use super::binding;
use super::choice::Chosen;
use super::reconcile::{Error, Reconciler};
use crate::backend::Observed;
use crate::cluster;
use crate::registry::Part;
use apimachinery::kind::Kind;
use apimachinery::meta::ObjectMeta;
use std::collections::HashSet;

impl<K: Database> Reconciler<K> {
    /// The names of new users' Secrets are written before those are made: what is removed again at once is then found. Whether
    /// there are any.
    pub(super) async fn announce_secrets(&self, object: &K, observed: &Observed) -> Result<bool, Error> {
        let mut new = binding::user_secrets(object, observed);
        new.retain(|secret| !object.status().user_secrets.contains(secret));
        if new.is_empty() {
            return Ok(false);
        }
        let told = self.update(object, Part::Status, |object| {
            let known = &mut object.status_mut().user_secrets;
            known.extend(new.iter().filter(|secret| !known.contains(secret)).cloned().collect::<Vec<_>>());
        });
        told.await.map(|_| true)
    }

    /// Publishes what can be, and withdraws what is no longer to be, before it tells of what could not.
    pub(super) async fn publish(
        &self,
        object: &K,
        chosen: &Chosen<K>,
        observed: &Observed,
    ) -> Result<(), cluster::Error> {
        let secrets = binding::all(object, chosen.backend.controller_name(), observed);
        let mut outcome = binding::distinct(&secrets);
        let mut taken = HashSet::new();
        for secret in secrets.iter().filter(|secret| taken.insert(&secret.name)) {
            outcome = outcome.and(self.controllers.publish(secret, &chosen.read).await);
        }
        let ObjectMeta { namespace, uid, .. } = Kind::meta(object);
        // The Secret by which kept data was taken up stays or goes with that from now on.
        let is_first = object.status().binding.is_none();
        if let Some(name) =
            binding::taken_up(object).filter(|name| is_first && !taken.contains(&(*name).to_owned()))
        {
            outcome = outcome.and(self.controllers.claim(&secrets, namespace, name).await);
        }
        for name in binding::recorded(object) {
            if !secrets.is_empty() && !taken.contains(&name) {
                outcome = outcome.and(self.controllers.cluster.retract(namespace, &name, uid).await);
            }
        }
        outcome
    }
}
