//! What a former superuser left behind does not act when the manager changes something.

use super::*;

fn with_extension(name: &str, attributes: &[Attribute]) -> Desired {
    let mut wanted = Desired { users: vec![user("mallory", attributes, &["shop"])], ..desired() };
    wanted.databases[0].extensions.push(extension(name, Some("tools")));
    wanted
}

async fn mallory(observed: &Observed) -> tokio_postgres::Client {
    try_connect(&observed.read_write, login(observed, "mallory")).await.expect("connected")
}

#[tokio::test]
async fn an_event_trigger_of_a_former_superuser_does_not_run_in_the_managers_sessions() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&with_extension("pg_trgm", &[Attribute::Superuser])).await;
    let client = mallory(&observed).await;
    run(
        &client,
        "CREATE FUNCTION rise() RETURNS event_trigger LANGUAGE plpgsql AS \
         $$BEGIN IF current_user <> 'mallory' THEN ALTER ROLE mallory SUPERUSER; END IF; END$$; \
         CREATE EVENT TRIGGER rise ON ddl_command_start EXECUTE FUNCTION rise(); \
         ALTER EVENT TRIGGER rise ENABLE ALWAYS",
    )
    .await;
    drop(client);
    let observed = fixture.ensure(&with_extension("hstore", &[])).await;
    let client = mallory(&observed).await;
    let risen = "SELECT rolsuper::text FROM pg_roles WHERE rolname = 'mallory'";
    assert_eq!(value(&client, risen).await, "false");
    let enabled = "SELECT evtenabled::text FROM pg_event_trigger WHERE evtname = 'rise'";
    assert_eq!(value(&client, enabled).await, "D");
    let mut moved = with_extension("hstore", &[]);
    moved.databases[0].owner = "keeper".to_owned();
    let observed = fixture.ensure(&moved).await;
    assert_eq!(value(&mallory(&observed).await, risen).await, "false");
}

#[tokio::test]
async fn what_the_manager_makes_is_not_given_away_by_default_privileges() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&with_extension("pg_trgm", &[Attribute::Superuser])).await;
    let client = mallory(&observed).await;
    run(
        &client,
        "ALTER DEFAULT PRIVILEGES FOR ROLE databases_manager GRANT EXECUTE ON FUNCTIONS TO mallory; \
         ALTER DEFAULT PRIVILEGES FOR ROLE databases_manager IN SCHEMA tools GRANT ALL ON TABLES TO PUBLIC",
    )
    .await;
    drop(client);
    let observed = fixture.ensure(&with_extension("dblink", &[])).await;
    let client = mallory(&observed).await;
    let left = "SELECT count(*)::text FROM pg_default_acl";
    assert_eq!(value(&client, left).await, "0");
    let may = "SELECT has_function_privilege('mallory', p.oid, 'EXECUTE')::text FROM pg_proc p \
               WHERE proname = 'dblink_connect_u' LIMIT 1";
    assert_eq!(value(&client, may).await, "false");
}
