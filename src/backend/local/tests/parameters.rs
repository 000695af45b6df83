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
    assert_eq!((observed.ready, observed.reason), (false, Reason::Creating));
    assert!(fixture.ensure(&desired()).await.ready);
}

#[tokio::test]
async fn parameters_a_server_cannot_start_with_are_rolled_back_and_not_tried_again() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&desired()).await;
    let impossible = with_parameter("superuser_reserved_connections", "200");
    let error = fixture.local().ensure(&impossible).await.expect_err("more than max_connections");
    assert_eq!(error.reason(), "InvalidParameters", "{error}");
    let pid = fixture.pid(0);
    assert_eq!(value(&connect(&observed).await, "SHOW superuser_reserved_connections").await, "3");
    let again = fixture.local().ensure(&impossible).await.expect_err("still too many");
    assert_eq!(again.to_string(), error.to_string());
    assert_eq!(fixture.pid(0), pid);
    assert!(fixture.ensure(&desired()).await.ready);
}
