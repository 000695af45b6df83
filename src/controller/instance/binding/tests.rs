//! What Secrets are called, and what is in them.

use super::*;
use crate::backend::Endpoint;
use databases_api::postgresql::{PROTOCOL, PostgreSQL, User, UserAttribute};

fn shop() -> PostgreSQL {
    let mut object = PostgreSQL::default();
    object.metadata.name = "shop".into();
    object
}

fn login(user: &str) -> Login {
    Login { username: user.into(), password: "s3cr3t/pw".into(), database: "d".into(), ..Login::default() }
}

fn served(roles: &[Role]) -> Observed {
    let endpoint = |role: &Role| Endpoint::new(*role, "h", 5432);
    Observed { endpoints: roles.iter().map(endpoint).collect(), ..Observed::default() }
}

#[test]
fn a_name_that_looks_hashed_is_no_other_users_secret() {
    let object = shop();
    assert_eq!(user_name(&object, "etl"), "shop-user-etl");
    let users = ["test_user", "test-user-11601308", "a_b", "a-b", "A.B", "Äpfel", "deadbeef", "x-deadbeef"];
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
    assert_eq!(full.keys().map(String::as_str).collect::<Vec<_>>(), contract.into_iter().collect::<Vec<_>>());
    assert_eq!((&*full["ro-port"], &*full["pooler-port"]), ("5432", "5432"));
    let outside =
        Endpoint { scope: Scope::External, ..Endpoint::new(Role::ReadWrite, "db.example.com", 5432) };
    observed.endpoints.push(outside);
    assert_eq!(
        data(&PROTOCOL, "p", &observed, &login("app")),
        full,
        "what is reached from outside is not named"
    );
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
