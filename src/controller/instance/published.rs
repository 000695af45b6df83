//! The logins of an object as its Secrets have them, for a backend that keeps passwords nowhere else.

use super::Database;
use super::binding;
use super::choice::Inquiry;
use super::conditions;
use crate::backend::Login;
use crate::cluster;
use crate::controller::secret::{UID_LABEL, belongs_to, is_unclaimed, label, login};
use apimachinery::kind::Kind;
use apimachinery::meta::ObjectMeta;
use databases_api::instance::Instance;
use k8s_openapi::api::core::v1::Secret;

impl<K: Database> Inquiry<'_, K> {
    /// The logins that were published for an object, as far as its Secrets are still there and its own; and these.
    pub(super) async fn published(&self, object: &K) -> Result<(Vec<Login>, Vec<Secret>), cluster::Error> {
        let ObjectMeta { namespace, uid, .. } = Kind::meta(object);
        let (mut logins, mut read) = (Vec::new(), Vec::new());
        for (user, name) in binding::of_users(object) {
            let found = self.controllers.cluster.secret(namespace, &name).await?;
            if let Some(secret) =
                found.filter(|secret| belongs_to(secret, uid) || lost_labels(object, secret, &name))
            {
                logins.push(Login { user, ..login(&secret) });
                read.push(secret);
            }
        }
        Ok((logins, read))
    }
}

/// Whether it is the object's Secret of a name, and somebody took its labels off. A backend that is not given it makes a new
/// password, which the Secret has not got, so that nobody could say any more that it is the object's.
///
/// Whoever writes such a Secret has the login take his password. He gets no more by that than by changing the one that has the
/// labels, which whoever writes Secrets in this namespace may do as well. A name that the status does not tell of is never read.
fn lost_labels(object: &dyn Instance, secret: &Secret, name: &str) -> bool {
    was_published(object, name) && is_stripped(secret, object.facts().protocol.secret_type)
}

/// Whether the status tells of a Secret that was published. Names of users' Secrets are written before those are made: one that
/// is in the way is told of from then on, and is not read.
fn was_published(object: &dyn Instance, name: &str) -> bool {
    let status = object.status();
    let is_users = || status.user_secrets.iter().any(|secret| secret.name == name);
    status.binding.as_ref().is_some_and(|binding| binding.name == name)
        || is_users() && !conditions::has_conflict(object)
}

/// Whether a Secret of that type says of nobody that it is his.
fn is_stripped(secret: &Secret, kind: &str) -> bool {
    label(secret, UID_LABEL).is_none() && is_unclaimed(secret, kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::secret::RELEASED_FROM;
    use databases_api::postgresql::{PROTOCOL, PostgreSQL};
    use databases_api::shared::{SecretRef, UserSecret};
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

    #[test]
    fn a_secret_is_read_without_labels_where_the_status_tells_of_it() {
        let mut object = PostgreSQL::default();
        assert!(!was_published(&object, "a-binding"));
        object.status.instance.binding = Some(SecretRef { name: "a-binding".into() });
        let user = UserSecret { user: "etl".into(), name: "a-user-etl".into() };
        object.status.instance.user_secrets = vec![user];
        assert!(was_published(&object, "a-binding") && was_published(&object, "a-user-etl"));
        assert!(!was_published(&object, "a-user-other"));
    }

    #[test]
    fn a_secret_that_is_somebodys_or_was_is_not_read_without_labels() {
        let ours = Secret { type_: Some(PROTOCOL.secret_type.into()), ..Secret::default() };
        assert!(is_stripped(&ours, PROTOCOL.secret_type) && !is_stripped(&ours, "Opaque"));
        let marked = |change: &dyn Fn(&mut Secret)| {
            let mut secret = ours.clone();
            change(&mut secret);
            is_stripped(&secret, PROTOCOL.secret_type)
        };
        let text = |key: &str| Some([(key.to_owned(), "2".to_owned())].into());
        assert!(!marked(&|secret: &mut Secret| secret.metadata.labels = text(UID_LABEL)));
        assert!(!marked(&|secret: &mut Secret| secret.metadata.annotations = text(RELEASED_FROM)));
        assert!(!marked(
            &|secret: &mut Secret| secret.metadata.owner_references = Some(vec![OwnerReference::default()])
        ));
    }
}
