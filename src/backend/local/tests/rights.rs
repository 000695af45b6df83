//! What roles may do, whatever way they came to it.

use super::*;

const POWERS: [Attribute; 4] =
    [Attribute::Superuser, Attribute::CreateRole, Attribute::CreateDB, Attribute::BypassRLS];

async fn is_gone(client: &tokio_postgres::Client) -> bool {
    client.batch_execute("SELECT 1").await.is_err()
}

fn rights_of(role: &str) -> String {
    format!(
        "SELECT concat_ws(' ', rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin) \
         FROM pg_roles WHERE rolname = '{role}'"
    )
}

#[tokio::test]
async fn a_superuser_who_becomes_an_owner_is_one_no_more() {
    let Some(fixture) = Fixture::new().await else { return };
    let before = Desired { users: vec![user("chief", &POWERS, &["shop"])], ..desired() };
    let observed = fixture.ensure(&before).await;
    let session = try_connect(&observed.read_write, login(&observed, "chief")).await.expect("connected");
    run(&session, "GRANT pg_execute_server_program TO chief").await;
    let after = Desired { databases: vec![database("shop", "chief")], ..desired() };
    assert!(fixture.ensure(&after).await.ready);
    assert!(is_gone(&session).await, "a session that began as a superuser's may take on any role");
    assert_eq!(seen(&fixture, &after, &rights_of("chief")).await, "f f f f f t");
    let memberships = "SELECT count(*)::text FROM pg_auth_members WHERE member = 'chief'::regrole";
    assert_eq!(seen(&fixture, &after, memberships).await, "0");
}

#[tokio::test]
async fn a_removed_user_keeps_no_right_no_membership_no_session_and_nothing_prepared() {
    let Some(fixture) = Fixture::new().await else { return };
    let parameters = BTreeMap::from([("max_prepared_transactions".to_owned(), "5".to_owned())]);
    let without = Desired { parameters, ..desired() };
    let with = Desired { users: vec![user("chief", &POWERS, &["shop"])], ..without.clone() };
    let observed = fixture.ensure(&with).await;
    let session = try_connect(&observed.read_write, login(&observed, "chief")).await.expect("connected");
    run(&session, "GRANT pg_monitor TO chief").await;
    run(&session, "BEGIN; ALTER ROLE chief CREATEDB; PREPARE TRANSACTION 'later'").await;
    let after = fixture.ensure(&without).await;
    assert!(after.ready && after.credentials.iter().all(|login| login.username != "chief"));
    assert!(is_gone(&session).await);
    assert!(try_connect(&after.read_write, login(&observed, "chief")).await.is_err());
    assert_eq!(seen(&fixture, &without, &rights_of("chief")).await, "f f f f f f");
    let left = "SELECT concat((SELECT count(*) FROM pg_auth_members WHERE member = 'chief'::regrole), \
                (SELECT count(*) FROM pg_prepared_xacts))";
    assert_eq!(seen(&fixture, &without, left).await, "00");
    let client = superuser(&fixture, &without).await;
    run(&client, "ALTER ROLE chief LOGIN SUPERUSER").await;
    fixture.ensure(&without).await;
    assert_eq!(seen(&fixture, &without, &rights_of("chief")).await, "f f f f f f", "he stays removed");
    let again = fixture.ensure(&with).await;
    assert_ne!(login(&again, "chief").password, login(&observed, "chief").password);
    try_connect(&again.read_write, login(&again, "chief")).await.expect("listed again, he connects again");
}

#[tokio::test]
async fn what_keeps_a_listed_role_out_is_seen_and_put_right() {
    let Some(fixture) = Fixture::new().await else { return };
    let wanted = Desired { users: vec![user("etl", &[], &["shop"])], ..desired() };
    let observed = fixture.ensure(&wanted).await;
    for statement in [
        "ALTER ROLE etl VALID UNTIL '2000-01-01'",
        "ALTER ROLE etl CONNECTION LIMIT 0",
        "ALTER ROLE shop CONNECTION LIMIT 0 VALID UNTIL '2000-01-01'",
        "REVOKE CONNECT ON DATABASE shop FROM etl",
        "REVOKE CONNECT ON DATABASE shop FROM shop",
        "ALTER DATABASE shop CONNECTION LIMIT 0",
        "ALTER DATABASE shop ALLOW_CONNECTIONS false",
        "ALTER DATABASE shop OWNER TO etl",
        "ALTER ROLE shop NOLOGIN NOINHERIT",
    ] {
        run(&superuser(&fixture, &wanted).await, statement).await;
        assert!(fixture.ensure(&wanted).await.ready);
        for role in ["shop", "etl"] {
            let connected = try_connect(&observed.read_write, login(&observed, role)).await;
            connected.unwrap_or_else(|error| panic!("{statement}: {role}: {error:?}"));
        }
        let owner = "SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = 'shop'";
        assert_eq!(seen(&fixture, &wanted, owner).await, "shop", "{statement}");
    }
}

#[tokio::test]
async fn a_database_taken_from_a_user_ends_his_sessions_there() {
    let Some(fixture) = Fixture::new().await else { return };
    let databases = vec![database("shop", "shop"), database("lab", "lab")];
    let with = |databases_of: &[&str]| Desired {
        databases: databases.clone(),
        users: vec![user("etl", &[], databases_of)],
        ..desired()
    };
    let observed = fixture.ensure(&with(&["shop", "lab"])).await;
    let there = |name: &str| Credentials { database: name.to_owned(), ..login(&observed, "etl").clone() };
    let shop = try_connect(&observed.read_write, &there("shop")).await.expect("connected");
    let lab = try_connect(&observed.read_write, &there("lab")).await.expect("connected");
    fixture.ensure(&with(&["lab"])).await;
    assert!(is_gone(&shop).await);
    assert_eq!(value(&lab, "SELECT 'stays'").await, "stays");
    run(&connect(&observed).await, "GRANT CONNECT ON DATABASE shop TO PUBLIC").await;
    fixture.ensure(&with(&["lab"])).await;
    assert!(try_connect(&observed.read_write, &there("shop")).await.is_err(), "PUBLIC is not listed");
}

#[tokio::test]
async fn memberships_that_reach_further_than_the_attributes_are_taken_away() {
    let Some(fixture) = Fixture::new().await else { return };
    let wanted = Desired { users: vec![user("etl", &[], &["shop"])], ..desired() };
    fixture.ensure(&wanted).await;
    let client = superuser(&fixture, &wanted).await;
    run(&client, "CREATE ROLE boss SUPERUSER; CREATE ROLE middle; GRANT boss TO middle").await;
    run(&client, "GRANT middle, pg_monitor, pg_write_server_files TO etl").await;
    fixture.ensure(&wanted).await;
    let left =
        "SELECT string_agg(roleid::regrole::text, ' ') FROM pg_auth_members WHERE member = 'etl'::regrole";
    assert_eq!(
        seen(&fixture, &wanted, left).await,
        "pg_monitor",
        "what a superuser granted and is harmless stays"
    );
    assert_eq!(
        seen(&fixture, &wanted, &rights_of("boss")).await,
        "t f f f f f",
        "a role of others is left alone"
    );
}

#[tokio::test]
async fn the_superusers_password_ends_with_the_access() {
    let Some(fixture) = Fixture::new().await else { return };
    let client = superuser(&fixture, &desired()).await;
    let known = seen(&fixture, &desired(), "SELECT rolpassword FROM pg_authid WHERE oid = 10").await;
    fixture.ensure(&desired()).await;
    assert!(is_gone(&client).await, "his sessions end");
    let new = seen(&fixture, &desired(), "SELECT rolpassword FROM pg_authid WHERE oid = 10").await;
    assert_ne!(known, new, "whoever learnt it cannot use it from inside the database");
}

#[tokio::test]
async fn a_crash_between_taking_rights_and_ending_sessions_loses_neither() {
    let Some(fixture) = Fixture::new().await else { return };
    let with = Desired { users: vec![user("chief", &POWERS, &["shop"])], ..desired() };
    let without = Desired { users: vec![user("chief", &[], &["shop"])], ..desired() };
    let observed = fixture.ensure(&with).await;
    let session = try_connect(&observed.read_write, login(&observed, "chief")).await.expect("connected");
    let client = superuser(&fixture, &with).await;
    run(&client, "ALTER ROLE chief NOLOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS").await;
    fixture.ensure(&without).await;
    assert!(is_gone(&session).await);
    assert_eq!(seen(&fixture, &without, &rights_of("chief")).await, "f f f f f t");
}
