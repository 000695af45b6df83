//! Created, left alone, stopped, restarted, removed.

use super::*;

#[tokio::test]
async fn an_instance_is_created_and_its_owner_connects() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&desired()).await;
    assert!(observed.ready, "{observed:?}");
    assert_eq!(observed.reason, Phase::Available);
    assert_eq!(observed.primary, "shop-1");
    assert_eq!((observed.instances, observed.ready_instances), (1, 1));
    assert!(fixture.local().versions().contains(&observed.version), "{}", observed.version);
    assert!(observed.read_only.is_none() && observed.superuser.is_none() && observed.ca.is_none());
    assert!(observed.storage_bytes > 1 << 20);
    let client = connect(&observed).await;
    client
        .batch_execute("CREATE TABLE cart (item text); INSERT INTO cart VALUES ('tea')")
        .await
        .expect("a table");
    assert_eq!(value(&client, "SHOW data_checksums").await, "on");
    assert_eq!(value(&client, "SHOW server_encoding").await, "UTF8");
    let again = fixture.local().observe(UID).await.expect("observed");
    assert_eq!(Observed { storage_bytes: observed.storage_bytes, ..again }, observed);
}

#[tokio::test]
async fn a_second_ensure_touches_nothing() {
    let Some(fixture) = Fixture::new().await else { return };
    let wanted = desired();
    let first = fixture.ensure(&wanted).await;
    let client = connect(&first).await;
    let times = "SELECT pg_postmaster_start_time()::text || pg_conf_load_time()::text";
    let before = value(&client, times).await;
    let state = fixture.root().join("instances").join(UID).join("state.json");
    let written = std::fs::metadata(&state).and_then(|file| file.modified()).expect("the state file");
    let second = fixture.ensure(&wanted).await;
    assert_eq!(value(&connect(&second).await, times).await, before);
    assert_eq!(std::fs::metadata(&state).and_then(|file| file.modified()).expect("the state file"), written);
    assert_eq!(second.credentials, first.credentials);
}

#[tokio::test]
async fn stopping_and_starting_keeps_the_data() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&desired()).await;
    connect(&observed).await.batch_execute("CREATE TABLE kept AS SELECT 7 AS n").await.expect("a table");
    let stopped = fixture.ensure(&Desired { stopped: true, ..desired() }).await;
    assert_eq!((stopped.ready, stopped.reason), (false, Phase::Stopped));
    assert!(process::running(&fixture.data(0)).is_none());
    let again = fixture.ensure(&desired()).await;
    assert_eq!(again.credentials, observed.credentials);
    assert_eq!(value(&connect(&again).await, "SELECT n::text FROM kept").await, "7");
}

#[tokio::test]
async fn a_restart_is_made_once_for_each_request() {
    let Some(fixture) = Fixture::new().await else { return };
    let asking = |at: &str| Desired { restarted_at: Some(at.to_owned()), ..desired() };
    fixture.ensure(&asking("2026-01-01T00:00:00Z")).await;
    let first = fixture.pid(0);
    fixture.ensure(&asking("2026-01-01T00:00:00Z")).await;
    assert_eq!(fixture.pid(0), first);
    fixture.ensure(&asking("2026-01-02T00:00:00Z")).await;
    assert_ne!(fixture.pid(0), first);
}

#[tokio::test]
async fn delete_leaves_neither_files_nor_processes() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&desired()).await;
    fixture.local().remove(UID, RemovePolicy::Delete).await.expect("removed");
    assert!(!fixture.root().join("instances").join(UID).exists());
    assert!(try_connect(&observed.read_write, &observed.credentials[0]).await.is_err());
    fixture.local().remove(UID, RemovePolicy::Delete).await.expect("removed already");
    assert!(matches!(fixture.local().observe(UID).await, Err(Error::UnknownInstance(_))));
}

#[tokio::test]
async fn retain_keeps_the_data_to_be_taken_up_again() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&desired()).await;
    connect(&observed).await.batch_execute("CREATE TABLE kept AS SELECT 7 AS n").await.expect("a table");
    fixture.local().remove(UID, RemovePolicy::Retain).await.expect("removed");
    assert!(process::running(&fixture.data(0)).is_none());
    assert_eq!(fixture.local().observe(UID).await.expect("observed").reason, Phase::Stopped);
    let again = fixture.ensure(&desired()).await;
    assert_eq!(value(&connect(&again).await, "SELECT n::text FROM kept").await, "7");
}

#[tokio::test]
async fn nothing_with_a_password_can_be_read_by_others() {
    let Some(fixture) = Fixture::new().await else { return };
    let wanted = Desired { tls: Tls { mode: TlsMode::Optional, certificate: None }, ..desired() };
    fixture.ensure(&wanted).await;
    let instance = fixture.root().join("instances").join(UID);
    let mode = |path: PathBuf| std::fs::metadata(path).expect("the file").permissions().mode() & 0o777;
    assert_eq!(mode(instance.join("state.json")), 0o600);
    assert_eq!(mode(fixture.root().join("ca/ca.key")), 0o600);
    for file in ["server.key", "server.conf", "pg_hba.conf"] {
        assert_eq!(mode(instance.join("0/conf").join(file)) & 0o037, 0, "{file}");
    }
    assert_eq!(mode(fixture.data(0)), 0o700);
    assert_eq!(mode(fixture.root().join("run")), 0o700);
    assert!(!instance.join("0/conf/initdb.password").exists());
}

#[tokio::test]
async fn what_cannot_be_run_is_refused_in_one_sentence() {
    let Some(fixture) = Fixture::new().await else { return };
    let error =
        fixture.local().ensure(&Desired { version: "9".to_owned(), ..desired() }).await.expect_err("no such");
    assert!(error.to_string().contains("apt-get install postgresql-9"), "{error}");
    assert_eq!(error.reason(), "UnsupportedVersion");
    fixture.ensure(&desired()).await;
    let state = fixture.root().join("instances").join(UID).join("state.json");
    std::fs::write(&state, "{").expect("written");
    let error = fixture.local().ensure(&desired()).await.expect_err("a corrupt state");
    assert!(matches!(&error, Error::CorruptState { path, .. } if path.ends_with("state.json")), "{error}");
    assert!(fixture.data(0).join("PG_VERSION").exists());
}

#[tokio::test]
async fn a_port_that_no_server_may_have_is_refused_and_given_up() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let wish = Desired { port: Some(80), ..desired() };
    let error = fixture.local().ensure(&wish).await.expect_err("it is the system's");
    assert!(matches!(error, Error::PortBarred(80, _)) && error.is_refusal(), "{error}");
    let elsewhere = fixture.ensure(&desired()).await;
    let error = fixture.local().ensure(&wish).await.expect_err("it is the system's");
    assert_eq!(error.reason(), "BackendRejected");
    connect(&elsewhere).await;
    // An earlier release gave it out.
    fixture.local().shutdown(ShutdownMode::Fast).await.expect("it stops");
    let state = fixture.root().join("instances").join(UID).join("state.json");
    let mut tree: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&state).expect("a state")).expect("JSON");
    tree["ports"] = serde_json::json!([80]);
    std::fs::write(&state, tree.to_string()).expect("written");
    fixture.reopen().await;
    let observed = fixture.ensure(&desired()).await;
    assert_ne!(observed.read_write.port, 80);
    connect(&observed).await;
}

#[tokio::test]
async fn a_wished_port_is_taken_or_refused() {
    let Some(fixture) = Fixture::new().await else { return };
    let wish = |port| Desired { port: Some(port), ..desired() };
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port();
    let error = fixture.local().ensure(&wish(port)).await.expect_err("a port in use");
    assert!(matches!(error, Error::PortTaken(refused, _) if refused == port), "{error}");
    let elsewhere = fixture.ensure(&desired()).await;
    fixture.local().ensure(&wish(port)).await.expect_err("a port in use");
    connect(&elsewhere).await;
    drop(taken);
    let observed = fixture.ensure(&wish(port)).await;
    assert_eq!(observed.read_write.port, port);
    connect(&observed).await;
}

#[tokio::test]
async fn data_of_another_major_version_is_left_alone() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&Desired { stopped: true, ..desired() }).await;
    fixture.ensure(&desired()).await;
    fixture.ensure(&Desired { stopped: true, ..desired() }).await;
    std::fs::write(fixture.data(0).join("PG_VERSION"), "12\n").expect("written");
    let error = fixture.local().ensure(&desired()).await.expect_err("data of another major version");
    assert!(matches!(&error, Error::OtherMajor { found, .. } if found == "12"), "{error}");
    assert_eq!(error.reason(), "UnsupportedVersion");
}

#[tokio::test]
async fn data_that_vanished_is_not_replaced_by_an_empty_database() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&desired()).await;
    fixture.ensure(&Desired { stopped: true, ..desired() }).await;
    std::fs::rename(fixture.data(0), fixture.root().join("elsewhere")).expect("moved");
    let error = fixture.local().ensure(&desired()).await.expect_err("no data");
    assert!(matches!(&error, Error::DataMissing { .. }), "{error}");
    std::fs::rename(fixture.root().join("elsewhere"), fixture.data(0)).expect("moved back");
    assert!(fixture.ensure(&desired()).await.ready);
}

#[tokio::test]
async fn a_root_postgresql_cannot_use_is_refused() {
    let Some(fixture) = Fixture::new().await else { return };
    let closed = fixture.folder.path().join("closed");
    std::fs::create_dir(&closed).expect("a folder");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).expect("its rights");
    let opened = LocalPostgres::open(closed.join("root"), fixture.options.clone()).await;
    if nix::unistd::geteuid().is_root() {
        let error = opened.expect_err("postgres cannot get there");
        assert!(matches!(&error, Error::Unreachable { path, .. } if path.ends_with("closed")), "{error}");
    }
    let long = fixture.folder.path().join("x".repeat(100));
    let error = LocalPostgres::open(long, fixture.options.clone()).await.expect_err("too long for a socket");
    assert!(matches!(error, Error::PathTooLong(..)), "{error}");
}

#[tokio::test]
async fn a_data_root_whose_path_postgresql_would_misread_is_refused_and_any_other_works() {
    let Some(fixture) = Fixture::new().await else { return };
    for name in ["$HOME", "a`id`", "a\"b", "a\\b", "a,b", "a\nb"] {
        let root = fixture.folder.path().join(name);
        let error = LocalPostgres::open(root.clone(), fixture.options.clone()).await.expect_err(name);
        assert!(matches!(error, Error::UnusablePath(_)), "{error}");
        assert!(!root.exists(), "{name}");
    }
    let root = fixture.folder.path().join("it's #1; 5% & (x) é");
    let local = LocalPostgres::open(root, fixture.options.clone()).await.expect("the data root opens");
    let observed = local.ensure(&Desired { instances: 2, ..desired() }).await;
    let served = observed.as_ref().is_ok_and(|observed| observed.ready_instances == 2);
    local.remove(UID, RemovePolicy::Delete).await.expect("removed");
    assert!(served, "{observed:?}");
}
