//! The credentials Secrets of an instance, as the Secret contract says.

use crate::backend::{Login, Observed};
use crate::cluster::Binding;
use databases_api::postgresql::PostgreSQL;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const KIND: &str = "PostgreSQL";
const SECRET_TYPE: &str = "servicebinding.io/postgresql";
/// Everything that is not unreserved in RFC 3986.
const USERINFO: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The Secret of the first database's owner, which `status.binding` names.
pub(super) fn binding_name(object: &PostgreSQL) -> String {
    format!("{}-binding", object.metadata.name)
}

/// The Secret of the superuser.
pub(super) fn superuser_name(object: &PostgreSQL) -> String {
    format!("{}-superuser", object.metadata.name)
}

/// The Secret of any other role. Roles may have characters that names of objects may not; a hash then keeps
/// apart what looks the same without them.
pub(super) fn user_name(object: &PostgreSQL, user: &str) -> String {
    let clean: String = user
        .chars()
        .map(|character| match character.to_ascii_lowercase() {
            character @ ('a'..='z' | '0'..='9') => character,
            _ => '-',
        })
        .collect();
    let clean = clean.trim_matches('-');
    if clean == user {
        return format!("{}-user-{user}", object.metadata.name);
    }
    let digest = Sha256::digest(user);
    let hash: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-user-{clean}-{hash}", object.metadata.name)
}

/// The names of the Secrets that the status tells of.
pub(super) fn recorded(object: &PostgreSQL) -> Vec<String> {
    let status = &object.status;
    let references =
        status.binding.iter().chain(&status.superuser_secret_ref).map(|secret| secret.name.clone());
    references.chain(status.user_secrets.iter().map(|secret| secret.name.clone())).collect()
}

/// The names of all Secrets that may exist for an object, whether the status tells of them yet or not.
pub(super) fn names(object: &PostgreSQL) -> Vec<String> {
    let mut names = vec![binding_name(object), superuser_name(object)];
    names.extend(object.spec.databases.iter().skip(1).map(|database| user_name(object, &database.owner)));
    names.extend(object.spec.users.iter().map(|user| user_name(object, &user.name)));
    names.extend(recorded(object));
    names.sort();
    names.dedup();
    names
}

/// All Secrets as they should be.
pub(super) fn all(object: &PostgreSQL, provider: &str, observed: &Observed) -> Vec<Binding> {
    let Some((first, others)) = observed.logins.split_first() else { return Vec::new() };
    let mut secrets = vec![secret(object, provider, observed, binding_name(object), first)];
    secrets.extend(
        others
            .iter()
            .map(|login| secret(object, provider, observed, user_name(object, &login.username), login)),
    );
    if let Some(login) = &observed.superuser {
        secrets.push(secret(object, provider, observed, superuser_name(object), login));
    }
    secrets
}

fn secret(object: &PostgreSQL, provider: &str, observed: &Observed, name: String, login: &Login) -> Binding {
    let labels = [
        ("databases.standard.k8s.io/instance-kind", KIND),
        ("databases.standard.k8s.io/instance", &object.metadata.name),
    ];
    Binding {
        namespace: object.metadata.namespace.clone(),
        name,
        kind: SECRET_TYPE.into(),
        owner_uid: object.metadata.uid.clone(),
        labels: labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        data: data(provider, observed, login),
    }
}

/// Keys are only ever added to this list.
fn data(provider: &str, observed: &Observed, login: &Login) -> BTreeMap<String, String> {
    let mut data = BTreeMap::new();
    let mut set = |key: &str, value: String| data.insert(key.to_owned(), value);
    set("type", "postgresql".into());
    set("provider", provider.to_owned());
    set("username", login.username.clone());
    set("password", login.password.clone());
    set("database", login.database.clone());
    if let Some(certificates) = &observed.certificates {
        set("certificates", certificates.clone());
    }
    if observed.tls_required {
        set("sslmode", "require".into());
    }
    for endpoint in &observed.endpoints {
        let (host, port) = (endpoint.host.clone(), endpoint.port);
        let uri = uri(login, &host, port, observed.tls_required);
        if endpoint.role == "ReadWrite" {
            set("jdbc-uri", jdbc_uri(login, &host, port, observed.tls_required));
            set("host", host);
            set("port", port.to_string());
            set("uri", uri);
        } else if endpoint.role == "ReadOnly" {
            set("ro-host", host);
            set("ro-uri", uri);
        }
    }
    data
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, USERINFO).to_string()
}

fn uri(login: &Login, host: &str, port: u16, tls: bool) -> String {
    let (user, password) = (encode(&login.username), encode(&login.password));
    let (database, query) = (encode(&login.database), if tls { "?sslmode=require" } else { "" });
    format!("postgresql://{user}:{password}@{host}:{port}/{database}{query}")
}

fn jdbc_uri(login: &Login, host: &str, port: u16, tls: bool) -> String {
    let (user, password) = (encode(&login.username), encode(&login.password));
    let query = if tls { "&sslmode=require" } else { "" };
    let database = encode(&login.database);
    format!("jdbc:postgresql://{host}:{port}/{database}?user={user}&password={password}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_that_look_alike_have_secrets_of_their_own() {
        let mut object = PostgreSQL::default();
        object.metadata.name = "shop".into();
        assert_eq!(user_name(&object, "etl"), "shop-user-etl");
        assert_ne!(user_name(&object, "a_b"), user_name(&object, "a-b"));
        assert_ne!(user_name(&object, "a_b"), user_name(&object, "A.B"));
        assert!(
            user_name(&object, "Äpfel")
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        );
    }

    #[test]
    fn uris_are_percent_encoded() {
        let login = Login { username: "a@b".into(), password: "s3cr3t/pw".into(), database: "d".into() };
        assert_eq!(uri(&login, "h", 5432, true), "postgresql://a%40b:s3cr3t%2Fpw@h:5432/d?sslmode=require");
        assert_eq!(
            jdbc_uri(&login, "h", 5432, false),
            "jdbc:postgresql://h:5432/d?user=a%40b&password=s3cr3t%2Fpw"
        );
    }
}
