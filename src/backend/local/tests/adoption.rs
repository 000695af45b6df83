//! Data that a removal kept, taken up by another uid.

use super::*;
use crate::backend::conformance::cut;

pub(super) const HEIR: &str = "heir";

pub(super) fn key(login: &Credentials) -> Key {
    let (username, password) = (login.username.clone(), login.password.clone());
    let told = Secret::new(String::new());
    Key { title: "Secret team-a/shop-binding".to_owned(), username, password, told }
}

/// Who takes up what [`desired`] had.
pub(super) fn heir(uid: &str) -> Desired {
    let users = vec![user("etl", &[], &["shop"])];
    Desired { uid: uid.to_owned(), name: uid.to_owned(), version: String::new(), users, ..desired() }
}

/// What is found of kept data in the fixture's data root, beside who runs it.
pub(super) fn found(fixture: &Fixture) -> Vec<Kept> {
    let look = kept::kept(&fixture.root()).expect("it can be looked at");
    assert!(look.unreadable.is_empty(), "{look:?}");
    look.kept
}

/// An instance with a row, that was removed with its data kept; what it was.
pub(super) async fn kept(fixture: &Fixture) -> Observed {
    let wanted = Desired { users: heir(HEIR).users, tls: optional(), ..desired() };
    let observed = fixture.ensure(&wanted).await;
    run(&connect(&observed).await, "CREATE TABLE kept AS SELECT 7 AS n").await;
    fixture.local().remove(UID, RemovePolicy::Retain).await.expect("removed");
    observed
}

fn optional() -> Tls {
    Tls { mode: TlsMode::Optional, certificate: None }
}

async fn has_the_row(observed: &Observed) -> bool {
    value(&connect(observed).await, "SELECT n::text FROM kept").await == "7"
}

async fn refused(fixture: &Fixture, wanted: &Desired, key: &Key) -> String {
    let error = fixture.local().adopt(wanted, key).await.expect_err("it is refused");
    assert!(error.is_permanent(), "{error:?}");
    assert!(!fixture.local().has(&wanted.uid), "nothing is made");
    format!("{}: {error}", error.reason())
}

#[tokio::test]
async fn kept_data_is_taken_up_by_who_shows_its_login_with_rows_users_and_passwords() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let before = kept(&fixture).await;
    let (key, wanted) = (key(&before.credentials[0]), Desired { tls: optional(), ..heir(HEIR) });
    fixture.local().adopt(&wanted, &key).await.expect("taken up");
    let observed = fixture.ensure(&wanted).await;
    assert_eq!((observed.credentials.clone(), &*observed.primary), (before.credentials, "heir-1"));
    assert!(found(&fixture).is_empty(), "it is in use");
    assert!(has_the_row(&observed).await);
    try_connect(&observed.read_write, login(&observed, "etl")).await.expect("the user's password is kept");
    assert!(!fixture.local().has(UID), "there is one of it");
    fixture.local().adopt(&wanted, &key).await.expect("it is taken up already");
    let other = refused(&fixture, &heir("other"), &key).await;
    assert!(other.starts_with("Conflict: ") && other.contains("PostgreSQL team-a/heir"), "{other}");
    let pid = process::running(&fixture.local().host.layout.instance(HEIR).server(0).data());
    fixture.reopen().await;
    assert!(has_the_row(&fixture.ensure(&wanted).await).await);
    let now = process::running(&fixture.local().host.layout.instance(HEIR).server(0).data());
    assert_eq!(now, pid, "it is not disturbed any more");
    fixture.local().remove(HEIR, RemovePolicy::Retain).await.expect("removed");
    fixture.local().adopt(&heir("other"), &key).await.expect("kept again, and taken up again");
    assert!(has_the_row(&fixture.ensure(&heir("other")).await).await);
    fixture.local().remove("other", RemovePolicy::Delete).await.expect("removed");
    assert!(fixture.local().host.layout.uids().expect("the instances").is_empty());
}

#[tokio::test]
async fn who_may_read_a_data_root_finds_what_is_kept_with_the_login_that_opens_it() {
    let Some(fixture) = Fixture::new().await else { return };
    assert!(found(&fixture).is_empty());
    let before = kept(&fixture).await;
    fixture.ensure(&Desired { uid: "another".to_owned(), ..desired() }).await;
    let all = found(&fixture);
    let [found] = &*all else { panic!("one is kept, the other one is in use: {all:?}") };
    assert_eq!((&*found.uid, &*found.namespace, &*found.name, found.major), (UID, "team-a", "shop", MAJOR));
    assert!(found.bytes > 1 << 20 && found.since.is_some(), "{found:?}");
    assert_eq!(found.standing, Standing::Retained);
    assert_eq!(found.login.as_ref(), Some(&before.credentials[0]));
    assert!(!format!("{found:?}").contains(before.credentials[0].password.expose()), "it is not for logs");
    fixture.local().adopt(&heir(HEIR), &key(found.login.as_ref().expect("a login"))).await.expect("taken up");
    assert!(has_the_row(&fixture.ensure(&heir(HEIR)).await).await);
    let nowhere = kept::kept(&fixture.root().join("nowhere")).expect_err("there is none");
    assert!(nowhere.to_string().contains("nowhere"), "{nowhere}");
    let strange = fixture.folder.path().join("strange");
    std::fs::create_dir(&strange).expect("a folder");
    std::fs::write(strange.join("layout.json"), r#"{"layout": 99}"#).expect("a layout");
    assert!(matches!(kept::kept(&strange), Err(Error::Layout { found: 99, .. })));
    std::fs::remove_file(strange.join("layout.json")).expect("removed");
    assert!(matches!(kept::kept(&strange), Err(Error::NoLayout(_))));
    assert!(!strange.join("lock").exists(), "nothing is made");
}

#[tokio::test]
async fn kept_data_stays_as_it_is_where_it_is_not_to_be_had() {
    let Some(fixture) = Fixture::new().await else { return };
    let before = kept(&fixture).await;
    let right = key(&before.credentials[0]);
    let state = fixture.local().host.layout.instance(UID).state();
    let written = std::fs::read(&state).expect("the state");
    let mut parameter = heir(HEIR);
    parameter.parameters.insert("work_mem".to_owned(), "much".to_owned());
    for (wanted, key, message) in [
        (heir(HEIR), key(login(&before, "etl")), "opens no data that was kept"),
        (heir(HEIR), Key { password: Secret::new("guess"), ..right.clone() }, "opens no data that was kept"),
        (Desired { namespace: "team-b".to_owned(), ..heir(HEIR) }, right.clone(), "opens no data"),
        (
            Desired { version: "14".to_owned(), ..heir(HEIR) },
            right.clone(),
            "with spec.version 15 or without one",
        ),
        (Desired { databases: vec![database("app", "app")], ..heir(HEIR) }, right.clone(), "shop of shop"),
        (parameter, right.clone(), "work_mem"),
    ] {
        let said = refused(&fixture, &wanted, &key).await;
        assert!(said.contains(message) && !said.contains(right.password.expose()), "{said}");
        assert_eq!(std::fs::read(&state).expect("the state"), written);
    }
    fixture.local().adopt(&heir(HEIR), &right).await.expect("taken up");
    assert!(has_the_row(&fixture.ensure(&heir(HEIR)).await).await);
}

#[tokio::test]
async fn kept_data_whose_state_is_damaged_is_called_so_and_taken_up_once_that_is_back() {
    let Some(fixture) = Fixture::new().await else { return };
    let nameless = key(&kept(&fixture).await.credentials[0]);
    let of = Key { told: Secret::new(format!("PostgreSQL shop (uid {UID})")), ..nameless.clone() };
    let state = fixture.local().host.layout.instance(UID).state();
    let written = std::fs::read(&state).expect("the state");
    std::fs::write(&state, "{").expect("damaged");
    let said = refused(&fixture, &heir(HEIR), &of).await;
    for part in [UID, "damaged", "state.json", "from a copy", "retained", "--delete"] {
        assert!(said.contains(part) && !said.contains("opens no data"), "{part} is not in {said}");
    }
    let said = refused(&fixture, &heir(HEIR), &nameless).await;
    assert!(said.contains("opens no data that was kept") && said.contains("as Damaged"), "{said}");
    std::fs::remove_file(&state).expect("removed");
    let said = refused(&fixture, &heir(HEIR), &of).await;
    assert!(said.contains("state.json is missing") && !said.contains("opens no data"), "{said}");
    std::fs::write(&state, written).expect("put back");
    fixture.local().adopt(&heir(HEIR), &of).await.expect("taken up");
    assert!(has_the_row(&fixture.ensure(&heir(HEIR)).await).await);
}

#[tokio::test]
async fn taking_up_goes_on_from_wherever_it_was_cut_off() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let key = key(&kept(&fixture).await.credentials[0]);
    let mut wanted = heir("heir-0");
    for steps in [1, 2, 4, 7, 12, 20, 35] {
        wanted = heir(&format!("heir-{steps}"));
        cut(fixture.local().adopt(&wanted, &key), steps).await;
        fixture.reopen().await;
        fixture.local().adopt(&wanted, &key).await.expect("taken up");
        cut(fixture.local().ensure(&wanted), steps).await;
        fixture.reopen().await;
        let observed = fixture.ensure(&wanted).await;
        assert!(has_the_row(&observed).await, "after {steps} steps");
        fixture.local().remove(&wanted.uid, RemovePolicy::Retain).await.expect("removed");
    }
    // The folder has its new name, and its state is not written yet.
    let layout = &fixture.local().host.layout;
    layout.hand_over(&wanted.uid, HEIR).expect("renamed");
    let other = refused(&fixture, &heir("other"), &key).await;
    assert!(other.starts_with("Conflict: "), "{other}");
    fixture.reopen().await;
    fixture.local().adopt(&heir(HEIR), &key).await.expect("taken up already");
    assert!(has_the_row(&fixture.ensure(&heir(HEIR)).await).await);
}

#[tokio::test]
async fn an_object_whose_data_another_took_up_is_told_who_has_it_and_what_to_do() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let key = key(&kept(&fixture).await.credentials[0]);
    for uid in [HEIR, "next"] {
        fixture.local().adopt(&heir(uid), &key).await.expect("taken up");
        fixture.ensure(&heir(uid)).await;
        let said = fixture.local().keep(&desired()).await.expect_err("it is another's").to_string();
        assert!(said.contains(&format!("PostgreSQL team-a/{uid} (uid {uid})")), "{said}");
        assert!(said.contains("it is in use there"), "{said}");
        fixture.local().remove(uid, RemovePolicy::Retain).await.expect("removed");
        let said = fixture.local().keep(&desired()).await.expect_err("it is another's").to_string();
        assert!(said.contains("it is kept there") && said.contains(&format!("retained {uid}")), "{said}");
        let seen = fixture.local().glimpse(&desired()).await;
        assert!(seen.reason == Phase::Failing && seen.message.contains(&said), "{}", seen.message);
    }
    fixture.reopen().await;
    let of_heir = fixture.local().keep(&heir(HEIR)).await.expect_err("it went on").to_string();
    assert!(of_heir.contains("PostgreSQL team-a/next (uid next)"), "{of_heir}");
    let nobodys = Desired { uid: "never".to_owned(), ..desired() };
    let missed = fixture.local().keep(&nobodys).await.expect_err("there was none");
    assert!(matches!(missed, Error::DataMissing { .. }), "{missed}");
}

#[tokio::test]
async fn of_two_who_name_the_same_data_one_gets_it() {
    let Some(fixture) = Fixture::new().await else { return };
    let key = key(&kept(&fixture).await.credentials[0]);
    let (one, two) = (heir("one"), heir("two"));
    let (first, second) = tokio::join!(fixture.local().adopt(&one, &key), fixture.local().adopt(&two, &key));
    let (winner, loser) = if first.is_ok() { (&one, &two) } else { (&two, &one) };
    assert_ne!(first.is_ok(), second.is_ok(), "{first:?} {second:?}");
    let said = refused(&fixture, loser, &key).await;
    assert!(said.contains(&winner.name), "{said}");
    assert!(has_the_row(&fixture.ensure(winner).await).await);
}
