//! What speaks etcd's API and does otherwise is refused: kine over SQLite.

use std::process::Stdio;

use databases_storage::Error;
use databases_storage::engine::etcd::Config;
use tokio::process::Command;

use crate::support::{addresses, answer, built};

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
    let answer = answer(Config::new([format!("http://{address}")])).await.map(drop);
    let said = "does not do what etcd does: it says that it deleted a key that never was there";
    assert!(matches!(&answer, Err(Error::Io(reason)) if reason.contains(said)), "{answer:?}");
}
