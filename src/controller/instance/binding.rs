//! The credentials Secrets of an instance, as the Secret contract says.
//!
//! Every role that can log in has one. Names are made of the instance's and the role's; a role's name that a Secret's
//! cannot have is changed and a hash of it appended, and so is one that looks as if that had been done to it.

use crate::backend::{Login, Observed, Role, Scope};
use crate::cluster::Error;
use crate::controller::secret::{Binding, KIND_LABEL, NAME_LABEL};
use databases_api::instance::{self, Instance, Protocol};
use databases_api::shared::{ADOPT_REF, UserSecret};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Everything that is not unreserved in RFC 3986.
const USERINFO: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Hexadecimal digits of a hash in a name.
const HASH: usize = 8;
/// The keys of the contract. Keys are only ever added to this list; which of them a Secret has depends on what is true.
const CONTRACT: &[&str] = &[
    "type",
    "provider",
    "host",
    "port",
    "username",
    "password",
    "database",
    "uri",
    "jdbc-uri",
    "certificates",
    "sslmode",
    "ro-host",
    "ro-port",
    "ro-uri",
    "pooler-host",
    "pooler-port",
    "pooler-uri",
];

/// The Secret of the first database's owner, which `status.binding` names.
pub(super) fn binding_name(object: &dyn Instance) -> String {
    instance::binding_name(&object.meta().name)
}

/// The Secret of the superuser.
pub(super) fn superuser_name(object: &dyn Instance) -> String {
    format!("{}-superuser", object.meta().name)
}

/// The Secret of any other role.
fn user_name(object: &dyn Instance, user: &str) -> String {
    let clean: String = user
        .chars()
        .map(|character| match character.to_ascii_lowercase() {
            character @ ('a'..='z' | '0'..='9') => character,
            _ => '-',
        })
        .collect();
    let clean = clean.trim_matches('-');
    let plain = format!("{}-user-{user}", object.meta().name);
    if clean == user && (!looks_hashed(user) || has_alone(object, user, &plain)) {
        return plain;
    }
    let hash: String = Sha256::digest(user).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-user-{clean}-{}", object.meta().name, &hash[..HASH])
}

/// Whether a role's name could be what another's became.
fn looks_hashed(user: &str) -> bool {
    let hash = user.rsplit_once('-').map(|(_, hash)| hash);
    hash.is_some_and(|hash| hash.len() == HASH && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether the Secret has been this user's and nobody else's: applications know it by that name.
fn has_alone(object: &dyn Instance, user: &str, name: &str) -> bool {
    let mut users = object.status().user_secrets.iter().filter(|secret| secret.name == name);
    users.next().is_some_and(|secret| secret.user == user) && users.next().is_none()
}

/// The logins of all roles but the first; the Secret of one that cannot log in would open nothing.
fn user_logins<'a>(object: &'a dyn Instance, observed: &'a Observed) -> impl Iterator<Item = &'a Login> {
    observed.logins.iter().skip(1).filter(|login| object.can_log_in(login.user()))
}

/// The Secrets of all roles but the first database's owner, as the status has them.
pub(super) fn user_secrets(object: &dyn Instance, observed: &Observed) -> Vec<UserSecret> {
    let secret =
        |login: &Login| UserSecret { user: login.user().to_owned(), name: user_name(object, login.user()) };
    user_logins(object, observed).map(secret).collect()
}

/// The names of the Secrets that the status tells of.
pub(super) fn recorded(object: &dyn Instance) -> impl Iterator<Item = &str> {
    let status = object.status();
    let references = status.binding.iter().chain(&status.superuser_secret_ref).map(|secret| &*secret.name);
    references.chain(status.user_secrets.iter().map(|secret| &*secret.name))
}

/// The Secret by which an object takes up data that was kept, whatever its name.
pub(super) fn taken_up(object: &dyn Instance) -> Option<&str> {
    let mut references = object.spec().references();
    references
        .find(|reference| reference.path == ADOPT_REF && reference.is_secret())
        .map(|secret| secret.name)
}

/// The names of all Secrets that may exist for an object, whether the status tells of them yet or not.
pub(in crate::controller) fn names(object: &dyn Instance) -> Vec<String> {
    let mut names = vec![binding_name(object), superuser_name(object)];
    names.extend(object.roles().into_iter().map(|role| user_name(object, role)));
    names.extend(recorded(object).map(str::to_owned));
    names.extend(taken_up(object).map(str::to_owned));
    names.sort();
    names.dedup();
    names
}

/// The users who may have a Secret, with its name; the first one's is empty: whom applications are bound by.
pub(super) fn of_users(object: &dyn Instance) -> Vec<(String, String)> {
    let others = object.roles().into_iter().map(|role| (role.to_owned(), user_name(object, role)));
    [(String::new(), binding_name(object))].into_iter().chain(others).collect()
}

/// All Secrets as they should be.
pub(super) fn all(object: &dyn Instance, provider: &str, observed: &Observed) -> Vec<Binding> {
    let Some(first) = observed.logins.first() else { return Vec::new() };
    let mut secrets = vec![secret(object, provider, observed, binding_name(object), first)];
    secrets.extend(
        user_logins(object, observed)
            .map(|login| secret(object, provider, observed, user_name(object, login.user()), login)),
    );
    if let Some(login) = &observed.superuser {
        let mut secret = secret(object, provider, observed, superuser_name(object), login);
        // A pooler lets applications in, not who administers.
        secret.data.retain(|key, _| !key.starts_with("pooler-"));
        secrets.push(secret);
    }
    secrets
}

/// Whether every Secret has a name of its own.
pub(super) fn distinct(secrets: &[Binding]) -> Result<(), Error> {
    let user = |secret: &Binding| secret.data.get("username").cloned().unwrap_or_default();
    let mut names = BTreeMap::new();
    for secret in secrets {
        if let Some(first) = names.insert(&secret.name, secret) {
            let (first, second) = (user(first), user(secret));
            return Err(Error::SharedSecret { name: secret.name.clone(), first, second });
        }
    }
    Ok(())
}

fn secret(
    object: &dyn Instance,
    provider: &str,
    observed: &Observed,
    name: String,
    login: &Login,
) -> Binding {
    let protocol = &object.facts().protocol;
    let is_known = recorded(object).any(|known| known == name);
    let labels = [(KIND_LABEL, object.definition().kind), (NAME_LABEL, &object.meta().name)];
    Binding {
        namespace: object.meta().namespace.clone(),
        name,
        kind: protocol.secret_type.into(),
        owner_uid: object.meta().uid.clone(),
        labels: labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        adopts: object.spec().adopt_ref.is_some(),
        taken_up: taken_up(object).map(str::to_owned),
        kept_by: None,
        has_served: object.status().binding.is_some(),
        is_known,
        contract: CONTRACT,
        data: data(protocol, provider, observed, login),
    }
}

fn data(protocol: &Protocol, provider: &str, observed: &Observed, login: &Login) -> BTreeMap<String, String> {
    let mut data = BTreeMap::new();
    let mut set = |key: &str, value: String| data.insert(key.to_owned(), value);
    set("type", protocol.name.into());
    set("provider", provider.to_owned());
    set("username", login.username.clone());
    set("password", login.password.clone());
    set("database", login.database.clone());
    if let Some(certificates) = &observed.certificates {
        set("certificates", certificates.clone());
    }
    let encrypted = observed.tls_required.then_some(protocol.encrypted);
    if let Some((name, value)) = encrypted {
        set(name, value.into());
    }
    // Applications of the cluster stay within it.
    for endpoint in observed.endpoints.iter().filter(|endpoint| endpoint.scope == Scope::Cluster) {
        let (host, port) = (endpoint.host.clone(), endpoint.port);
        let uri = uri(protocol, login, &host, port, encrypted);
        match endpoint.role {
            Role::ReadWrite => {
                set("jdbc-uri", jdbc_uri(protocol, login, &host, port, encrypted));
                set("host", host);
                set("port", port.to_string());
                set("uri", uri);
            }
            Role::ReadOnly => {
                set("ro-host", host);
                set("ro-port", port.to_string());
                set("ro-uri", uri);
            }
            Role::PooledReadWrite => {
                set("pooler-host", host);
                set("pooler-port", port.to_string());
                set("pooler-uri", uri);
            }
        }
    }
    data
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, USERINFO).to_string()
}

fn uri(protocol: &Protocol, login: &Login, host: &str, port: u16, encrypted: Option<(&str, &str)>) -> String {
    let (user, password) = (encode(&login.username), encode(&login.password));
    let (scheme, database) = (protocol.scheme, encode(&login.database));
    let query = encrypted.map(|(name, value)| format!("?{name}={value}")).unwrap_or_default();
    format!("{scheme}://{user}:{password}@{host}:{port}/{database}{query}")
}

fn jdbc_uri(
    protocol: &Protocol,
    login: &Login,
    host: &str,
    port: u16,
    encrypted: Option<(&str, &str)>,
) -> String {
    let (user, password) = (encode(&login.username), encode(&login.password));
    let (scheme, database) = (protocol.scheme, encode(&login.database));
    let query = encrypted.map(|(name, value)| format!("&{name}={value}")).unwrap_or_default();
    format!("jdbc:{scheme}://{host}:{port}/{database}?user={user}&password={password}{query}")
}

#[cfg(test)]
mod tests;
