//! What is kept: seen, and deleted by a person.

use super::adoption::{HEIR, found, heir, kept, key};
use super::*;
use nix::sys::stat::Mode;

fn state(fixture: &Fixture, uid: &str) -> PathBuf {
    fixture.root().join("instances").join(uid).join("state.json")
}

/// Why nothing of a uid is deleted.
fn refused(fixture: &Fixture, uid: &str) -> String {
    let error = discard(&fixture.root(), uid, false).expect_err("it is refused");
    assert!(!fixture.local().host.layout.deleted(uid).path.exists(), "it is where it was");
    error.to_string()
}

#[tokio::test]
async fn kept_data_is_deleted_beside_the_server_that_kept_it_and_nothing_else_is() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let before = kept(&fixture).await;
    let another = Desired { uid: "another".to_owned(), name: "another".to_owned(), ..desired() };
    fixture.ensure(&another).await;
    let said = refused(&fixture, "another");
    assert!(said.contains("PostgreSQL team-a/another has it"), "{said}");
    assert!(refused(&fixture, "nobody").contains("there is nothing of it"));
    assert!(refused(&fixture, "../instances").contains("there is nothing of it"));
    let discarding = discard(&fixture.root(), UID, false).expect("it is kept");
    assert_eq!((&*discarding.kept().name, &*discarding.kept().namespace), ("shop", "team-a"));
    assert_eq!(discarding.kept().roles, ["etl"]);
    let adopted = fixture.local().adopt(&heir(HEIR), &key(&before.credentials[0])).await;
    assert!(adopted.expect_err("it is out of reach").to_string().contains("opens no data"));
    drop(discarding);
    assert_eq!(found(&fixture)[0].standing, Standing::Deleting, "cut off, it can be gone on with");
    fixture.reopen().await;
    discard(&fixture.root(), UID, false).expect("it is gone on with").finish().expect("deleted");
    assert!(found(&fixture).is_empty() && !fixture.local().has(UID));
    assert!(refused(&fixture, UID).contains("there is nothing of it"));
    fixture.local().keep(&another).await.expect("the other one runs on");
}

#[tokio::test]
async fn kept_data_that_a_server_runs_on_is_not_deleted() {
    let Some(fixture) = Fixture::new().await else { return };
    kept(&fixture).await;
    let instance = Instance::reopen(&fixture.local().host, UID).await.expect("it is there");
    instance.server(0).start().await.expect("started by hand");
    let said = refused(&fixture, UID);
    assert!(said.contains(&format!("process {} still works on it", fixture.pid(0))), "{said}");
    instance.stop(ShutdownMode::Fast).await.expect("stopped");
    let (server, elsewhere) = (instance.folder.server(0).path, fixture.folder.path().join("elsewhere"));
    std::fs::rename(&server, &elsewhere).expect("moved");
    std::os::unix::fs::symlink(&elsewhere, &server).expect("a link");
    assert!(refused(&fixture, UID).contains("is a link"));
    assert!(elsewhere.join("data/PG_VERSION").exists());
}

#[tokio::test]
async fn a_state_that_is_no_file_of_ours_is_said_to_be_unreadable_by_everybody() {
    let Some(mut fixture) = Fixture::new().await else { return };
    kept(&fixture).await;
    let (state, aside) = (state(&fixture, UID), fixture.folder.path().join("state.json"));
    std::fs::rename(&state, &aside).expect("moved");
    let look = || {
        let look = kept::kept(&fixture.root()).expect("a list");
        let ([(uid, error)], [damaged]) = (&*look.unreadable, &*look.kept) else { panic!("{look:?}") };
        assert_eq!(
            (&**uid, &*damaged.uid, damaged.standing, damaged.major),
            (UID, UID, Standing::Damaged, MAJOR)
        );
        (error.to_string(), kept::look(&fixture.root(), UID).expect_err("unreadable").to_string())
    };
    assert!(look().0.contains("No such file"), "a state that is missing");
    nix::unistd::mkfifo(&state, Mode::S_IRWXU).expect("a pipe");
    let (listed, said) = look();
    assert!(listed.contains("no regular file") && listed == said, "{listed}");
    assert!(refused(&fixture, UID).contains("whether it is kept cannot be seen"));
    fixture.reopen().await;
    std::fs::rename(&aside, &state).expect("moved back");
    assert_eq!(found(&fixture).len(), 1);
}

#[tokio::test]
async fn what_is_damaged_is_deleted_where_no_object_has_it_and_nothing_runs_on_it() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&desired()).await;
    std::fs::write(state(&fixture, UID), "{").expect("damaged");
    assert!(refused(&fixture, UID).contains("whether it is kept cannot be seen"));
    let said = discard(&fixture.root(), UID, true).expect_err("it runs").to_string();
    assert!(said.contains("still works on it"), "{said}");
    assert!(fixture.local().orphan(UID).await.expect("stopped").is_none());
    let discarding = discard(&fixture.root(), UID, true).expect("nobody has it");
    assert_eq!((discarding.kept().standing, discarding.kept().major), (Standing::Deleting, MAJOR));
    drop(discarding);
    discard(&fixture.root(), UID, false).expect("it is gone on with").finish().expect("deleted");
    assert!(found(&fixture).is_empty() && !fixture.data(0).exists());
}

#[tokio::test]
async fn of_two_who_delete_the_same_data_one_does_it() {
    let Some(fixture) = Fixture::new().await else { return };
    kept(&fixture).await;
    let root = fixture.root();
    let first = discard(&root, UID, false).expect("it is kept");
    let said = discard(&root, UID, false).expect_err("another has it").to_string();
    assert!(said.contains("another call of this command is deleting it"), "{said}");
    first.finish().expect("deleted");
    let said = discard(&root, UID, false).expect_err("it is gone").to_string();
    assert!(said.contains("there is nothing of it"), "{said}");
}

#[tokio::test]
async fn since_when_it_is_kept_is_written_down_once() {
    let Some(fixture) = Fixture::new().await else { return };
    kept(&fixture).await;
    let since = |fixture: &Fixture| found(fixture)[0].since.clone();
    let (path, account) = (state(&fixture, UID), &fixture.local().host.account);
    let mut earlier = State::read(&path).expect("the state");
    earlier.keeping.as_mut().expect("the moment").since = "2027-01-15T08:00:00Z".to_owned();
    earlier.write(&path, account).expect("written");
    fixture.local().remove(UID, RemovePolicy::Retain).await.expect("removed already");
    assert_eq!(since(&fixture).as_deref(), Some("2027-01-15T08:00:00Z"));
    let mut text: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
    text.as_object_mut().expect("an object").remove("keeping");
    std::fs::write(&path, text.to_string()).expect("as an earlier release wrote it");
    assert_eq!((since(&fixture), found(&fixture)[0].standing), (None, Standing::Retained));
    fixture.ensure(&desired()).await;
    assert!(found(&fixture).is_empty(), "it is in use");
    fixture.local().remove(UID, RemovePolicy::Retain).await.expect("removed");
    assert!(since(&fixture).expect("the moment").as_str() > "2026");
}

#[tokio::test]
async fn what_is_kept_has_its_port_until_it_is_deleted() {
    let Some(fixture) = Fixture::new().await else { return };
    let port = kept(&fixture).await.read_write.port;
    let another = Desired { uid: "another".to_owned(), name: "another".to_owned(), ..desired() };
    let another = Desired { port: Some(port), ..another };
    let said = fixture.local().ensure(&another).await.expect_err("it is taken").to_string();
    assert!(
        said.contains(&format!("port {port} belongs to data that a deletion kept (uid {UID})")),
        "{said}"
    );
    discard(&fixture.root(), UID, false).expect("it is kept").finish().expect("deleted");
    assert_eq!(fixture.ensure(&another).await.read_write.port, port);
}
