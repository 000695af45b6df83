//! The passwords of roles: made once, kept in Secrets that the operator reads.

use super::dialect::{Administration, Dialect, Role, Wish};
use super::{Operator, UID_LABEL, covers, exposure, names, overlay, trouble};
use crate::backend::postgresql::{Secret, secret_value};
use crate::backend::tenant::SUPERUSER;
use crate::backend::{Code, Error, Login};
use crate::cluster::{Place, SECRETS, SERVICES};
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::Access;
use serde_json::{Value, json};

impl<D: Dialect> Operator<D> {
    /// The roles that need a password; where a server is managed over SQL, with a superuser of its own for who asks for one.
    pub(super) fn roles(&self, wish: &Wish<'_>) -> Vec<Role> {
        let mut roles = self.dialect.roles(wish);
        if self.gives_superuser(wish) == Some(true) {
            let role = wish.role(SUPERUSER, wish.first_database());
            roles.push(Role { is_superuser: true, ..role });
        }
        roles
    }

    /// Whether a superuser of our making is asked for; none where the operator makes it.
    fn gives_superuser(&self, wish: &Wish<'_>) -> Option<bool> {
        self.dialect.administration(wish)?;
        Some(wish.object.spec.superuser_access == Some(Access::Enabled))
    }

    /// Deletes the superuser's password where it is not asked for, that of a former object, too: the next one is another.
    pub(super) async fn forget_superuser(&self, wish: &Wish<'_>) -> Result<(), Error> {
        if self.gives_superuser(wish) != Some(false) {
            return Ok(());
        }
        let name = wish.role(SUPERUSER, "").secret;
        let found = self.cluster.look(secret(wish, &name)).await.map_err(|error| trouble::<D>(&error))?;
        let is_anothers = |found: &Value| {
            !found["metadata"]["labels"][UID_LABEL].is_null() && !wish.is_ours(&found["metadata"])
        };
        match found {
            Some(found) if !is_anothers(&found) => self.delete(&found).await,
            _ => Ok(()),
        }
    }

    /// Makes the Secrets of roles that are ours to make. One that is there and nobody's, such as after a retention, is the
    /// object's from then on.
    pub(super) async fn make_secrets(&self, wish: &Wish<'_>, roles: &[Role]) -> Result<(), Error> {
        // One that we made for an operator is the operator's for who adopts.
        let is_ours_by_name = |role: &Role| role.secret == wish.role(&role.name, "").secret;
        let ours = names::labels(wish.object);
        let labels = overlay(ours.clone(), self.dialect.secret_labels(wish));
        for role in roles.iter().filter(|role| role.is_ours || is_ours_by_name(role)) {
            // A pooler lets applications in, not who administers.
            let labels = if role.is_superuser { &ours } else { &labels };
            let place = secret(wish, &role.secret);
            match self.cluster.look(place).await.map_err(|error| trouble::<D>(&error))? {
                None if !role.is_ours => {}
                None => {
                    let object = new_secret(wish, role, labels)?;
                    self.cluster.make(place, &object).await.map_err(|error| trouble::<D>(&error))?;
                }
                Some(found) => {
                    let said = &found["metadata"]["labels"];
                    let is_free = said[UID_LABEL].is_null() || said[UID_LABEL] == labels[UID_LABEL];
                    if is_free && !covers(said, labels, &[]) {
                        self.change(&found, &json!({"metadata": {"labels": labels}})).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The logins of those roles that have one by now, and the superuser's.
    pub(super) async fn logins(
        &self,
        wish: &Wish<'_>,
        roles: &[Role],
    ) -> Result<(Vec<Login>, Option<Login>), Error> {
        let (mut logins, mut superuser) = (Vec::new(), None);
        for role in roles {
            let found = self.cluster.look(secret(wish, &role.secret)).await;
            let Some(found) = found.map_err(|error| trouble::<D>(&error))? else { continue };
            let password = text(&found, "password");
            if password.is_empty() {
                continue;
            }
            // Some operators change who logs in for a role together with its password.
            let user = text(&found, "username");
            let (username, user) = match user.is_empty() || user == role.name {
                true => (role.name.clone(), String::new()),
                false => (user, role.name.clone()),
            };
            let login = Login { username, password, database: role.database.clone(), user };
            match role.is_superuser {
                true => superuser = Some(login),
                false => logins.push(login),
            }
        }
        // The first login opens the first database: without its own, nobody else's stands in for it.
        let first = roles.iter().find(|role| !role.is_superuser).map(|role| role.name.as_str());
        if logins.first().map(Login::user) != first {
            logins.clear();
        }
        Ok((logins, superuser))
    }

    /// The login of who manages a server; none where the operator has not made it yet.
    pub(super) async fn manager(
        &self,
        wish: &Wish<'_>,
        administration: &Administration,
    ) -> Result<Option<Login>, Error> {
        let found = self.cluster.look(secret(wish, &administration.secret)).await;
        let found = found.map_err(|error| trouble::<D>(&error))?.unwrap_or_default();
        let (username, password) =
            (text(&found, administration.username), text(&found, administration.password));
        let is_there = !username.is_empty() && !password.is_empty();
        let database = wish.first_database().to_owned();
        Ok(is_there.then(|| Login { username, password, database, user: String::new() }))
    }

    /// The CA of the serving certificate.
    pub(super) async fn certificates(&self, wish: &Wish<'_>) -> Result<Option<String>, Error> {
        let Some((name, key)) = self.dialect.authority(wish) else { return Ok(None) };
        let found = self.cluster.look(secret(wish, &name)).await.map_err(|error| trouble::<D>(&error))?;
        Ok(found.map(|found| text(&found, key)).filter(|text| !text.is_empty()))
    }
}

impl<D: Dialect> Operator<D> {
    /// What the operator made that tells more.
    pub(super) async fn evidence(&self, object: &PostgreSQL, name: &str) -> Result<Vec<Value>, Error> {
        let (mut found, namespace) = (Vec::new(), object.metadata.namespace.as_str());
        let service = self.dialect.exposed(name).filter(|_| exposure::is_balanced(object));
        let service = service.map(|service| (SERVICES, service));
        for (resource, name) in self.dialect.evidence(object, name).into_iter().chain(service) {
            let place = Place { resource: &resource, namespace, name: &name };
            let looked = self.cluster.look(place).await.map_err(|error| trouble::<D>(&error))?;
            found.push(looked.unwrap_or_default());
        }
        Ok(found)
    }

    /// Deletes the Secrets that the operator may leave behind; else says what of its making has to be gone before. Servers that
    /// still start need them, and an operator that waits for those in vain may do nothing else meanwhile.
    pub(super) async fn clear(&self, wish: &Wish<'_>) -> Result<Option<String>, Error> {
        let (leftovers, namespace) = (self.dialect.leftovers(wish), wish.object.metadata.namespace.as_str());
        let evidence = self.dialect.evidence(wish.object, wish.name).into_iter();
        for (resource, name) in evidence.filter(|_| !leftovers.is_empty()) {
            let place = Place { resource: &resource, namespace, name: &name };
            if self.cluster.look(place).await.map_err(|error| trouble::<D>(&error))?.is_some() {
                return Ok(Some(format!("{} has not deleted {} {name} yet", D::NAME, resource.kind)));
            }
        }
        for name in leftovers {
            let found = self.cluster.look(secret(wish, &name)).await.map_err(|error| trouble::<D>(&error))?;
            if let Some(found) = found {
                self.delete(&found).await?;
            }
        }
        Ok(None)
    }
}

fn secret<'a>(wish: &'a Wish<'_>, name: &'a str) -> Place<'a> {
    Place { resource: &SECRETS, namespace: &wish.object.metadata.namespace, name }
}

fn new_secret(wish: &Wish<'_>, role: &Role, labels: &Value) -> Result<Value, Error> {
    let meta = &wish.object.metadata;
    let password =
        Secret::generate().map_err(|error| Error::retried(Code::Unavailable, error.to_string()))?;
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": role.secret,
            "namespace": meta.namespace,
            "labels": labels,
        },
        "type": "kubernetes.io/basic-auth",
        "stringData": {"username": role.name, "password": password.expose()},
    }))
}

/// One key of a Secret; empty where it is not there.
fn text(secret: &Value, key: &str) -> String {
    secret_value(secret, key).unwrap_or_default()
}
