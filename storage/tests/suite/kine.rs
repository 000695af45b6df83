//! What speaks etcd's API and does otherwise is refused: kine over SQLite.

use std::process::Stdio;
use std::time::Duration;

use databases_storage::Error;
use databases_storage::engine::etcd::{Config, open};
use tokio::process::Command;

use crate::support::{addresses, built};

#[tokio::test]
async fn kine_is_refused_with_what_it_does_otherwise() {
    let Some(program) = built("KINE", "kine") else {
        return eprintln!("SKIPPED: no kine; hack/lib/kine.sh builds it in about five minutes");
    };
    let folder = tempfile::tempdir().unwrap();
    let (address, _) = addresses();
    let _process = Command::new(program)
        .args(["--listen-address", &format!("tcp://{address}"), "--metrics-bind-address", "0", "--endpoint"])
        .arg(format!("sqlite://{}", folder.path().join("kine.db").display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let answered = async {
        loop {
            match open(Config::new([format!("http://{address}")])).await {
                Err(Error::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
                answer => return answer.map(drop),
            }
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(60), answered)
        .await
        .expect("it answers before the deadline");
    let said = "does not do what etcd does: it says that it deleted a key that never was there";
    assert!(matches!(&answer, Err(Error::Io(reason)) if reason.contains(said)), "{answer:?}");
}
