//! Databases, owners, users and extensions.

use super::*;

#[tokio::test]
async fn databases_owners_and_users_are_as_listed() {
    let Some(fixture) = Fixture::new().await else { return };
    let odd = "o\"dd';--";
    let wanted = Desired {
        databases: vec![database("shop", "shop"), database(odd, odd)],
        users: vec![user("etl", &[Attribute::CreateDB], &["shop"]), user("gone", &[], &["shop"])],
        ..desired()
    };
    let observed = fixture.ensure(&wanted).await;
    let names: Vec<&str> = observed.credentials.iter().map(|login| login.username.as_str()).collect();
    assert_eq!(names, ["shop", odd, "etl", "gone"]);
    for login in &observed.credentials {
        let client = try_connect(&observed.read_write, login).await.expect("the role connects");
        assert_eq!(value(&client, "SELECT current_database()::text").await, login.database);
        assert!(login.password.expose().len() >= 24);
    }
    let owner = try_connect(&observed.read_write, login(&observed, odd)).await.expect("connected");
    run(&owner, "CREATE TABLE kept AS SELECT 7 AS n").await;
    let intruder = Credentials { database: odd.to_owned(), ..login(&observed, "etl").clone() };
    assert!(try_connect(&observed.read_write, &intruder).await.is_err());
    let wrong = Credentials { password: Secret::new("wrong"), ..login(&observed, "shop").clone() };
    assert!(try_connect(&observed.read_write, &wrong).await.is_err());

    let fewer = Desired { users: vec![user("etl", &[Attribute::NoLogin], &[])], ..desired() };
    let fewer = fixture.ensure(&fewer).await;
    for name in ["etl", "gone"] {
        assert!(try_connect(&fewer.read_write, login(&observed, name)).await.is_err(), "{name}");
    }
    let unlisted = try_connect(&fewer.read_write, login(&observed, odd)).await;
    assert!(unlisted.is_err(), "the owner of a database that is not listed has no Secret and no login");
    let again = fixture.ensure(&wanted).await;
    let kept = try_connect(&again.read_write, login(&again, odd)).await.expect("the database was kept");
    assert_eq!(value(&kept, "SELECT n::text FROM kept").await, "7");
}

#[tokio::test]
async fn a_password_changed_from_outside_is_set_again() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&desired()).await;
    connect(&observed).await.batch_execute("ALTER ROLE shop PASSWORD 'mine'").await.expect("altered");
    assert!(try_connect(&observed.read_write, &observed.credentials[0]).await.is_err());
    fixture.ensure(&desired()).await;
    connect(&observed).await;
}

#[tokio::test]
async fn extensions_are_installed_or_named_when_missing() {
    let Some(fixture) = Fixture::new().await else { return };
    let with = |extensions| Desired {
        databases: vec![Database { extensions, ..database("shop", "shop") }],
        ..desired()
    };
    let error = fixture
        .local()
        .ensure(&with(vec![extension("nonesuch", None)]))
        .await
        .expect_err("no such extension");
    assert!(error.to_string().contains("nonesuch") && error.to_string().contains("pgcrypto"), "{error}");
    let wanted = with(vec![extension("pgcrypto", Some("crypto")), extension("earthdistance", None)]);
    let observed = fixture.ensure(&wanted).await;
    let client = connect(&observed).await;
    let listed = "SELECT string_agg(extname || ' in ' || nspname, ', ' ORDER BY extname) FROM pg_extension \
                  JOIN pg_namespace n ON n.oid = extnamespace WHERE extname <> 'plpgsql'";
    assert_eq!(value(&client, listed).await, "cube in public, earthdistance in public, pgcrypto in crypto");
    fixture.ensure(&wanted).await;
}

#[tokio::test]
async fn the_superuser_connects_over_tcp_only_when_allowed() {
    let Some(fixture) = Fixture::new().await else { return };
    let allowed = fixture.ensure(&Desired { superuser_access: true, ..desired() }).await;
    let superuser = allowed.superuser.clone().expect("its login");
    let client = try_connect(&allowed.read_write, &superuser).await.expect("the superuser connects");
    assert_eq!(value(&client, "SHOW is_superuser").await, "on");
    let denied = fixture.ensure(&desired()).await;
    assert!(denied.superuser.is_none());
    assert!(try_connect(&denied.read_write, &superuser).await.is_err());
}
