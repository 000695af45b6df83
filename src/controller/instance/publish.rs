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
use databases_api::databaseclass::DatabaseClass;
use databases_api::features::ADOPTION_ONLY;
use databases_api::shared::{ADOPT_REF, SECRET};
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
        let mut secrets = binding::all(object, chosen.backend.controller_name(), observed);
        let class = chosen.class.as_deref().ok();
        let kept_by = class.and_then(|class| kept_by(class, K::kind().kind));
        secrets.iter_mut().for_each(|secret| secret.kept_by.clone_from(&kept_by));
        let mut outcome = binding::distinct(&secrets);
        let mut taken = HashSet::new();
        for secret in secrets.iter().filter(|secret| taken.insert(secret.name.as_str())) {
            outcome = outcome.and(self.controllers.publish(secret, &chosen.read).await);
        }
        let ObjectMeta { namespace, uid, .. } = Kind::meta(object);
        // The Secret by which kept data was taken up stays or goes with that from now on.
        let is_first = object.status().binding.is_none();
        if let Some(name) = binding::taken_up(object).filter(|name| is_first && !taken.contains(*name)) {
            outcome = outcome.and(self.controllers.claim(&secrets, namespace, name).await);
        }
        for name in binding::recorded(object) {
            if !secrets.is_empty() && !taken.contains(name) {
                outcome = outcome.and(self.controllers.cluster.retract(namespace, name, uid).await);
            }
        }
        outcome
    }
}

/// What an object names, in words, to take up what a deletion of one of its class kept; none where it takes up nothing.
fn kept_by(class: &DatabaseClass, kind: &str) -> Option<String> {
    let offers = |feature: &str| class.offers(&format!("{kind}{feature}"));
    if !offers("Adoption") || offers(ADOPTION_ONLY) {
        return None;
    }
    let words = class.taken_in(ADOPT_REF).map(|known| match (known.group.as_str(), known.kind.as_str()) {
        ("", SECRET) => "the binding Secret".to_owned(),
        (_, kind) => format!("the {kind} that was kept"),
    });
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use databases_api::databaseclass::{ReferenceKind, SupportedFeature};

    #[test]
    fn what_was_kept_is_taken_up_as_the_class_says() {
        let words = |features: &[&str], kind: &str| {
            let mut class = DatabaseClass::default();
            let feature = |name: &&str| SupportedFeature { name: format!("PostgreSQL{name}") };
            class.status.supported_features = features.iter().map(feature).collect();
            let taken =
                ReferenceKind { field: ADOPT_REF.into(), kind: kind.into(), ..ReferenceKind::default() };
            class.status.reference_kinds = vec![taken];
            kept_by(&class, "PostgreSQL")
        };
        assert_eq!(words(&["Adoption"], SECRET).as_deref(), Some("the binding Secret"));
        assert_eq!(words(&["Adoption"], "Cluster").as_deref(), Some("the Cluster that was kept"));
        assert_eq!(words(&[], SECRET), None);
        assert_eq!(words(&["Adoption", ADOPTION_ONLY], SECRET), None, "that is where it runs");
    }
}
