//! Databases that change hands, schemas and extensions that move.

use super::*;

#[tokio::test]
async fn a_new_owner_uses_the_old_tables_and_the_old_one_is_out() {
    let Some(fixture) = Fixture::new().await else { return };
    let databases = |shop: &str, lab: &str| vec![database("shop", shop), database("lab", lab)];
    let before = Desired { databases: databases("old", "old"), ..desired() };
    let observed = fixture.ensure(&before).await;
    let client = connect(&observed).await;
    run(&client, "CREATE SCHEMA app; CREATE TABLE app.cart AS SELECT 7 AS n; CREATE TABLE t (n int)").await;
    let after = Desired { databases: databases("new", "old"), ..desired() };
    let moved = fixture.ensure(&after).await;
    assert!(moved.ready);
    let new = try_connect(&moved.read_write, login(&moved, "new")).await.expect("the new owner connects");
    run(&new, "UPDATE app.cart SET n = 8; ALTER TABLE t ADD m int; DROP TABLE t; CREATE TABLE app.more ()")
        .await;
    let elsewhere = "SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = 'lab'";
    assert_eq!(value(&new, elsewhere).await, "old", "what he owns elsewhere stays his");
    assert!(try_connect(&moved.read_write, &observed.credentials[0]).await.is_err(), "not into this one");
    let last = Desired { databases: databases("new", "new"), ..desired() };
    fixture.ensure(&last).await;
    let lab = Credentials { database: "lab".to_owned(), ..observed.credentials[0].clone() };
    assert!(try_connect(&moved.read_write, &lab).await.is_err(), "no longer listed, he cannot log in");
    assert!(client.batch_execute("SELECT 1").await.is_err(), "and his sessions ended");
}

#[tokio::test]
async fn owners_who_swap_databases_own_what_is_in_them() {
    let Some(fixture) = Fixture::new().await else { return };
    let databases = |a: &str, b: &str| vec![database("a", a), database("b", b)];
    let observed = fixture.ensure(&Desired { databases: databases("x", "y"), ..desired() }).await;
    for (role, table) in [("x", "of_a"), ("y", "of_b")] {
        let client = try_connect(&observed.read_write, login(&observed, role)).await.expect("connected");
        run(&client, &format!("CREATE TABLE {table} (n int)")).await;
    }
    let swapped = fixture.ensure(&Desired { databases: databases("y", "x"), ..desired() }).await;
    for (role, table) in [("y", "of_a"), ("x", "of_b")] {
        let client = try_connect(&swapped.read_write, login(&swapped, role)).await.expect("connected");
        run(&client, &format!("DROP TABLE {table}")).await;
    }
}

#[tokio::test]
async fn an_owner_replaced_under_an_earlier_release_is_put_out_and_his_tables_move() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let before = Desired { databases: vec![database("shop", "old")], ..desired() };
    let observed = fixture.ensure(&before).await;
    run(&connect(&observed).await, "CREATE TABLE t (n int)").await;
    let client = superuser(&fixture, &before).await;
    run(&client, "CREATE ROLE new; ALTER DATABASE shop OWNER TO new").await;
    let path = fixture.local().host.layout.instance(UID).state();
    let mut old: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).expect("the state")).expect("as JSON");
    let fields = old.as_object_mut().expect("an object");
    ["retired", "owners"].iter().for_each(|name| drop(fields.remove(*name)));
    std::fs::write(&path, serde_json::to_vec(&old).expect("as text")).expect("written");
    fixture.reopen().await;
    let after = Desired { databases: vec![database("shop", "new")], ..desired() };
    let moved = fixture.ensure(&after).await;
    run(&connect(&moved).await, "DROP TABLE t").await;
    assert!(try_connect(&moved.read_write, &observed.credentials[0]).await.is_err());
}

fn with_extension(name: &str, schema: Option<&str>) -> Desired {
    let extensions = vec![extension(name, schema)];
    Desired { databases: vec![Database { extensions, ..database("shop", "shop") }], ..desired() }
}

#[tokio::test]
async fn a_changed_schema_of_an_extension_moves_it_or_is_refused() {
    let Some(fixture) = Fixture::new().await else { return };
    let place = |name: &str| {
        format!("SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = '{name}'")
    };
    let observed = fixture.ensure(&with_extension("pgcrypto", Some("one"))).await;
    let client = connect(&observed).await;
    assert_eq!(value(&client, &place("pgcrypto")).await, "one");
    fixture.ensure(&with_extension("pgcrypto", Some("two"))).await;
    assert_eq!(value(&client, &place("pgcrypto")).await, "two");
    let owners =
        "SELECT string_agg(nspowner::regrole::text, ' ') FROM pg_namespace WHERE nspname IN ('one', 'two')";
    assert_eq!(value(&client, owners).await, "shop shop", "schemas that we made are the owner's");

    fixture.ensure(&with_extension("earthdistance", Some("one"))).await;
    let refused = with_extension("xml2", Some("three"));
    fixture.ensure(&with_extension("xml2", Some("one"))).await;
    let error = fixture.local().ensure(&refused).await.expect_err("not relocatable");
    assert!(error.is_permanent() && error.to_string().contains("does not support SET SCHEMA"), "{error}");
    assert_eq!(error.reason(), "BackendRejected");
    let more = Desired { users: vec![user("etl", &[], &["shop"])], ..refused };
    fixture.local().ensure(&more).await.expect_err("still not");
    let role = "SELECT count(*)::text FROM pg_roles WHERE rolname = 'etl'";
    assert_eq!(value(&client, role).await, "1", "the rest is made all the same");
}

#[tokio::test]
async fn a_version_that_an_extension_does_not_have_is_refused() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&with_extension("pgcrypto", None)).await;
    let mut wanted = with_extension("pgcrypto", None);
    wanted.databases[0].extensions[0].version = Some("9.9".to_owned());
    let error = fixture.local().ensure(&wanted).await.expect_err("no such version");
    assert!(error.is_permanent() && error.to_string().contains("9.9"), "{error}");
}

#[tokio::test]
async fn a_schema_made_for_an_extension_by_an_earlier_release_is_given_to_the_owner() {
    let Some(fixture) = Fixture::new().await else { return };
    let wanted = with_extension("pgcrypto", Some("crypto"));
    fixture.ensure(&wanted).await;
    let observed = fixture.ensure(&Desired { superuser_access: true, ..wanted.clone() }).await;
    let login = Credentials { database: "shop".to_owned(), ..observed.superuser.clone().expect("its login") };
    let client = try_connect(&observed.read_write, &login).await.expect("connected");
    run(&client, "ALTER SCHEMA crypto OWNER TO postgres").await;
    let observed = fixture.ensure(&wanted).await;
    let owner = "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'crypto'";
    assert_eq!(value(&connect(&observed).await, owner).await, "shop");
}
