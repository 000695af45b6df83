//! What the command prints, and what it refuses.

use super::*;
use crate::backend::local::{Credentials, Secret};
use nix::unistd::User as Account;
use std::io::ErrorKind;

fn kept(name: &str) -> Kept {
    let password = Secret::new("pass word".to_owned());
    Kept {
        uid: format!("uid-of-{name}"),
        namespace: "demo".into(),
        name: name.into(),
        standing: Standing::Retained,
        major: 17,
        bytes: 40 * MIB + 1,
        since: Some("2027-01-15T08:00:00Z".into()),
        login: Some(Credentials { username: "app".into(), password, database: "app".into() }),
        roles: Vec::new(),
    }
}

fn options(data_dir: &Path, uid: Option<&str>) -> Options {
    Options { data_dir: data_dir.into(), uid: uid.map(str::to_owned), delete: false, kubeconfig: None }
}

#[test]
fn everything_that_is_kept_is_a_line_without_a_password() {
    let older = Kept { since: None, standing: Standing::Orphaned, ..kept("a-longer-name") };
    assert_eq!(
        table(&[kept("wiki"), older]),
        "UID                    NAMESPACE   NAME            STATUS     VERSION   SIZE   SINCE\n\
         uid-of-wiki            demo        wiki            Retained   17        41Mi   2027-01-15T08:00:00Z\n\
         uid-of-a-longer-name   demo        a-longer-name   Orphaned   17        41Mi   <unknown>\n"
    );
}

#[test]
fn the_secret_is_that_of_a_removal() {
    let said = secret(&kept("wiki")).expect("a Secret");
    for part in [
        "name: wiki-binding",
        "namespace: demo",
        "databases.standard.k8s.io/released-from: PostgreSQL wiki (uid uid-of-wiki)",
        "username: app",
        "password: pass word",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert!(!said.contains("instance-uid"), "it is nobody's: {said}");
    for (other, why) in [
        (Kept { login: None, ..kept("wiki") }, "no database"),
        (Kept { standing: Standing::InUse, ..kept("wiki") }, "PostgreSQL demo/wiki has it"),
        (Kept { standing: Standing::Deleting, ..kept("wiki") }, "--delete"),
    ] {
        assert!(secret(&other).expect_err("there is none").contains(why), "{why}");
    }
}

#[tokio::test]
async fn a_folder_that_is_no_data_directory_is_answered_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(path("ours/instances/instances")).expect("folders");
    std::fs::write(path("ours/instances/layout.json"), r#"{"layout": 1}"#).expect("a layout");
    std::fs::write(path("file"), "").expect("a file");
    std::fs::create_dir(path("other")).expect("a folder");
    for (name, why) in [
        ("missing", "does not exist: name the folder that the server has as its --data-dir"),
        ("file", "is no folder: name"),
        ("other", "no server ever made a database on this machine in"),
        ("ours/instances", "is a part of a data directory: name the folder that it is in"),
    ] {
        let said = answer(&options(&path(name), None)).await.expect_err(name);
        assert!(said.contains(why) && !said.contains('\n'), "{said}");
    }
    let answered = answer(&options(&path("ours"), None)).await.expect("an answer");
    assert!(answered.text.lines().count() == 1 && answered.complaints.is_empty(), "{answered:?}");
    let said = answer(&options(&path("ours"), Some("../ours"))).await.expect_err("nothing");
    assert!(said.contains("no data of the uid"), "{said}");
}

#[test]
fn who_may_not_read_it_is_told_who_may() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = io::Error::from(ErrorKind::PermissionDenied);
    let error = local::Error::Io { what: "list", path: folder.path().into(), source };
    let (said, me) = (told(folder.path(), &error), Account::from_uid(nix::unistd::geteuid()));
    let me = me.ok().flatten().expect("a user").name;
    assert!(said.contains(&format!("run this as the user that the server runs as, such as {me}")), "{said}");
}

#[tokio::test]
async fn what_cannot_be_read_is_complained_of_and_is_not_said_to_be_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let ours = folder.path().join("instances/instances/some-uid");
    std::fs::create_dir_all(&ours).expect("folders");
    std::fs::write(folder.path().join("instances/layout.json"), r#"{"layout": 1}"#).expect("a layout");
    std::fs::write(ours.join("state.json"), "{").expect("a state");
    let answered = answer(&options(folder.path(), None)).await.expect("a list");
    assert_eq!((answered.text.lines().count(), answered.complaints.len()), (2, 1), "{answered:?}");
    let line: Vec<&str> = answered.text.lines().nth(1).unwrap_or_default().split_whitespace().collect();
    assert_eq!(line, ["some-uid", "<unknown>", "<unknown>", "Damaged", "<unknown>", "1Mi", "<unknown>"]);
    let said = &answered.complaints[0];
    assert!(said.contains("of some-uid is damaged") && said.contains("state.json"), "{said}");
    assert!(said.contains("from a copy; --delete") && !said.contains("delete the object"), "{said}");
    let said = answer(&options(folder.path(), Some("some-uid"))).await.expect_err("unreadable");
    assert!(
        said.contains("whether the data of some-uid is kept cannot be seen") && said.contains("state.json"),
        "{said}"
    );
    let said = answer(&options(folder.path(), Some("another"))).await.expect_err("nothing");
    assert!(said.contains("no data of the uid") && !said.contains("some-uid"), "{said}");
    let delete = Options { delete: true, ..options(folder.path(), Some("some-uid")) };
    let said = answer(&delete).await.expect_err("refused");
    assert!(
        said.contains("nothing of the uid some-uid is deleted") && ours.join("state.json").exists(),
        "{said}"
    );
    assert!(
        said.contains("whether an object has it is not known") && said.contains("start the server"),
        "{said}"
    );
}
