//! What a superuser does to the files of a server does not stay.

use super::*;

#[tokio::test]
async fn what_a_superuser_writes_into_files_of_the_data_directory_is_not_read() {
    let Some(fixture) = Fixture::new().await else { return };
    let client = superuser(&fixture, &desired()).await;
    for (file, text) in [
        ("postgresql.conf", "archive_mode = on\nlisten_addresses = 0.0.0.0"),
        ("pg_hba.conf", "host all all 0.0.0.0/0 trust"),
        ("pg_ident.conf", "root /.* databases_manager"),
        ("postgresql.auto.conf", "archive_mode = on"),
    ] {
        let program = format!("cat > {}/{file}", fixture.data(0).display());
        run(&client, &format!("COPY (SELECT $${text}$$) TO PROGRAM '{program}'")).await;
    }
    drop(client);
    fixture.ensure(&desired()).await;
    let restarted = Desired { restarted_at: Some("2026-01-01T00:00:00Z".to_owned()), ..desired() };
    fixture.ensure(&restarted).await;
    let settings = "SELECT string_agg(setting, ' ' ORDER BY name) FROM pg_settings \
                    WHERE name IN ('archive_mode', 'listen_addresses')";
    assert_eq!(seen(&fixture, &restarted, settings).await, "off 127.0.0.1");
    let elsewhere = "SELECT count(*)::text FROM pg_settings WHERE sourcefile NOT LIKE '%/conf/server.conf'";
    assert_eq!(seen(&fixture, &restarted, elsewhere).await, "0");
}

#[tokio::test]
async fn our_files_that_were_changed_are_written_and_loaded_again() {
    let Some(fixture) = Fixture::new().await else { return };
    let client = superuser(&fixture, &desired()).await;
    let file = fixture.local().host.layout.instance(UID).server(0).conf("server.conf");
    let ours = std::fs::read_to_string(&file).expect("the file");
    std::fs::write(&file, format!("{ours}work_mem = '3MB'\n")).expect("written");
    run(&client, "SELECT pg_reload_conf()").await;
    eventually("the reload", async || value(&client, "SHOW work_mem").await == "3MB").await;
    assert_eq!(seen(&fixture, &desired(), "SHOW work_mem").await, "4MB");
}

#[tokio::test]
async fn a_server_that_was_started_otherwise_is_started_anew() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&desired()).await;
    let data = fixture.data(0);
    let program = Path::new("/usr/lib/postgresql/15/bin/pg_ctl");
    for options in ["-c archive_mode=on", "-c config_file=postgresql.conf", "-c hba_file=pg_hba.conf"] {
        let file = fixture.local().host.layout.instance(UID).server(0).conf("server.conf");
        std::fs::write(data.join("postgresql.conf"), format!("include '{}'", file.display()))
            .expect("written");
        let ours = format!("-c config_file={} {options}", file.display());
        let mut command = fixture.local().host.account.command(program, &data);
        command.args(["restart", "-s", "-w", "-o", &ours, "-l"]).arg(data.join("log")).arg("-D").arg(&data);
        fixture.local().host.account.run(&mut command).await.expect("restarted");
        let pid = fixture.pid(0);
        assert!(fixture.ensure(&desired()).await.ready);
        assert_ne!(fixture.pid(0), pid, "{options}");
        assert_eq!(seen(&fixture, &desired(), "SHOW archive_mode").await, "off");
        fixture.ensure(&desired()).await;
    }
}

#[tokio::test]
async fn a_digest_that_is_set_for_our_sessions_hides_nothing() {
    let Some(fixture) = Fixture::new().await else { return };
    let client = superuser(&fixture, &desired()).await;
    run(
        &client,
        "ALTER DATABASE postgres SET databases_standard.digest = 'x'; \
         ALTER ROLE ALL SET databases_standard.digest = 'x'; \
         ALTER ROLE databases_manager IN DATABASE postgres SET databases_standard.digest = 'x'",
    )
    .await;
    let pid = fixture.pid(0);
    let wanted = with_parameter("work_mem", "9MB");
    fixture.ensure(&wanted).await;
    assert_eq!(seen(&fixture, &wanted, "SHOW work_mem").await, "9MB");
    assert_eq!(fixture.pid(0), pid, "it was not restarted");
    let left = "SELECT count(*)::text FROM pg_db_role_setting";
    assert_eq!(seen(&fixture, &wanted, left).await, "0");
}
