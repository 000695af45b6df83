//! Parameters: loaded, restarted for only when needed, refused without harm.

use super::*;

#[tokio::test]
async fn a_parameter_is_applied_without_a_restart_when_it_can() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&desired()).await;
    let pid = fixture.pid(0);
    let observed = fixture.ensure(&with_parameter("work_mem", "12MB")).await;
    assert_eq!(value(&connect(&observed).await, "SHOW work_mem").await, "12MB");
    assert_eq!(fixture.pid(0), pid);
    let observed = fixture.ensure(&desired()).await;
    assert_eq!(value(&connect(&observed).await, "SHOW work_mem").await, "4MB");
    assert_eq!(fixture.pid(0), pid);
}

#[tokio::test]
async fn a_parameter_that_needs_a_restart_gets_one() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&desired()).await;
    let pid = fixture.pid(0);
    let observed = fixture.ensure(&with_parameter("max_connections", "37")).await;
    assert_eq!(value(&connect(&observed).await, "SHOW max_connections").await, "37");
    assert_ne!(fixture.pid(0), pid);
}

#[tokio::test]
async fn an_invalid_parameter_is_refused_and_the_server_unharmed() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&with_parameter("work_mem", "5MB")).await;
    let pid = fixture.pid(0);
    for (name, value) in
        [("work_memory", "1"), ("work_mem", "much"), ("port", "1"), ("archive_command", "rm")]
    {
        let error = fixture.local().ensure(&with_parameter(name, value)).await.expect_err("refused");
        assert_eq!(error.reason(), "InvalidParameters", "{error}");
        assert!(error.to_string().contains(name), "{error}");
        assert!(error.is_permanent());
    }
    assert_eq!(fixture.pid(0), pid);
    assert_eq!(value(&connect(&observed).await, "SHOW work_mem").await, "5MB");
}

#[tokio::test]
async fn a_new_instance_with_an_invalid_parameter_is_not_started() {
    let Some(fixture) = Fixture::new().await else { return };
    let error = fixture.local().ensure(&with_parameter("work_mem", "much")).await.expect_err("refused");
    assert_eq!(error.reason(), "InvalidParameters");
    let observed = fixture.local().observe(UID).await.expect("observed");
    assert_eq!((observed.ready, observed.reason), (false, Phase::Creating));
    assert!(fixture.ensure(&desired()).await.ready);
}

#[tokio::test]
async fn parameters_a_server_cannot_start_with_are_rolled_back_and_not_tried_again() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&desired()).await;
    let impossible = with_parameter("max_connections", "2");
    let error = fixture.local().ensure(&impossible).await.expect_err("fewer than are reserved");
    assert_eq!(error.reason(), "InvalidParameters", "{error}");
    let pid = fixture.pid(0);
    assert_eq!(value(&connect(&observed).await, "SHOW max_connections").await, "100");
    let again = fixture.local().ensure(&impossible).await.expect_err("still too few");
    assert_eq!(again.to_string(), error.to_string());
    assert_eq!(fixture.pid(0), pid);
    assert!(fixture.ensure(&desired()).await.ready);
}

#[tokio::test]
async fn every_parameter_of_this_version_is_decided() {
    let Some(fixture) = Fixture::new().await else { return };
    let session = connect(&fixture.ensure(&desired()).await).await;
    let query = "SELECT lower(name) FROM pg_settings WHERE name NOT LIKE '%.%'";
    let names = session.query(query, &[]).await.expect("the catalogue");
    assert!(names.len() > 300, "{}", names.len());
    let undecided = |name: &String| policy::refusal(name) == Some(policy::Why::Unknown);
    let undecided: Vec<String> = names.iter().map(|row| row.get(0)).filter(undecided).collect();
    assert!(undecided.is_empty(), "api/src/postgresql/parameters/catalogue.rs says nothing of {undecided:?}");
    let query = "SELECT lower(name) FROM pg_settings WHERE context = 'internal' \
                 OR category LIKE 'File Locations%' OR category LIKE '%Where to Log' \
                 OR category LIKE '%/ SSL' OR category LIKE '%Recovery Target' OR category LIKE '%Archive Recovery'";
    for row in session.query(query, &[]).await.expect("the catalogue") {
        let name: String = row.get(0);
        assert!(policy::refusal(&name).is_some(), "{name}");
    }
}

#[tokio::test]
async fn only_modules_that_are_offered_are_loaded() {
    let Some(fixture) = Fixture::new().await else { return };
    assert!(fixture.local().libraries().iter().any(|name| name == "pg_stat_statements"));
    let loads = "pg_stat_statements, auto_explain";
    let observed = fixture.ensure(&with_parameter("shared_preload_libraries", loads)).await;
    // A setting that only the loaded module brings.
    assert_eq!(value(&connect(&observed).await, "SHOW pg_stat_statements.max").await, "5000");
    for (name, wish) in [
        ("shared_preload_libraries", "/tmp/evil.so"),
        ("shared_preload_libraries", "pg_stat_statements, basic_archive"),
        ("shared_preload_libraries", "$libdir/pg_stat_statements"),
        ("sslinfo.path", "/tmp"),
    ] {
        let error = fixture.local().ensure(&with_parameter(name, wish)).await.expect_err("refused");
        assert_eq!(error.reason(), "InvalidParameters", "{name} = {wish}: {error}");
    }
}
