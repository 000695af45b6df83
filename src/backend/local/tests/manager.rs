//! The managing role: unknown to users, deaf to what is set for them, and put right when it was broken.

use super::*;

/// Manages: a database of a new owner with an extension, and a user.
async fn manages(fixture: &Fixture, round: usize) -> Observed {
    let (name, owner) = (format!("d{round}"), format!("o{round}"));
    let extensions = vec![extension("pgcrypto", None)];
    let wanted = Desired {
        databases: vec![database("shop", "shop"), Database { extensions, ..database(&name, &owner) }],
        users: vec![user(&format!("u{round}"), &[], &["shop"])],
        ..desired()
    };
    let observed = fixture.ensure(&wanted).await;
    assert!(observed.ready, "{observed:?}");
    let client =
        try_connect(&observed.read_write, login(&observed, &owner)).await.expect("the owner connects");
    let place = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pgcrypto'";
    assert_eq!(value(&client, place).await, "public");
    observed
}

#[tokio::test]
async fn what_is_set_for_all_roles_and_databases_does_not_reach_the_manager() {
    let Some(fixture) = Fixture::new().await else { return };
    let client = superuser(&fixture, &desired()).await;
    run(&client, "CREATE SCHEMA evil; CREATE ROLE weak").await;
    for statement in [
        "ALTER ROLE ALL SET search_path = evil",
        "ALTER ROLE ALL SET default_transaction_read_only = on",
        "ALTER DATABASE postgres SET role = weak",
        "ALTER DATABASE shop SET default_transaction_read_only = on",
        "ALTER DATABASE postgres SET statement_timeout = 1",
        "ALTER ROLE databases_manager SET statement_timeout = 1",
        "ALTER ROLE databases_manager SET default_transaction_isolation = serializable",
        "ALTER ROLE databases_manager IN DATABASE postgres SET idle_session_timeout = 1",
        "ALTER ROLE postgres SET lock_timeout = 1",
        "ALTER ROLE postgres SET session_preload_libraries = nonesuch",
        "ALTER ROLE databases_manager SET session_preload_libraries = nonesuch",
    ] {
        run(&client, &format!("SET default_transaction_read_only = off; {statement}")).await;
    }
    manages(&fixture, 1).await;
}

#[tokio::test]
async fn a_broken_managing_role_is_put_right() {
    let Some(fixture) = Fixture::new().await else { return };
    let breaks = [
        "ALTER ROLE databases_manager PASSWORD 'x'",
        "ALTER ROLE databases_manager NOLOGIN",
        "ALTER ROLE databases_manager NOSUPERUSER",
        "ALTER ROLE databases_manager RENAME TO renamed",
        "ALTER ROLE databases_manager VALID UNTIL '2000-01-01'",
        "ALTER ROLE databases_manager CONNECTION LIMIT 0 NOSUPERUSER",
        "ALTER DATABASE postgres ALLOW_CONNECTIONS false",
        "ALTER ROLE postgres PASSWORD 'mine' VALID UNTIL '2000-01-01'",
    ];
    for (round, statement) in breaks.into_iter().enumerate() {
        let client = superuser_in(&fixture, "shop", &desired()).await;
        let pid = fixture.pid(0);
        run(&client, statement).await;
        drop(client);
        manages(&fixture, round).await;
        assert_eq!(fixture.pid(0), pid, "{statement}: the server was not stopped for it");
    }
    superuser(&fixture, &desired()).await;
}

#[tokio::test]
async fn where_no_superuser_is_left_single_user_mode_puts_the_managing_role_right() {
    let Some(fixture) = Fixture::new().await else { return };
    let chief = Desired { users: vec![user("chief", &[Attribute::Superuser], &["shop"])], ..desired() };
    let observed = fixture.ensure(&chief).await;
    let client = try_connect(&observed.read_write, login(&observed, "chief")).await.expect("connected");
    run(
        &client,
        "ALTER ROLE databases_manager NOLOGIN PASSWORD NULL; ALTER ROLE postgres RENAME TO hidden; \
         ALTER ROLE hidden NOSUPERUSER",
    )
    .await;
    drop(client);
    manages(&fixture, 1).await;
    assert_eq!(
        seen(&fixture, &desired(), "SELECT oid::text FROM pg_roles WHERE rolname = 'postgres'").await,
        "10"
    );
}

#[tokio::test]
async fn what_alter_system_sets_is_taken_back_before_it_can_keep_a_server_down() {
    let Some(fixture) = Fixture::new().await else { return };
    for statement in [
        "ALTER SYSTEM SET pre_auth_delay = 60; SELECT pg_reload_conf()",
        "ALTER SYSTEM SET db_user_namespace = on; SELECT pg_reload_conf()",
        "ALTER SYSTEM SET hba_file = '/nonesuch'",
        "ALTER SYSTEM SET databases_standard.digest = 'x'; SELECT pg_reload_conf()",
        "ALTER SYSTEM SET shared_preload_libraries = 'nonesuch'",
    ] {
        let client = superuser(&fixture, &desired()).await;
        for statement in statement.split("; ") {
            run(&client, statement).await;
        }
        drop(client);
        manages(&fixture, 1).await;
        let set = "SELECT count(*)::text FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'";
        assert_eq!(seen(&fixture, &desired(), set).await, "0", "{statement}");
    }
    let client = superuser(&fixture, &desired()).await;
    run(&client, "ALTER SYSTEM SET shared_preload_libraries = 'nonesuch'").await;
    fixture.ensure(&Desired { stopped: true, ..desired() }).await;
    manages(&fixture, 2).await;
}

#[tokio::test]
async fn a_connection_is_left_for_us_when_clients_hold_all() {
    let Some(fixture) = Fixture::new().await else { return };
    let few = with_parameter("max_connections", "8");
    let observed = fixture.ensure(&few).await;
    let mut held = Vec::new();
    while let Ok(client) = try_connect(&observed.read_write, &observed.credentials[0]).await {
        held.push(client);
    }
    assert_eq!(held.len(), 5);
    let more = Desired { users: vec![user("etl", &[], &["shop"])], ..few.clone() };
    assert!(fixture.ensure(&more).await.ready);
    let none = with_parameter("superuser_reserved_connections", "0");
    let error = fixture.local().ensure(&none).await.expect_err("ours to set");
    assert!(error.to_string().contains("superuser_reserved_connections"), "{error}");
}

#[tokio::test]
async fn the_managing_role_is_nobodys_to_use() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&desired()).await;
    let state = State::read(&fixture.local().host.layout.instance(UID).state()).expect("the state");
    let password = state.manager.expect("its login").password;
    let manager =
        Credentials { username: sql::MANAGER.to_owned(), password, database: "postgres".to_owned() };
    assert!(try_connect(&observed.read_write, &manager).await.is_err(), "not over TCP");
    let names = observed.credentials.iter().chain(&observed.superuser);
    assert!(names.clone().all(|login| login.username != sql::MANAGER));
    for wanted in [
        Desired { users: vec![user(sql::MANAGER, &[], &[])], ..desired() },
        Desired { databases: vec![database("shop", sql::MANAGER)], ..desired() },
    ] {
        let error = fixture.local().ensure(&wanted).await.expect_err("the name is taken");
        assert!(error.is_permanent() && error.to_string().contains(sql::MANAGER), "{error}");
    }
}

#[tokio::test]
async fn data_of_a_release_without_a_managing_role_is_taken_up_in_place() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let client = superuser(&fixture, &desired()).await;
    let pid = fixture.pid(0);
    let folder = fixture.local().host.layout.instance(UID);
    let mut old: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.state()).expect("the state")).expect("as JSON");
    let fields = old.as_object_mut().expect("an object");
    ["manager", "superuser_shared", "retired", "owners"].iter().for_each(|name| drop(fields.remove(*name)));
    fields.insert("users".to_owned(), serde_json::json!([]));
    std::fs::write(folder.state(), serde_json::to_vec(&old).expect("as text")).expect("written");
    let hba = folder.server(0).conf("pg_hba.conf");
    let text = std::fs::read_to_string(&hba).expect("the file");
    let text: String =
        text.lines().filter(|line| !line.contains(sql::MANAGER)).map(|l| format!("{l}\n")).collect();
    std::fs::write(&hba, text).expect("written");
    run(&client, "DROP ROLE databases_manager").await;
    run(&client, "SELECT pg_reload_conf()").await;
    fixture.reopen().await;
    assert!(fixture.local().observe(UID).await.expect("observed").ready);
    manages(&fixture, 1).await;
    assert_eq!(fixture.pid(0), pid, "it was not restarted");
}

#[tokio::test]
async fn what_makes_a_password_is_not_logged() {
    let Some(fixture) = Fixture::new().await else { return };
    let parameters = [
        ("log_statement", "all"),
        ("log_min_duration_statement", "0"),
        ("log_min_error_statement", "debug5"),
        ("debug_print_parse", "on"),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let wanted = Desired { parameters: BTreeMap::from(parameters), ..desired() };
    fixture.ensure(&wanted).await;
    let client = superuser(&fixture, &wanted).await;
    run(&client, "ALTER ROLE shop NOLOGIN").await;
    fixture.ensure(&wanted).await;
    let log = fixture.local().host.layout.instance(UID).server(0).log();
    let log = std::fs::read_to_string(log).expect("the log");
    assert!(log.contains("ALTER ROLE shop NOLOGIN"), "statements of others are logged");
    assert!(!log.contains("SCRAM-SHA-256$"), "verifiers of ours are not");
}
