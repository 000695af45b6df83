//! Data that is not where it was, and state that cannot be read.

use super::*;
use crate::backend::Answers;

fn folder(fixture: &Fixture) -> PathBuf {
    fixture.root().join("instances").join(UID)
}

#[tokio::test]
async fn an_instance_whose_folder_was_moved_away_is_missed_and_goes_on_when_it_is_back() {
    let Some(fixture) = Fixture::new().await else { return };
    let made = fixture.ensure(&desired()).await;
    run(&connect(&made).await, "CREATE TABLE kept AS SELECT 7 AS n").await;
    fixture.ensure(&Desired { stopped: true, ..desired() }).await;
    let (home, elsewhere) = (folder(&fixture), fixture.folder.path().join("elsewhere"));
    std::fs::rename(&home, &elsewhere).expect("moved");
    let missed = fixture.local().keep(&desired()).await.expect_err("missed");
    assert!(matches!(&missed, Error::DataMissing { path } if *path == home), "{missed}");
    let said = missed.to_string();
    assert!(said.contains("put it back") && said.contains("delete the object"), "{said}");
    let seen = fixture.local().glimpse(&desired()).await;
    assert_eq!((seen.ready, seen.reason), (false, Phase::Failing));
    assert!(!home.exists(), "nothing is made in its place");
    std::fs::rename(&elsewhere, &home).expect("moved back");
    let again = fixture.local().keep(&desired()).await.expect("it goes on");
    assert_eq!(value(&connect(&again).await, "SELECT n::text FROM kept").await, "7");
    assert_eq!(again.credentials, made.credentials);
}

#[tokio::test]
async fn a_server_whose_whole_folder_is_moved_away_ends_with_its_object() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&Desired { instances: 2, ..desired() }).await;
    let elsewhere = fixture.folder.path().join("elsewhere");
    std::fs::rename(folder(&fixture), &elsewhere).expect("moved");
    assert_eq!(process::started_below(&folder(&fixture)).len(), 2, "they run on in their new place");
    fixture.local().remove(UID, RemovePolicy::Retain).await.expect("removed");
    assert_eq!(process::started_below(&folder(&fixture)), Vec::<PathBuf>::new());
    assert!(elsewhere.join("state.json").exists(), "what was moved away is left alone");
}

#[tokio::test]
async fn a_state_file_that_cannot_be_read_is_named_and_what_runs_is_described() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let made = fixture.ensure(&desired()).await;
    let file = folder(&fixture).join("state.json");
    let kept = std::fs::read(&file).expect("the state");
    let (backend, mut request) = fixture.as_backend().await;
    request.object.status.instance.version.clone_from(&made.version);
    let other = String::from_utf8_lossy(&kept).replace(UID, "another-uid").into_bytes();
    for damaged in [&kept[..kept.len() / 2], b"", b"[]", b"\xff", &other[..]] {
        std::fs::write(&file, damaged).expect("written");
        let said = backend.ensure(&request).await.expect_err("not to be read").to_string();
        assert!(said.contains("state.json") && said.contains("restore it from a copy"), "{said}");
        let seen = backend.observe(&request).await.expect("seen").expect("something");
        assert_eq!((seen.is_ready(), seen.ready_instances, seen.primary.as_str()), (true, 1, "shop-1"));
        assert_eq!(seen.endpoints[0].port, made.read_write.port);
        assert_eq!((seen.version.as_str(), seen.logins.len()), (made.version.as_str(), 0));
    }
    let stop = Some(databases_api::shared::State::Stopped);
    request.object.spec.instance.state = stop;
    backend.ensure(&request).await.expect_err("not to be read");
    let seen = backend.observe(&request).await.expect("seen").expect("something");
    assert_eq!(seen.phase, Phase::Stopped);
    drop(backend);
    std::fs::write(&file, &kept).expect("restored");
    fixture.reopen().await;
    assert_eq!(fixture.ensure(&desired()).await.credentials, made.credentials);
}
