//! The credentials Secrets of an instance, as the Secret contract says.
//!
//! Every role that can log in has one. Names are made of the instance's and the role's; a role's name that a Secret's
//! cannot have is changed and a hash of it appended, and so is one that looks as if that had been done to it.

use crate::backend::{Login, Observed, Role};
use crate::cluster::Error;
use crate::controller::secret::{Binding, KIND_LABEL, NAME_LABEL};
use databases_api::instance::{Instance, Protocol};
use databases_api::shared::UserSecret;
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
    format!("{}-binding", object.meta().name)
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
pub(super) fn recorded(object: &dyn Instance) -> Vec<String> {
    let status = object.status();
    let references =
        status.binding.iter().chain(&status.superuser_secret_ref).map(|secret| secret.name.clone());
    references.chain(status.user_secrets.iter().map(|secret| secret.name.clone())).collect()
}

/// The names of all Secrets that may exist for an object, whether the status tells of them yet or not.
pub(super) fn names(object: &dyn Instance) -> Vec<String> {
    let mut names = vec![binding_name(object), superuser_name(object)];
    names.extend(object.roles().into_iter().map(|role| user_name(object, role)));
    names.extend(recorded(object));
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
    let labels = [(KIND_LABEL, object.definition().kind), (NAME_LABEL, &object.meta().name)];
    Binding {
        namespace: object.meta().namespace.clone(),
        name,
        kind: protocol.secret_type.into(),
        owner_uid: object.meta().uid.clone(),
        labels: labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        adopts: object.spec().adopt_ref.is_some(),
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
    for endpoint in &observed.endpoints {
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
mod tests {
    use super::*;
    use crate::backend::Endpoint;
    use databases_api::postgresql::{PROTOCOL, PostgreSQL, User, UserAttribute};

    fn shop() -> PostgreSQL {
        let mut object = PostgreSQL::default();
        object.metadata.name = "shop".into();
        object
    }

    fn login(user: &str) -> Login {
        Login {
            username: user.into(),
            password: "s3cr3t/pw".into(),
            database: "d".into(),
            ..Login::default()
        }
    }

    fn served(roles: &[Role]) -> Observed {
        let endpoint = |role: &Role| Endpoint { role: *role, host: "h".into(), port: 5432 };
        Observed { endpoints: roles.iter().map(endpoint).collect(), ..Observed::default() }
    }

    #[test]
    fn a_name_that_looks_hashed_is_no_other_users_secret() {
        let object = shop();
        assert_eq!(user_name(&object, "etl"), "shop-user-etl");
        let users =
            ["test_user", "test-user-11601308", "a_b", "a-b", "A.B", "Äpfel", "deadbeef", "x-deadbeef"];
        let mut names: Vec<String> = users.iter().map(|user| user_name(&object, user)).collect();
        for name in &names {
            let clean = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(name.bytes().all(clean) && !name.ends_with('-'), "{name}");
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), users.len(), "{names:?}");
    }

    #[test]
    fn a_secret_that_was_one_users_alone_keeps_its_name() {
        let mut object = shop();
        let recorded = |user: &str| UserSecret { user: user.into(), name: "shop-user-etl-0badcafe".into() };
        object.status.instance.user_secrets = vec![recorded("etl-0badcafe")];
        assert_eq!(user_name(&object, "etl-0badcafe"), "shop-user-etl-0badcafe");
        object.status.instance.user_secrets.push(recorded("etl_"));
        assert_ne!(user_name(&object, "etl-0badcafe"), "shop-user-etl-0badcafe");
    }

    #[test]
    fn the_second_of_two_users_of_one_secret_is_named() {
        let mut object = shop();
        object.spec.users = vec![User { name: "test-user-11601308".into(), ..User::default() }];
        let name = "shop-user-test-user-11601308".to_owned();
        object.status.instance.user_secrets = vec![UserSecret { user: "test-user-11601308".into(), name }];
        let logins = ["app", "test-user-11601308", "test_user"].map(login).into();
        let secrets = all(&object, "p", &Observed { logins, ..served(&[Role::ReadWrite]) });
        let error = distinct(&secrets).expect_err("two users would share a Secret");
        assert!(error.to_string().contains("\"test_user\""), "{error}");
    }

    #[test]
    fn the_longest_names_fit_a_secret() {
        let mut object = shop();
        object.metadata.name = "a".repeat(50);
        assert!(user_name(&object, &"_".repeat(63)).len() <= 253);
        assert!(user_name(&object, &"U".repeat(63)).len() <= 253);
    }

    #[test]
    fn a_role_that_cannot_log_in_has_no_secret() {
        let mut object = shop();
        let user = |name: &str, attributes| User { name: name.into(), attributes, databases: Vec::new() };
        object.spec.users = vec![user("group", vec![UserAttribute::NoLogin]), user("etl", Vec::new())];
        let observed =
            Observed { logins: ["app", "group", "etl"].map(login).into(), ..served(&[Role::ReadWrite]) };
        let names: Vec<String> = all(&object, "p", &observed).into_iter().map(|secret| secret.name).collect();
        assert_eq!(names, ["shop-binding", "shop-user-etl"]);
        assert_eq!(user_secrets(&object, &observed).len(), 1);
    }

    #[test]
    fn a_role_that_is_called_otherwise_has_the_secret_of_its_user() {
        let mut object = shop();
        let group = vec![UserAttribute::NoLogin];
        let user = |name: &str, attributes| User { name: name.into(), attributes, databases: Vec::new() };
        object.spec.users = vec![user("etl", Vec::new()), user("group", group)];
        let called = |user: &str| Login { user: user.into(), ..login(&format!("{user}_1f0a")) };
        let logins = ["app", "etl", "group"].map(called).into();
        let secrets = all(&object, "p", &Observed { logins, ..served(&[Role::ReadWrite]) });
        let found: Vec<_> = secrets.iter().map(|secret| (&*secret.name, &*secret.data["username"])).collect();
        assert_eq!(found, [("shop-binding", "app_1f0a"), ("shop-user-etl", "etl_1f0a")]);
    }

    #[test]
    fn what_a_secret_has_is_of_the_contract_and_true() {
        let mut observed = served(&[Role::ReadWrite, Role::ReadOnly, Role::PooledReadWrite]);
        (observed.certificates, observed.tls_required) = (Some("PEM".into()), true);
        let full = data(&PROTOCOL, "p", &observed, &login("app"));
        let contract: std::collections::BTreeSet<&str> = CONTRACT.iter().copied().collect();
        assert_eq!(
            full.keys().map(String::as_str).collect::<Vec<_>>(),
            contract.into_iter().collect::<Vec<_>>()
        );
        assert_eq!((&*full["ro-port"], &*full["pooler-port"]), ("5432", "5432"));
        (observed.logins, observed.superuser) = (vec![login("app")], Some(login("postgres")));
        let superusers = &all(&shop(), "p", &observed)[1];
        assert_eq!(superusers.data.get("pooler-uri"), None, "{}", superusers.name);
        let plain = data(&PROTOCOL, "p", &served(&[Role::ReadWrite]), &login("app"));
        for key in [
            "sslmode",
            "certificates",
            "ro-host",
            "ro-port",
            "ro-uri",
            "pooler-host",
            "pooler-port",
            "pooler-uri",
        ] {
            assert!(!plain.contains_key(key), "{key}");
        }
    }

    #[test]
    fn uris_are_percent_encoded() {
        let login = login("a@b");
        assert_eq!(
            uri(&PROTOCOL, &login, "h", 5432, Some(PROTOCOL.encrypted)),
            "postgresql://a%40b:s3cr3t%2Fpw@h:5432/d?sslmode=require"
        );
        assert_eq!(
            jdbc_uri(&PROTOCOL, &login, "h", 5432, None),
            "jdbc:postgresql://h:5432/d?user=a%40b&password=s3cr3t%2Fpw"
        );
    }
}
