//! Databases that no object has any more, though no removal ended them.

use super::adoption::{HEIR, found, heir, key};
use super::*;

fn another() -> Desired {
    Desired { uid: "another".to_owned(), name: "another".to_owned(), ..desired() }
}

#[tokio::test]
async fn what_has_no_object_is_stopped_and_kept_until_an_object_takes_it_up() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let made = fixture.ensure(&desired()).await;
    run(&connect(&made).await, "CREATE TABLE kept AS SELECT 7 AS n").await;
    fixture.ensure(&another()).await;
    assert_eq!(fixture.local().in_use().expect("a list"), [UID, "another"]);
    let orphan = fixture.local().orphan(UID).await.expect("stopped").expect("it had an object");
    assert_eq!((&*orphan.namespace, &*orphan.name), ("team-a", "shop"));
    assert!(process::running(&fixture.data(0)).is_none());
    assert_eq!(found(&fixture)[0].standing, Standing::Orphaned);
    assert_eq!(fixture.local().in_use().expect("a list"), ["another"]);
    fixture.reopen().await;
    assert!(fixture.local().orphan(UID).await.expect("stopped already").is_none(), "it is news once");
    let again = fixture.local().keep(&desired()).await.expect("its object is there again");
    assert_eq!(value(&connect(&again).await, "SELECT n::text FROM kept").await, "7");
    assert!(again.credentials == made.credentials && found(&fixture).is_empty());
    fixture.local().orphan(UID).await.expect("stopped").expect("it had an object");
    fixture.local().remove(UID, RemovePolicy::Retain).await.expect("removed");
    assert_eq!(found(&fixture)[0].standing, Standing::Retained, "its removal was asked for after all");
    fixture.local().adopt(&heir(HEIR), &key(&made.credentials[0])).await.expect("taken up");
    assert!(fixture.ensure(&heir(HEIR)).await.ready);
}

#[tokio::test]
async fn what_cannot_be_read_and_has_no_object_is_stopped_and_stays_as_it_is() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&desired()).await;
    let file = fixture.root().join("instances").join(UID).join("state.json");
    std::fs::write(&file, "{").expect("damaged");
    assert_eq!(fixture.local().in_use().expect("a list"), [UID]);
    for _ in 0..2 {
        assert!(fixture.local().orphan(UID).await.expect("stopped").is_none(), "whose it was is not known");
        assert!(process::running(&fixture.data(0)).is_none());
    }
    assert_eq!(std::fs::read_to_string(&file).expect("the state"), "{");
    assert!(fixture.data(0).join("PG_VERSION").exists());
    assert!(fixture.local().orphan("nobody").await.expect("nothing").is_none());
}
